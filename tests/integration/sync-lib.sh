# sync-lib.sh - an account in the sandbox, filled and changed over JMAP (bash; to be sourced)
#
#   . "${0%/*}/sync-lib.sh"      (it sources lib.sh)
#   story "..."
#   sync_world [OPTION OF THE SYNC SECTION]...
#
# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is read by those who source it

# shellcheck source=lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

account_id=me-myself@sandbox.test
watch_monitor=      # where a watch is asked, if its configuration says so
sandbox_options=() # what sync_world gives to the sandbox

# sync_world [OPTION]... - a sandbox, the account "me", and the Maildir $maildir
sync_world() {
	sandbox_start --difficulty 2 "${sandbox_options[@]}"
	{
		sandbox_account me
		sync_section me "$@"
		printf 'log { to = stderr level = err }\n'
	} | ferry_conf
	register me me-myself
	maildir=$work/me/Maildir
	inbox=$(role_id inbox)
}

# jmap CALLS - make method calls (a JSON array, without accountId); print methodResponses
jmap() {
	jq -c --arg id "$account_id" '{
		using: ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:blob"],
		methodCalls: map(.[1].accountId = $id)
	}' <<<"$1" >"$work/request.json"
	as_ferry ferryctl -c "$conf" --json jmap me - <"$work/request.json" | jq -ce .methodResponses
}

role_id() {
	jmap '[["Mailbox/get", {"ids": null}, "0"]]' | jq -re --arg role "$1" '.[0][1].list[] | select(.role == $role).id'
}

# mailbox NAME [PARENT_ID] - make a mailbox; print its id
mailbox() {
	jmap "$(jq -cn --arg name "$1" --arg parent "${2-}" \
		'[["Mailbox/set", {create: {m: {name: $name, parentId: (if $parent == "" then null else $parent end)}}}, "0"]]')" |
		jq -re '.[0][1].created.m.id'
}

# change_mailbox ID PATCH
change_mailbox() {
	jmap "$(jq -cn --arg id "$1" --argjson patch "$2" '[["Mailbox/set", {update: {($id): $patch}}, "0"]]')" |
		jq -e '.[0][1].updated | length == 1' >/dev/null
}

# import FILE MAILBOX_IDS [KEYWORDS [RECEIVED]] - import a message as it is; print its id.
# Ids are separated by blanks, and so are keywords.
import() {
	base64 -w0 "$1" >"$work/blob.b64"
	jmap "$(jq -cn --rawfile data "$work/blob.b64" --arg boxes "$2" --arg keywords "${3-}" \
		--arg received "${4-2025-01-02T03:04:05Z}" '[
		["Blob/upload", {create: {b: {data: [{"data:asBase64": $data}]}}}, "0"],
		["Email/import", {emails: {e: {blobId: "#b", receivedAt: $received,
			mailboxIds: ($boxes | split(" ") | map({(.): true}) | add),
			keywords: ($keywords | split(" ") | map(select(. != "") | {(.): true}) | add // {})}}}, "1"]]')" |
		jq -re '.[1][1].created.e.id'
}

# message SUBJECT [LINES] - write a message with CRLF line ends to $work/message
message() {
	{
		printf 'From: A <a@x.example>\nTo: me-myself@sandbox.test\nSubject: %s\nMessage-ID: <%s@x.example>\n\n' "$1" "$1"
		seq 1 "${2-3}"
	} | sed 's/$/\r/' >"$work/message"
}

# import_many PREFIX COUNT MAILBOX_ID - short messages, in as few requests as possible
import_many() {
	jmap "$(jq -cn --arg prefix "$1" --argjson count "$2" --arg box "$3" '[range($count)] | [
		["Blob/upload", {create: (map({("b\(.)"): {data: [{"data:asText":
			"Subject: \($prefix) \(.)\r\nMessage-ID: <\($prefix)\(.)@x.example>\r\n\r\n\($prefix) \(.)\r\n"}]}}) | add)}, "0"],
		["Email/import", {emails: (map({("e\(.)"): {blobId: "#b\(.)", mailboxIds: {($box): true},
			receivedAt: "2025-03-01T00:00:\(. % 60 | tostring | if length < 2 then "0" + . else . end)Z"}}) | add)}, "1"]]')" |
		jq -e --argjson count "$2" '.[1][1].created | length == $count' >/dev/null
}

# change EMAIL_ID PATCH - change keywords or mailboxes
change() {
	jmap "$(jq -cn --arg id "$1" --argjson patch "$2" '[["Email/set", {update: {($id): $patch}}, "0"]]')" |
		jq -e '.[0][1].updated | length == 1' >/dev/null
}

# destroy EMAIL_ID
destroy() {
	jmap "$(jq -cn --arg id "$1" '[["Email/set", {destroy: [$id]}, "0"]]')" | jq -e '.[0][1].destroyed | length == 1' >/dev/null
}

# message_file EMAIL_ID [FOLDER] - print the path, below the Maildir, of a message's one file
message_file() {
	local found
	found=$(cd "$maildir" && find "${2-.}" -path "*/$1" -o -name "*,J=????_$1,*" -type f | sed 's|^\./||')
	[ "$(grep -c . <<<"$found")" -eq 1 ] || fail "$1 has not one file but: ${found:-none}"
	echo "$found"
}

# info_of EMAIL_ID [FOLDER] - "new", or the flags behind ":2,"
info_of() {
	local file
	file=$(message_file "$@")
	case $file in
	new/* | */new/*) echo new ;;
	*) echo "${file##*:2,}" ;;
	esac
}

# messages - how many message files the Maildir holds
messages() { find "$maildir" -type f \( -path '*/cur/*' -o -path '*/new/*' \) | wc -l; }

# leftovers - temporary files in the Maildir
leftovers() { (cd "$maildir" && find . -path '*/tmp/*'); }

# tree - what the Maildir holds, without what differs between two runs that do the same:
# one line a message file: folder, id, sizes, place, digest, date; and each folder
tree() {
	(
		cd "$1"
		find . -type d | sed 's/^/folder /'
		find . -type f \( -path '*/cur/*' -o -path '*/new/*' \) -printf '%p %Ts ' -exec sha256sum '{}' ';' |
			sed -E 's|^(.*/)(cur\|new)/[^,]*(,[^: ]*)(:2,[^ ]*)? ([0-9]+) ([0-9a-f]{64}) .*|message \1\2 \3 \4 \5 \6|'
		find . -type f -path '*/tmp/*' | sed 's/.*/tmp/'
	) | LC_ALL=C sort
}

# same_tree FILE - is the Maildir the one whose tree is in FILE?
same_tree() {
	tree "$maildir" >"$work/tree.now"
	diff -u "$1" "$work/tree.now" || fail "the Maildir is not as it should be"
}

# count_since NAME COMMAND... - by how much a counter of the sandbox grows meanwhile
count_since() {
	local name=$1 before
	before=$(sandbox_counter "$name" || echo 0)
	shift
	"$@" >&2
	echo $(($(sandbox_counter "$name") - before))
}

# requests_of COMMAND... - how many HTTP requests of any kind it makes (asking is one, too)
requests_of() { echo $(($(count_since requests "$@") - 1)); }

# watch_start [NAME]... - ferry-sync --watch; what it says is in $watch_log
watch_start() {
	watch_log=$work/watch.log
	sed -i 's/level = err/level = info/' "$conf"
	touch "$watch_log"
	watches=$(grep -c ': watching: ' "$watch_log") || :
	"${ferry_runs[@]}" ferry-sync -c "$conf" -v --watch "$@" >>"$watch_log" 2>&1 </dev/null &
	watch_pid=$!
	wait_for 20 "the watch to begin" watch_ready
	kill -0 "$watch_pid"
}

watch_ready() {
	! kill -0 "$watch_pid" 2>/dev/null || [ "$(grep -c ': watching: ' "$watch_log")" -gt "$watches" ]
}

# watch_stop [SIGNAL] - as an init system would; it ends with 0
watch_stop() {
	local status=0
	kill "-${1-TERM}" "$watch_pid"
	wait "$watch_pid" || status=$?
	expect "the watch ends with" "$status" 0
}

# watch_metric NAME - its value, of the watch whose configuration has $watch_monitor
watch_metric() { curl -sS --fail "http://$watch_monitor/metrics" | sed -n "s/^ferry_sync_$1 //p"; }

# watch_metric_is NAME OPERATOR NUMBER - is it -ge, -eq, ...?
watch_metric_is() {
	local value
	value=$(watch_metric "$1")
	[ -n "$value" ] && test "$value" "$2" "$3"
}

# holds COUNT - does the Maildir hold so many messages?
holds() { [ -d "$maildir" ] && [ "$(messages)" -eq "$1" ]; }

# free_port - print one that nobody listens at
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
