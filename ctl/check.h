/*
 * check - findings of "ferryctl check", and who makes them
 */
#ifndef FERRY_CTL_CHECK_H
#define FERRY_CTL_CHECK_H

#include <jansson.h>
#include <stdbool.h>

#include "common/service/jmap.h"
#include "common/settings/config.h"

enum finding_level { FINDING_OK, FINDING_WARNING, FINDING_ERROR };

/* Who asks whether all is well wants to hear that it is not. */
extern const struct http_options check_patience;

struct check {
	bool json;
	bool colour;
	json_t *findings; /* with json: {level, subject, text, advice} */
	unsigned counts[FINDING_ERROR + 1];
};

/*
 * One finding: what it is about ("account agent"), what was found, and what to do about it
 * ("" if there is nothing to do).  Printed at once, unless with json.
 */
void check_finding(struct check *check, enum finding_level level, const char *subject,
    const char *advice, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The same of an outcome that is not OK: an error. */
void check_outcome(struct check *check, const char *subject, const struct outcome *o);

/* The file itself, the state directory, the transport's and the mirrors' settings. */
void check_files(struct check *check, const struct config *config);

/* An account: its secret and, unless offline, all that the service says. */
void check_account(struct check *check, const struct account *account, bool offline);

/* An alias service: its key and, unless offline, whether it makes aliases as configured. */
void check_alias(struct check *check, const struct alias_account *account, bool offline);

/* The filter: whose mail it takes and, unless offline, whether the alias service takes it from
 * there.  name: of the one alias service that is looked at, or NULL. */
void
check_milter(struct check *check, const struct config *config, const char *name, bool offline);

#endif
