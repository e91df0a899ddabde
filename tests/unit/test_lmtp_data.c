/* A message on the wire and off it: dots, line ends, and where it ends. */
#include <string.h>

#include "tests/unit/unit.h"
#include "transport/lmtp_data.h"

#define END ".\r\n"

/* What comes on the wire, the message in it, and what stands behind its end; NULL: no end. */
static const struct {
	const char *wire, *message, *rest;
} decoded[] = {
    {"" END, "", ""},
    {"a\r\n" END, "a\r\n", ""},
    {"a\r\n" END "QUIT\r\n", "a\r\n", "QUIT\r\n"},
    {"..\r\n" END, ".\r\n", ""},
    {"...a\r\n..b\r\nc..\r\n" END, "..a\r\n.b\r\nc..\r\n", ""},
    {".a\r\n" END, "a\r\n", ""},
    {"a\r\n" END END, "a\r\n", END},

    /* Nothing but CRLF "." CRLF is the end. */
    {"a\n.\r\nb\r\n" END, "a\n.\r\nb\r\n", ""},
    {"a\n.\nb\r\n" END, "a\n.\nb\r\n", ""},
    {"a\r.\r\nb\r\n" END, "a\r.\r\nb\r\n", ""},
    {"a\r.\rb\r\n" END, "a\r.\rb\r\n", ""},
    {"a\r\n.\nb\r\n" END, "a\r\n\nb\r\n", ""},
    {"a\r\n.\rb\r\n" END, "a\r\n\rb\r\n", ""},
    {"a\r\n.\r\r\nb\r\n" END, "a\r\n\r\r\nb\r\n", ""},
    {"a\r\n.\r.\r\nb\r\n" END, "a\r\n\r.\r\nb\r\n", ""},
    {"a\r\r\n" END, "a\r\r\n", ""},
    {"a\n\r\n.\r\nb", "a\n\r\n", "b"},
    {"\n.\r\n\r.\r\n\n.\n" END, "\n.\r\n\r.\r\n\n.\n.\r\n", NULL},
    {"a\r\n..\n.\r\n" END, "a\r\n.\n.\r\n", ""},

    /* It is not over. */
    {"a\r\n.\r", "a\r\n", NULL},
    {"a\r\n.", "a\r\n", NULL},
    {"a.\r\n", "a.\r\n", NULL},
    {"a\r", "a\r", NULL},
};

/* Decode in two pieces; returns what is left of the wire behind the end. */
static const char *
decode(const char *wire, size_t length, size_t cut, struct buf *message)
{
	enum lmtp_data_state state = LMTP_DATA_LINE;
	size_t taken;

	buf_reset(message);
	taken = lmtp_data_decode(&state, wire, cut, message);
	if (state != LMTP_DATA_END) {
		assert_int_equal(taken, cut);
		taken += lmtp_data_decode(&state, wire + cut, length - cut, message);
	}
	return state == LMTP_DATA_END ? wire + taken : NULL;
}

static void
only_a_dot_between_two_crlf_ends_a_message_however_it_is_cut(void **state)
{
	struct buf message = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(decoded) / sizeof(decoded[0]); i++) {
		size_t length = strlen(decoded[i].wire);

		for (size_t cut = 0; cut <= length; cut++) {
			const char *rest = decode(decoded[i].wire, length, cut, &message);

			if (strcmp(buf_str(&message), decoded[i].message) != 0)
				fail_msg(
				    "row %zu cut at %zu became %s", i, cut, buf_str(&message));
			if (decoded[i].rest == NULL)
				assert_null(rest);
			else
				assert_string_equal(rest, decoded[i].rest);
		}
	}
	buf_free(&message);
}

static void
nuls_and_long_lines_pass(void **state)
{
	enum lmtp_data_state at = LMTP_DATA_LINE;
	static char line[300000];
	struct buf message = BUF_INIT;

	(void)state;
	assert_int_equal(lmtp_data_decode(&at, "\0.\0\r\n", 5, &message), 5);
	assert_memory_equal(message.data, "\0.\0\r\n", 5);
	memset(line, 'x', sizeof(line));
	assert_int_equal(lmtp_data_decode(&at, line, sizeof(line), &message), sizeof(line));
	assert_int_equal(message.len, 5 + sizeof(line));
	buf_free(&message);
}

static const struct {
	const char *message, *wire;
} encoded[] = {
    {"", END},
    {"a\n", "a\r\n" END},
    {"a\r\n", "a\r\n" END},
    {"a", "a\r\n" END},
    {"a\r", "a\r\r\n" END},
    {"a\n.\nb\n", "a\r\n..\r\nb\r\n" END},
    {".a\n..\n\n.", "..a\r\n...\r\n\r\n..\r\n" END},
    {"a\r\n.\r\nb.\r\n", "a\r\n..\r\nb.\r\n" END},
    {"a\r.\n", "a\r.\r\n" END},
    {"\r\n\n.\r", "\r\n\r\n..\r\r\n" END},
};

static void
what_is_sent_ends_where_it_ends_however_it_is_cut(void **state)
{
	struct buf wire = BUF_INIT, message = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(encoded) / sizeof(encoded[0]); i++) {
		const char *text = encoded[i].message;

		for (size_t cut = 0; cut <= strlen(text); cut++) {
			enum lmtp_data_state at = LMTP_DATA_LINE;

			buf_reset(&wire);
			lmtp_data_encode(&at, text, cut, &wire);
			lmtp_data_encode(&at, text + cut, strlen(text + cut), &wire);
			lmtp_data_finish(&at, &wire);
			assert_string_equal(wire.data, encoded[i].wire);
			assert_string_equal(decode(wire.data, wire.len, 0, &message), "");
		}
	}
	buf_free(&wire);
	buf_free(&message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_a_dot_between_two_crlf_ends_a_message_however_it_is_cut),
	    cmocka_unit_test(nuls_and_long_lines_pass),
	    cmocka_unit_test(what_is_sent_ends_where_it_ends_however_it_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
