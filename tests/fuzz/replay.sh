#!/bin/sh
# Every fuzz target over its corpus and some thousand changes of it; the
# last line is "fuzz: N passed, M failed".
#
#	sh tests/fuzz/replay.sh BUILD

build=${1:?usage: replay.sh BUILD}
here=$(dirname "$0")
passed=0 failed=0
for source in "$here"/*_fuzz.c; do
	name=$(basename "$source" _fuzz.c)
	if "$build/fuzz/$name" "$here/corpus/$name" 20000; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $name"
	fi
done
echo "fuzz: $passed passed, $failed failed"
test $failed -eq 0
