#!/bin/sh
# Have the Debian packages that the file "packages" lists.
#
#	sh tests/packages.sh [build|all|fuzz|testssl]	(all: but the last two)
#
# Root gets the missing ones installed; everybody else is told the line
# that does it.

cd "$(dirname "$0")/.." || exit 1
want=${1:-all}

listed() {
	awk -v want="$want" '
		/^#/ { section = $2; next }
		section == want || (want == "all" && section != "fuzz" &&
		    section != "testssl") {
			print $1
		}' packages
}

if ! command -v dpkg-query >/dev/null; then
	echo "packages: this is not Debian; the file \"packages\" says" \
	    "what it takes" >&2
	exit 0
fi
missing=
for package in $(listed); do
	case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) in
	*" installed") ;;
	*) missing="$missing $package" ;;
	esac
done
test -n "$missing" || exit 0

line="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" != 0 ]; then
	echo "packages: some are missing; this installs them:" >&2
	echo "	sudo apt-get update && sudo $line" >&2
	exit 1
fi
echo "packages: $line"
DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
# Tests start servers of their own: no service of these packages runs.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi
# Lists that are too old name files that are gone; no lists, nothing.
apt-get update -q && $line </dev/null
