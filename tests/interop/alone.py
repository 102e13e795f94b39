"""A world for a script: packages of peers.py, a network with nothing in it
but loopback, a DNS server that is asked by all, and cases that are counted.

The script calls main(), which starts it again inside; there it makes a
Bench, or what it has made of that.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

import peers
from private_suite import Suite

DNS = "127.0.0.53"


class Bench:
    def __init__(self, options):
        self.bin = options.bin
        self.passed = self.failed = 0
        self.case = ""
        self.folder = tempfile.mkdtemp(prefix="tern-alone-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        tempfile.tempdir = self.folder
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        # In this world /etc is ours alone.
        for name, text in (("resolv.conf", "nameserver %s\n" % DNS),
                           ("hosts", "127.0.0.1 localhost\n")):
            path = "/etc/" + name
            if os.path.lexists(path):
                os.unlink(path)
            with open(path, "w", encoding="ascii") as file:
                file.write(text)

    def make_folder(self, name):
        path = os.path.join(self.folder, name)
        os.mkdir(path)
        os.chmod(path, 0o755)
        return path

    def check(self, what, is_good, detail=""):
        self.passed += bool(is_good)
        self.failed += not is_good
        print("%-6s %s: %s%s" % (
            "ok" if is_good else "FAILED", self.case, what,
            "" if is_good else "\n       %s" % (detail,)), flush=True)

    def close(self):
        Suite.close_all()
        shutil.rmtree(self.folder, ignore_errors=True)


def run(name, kind, cases, options):
    bench = kind(options)
    try:
        for case in options.names or cases:
            bench.case = case
            try:
                cases[case](bench)
            except Exception:
                bench.check("goes through", False, traceback.format_exc())
                Suite.close_all()
    finally:
        bench.close()
    print("%s: %d passed, %d failed" % (name, bench.passed, bench.failed))
    return 1 if bench.failed or not bench.passed else 0


def main(name, about, kind, cases):
    """Of a script: its name in the last line, its text, its Bench, and by
    name the cases, which take that."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("bin", help="folder of Tern's programs")
    parser.add_argument("names", nargs="*", help="cases to run")
    parser.add_argument("-c", "--cache", help="folder for the packages "
                        "(peers, beside BIN)")
    parser.add_argument("-l", "--list", action="store_true",
                        help="list the cases")
    parser.add_argument("--inside", action="store_true",
                        help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)
    if options.list:
        print("\n".join(cases))
        return 0
    if os.geteuid() != 0:
        print("%s: the namespaces need root" % name)
        return 1
    if options.inside:
        return run(name, kind, cases, options)
    root = peers.unpack(options.cache or os.path.join(options.bin,
                                                      "../peers"))
    command = peers.in_world(root, [
        sys.executable, os.path.abspath(sys.argv[0]), "--inside",
        options.bin, *options.names], True)
    return os.execvp(command[0], command)
