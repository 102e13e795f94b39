#!/bin/sh
# The supervisor and tern, with the real programs:
#
#	sh tests/master.sh BINDIR
#
# Each test prints a line when it fails; the last line counts.

BIN=$(cd "${1:?usage: master.sh BINDIR}" && pwd) || exit 2
TERN=$BIN/tern
T=$(mktemp -d /tmp/tern-master.XXXXXX) || exit 2
PORT=$(python3 "$(dirname "$0")/lib/ports.py" master) || exit 2
passed=0 failed=0
squatter=

# Nothing of ours outlives this script: master by its pid, if it is ours.
finish() {
	for conf in "$T"/etc*; do
		timeout 15 "$TERN" -c "$conf" stop >/dev/null 2>&1
	done
	test -z "$squatter" || kill "$squatter" 2>/dev/null
	rm -rf "$T"
}
trap finish EXIT
trap 'exit 2' INT TERM HUP

ok() {
	what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "master: FAILED: $what"
	fi
}

# within SECONDS command...: again and again until it succeeds.
within() {
	left=$(($1 * 10))
	shift
	until "$@"; do
		left=$((left - 1))
		test $left -gt 0 || return 1
		sleep 0.1
	done
}

not() {
	! "$@"
}

# has FILE TEXT
has() {
	grep -qF -- "$2" "$1" 2>/dev/null
}

tern() {
	timeout 30 "$TERN" -c "$T/etc" "$@" >"$T/out" 2>"$T/err"
}

master_pid() {
	sed -n 1p "$T/queue/pid/master.pid" 2>/dev/null
}

# All children, or those of one program.
children() {
	test -n "$(master_pid)" || return
	ps -o pid=,comm= --ppid "$(master_pid)" |
	    awk -v name="$1" '(name == "" || $2 == name) { print $1 }' |
	    sort -n
}

is_alive() {
	kill -0 "$1" 2>/dev/null
}

none_alive() {
	for p in $1; do
		! is_alive "$p" || return 1
	done
}

# greets HOST: an SMTP server says 220 there.
greets() {
	timeout 10 perl -MIO::Socket::IP -e '
		my $s = IO::Socket::IP->new(PeerHost => $ARGV[0],
		    PeerPort => $ARGV[1]) or exit 1;
		exit((<$s> // "") =~ /^220/ ? 0 : 1)' "$1" "$PORT"
}

# Another process than $2 runs program $1, and only as many as before.
has_successor() {
	now=$(children "$1")
	test -n "$now" && test "$now" != "$2" &&
	    test "$(echo "$now" | wc -l)" = "$(echo "$2" | wc -l)"
}

write_main() {
	cat >"$T/etc/main.cf" <<-EOF
	queue_directory = $T/queue
	data_directory = $T/data
	myhostname = mail.example.com
	mynetworks = 127.0.0.0/8 [::1]/128
	relayhost = [127.0.0.1]:1
	maillog_file = $T/log
	EOF
}

write_master() {
	cat >"$T/etc/master.cf" <<-EOF
	127.0.0.1:$PORT	inet n - - - 1 smtpd
	[::1]:$PORT	inet n - - - 1 smtpd
	  -o smtpd_timeout=30s
	cleanup		unix - - - - - cleanup
	qmgr		unix n - - - 1 qmgr
	smtp		unix - - - - - smtp
	EOF
}

mkdir "$T/etc"
chmod 755 "$T"
write_main
write_master

# ---- start ------------------------------------------------------------------

ok "status says that it is not running" not tern status
ok "check accepts a small main.cf" tern check
ok "check has made nothing" test ! -e "$T/queue"
ok "start" tern start
if [ ! -s "$T/queue/pid/master.pid" ]; then
	# The rest would only fail, too.
	cat "$T/err" "$T/log"
	exit 1
fi
ok "status" tern status
ok "status tells the pid" has "$T/out" "is running: PID: $(master_pid)"
ok "the start is logged" has "$T/log" "daemon started -- version "
ok "seven processes run, with two that master.cf lacks" \
    test "$(children | wc -l)" = 7
ok "smtpd greets over IPv4" greets 127.0.0.1
ok "smtpd greets over IPv6" greets ::1
ok "a second start fails" not tern start
ok "it says why" has "$T/err" "already running: pid $(master_pid)"
ok "no child has leaked descriptors" test "$(ls "/proc/$(children qmgr)/fd" |
    wc -l)" -lt 60

# ---- death of a child -------------------------------------------------------

for program in qmgr cleanup smtp bounce; do
	before=$(children $program)
	kill -9 $before
	ok "$program comes back" within 3 has_successor $program "$before"
	before=$(children $program)
	kill -9 $before
	ok "$program comes back again" within 3 has_successor $program \
	    "$before"
done
ok "a death is logged" has "$T/log" "/qmgr pid "
ok "and how" has "$T/log" "killed by signal 9"

# ---- reload -----------------------------------------------------------------

before=$(children)
echo "smtpd_helo_required = yes" >>"$T/etc/main.cf"
ok "reload" tern reload
ok "the reload is logged" has "$T/log" "reload -- version "
ok "it is the second generation" has "$T/queue/pid/master.pid" \
    "generation 2 ready"
ok "the old generation leaves" within 5 none_alive "$before"
ok "smtpd still greets" greets 127.0.0.1

before=$(children)
echo "smtpd_timeout = soon" >>"$T/etc/main.cf"
ok "reload refuses a bad main.cf" not tern reload
ok "it names the line" has "$T/err" "main.cf:8: "
kill -HUP "$(master_pid)"
ok "master refuses it, too" within 3 has "$T/log" "reload refused"
ok "the reason is logged" has "$T/log" "main.cf:8: "
ok "nothing has changed" test "$(children)" = "$before"

write_main
sed -i "s/^\[::1\]:$PORT.*/[::1]:$((PORT + 1)) inet n - - - 1 smtpd/" \
    "$T/etc/master.cf"
ok "reload with another port" tern reload
ok "the old port is closed" within 5 not greets ::1
ok "the unchanged port is open" greets 127.0.0.1
echo "nothing unix - - - - - nothing" >>"$T/etc/master.cf"
ok "reload refuses an unknown program" not tern reload
ok "it names the line of master.cf" has "$T/err" "master.cf:7: "
write_master

# ---- the log ----------------------------------------------------------------

mv "$T/log" "$T/log.old"
ok "the log file is opened anew" within 4 test -s "$T/log"
before=$(children cleanup)
kill -9 $before
ok "and written to" within 3 has "$T/log" "killed by signal 9"
within 3 has_successor cleanup "$before"

# ---- a killed master --------------------------------------------------------

before=$(children)
kill -9 "$(master_pid)"
ok "no child outlives master" within 5 none_alive "$before"
ok "status after a killed master" not tern status
ok "start after a killed master" tern start
ok "smtpd greets again" greets ::1

# ---- stop -------------------------------------------------------------------

before="$(master_pid) $(children)"
ok "stop" tern stop
ok "nobody is left" within 3 none_alive "$before"
ok "the end is logged" has "$T/log" "terminating on signal 15"
ok "no pid is left" test ! -s "$T/queue/pid/master.pid"
ok "no socket is left" test -z "$(ls "$T/queue/public" "$T/queue/private" |
    grep -v :)"
ok "a second stop fails" not tern stop

# ---- what start refuses -----------------------------------------------------

echo "message_size_limit = huge" >>"$T/etc/main.cf"
ok "start refuses a bad main.cf" not tern start
ok "and names the line" has "$T/err" "main.cf:7: "
write_main
echo "smtp unix - - x - - smtp" >>"$T/etc/master.cf"
ok "start refuses a bad master.cf" not tern start
ok "and names its line" has "$T/err" "master.cf:7: "
write_master
echo "  -o smtp_helo_timeout=never" >>"$T/etc/master.cf"
ok "start refuses a bad option" not tern start
ok "and names the line of its service" has "$T/err" "master.cf:6: "
write_master
echo "maillog_file = mail.log" >>"$T/etc/main.cf"
ok "start refuses a relative log file" not tern start
for side in smtpd_sasl lmtp_sasl_tls; do
	write_main
	echo "${side}_security_options = noanonymous, noplain" \
	    >>"$T/etc/main.cf"
	ok "check refuses an unknown option" not tern check
	ok "and names it" has "$T/err" \
	    "main.cf:7: ${side}_security_options: unknown option \"noplain\""
done
write_main
write_master
echo "  -o smtp_sasl_security_options=no-anonymous" >>"$T/etc/master.cf"
ok "check refuses an unknown option of a service" not tern check
ok "and says which" has "$T/err" "unknown option \"no-anonymous\""
write_main
write_master
echo "smtp_sasl_password_result_delimiter = ||" >>"$T/etc/main.cf"
ok "check refuses a delimiter of two characters" not tern check
ok "and says what is wrong" has "$T/err" \
    "smtp_sasl_password_result_delimiter: \"||\" is not one character"
write_main
write_master
echo "smtpd_relay_restrictions = permit_mynetworks" >>"$T/etc/main.cf"
ok "start refuses an open relay" not tern start
ok "and check does, too" not tern check
ok "and says what it wants" has "$T/err" "defer_unauth_destination"
write_main
echo "pickup unix n - n 60 1 pickupp" >>"$T/etc/master.cf"
ok "start refuses an unknown program" not tern start
write_master

perl -MIO::Socket::IP -e '
	my $s = IO::Socket::IP->new(LocalHost => "127.0.0.1",
	    LocalPort => $ARGV[0], Listen => 1, ReuseAddr => 1) or exit 1;
	sleep 60' "$PORT" &
squatter=$!
within 3 sh -c "ss -Hltn | grep -q '127.0.0.1:$PORT '"
ok "start fails when the port is taken" not tern start
ok "and says so" has "$T/err" \
    "127.0.0.1 port $PORT: Address already in use"
kill "$squatter" 2>/dev/null
wait "$squatter" 2>/dev/null
squatter=

# ---- what it warns of -------------------------------------------------------

echo "smtp_conect_timeout = 5s" >>"$T/etc/main.cf"
echo "own_name = 7s" >>"$T/etc/main.cf"
sed -i 's/=30s/=$own_name/' "$T/etc/master.cf"
echo "scache unix - - n - 1 scache" >>"$T/etc/master.cf"
ok "check with warnings" tern check
ok "it knows the nearest name" has "$T/err" "\"smtp_connect_timeout\"?"
ok "a name used by a service is no mistake" not has "$T/err" "own_name"
ok "a program of Postfix is left out" has "$T/err" \
    "service scache is left out"
write_main
write_master

# ---- in the foreground ------------------------------------------------------

sed -i "s,^maillog_file.*,maillog_file = /dev/stdout," "$T/etc/main.cf"
ok "no log on stdout in the background" not tern start
"$TERN" -c "$T/etc" start-fg >"$T/fg" 2>"$T/err" &
foreground=$!
ok "start-fg" within 5 has "$T/queue/pid/master.pid" "generation 1 ready"
ok "its log is on stdout" has "$T/fg" "daemon started"
kill -INT "$foreground"
wait "$foreground"
ok "it ends well on SIGINT" test $? = 0
write_main

# ---- on demand -----------------------------------------------------------------

# A program that master does not know by name: here lookup under another one.
knock() {
	perl -MIO::Socket::IP -e 'IO::Socket::IP->new(PeerHost =>
	    "127.0.0.1", PeerPort => $ARGV[0]) or exit 1' $((PORT + 1))
}

# came_after PID: a process runs, and not that one.
came_after() {
	now=$(children stranger)
	test -n "$now" && test "$now" != "$1"
}

mkdir "$T/bin"
ln -s "$BIN"/* "$T/bin"
ln -s "$BIN/lookup" "$T/bin/stranger"
echo "daemon_directory = $T/bin" >>"$T/etc/main.cf"
echo "127.0.0.1:$((PORT + 1)) inet n - n - - stranger" >>"$T/etc/master.cf"
ok "start with a program that is not known" tern start
ok "it does not run yet" not came_after 0
ok "a client comes" knock
ok "then it does" within 3 came_after 0
before=$(children stranger)
kill -9 "$before"
ok "the next client comes" knock
ok "and has another process" within 5 came_after "$before"
ok "stop, with it" tern stop

write_master
ln -s /bin/false "$T/bin/falls"
echo "127.0.0.1:$((PORT + 1)) inet n - n - - falls" >>"$T/etc/master.cf"
ok "start with a program that fails" tern start
ok "a client waits for it" knock
ok "it is tried again, ever later" within 9 has "$T/log" \
    "bin/falls: bad command startup -- throttling for 2.0 s"
ok "and no more often" test "$(grep -c 'bin/falls pid' "$T/log")" -le 4
ok "the others run on" greets 127.0.0.1
ok "stop, with that" tern stop
write_main
write_master

# ---- a stuck child ------------------------------------------------------------

TERN_WATCHDOG_MS=2000
export TERN_WATCHDOG_MS
ok "start with an impatient watchdog" tern start
unset TERN_WATCHDOG_MS
before=$(children cleanup)
kill -STOP $before
ok "a stuck child is replaced" within 10 has_successor cleanup "$before"
ok "and the log says so" has "$T/log" \
    "$(printf 'pid %s: no sign of life' "$before")"
ok "stop after that" tern stop

# ---- the users ------------------------------------------------------------------

# users_of PROGRAM...: the user ids of these children, each once.
users_of() {
	for program in "$@"; do
		ps -o uid= -p "$(children "$program" | tr '\n' ',' |
		    sed 's/,$//')"
	done | sort -u | xargs
}

if [ "$(id -u)" = 0 ]; then
	rm -rf "$T/queue" "$T/data"
	echo "mail_owner = daemon" >>"$T/etc/main.cf"
	echo "gate_owner = games" >>"$T/etc/main.cf"
	ok "start with two users" tern start
	ok "what keeps mail runs as mail_owner" test \
	    "$(users_of qmgr cleanup lookup)" = "$(id -u daemon)"
	ok "what talks with the network runs as gate_owner" test \
	    "$(users_of smtpd smtp)" = "$(id -u games)"
	ok "in an empty folder" test \
	    "$(readlink "/proc/$(children smtp)/root")" = "$T/queue/empty"
	ok "which is empty" test -z "$(ls -A "$T/queue/empty")"
	ok "stop them" tern stop

	rm -rf "$T/queue" "$T/data" "$T/log"
	write_main
	echo "mail_owner = tern-is-not-there" >>"$T/etc/main.cf"
	echo "gate_owner = gate-is-not-there" >>"$T/etc/main.cf"
	ok "start without users" tern start
	ok "its programs run as nobody" test \
	    "$(users_of smtpd smtp qmgr cleanup lookup)" = "$(id -u nobody)"
	ok "the log says that of one" has "$T/log" "mail_owner: there is no \
user \"tern-is-not-there\": its programs run as nobody"
	ok "and of the other" has "$T/log" "gate_owner: there is no \
user \"gate-is-not-there\": its programs run as nobody"
	ok "stop these" tern stop
	write_main
fi

# ---- an ordinary user -------------------------------------------------------

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	tern stop
	rm -rf "$T/queue" "$T/data" "$T/log"
	chown -R 65534:65534 "$T"
	TERN_ROOT=$TERN
	as_nobody() {
		timeout 30 setpriv --reuid=65534 --regid=65534 \
		    --clear-groups "$TERN_ROOT" -c "$T/etc" "$@" \
		    >"$T/out" 2>"$T/err"
	}
	ok "an ordinary user starts it" as_nobody start
	ok "it greets" greets 127.0.0.1
	ok "all is his" test "$(ps -o uid= --ppid "$(master_pid)" |
	    sort -u | tr -d ' ')" = 65534
	before=$(children)
	ok "he reloads it" as_nobody reload
	ok "the old generation leaves him, too" within 5 none_alive "$before"
	ok "he stops it" as_nobody stop
fi

echo "master: $passed passed, $failed failed"
test $failed = 0
