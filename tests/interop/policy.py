#!/usr/bin/env python3
"""Tern and Postfix with the very same main.cf, tables and clients: whoever
is judged must hear the same from both, and mail must come out the same.

usage: policy.py [-l] [-s SEED] [-n COUNT] BIN [name...]

Needs root, for namespaces: both run in a network of their own, with nothing
in it but loopback, and ask a DNS server there that has the zones of
policy_sides.py.  With names, only these groups run.  What may differ is in
policy_allowed.py, with the reason; doc/interop.md lists it.  The last line is
"interop-policy: N passed, M failed".
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib"),
                os.path.join(HERE, "..", "policy")]
import policy_cases                                         # noqa: E402
import policy_dice                                          # noqa: E402
import policy_mail                                          # noqa: E402
from policy_allowed import ALLOWED                          # noqa: E402
from policy_sides import ZONES, decisions, play, set_up     # noqa: E402
from nsd import Nsd                                         # noqa: E402
from sides import Postfix, Tern                             # noqa: E402
from sink import Sink                                       # noqa: E402

DNS = "127.0.0.53"
SINK_PORT = 2525
FIRST_PORT = 2600
TRIES = 2
SINKS = ["127.0.0.%d" % i for i in (1, 11, 12, 13, 14)]

# What they may say in other words: a refusal of what is no address, or no
# command, is one whatever its text.
SYNTAX = re.compile(r"[45]0\d |[45]55 ")


def normal(reply):
    """What of a reply must be the same."""
    if reply is None:
        return "closed"
    if reply[:1] in "23":
        return reply[:3]
    if SYNTAX.match(reply):
        return reply[:3]
    return reply


class Bench:
    def __init__(self, options):
        self.options = options
        self.passed = self.failed = self.replies = 0
        self.allowed = {}
        self.folder = tempfile.mkdtemp(prefix="tern-policy-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        tempfile.tempdir = self.folder
        self.enter_network()
        self.nsd = Nsd(self.make_folder("nsd"), DNS, 53, ZONES)
        self.sinks = [Sink(SINK_PORT, ip) for ip in SINKS]

    def make_folder(self, name):
        path = os.path.join(self.folder, name)
        os.mkdir(path)
        os.chmod(path, 0o755)
        return path

    def enter_network(self):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for name, text in (
                ("resolv.conf", "nameserver %s\noptions timeout:3 "
                 "attempts:1\n" % DNS),
                ("hosts", "127.0.0.1 localhost\n")):
            path = os.path.join(self.folder, name)
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            subprocess.run(["mount", "--bind", path, "/etc/" + name],
                           check=True)

    def check(self, what, is_good, detail=""):
        self.passed += bool(is_good)
        self.failed += not is_good
        if not is_good:
            print("FAILED %s\n    %s" % (what, detail), flush=True)

    def is_allowed(self, line, ours, theirs):
        for row in ALLOWED:
            if row.matches(line, ours, theirs):
                self.allowed[row.why] = self.allowed.get(row.why, 0) + 1
                return True
        return False

    # ---- dialogues -----------------------------------------------------

    def run_group(self, group):
        """One start of both; each case is a service of theirs."""
        began = time.time()
        before = self.failed
        folder = tempfile.mkdtemp(dir=self.folder)
        os.chmod(folder, 0o755)
        sides = []
        for sink in self.sinks:
            sink.mails.clear()
        try:
            for kind, first in ((Postfix, FIRST_PORT), (Tern, 4000)):
                sides.append(set_up(kind, self.options.bin, folder, group,
                                    first))
                sides[-1].start()
            for i, case in enumerate(group.cases):
                self.run_case(group, case, i, sides)
            if group.has_log:
                self.compare_logs(group, sides)
            if group.mails:
                self.compare_mail(group, sides)
        finally:
            for side in sides:
                side.stop()
        if self.failed == before:
            shutil.rmtree(folder)
        else:
            print("       left in place: " + folder)
        print("%-6s %s: %d cases, %.0f s" % (
            "ok" if self.failed == before else "BAD", group.name,
            len(group.cases), time.time() - began), flush=True)

    def run_case(self, group, case, i, sides):
        for talk in case.talks:
            for _ in range(TRIES):
                with concurrent.futures.ThreadPoolExecutor(2) as pool:
                    theirs, ours = pool.map(
                        lambda side: play(side.ports[i], talk), sides)
                # The DNS may have been slow; messages are sent once.
                if group.mails or list(map(normal, theirs)) == \
                        list(map(normal, ours)):
                    break
            self.compare(group, case, talk, theirs, ours)

    def compare(self, group, case, talk, theirs, ours):
        said, is_lost, is_other = "", False, False
        for line, one, other in zip(talk.lines, theirs, ours):
            if line.startswith("MAIL"):
                said = line + " / "
            # What follows a MAIL that one has taken alone is no news.
            if line.startswith(("MAIL", "RSET", "EHLO", "HELO")):
                is_lost = False
                is_other = False
            # Nor whether there is a recipient, once one has not been taken
            # by both.
            if is_lost or (is_other and line[:4] in ("DATA", "=Sub")):
                continue
            self.replies += 1
            if normal(one) == normal(other):
                self.passed += 1
                continue
            is_lost = line.startswith("MAIL")
            is_other = True
            is_over = line.startswith(("EHLO", "HELO"))
            if not self.is_allowed(said + line, other or "closed",
                                   one or "closed"):
                self.check("%s: %s: [%s] %s %s%s" % (
                    group.name, case.name, talk.source, talk.helo, said,
                    line), False, "Postfix: %s\n    Tern:    %s\n    %s" % (
                        one, other, case.settings))
            if is_over:
                return

    # ---- logs ----------------------------------------------------------

    def compare_logs(self, group, sides):
        """What they log of whom they refuse, and of what they do else."""
        theirs, ours = (decisions(side) for side in sides)
        if theirs != ours:
            time.sleep(2)       # the last lines are on their way
            theirs, ours = (decisions(side) for side in sides)
        for line in sorted(theirs ^ ours):
            who = "Postfix" if line in theirs else "Tern"
            if not self.is_allowed("log " + line, who, ""):
                self.check("%s: the log" % group.name, False,
                           "only %s's: %s" % (who, line))
        self.passed += len(theirs & ours)

    # ---- mail ----------------------------------------------------------

    def compare_mail(self, group, sides):
        """What came out at the next servers, and what is held."""
        for side in sides:
            if not side.wait_idle():
                self.check("%s: %s delivers" % (group.name, side.name),
                           False, side.queue())
        theirs, ours = ([mail for sink in self.sinks for mail in sink.mails
                         if mail.helo == side.name + ".example"]
                        for side in sides)
        for mark, what in policy_mail.differences(theirs, ours):
            if not self.is_allowed("mail " + mark, what[1], what[0]):
                self.check("%s: mail %s" % (group.name, mark), False,
                           "Postfix: %s\n    Tern:    %s" % what)
            else:
                self.passed += 1
        self.passed += len({mail.id for mail in theirs})
        queues = [side.queue() for side in sides]
        self.check("%s: the same is held" % group.name,
                   queues[0] == queues[1], "Postfix: %s\n    Tern:    %s" %
                   tuple(queues))

    def close(self):
        self.nsd.close()
        for sink in self.sinks:
            sink.close()
        if self.failed == 0:
            shutil.rmtree(self.folder, ignore_errors=True)


def run(options, groups):
    bench = Bench(options)
    try:
        for group in groups:
            try:
                bench.run_group(group)
            except Exception:
                bench.check(group.name, False, traceback.format_exc())
    finally:
        bench.close()
    for why, count in sorted(bench.allowed.items()):
        print("differs, as it should, %d times: %s" % (count, why))
    print("%d replies compared" % bench.replies)
    print("interop-policy: %d passed, %d failed" % (bench.passed,
                                                    bench.failed))
    return 1 if bench.failed or not bench.passed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin", help="folder of Tern's programs")
    parser.add_argument("names", nargs="*", help="groups to run")
    parser.add_argument("-l", "--list", action="store_true")
    parser.add_argument("-s", "--seed", type=int, default=1,
                        help="of what is made at random")
    parser.add_argument("-n", "--count", type=int, default=40,
                        help="how many configurations at random")
    parser.add_argument("--inside", action="store_true",
                        help=argparse.SUPPRESS)
    options = parser.parse_args()
    groups = policy_cases.GROUPS + policy_mail.GROUPS + policy_dice.groups(
        options.seed, options.count)
    if options.list:
        print("\n".join(group.name for group in groups))
        return 0
    if os.geteuid() != 0:
        print("interop-policy: the namespaces need root")
        return 1
    if not options.inside:
        # The first process of a PID namespace takes all others with it.
        os.execvp("unshare", ["unshare", "-n", "-m", "-p", "--fork",
                              "--kill-child", "--mount-proc",
                              sys.executable] + sys.argv + ["--inside"])
    options.bin = os.path.abspath(options.bin)
    return run(options, [group for group in groups if not options.names or
                         group.name in options.names])


if __name__ == "__main__":
    sys.exit(main())
