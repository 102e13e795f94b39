#!/usr/bin/env python3
"""Prove the promises of doc/queue.md by killing things.

usage: crash.py BINDIR [-q] [-k KILLS] [-s SEED] [part...]

Parts: kills (random kill -9 of every program under load), arrows (qmgr
killed at every arrow of the queue's states), days (bad days: programs that
are away, a full disk, reloads under load).  -q: a short form of each.

The last line is "crash: N passed, M failed".
"""

import argparse
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
from private_suite import Suite, numbers                  # noqa: E402

PASSED, FAILED = [], []
PROGRAMS = ("smtpd", "cleanup", "qmgr", "smtp")
IN_FLIGHT = 20      # default_destination_concurrency_limit


def check(name, ok, detail=""):
    (PASSED if ok else FAILED).append(name)
    print("%s: %s%s" % ("ok" if ok else "FAILED", name,
                        "" if ok or not detail else ": " + detail),
          flush=True)


class Load:
    """Sources to the suite, a sink behind it, and what came of it."""

    def __init__(self, suite, runs, messages, sessions=4, seconds=150,
                 delay_ms=0):
        self.suite = suite
        self.acked = os.path.join(suite.dir, "acked")
        self.received = os.path.join(suite.dir, "received")
        suite.start_sink("-N", "-q", "-a", self.received)
        self.sources = []
        first = 1
        for size in runs:
            self.sources.append(suite.source(
                "-q", "-N", "-R", "-I", "crash", "-b", str(first),
                "-m", str(messages), "-s", str(sessions), "-l", str(size),
                "-w", str(delay_ms), "-a", self.acked, "-o", "20",
                "-T", str(seconds)))
            first += messages

    def is_running(self):
        return any(source.poll() is None for source in self.sources)

    def finish(self, name, twins_allowed, seconds=60):
        for source in self.sources:
            out = source.communicate(timeout=200)[0]
            check(name + ": every message was acknowledged in the end",
                  source.returncode == 0, out.strip())
        check(name + ": the queue runs dry", self.suite.drain(seconds),
              "%s left" % self.suite.queue())
        acked, received = numbers(self.acked), numbers(self.received)
        lost = [n for n in acked if n not in received]
        twins = sum(count - 1 for count in received.values())
        check(name + ": nothing acknowledged is lost",
              acked and not lost, "lost %d: %s" % (len(lost), lost[:10]))
        check(name + ": twins are at most the deliveries in flight",
              twins <= twins_allowed,
              "%d twins, %d allowed" % (twins, twins_allowed))
        print("   %d acknowledged, %d received, %d twins"
              % (len(acked), len(received), twins))


# ---- random kills -------------------------------------------------------

def kill_one(suite, name):
    """True when something was killed, and the suite goes on."""
    if name != "master":
        return suite.kill(name)
    pid = suite.master_pid()
    if pid is None:
        return False
    os.kill(pid, 9)
    suite.start()
    return True


def kills(options):
    count = 12 if options.quick else options.kills
    suite = Suite(options.bin, options.port, options.port + 1)
    counts = dict.fromkeys(PROGRAMS + ("master",), 0)
    suite.start()
    load = Load(suite, (1000, 10000, 200000, 1000000), count * 25,
                seconds=400, delay_ms=10)
    done = 0
    while done < count and load.is_running():
        name = random.choice(PROGRAMS * 3 + ("master",))
        if kill_one(suite, name):
            counts[name] += 1
            done += 1
        time.sleep(random.uniform(0.05, 0.6))
    check("kills: %d of %d were done under load (%s)" % (done, count,
          " ".join("%s %d" % item for item in counts.items())),
          done == count)
    risky = counts["qmgr"] + counts["smtp"] + counts["master"]
    # A lost connection after the dot makes the source send it again.
    resent = counts["smtpd"] + counts["cleanup"] + counts["qmgr"] + \
        counts["master"]
    load.finish("kills", risky * IN_FLIGHT + resent * 16, 120)
    check("kills: no process is left", suite.close(bool(FAILED)) == [])


# ---- arrows -------------------------------------------------------------

ARROWS = ("spill", "before-commit", "after-commit", "abort", "defer",
          "remove-before", "remove-after", "checkpoint")


def arrow(options, name):
    """qmgr dies at the third pass of the point; the suite goes on."""
    suite = Suite(options.bin, options.port, options.port + 1,
                  {"qmgr_checkpoint_log_size": "1048576"})
    refuse = name == "defer"
    # Far enough apart that mail gets through between two deaths.
    point = name + {"spill": ":60", "checkpoint": ":1"}.get(name, ":3")
    suite.start(env=dict(suite.env, TERN_CRASH_AT=point))
    suite_args = ("-x", "RCPT=450 4.2.0 later/2") if refuse else ()
    acked = os.path.join(suite.dir, "acked")
    received = os.path.join(suite.dir, "received")
    suite.start_sink("-N", "-q", "-a", received, *suite_args)
    if name == "abort":
        abort_uploads(suite)
    size = "400000" if name in ("spill", "abort") else "20000"
    source = suite.source("-q", "-N", "-R", "-I", "arrow", "-m", "60",
                          "-s", "4", "-l", size, "-a", acked, "-T", "60")
    out = source.communicate(timeout=90)[0]
    check("arrow %s: all acknowledged" % name, source.returncode == 0, out)
    died = suite.log_text().count("killed by signal 9")
    check("arrow %s: qmgr was killed there" % name, died >= 1)
    # From now on without the trap: what was left is recovered.
    suite.stop()
    suite.start()
    check("arrow %s: the queue runs dry" % name, suite.drain(40),
          str(suite.queue()))
    got, want = numbers(received), numbers(acked)
    lost = [n for n in want if n not in got]
    check("arrow %s: nothing is lost" % name, not lost, str(lost[:10]))
    check("arrow %s: no process is left" % name, suite.close() == [])


def abort_uploads(suite):
    """Clients that go away in the middle of a large message."""
    import socket
    for _ in range(6):
        s = socket.create_connection(("127.0.0.1", suite.port))
        f = s.makefile("rwb")
        f.readline()
        f.write(b"EHLO a\r\nMAIL FROM:<a@a.example>\r\n")
        f.flush()
        s.settimeout(5)
        f.write(b"RCPT TO:<b@b.example>\r\nDATA\r\n")
        f.flush()
        while not f.readline().startswith(b"354"):
            pass
        f.write((b"x" * 70 + b"\r\n") * 5000)
        f.flush()
        time.sleep(0.1)
        f.close()
        s.close()
    time.sleep(0.3)


def admin_arrows(options):
    """Hold, release, delete: qmgr dies at the arrow; the state is legal."""
    for point, args, legal in (
            ("hold:1", ("-h", "ALL"), ("deferred", "hold", "active",
                                       "incoming")),
            ("release:1", ("-H", "ALL"), ("deferred", "hold", "active",
                                          "incoming")),
            ("remove-before:1", ("-d", "ALL"), None)):
        suite = Suite(options.bin, options.port, options.port + 1,
                      {"minimal_backoff_time": "60s",
                       "maximal_backoff_time": "60s"})
        suite.start()
        source = suite.source("-q", "-m", "5")
        source.communicate(timeout=30)
        time.sleep(1)
        if point.startswith("release"):
            run_super(suite, "-h", "ALL")
            time.sleep(0.3)
        suite.stop()
        suite.start(env=dict(suite.env, TERN_CRASH_AT=point))
        run_super(suite, *args)
        time.sleep(1)
        died = suite.log_text().count("killed by signal 9")
        check("arrow %s: qmgr was killed there" % point, died >= 1)
        suite.stop()
        suite.start()
        time.sleep(0.5)
        left = suite.queue()
        check("arrow %s: every message is still there, whole, or gone"
              % point, left is not None and (len(left) == 5 or
                                             legal is None), str(left))
        run_super(suite, "-d", "ALL")
        time.sleep(0.5)
        check("arrow %s: the queue works on" % point, suite.queue() == [],
              str(suite.queue()))
        suite.close()


def run_super(suite, *args):
    subprocess.run([suite.program("ternsuper"), "-c", suite.etc, *args],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   timeout=30)


def arrows(options):
    names = ("before-commit", "after-commit", "spill") if options.quick \
        else ARROWS
    for name in names:
        arrow(options, name)
    if not options.quick:
        admin_arrows(options)


# ---- bad days -----------------------------------------------------------

def reloads(options):
    suite = Suite(options.bin, options.port, options.port + 1)
    suite.start()
    load = Load(suite, (10000,), 300 if options.quick else 2000,
                delay_ms=10)
    count = 0
    while load.is_running() and count < (3 if options.quick else 15):
        done = suite.tern("reload")
        if done.returncode != 0:
            check("reload", False, done.stdout)
        count += 1
        time.sleep(0.3)
    check("reloads: %d were done" % count, count > 0)
    load.finish("reloads", 0)
    log = suite.log_text()
    check("reloads: no session was dropped",
          "lost connection after" not in log and
          "shutting down" not in log)
    suite.close(bool(FAILED))


def away(options):
    """qmgr stopped for a short time is not noticed, for a long one 451."""
    suite = Suite(options.bin, options.port, options.port + 1)
    suite.start()
    suite.start_sink()
    check("away: qmgr is killed", suite.kill("qmgr"))
    out = suite.source("-q", "-m", "20").communicate(timeout=30)[0]
    check("away: a client that comes then notices nothing",
          "acknowledged=20" in out, out)
    suite.close()


def sink_down(options):
    """Deferred with the reason, the rest unseen, and tried again."""
    suite = Suite(options.bin, options.port, options.port + 1,
                  {"minimal_backoff_time": "5s",
                   "maximal_backoff_time": "10s",
                   "default_destination_recipient_limit": "1"})
    suite.start()
    out = suite.source("-q", "-m", "30", "-s", "5").communicate(timeout=30)[0]
    check("no next server: mail is taken", "acknowledged=30" in out, out)
    # Fifty deliveries are due at once: after a few the site is dead.
    suite.source("-q", "-r", "50", "-t", "many%r@d.example").communicate(
        timeout=30)
    why = r"connect to 127\.0\.0\.1\[127\.0\.0\.1\]:%d: Connection " \
        r"refused\)" % suite.sink_port
    check("no next server: the reason is logged", suite.wait_log(
        r"dsn=4\.4\.1, status=deferred \(" + why))
    many = r"to=<many\d+@.* status=deferred \("
    check("no next server: each delivery is deferred",
          suite.wait_log(many, count=50), str(suite.count_log(many)))
    tried = suite.count_log(many + why)
    aside = suite.count_log(many + "delivery temporarily suspended: " + why)
    # At least 50 were deferred; some of those may be, again.
    check("no next server: the rest is set aside at once",
          tried <= 20 and aside >= 30, "%d tried, %d set aside" %
          (tried, aside))
    suite.start_sink()
    check("next server back: the queue runs dry", suite.drain(20),
          str(suite.queue()))
    summary = suite.stop_sink()
    check("next server back: each message came once",
          summary.get("messages") == "80", str(summary))
    suite.close()


def mount(folder, size):
    os.makedirs(folder)
    return subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size,
                           "tmpfs", folder]).returncode == 0


def full_disk(options):
    suite = Suite(options.bin, options.port, options.port + 1,
                  {"message_size_limit": "1000000"})
    disk = os.path.join(suite.dir, "spool")
    if os.geteuid() != 0 or not mount(disk, "24m"):
        print("   full disk: left out, it takes root to mount one")
        return
    try:
        suite.start()
        # No sink: everything stays in the queue.
        load_out = suite.source("-q", "-m", "400", "-s", "4", "-l", "100000",
                                "-T", "20").communicate(timeout=60)[0]
        log = suite.log_text()
        taken = suite.queue()
        check("full disk: the client is told 452 or 451",
              "acknowledged=400" not in load_out and
              ("452 4.3.1" in log or "451 4.3.0" in log or taken is None),
              load_out)
        acked = int(load_out.split("acknowledged=")[1].split()[0])
        # Room again: move on with a sink, all that was taken arrives.
        subprocess.run(["mount", "-o", "remount,size=200m", disk])
        suite.start_sink()
        # qmgr is tried again after service_throttle_time at the latest.
        check("full disk: with room again the queue runs dry",
              suite.drain(120), str(suite.queue()))
        summary = suite.stop_sink()
        check("full disk: all that was acknowledged arrived",
              int(summary.get("messages", 0)) >= acked,
              "%s of %d" % (summary.get("messages"), acked))
    finally:
        suite.stop()
        time.sleep(0.5)
        subprocess.run(["umount", disk])
        suite.close()


def stop_under_load(options):
    suite = Suite(options.bin, options.port, options.port + 1)
    suite.start()
    load = Load(suite, (10000,), 3000, delay_ms=2)
    time.sleep(0.7)
    began = time.time()
    done = suite.stop()
    took = time.time() - began
    check("stop under load: it ends within 6 s", done.returncode == 0 and
          took < 6.5, "%.1f s: %s" % (took, done.stdout))
    check("stop under load: no process is left", suite.all_pids() == [],
          str(suite.all_pids()))
    suite.start()
    load.finish("stop under load", IN_FLIGHT * 2)
    suite.close(bool(FAILED))


def days(options):
    sink_down(options)
    away(options)
    reloads(options)
    if not options.quick:
        stop_under_load(options)
        full_disk(options)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bin")
    parser.add_argument("parts", nargs="*")
    parser.add_argument("-q", dest="quick", action="store_true")
    parser.add_argument("-k", dest="kills", type=int, default=100)
    parser.add_argument("-s", dest="seed", type=int, default=1)
    parser.add_argument("-p", dest="port", type=int, default=23300)
    options = parser.parse_args()
    random.seed(options.seed)
    parts = {"kills": kills, "arrows": arrows, "days": days}
    for name in options.parts or parts:
        began = time.time()
        try:
            parts[name](options)
        except Exception as error:      # a test that breaks has failed
            check("%s: %r" % (name, error), False)
            Suite.close_all()
        print("-- %s took %.0f s" % (name, time.time() - began), flush=True)
    print("crash: %d passed, %d failed" % (len(PASSED), len(FAILED)))
    return 1 if FAILED or not PASSED else 0


if __name__ == "__main__":
    sys.exit(main())
