#!/bin/sh
# What a reviewer need not look for: layers, names, style, cppcheck.
#
#	sh tests/lint/lint.sh BUILD
#
# BUILD is a finished build (names are read from its objects).  Each rule is
# one test; the last line counts them.

BUILD=${1:?usage: lint.sh BUILD}
here=$(dirname "$0")
cd "$here/../.." || exit 2
passed=0 failed=0

rule() {
	name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "lint: FAILED: $name"
	fi
}

# Every header compiles alone.
headers() {
	bad=0
	for header in $(ls */*.h | grep -v ^build); do
		gcc -std=gnu11 -D_GNU_SOURCE -I. -fsyntax-only -x c \
		    "$header" || bad=1
	done
	return $bad
}

analyse() {
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
	    --enable=warning,performance,portability -I. -D_GNU_SOURCE \
	    --include=/usr/include/utlist.h \
	    --include=/usr/include/uthash.h \
	    --suppressions-list=tests/lint/cppcheck.txt \
	    --template='{file}:{line}: {id}: {message}' \
	    -j "$(nproc)" */*.c
}

for rule in layers gates stems guards; do
	rule $rule python3 tests/lint/layers.py $rule
done
for rule in symbols state; do
	rule $rule python3 tests/lint/names.py "$BUILD" $rule
done
for rule in columns spaces files functions forbidden errors labels opening; do
	rule $rule python3 tests/lint/style.py $rule
done
rule headers headers
rule cppcheck analyse

echo "lint: $passed passed, $failed failed"
test $failed = 0
