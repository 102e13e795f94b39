#!/bin/sh
# An installed tree works: make install, then mail through it.
#
#	sh tests/install.sh BUILD

BUILD=${1:?usage: install.sh BUILD}
cd "$(dirname "$0")/.." || exit 2
ROOT=$(mktemp -d) || exit 2
chmod 755 "$ROOT"
PORT=$(python3 tests/lib/ports.py install) || exit 2
passed=0 failed=0

check() {
	what=$1
	shift
	if "$@" >"$ROOT/out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $what"
		cat "$ROOT/out"
	fi
}

check "make install, for real" make --no-print-directory BUILD="$BUILD" \
    DESTDIR="$ROOT" PREFIX=/usr install
for program in master smtpd cleanup qmgr smtp bounce lookup auth; do
	check "$program is there" test -x "$ROOT/usr/libexec/tern/$program"
done
check "the tools are there" test -L "$ROOT/usr/sbin/tern"
for type in cdb ldap lmdb pgsql sqlite; do
	test -e "$BUILD/plugin/table_$type.so" || continue
	check "the table type $type is there" sh -c \
	    "'$ROOT/usr/libexec/tern/ternconf' -m | grep -qx $type"
done
check "the unit file names the tool" grep -q \
    "ExecStart=/usr/sbin/tern start-fg" "$ROOT/etc/systemd/system/tern.service"

echo mine >"$ROOT/etc/tern/main.cf"
check "installing again" make --no-print-directory BUILD="$BUILD" \
    DESTDIR="$ROOT" PREFIX=/usr install
check "configuration is kept" grep -q mine "$ROOT/etc/tern/main.cf"

cat >"$ROOT/etc/tern/main.cf" <<-EOF
queue_directory = $ROOT/spool
data_directory = $ROOT/data
myhostname = tern.example
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:$((PORT + 1))
maillog_file = $ROOT/log
EOF
sed -i "s/^smtp  *inet/127.0.0.1:$PORT inet/" "$ROOT/etc/tern/master.cf"
TERN="$ROOT/usr/libexec/tern/tern -c $ROOT/etc/tern"
check "tern start" $TERN start
check "mail is taken" "$ROOT/usr/libexec/tern/ternsource" -q "127.0.0.1:$PORT"
check "ternqueue lists it" sh -c "'$ROOT/usr/libexec/tern/ternqueue' \
    -c '$ROOT/etc/tern' -j | grep -q queue_id"
check "tern stop" $TERN stop
rm -rf "$ROOT"
echo "install: $passed passed, $failed failed"
test $failed -eq 0
