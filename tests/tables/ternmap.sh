#!/bin/sh
# What ternmap and ternalias make, change, find and say.
#
#	sh tests/tables/ternmap.sh build/bin
#
# The last line is "ternmap: N passed, M failed".

bin=$(cd "${1:?usage: ternmap.sh build/bin}" && pwd) || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$dir"
cd "$dir" || exit 1
unset MAIL_CONFIG
LC_ALL=C
export LC_ALL
: >main.cf
passed=0 failed=0

verdict() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	printf 'ternmap: FAILED: %s\nexpected:\n%s\nfound:\n%s\n' \
	    "$1" "$2" "$3"
}

# map ARGUMENT...: run ternmap; output, errors and status are kept.
map() {
	"$bin/ternmap" -c . "$@" >out 2>err
	status=$?
}

alias_() {
	"$bin/ternalias" -c . "$@" >out 2>err
	status=$?
}

# gives NAME STATUS OUTPUT [ERRORS]: what the last run did.
gives() {
	verdict "$1: status" "$2" "$status"
	verdict "$1: output" "$3" "$(cat out)"
	verdict "$1: errors" "$4" "$(cat err)"
}

# Entries of a table, sorted, by commas.
entries() {
	"$bin/ternmap" -c . -s "$1" | LC_ALL=C sort | tr '\t\n' '=,'
}

tab=$(printf '\t')

# ---- making, asking ---------------------------------------------------------

cat >t <<EOT
# A comment
Key.One	value one
key2 a,
  b
key.one other
bad
"q k" quoted
x: y
EOT
map t
gives "make" 0 "" "warning: t:5: duplicate entry: \"key.one\"
warning: t:6: expected format: key whitespace value -- ignoring this line
warning: t:8: record is in \"key: value\" format; is this an alias file?"
verdict "the entries" '"q k"=quoted,key.one=value one,key2=a,  b,x:=y,' \
    "$(entries hash:t)"
map -w t
gives "without warnings of duplicates" 0 "" \
"warning: t:6: expected format: key whitespace value -- ignoring this line
warning: t:8: record is in \"key: value\" format; is this an alias file?"
map -r t
map -q key.one t
gives "duplicates replace" 0 "other" ""
map -q KEY2 hash:t
gives "any case" 0 "a,  b" ""
map -q none hash:t
gives "nothing found" 1 "" ""
printf 'none\nkey2\nKey.One\n' >keys
"$bin/ternmap" -c . -q - t <keys >out 2>err
status=$?
gives "keys from stdin" 0 "key2${tab}a,  b
Key.One${tab}other" ""
"$bin/ternmap" -c . -q - t <main.cf >out 2>err
status=$?
gives "no keys from stdin" 1 "" ""
map -q key2 inline:{key2=first} hash:t
gives "the first table that knows" 0 "first" ""
map -q key2 hash:/no/such/file
gives "no such table" 1 "" "warning: hash:/no/such/file is unavailable. \
open database /no/such/file.db: No such file or directory
fatal: table hash:/no/such/file: query error: hash:/no/such/file is \
unavailable. open database /no/such/file.db: No such file or directory"
map -q a@b 'pcre:{{/^(.*)@/ user $1}}'
gives "tables that are not built" 0 "user a" ""
map texthash:t
gives "built they are not" 1 "" \
    "fatal: texthash:t: tables of this type are not built"
map /no/such/file
gives "no source" 1 "" "fatal: open /no/such/file: No such file or directory"

# ---- changing ---------------------------------------------------------------

printf 'a 1\nb 2\n' >t
map btree:t
gives "btree" 0 "" ""
verdict "its entries" "a=1,b=2," "$(entries btree:t)"
map -q a hash:t
verdict "of another type: status" 1 $status
printf 'b 3\nC 4\n' | "$bin/ternmap" -c . -i btree:t >out 2>err
status=$?
gives "add" 0 "" 'warning: stdin:1: duplicate entry: "b"'
verdict "what was added" "a=1,b=2,c=4," "$(entries btree:t)"
printf 'b 3\n' | "$bin/ternmap" -c . -ir btree:t
verdict "what was replaced" "a=1,b=3,c=4," "$(entries btree:t)"
map -d B btree:t
gives "remove" 0 "" ""
map -d b btree:t
gives "remove again" 1 "" ""
printf 'a\nx\n' | "$bin/ternmap" -c . -d - btree:t
verdict "remove by stdin: status" 0 $?
verdict "what is left" "c=4," "$(entries btree:t)"
map -d a btree:none
gives "remove from nothing" 1 "" "fatal: btree:none: there is no such table"
printf 'new 1\n' | "$bin/ternmap" -c . -i hash:fresh
verdict "add to nothing" "new=1," "$(entries hash:fresh)"
verdict "nothing is left beside" "" "$(ls | grep tmp)"

# ---- flags ------------------------------------------------------------------

printf 'Aa 1\n' >t
map -f t
map -q Aa t
gives "kept case, asked in lower case" 1 "" ""
map -fq Aa t
gives "kept case" 0 "1" ""
for flag in -N -n; do
	map $flag t
	map -q aA t
	gives "with NUL or without ($flag)" 0 "1" ""
done
# In a page of the file each item has a byte 1, for its kind, before it.
plain() {
	LC_ALL=C tr '\001\n' '=#' <t.db | grep -c '=1=aa'
}
map -N t
verdict "NULs behind key and value" 0 "$(plain)"
map -n t
verdict "no NUL behind the value" 1 "$(plain)"
printf 'hello' >file1
printf ' you\n' >file2
printf 'k %s/file1, file2\nbad none\n' "$dir" >t
map -F t
gives "values out of files" 0 "" \
    "warning: t:2: open none: No such file or directory -- ignoring this line"
map -q k t
gives "they are base64" 0 "aGVsbG8geW91Cg==" ""
map -Fq k t
gives "decoded" 0 "hello you" ""
map -Fs t
gives "listed decoded" 0 "k${tab}hello you" ""
printf 'k "q" \\\n' >t
map t
map -jq k t
gives "JSON" 0 '{"": "\"q\" \\"}' ""
map -js t
gives "JSON of a list" 0 '{"k": "\"q\" \\"}' ""
printf 'k \377\n' >t
map t
gives "not UTF-8" 0 "" "warning: t:1: not UTF-8 -- ignoring this line"
map -u t
gives "and yet" 0 "" ""
printf 'default_database_type = btree\n' >main.cf
printf 'a b\n' >u
map u
map -q a btree:u
gives "the default type" 0 "b" ""
: >main.cf
map -q a -d a u
verdict "two deeds: status" 1 $status
map -b -q a u
verdict "a message that is none: status" 1 $status
map
verdict "no table: status" 1 $status

# ---- messages ---------------------------------------------------------------

cat >message <<EOT
From: a
Subject: one
 two
Content-Type: multipart/mixed; boundary=b

before
--b
X-Part: three

body four
--b--
EOT
all='pcre:{{/./ x}}'
"$bin/ternmap" -c . -hq - "$all" <message >out 2>err
status=$?
gives "the header" 0 "From: a${tab}x
Subject: one
 two${tab}x
Content-Type: multipart/mixed; boundary=b${tab}x" ""
"$bin/ternmap" -c . -bq - "$all" <message >out 2>err
status=$?
gives "the body" 0 "before${tab}x
--b${tab}x
X-Part: three${tab}x
body four${tab}x
--b--${tab}x" ""
"$bin/ternmap" -c . -hmq - "$all" <message >out 2>err
status=$?
gives "the headers" 0 "From: a${tab}x
Subject: one
 two${tab}x
Content-Type: multipart/mixed; boundary=b${tab}x
X-Part: three${tab}x" ""
"$bin/ternmap" -c . -bmq - "$all" <message >out 2>err
status=$?
gives "the bodies" 0 "before${tab}x
--b${tab}x
body four${tab}x
--b--${tab}x" ""
"$bin/ternmap" -c . -hq - 'pcre:{{/nothing/ x}}' <message >out 2>err
status=$?
gives "nothing in it" 1 "" ""

# ---- whose it is ------------------------------------------------------------

printf 'a 1\n' >t
chmod 640 t
rm -f t.db
map t
verdict "the mode of the source" 640 "$(stat -c %a t.db)"
chmod 600 t
map t
verdict "when it changes, too" 600 "$(stat -c %a t.db)"
map -p t
verdict "a mode of its own" 644 "$(stat -c %a t.db)"
chmod 600 t.db
printf 'b 1\n' | "$bin/ternmap" -c . -i t
verdict "added to, it keeps its mode" 600 "$(stat -c %a t.db)"
if [ "$(id -u)" = 0 ]; then
	mkdir theirs
	printf 'a 1\n' >theirs/t
	chown -R nobody theirs
	map theirs/t
	gives "as the owner of the source" 0 "" ""
	verdict "who owns it" nobody "$(stat -c %U theirs/t.db)"
	map -d a theirs/t
	verdict "who owns it after a removal" nobody \
	    "$(stat -c %U theirs/t.db)"
	map -o theirs/t
	verdict "root stays" root "$(stat -c %U theirs/t.db)"
	chown root theirs
	chmod 755 theirs
	map theirs/t
	verdict "not where the owner may not: status" 1 $status
	verdict "the old is there" root "$(stat -c %U theirs/t.db)"
	chgrp mail t
	map t
	verdict "the group of the source" mail "$(stat -c %G t.db)"
fi

# ---- while it is asked ------------------------------------------------------

awk 'BEGIN { for (i = 0; i < 3000; i++) print "key" i, "value" i }' >big
map big
( for i in 1 2 3 4 5 6 7 8 9 10; do "$bin/ternmap" -c . big; done ) &
builder=$!
lost=0 asked=0
while kill -0 $builder 2>/dev/null; do
	"$bin/ternmap" -c . -q key2999 big >/dev/null || lost=$((lost + 1))
	asked=$((asked + 1))
done
wait $builder
verdict "never half a table (of $asked)" 0 $lost
( "$bin/ternmap" -c . -d key1 big & "$bin/ternmap" -c . -d key2 big &
    "$bin/ternmap" -c . -d key3 big & wait )
verdict "three at a time" 2997 "$("$bin/ternmap" -c . -s big | wc -l)"

# ---- ternalias --------------------------------------------------------------

cat >aliases <<EOT
# Comment
Root: joe, jane
"john smith": js
list: :include:/etc/list,
	"|/bin/cmd a:b"
root: x
bad
a@b: c
EOT
alias_ aliases
gives "aliases" 0 "" 'warning: aliases:6: duplicate entry: "root"
warning: aliases:7: expected format: name: value, value ... -- ignoring this line
warning: aliases:8: the name of an alias is local: without @ -- ignoring this line'
alias_ -q ROOT aliases
gives "an alias" 0 "joe, jane" ""
alias_ -q '"john smith"' aliases
gives "a quoted alias" 0 "js" ""
alias_ -q list aliases
gives "nothing is expanded" 0 ":include:/etc/list,${tab}\"|/bin/cmd a:b\"" ""
alias_ -q none aliases
gives "no alias" 1 "" ""
alias_ -s aliases
verdict "aliases listed" "\"john smith\":${tab}js" \
    "$(grep john out)"
alias_ -d root aliases
gives "an alias removed" 0 "" ""
printf 'root: y\n' | "$bin/ternalias" -c . -i aliases
alias_ -q root aliases
gives "an alias added" 0 "y" ""

verdict "ternconf -m" "btree cidr hash pcre static unix " \
    "$("$bin/ternconf" -m | sort | grep -E \
    '^(hash|btree|static|cidr|pcre|unix)$' | tr '\n' ' ')"

echo "ternmap: $passed passed, $failed failed"
test $failed -eq 0
