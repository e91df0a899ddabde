# milter-lib.sh - what the stories about ferry-milter share (bash; to be sourced)
#
#   . "${0%/*}/milter-lib.sh"    (it sources lib.sh)
#   story "..."
#   milter_world [OPTION OF THE SECTION]... [<SEED]
#                                the sandbox with the alias service, and $conf
#                                (the array sandbox_options has more for the sandbox)
#   milter_start                 the filter (lab/lab.sh)
#   milter_mail_start            ferry-transport, and a Postfix that asks the filter
#   client [OPTION]... RECIPIENT...    the MTA's part, without an MTA
#
# Who writes is $me, whose mailbox is an account of the sandbox's JMAP and the mailbox of the
# alias service's one user.  What correspondents received is in $outbox.
#
# shellcheck shell=bash

# shellcheck source=alias-lib.sh
. "${BASH_SOURCE[0]%/*}/alias-lib.sh"

me=sender@sandbox.test
# shellcheck disable=SC2034 # the stories use it
login=(--login writer@lab.test:sesame)
sandbox_options=()

# milter_world [OPTION]... - the service, with the seed that is read, and a configuration
milter_world() {
	milter_service
	milter_conf "$@"
	register sender sender
}

# milter_service - start the alias service with the seed that is read
milter_service() {
	{ [ -t 0 ] || cat; } | jq -n --arg me "$me" '{email: $me} + (input? // {})' | alias_seed >"$work/seed.json"
	chmod 644 "$work/seed.json"
	sandbox_start --aliases --alias-seed "$work/seed.json" "${sandbox_options[@]}"
	install -m 600 -o "$ferry_user" -g "$ferry_group" /dev/null "$work/key"
	echo "$alias_key" >"$work/key"
}

# milter_conf [OPTION]... - write $conf, with these options of the filter
milter_conf() {
	{
		alias_section main 'rate-limits = none'
		sandbox_account sender
		transport_section sender 'retry-for = 1'
		milter_section 'alias = "main"' 'networks = {"127.0.0.1/32"}' "$@"
		echo 'log { to = stderr }'
	} | ferry_conf
}

# milter_settings - Postfix asks the filter for all mail, as contrib/postfix/ shows: add to $settings
milter_settings() {
	local setting
	while read -r setting; do
		settings+=(--main "${setting//unix:ferry\/milter.sock/"unix:$milter_socket"}")
	done < <(grep -v -e '^#' -e '^$' "$ferry_source/contrib/postfix/milter-main.cf")
}

# milter_mail_start [OPTION OF postfix-lab]... - from Postfix to the sandbox
milter_mail_start() {
	transport_start
	postfix_settings lmtp-main.cf
	cp "$ferry_source/contrib/postfix/lmtp-master.cf" "$work/master.cf"
	postfix_logins writer@lab.test sesame
	milter_settings
	postfix_run "${settings[@]}" --main "virtual_alias_maps=inline:{ $me=me@box.test }" "$@"
	# shellcheck disable=SC2034
	sendmail=(sendmail -C "$work/postfix/etc")
}

# null_milter_start - a filter in the place of ours that does nothing, for what leaks without it
null_milter_start() {
	mkdir -p "$work/run"
	"$ferry_build/bench/null-milter" "unix:$milter_socket" &
	null_milter=$!
	disown
	wait_for 10 "the filter that does nothing" null_milter_listens
}

null_milter_listens() { [ -S "$milter_socket" ] && chmod 666 "$milter_socket"; }

# null_milter_stop - there is no filter any more
null_milter_stop() {
	kill -KILL "$null_milter"
	rm "$milter_socket"
}

# client [OPTION]... RECIPIENT... - hand the message on standard input to the filter as an MTA
# does; what it answers is in $work/edits, the message as it leaves in $work/leaves
client() {
	local options=()
	while [[ ${1-} == -* ]]; do
		if [ "$1" = -s ]; then options+=("$1"); shift; else options+=("$1" "$2"); shift 2; fi
	done
	client_status=0
	# shellcheck disable=SC2034
	"$ferry_build/tests/integration/milter-client" -f "$me" -a writer -o "$work/leaves" "${options[@]}" \
		"$milter_socket" "$@" >"$work/edits" || client_status=$?
}

# reverse RECIPIENT - the reverse address that the service has for a correspondent
reverse() {
	curl -sS -H "Authentication: $alias_key" "$sandbox_url/api/v2/aliases?page_id=0" | jq -r '.aliases[].id' |
		while read -r id; do api GET "/aliases/$id/contacts?page_id=0"; done |
		jq -r --arg address "$1" '.contacts[] | select(.contact == $address).reverse_alias_address'
}

# received RECIPIENT - print the stem of the one message that a correspondent received
received() { submission_for "$1"; }

# field FILE NAME - the field's value, unfolded; "" if there is none
field() {
	python3 - "$@" <<-'.'
		import email, sys
		message = email.message_from_binary_file(open(sys.argv[1], "rb"))
		values = message.get_all(sys.argv[2], [""])
		assert len(values) == 1, values
		print(" ".join(values[0].split()))
	.
}

# expect_received RECIPIENT - soon
expect_received() {
	wait_for 60 "$1 to receive it" has_received "$1"
	say "$1 received it"
}

has_received() { submission_for "$1" >/dev/null; }

# expect_no_leak [ADDRESS]... - nobody received anything that says who wrote, or these
expect_no_leak() {
	local files=("$outbox"/*.eml "$outbox"/*.json)
	"$tests/lab/leak-search" "$me" "$@" -- "${files[@]}" || fail "the address is in what was received"
	say "nobody learned the address from ${#files[@]} files"
}

# expect_leak - the same search finds the address
expect_leak() {
	! "$tests/lab/leak-search" "$me" -- "$outbox"/*.eml "$outbox"/*.json >"$work/leaks" ||
		fail "the search did not find what is there"
	[ -s "$work/leaks" ] || fail "the search failed"
	say "the search finds it: $(head -n 1 "$work/leaks" | sed "s|$work/||")"
}
