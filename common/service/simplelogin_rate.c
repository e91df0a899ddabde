/*
 * The service's rate limits, kept by us.
 *
 * The service counts requests in fixed windows that start with the first of them, and says
 * nothing about them: neither how many are left, nor, in a 429, how long to wait.  And a
 * request that the window of a minute refuses has been counted in those of the hour and the
 * day: whoever tries on uses up the day.  So we count as it does, for all processes together,
 * in the file "limits" under the lock "limits.lock":
 *
 *	{"alias create": {"windows": [[START_MS, COUNT], ...], "refused": N, "until": MS}}
 *
 * one window for each of the endpoint's limits.  A request waits until every window has room.
 * A 429 that came all the same (another client shares our address, or the server is set up
 * otherwise) closes the endpoint for the next longer of its windows with each refusal in a
 * row; for requests that make aliases that ladder starts with the five seconds for which the
 * service locks out a second such request, and has the windows of its third gate too.
 */
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/service/simplelogin_parts.h"
#include "common/wire/json.h"

#define LIMITS_FILE    "limits"
#define LIMITS_LOCK    "limits.lock"
#define LIMITS_MAX     (64u << 10)
#define LOCK_MS        30000
#define WINDOWS_MAX    4
#define UNKNOWN_WINDOW 60 /* seconds, for an endpoint without known limits */

static const unsigned creation_ladder[] = {5, 60, 900, 3600, 86400};

struct pace {
	struct {
		int64_t start, count;
	} windows[WINDOWS_MAX];
	size_t window_count;
	int64_t refused, until;
};

/* The file as an object; what cannot be read is as if it were not there. */
static json_t *
read_file(struct simplelogin *sl)
{
	struct buf text = BUF_INIT;
	json_t *all = NULL;
	struct outcome o = file_read(sl->dir, LIMITS_FILE, LIMITS_MAX, &text);

	if (outcome_is_ok(&o))
		(void)json_parse(buf_str(&text), text.len, &all);
	buf_free(&text);
	if (!json_is_object(all)) {
		json_decref(all);
		all = json_object();
	}
	return all;
}

static int64_t
number_at(const json_t *array, size_t i)
{
	const json_t *value = json_array_get(array, i);

	return json_is_integer(value) && json_integer_value(value) >= 0
	           ? (int64_t)json_integer_value(value)
	           : 0;
}

/* What is remembered of an endpoint, with windows that are over, or begin in the future
 * because the clock was set back, started afresh. */
static void
load(const json_t *all, const struct simplelogin_endpoint *endpoint, int64_t now,
    struct pace *pace)
{
	const json_t *entry = json_get_object(all, endpoint->words);
	const json_t *windows = json_get_array(entry, "windows");
	const struct simplelogin_limit *limit = endpoint->limits;

	*pace = (struct pace){
	    .refused = json_get_count(entry, "refused", 0),
	    .until = json_get_count(entry, "until", 0),
	};
	if (pace->until > now + 1000 * (int64_t)creation_ladder[4])
		pace->until = 0;
	for (; limit != NULL && limit->requests != 0 && pace->window_count < WINDOWS_MAX;
	     limit++) {
		const json_t *window = json_array_get(windows, pace->window_count);
		int64_t start = number_at(window, 0), length = 1000 * (int64_t)limit->seconds;

		if (start <= now && now - start < length) {
			pace->windows[pace->window_count].start = start;
			pace->windows[pace->window_count].count = number_at(window, 1);
		}
		pace->window_count++;
	}
}

static struct outcome
save(struct simplelogin *sl, json_t *all, const struct simplelogin_endpoint *endpoint,
    const struct pace *pace)
{
	json_t *windows = json_array();
	struct buf text = BUF_INIT;
	struct outcome o;

	for (size_t i = 0; i < pace->window_count; i++)
		json_array_append_new(
		    windows, json_pack("[I, I]", (json_int_t)pace->windows[i].start,
		                 (json_int_t)pace->windows[i].count));
	json_object_set_new(all, endpoint->words,
	    json_pack("{s:o, s:I, s:I}", "windows", windows, "refused",
	        (json_int_t)pace->refused, "until", (json_int_t)pace->until));
	json_write(all, &text);
	o = file_write_atomic(sl->dir, LIMITS_FILE, text.data, text.len, 0600);
	buf_free(&text);
	return o;
}

/* Milliseconds until every window has room. */
static int64_t
wait_of(const struct pace *pace, const struct simplelogin_endpoint *endpoint, int64_t now,
    bool counted)
{
	int64_t wait = pace->until > now ? pace->until - now : 0;

	for (size_t i = 0; counted && i < pace->window_count; i++) {
		int64_t end =
		    pace->windows[i].start + 1000 * (int64_t)endpoint->limits[i].seconds;

		if (pace->windows[i].count >= endpoint->limits[i].requests && end - now > wait)
			wait = end - now;
	}
	return wait;
}

static void
count(struct pace *pace, int64_t now)
{
	for (size_t i = 0; i < pace->window_count; i++) {
		if (pace->windows[i].count == 0)
			pace->windows[i].start = now;
		pace->windows[i].count++;
	}
}

/* Look, and count the request if it may go now; else *wait_r says in how many ms it may. */
static struct outcome
try_now(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint, struct deadline d,
    int64_t *wait_r)
{
	int64_t now = clock_wall_ms();
	struct outcome o;
	struct pace pace;
	json_t *all;
	int lock;

	o = file_lock(sl->dir, LIMITS_LOCK, deadline_min(d, deadline_in_ms(LOCK_MS)), &lock);
	if (!outcome_is_ok(&o))
		return o;
	all = read_file(sl);
	load(all, endpoint, now, &pace);
	sl->was_refused = pace.refused != 0;
	*wait_r = wait_of(&pace, endpoint, now, sl->account->paced);
	if (*wait_r == 0 && sl->account->paced && pace.window_count != 0) {
		count(&pace, now);
		o = save(sl, all, endpoint, &pace);
	}
	json_decref(all);
	close(lock);
	return o;
}

static struct outcome
no_time(const struct simplelogin_endpoint *endpoint, int64_t wait_ms)
{
	unsigned seconds = (unsigned)((wait_ms + 999) / 1000);
	struct outcome o = outcome_make("alias", "rate",
	    "%s has to wait %u s, longer than there is time for", endpoint->words, seconds);

	o.retry_after = seconds;
	return o;
}

struct outcome
simplelogin_pace(
    struct simplelogin *sl, const struct simplelogin_endpoint *endpoint, struct deadline d)
{
	int64_t wait = 0;
	struct outcome o = try_now(sl, endpoint, d, &wait);

	while (outcome_is_ok(&o) && wait > 0) {
		if (wait >= deadline_left_ms(d))
			return no_time(endpoint, wait);
		if (sl->wait != NULL)
			sl->wait(
			    sl->wait_arg, (unsigned)((wait + 999) / 1000), endpoint->words);
		if (!clock_sleep_ms(wait, d))
			return outcome_make(
			    "local", "cancelled", "while waiting for the service's limit");
		o = try_now(sl, endpoint, d, &wait);
	}
	return o;
}

/* How long the endpoint stays closed after so many refusals in a row. */
static unsigned
closed_seconds(const struct simplelogin_endpoint *endpoint, int64_t refused)
{
	const struct simplelogin_limit *limit = endpoint->limits;
	size_t step = refused > 0 ? (size_t)refused - 1 : 0;
	size_t last = sizeof(creation_ladder) / sizeof(creation_ladder[0]) - 1;

	if ((endpoint->flags & SL_CREATES) != 0)
		return creation_ladder[step < last ? step : last];
	if (limit == NULL)
		return UNKNOWN_WINDOW;
	while (step-- != 0 && limit[1].requests != 0)
		limit++;
	return limit->seconds;
}

void
simplelogin_paced(
    struct simplelogin *sl, const struct simplelogin_endpoint *endpoint, bool refused)
{
	int64_t now = clock_wall_ms();
	struct outcome o;
	struct pace pace;
	json_t *all;
	int lock;

	if (!refused && !sl->was_refused)
		return;
	o = file_lock(sl->dir, LIMITS_LOCK, deadline_in_ms(LOCK_MS), &lock);
	if (!outcome_is_ok(&o))
		return;
	all = read_file(sl);
	load(all, endpoint, now, &pace);
	/* Of many requests that were refused at once, the first closes the endpoint. */
	if (refused && pace.until <= now) {
		pace.refused++;
		pace.until = now + 1000 * (int64_t)closed_seconds(endpoint, pace.refused);
	} else if (!refused) {
		pace.refused = pace.until = 0;
	}
	(void)save(sl, all, endpoint, &pace);
	json_decref(all);
	close(lock);
}
