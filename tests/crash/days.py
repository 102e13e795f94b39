"""Bad days: programs that are away, a dead next server, a full disk."""

import contextlib
import fcntl
import os
import re
import signal
import socket
import subprocess
import threading
import time

from case import (PROGRAMS, STOP_SECONDS, WINDOW, Load, check,
                  end, new_suite, numbers, run_tool, timed_stop, wait_for)

NONE = (None,)      # no sink at first


@contextlib.contextmanager
def queue_locked(suite, seconds):
    """No qmgr can open the queue for so long (it is killed first)."""
    with open(os.path.join(suite.dir, "spool/db/lock"), "r+b") as file:
        def hold():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                suite.kill("qmgr")
                return False
        if not wait_for(hold, 20, 0.001):
            raise RuntimeError("cannot take the lock of the queue")
        timer = threading.Timer(seconds, fcntl.flock,
                                (file, fcntl.LOCK_UN))
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


def kill_after(suite, load, name, arrivals):
    """Kill it each time that so many more messages have arrived."""
    for _ in range(arrivals[1]):
        have = len(numbers(load.received))
        wait_for(lambda: len(numbers(load.received)) >= have + arrivals[0],
                 20)
        wait_for(lambda: suite.kill(name), 20)
        load.inbox.collect()


# ---- programs that are away -----------------------------------------------

def cleanup_stops(options):
    """Stopped for a while, then killed again and again."""
    suite = new_suite(options)
    suite.start()
    load = Load(suite)
    load.source(300, 10000, 4, "-w", "10")
    wait_for(lambda: len(numbers(load.acked)) > 20)
    for pid in suite.pids("cleanup"):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(1.5)
    for pid in suite.pids("cleanup"):
        os.kill(pid, signal.SIGCONT)
    kill_after(suite, load, "cleanup", (10, 8))
    load.finish("cleanup stops", again=4 * 8)


def qmgr_away_short(options):
    """Clients notice nothing."""
    suite = new_suite(options)
    suite.start()
    load = Load(suite)
    with queue_locked(suite, 4):
        began = time.monotonic()
        out = load.send(40, 20000, 4)
        took = time.monotonic() - began
    check("qmgr away: a client that comes then notices nothing",
          "acknowledged=40 refused=0 failed=0" in out, out)
    check("qmgr away: but a delay", took > 2, "%.1f s" % took)
    load.finish("qmgr away")


def qmgr_away_long(options):
    """451 4.3.0 after ten seconds, and then all is well again."""
    suite = new_suite(options)
    suite.start()
    load = Load(suite)
    with queue_locked(suite, 16):
        began = time.monotonic()
        said = talk(suite.port, *ENVELOPE, "Subject: x\r\n\r\nx\r\n.")
        took = time.monotonic() - began
    check("qmgr away for long: 451 after ten seconds",
          said[-1].startswith("451 4.3.0 ") and 8 < took < 15,
          "%.1f s: %s" % (took, said))
    load.send(20)
    load.finish("qmgr away for long")


def cleanup_away_long(options):
    """Nobody is there to take it: the same, and at once again after it."""
    suite = new_suite(options)
    path = os.path.join(suite.etc, "master.cf")
    with open(path) as file:
        whole = file.read()
    with open(path, "w") as file:
        file.write(re.sub("(?m)^cleanup.*\n", "", whole))
    suite.start()
    load = Load(suite)
    began = time.monotonic()
    said = talk(suite.port, *ENVELOPE[:3])
    took = time.monotonic() - began
    check("cleanup away: 451 after ten seconds",
          said[-1].startswith("451 4.3.0 ") and 8 < took < 15,
          "%.1f s: %s" % (took, said))
    with open(path, "w") as file:
        file.write(whole)
    check("cleanup away: a reload brings it",
          suite.tern("reload").returncode == 0)
    out = load.send(20)
    check("cleanup away: then all is well", "acknowledged=20" in out, out)
    load.finish("cleanup away")


def smtp_dies(options):
    """Its jobs are tried again; each kill may double what it had."""
    suite = new_suite(options)
    suite.start()
    load = Load(suite, "-d", "40")
    load.source(400, 5000, 8)
    kill_after(suite, load, "smtp", (20, 6))
    load.finish("smtp dies", twins=6 * WINDOW)


def qmgr_dies_draining(options):
    """Killed while a backlog leaves: what was told is not told twice."""
    suite = new_suite(options)
    suite.start()
    load = Load(suite, *NONE)
    count = 300 if options.quick else 2000
    load.send(count, 1000, 10)
    load.start_sink("-d", "2")
    kill_after(suite, load, "qmgr", (30, 3 if options.quick else 5))
    load.finish("qmgr dies draining")


def qmgr_dies_amid_recipients(options):
    """A recipient that was served is crossed off before the last is."""
    suite = new_suite(options, smtp_destination_recipient_limit="1",
                      smtp_destination_concurrency_limit="4")
    suite.start()
    load = Load(suite, "-d", "20")
    load.send(2, 1000, 1, "-r", "150")
    for turn in range(1, 4):
        suite.wait_log("status=sent", 20, turn * 50)
        wait_for(lambda: suite.kill("qmgr"), 20)
    check("amid recipients: the queue runs dry", load.drain(60),
          suite.queue())
    suite.stop()
    suite.stop_sink()
    load.inbox.collect()
    check("amid recipients: one copy for each of 150",
          list(load.inbox.copies.values()) == [150, 150],
          load.inbox.copies)
    end("amid recipients", suite)


def large_while_qmgr_dies(options):
    """Pieces of a large content are asked for again of the next qmgr."""
    suite = new_suite(options)
    suite.start()
    load = Load(suite)
    load.source(6, 8000000, 2)
    for _ in range(4):
        time.sleep(0.7)             # amid a transfer, wherever that is
        wait_for(lambda: suite.kill("qmgr"), 20)
    load.finish("large while qmgr dies", again=8)


def refused_leave_nothing(options):
    """What was refused early is forgotten by cleanup: the stop is quick."""
    suite = new_suite(options, message_size_limit="1000000")
    suite.start()
    load = Load(suite)
    for _ in range(3):
        out = suite.source("-q", "-l", "3000000").communicate(timeout=60)[0]
        check("refused: the client hears it", "refused=1" in out, out)
    old = suite.pids("cleanup")
    load.send(20, 10000, 4)
    suite.tern("reload")
    check("refused: the old cleanup leaves", wait_for(
        lambda: suite.pids("cleanup") and not
        set(old) & set(suite.pids("cleanup")), 10), old)
    load.finish("refused")


# ---- the next server ------------------------------------------------------

def sink_down(options):
    """Deferred with the reason, the rest unseen, and tried again."""
    suite = new_suite(options, minimal_backoff_time="5s",
                      maximal_backoff_time="10s",
                      default_destination_recipient_limit="2")
    suite.start()
    load = Load(suite, *NONE)
    out = load.send(30, 1000, 5)
    check("no next server: mail is taken", "acknowledged=30" in out, out)
    # Fifty deliveries are due at once: after a few the site is dead.
    load.send(1, 1000, 1, "-r", "100", "-t", "many%r@d.example")
    why = r"connect to 127\.0\.0\.1\[127\.0\.0\.1\]:%d: Connection " \
        r"refused\)" % suite.sink_port
    check("no next server: the reason is logged", suite.wait_log(
        r"relay=none, .*dsn=4\.4\.1, status=deferred \(" + why))
    many = r"to=<many\d+@.* status=deferred \("
    check("no next server: each delivery is deferred",
          suite.wait_log(many, count=100), suite.count_log(many))
    tried = suite.count_log(many + why)
    aside = suite.count_log(many + "delivery temporarily suspended: " + why)
    # At least 100 were deferred; some of those may be, again.
    check("no next server: the rest is set aside at once",
          tried <= 40 and aside >= 60, "%d tried, %d set aside" %
          (tried, aside))
    load.start_sink()
    load.drain()
    sent = suite.count_log("status=sent")
    check("next server back: each recipient was served once", sent == 130,
          sent)
    # Fifty copies of the last: one for each recipient.
    load.finish("next server back", twins=49)


def sink_refuses(options):
    """4xx is tried again; of 5xx its sender hears, who is away for now."""
    suite = new_suite(options)
    suite.start()
    load = Load(suite, "-x", "DOT=451 4.7.1 later/2",
                "-x", "RCPT<bad@=550 5.1.1 nobody",
                "-x", "RCPT<sender@=450 4.2.0 away")
    load.send(30, 1000, 3)
    suite.source("-q", "-m", "3", "-t", "bad@sink.example").communicate(
        timeout=30)
    check("refusals: 4xx is logged and deferred", suite.wait_log(
        r"dsn=4\.7\.1, status=deferred \(host .* said: 451 4\.7\.1 later "
        r"\(in reply to end of DATA command\)\)"))
    check("refusals: 5xx is logged", suite.wait_log(
        r"dsn=5\.1\.1, status=bounced \(host .* said: 550 5\.1\.1 nobody "
        r"\(in reply to RCPT TO command\)\)", count=3))
    check("refusals: three reports wait, all else leaves", wait_for(
        lambda: len(suite.queue() or []) == 3 and
        run_tool(suite, "ternqueue", "-p").count("MAILER-DAEMON") == 3, 40,
        0.2), run_tool(suite, "ternqueue", "-p"))
    run_tool(suite, "ternsuper", "-d", "ALL")
    load.finish("refusals")


def sink_stalls(options):
    """A server that says nothing: deferred, then it comes back."""
    suite = new_suite(options, smtp_connect_timeout="3s",
                      smtp_helo_timeout="3s")
    suite.start()
    load = Load(suite, "-x", "CONNECT=HANG")
    load.send(20, 1000, 2)
    check("stalls: deferred for a timeout", suite.wait_log(
        r"status=deferred .*timed out while receiving the initial server "
        r"greeting", 30))
    load.restart_sink()
    load.finish("stalls")


# ---- the disk -------------------------------------------------------------

@contextlib.contextmanager
def small_disk(suite, size):
    """The spool is a file system of its own; false without the right."""
    spool = os.path.join(suite.dir, "spool")
    os.makedirs(spool)
    is_mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs",
         spool], stderr=subprocess.DEVNULL).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            if suite.master_pid():
                suite.stop()
            subprocess.run(["umount", "-l", spool])


def fill(suite, left):
    """A file that leaves so many bytes of room."""
    spool = os.path.join(suite.dir, "spool")
    path = os.path.join(spool, "ballast")
    with open(path, "wb", buffering=0) as file:
        stat = os.statvfs(spool)
        size = stat.f_bavail * stat.f_frsize - left
        while size > 0:
            try:
                size -= file.write(bytes(min(size, 65536)))
            except OSError:         # the suite writes meanwhile
                break
    return path


def disk_low(options):
    """Below queue_minfree: 452 4.3.1 before the content."""
    suite = new_suite(options, queue_minfree="8000000",
                      message_size_limit="1000000")
    with small_disk(suite, "200m") as is_mounted:
        if not is_mounted:
            print("LEFT OUT: disk_low: it takes root to mount a disk")
            suite.close()
            return
        suite.start()
        load = Load(suite)
        ballast = fill(suite, 3000000)

        def refuses():
            return talk(suite.port, *ENVELOPE[:2])[2].startswith(
                "452 4.3.1 ")
        check("disk low: 452 to MAIL", wait_for(refuses, 15, 0.3))
        os.unlink(ballast)
        check("disk low: with room again it is taken",
              wait_for(lambda: not refuses(), 15, 0.3))
        load.send(10)
        load.finish("disk low")


def disk_full(options):
    """Not a byte left: no 250 is lost, qmgr says why, and recovers."""
    suite = new_suite(options, qmgr_db_log_file_size="1048576",
                      qmgr_checkpoint_log_size="1048576")
    with small_disk(suite, "80m") as is_mounted:
        if not is_mounted:
            print("LEFT OUT: disk_full: it takes root to mount a disk")
            suite.close()
            return
        suite.start()
        load = Load(suite, *NONE)
        load.source(400, 60000, 4, "-w", "5")
        wait_for(lambda: len(numbers(load.acked)) > 20, 20)
        ballast = fill(suite, 0)
        check("disk full: the reason is logged", suite.wait_log(
            r"(fatal|panic|warning): .*No space left on device", 30))
        have = len(numbers(load.acked))
        time.sleep(3)               # as full as that, for a while
        os.unlink(ballast)
        load.start_sink()
        check("disk full: with room again mail is taken", wait_for(
            lambda: len(numbers(load.acked)) > have, 90))
        load.finish("disk full", twins=WINDOW, again=40, seconds=120)


# ---- order ----------------------------------------------------------------

def reloads(options):
    """Under load: no session dropped, nothing lost, nothing twice."""
    suite = new_suite(options)
    suite.start()
    load = Load(suite, "-d", "20")
    count = 3 if options.quick else 8
    load.source(1000000, 10000, 5, "-w", "10")
    load.source(100000, 2000000, 1, "-w", "50")
    for _ in range(count):
        done = suite.tern("reload")
        check("reload", done.returncode == 0, done.stdout)
        time.sleep(0.6)
        load.inbox.collect()
    log = suite.log_text()
    check("reloads: no session was dropped",
          "lost connection after" not in log)
    load.end_sources()
    # A 250 that the source did not wait for when it ended.
    load.finish("reloads", again=6)
    check("reloads: none was deferred", "status=deferred" not in log)


def stop_under_load(options):
    """In five seconds, and without harm."""
    suite = new_suite(options)
    suite.start()
    load = Load(suite, "-d", "30")
    for size, sessions in ((1000, 8), (200000, 2), (2000000, 1)):
        load.source(100000, size, sessions, "-w", "5")
    for _ in range(3):
        have = len(numbers(load.received))
        wait_for(lambda: len(numbers(load.received)) > have + 20, 30)
        done, took = timed_stop(suite)
        check("stop under load: it ends within 6 s", done and
              took < STOP_SECONDS, "%.1f s" % took)
        suite.start()
        load.inbox.collect()
    load.end_sources()
    # A delivery that 5 s did not end, a 250 that its client did not hear.
    load.finish("stop under load", twins=3 * WINDOW, again=3 * 11)


def master_again(options):
    """Master killed and started again, ten times: the sockets are free."""
    suite = new_suite(options)
    suite.start()
    load = Load(suite)
    for _ in range(10):
        pid = suite.master_pid()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: suite.master_pid() != pid)
        suite.start()
    check("master again: ten others", pid != suite.master_pid())
    check("master again: one of each", wait_for(lambda: all(
        len(suite.pids(name)) <= 2 for name in PROGRAMS)))
    load.send(20)
    load.finish("master again")


def best_mx_dies(options):
    """Mail is on its way to best_mx_transport when qmgr dies, or smtp."""
    suite = new_suite(options, relayhost="",
                      smtp_tcp_port=options.port + 3,
                      default_transport="smtp:[127.0.0.1]",
                      best_mx_transport="smtp:[127.0.0.1]:%d" %
                      (options.port + 1))
    suite.start()
    load = Load(suite, "-d", "20")
    load.source(300, 10000, 4, "-w", "5")
    kill_after(suite, load, "qmgr", (10, 4))
    kill_after(suite, load, "smtp", (10, 4))
    wait_for(lambda: not load.is_running(), 60)
    load.drain()
    log = suite.log_text()
    check("best MX: nothing was undeliverable", "status=sent" in log and
          "loops back" not in log)
    load.finish("best MX", twins=4 * WINDOW, again=8 * 4)


QUICK = (sink_down, best_mx_dies, sink_refuses, qmgr_away_short, qmgr_away_long,
         cleanup_away_long, smtp_dies,
         qmgr_dies_draining, qmgr_dies_amid_recipients,
         refused_leave_nothing, disk_low, reloads)
LONG = (cleanup_stops, large_while_qmgr_dies, sink_stalls,
        disk_full, stop_under_load, master_again)


def chosen(is_quick):
    """Functions of the options, each with a name."""
    return list(QUICK if is_quick else QUICK + LONG)
