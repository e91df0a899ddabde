/*
 * account - ferryctl's commands about accounts: sign up, log in, look, forget
 */
#ifndef FERRY_CTL_ACCOUNT_H
#define FERRY_CTL_ACCOUNT_H

#include "ctl/ctl.h"

extern const struct ctl_option ctl_account_register_options[];
extern const struct ctl_option ctl_account_login_options[];
extern const struct ctl_option ctl_account_forget_options[];

int ctl_account_register(struct ctl *ctl, int argc, char **argv);
int ctl_account_login(struct ctl *ctl, int argc, char **argv);
int ctl_account_status(struct ctl *ctl, int argc, char **argv);
int ctl_account_forget(struct ctl *ctl, int argc, char **argv);

#endif
