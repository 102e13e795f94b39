#!/bin/sh
# Each fuzz target by libFuzzer for some time, beginning with its corpus.
# What it finds is left in BUILD/fuzz/NAME.found.
#
#	sh tests/fuzz/fuzz.sh BUILD SECONDS [name...]

build=${1:?usage: fuzz.sh BUILD SECONDS [name...]}
seconds=${2:-60}
here=$(dirname "$0")
shift 2
failed=0
if [ $# -eq 0 ]; then
	set -- $(for f in "$here"/*_fuzz.c; do basename "$f" _fuzz.c; done)
fi
for name in "$@"; do
	found=$build/fuzz/$name.found
	mkdir -p "$found"
	"$build/fuzz/$name" -max_total_time="$seconds" -max_len=4096 \
	    -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
	    -artifact_prefix="$found/" "$found" "$here/corpus/$name" \
	    >"$build/fuzz/$name.log" 2>&1
	status=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' \
	    "$build/fuzz/$name.log")
	echo "$name: ${runs:-no} runs, status $status"
	if [ $status -ne 0 ]; then
		failed=1
		tail -n 30 "$build/fuzz/$name.log"
	fi
done
exit $failed
