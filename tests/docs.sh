#!/bin/sh
# What is generated is current, and what the documents name exists.
#
#	sh tests/docs.sh BUILD

BUILD=${1:?usage: docs.sh BUILD}
cd "$(dirname "$0")/.." || exit 2
passed=0 failed=0

ok() {
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $2"
	fi
}

"$BUILD/bin/ternconf" -D | cmp -s - doc/params.md
ok $? "doc/params.md: run build/bin/ternconf -D > doc/params.md"

awk -f tests/ipc_doc.awk mail/ipc.def | cmp -s - doc/ipc.md
ok $? "doc/ipc.md: run awk -f tests/ipc_doc.awk mail/ipc.def > doc/ipc.md"

# Every path in a document is one of ours.
for doc in README.md doc/queue.md doc/add.md doc/style.md doc/features.md \
    doc/house.md doc/interop.md; do
	for path in $(grep -oE '\b(util|net|conf|mail|master|smtpd|cleanup|qmgr|smtp|bounce|lookup|auth|load|plugin|tools|tests|doc)/[a-z_/]+\.(c|h|def|md|sh|py|talk)\b' \
	    $doc | sort -u); do
		case $path in
		*/foo.talk | */cmd_foo.c | */foo.c | */*_foo*.c) continue ;;
		esac
		test -e "$path"
		ok $? "$doc names $path, which is not there"
	done
done

# INSTALL names each package that building takes.
for package in $(awk '/^#/ { section = $2; next }
    section == "build" || section == "plug-ins:" { print $1 }' packages); do
	grep -qwF -- "$package" INSTALL
	ok $? "INSTALL does not name the package $package"
done

# So is every folder of the README.
for folder in $(grep -oE '`[a-z]+/`' README.md | tr -d '`' | sort -u); do
	test -d "$folder"
	ok $? "README.md names $folder, which is not there"
done

# Every row of the ledger names a test.
awk -F'|' '/^\| [A-Z][0-9]/ && $5 !~ /[a-z]/ { print; bad = 1 }
    END { exit bad }' doc/features.md
ok $? "doc/features.md: a row without a test"

echo "docs: $passed passed, $failed failed"
test $failed -eq 0
