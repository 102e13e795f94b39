"""What the crash tests share: checks, a load, and what came of it."""

import collections
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from ports import first_port                                # noqa: E402
from private_suite import Suite, numbers, wait_for          # noqa: E402

PASSED, FAILED = [], []
PROGRAMS = ("smtpd", "cleanup", "qmgr", "smtp", "bounce", "lookup")
WINDOW = 20         # default_destination_concurrency_limit
STOP_SECONDS = 6.5  # what a stop may take
ASAN_KB = 320000    # ASan keeps what was freed, to see who uses it
RECEIVED = re.compile(rb"by tern\.example \(\S+\) with E?SMTP id (\w+)")
NUMBER = re.compile(rb"^X-Tern-Number: *(\d+)", re.M | re.I)
PANIC = re.compile(r" panic: |killed by signal (?:6|11)\b|Sanitizer")


def check(name, ok, detail=""):
    (PASSED if ok else FAILED).append(name)
    print("%s: %s%s" % ("ok" if ok else "FAILED", name,
                        "" if ok or detail == "" else
                        ": " + str(detail)[:2000]), flush=True)
    return ok


def new_suite(options, **settings):
    """Not started yet."""
    return Suite(options.bin, options.port, options.port + 1, settings)


def run_tool(suite, name, *args):
    return subprocess.run([suite.program(name), "-c", suite.etc, *args],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=60).stdout


class Inbox:
    """What a sink keeps in a folder: counted, compared, and thrown away."""

    def __init__(self, folder):
        self.folder = folder
        self.copies = collections.Counter()     # (queue id, number)
        self.bodies = collections.defaultdict(set)
        self.strange = []
        os.makedirs(folder, exist_ok=True)

    def collect(self):
        for name in os.listdir(self.folder):
            if not name.isdigit():      # not whole yet
                continue
            path = os.path.join(self.folder, name)
            with open(path, "rb") as f:
                text = f.read()
            os.unlink(path)
            self.take(text)

    def take(self, text):
        head, _, body = text.partition(b"\r\n\r\n")
        found, number = RECEIVED.search(head), NUMBER.search(head)
        if not found or not number:
            self.strange.append(head[:300])
            return
        self.copies[found[1].decode(), int(number[1])] += 1
        self.bodies[len(body)].add(hashlib.sha1(body).digest())

    def twins(self):
        """Copies of one message of the queue beyond the first."""
        return sum(count - 1 for count in self.copies.values())

    def changed(self):
        """Lengths of which more than one body has come."""
        return [length for length, found in self.bodies.items()
                if len(found) != 1]


class Load:
    """Sources to the suite, a sink behind it, and what came of it."""

    def __init__(self, suite, *sink_args):
        self.suite = suite
        self.acked = os.path.join(suite.dir, "acked")
        self.received = os.path.join(suite.dir, "received")
        self.inbox = Inbox(os.path.join(suite.dir, "inbox"))
        self.sources = []
        self.next_number = 1
        if sink_args != (None,):
            self.start_sink(*sink_args)

    def start_sink(self, *args):
        """The inbox is emptied first: the sink counts from 1 again."""
        self.inbox.collect()
        self.suite.start_sink("-q", "-N", "-a", self.received,
                              "-D", self.inbox.folder, *args)

    def restart_sink(self, *args):
        self.suite.stop_sink()
        self.start_sink(*args)

    def source(self, count, size, sessions=1, *args):
        """One more, which tries again until all is acknowledged."""
        process = self.suite.source(
            "-q", "-N", "-R", "-I", "crash", "-a", self.acked, "-o", "20",
            "-b", str(self.next_number), "-m", str(count),
            "-l", str(size), "-s", str(sessions), *args)
        self.next_number += count
        self.sources.append(process)
        return process

    def send(self, count, size=1000, sessions=1, *args):
        """Run one to its end; what it says."""
        process = self.source(count, size, sessions, "-T", "60", *args)
        self.sources.remove(process)
        return process.communicate(timeout=90)[0]

    def is_running(self):
        return any(source.poll() is None for source in self.sources)

    def end_sources(self):
        """Those without an end of their own."""
        for source in self.sources:
            source.terminate()
            source.communicate(timeout=20)
        self.sources.clear()

    def drain(self, seconds=60):
        """By itself, without a flush: what was deferred is tried again."""
        def is_empty():
            self.inbox.collect()
            return self.suite.queue() == []
        return wait_for(is_empty, seconds, 0.2)

    def finish(self, name, twins=0, again=0, seconds=90):
        """Drain, judge, stop, look into the store; it closes the suite.

        So many copies may a message of the queue have too many, and so
        many may clients have sent again that did not hear our 250.
        """
        suite = self.suite
        for source in self.sources:
            out = source.communicate(timeout=300)[0]
            check(name + ": every message was acknowledged in the end",
                  source.returncode == 0, out.strip())
        self.sources.clear()
        check(name + ": the queue runs dry", self.drain(seconds),
              "%s left" % suite.queue())
        check_stop(name, suite)
        suite.stop_sink()
        self.inbox.collect()
        self.judge(name, twins, again)
        end(name, suite)

    def judge(self, name, twins, again):
        acked, received = numbers(self.acked), numbers(self.received)
        lost = [n for n in acked if n not in received]
        check(name + ": nothing acknowledged is lost",
              acked and not lost, "lost %d: %s" % (len(lost), lost[:10]))
        inbox = self.inbox
        check(name + ": nothing was changed on the way",
              not inbox.strange and not inbox.changed(),
              (inbox.strange[:1], inbox.changed()))
        extra = inbox.twins()
        check(name + ": twins are at most the deliveries in flight",
              extra <= twins, "%d twins, %d allowed" % (extra, twins))
        resent = sum(received.values()) - len(received) - extra
        check(name + ": clients sent few again", resent <= again,
              "%d again, %d allowed" % (resent, again))
        print("   %d acknowledged, %d received, %d twins, %d sent again"
              % (len(acked), len(received), extra, resent))


# ---- the end of a suite ---------------------------------------------------

def check_stop(name, suite):
    done, took = timed_stop(suite)
    check(name + ": the stop is quick", done and took < STOP_SECONDS,
          "%.1f s" % took)


def timed_stop(suite):
    """True when it stopped and nothing is left, and the seconds it took."""
    began = time.monotonic()
    done = suite.stop()
    took = time.monotonic() - began
    return done.returncode == 0 and wait_for(
        lambda: not suite.all_pids(), 2), took


def end(name, suite, is_empty=True):
    """The suite is down; what is on its disk, what in its log?"""
    if is_empty:
        found = count_records(suite)
        check(name + ": nothing is left in the store",
              found.pop("meta", 0) == 1 and set(found.values()) == {0},
              found)
    panic = [line for line in suite.log_text().splitlines()
             if PANIC.search(line)]
    check(name + ": no panic", not panic, panic[:1])
    keep = any(failed.startswith(name) for failed in FAILED)
    check(name + ": no process is left", suite.close(keep) == [])


def count_records(suite):
    """Records by table; meta keeps one, the mark of used ids."""
    done = subprocess.run([counter(), os.path.join(suite.dir, "spool/db")],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=60)
    if done.returncode != 0:
        return {"error " + done.stdout: 1}
    return {name: int(count) for name, count in
            (line.split() for line in done.stdout.splitlines())}


COUNTER = []        # the folder of count_records, once compiled


def counter():
    if not COUNTER:
        COUNTER.append(tempfile.TemporaryDirectory(prefix="tern-count-"))
        subprocess.run(
            ["cc", "-o", os.path.join(COUNTER[0].name, "count_records"),
             os.path.join(HERE, "count_records.c"), "-ldb-5.3"], check=True)
    return os.path.join(COUNTER[0].name, "count_records")


# ---- growth ---------------------------------------------------------------

def measure(pid):
    """Open files and resident KB of a process; None when it is gone."""
    try:
        files = len(os.listdir("/proc/%d/fd" % pid))
        with open("/proc/%d/status" % pid) as f:
            found = re.search(r"VmRSS:\s+(\d+)", f.read())
    except OSError:
        return None
    return (files, int(found[1])) if found else None


def check_growth(name, before, after, files, kilobytes):
    """Both from measure(), of one process."""
    if "ASAN_OPTIONS" in os.environ:
        kilobytes += ASAN_KB
    check("%s: it grew little (%s files, %s KB; before %s, %s)"
          % ((name,) + (after or (0, 0)) + (before or (0, 0))),
          before and after and after[0] <= before[0] + files and
          after[1] <= before[1] + kilobytes)
