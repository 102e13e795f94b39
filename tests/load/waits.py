#!/usr/bin/env python3
"""How often the client waits for a server, and what that costs.

A sink answers each group of commands DELAY_MS later and counts the groups;
each is a round trip that the client waits for.  The last line is
"waits: N passed, M failed".

    python3 tests/load/waits.py BIN [--tern] [--quick] [--port N]
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from bench_suite import Postfix, Tern, first_port, has_postfix, read

DELAY_MS = 100
PIPELINING, CHUNKING, PIPECONNECT = [], ["-C"], ["-C", "-P"]
# A connection is not kept: QUIT belongs to the count.
ALONE = "smtp_connection_cache_time_limit = 0\n"
# One connection, and messages that wait for it.
ONE = ("smtp_destination_concurrency_limit = 1\n"
       "initial_destination_concurrency = 1\n")
TWENTY = ("smtp_destination_concurrency_limit = 20\n"
          "initial_destination_concurrency = 20\n")


class Bench:
    def __init__(self, options):
        self.options = options
        self.passed = self.failed = 0
        self.kinds = ["tern"]
        if has_postfix() and not options.tern:
            self.kinds.append("postfix")

    def suite(self, kind, folder, settings):
        port = self.options.port
        if kind == "tern":
            suite = Tern(self.options.bin, folder, port, port + 1)
        else:
            suite = Postfix(folder, port, port + 1)
            settings = settings.replace(ALONE, "")
        with open(f"{folder}/etc/main.cf", "a", encoding="ascii") as file:
            file.write(settings)
        return suite

    def run(self, kind, settings, sink_options, bursts, delay_ms=DELAY_MS,
            recipients=3, sessions=1, size=2048):
        """What the sink counted after each burst of messages, the log."""
        folder = tempfile.mkdtemp(prefix="tern-waits-", dir="/var/tmp")
        os.chmod(folder, 0o755)
        suite = self.suite(kind, f"{folder}/{kind}", settings)
        report = f"{folder}/report"
        sink = subprocess.Popen(
            [f"{self.options.bin}/ternsink", "-q", "-N", "-R", report,
             "-t", "300", "-d", str(delay_ms), *sink_options,
             f"127.0.0.1:{self.options.port + 1}"])
        counts, total = [], 0
        try:
            suite.start()
            for messages in bursts:
                total += messages
                subprocess.run(
                    [f"{self.options.bin}/ternsource", "-q", "-N",
                     "-s", str(sessions), "-m", str(messages),
                     "-r", str(recipients), "-l", str(size),
                     f"127.0.0.1:{self.options.port}"],
                    check=True, stdout=subprocess.DEVNULL, timeout=120)
                counts.append(self.wait(report, total))
            log = read(f"{suite.folder}/maillog")
        finally:
            suite.stop()
            sink.send_signal(signal.SIGTERM)
            sink.wait()
            shutil.rmtree(folder)
        return counts, log

    @staticmethod
    def wait(report, messages):
        """Until so many have come, and the line is quiet for a second."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            time.sleep(0.1)
            before, now = [
                {name: float(value) for name, value in re.findall(
                    r"(\w+)=([0-9.]+)", line)}
                for line in (["", ""] + read(report).splitlines())[-2:]]
            if now.get("messages", 0) >= messages and \
                    now["waits"] == before.get("waits"):
                return now
        raise SystemExit(f"not all of {messages} messages arrived")

    @staticmethod
    def is_good(value, bar, sign):
        return value <= bar if sign == "<=" else value >= bar

    def say(self, what, got, bar, sign="<="):
        good = self.is_good(got["tern"], bar, sign)
        self.passed += good
        self.failed += not good
        other = f"{got['postfix']:9.4g}" if "postfix" in got else f"{'-':>9}"
        print(f"{what:58}{got['tern']:8.4g}{other}   {sign} {bar:g}"
              f"{'' if good else '   FAILED'}", flush=True)

    def each(self, what, bar, measure, sign="<=", tries=1):
        """Other work on the machine may spoil a measure, but not three."""
        got = {kind: measure(kind) for kind in self.kinds}
        best = min if sign == "<=" else max
        while tries > 1 and not self.is_good(got["tern"], bar, sign):
            got["tern"] = best(got["tern"], measure("tern"))
            tries -= 1
        self.say(what, got, bar, sign)

    def fresh(self, sink_options):
        return lambda kind: self.run(kind, ALONE, sink_options,
                                     [1])[0][0]["waits"]

    def further(self, sink_options):
        """More messages in one burst: the difference between two."""
        def measure(kind):
            few = self.run(kind, ONE, sink_options, [5])[0][0]
            many = self.run(kind, ONE, sink_options, [25])[0][0]
            return (many["waits"] - few["waits"]) / 20
        return measure

    def known(self, kind):
        """The second connection to a host that announced PIPECONNECT."""
        counts, log = self.run(kind, ALONE, PIPECONNECT, [1, 1])
        if kind == "tern":
            found = re.findall(r"disconnect from .* waits=(\d+)", log)
            return float(found[-1]) if len(found) == 2 else 99
        return counts[1]["waits"] - counts[0]["waits"]

    def rate(self, sink_options):
        messages = 400 if self.options.quick else 2000

        def measure(kind):
            got = self.run(kind, TWENTY, sink_options, [messages],
                           recipients=1, sessions=20)[0][0]
            return messages / got["seconds"]
        return measure

    def table(self):
        print(f"waits; the sink answers each group after {DELAY_MS} ms\n"
              f"{'':58}{'Tern':>8}{'Postfix':>9}   bar")
        fresh = "fresh connection, 1 message, 3 recipients, "
        self.each(fresh + "no PIPELINING", 9, self.fresh(["-n"]))
        self.each(fresh + "PIPELINING", 4, self.fresh(PIPELINING))
        self.each(fresh + "CHUNKING", 3, self.fresh(CHUNKING))
        self.each("the same to a known PIPECONNECT host", 1, self.known)
        self.each("each further message, PIPELINING", 1.05,
                  self.further(PIPELINING), tries=3)
        self.each("each further message, CHUNKING", 1.05,
                  self.further(CHUNKING), tries=3)
        self.each("messages/s, 20 connections, 2 KB, PIPELINING", 150,
                  self.rate(PIPELINING), ">=", tries=3)
        self.each("messages/s, 20 connections, 2 KB, CHUNKING", 180,
                  self.rate(CHUNKING), ">=", tries=3)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin", help="folder of Tern's programs")
    parser.add_argument("--tern", action="store_true",
                        help="leave Postfix out")
    parser.add_argument("--quick", action="store_true",
                        help="fewer messages for the rates")
    parser.add_argument("--port", type=int,
                        default=first_port("waits"),
                        help="first of two ports")
    bench = Bench(parser.parse_args())
    bench.table()
    print(f"waits: {bench.passed} passed, {bench.failed} failed")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
