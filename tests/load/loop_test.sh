#!/bin/sh
# ternsource to ternsink, in every mode: what one says it sent is what the
# other says it got.
#
# usage: sh tests/load/loop_test.sh BINDIR

bin=${1:?usage: loop_test.sh BINDIR}
here=$(dirname "$0")
dir=$(mktemp -d) || exit 1
sink=
passed=0
failed=0

# The summary comes, and the sink's own status is good.
end_sink() {
	[ "${1-kill}" = kill ] && kill "$pid"
	wait "$sink" || echo "ternsink: status $?" > "$dir/sink.failed"
	sink=
}

trap '[ -n "$sink" ] && kill "$sink"; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

# start_sink options...
start_sink() {
	rm -f "$dir/port"
	timeout 60 "$bin/ternsink" -p "$dir/port" "$@" 0 > "$dir/sink" 2>&1 &
	sink=$!
	tries=0
	until [ -s "$dir/port" ]; do
		tries=$((tries + 1))
		[ $tries -gt 200 ] && { echo "ternsink: no port"; exit 1; }
		sleep 0.02
	done
	# Our child is timeout(1); this is the pid of the sink itself.
	read -r port pid < "$dir/port"
}

# source options...: its last line is in $dir/source
source_to_sink() {
	timeout 60 "$bin/ternsource" "$@" "127.0.0.1:$port" \
	    > "$dir/source" 2>&1
}

# check name wanted-status "in source" "in sink" status
check() {
	if [ "$5" -eq "$2" ] && grep -Eq "$3" "$dir/source" &&
	    grep -Eq "$4" "$dir/sink" && [ ! -e "$dir/sink.failed" ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "FAILED: $1 (status $5, wanted $2)"
	sed 's/^/	source: /' "$dir/source"
	cat "$dir/sink.failed" "$dir/sink" 2>/dev/null |
	    sed 's/^/	sink:   /'
	rm -f "$dir/sink.failed"
}

# run name "sink options" "source options" status "in source" "in sink"
run() {
	# shellcheck disable=SC2086
	start_sink $2
	# shellcheck disable=SC2086
	source_to_sink $3
	status=$?
	end_sink
	check "$1" "$4" "$5" "$6" $status
}

all='acknowledged=300 refused=0 failed=0'
got='numbers=300 twins=0'

run 'pipelining'     '-N' '-N -m 300 -s 5' 0 "$all" "$got"
run 'no pipelining'  '-N -n' '-N -m 300 -s 5' 0 "$all" "$got"
run 'pipelining off' '-N' '-N -m 300 -s 5 -P off' 0 "$all" "$got"
run 'bdat'           '-N -C' '-N -m 300 -s 5 -B' 0 "$all" "$got"
run 'bdat, steps'    '-N -C' '-N -m 300 -s 5 -B -P off' 0 "$all" "$got"
run 'bdat unknown'   '-N' '-N -m 300 -s 5 -B' 0 "$all" "$got"
run 'helo only'      '-N -H -e -E' '-N -m 300 -s 5' 0 "$all" "$got"
run 'one each'       '-N' '-N -m 300 -s 5 -c 1' 0 \
    "$all.*connections=300 " "^connections=300 .*$got"
run 'three each'     '-N' '-N -m 300 -s 5 -c 3' 0 "$all" "$got"
run 'recipients'     '-N' '-N -m 300 -s 5 -r 7 -d 3' 0 "$all" \
    "recipients=2100 .*$got"
run 'size'           '-S 2000' '-m 3 -l 4000' 1 'refused=3' 'messages=0'

for len in 0 1 2 3 78 79 80 81 1000 100000; do
	run "body of $len" '-N' "-N -m 300 -s 5 -l $len" 0 "$all" "$got"
	run "8-bit body of $len" '-N -C' "-N -m 300 -s 5 -l $len -8 -B" 0 \
	    "$all" "$got"
done
run 'large'      '-N' '-N -m 6 -s 2 -8 -l 10485760' 0 \
    'acknowledged=6' 'numbers=6 twins=0'
run 'large bdat' '-N -C' '-N -m 6 -s 2 -B -l 10485760' 0 \
    'acknowledged=6' 'numbers=6 twins=0'

# A wait is one round trip: banner, EHLO, MAIL..DATA, then one a message.
run 'waits, pipelining' '' '-m 10' 0 'acknowledged=10' 'waits=13'
run 'waits, steps'  '-n' '-m 10' 0 'acknowledged=10' 'waits=43'
run 'delay'         '-d 20' '-m 10' 0 'p50_ms=2[0-9]' 'waits=13'
run 'step delay'    '' '-m 5 -w 5' 0 'acknowledged=5' 'messages=5'


# refuse name rule status "in source" "in sink" [source options...]
refuse() {
	name=$1 rule=$2 want=$3 in_source=$4 in_sink=$5
	shift 5
	start_sink -N -x "$rule"
	source_to_sink -N -m 20 -s 2 "$@"
	status=$?
	end_sink
	check "$name" "$want" "$in_source" "$in_sink" $status
}

for mode in on off; do
	refuse "no mail ($mode)" 'MAIL=550 5.1.0 no' 1 'refused=20' \
	    'messages=0' -P $mode
	refuse "no rcpt ($mode)" 'RCPT=550 5.1.1 no' 1 'refused=20' \
	    'messages=0' -P $mode
	refuse "one rcpt ($mode)" 'RCPT<user1@=550 5.1.1 no' 0 \
	    'acknowledged=20 .*refused_recipients=20' 'recipients=40' \
	    -P $mode -r 3
	refuse "no data ($mode)" 'DATA=451 4.3.0 no/10' 1 \
	    'acknowledged=18 refused=2' 'messages=18' -P $mode
	refuse "no dot ($mode)" 'DOT=554 5.6.0 no/10' 1 \
	    'acknowledged=18 refused=2' 'messages=18' -P $mode
	refuse "again ($mode)" 'DOT=451 4.3.0 later/3' 0 \
	    'acknowledged=20' 'numbers=20' -P $mode -R -T 20
	refuse "close at dot ($mode)" 'DOT=CLOSE/3' 0 \
	    'acknowledged=20' 'numbers=20' -P $mode -R -T 20
	refuse "close at mail ($mode)" 'MAIL=CLOSE/3' 0 \
	    'acknowledged=20' 'numbers=20' -P $mode -R -T 20
done
refuse 'busy banner' 'CONNECT=421 4.3.2 busy/2' 0 'acknowledged=20' \
    'numbers=20' -c 1 -R -T 30 -s 8
refuse 'closed'      'CONNECT=CLOSE' 1 'failed=20' 'messages=0'
refuse 'hang'        'DATA=HANG' 1 'failed=20' 'messages=0' -T 1

# What was acknowledged, arrived; what arrived twice is known.
start_sink -N -K 3 -a "$dir/received"
source_to_sink -N -m 200 -s 4 -R -T 20 -a "$dir/acknowledged"
status=$?
end_sink
check 'close after 3' 0 'acknowledged=200' 'numbers=200' $status
python3 "$here/check_numbers.py" "$dir/acknowledged" "$dir/received" \
    > "$dir/source" 2>&1
check 'numbers compared' 0 'acknowledged=200 received=200 lost=0' '' $?
sed -i 7d "$dir/received"
python3 "$here/check_numbers.py" "$dir/acknowledged" "$dir/received" \
    > "$dir/source" 2>&1
check 'a loss is seen' 1 'lost=[1-9]' '' $?

# The text survives its dots: with DATA it is what it is with BDAT.
mkdir "$dir/data" "$dir/bdat"
start_sink -C -m 1 -D "$dir/data"
source_to_sink -8 -l 50000 -I one
end_sink wait
start_sink -C -m 1 -D "$dir/bdat"
source_to_sink -8 -l 50000 -I one -B
end_sink wait
sed '1,/^Message-ID/d' "$dir/data/1" > "$dir/a"
sed '1,/^Message-ID/d' "$dir/bdat/1" > "$dir/b"
dots=$(grep -ac '^\.' "$dir/a")
echo "lines with dots: $dots" > "$dir/source"
cmp "$dir/a" "$dir/b" >> "$dir/source" 2>&1 && [ "$dots" -gt 20 ] &&
    [ "$(wc -c < "$dir/a")" -eq 50002 ]
check 'dots' 0 'lines' '' $?

# The same session, cut in two at every byte.
start_sink -C -D "$dir/data"
timeout 60 python3 "$here/cut_session.py" "$port" > "$dir/source" 2>&1
status=$?
end_sink
check 'cuts' 0 'cuts=.* wrong=0' 'messages=' $status

# TLS 1.3: all that was sent is there, and sessions are resumed or not.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj /CN=sink -days 2 -keyout "$dir/key" -out "$dir/cert" 2> /dev/null
cat "$dir/key" "$dir/cert" > "$dir/chain"
tls="-N -T $dir/chain"
run 'tls'         "$tls" '-N -m 300 -s 5 -S full' 0 \
    "$all handshakes=5 resumed=0 |$all.* handshakes=5 resumed=0 " "$got"
run 'tls, steps'  "$tls" '-N -m 300 -s 5 -S full -P off' 0 "$all" "$got"
run 'tls, full'   "$tls" '-N -m 300 -s 5 -S full -c 1' 0 \
    "$all.* handshakes=300 resumed=0 " "$got"
run 'tls, resumed' "$tls" '-N -m 300 -s 5 -S resumed -c 1' 0 \
    "$all.* handshakes=300 resumed=29[0-9] " "$got"
run 'tls, large'  "$tls" '-N -m 6 -s 2 -8 -l 10485760 -S full' 0 \
    'acknowledged=6' 'numbers=6 twins=0'
run 'tls, late'   "$tls -d 20" '-m 10 -S full' 0 'acknowledged=10' \
    'messages=10 .*waits=15'
run 'tls, no mail' "$tls" '-m 50 -s 5 -S full -g' 0 \
    'acknowledged=50 .* handshakes=50 ' '^connections=50 messages=0 '
run 'no tls there' '-N' '-m 5 -S full' 1 'refused=5 .*handshakes=0 ' \
    'messages=0'
run 'no mail'     '' '-m 50 -s 5 -g' 0 'acknowledged=50' \
    '^connections=50 messages=0 '
run 'no login there' '' '-m 5 -U user:secret' 1 'refused=5' 'messages=0'

run 'idle' '' '-i -s 500 -w 0' 0 'held=500 lost=0' 'connections=500'

echo "load: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
