# lib.sh - what every integration test stands on (bash; to be sourced)
#
#   . "${0%/*}/lib.sh"
#   needs postfix mutt            what the test cannot do without
#   story "A sentence that says what the test shows"
#   ...                           the lab's commands (lab/lab.sh), say, expect, fail
#
# Each test is one story.  It may be run by hand: FERRY_BUILD=DIR tests/integration/NAME
# (the programs of the tree's build/ if not told).  FERRY_KEEP=1 keeps its folder.
# It ends with 0 if all was as it should be, 77 if something it needs is not
# here: with FERRY_REQUIRE_ALL=1 that is a failure.
#
# shellcheck shell=bash

set -eu
shopt -s inherit_errexit

# Whatever hangs, the test ends, and in its own way: by its EXIT trap.
if [ -z "${FERRY_TEST_GUARD-}" ]; then
	export FERRY_TEST_GUARD=1
	exec timeout --kill-after=60 "${test_seconds:-300}" "$BASH" "$0" "$@"
fi

# shellcheck disable=SC2034 # lab.sh reads it
[ -z "${FERRY_BUILD-}" ] || ferry_build=$FERRY_BUILD
tests=$(cd "${BASH_SOURCE[0]%/*}" && pwd -P)
# shellcheck source=lab/lab.sh
. "$tests/lab/lab.sh"

say() { echo "* $*"; }

fail() {
	echo "FAILED: $*"
	exit 1
}

# A failing command ends the test; say which one it was.
trap 'echo "FAILED: line $LINENO: $BASH_COMMAND"' ERR
set -E

skip() {
	[ "${FERRY_REQUIRE_ALL-}" != 1 ] || fail "cannot run: $*"
	echo "SKIPPED: $*"
	exit 77
}

# needs PROGRAM... - skip the test where one is missing
needs() {
	[ "$(id -u)" -eq 0 ] || skip "the test must be run by root"
	local program
	for program in curl jq python3 setpriv "$@"; do
		[ -x "$program" ] || command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

# What a real Cyrus takes; see contrib/packages.
needs_cyrus() {
	needs /usr/lib/cyrus/bin/master /usr/lib/cyrus/bin/httpd saslpasswd2 openssl ps "$@"
}

# story SENTENCE - open the lab
story() {
	say "$1"
	lab_open "ferry-${0##*/}"
}

# expect WHAT ACTUAL EXPECTED
expect() {
	[ "$2" = "$3" ] || fail "$1: expected \"$3\", got \"$2\""
	say "$1: $2"
}

# expect_line FILE REGEXP WHAT - some line of the file matches
expect_line() {
	grep -qE -e "$2" "$1" || {
		echo "--- ${1##*/}:"
		tail -n 30 "$1"
		fail "$3: no line matches $2"
	}
	say "$3"
}

# expect_no_line FILE REGEXP WHAT
expect_no_line() {
	! grep -E -e "$2" "$1" || fail "$3: a line matches $2"
	say "$3"
}

# expect_status STATUS COMMAND... - it ends so; what it says is in $work/said
expect_status() {
	local wanted=$1 status=0
	shift
	"$@" >"$work/said" 2>&1 </dev/null || status=$?
	[ "$status" -eq "$wanted" ] || {
		cat "$work/said"
		fail "$*: expected exit status $wanted, got $status"
	}
}

# register NAME USERNAME - sign an account of $conf up with the sandbox
register() {
	expect_status 0 as_ferry ferryctl -c "$conf" account register "$1" --username "$2"
	say "registered $2"
}

# sync_run NAME [OPTION]... - one run of ferry-sync; what it says is in $work/said
sync_run() {
	local name=$1
	shift
	expect_status 0 as_ferry ferry-sync -c "$conf" "$@" "$name"
}

# expect_delivery QUEUE_ID STATUS [RECIPIENT] - what Postfix logs of a delivery, soon
expect_delivery() {
	wait_for 60 "Postfix to try $1" delivery_known "$1" "${3-[^>]*}"
	expect "$1 ${3-}" "$(delivery "$1" "${3-[^>]*}")" "$2"
}

delivery_known() { [ -n "$(delivery "$1" "$2")" ]; }

# submission_for RECIPIENT [FOLDER] - print the stem of the outbox's one message for an address
submission_for() {
	local found
	found=$(grep -lF "\"$1\"" "${2:-$outbox}"/*.json 2>/dev/null) || return 1
	[ "$(wc -l <<<"$found")" -eq 1 ] || fail "several submissions for $1: $found"
	echo "${found%.json}"
}

# expect_no_submission RECIPIENT [FOLDER] - nothing was submitted for an address
expect_no_submission() {
	! grep -lF "\"$1\"" "${2:-$outbox}"/*.json 2>/dev/null || fail "a message for $1 was submitted"
}

# submissions [FOLDER] - print how many messages were submitted
submissions() { find "${1:-$outbox}" -name '*.json' 2>/dev/null | wc -l; }
