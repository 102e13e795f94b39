#!/bin/sh
# A private mail system from the build tree, for a first look: "make run".
#
#	sh tests/run.sh BINDIR [start|stop]
#
# It lives in ./run, takes mail on 127.0.0.1:$PORT (2525) and gives it to a
# sink on 127.0.0.1:$SINK_PORT (2526), which keeps each message as a file.

SHOWN=$1
BIN=$(cd "${1:?usage: run.sh BINDIR [start|stop]}" && pwd) || exit 2
cd "$(dirname "$0")/.." || exit 2
HERE=$(pwd)
RUN=$HERE/run
PORT=${PORT:-2525}
SINK_PORT=${SINK_PORT:-2526}

die() {
	echo "make run: $*" >&2
	exit 1
}

# The program whose pid we noted, if it is still that program.
sink_pid() {
	read -r port pid <"$RUN/sink.pid" || return 1
	case $(readlink "/proc/$pid/exe") in
	*/ternsink*) echo "$pid" ;;
	*) return 1 ;;
	esac
} 2>/dev/null

stop() {
	if [ -f "$RUN/etc/main.cf" ] &&
	    "$BIN/tern" -c "$RUN/etc" status >/dev/null 2>&1; then
		"$BIN/tern" -c "$RUN/etc" stop || return 1
	fi
	if pid=$(sink_pid); then
		kill "$pid" || return 1
		tries=50
		while kill -0 "$pid" 2>/dev/null && [ $tries -gt 0 ]; do
			tries=$((tries - 1))
			sleep 0.1
		done
	fi
	rm -f "$RUN/sink.pid"
}

write_configuration() {
	cat >"$RUN/etc/main.cf" <<-EOF
	# Made by "make run", anew each time.
	queue_directory = $RUN/queue
	data_directory = $RUN/data
	myhostname = tern.example
	mynetworks = 127.0.0.0/8
	relayhost = [127.0.0.1]:$SINK_PORT
	maillog_file = $RUN/mail.log
	EOF
	sed "s/^smtp  *inet/127.0.0.1:$PORT inet/" conf/master.cf \
	    >"$RUN/etc/master.cf"
}

start_sink() {
	"$BIN/ternsink" -q -p "$RUN/sink.pid" -D "$RUN/received" \
	    "127.0.0.1:$SINK_PORT" </dev/null >"$RUN/sink.log" 2>&1 &
	started=$!
	tries=50
	until pid=$(sink_pid); do
		tries=$((tries - 1))
		if [ $tries -eq 0 ] || ! kill -0 $started 2>/dev/null; then
			cat "$RUN/sink.log" >&2
			die "no sink on 127.0.0.1:$SINK_PORT:" \
			    "is the port taken? Try make run SINK_PORT=..."
		fi
		sleep 0.1
	done
}

# The message has left when its last line is in the log.
wait_for_message() {
	tries=100
	until tail -c "+$1" "$RUN/mail.log" | grep -q ': removed$'; do
		tries=$((tries - 1))
		if [ $tries -eq 0 ]; then
			tail -c "+$1" "$RUN/mail.log" >&2
			die "the message did not arrive within 10 s"
		fi
		sleep 0.1
	done
}

start() {
	# Root may write in another's, but his queue would be of no use.
	mkdir -p "$RUN/etc" 2>/dev/null && [ -O "$RUN" ] ||
	    die "$RUN belongs to $(stat -c %U "$RUN"): remove it first"
	stop || die "the system that runs in $RUN cannot be stopped"
	rm -rf "$RUN/received"
	mkdir "$RUN/received" || exit 1
	write_configuration
	start_sink
	if ! "$BIN/tern" -c "$RUN/etc" start; then
		stop
		die "it does not start, see above." \
		    "Another port: make run PORT=..."
	fi
	before=$(($(wc -c <"$RUN/mail.log") + 1))
	"$BIN/ternsource" -q -l 300 -f you@tern.example -t friend@example.com \
	    "127.0.0.1:$PORT" >"$RUN/source.log" 2>&1 || {
		cat "$RUN/source.log" "$RUN/mail.log" >&2
		die "the message was not accepted"
	}
	wait_for_message "$before"
	tell "$SHOWN" "$before"
}

tell() {
	echo
	echo "Tern runs in ./run and takes mail on 127.0.0.1:$PORT." \
	    "One message went down"
	echo "the whole road, smtpd -> cleanup -> qmgr -> smtp -> a sink;" \
	    "its log lines:"
	echo
	tail -c "+$2" "$RUN/mail.log" | sed 's/^/    /'
	cat <<-EOF

	It arrived as run/received/1.  More to try:

	    $1/ternsource -m 1000 -s 20 127.0.0.1:$PORT
	    swaks --server 127.0.0.1:$PORT --from you@tern.example \\
	        --to friend@example.com
	    $1/ternqueue -c run/etc -p
	    tail -f run/mail.log

	Its configuration is run/etc; "make stop" stops it all.
	EOF
}

case ${2:-start} in
start) start ;;
stop) stop ;;
*) die "start or stop?" ;;
esac
