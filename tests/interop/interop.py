#!/usr/bin/env python3
"""Tern and other people's mail software, both ways (doc/interop.md).

usage: interop.py BIN [-p PORT] [-c CACHE] [-l] [name...]

Needs root, for namespaces, and packages from a Debian mirror the first
time.  With names, only these cases run.  The last line is
"interop: N passed, M failed".
"""

import argparse
import os
import shutil
import sys
import tempfile
import traceback

import peers
from clients import CLIENTS
from relay import RELAYS
from sink import Sink
from ports import first_port
from private_suite import Suite


class Bench:
    """What all cases share, and how many came out well."""

    def __init__(self, options):
        self.bin = os.path.abspath(options.bin)
        self.port = options.port
        self.tern_port = options.port + 1
        # Not below /var: what the servers write there is in memory.
        self.folder = tempfile.mkdtemp(prefix="tern-interop-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        tempfile.tempdir = self.folder          # Tern's folders, too
        self.root = peers.unpack(options.cache)
        self.sink = Sink(options.port)
        self.passed = self.failed = 0
        self.case = ""

    def check(self, what, is_good, detail=""):
        self.passed += bool(is_good)
        self.failed += not is_good
        print("%-6s %s: %s" % ("ok" if is_good else "FAILED", self.case,
                               what), flush=True)
        if not is_good:
            print("       %s" % str(detail)[-6000:], flush=True)

    def peer(self, kind):
        number = peers.SERVERS.index(kind)
        folder = tempfile.mkdtemp(dir=self.folder)
        os.chmod(folder, 0o755)
        return kind(self.root, folder, self.port + 2 + number,
                    self.port, self.tern_port)

    def tern(self, relay_port, settings=None):
        return Suite(self.bin, self.tern_port, relay_port, settings)

    def run(self, name, case):
        self.case = name
        try:
            case(self)
        except Exception:
            self.check("goes through", False, traceback.format_exc())

    def close(self):
        Suite.close_all()
        self.sink.close()
        shutil.rmtree(self.folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin", help="folder of Tern's programs")
    parser.add_argument("names", nargs="*", help="cases to run")
    parser.add_argument("-p", "--port", type=int,
                        default=first_port("interop"),
                        help="first of five ports")
    parser.add_argument("-c", "--cache", help="folder for the packages "
                        "(peers, beside BIN)")
    parser.add_argument("-l", "--list", action="store_true",
                        help="list the cases")
    options = parser.parse_args()
    cases = {**RELAYS, **CLIENTS}
    if options.list:
        print("\n".join(cases))
        return 0
    if os.geteuid() != 0:
        print("interop: the servers' namespaces need root")
        return 1
    options.cache = options.cache or os.path.join(options.bin, "../peers")
    bench = Bench(options)
    try:
        for name in options.names or cases:
            bench.run(name, cases[name])
    finally:
        bench.close()
    print("interop: %d passed, %d failed" % (bench.passed, bench.failed))
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
