/*
 * A Date that does not say where it was written.
 */
#include <string.h>
#include <time.h>

#include <libetpan/mailimf.h>

#include "milter/from_parts.h"

#define YEAR_MIN 1970
#define YEAR_MAX 9999

/* Seconds since 1970 of what libetpan read; false if it is no date. */
static bool
seconds_of(const struct mailimf_date_time *date, int64_t *seconds_r)
{
	struct tm tm = {
	    .tm_year = date->dt_year - 1900,
	    .tm_mon = date->dt_month - 1,
	    .tm_mday = date->dt_day,
	    .tm_hour = date->dt_hour,
	    .tm_min = date->dt_min,
	    .tm_sec = date->dt_sec,
	};
	int hours = date->dt_zone / 100, minutes = date->dt_zone % 100;

	if (date->dt_year < YEAR_MIN || date->dt_year > YEAR_MAX || date->dt_month < 1 ||
	    date->dt_month > 12 || date->dt_day < 1 || date->dt_day > 31 || date->dt_hour < 0 ||
	    date->dt_hour > 23 || date->dt_min < 0 || date->dt_min > 59 || date->dt_sec < 0 ||
	    date->dt_sec > 60 || hours < -23 || hours > 23 || minutes < -59 || minutes > 59)
		return false;
	*seconds_r = (int64_t)timegm(&tm) - hours * 3600 - minutes * 60;
	return true;
}

static bool
parse(const char *value, int64_t *seconds_r)
{
	struct mailimf_date_time *date = NULL;
	size_t index = 0;
	bool good;

	if (mailimf_date_time_parse(value, strlen(value), &index, &date) != MAILIMF_NO_ERROR)
		return false;
	good = seconds_of(date, seconds_r);
	mailimf_date_time_free(date);
	return good;
}

void
from_date(const char *value, int64_t now, struct buf *out)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int64_t seconds = now;
	struct tm tm;
	time_t t;

	if (!parse(value, &seconds))
		seconds = now;
	t = (time_t)seconds;
	gmtime_r(&t, &tm);
	buf_addf(out, "%s, %d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday], tm.tm_mday,
	    months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
