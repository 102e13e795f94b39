#!/bin/sh
# What ternconf prints and writes.  Usage: sh tests/ternconf.sh build/bin

bin=$(cd "${1:-build/bin}" && pwd) || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
unset MAIL_CONFIG
LC_ALL=C
export LC_ALL
passed=0
failed=0

# main_cf LINE...: write the file anew.
main_cf() {
	printf '%s\n' "$@" > "$dir/main.cf"
}

# conf ARGUMENT...: run ternconf on it; output, errors and status are kept.
conf() {
	"$bin/ternconf" -c "$dir" "$@" > "$dir/out" 2> "$dir/err"
	status=$?
}

# verdict NAME EXPECTED FOUND
verdict() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	printf 'ternconf: FAILED: %s\nexpected:\n%s\nfound:\n%s\n' \
	    "$1" "$2" "$3"
}

# gives NAME STATUS OUTPUT [ERRORS]: what the last run of conf did; "@" is
# the folder.
gives() {
	verdict "$1: status" "$2" "$status"
	verdict "$1: output" "$3" "$(sed "s|$dir|@|g" "$dir/out")"
	verdict "$1: errors" "${4:-}" "$(sed "s|$dir|@|g" "$dir/err")"
}

# file_is NAME LINE...
file_is() {
	name=$1
	shift
	verdict "$name: file" "$(printf '%s\n' "$@")" "$(cat "$dir/main.cf")"
}

cat > "$dir/master.cf" <<'END'
# services
smtp inet n - - - - smtpd -v
  -o smtpd_timeout=$mine -o { mail_name = A B }
qmgr unix n - - 300? 1 qmgr { a b }
END

# ---- showing ---------------------------------------------------------------

main_cf 'mine = 20s' 'relayhost = [gate]' 'myhostname = mx.example.org'

conf relayhost
gives 'a value that is set' 0 'relayhost = [gate]'
conf soft_bounce smtpd_banner
gives 'defaults' 0 "soft_bounce = no
smtpd_banner = \$myhostname ESMTP \$mail_name"
conf smtp_bind_address
gives 'an empty value' 0 'smtp_bind_address ='
conf -d relayhost
gives '-d' 0 'relayhost ='
conf -h relayhost
gives '-h' 0 '[gate]'
conf -H relayhost
gives '-H' 0 'relayhost'
conf -n
gives '-n' 0 'mine = 20s
myhostname = mx.example.org
relayhost = [gate]'
conf -n soft_bounce relayhost
gives '-n with names' 0 'relayhost = [gate]'
conf -x smtpd_banner mydomain smtpd_timeout
gives '-x' 0 'smtpd_banner = mx.example.org ESMTP Tern
mydomain = example.org
smtpd_timeout = 300s'
conf -x -o stress=yes smtpd_timeout
gives '-o' 0 'smtpd_timeout = 10s'
conf slow_destination_recipient_limit
gives 'known by its suffix' 0 \
    "slow_destination_recipient_limit = \$default_destination_recipient_limit"
conf config_directory
gives 'config_directory' 0 'config_directory = @'
conf smtpd_timout
gives 'an unknown name' 0 '' \
    'ternconf: warning: smtpd_timout: unknown parameter: did you mean smtpd_timeout?'
conf
verdict 'all: sorted' "$(sort "$dir/out")" "$(cat "$dir/out")"
verdict 'all: user defined' 'mine = 20s' "$(grep '^mine' "$dir/out")"
verdict 'all: no warning' '' "$(cat "$dir/err")"
conf -d
verdict '-d: as many' 0 "$(grep -c '^mine' "$dir/out")"

MAIL_CONFIG=$dir "$bin/ternconf" relayhost > "$dir/out" 2> "$dir/err"
status=$?
gives 'MAIL_CONFIG' 0 'relayhost = [gate]'

main_cf 'smtpd_timout = 5' 'zebra = 1' 'mine = x # not a comment'
conf -n
gives 'warnings' 0 'mine = x # not a comment
smtpd_timout = 5
zebra = 1' 'ternconf: warning: @/main.cf:3: mine: "#" behind a value is part of the value
ternconf: warning: smtpd_timout: unused parameter (@/main.cf:1): did you mean smtpd_timeout?
ternconf: warning: zebra: unused parameter (@/main.cf:2)'

main_cf 'smtpd_tls_session_cache_database = btree:/x' \
    'lmtp_tls_enable_rpk = yes' 'smtp_tls_enable_rpk = no' \
    'tls_random_source = dev:/dev/urandom' 'tls_daemon_random_bytes = 32'
conf -n
sed 's/: [^:]*$//' "$dir/err" | sort > "$dir/err.new"
mv "$dir/err.new" "$dir/err"
gives 'what does nothing' 0 'lmtp_tls_enable_rpk = yes
smtp_tls_enable_rpk = no
smtpd_tls_session_cache_database = btree:/x
tls_daemon_random_bytes = 32
tls_random_source = dev:/dev/urandom' 'ternconf: warning: lmtp_tls_enable_rpk does nothing
ternconf: warning: smtpd_tls_session_cache_database does nothing
ternconf: warning: tls_random_source does nothing'
conf smtpd_tls_dh512_param_file
gives 'what does nothing, by name' 0 '' 'ternconf: warning: smtpd_tls_dh512_param_file does nothing: there are no ciphers any more that would use it'

main_cf 'relayhost = $relayhost'
conf -x relayhost
gives 'a circle' 0 'relayhost = $relayhost' \
    'ternconf: warning: relayhost: $relayhost refers to itself'
main_cf 'what is this'
conf
gives 'a bad file' 1 '' \
    'ternconf: fatal: @/main.cf:1: no "=" after "what is this"'
rm "$dir/main.cf"
conf
gives 'no file' 1 '' \
    'ternconf: fatal: @/main.cf: No such file or directory'
conf -d soft_bounce
gives '-d without a file' 0 'soft_bounce = no'

# ---- changing --------------------------------------------------------------

main_cf '# mine' 'relayhost = a,' '  b' '# why' 'soft_bounce = no' \
    'relayhost = c'
conf -e relayhost=d
gives '-e' 0 ''
file_is '-e' '# mine' '# why' 'soft_bounce = no' 'relayhost = d'
conf 'soft_bounce = yes' 'mail_name=Tern 2'
gives '-e implied' 0 ''
file_is '-e implied' '# mine' '# why' 'soft_bounce = yes' 'relayhost = d' \
    'mail_name = Tern 2'
conf -e relayhost=e smtpd_timeout=abc
gives 'a bad value' 1 '' 'ternconf: fatal: new value: smtpd_timeout: bad time "abc": use a number and one of s m h d w'
file_is 'a bad value' '# mine' '# why' 'soft_bounce = yes' \
    'relayhost = d' 'mail_name = Tern 2'
conf -e relayhost
gives '-e without =' 1 '' 'ternconf: fatal: relayhost: no "="'
conf '-#' relayhost mail_name
gives '-#' 0 ''
file_is '-#' '# mine' '# why' 'soft_bounce = yes' '#relayhost = d' \
    '#mail_name = Tern 2'
conf -X soft_bounce nothing
gives '-X' 0 ''
file_is '-X' '# mine' '# why' '#relayhost = d' '#mail_name = Tern 2'
conf smtpd_timout=5
gives 'an unknown name is set' 0 '' \
    'ternconf: warning: smtpd_timout: unknown parameter: did you mean smtpd_timeout?'
conf smtpd_tls_dh512_param_file=/x
gives 'what does nothing is set' 0 '' 'ternconf: warning: smtpd_tls_dh512_param_file does nothing: there are no ciphers any more that would use it'
conf -X smtpd_tls_dh512_param_file
conf 'own=5' "smtpd_timeout=\${own}s"
gives 'an own name is used' 0 ''
conf -x smtpd_timeout
gives 'an own name is used: -x' 0 'smtpd_timeout = 5s'
conf own=x
gives 'an own name spoils another' 1 '' \
    'ternconf: fatal: @/main.cf:7: smtpd_timeout: bad time "xs": use a number and one of s m h d w'
conf -e
verdict '-e alone: status' 1 "$status"
conf -Q
verdict 'a bad option: status' 1 "$status"
verdict 'nothing is left behind' 'main.cf master.cf' \
    "$(cd "$dir" && echo *.cf*)"

# ---- master.cf -------------------------------------------------------------

conf -M
gives '-M' 0 'smtp       inet  n       -       -       -       -       smtpd -v
    -o smtpd_timeout=$mine
    -o { mail_name=A B }
qmgr       unix  n       -       -       300?    1       qmgr { a b }'
conf -M qmgr/unix none
gives '-M with names' 0 \
    'qmgr       unix  n       -       -       300?    1       qmgr { a b }' \
    'ternconf: warning: unmatched request: "none"'
echo 'smtp' > "$dir/master.cf"
conf -M
gives 'a bad master.cf' 1 '' \
    'ternconf: fatal: @/master.cf:1: 1 of 8 fields: no type'

# ---- as shipped ------------------------------------------------------------

shipped=$(cd "$(dirname "$0")/../conf" && pwd)
cp "$shipped/main.cf" "$shipped/master.cf" "$dir"
conf -n
gives 'main.cf as shipped' 0 ''
conf -M
verdict 'master.cf as shipped' 6 "$(grep -c . "$dir/out")"

echo "ternconf: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
