#!/usr/bin/env python3
"""Relay mail through Tern, and through Postfix where it is installed.

Each run sends the same messages through one suite and then through the
other, in turns, and counts until the last has reached the sink behind the
suite.  Medians of the turns are printed as a table, then the bars of
doc/performance.md with what they came to.  Exit status 1: a bar is missed.
"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import bench_policy
import bench_tls
from bench_suite import Postfix, Tern, first_port, has_postfix, read

LOST_S = 300            # nothing has arrived for so long: give up

# name, sessions, body bytes, recipients, messages (Postfix; Tern gets 4
# times as many, so that both work for seconds)
RUNS = (
    ("10KB-1", 1, 10240, 1, 1000),
    ("10KB-20", 20, 10240, 1, 5000),
    ("10KB-100", 100, 10240, 1, 5000),
    ("1KB-20", 20, 1024, 1, 5000),
    ("100KB-20", 20, 102400, 1, 1500),
    ("10MB-4", 4, 10000000, 1, 24),
    ("50rcpt-20", 20, 10240, 50, 300),
)
# 10KB-20, with the tables of bench_policy.py.
POLICY = "policy-20"
# 10KB-20, with the keys of bench_tls.py on both sides.
TLS = "tls-20"
# Sessions without mail, each in a connection of its own.
VISITS = (
    ("handshakes", "shake-full", ["-S", "full"]),
    ("handshakes", "shake-resumed", ["-S", "resumed"]),
    ("auth", "auth", ["-U", bench_tls.USER]),
)
NAMES = [run[0] for run in RUNS] + ["smtp-source", "flushes", "memory",
                                    TLS, "handshakes", "auth", POLICY]


class Failure(Exception):
    """A run that says nothing about speed."""


def fields(line):
    """name=value of a summary line, numbers as numbers."""
    return {name: float(value) for name, value in
            re.findall(r"(\w+)=([0-9.]+)", line)}


class Sink:
    """The ternsink behind one suite; it outlives its runs."""

    def __init__(self, bin_folder, folder, port, options=()):
        self.report = f"{folder}/sink.report"
        if os.path.exists(self.report):
            os.unlink(self.report)
        self.process = subprocess.Popen(
            [f"{bin_folder}/ternsink", "-N", "-q", "-t", "3600",
             "-R", self.report, *options, str(port)])
        deadline = time.monotonic() + 10
        while not self.count():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit("ternsink does not start")
            time.sleep(0.1)

    def count(self):
        """What it has said last, at most a second ago."""
        lines = read(self.report).splitlines()
        return fields(lines[-1]) if lines else {}

    def wait(self, recipients):
        """Until so many have come in all; what it says then."""
        got, moved = self.count(), time.monotonic()
        while got["recipients"] < recipients:
            time.sleep(0.1)
            seen = got["recipients"]
            got = self.count()
            if got["recipients"] != seen:
                moved = time.monotonic()
            elif time.monotonic() > moved + LOST_S:
                raise Failure(f"{recipients - seen:.0f} never arrived")
        # Deletions follow the last delivery: they are part of the work.
        time.sleep(1.5)
        return self.count()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def send(bench, suite, sessions, size, recipients, messages, options=()):
    """Run ternsource to its end: its summary."""
    command = [f"{bench.bin}/ternsource", "-q", "-N", "-R", "-T", "900",
               "-s", str(sessions), "-m", str(messages), "-l", str(size),
               "-r", str(recipients), *options]
    if recipients > 1:
        command += ["-d", str(recipients)]
    done = subprocess.run(command + [f"127.0.0.1:{suite.port}"], text=True,
                          stdout=subprocess.PIPE, check=False)
    said = fields(done.stdout)
    if done.returncode != 0 or said["acknowledged"] != messages:
        raise Failure(f"ternsource: {done.stdout.strip()}")
    return said


def relay(bench, suite, sessions, size, recipients, messages, options=()):
    """One turn: rates and CPU time a message."""
    sink = bench.sinks[suite.name]
    before = sink.count()
    cpu, programs = suite.cpu_us(), suite.cpu_us_of_programs()
    said = send(bench, suite, sessions, size, recipients, messages, options)
    after = sink.wait(before["recipients"] + messages * recipients)
    if after["numbers"] - before["numbers"] != messages:
        raise Failure("not every message arrived, or some came twice")
    cpu = suite.cpu_us() - cpu
    used = suite.cpu_us_of_programs()
    return {
        "rate": messages / (after["last"] - said["began"]),
        "accepted": messages / said["seconds"],
        "p50_ms": said["p50_ms"], "p99_ms": said["p99_ms"],
        "cpu_us": cpu / messages,
        "programs": {name: (used[name] - programs.get(name, 0)) / messages
                     for name in used},
    }


def visit(bench, suite, visits, options):
    """One turn of sessions without mail: greeting, EHLO, STARTTLS and EHLO
    or AUTH, QUIT."""
    cpu = suite.cpu_us()
    done = subprocess.run(
        [f"{bench.bin}/ternsource", "-q", "-g", "-T", "300", "-s", "20",
         "-m", str(visits), *options, f"127.0.0.1:{suite.port}"],
        text=True, stdout=subprocess.PIPE, check=False)
    said = fields(done.stdout)
    if done.returncode != 0:
        raise Failure(f"ternsource: {done.stdout.strip()}")
    # The first sessions find nothing to resume.
    if "resumed" in options and said["resumed"] < visits - 100:
        raise Failure("sessions are not resumed")
    time.sleep(0.5)
    rate = visits / said["seconds"]
    return {"rate": rate, "accepted": rate, "p99_ms": said["p99_ms"],
            "cpu_us": (suite.cpu_us() - cpu) / visits}


def smtp_source(bench, suite, messages):
    """The same with Postfix's own generator, which does not number."""
    sink = bench.sinks[suite.name]
    before = sink.count()
    cpu = suite.cpu_us()
    began = time.monotonic()
    subprocess.run(["smtp-source", "-d", "-s", "20", "-m", str(messages),
                    "-l", "10240", "-f", "sender@source.example",
                    "-t", "user@sink.example", f"127.0.0.1:{suite.port}"],
                   check=True, stdout=subprocess.DEVNULL)
    accepted = time.monotonic()
    after = sink.wait(before["recipients"] + messages)
    return {"rate": messages / (after["last"] - began),
            "accepted": messages / (accepted - began),
            "cpu_us": (suite.cpu_us() - cpu) / messages}


def flushes(bench, suite, messages):
    """Calls of fdatasync and fsync a message, at 50 sessions."""
    sink = bench.sinks[suite.name]
    before = sink.count()
    log = f"{bench.folder}/strace"
    command = ["strace", "-f", "-c", "-o", log,
               "-e", "trace=fdatasync,fsync,sync_file_range,msync"]
    for pid in suite.pids():
        command += ["-p", str(pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    time.sleep(1)
    send(bench, suite, 50, 10240, 1, messages)
    sink.wait(before["recipients"] + messages)
    tracer.send_signal(signal.SIGINT)
    tracer.wait()
    calls = 0
    for line in read(log).splitlines():
        words = line.split()
        if len(words) >= 5 and words[-1] in ("fdatasync", "fsync"):
            calls += int(words[3])
    return calls / messages


def held(bench, suite, sessions):
    """PSS while so many sessions are open, and how many were."""
    source = subprocess.Popen(
        [f"{bench.bin}/ternsource", "-i", "-s", str(sessions), "-w", "15",
         f"127.0.0.1:{suite.port}"], stdout=subprocess.PIPE, text=True)
    source.stdout.readline()            # "open=N": all have been tried
    time.sleep(2)
    pss = suite.pss_kb()
    said = fields(source.stdout.readline())
    source.wait()
    return pss, int(said["held"])


def memory(bench, suite):
    """PSS of a suite that has just been started, and with sessions."""
    suite.stop()
    suite.start()
    time.sleep(2)
    out = {"idle_kb": suite.pss_kb()}
    counts = (1000, 10000) if suite.name == "tern" else (1000,)
    for count in counts:
        pss, got = held(bench, suite, count)
        out[f"pss_{count}_kb"], out[f"held_{count}"] = pss, got
        out[f"session_{count}_kb"] = (pss - out["idle_kb"]) / max(got, 1)
        time.sleep(3)
    return out


class Bench:
    def __init__(self, options):
        self.options = options
        self.bin = os.path.abspath(options.bin)
        self.folder = tempfile.mkdtemp(prefix="tern-bench-",
                                       dir=options.folder)
        os.chmod(self.folder, 0o755)
        port = options.port
        self.suites = [Tern(self.bin, f"{self.folder}/tern", port, port + 1)]
        if not options.tern and has_postfix():
            self.suites.append(Postfix(f"{self.folder}/postfix",
                                       port + 2, port + 3))
        self.sinks = {}
        self.runs = {}          # name -> suite -> medians
        self.extra = {}         # "flushes", "memory", "failed"

    def start(self):
        for suite in self.suites:
            self.start_sink(suite)
            suite.start()
        for suite in self.suites:       # files made, processes forked
            relay(self, suite, 20, 10240, 1, 300)

    def start_sink(self, suite, options=()):
        if suite.name in self.sinks:
            self.sinks.pop(suite.name).stop()
        self.sinks[suite.name] = Sink(self.bin, suite.folder,
                                      suite.sink_port, options)

    def stop(self):
        for suite in self.suites:
            suite.stop()
        for sink in self.sinks.values():
            sink.stop()
        if self.options.keep:
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def wants(self, name):
        return not self.options.only or name in self.options.only

    def turns(self, name, measure):
        """Each suite in its turn; the medians."""
        got = {suite.name: [] for suite in self.suites}
        for turn in range(self.options.turns):
            for suite in self.suites:
                note(f"{name}: turn {turn + 1}, {suite.name}")
                try:
                    got[suite.name].append(measure(suite))
                except Failure as why:
                    note(f"{name}: {suite.name} failed: {why}\n")
                    self.extra.setdefault("failed", []).append(
                        f"{name}, {suite.name}: {why}")
        self.runs[name] = {suite: medians(all_turns)
                           for suite, all_turns in got.items() if all_turns}
        row(name, self.runs[name])

    def measure_relay(self):
        print(HEAD)
        for name, sessions, size, recipients, messages in RUNS:
            if not self.wants(name):
                continue
            if self.options.quick:
                messages = max(messages // 5, sessions)

            def measure(suite, sessions=sessions, size=size,
                        recipients=recipients, messages=messages):
                if suite.name == "tern":
                    messages *= 4
                return relay(self, suite, sessions, size, recipients,
                             messages)

            self.turns(name, measure)
        if self.wants("smtp-source") and shutil.which("smtp-source"):
            count = 1000 if self.options.quick else 5000
            self.turns("smtp-source", lambda suite: smtp_source(
                self, suite, count * (4 if suite.name == "tern" else 1)))

    def measure_tls(self):
        """The suites and sinks are started anew, before and behind."""
        if not any(self.wants(n) for n in (TLS, "handshakes", "auth")):
            return
        chain = bench_tls.make_chain(self.folder)
        for suite in self.suites:
            suite.stop()
            bench_tls.add(suite, chain)
            self.start_sink(suite, ["-T", chain])
            suite.start()
            relay(self, suite, 20, 10240, 1, 300, ["-S", "full"])
        part = 5 if self.options.quick else 1
        print()
        print(HEAD)
        if self.wants(TLS):
            self.turns(TLS, lambda suite: relay(
                self, suite, 20, 10240, 1,
                5000 // part * (4 if suite.name == "tern" else 1),
                ["-S", "full"]))
        for group, name, options in VISITS:
            if self.wants(group):
                self.turns(name, lambda suite, options=options: visit(
                    self, suite,
                    5000 // part * (2 if suite.name == "tern" else 1),
                    options))
        for suite in self.suites:
            suite.stop()
            bench_tls.remove(suite)
            self.start_sink(suite)
            suite.start()

    def measure_policy(self):
        """The suites are started anew: it comes last."""
        if not self.wants(POLICY):
            return
        for suite in self.suites:
            suite.stop()
            bench_policy.add(suite)
            suite.start()
            relay(self, suite, 20, 10240, 1, 300)
        messages = 1000 if self.options.quick else 5000
        print()
        print(HEAD)
        self.turns(POLICY, lambda suite: relay(
            self, suite, 20, 10240, 1,
            messages * (4 if suite.name == "tern" else 1)))

    def measure_flushes(self):
        if not self.wants("flushes"):
            return
        if shutil.which("strace") is None:
            print("\nlog flushes: not counted, there is no strace")
            return
        self.extra["flushes"] = {}
        for suite in self.suites:
            note(f"flushes: {suite.name}")
            count = 1000 if suite.name == "postfix" else 5000
            try:
                self.extra["flushes"][suite.name] = flushes(self, suite,
                                                            count)
            except Failure as why:
                self.extra.setdefault("failed", []).append(
                    f"flushes, {suite.name}: {why}")
        note("")
        print("\nlog flushes a message, 50 sessions:" + "".join(
            f"  {name} {count:.3f}" for name, count in
            self.extra["flushes"].items()))

    def measure_memory(self):
        if not self.wants("memory"):
            return
        print(f"\n{'PSS':10}{'after load':>12}{'idle':>10}"
              f"{'1,000':>10}{'10,000':>10}{'KB each':>9}  held")
        self.extra["memory"] = {}
        for suite in self.suites:
            note(f"memory: {suite.name}")
            after_kb = suite.pss_kb()
            got = memory(self, suite)
            got["after_load_kb"] = after_kb
            self.extra["memory"][suite.name] = got
            most = 10000 if "held_10000" in got else 1000
            note("")
            print(f"{suite.name:10}{mb(after_kb):>12}"
                  f"{mb(got['idle_kb']):>10}{mb(got['pss_1000_kb']):>10}"
                  f"{mb(got.get('pss_10000_kb')):>10}"
                  f"{got[f'session_{most}_kb']:9.1f}  "
                  f"{got[f'held_{most}']:,} of {most:,}")


HEAD = (f"{'':12}{'Tern':^38}{'Postfix':^30}{'ratio':^14}\n"
        f"{'run':12}{'msgs/s':>9}{'accepted':>10}{'CPU us':>9}"
        f"{'p99 ms':>9}{'msgs/s':>10}{'accepted':>10}{'CPU us':>9}"
        f"{'msgs/s':>9}{'CPU':>6}")


def note(text):
    """What is going on, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def mb(size_kb):
    return "-" if size_kb is None else f"{size_kb / 1024:.1f} MB"


def medians(turns):
    """Of each number; the programs' too."""
    out = {}
    for name in turns[0]:
        if name == "programs":
            out[name] = {p: statistics.median(t[name].get(p, 0)
                                              for t in turns)
                         for p in turns[0][name]}
        else:
            out[name] = statistics.median(t[name] for t in turns)
    out["turns"] = [round(t["rate"], 1) for t in turns]
    return out


def row(name, got):
    note("")
    line = f"{name:12}"
    for suite in ("tern", "postfix"):
        if suite not in got:
            continue
        one = got[suite]
        digits = 1 if one["rate"] < 100 else 0
        line += (f"{one['rate']:{9 if suite == 'tern' else 10}.{digits}f}"
                 f"{one['accepted']:10.{digits}f}{one['cpu_us']:9.0f}")
        if suite == "tern":
            line += f"{one.get('p99_ms', 0):9.1f}"
    if len(got) == 2:
        line += (f"{got['tern']['rate'] / got['postfix']['rate']:8.1f}x"
                 f"{got['tern']['cpu_us'] / got['postfix']['cpu_us']:6.2f}")
    print(line, flush=True)


def programs(bench):
    """Where Tern's CPU time goes."""
    names = ["smtpd", "auth", "lookup", "cleanup", "qmgr", "smtp",
             "master"]
    rows = [(run, got["tern"]["programs"]) for run, got in bench.runs.items()
            if "programs" in got.get("tern", {})]
    if not rows:
        return
    print("\nTern, CPU us a message" +
          "".join(f"{name:>10}" for name in names))
    for run, used in rows:
        print(f"{run:22}" + "".join(f"{used.get(n, 0):10.0f}"
                                    for n in names))


def ratio(bench, run, number):
    got = bench.runs.get(run, {})
    if len(got) < 2:
        return None
    return got["tern"][number] / got["postfix"][number]


def bars(bench):
    """What was promised and what it came to; False when one is missed."""
    held_kb = bench.extra.get("memory", {}).get("tern", {})
    idle = held_kb.get("idle_kb")
    table = (
        ("20 sessions, times Postfix's messages/s", ">=", 5,
         ratio(bench, "10KB-20", "rate")),
        ("the same with a full policy", ">=", 4,
         ratio(bench, POLICY, "rate")),
        ("1 session, times Postfix's messages/s", ">=", 2,
         ratio(bench, "10KB-1", "rate")),
        ("20 sessions, CPU a message, of Postfix's", "<=", 0.2,
         ratio(bench, "10KB-20", "cpu_us")),
        ("20 sessions, TLS on both sides, times Postfix's", ">=", 4,
         ratio(bench, TLS, "rate")),
        ("full handshakes, times Postfix's connections/s", ">=", 1.5,
         ratio(bench, "shake-full", "rate")),
        ("resumed sessions, times Postfix's connections/s", ">=", 1.5,
         ratio(bench, "shake-resumed", "rate")),
        ("AUTH PLAIN, times Postfix's connections/s", ">=", 3,
         ratio(bench, "auth", "rate")),
        ("50 sessions, log flushes a message", "<=", 0.2,
         bench.extra.get("flushes", {}).get("tern")),
        ("idle suite, PSS in MB", "<=", 25,
         None if idle is None else idle / 1024),
        ("an idle session of 10,000, KB", "<=", 10,
         held_kb.get("session_10000_kb")),
        ("sessions held of 10,000", ">=", 10000, held_kb.get("held_10000")),
    )
    print()
    all_good = not bench.extra.get("failed")
    for what, sign, bar, got in table:
        if got is None:
            print(f"  --    {what}: not measured")
            continue
        good = got >= bar if sign == ">=" else got <= bar
        all_good &= good
        print(f"  {'pass' if good else 'FAIL'}  {what}: {got:.4g} "
              f"({sign} {bar})")
    for text in bench.extra.get("failed", []):
        print(f"  FAIL  {text}")
    return all_good


def options():
    parser = argparse.ArgumentParser(
        description="Measure Tern, beside Postfix where it is installed.")
    parser.add_argument("--bin", default="build/bin",
                        help="folder of Tern's programs (build/bin)")
    parser.add_argument("--quick", action="store_true",
                        help="a fifth of the messages, one turn")
    parser.add_argument("--only", action="append", choices=NAMES,
                        help="this run only; can be repeated")
    parser.add_argument("--turns", type=int, default=0,
                        help="times each run is made (3)")
    parser.add_argument("--json", help="write all numbers to this file")
    parser.add_argument("--tern", action="store_true",
                        help="leave Postfix out")
    parser.add_argument("--folder", default="/var/tmp",
                        help="where the queues are (/var/tmp)")
    parser.add_argument("--port", type=int,
                        default=first_port("bench"),
                        help="first of four ports")
    parser.add_argument("--keep", action="store_true",
                        help="leave the folder with queues and logs")
    got = parser.parse_args()
    got.turns = got.turns or (1 if got.quick else 3)
    return got


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    bench = Bench(options())
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.2f} before the start, "
          f"medians of {bench.options.turns}; "
          "msgs/s: until the last has been delivered\n")
    try:
        bench.start()
        bench.measure_relay()
        bench.measure_flushes()
        bench.measure_memory()
        bench.measure_tls()
        bench.measure_policy()
        programs(bench)
    finally:
        bench.stop()
    if bench.options.json:
        with open(bench.options.json, "w", encoding="ascii") as file:
            json.dump({"runs": bench.runs, **bench.extra}, file, indent=1)
            file.write("\n")
    return 0 if bars(bench) else 1


if __name__ == "__main__":
    sys.exit(main())
