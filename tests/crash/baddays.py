#!/usr/bin/env python3
"""Bad days: programs that are away, full disks, reloads, a dead next hop.

usage: baddays.py BINDIR [name...]
"""

import collections
import contextlib
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import admin
import records
from kill_suite import Failure, Suite, wait_until

PORT = 23330
WINDOW = 20             # default_destination_concurrency_limit
ALL_ACKED = r"acknowledged={0} refused=0 failed=0"


def expect(condition, text):
    if not condition:
        raise Failure(text)


def end_well(suite, twins=0, again=0):
    """Drain, stop, compare: at most so many copies too many."""
    suite.end_sources(60)
    suite.drain()
    took = suite.stop()
    acked, received = suite.check("at the end")
    extra = suite.sink.twins()
    expect(extra <= twins, f"{extra} twins, of at most {twins}")
    resent = sum(received.values()) - len(received) - extra
    expect(resent <= again, f"{resent} were sent again, of at most {again}")
    expect(took < 6, f"the stop took {took:.1f} s")
    records.expect_empty(suite)
    return acked


@contextlib.contextmanager
def queue_locked(suite, seconds):
    """No qmgr can open the queue for so long (it is killed first)."""
    path = os.path.join(suite.queue, "db/lock")
    with open(path, "r+b") as file:
        def hold():
            for _ in range(500):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return True
                except BlockingIOError:
                    time.sleep(0.001)
            return False
        for _ in range(20):
            suite.kill("qmgr")
            if hold():
                break
        else:
            raise Failure("cannot take the lock of the queue")
        timer = threading.Timer(seconds, fcntl.flock, (file,
                                                       fcntl.LOCK_UN))
        timer.start()
        yield
        timer.join()


def talk(port, *lines):
    """The replies to some commands, each awaited."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
        file = sock.makefile("rb")
        replies = [file.readline().decode().strip()]
        for line in lines:
            sock.sendall(line.encode() + b"\r\n")
            while True:
                reply = file.readline().decode().strip()
                if reply[3:4] != "-":
                    break
            replies.append(reply)
    return replies


ENVELOPE = ("EHLO client.example", "MAIL FROM:<a@client.example>",
            "RCPT TO:<b@sink.example>", "DATA")


# ---- programs that are away ------------------------------------------------

def cleanup_stops(suite):
    """Stopped for a while, then killed again and again."""
    suite.source(300, 10000, 4, ("-w", "10"))
    time.sleep(0.3)
    for pid in suite.pids("cleanup"):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(1.5)
    for pid in suite.pids("cleanup"):
        os.kill(pid, signal.SIGCONT)
    for pick in range(8):
        time.sleep(0.15)
        suite.kill("cleanup", pick=pick)
    end_well(suite, again=4 * 8)


def qmgr_away_short(suite):
    """Clients notice nothing."""
    with queue_locked(suite, 4):
        begin = time.monotonic()
        said = suite.send(40, 20000, 4)
        took = time.monotonic() - begin
    expect(re.search(ALL_ACKED.format(40), said), f"they said: {said}")
    expect(took > 2, f"qmgr was not away ({took:.1f} s)")
    end_well(suite)


def qmgr_away_long(suite):
    """451 4.3.0 after ten seconds, and then all is well again."""
    with queue_locked(suite, 13):
        begin = time.monotonic()
        said = talk(suite.port, *ENVELOPE, "Subject: x\r\n\r\nx\r\n.")
        took = time.monotonic() - begin
    expect(said[-1].startswith("451 4.3.0 ") and 8 < took < 12,
           f"after {took:.1f} s: {said}")
    suite.send(20)
    end_well(suite)


def smtp_dies(suite):
    """Its jobs are tried again; each kill may double what it had."""
    suite.sink.stop()
    suite.sink.start(("-d", "40"))
    suite.source(400, 5000, 8)
    for _ in range(6):
        time.sleep(0.4)
        suite.kill("smtp")
    end_well(suite, twins=6 * WINDOW)


def qmgr_dies_draining(suite):
    """Killed while a backlog leaves: what was told is not told twice."""
    suite.sink.stop()
    suite.send(2000, 1000, 10)
    wait_until("all is deferred", lambda: all(
        m["state"] == "deferred" for m in suite.messages() or [{}]), 10)
    suite.sink.start(("-d", "2"))
    for _ in range(5):
        time.sleep(1)
        suite.kill("qmgr")
    end_well(suite)


def qmgr_dies_amid_recipients(suite):
    """A recipient that was served is crossed off before the last is."""
    suite.sink.stop()
    suite.sink.start(("-d", "50"))
    suite.send(2, 1000, 1, ("-r", "150"))
    for _ in range(3):
        time.sleep(1.2)
        suite.kill("qmgr")
    suite.drain()
    suite.stop()
    suite.sink.collect()
    for (queue_id, _), copies in suite.sink.copies.items():
        expect(copies == 150,
               f"{queue_id}: {copies} copies for 150 recipients")
    records.expect_empty(suite)


def large_while_qmgr_dies(suite):
    """Pieces of a large content are asked for again of the next qmgr."""
    suite.source(6, 8000000, 2)
    for _ in range(4):
        time.sleep(0.7)
        suite.kill("qmgr")
    end_well(suite, again=8)


def refused_leave_nothing(suite):
    """What was refused early is forgotten by cleanup: the stop is quick."""
    for _ in range(3):
        said = suite.send(1, 3000000, 1)
        expect("refused=1" in said, f"they said: {said}")
    suite.kill("qmgr")
    suite.send(20, 10000, 4)
    suite.drain()
    suite.reload()
    wait_until("the old cleanup has left",
               lambda: len(suite.pids("cleanup")) == 1, 5)
    took = suite.stop()
    expect(took < 3, f"the stop took {took:.1f} s")


# ---- the next hop ----------------------------------------------------------

def sink_down(suite):
    """Deferred with its reason, set aside, and tried again by itself."""
    suite.sink.stop()
    said = suite.send(60, 1000, 5)
    expect(re.search(ALL_ACKED.format(60), said), f"they said: {said}")
    where = rf"connect to 127\.0\.0\.1\[127\.0\.0\.1\]:{suite.sink_port}"
    suite.wait_log(rf"relay=none, delay=.*, dsn=4\.4\.1, status=deferred "
                   rf"\({where}: Connection refused\)")
    suite.wait_log(rf"status=deferred \(delivery temporarily suspended: "
                   rf"{where}: Connection refused\)")
    # A cohort to find out; once it is dead, one probe at a time.
    tries = suite.count_log(rf"smtp\[\d+\]: {where}")
    expect(tries <= 25, f"{tries} tries at a dead destination")
    suite.sink.start()
    end_well(suite)


def sink_refuses(suite):
    """4xx is tried again, 5xx is kept (until there are bounces)."""
    suite.sink.stop()
    suite.sink.start(("-x", "DOT=451 4.7.1 later/2", "-x",
                      "RCPT<held@=550 5.1.1 nobody"))
    suite.send(30, 1000, 3)
    suite.send(3, 1000, 1, ("-t", "held@sink.example"))
    suite.wait_log(r"dsn=4\.7\.1, status=deferred \(host .* said: 451 "
                   r"4\.7\.1 later \(in reply to end of DATA command\)\)")
    suite.wait_log(r"dsn=5\.1\.1, status=bounced \(host .* said: 550 "
                   r"5\.1\.1 nobody \(in reply to RCPT TO command\)\)")

    def held():
        found = suite.messages()
        return found and all(m["state"] == "held" for m in found) and \
            len(found) == 3
    wait_until("three are held, the others gone", held, 30, 0.2)
    with suite.admin() as link:
        expect(link.act(admin.DELETE) == 3, "not three were deleted")
    suite.sink.collect()
    expect(len(suite.sink.copies) == 30, "not all 30 arrived")


def sink_stalls(suite):
    """A server that says nothing: deferred, then it comes back."""
    suite.sink.stop()
    suite.sink.start(("-x", "CONNECT=HANG"))
    suite.send(20, 1000, 2)
    suite.wait_log(r"status=deferred .*timed out while receiving the "
                   r"initial server greeting", 15)
    suite.sink.stop()
    suite.sink.start()
    end_well(suite)


# ---- the disk --------------------------------------------------------------

def fill(suite, left):
    """A file that leaves so many bytes of room."""
    path = os.path.join(suite.queue, "ballast")
    with open(path, "wb") as file:
        stat = os.statvfs(suite.queue)
        size = stat.f_bavail * stat.f_frsize - left
        if size > 0:
            os.posix_fallocate(file.fileno(), 0, size)
    return path


def disk_low(suite):
    """Below queue_minfree: 452 4.3.1 before the content."""
    ballast = fill(suite, 3000000)

    def says_no():
        said = talk(suite.port, *ENVELOPE[:2])
        return said[2].startswith("452 4.3.1 ") and said
    wait_until("452 4.3.1", says_no, 5, 0.3)
    os.unlink(ballast)
    wait_until("there is room", lambda: not says_no(), 5, 0.3)
    suite.send(10)
    end_well(suite)


def disk_full(suite):
    """Not a byte left: no 250 is lost, qmgr says why, and recovers."""
    suite.sink.stop()
    suite.source(400, 60000, 4, ("-w", "5"))
    time.sleep(1)
    ballast = fill(suite, 0)
    suite.wait_log(r"fatal: .*No space left on device", 30)
    time.sleep(3)
    os.unlink(ballast)
    suite.sink.start()
    suite.end_sources(60)
    end_well(suite, twins=WINDOW, again=40)


# ---- order -----------------------------------------------------------------

def reloads(suite):
    """Under load: no session dropped, nothing lost, nothing twice."""
    suite.sink.stop()
    suite.sink.start(("-d", "20"))
    suite.source(1500, 10000, 5, ("-w", "10"))
    suite.source(12, 2000000, 1, ("-w", "50"))
    for _ in range(8):
        suite.reload()
        time.sleep(0.6)
    for process in suite.sources:
        said, _ = process.communicate(timeout=60)
        expect(re.search(r" failed=0 .* lost=0 ", said),
               f"they said: {said}")
    suite.sources.clear()
    end_well(suite)
    expect(suite.count_log("lost connection after") == 0,
           "a session was dropped")


def stop_under_load(suite):
    """In five seconds, and without harm."""
    for size, sessions in ((1000, 8), (200000, 2), (2000000, 1)):
        suite.source(100000, size, sessions, ("-w", "5"))
    suite.sink.stop()
    suite.sink.start(("-d", "30"))
    for _ in range(3):
        time.sleep(1.5)
        took = suite.stop()
        expect(took < 6, f"the stop took {took:.1f} s")
        suite.start()
    time.sleep(0.5)
    suite.end_sources()
    # A delivery that 5 s did not end, a 250 that its client did not hear.
    end_well(suite, twins=3 * WINDOW, again=3 * 11)


def old_master_sockets(suite):
    """Master killed and started again at once, ten times."""
    for _ in range(10):
        suite.kill("master")
        wait_until("master is dead", lambda: not suite.master())
        suite.start()
    suite.send(20)
    end_well(suite)


# ---- all -------------------------------------------------------------------

STALL = "smtp_helo_timeout = 3s\n"
FEW = ("smtp_destination_recipient_limit = 1\n"
       "smtp_destination_concurrency_limit = 4\n")
Day = collections.namedtuple("Day", "run main_cf disk", defaults=("", ""))
DAYS = (
    Day(cleanup_stops), Day(qmgr_away_short), Day(qmgr_away_long),
    Day(smtp_dies), Day(qmgr_dies_draining),
    Day(qmgr_dies_amid_recipients, FEW), Day(large_while_qmgr_dies),
    Day(refused_leave_nothing, "message_size_limit = 1000000\n"),
    Day(sink_down), Day(sink_refuses), Day(sink_stalls, STALL),
    Day(disk_low, "queue_minfree = 8000000\nmessage_size_limit = 1000000\n",
        "size=64m"),
    Day(disk_full, "qmgr_db_log_file_size = 1048576\n"
        "qmgr_checkpoint_log_size = 1048576\n", "size=80m"),
    Day(reloads), Day(stop_under_load), Day(old_master_sockets),
)


def mount(folder, options):
    """A small file system of its own; False when that is not for us."""
    os.makedirs(folder)
    return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs",
                           folder], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


def run_day(bindir, day):
    """True when it went well; None when it cannot be here."""
    suite = Suite(bindir, PORT, day.main_cf)
    good, mounted = False, False
    begin = time.monotonic()
    try:
        if day.disk and not (mounted := mount(suite.queue, day.disk)):
            print(f"baddays: {day.run.__name__}: left out, no right to mount")
            good = True
            return None
        suite.start()
        suite.start_sink()
        day.run(suite)
        good = True
    except (Failure, OSError, subprocess.SubprocessError) as failure:
        print(f"baddays: FAILED: {day.run.__name__}: {failure}")
        print(f"kept: {suite.folder}")
    finally:
        suite.close(keep=not good or mounted)
        if mounted:
            subprocess.run(["umount", suite.queue], check=False)
            if good:
                suite.close()
    print(f"baddays: {day.run.__name__} {time.monotonic() - begin:.0f} s",
          flush=True)
    return good


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    names = arguments[2:]
    results = [run_day(arguments[1], day) for day in DAYS
               if not names or day.run.__name__ in names]
    print(f"baddays: {results.count(True)} passed, "
          f"{results.count(False)} failed")
    return 1 if False in results or not results else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
