# lib.sh - the harness of the benchmarks (bash; to be sourced)
#
#   . "${0%/*}/lib.sh"
#   wants PROGRAM:PACKAGE...              say what is missing, and end
#   wants_built PROGRAM...                likewise, of what is built in bench/
#   bench_open NAME                       a lab (tests/integration/lab/lab.sh)
#   compare NAME UNIT ROUNDS OURS PEER    run both functions alternately
#   sample NAME UNIT OURS PEER            note what both reached in a round
#   report                                the table and the ratio lines
#
# OURS and PEER are commands that print one number: a rate in UNIT, of which
# more is better.
#
# shellcheck shell=bash

set -eu
shopt -s inherit_errexit
bench_folder=$(cd "${BASH_SOURCE[0]%/*}" && pwd -P)
# shellcheck disable=SC2034 # lab.sh reads it
[ -z "${FERRY_BUILD-}" ] || ferry_build=$(cd "$FERRY_BUILD" && pwd -P)
# shellcheck source=../tests/integration/lab/lab.sh
. "$bench_folder/../tests/integration/lab/lab.sh"

bench_say() { echo "bench: $*" >&2; }

# wants PROGRAM:PACKAGE... - end with status 1 if one is missing, naming them all
wants() {
	local pair missing=0
	[ "$(id -u)" -eq 0 ] || { bench_say "must be run by root"; missing=1; }
	for pair; do
		command -v "${pair%:*}" >/dev/null && continue
		bench_say "missing: ${pair%:*} (Debian package ${pair##*:})"
		missing=1
	done
	for pair in ferry-sandbox ferry-transport ferry-sync ferryctl; do
		[ -x "$ferry_build/$pair" ] && continue
		bench_say "missing: $ferry_build/$pair (build Ferry, or set FERRY_BUILD)"
		missing=1
	done
	[ "$missing" -eq 0 ] || exit 1
}

# wants_built PROGRAM...
wants_built() {
	local program missing=0
	for program; do
		[ -x "$ferry_build/bench/$program" ] && continue
		bench_say "missing: $ferry_build/bench/$program (make bench/$program)"
		missing=1
	done
	[ "$missing" -eq 0 ] || exit 1
}

bench_open() {
	lab_open "ferry-bench-$1"
	samples=$work/samples
	: >"$samples"
}

# compare NAME UNIT ROUNDS OURS PEER - who begins changes from round to round
compare() {
	local name=$1 unit=$2 rounds=$3 ours_command=$4 peer_command=$5 round ours peer
	for ((round = 1; round <= rounds; round++)); do
		if ((round % 2)); then
			ours=$($ours_command)
			peer=$($peer_command)
		else
			peer=$($peer_command)
			ours=$($ours_command)
		fi
		sample "$name" "$unit" "$ours" "$peer"
	done
}

# sample NAME UNIT OURS PEER - one round's
sample() {
	bench_say "$1: $3, peer $4 $2"
	printf '%s\t%s\t%s\t%s\n' "$@" >>"$samples"
}

report() { "$bench_folder/summary.py" <"$samples"; }

# rate COUNT COMMAND... - run the command; print COUNT by its seconds
rate() {
	local count=$1 before after
	shift
	before=$EPOCHREALTIME
	"$@" >"$work/said" 2>&1 </dev/null || {
		tail -n 20 "$work/said" >&2
		bench_say "failed: $*"
		return 1
	}
	after=$EPOCHREALTIME
	awk -v n="$count" -v s="$((${after/./} - ${before/./}))" 'BEGIN { printf "%.2f\n", n * 1e6 / s }'
}
