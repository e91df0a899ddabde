# lab.sh - a mail system of one's own in a temporary folder (bash; to be sourced)
#
# For the integration tests (through lib.sh), contrib/demo and the benchmarks:
# ferry-sandbox, a private Postfix, a private Cyrus and Ferry's programs, all of
# them below one folder, none of them known to the system's own services.
#
#   lab_open NAME        make $work and arrange for all to be gone at the end
#   sandbox_start ...    the service; $sandbox_url
#   transport_start ...  ferry-transport --lmtp, at $transport_socket
#   milter_start ...     ferry-milter, at $milter_socket
#   postfix_start ...    $smtp_port $maillog; hands mail to ferry-transport
#   postfix_lmtp_start   the same, by LMTP to the server
#   cyrus_start ...      $imap_port $lmtp_port $jmaps_url $cyrus_ca $cyrus_outbox
#   ferry_conf           write $conf from what is read on standard input
#   as_ferry COMMAND     run as the user that Ferry runs as, with its programs in PATH
#
# Everything is run by root; Ferry and the sandbox run as nobody.
# $ferry_source and $ferry_build say where Ferry's tree is, and its programs.
#
# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is read by those who source it

lab_folder=$(cd "${BASH_SOURCE[0]%/*}" && pwd -P)
: "${ferry_source:=$(cd "$lab_folder/../../.." && pwd -P)}"
: "${ferry_build:=$ferry_source/build}"
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C.UTF-8

ferry_user=nobody
ferry_group=nogroup

lab_say() { echo "lab: $*"; }

# lab_open NAME - make $work, to be removed with everything in it when the shell ends
lab_open() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/$1.XXXXXX")
	trap lab_close EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	chmod 755 "$work"
	conf=$work/ferry.conf
	sandbox_pid=
	milter_runs=()
	transport_pid=
	transport_socket=$work/run/transport.sock
	milter_pid=
	milter_socket=$work/run/milter.sock
	sandbox_address=127.0.0.1:0
	# What comes before a command that runs as Ferry does; each program of it
	# becomes the next, so that $! is the command itself.
	ferry_runs=(setpriv --reuid="$ferry_user" --regid="$ferry_group" --clear-groups
		env -i PATH="$work/bin:/usr/bin:/bin" HOME="$work/home" USER="$ferry_user"
		LANG=C.UTF-8 TERM="${TERM:-dumb}" ${TSAN_OPTIONS:+"TSAN_OPTIONS=$TSAN_OPTIONS"})
	# The build may lie where nobody may look.
	mkdir "$work/bin"
	local program
	for program in ferry-sandbox ferry-transport ferry-milter ferry-sync ferryctl; do
		[ ! -x "$ferry_build/$program" ] || cp "$ferry_build/$program" "$work/bin/"
	done
	# The whole of ferry-transport, which its front looks for beside itself.
	if [ -x "$ferry_build/transport/ferry-transport" ]; then
		mkdir "$work/bin/transport"
		cp "$ferry_build/transport/ferry-transport" "$work/bin/transport/"
	fi
	cp "$lab_folder/in-terminal" "$lab_folder/manifest" "$work/bin/"
	install -d -o "$ferry_user" -g "$ferry_group" -m 700 "$work/state" "$work/sandbox" "$work/home"
}

# Print the processes that have to do with $work, one "PID COMMAND" a line.
lab_processes() {
	local process
	for process in /proc/[0-9]*; do
		case ${process#/proc/} in "$BASHPID" | "$$") continue ;; esac
		{
			readlink "$process/exe" "$process/cwd"
			tr '\0' ' ' <"$process/cmdline"
		} 2>/dev/null | grep -qF "$work/" || continue
		echo "${process#/proc/} $(tr '\0' ' ' <"$process/cmdline")"
	done 2>/dev/null
}

# What runs when the shell ends, however it ends.  A process that did not stop
# when it was asked to makes a success a failure.
lab_close() {
	local status=$? left pid
	trap - EXIT HUP INT TERM
	set +e
	cd /
	[ "$status" -eq 0 ] || lab_show_logs
	milter_stop || status=1
	transport_stop || status=1
	sandbox_stop || status=1
	[ ! -e "$work/postfix/etc/master.cf" ] || "$lab_folder/postfix-lab" stop "$work/postfix" || status=1
	[ ! -e "$work/cyrus/lab.env" ] || "$lab_folder/cyrus-lab" stop "$work/cyrus" >/dev/null || status=1
	left=$(lab_processes)
	if [ -n "$left" ]; then
		echo "lab: still running at the end, killed:"
		echo "$left"
		while read -r pid _; do kill -KILL "$pid"; done <<<"$left" 2>/dev/null
		[ "$status" -ne 0 ] || status=1
	fi
	if [ -n "${FERRY_KEEP-}" ]; then lab_say "kept: $work"; else rm -rf "$work"; fi
	exit "$status"
}

# Show the end of every log, for whoever has to find out what went wrong.
lab_show_logs() {
	local log
	for log in "$work"/*.log "$work/postfix/log/maillog"; do
		[ -s "$log" ] || continue
		echo "--- the end of ${log#"$work"/}:"
		tail -n 40 "$log"
	done
}

# wait_for SECONDS WHAT COMMAND... - until the command succeeds; fail after so many seconds
wait_for() {
	local deadline=$((SECONDS + $1)) what=$2
	shift 2
	until "$@"; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			echo "lab: waited in vain for $what" >&2
			return 1
		fi
		sleep 0.05
	done
}

# Run a command as Ferry runs: unprivileged, with an environment of its own.
as_ferry() { "${ferry_runs[@]}" "$@"; }

# sanitized PROGRAM - was it built with a sanitizer, which takes memory of its own?
sanitized() { grep -q -e __asan_init -e __tsan_init "$work/bin/$1"; }

# --- the sandbox

# sandbox_start [OPTION]... - start ferry-sandbox, or start it again where it was
sandbox_start() {
	rm -f "$work/sandbox/url"
	"${ferry_runs[@]}" ferry-sandbox --listen "$sandbox_address" --dir "$work/sandbox" "$@" \
		>>"$work/sandbox.log" 2>&1 </dev/null &
	sandbox_pid=$!
	wait_for 20 "the sandbox to start" sandbox_answered
	sandbox_url=$(cat "$work/sandbox/url")
	sandbox_address=${sandbox_url#http://}
	outbox=$work/sandbox/outbox
}

# Did the sandbox say where it is, or end?
sandbox_answered() {
	[ -s "$work/sandbox/url" ] || ! kill -0 "$sandbox_pid" 2>/dev/null
}

# sandbox_stop - stop it as an init system would; fail if it did not end well
sandbox_stop() {
	[ -n "$sandbox_pid" ] || return 0
	local pid=$sandbox_pid
	sandbox_pid=
	kill -TERM "$pid" 2>/dev/null || :
	wait "$pid" || { echo "lab: the sandbox ended with status $?" >&2; return 1; }
}

# sandbox_counter NAME - how often has it happened since the sandbox was started?
sandbox_counter() {
	curl -sS --fail "$sandbox_url/sandbox/counters" | jq -e --arg name "$1" '.[$name]'
}

# sandbox_fault JSON - order a fault
sandbox_fault() {
	faults_before=$(sandbox_counter faultsApplied)
	curl -sS --fail -o /dev/null -H 'Content-Type: application/json' --data "$1" "$sandbox_url/sandbox/faults"
}

# Has the fault that was ordered last struck?
sandbox_fault_struck() { [ "$(sandbox_counter faultsApplied)" -gt "$faults_before" ]; }

sandbox_no_faults() {
	curl -sS --fail -o /dev/null -X DELETE "$sandbox_url/sandbox/faults"
}

# --- Ferry

# ferry_conf - write $conf: the state folder, and what is read on standard input
ferry_conf() {
	{
		echo "state-dir = \"$work/state\""
		cat
	} >"$conf"
}

# sandbox_account NAME [OPTION]... - print the section of an account of the sandbox
sandbox_account() {
	printf 'account "%s" {\n\tauth = atomicmail\n' "$1"
	printf '\tauth-url = "%s"\n\tapi-url = "%s"\n' "$sandbox_url" "$sandbox_url"
	printf '\tdefault-domain = "sandbox.test"\n'
	shift
	[ $# -eq 0 ] || printf '\t%s\n' "$@"
	echo '}'
}

# transport_section ACCOUNT [OPTION]... - print the section of a transport that may be a server
transport_section() {
	printf 'transport {\n\taccount = "%s"\n\tlisten = "unix:%s"\n' "$1" "$transport_socket"
	printf '\tlisten-mode = 0666\n'
	shift
	[ $# -eq 0 ] || printf '\t%s\n' "$@"
	echo '}'
}

# transport_start [OPTION]... - start the server of $conf; what it logs is in $transport_log
transport_start() {
	transport_log=$work/transport.log
	mkdir -p "$work/run"
	chown "$ferry_user" "$work/run"
	transports=$(grep -c ': ready: ' "$transport_log" 2>/dev/null) || :
	"${ferry_runs[@]}" ferry-transport -c "$conf" "$@" --lmtp >>"$transport_log" 2>&1 </dev/null &
	transport_pid=$!
	wait_for 20 "the server to start" transport_ready
	kill -0 "$transport_pid"
}

transport_ready() {
	! kill -0 "$transport_pid" 2>/dev/null ||
		[ "$(grep -c ': ready: ' "$transport_log")" -gt "${transports:-0}" ]
}

# transport_stop [SIGNAL] - stop it as an init system would; fail if it did not end well
transport_stop() {
	[ -n "$transport_pid" ] || return 0
	local pid=$transport_pid status=0
	transport_pid=
	kill "-${1-TERM}" "$pid" 2>/dev/null || :
	wait "$pid" || status=$?
	[ "${1-TERM}" = KILL ] || [ "$status" -eq 0 ] ||
		{ echo "lab: ferry-transport --lmtp ended with status $status" >&2; return 1; }
}

# milter_section [OPTION]... - print the section of a filter at $milter_socket
milter_section() {
	printf 'milter {\n\tlisten = "unix:%s"\n\tlisten-mode = 0666\n' "$milter_socket"
	[ $# -eq 0 ] || printf '\t%s\n' "$@"
	echo '}'
}

# milter_start [OPTION]... - start the filter of $conf; what it logs is in $milter_log.  What
# is in the array milter_runs comes before its name: env(1) and what that is to set.
milter_start() {
	milter_log=$work/milter.log
	mkdir -p "$work/run"
	chown "$ferry_user" "$work/run"
	milters=$(grep -c ': ready: ' "$milter_log" 2>/dev/null) || :
	"${ferry_runs[@]}" "${milter_runs[@]}" ferry-milter -c "$conf" "$@" >>"$milter_log" 2>&1 </dev/null &
	milter_pid=$!
	wait_for 20 "the filter to start" milter_ready
	kill -0 "$milter_pid"
}

milter_ready() {
	! kill -0 "$milter_pid" 2>/dev/null || [ "$(grep -c ': ready: ' "$milter_log")" -gt "${milters:-0}" ]
}

# milter_stop [SIGNAL] - stop it as an init system would; fail if it did not end well
milter_stop() {
	[ -n "$milter_pid" ] || return 0
	local pid=$milter_pid status=0
	milter_pid=
	kill "-${1-TERM}" "$pid" 2>/dev/null || :
	wait "$pid" || status=$?
	[ "${1-TERM}" = KILL ] || [ "$status" -eq 0 ] ||
		{ echo "lab: ferry-milter ended with status $status" >&2; return 1; }
}

# sync_section NAME [OPTION]... - print the section that brings account NAME to $work/NAME/Maildir
sync_section() {
	install -d -o "$ferry_user" -g "$ferry_group" -m 700 "$work/$1"
	printf 'sync "%s" {\n\taccount = "%s"\n\tmaildir = "%s"\n' "$1" "$1" "$work/$1/Maildir"
	shift
	[ $# -eq 0 ] || printf '\t%s\n' "$@"
	echo '}'
}

# doveadm_conf MAILDIR - print a configuration with which doveadm(1) reads the Maildir
doveadm_conf() {
	sed -e "s|maildir:~/Maildir|maildir:$1|" "$ferry_source/contrib/dovecot/ferry.conf"
	cat <<-CONF
	base_dir = $work/dovecot
	state_dir = $work/dovecot
	log_path = /dev/stderr
	mail_uid = $ferry_user
	mail_gid = $ferry_group
	ssl = no
	CONF
}

# mutt_types FOLDER KEYS [SETTINGS] - open a Maildir in mutt, read-only, and type the
# keys, the last of which have to leave mutt.  folder= is for mutt not to ask for ~/Mail.
mutt_types() {
	as_ferry in-terminal mutt -n -F /dev/null -R -f "$1" -e "set folder=/ wait_key=no ${3-}" \
		-e "push \"$2\"" >"$work/mutt.screen" </dev/null
}

# --- Postfix

# postfix_start [OPTION OF postfix-lab]... - Postfix that gives all mail, but that
# for box.test, to ferry-transport, set up as contrib/postfix/ shows
postfix_start() {
	postfix_settings main.cf
	sed -e "s|user=ferry|user=$ferry_user|" \
		-e "s|argv=[^ ]*/ferry-transport|argv=$work/bin/ferry-transport -c $conf|" \
		"$ferry_source/contrib/postfix/master.cf" >"$work/master.cf"
	postfix_run "$@"
}

# postfix_front_start [OPTION OF postfix-lab]... - the same, with a server to go to
postfix_front_start() {
	postfix_settings main.cf
	sed -e "s|user=ferry|user=$ferry_user|" \
		-e "s|argv=[^ ]*/ferry-transport|argv=$work/bin/ferry-transport -c $conf -s $transport_socket|" \
		"$ferry_source/contrib/postfix/master.cf" >"$work/master.cf"
	postfix_run "$@"
}

# postfix_lmtp_start [OPTION OF postfix-lab]... - the same by LMTP, to the server
postfix_lmtp_start() {
	postfix_settings lmtp-main.cf
	cp "$ferry_source/contrib/postfix/lmtp-master.cf" "$work/master.cf"
	postfix_run "$@"
}

# postfix_settings FILE - the settings that an example shows, as options in $settings
postfix_settings() {
	local setting
	settings=()
	while read -r setting; do
		settings+=(--main "${setting//\/run\/ferry\/transport.sock/"$transport_socket"}")
	done < <(grep -v -e '^#' -e '^$' "$ferry_source/contrib/postfix/$1")
}

# postfix_logins USER PASSWORD - people log in to Postfix: the options for that, in $settings
postfix_logins() {
	local folder=$work/postfix/etc/sasl # where Debian's Postfix looks
	install -d -m 755 "$work/postfix" "${folder%/*}" "$folder"
	saslpasswd2 -p -c -u lab.test -f "$folder/db" "$1" <<<"$2"
	chmod 644 "$folder/db"
	printf '%s\n' 'pwcheck_method: auxprop' 'auxprop_plugin: sasldb' "sasldb_path: $folder/db" \
		'mech_list: PLAIN' >"$folder/smtpd.conf"
	settings+=(--main smtpd_sasl_auth_enable=yes --main smtpd_sasl_type=cyrus
		--main smtpd_sasl_local_domain=lab.test)
}

postfix_run() {
	"$lab_folder/postfix-lab" start "${settings[@]}" --master "$work/master.cf" "$@" \
		"$work/postfix" >"$work/postfix.env"
	smtp_port=$(sed -n 's/^port=//p' "$work/postfix.env")
	maillog=$work/postfix/log/maillog
}

postfix_stop() { "$lab_folder/postfix-lab" stop "$work/postfix"; }

# smtp_send [OPTION] SENDER FILE RECIPIENT... - hand a message to Postfix; print its queue id
smtp_send() {
	"$lab_folder/smtp-send" --port "$smtp_port" "$@"
}

# delivery QUEUE_ID [RECIPIENT] - print the last status of the delivery: sent, deferred, bounced
delivery() {
	sed -n "s/.*: $1: to=<${2-[^>]*}>, .* status=\([a-z]*\) .*/\1/p" "$maillog" | tail -n 1
}

# delivery_dsn QUEUE_ID [RECIPIENT] - print the last enhanced status code
delivery_dsn() {
	sed -n "s/.*: $1: to=<${2-[^>]*}>, .* dsn=\([0-9.]*\), .*/\1/p" "$maillog" | tail -n 1
}

# --- Cyrus

# cyrus_start [OPTION OF cyrus-lab]...
cyrus_start() {
	"$lab_folder/cyrus-lab" start "$work/cyrus" "$@" >/dev/null
	local IMAP_PORT LMTP_PORT JMAPS_URL TLS_CA OUTBOX
	# shellcheck source=/dev/null
	. "$work/cyrus/lab.env"
	imap_port=$IMAP_PORT lmtp_port=$LMTP_PORT jmaps_url=$JMAPS_URL cyrus_ca=$TLS_CA cyrus_outbox=$OUTBOX
}

cyrus_stop() { "$lab_folder/cyrus-lab" stop "$work/cyrus" >/dev/null; }

# cyrus_user USER PASSWORD
cyrus_user() { "$lab_folder/cyrus-lab" adduser "$work/cyrus" "$1" "$2"; }

# cyrus_account NAME USER PASSWORD [OPTION]... - print the section of an account of the private Cyrus
cyrus_account() {
	install -o "$ferry_user" -m 600 /dev/stdin "$work/$1.password" <<<"$3"
	printf 'account "%s" {\n\tauth = basic\n' "$1"
	printf '\tapi-url = "%s"\n\tca-file = "%s"\n' "${jmaps_url%/.well-known/jmap}" "$cyrus_ca"
	printf '\tuser = "%s"\n\tpassword-file = "%s"\n' "$2" "$work/$1.password"
	shift 3
	[ $# -eq 0 ] || printf '\t%s\n' "$@"
	echo '}'
}
