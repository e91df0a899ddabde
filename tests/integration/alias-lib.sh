# alias-lib.sh - what the stories about aliases share (bash; to be sourced)
#
#   . "${0%/*}/alias-lib.sh"     (it sources lib.sh)
#   story "..."
#   alias_start [OPTION OF THE SECTION]... <SEED     the sandbox as an alias service, and $conf
#   ctl COMMAND...                                   ferryctl, as Ferry's user
#
# shellcheck shell=bash

# shellcheck source=lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

alias_key=ferrysandboxkeyferrysandboxkeyferrysandboxkeyferrysandboxkey

# A seed without limits: one user with a plan, and what is read on standard input instead of
# its members.
alias_seed() {
	jq --arg key "$alias_key" '{
		config: ({email_domain: "sl.example", limits: false} + (.config // {})),
		domains: [{domain: "sl.example"}],
		users: [{email: "me@home.example", password: "sesame sesame", name: "Me",
			api_keys: [$key], plan: "premium", website_aliases: false}
			+ (del(.config))]}'
}

# alias_start [OPTION]... - start the service with the seed that is read, and write $conf
alias_start() {
	alias_seed >"$work/seed.json"
	chmod 644 "$work/seed.json"
	sandbox_start --aliases --alias-seed "$work/seed.json"
	alias_section main "$@" | ferry_conf
	install -m 600 -o "$ferry_user" -g "$ferry_group" /dev/null "$work/key"
	echo "$alias_key" >"$work/key"
}

# alias_section NAME [OPTION]... - print a section for the sandbox's service
alias_section() {
	printf 'alias "%s" {\n\tapi-url = "%s"\n\tapi-key-file = "%s"\n' "$1" "$sandbox_url" "$work/key"
	shift
	[ $# -eq 0 ] || printf '\t%s\n' "$@"
	echo '}'
}

ctl() { as_ferry ferryctl -c "$conf" "$@"; }

# api METHOD PATH [JSON] - the service without Ferry
api() {
	local body=()
	[ $# -lt 3 ] || body=(-H 'Content-Type: application/json' --data "$3")
	curl -sS -X "$1" -H "Authentication: $alias_key" "${body[@]}" "$sandbox_url/api$2"
}

# alias_take JSON - what only the service's operator can do: take another seed
alias_take() {
	curl -sS --fail -o /dev/null -H 'Content-Type: application/json' --data "$1" \
		"$sandbox_url/sandbox/aliases"
}

# aliases_there [SEARCH] - how many the service has
aliases_there() { ctl --json alias list ${1:+--search "$1"} | wc -l; }

# told STATUS TEXT COMMAND... - it ends so, and the text is in what it says on standard error
told() {
	local wanted=$1 text=$2 status=0
	shift 2
	"$@" >"$work/out" 2>"$work/said" </dev/null || status=$?
	[ "$status" -eq "$wanted" ] || {
		cat "$work/said"
		fail "$*: expected exit status $wanted, got $status"
	}
	grep -qF -e "$text" "$work/said" || {
		cat "$work/said"
		fail "$*: does not say: $text"
	}
	say "$text"
}
