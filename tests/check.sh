#!/bin/sh
# Every test; the last line sums them up.
#
#	sh tests/check.sh BUILD [name...]
#
# Each step ends with a line "name: N passed, M failed" and tells more in
# BUILD/check/name.log.  With names, only these steps run.
#
# Steps run beside each other in two lanes, of about the same length: one keeps
# a processor busy, the other mostly waits (their ports: tests/ports).  Those that measure run
# alone at the end.  The lines come in the order of the rows below.

BUILD=$(cd "${1:?usage: check.sh BUILD [name...]}" && pwd) || exit 2
shift
cd "$(dirname "$0")/.." || exit 2
BIN=$BUILD/bin
LOGS=$BUILD/check
ONLY=" $* "
BUSY=" lint bounce overtake vanish crash "
ALONE=" load waits "
passed=0 failed=0 child=
mkdir -p "$LOGS" || exit 2

# run NAME SECONDS command...
run() {
	name=$1 seconds=$2 log=$LOGS/$1.log
	shift 2
	began=$(date +%s)
	timeout -k 20 "$seconds" "$@" >"$log" 2>&1 </dev/null &
	child=$!
	wait $child
	status=$?
	child=
	count=$(grep -aE "^$name: [0-9]+ passed, [0-9]+ failed\$" "$log" |
	    tail -n 1)
	count=${count:-$name: 0 passed, 0 failed}
	p=${count#"$name: "} p=${p%% *}
	f=${count%" failed"} f=${f##* }
	# It ended badly, or said nothing: that is a failure, too.
	if [ "$f" -eq 0 ] && [ $((status + (p == 0))) -ne 0 ]; then
		f=1
	fi
	echo "$p $f $status $(($(date +%s) - began))" >"$LOGS/$name.new"
	mv "$LOGS/$name.new" "$LOGS/$name.result"
}

# tell NAME: its line, as soon as it has ended.
tell() {
	until [ -e "$LOGS/$1.result" ]; do
		sleep 0.2
	done
	read -r p f status seconds <"$LOGS/$1.result"
	passed=$((passed + p)) failed=$((failed + f))
	echo "$1: $p passed, $f failed ($seconds s)"
	test "$f" -eq 0 && return
	echo "  status $status; the end of $LOGS/$1.log:"
	tail -n 60 "$LOGS/$1.log" | sed 's/^/  /'
}

# step NAME SECONDS command...
step() {
	case $ONLY in
	"  " | *" $1 "*) ;;
	*) return ;;
	esac
	lane=calm
	case $BUSY in *" $1 "*) lane=busy ;; esac
	case $ALONE in *" $1 "*) lane=alone ;; esac
	case $LANE in
	"$lane") run "$@" ;;
	"")
		test $lane = alone && wait && run "$@"
		tell "$1"
		;;
	esac
}

# Nothing goes on when we are stopped.
trap 'kill $child $lanes 2>/dev/null; wait; exit 1' INT TERM HUP
if [ -z "$LANE" ]; then
	rm -f "$LOGS"/*.result
	LANE=busy sh tests/check.sh "$BUILD" "$@" &
	lanes=$!
	LANE=calm sh tests/check.sh "$BUILD" "$@" &
	lanes="$lanes $!"
fi

step lint 300 sh tests/lint/lint.sh "$BUILD"
step unit 420 "$BUILD/unit"
step fuzz 120 sh tests/fuzz/replay.sh "$BUILD"
step property 120 "$BUILD/property" 20000
step ternconf 120 sh tests/ternconf.sh "$BIN"
step ternmap 120 sh tests/tables/ternmap.sh "$BIN"
step docs 60 sh tests/docs.sh "$BUILD"
step master 300 sh tests/master.sh "$BIN"
step install 120 sh tests/install.sh "$BUILD"
step clients 300 python3 tests/clients/clients.py "$BIN"
step queue 300 python3 tests/queue/queue.py "$BIN"
step bounce 240 python3 tests/bounce/bounce.py "$BIN"
step tools 120 python3 tests/queue/tools.py "$BIN"
step services 120 python3 tests/queue/services.py "$BIN"
step envelope 120 python3 tests/queue/envelope.py "$BIN"
step downgrade 120 python3 tests/queue/downgrade.py "$BIN"
step offline 300 python3 tests/queue/offline.py "$BIN"
step tables 120 python3 tests/tables/servers.py "$BIN"
step bad_tables 120 python3 tests/tables/bad.py "$BIN"
step dns 120 python3 tests/dns/dns.py "$BIN"
step tls_client 180 python3 tests/tls_client/tls_client.py "$BIN"
step policy 120 python3 tests/policy/policy.py "$BIN"
step tls 300 python3 tests/tls/tls.py "$BIN"
step sasl 240 python3 tests/sasl/sasl.py "$BIN"
step inside 120 python3 tests/sasl/inside.py "$BIN"
step relay 120 python3 tests/relay/relay.py "$BIN"
step chunks 120 python3 tests/hostile/chunks.py "$BIN"
step overtake 120 python3 tests/hostile/overtake.py "$BIN"
step vanish 240 python3 tests/hostile/vanish.py "$BIN"
step checks 120 python3 tests/checks/checks.py "$BIN"
step talk 300 python3 tests/talk/talk.py "$BIN"
step local 120 python3 tests/hostile/local.py "$BIN"
step hostile 300 python3 tests/hostile/servers.py "$BIN" -q
step crash 300 python3 tests/crash/crash.py "$BIN" -q
step load 300 sh tests/load/loop_test.sh "$BIN"
step waits 300 python3 tests/load/waits.py "$BIN" --tern --quick

test -n "$LANE" && exit
echo "$passed passed, $failed failed"
test "$failed" -eq 0
