/*
 * alias_acts - the functions behind the endpoints, by the file that has them
 */
#ifndef SANDBOX_ALIAS_ACTS_H
#define SANDBOX_ALIAS_ACTS_H

#include "sandbox/alias_call.h"

#define ALIAS_ACT(name) void act_##name(struct alias_call *c)

/* alias_login.c */
ALIAS_ACT(login);
ALIAS_ACT(mfa);
ALIAS_ACT(facebook);
ALIAS_ACT(google);
/* alias_register.c */
ALIAS_ACT(register);
ALIAS_ACT(activate);
ALIAS_ACT(reactivate);
ALIAS_ACT(forgot_password);
/* alias_user.c */
ALIAS_ACT(user_info);
ALIAS_ACT(user_info_patch);
ALIAS_ACT(stats);
ALIAS_ACT(sudo);
ALIAS_ACT(user_delete);
ALIAS_ACT(cookie_token);
ALIAS_ACT(api_to_cookie);
ALIAS_ACT(api_key);
ALIAS_ACT(logout);
/* alias_options.c */
ALIAS_ACT(options_v4);
ALIAS_ACT(options_v5);
/* alias_create.c */
ALIAS_ACT(custom_v2);
ALIAS_ACT(custom_v3);
ALIAS_ACT(random);
/* alias_list.c */
ALIAS_ACT(aliases_v1);
ALIAS_ACT(aliases_v2);
ALIAS_ACT(alias_get);
ALIAS_ACT(activities);
/* alias_edit.c */
ALIAS_ACT(alias_patch);
ALIAS_ACT(alias_toggle);
ALIAS_ACT(alias_delete);
/* alias_contact.c */
ALIAS_ACT(contacts);
ALIAS_ACT(contact_create);
ALIAS_ACT(contact_toggle);
ALIAS_ACT(contact_delete);
/* alias_mailbox.c */
ALIAS_ACT(mailboxes_v1);
ALIAS_ACT(mailboxes_v2);
ALIAS_ACT(mailbox_create);
ALIAS_ACT(mailbox_update);
ALIAS_ACT(mailbox_delete);
ALIAS_ACT(mailbox_verify);
/* alias_domain.c */
ALIAS_ACT(domains);
ALIAS_ACT(domain_patch);
ALIAS_ACT(domain_trash);
/* alias_setting.c */
ALIAS_ACT(setting);
ALIAS_ACT(setting_patch);
ALIAS_ACT(setting_domains_v1);
ALIAS_ACT(setting_domains_v2);
ALIAS_ACT(unlink_proton);
/* alias_misc.c */
ALIAS_ACT(notifications);
ALIAS_ACT(notification_read);
ALIAS_ACT(export_data);
ALIAS_ACT(export_aliases);
ALIAS_ACT(apple_payment);
ALIAS_ACT(apple_notification);
ALIAS_ACT(phone);

#endif
