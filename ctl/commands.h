/*
 * commands - ferryctl's commands that stand alone, one function each
 *
 * Those about accounts are in account.h.  See the table in commands.c, and ferryctl(1).
 */
#ifndef FERRY_CTL_COMMANDS_H
#define FERRY_CTL_COMMANDS_H

#include "ctl/ctl.h"

extern const struct ctl_option ctl_check_options[];
extern const struct ctl_option ctl_journal_list_options[];
extern const struct ctl_option ctl_journal_prune_options[];
extern const struct ctl_option ctl_pow_benchmark_options[];
extern const struct ctl_option ctl_pow_solve_options[];

int ctl_check(struct ctl *ctl, int argc, char **argv);
int ctl_jmap(struct ctl *ctl, int argc, char **argv);
int ctl_journal_list(struct ctl *ctl, int argc, char **argv);
int ctl_journal_prune(struct ctl *ctl, int argc, char **argv);
int ctl_journal_resolve(struct ctl *ctl, int argc, char **argv);
int ctl_journal_show(struct ctl *ctl, int argc, char **argv);
int ctl_pow_benchmark(struct ctl *ctl, int argc, char **argv);
int ctl_pow_solve(struct ctl *ctl, int argc, char **argv);

#endif
