#!/usr/bin/env python3
"""The queue's tools while the suite is down.

usage: offline.py BINDIR [-p PORT] [part...]

The last line is "offline: N passed, M failed".
"""

import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
from private_suite import Suite                             # noqa: E402
from queue_case import (check, command, listing, run, send,  # noqa: E402
                        tool, wait_for)

STRANGER, NEIGHBOUR = 64321, 64322      # users without any rights here
IN_USE = "the queue is open for ternqueue, ternsuper or terncat"


def new_suite(options, **settings):
    values = {"minimal_backoff_time": "100s",
              "maximal_backoff_time": "100s"}
    values.update(settings)
    return Suite(options.bin, options.port, options.port + 1, values)


def fill(suite, count):
    """Deferred messages; the ids of all, in the order of arrival."""
    send(suite, "-m", str(count), "-t", "u%m@d.example")
    wait_for(lambda: all(m["queue_name"] in ("deferred", "hold") and
                         m["attempts"] for m in listing(suite)))
    return [m["queue_id"] for m in listing(suite)]


def states(suite):
    return {m["queue_id"]: m["queue_name"] for m in listing(suite)}


class Open:
    """A tool that has the queue open until it is told to end."""

    def __init__(self, suite):
        self.process = subprocess.Popen(
            command(suite, "ternsuper", "-h", "-"), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_for(lambda: self.qmgr() is not None and os.path.exists(
            os.path.join(suite.dir, "spool/db/message")) and
            self.has_lock(suite))

    def qmgr(self):
        path = "/proc/%d/task/%d/children" % (self.process.pid,
                                              self.process.pid)
        try:
            with open(path) as f:
                return int(f.read().split()[0])
        except (OSError, IndexError):
            return None

    def has_lock(self, suite):
        inode = os.stat(os.path.join(suite.dir, "spool/db/lock")).st_ino
        with open("/proc/locks") as f:
            return any("FLOCK" in line and ":%d " % inode in line
                       for line in f)

    def say(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def end(self):
        return self.process.communicate(timeout=30)[0]


def same_view(options):
    """Whether the suite runs or not, the queue looks the same."""
    suite = new_suite(options)
    done = tool(suite, "ternqueue", "-p")
    check("view: before the first start there is no queue",
          done.returncode == 69 and "no queue to open" in done.stdout, done)
    suite.start()
    ids = fill(suite, 4)
    send(suite, "-8", "-l", "100000", "-t", "large@d.example")
    wait_for(lambda: len(listing(suite)) == 5 and
             all(m["attempts"] for m in listing(suite)))
    tool(suite, "ternsuper", "-h", ids[1])
    large = listing(suite)[-1]["queue_id"]
    looks = [("ternqueue", "-p"), ("ternqueue", "-j"),
             ("terncat", "-q", ids[0]), ("terncat", "-q", large)]
    before = [tool(suite, *look).stdout for look in looks]
    check("view: there is something to see", "5 Requests" in before[0] and
          ids[1] + "!" in before[0] and len(before[3]) > 50000)
    suite.stop()
    for look, text in zip(looks, before):
        done = tool(suite, *look)
        check("view: %s %s is the same" % look[:2], done.returncode == 0 and
              done.stdout == text, done.stdout[:300])
    done = tool(suite, "terncat", "-q", "4jYn8B4rvTz0")
    check("view: terncat of a message that is not there",
          done.returncode == 1 and "no such message" in done.stdout, done)
    for args in (["-f"], ["-i", ids[0]]):
        done = tool(suite, "ternqueue", *args)
        check("view: ternqueue %s has nobody to do it" % args[0],
              done.returncode == 69 and
              "the mail system is down" in done.stdout, done)
    suite.close()


def actions(options):
    """What is done meanwhile is done when the suite starts again."""
    suite = new_suite(options)
    suite.start()
    suite.start_sink("-x", "RCPT<u1@=550 5.1.1 no such user")
    # Its sender cannot be told: it stays.
    wait_for(lambda: suite.pids("bounce"))
    suite.kill("bounce", signal.SIGSTOP)
    send(suite, "-t", "u1@d.example")
    wait_for(lambda: [r for m in listing(suite) for r in m["recipients"]
                      if "bounce_reason" in r])
    failed = listing(suite)[0]["queue_id"]
    suite.stop_sink()
    ids = [i for i in fill(suite, 5) if i != failed]
    tool(suite, "ternsuper", "-h", ids[1])
    suite.stop()

    done = tool(suite, "ternsuper", "-h", ids[0], "-H", ids[1], "-d", ids[2],
                "-r", ids[3], "-r", failed)
    check("actions: ternsuper says what it did", done.returncode == 0 and
          sorted(done.stdout.splitlines()) == [
              "ternsuper: Deleted: 1 message",
              "ternsuper: Placed on hold: 1 message",
              "ternsuper: Released from hold: 1 message",
              "ternsuper: Requeued: 2 messages"], done)
    check("actions: the log says it, too", all(
        text in suite.log_text() for text in
        (ids[0] + ": placed on hold", ids[1] + ": released from hold",
         ids[2] + ": removed", ids[3] + ": requeued")))
    expected = {failed: "incoming", ids[0]: "hold", ids[1]: "deferred",
                ids[3]: "incoming", ids[4]: "deferred"}
    check("actions: the listing shows it", states(suite) == expected,
          states(suite))
    done = tool(suite, "ternsuper", "-d", ids[2])
    check("actions: what is gone cannot be deleted again",
          "Deleted" not in done.stdout, done)

    suite.start_sink()
    suite.start()
    check("actions: released and requeued mail is delivered", wait_for(
        lambda: states(suite) == {ids[0]: "hold", ids[4]: "deferred"}),
        states(suite))
    log = suite.log_text()
    check("actions: what failed for good got its second chance",
          "%s: to=<u1@d.example>" % failed in log.split("requeued")[-1])
    suite.stop()
    done = tool(suite, "ternsuper", "-d", "ALL")
    check("actions: ALL", "Deleted: 2 messages" in done.stdout, done)
    check("actions: an empty queue", tool(suite, "ternqueue", "-p").stdout ==
          "Mail queue is empty\n")
    summary = suite.stop_sink()
    check("actions: nothing was delivered twice",
          summary.get("messages") == "3", summary)
    suite.close()


def quiet(options):
    """Mail that is due stays where it is, however long a tool takes."""
    suite = new_suite(options, minimal_backoff_time="1s",
                      maximal_backoff_time="1s", queue_run_delay="1s")
    suite.start()
    fill(suite, 2)
    suite.stop()
    before, log = listing(suite), suite.log_text()
    suite.start_sink()
    wait_for(lambda: time.time() > max(m["next_attempt"] for m in before) + 1)
    held = Open(suite)
    # A running qmgr looks for mail 1.5 s after its start.
    check("quiet: nothing becomes active", not wait_for(
        lambda: "queue active" in suite.log_text()[len(log):], 3),
        suite.log_text()[len(log):])
    check("quiet: the tool ends well", held.end() == "")
    check("quiet: nothing has changed", listing(suite) == before,
          listing(suite))
    suite.start()
    check("quiet: it leaves when the suite starts", suite.drain(20))
    suite.close()


def kill_all(suite):
    for pid in suite.all_pids():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    wait_for(lambda: not suite.all_pids())


def killed(options):
    """After kill -9 the first look at the queue recovers it."""
    suite = new_suite(options)
    suite.start()
    numbers = os.path.join(suite.dir, "acknowledged")
    source = suite.source("-q", "-s", "4", "-m", "1000000", "-N", "-a",
                          numbers, "-T", "30", "-t", "n%m@d.example")

    def acknowledged():
        try:
            with open(numbers) as f:
                return {line.split()[0] for line in f if line.strip()}
        except OSError:
            return set()

    wait_for(lambda: len(acknowledged()) > 200, 20)
    kill_all(suite)
    source.terminate()
    source.communicate(timeout=60)
    wanted = {"n%s@d.example" % number for number in acknowledged()}
    there = {r["address"] for m in listing(suite) for r in m["recipients"]}
    check("killed: all that was acknowledged is listed at once",
          len(wanted) > 200 and wanted <= there,
          "%d acknowledged, %d listed, missing: %s" %
          (len(wanted), len(there), sorted(wanted - there)[:5]))
    last = listing(suite)[-1]["queue_id"]
    text = tool(suite, "terncat", "-q", last).stdout
    check("killed: and can be read", "sender: sender@" in text and
          text.endswith("*** MESSAGE FILE END %s ***\n" % last), text[:200])
    done = tool(suite, "ternsuper", "-d", last)
    check("killed: and deleted", "Deleted: 1 message" in done.stdout, done)
    left = len(listing(suite))
    suite.start()
    check("killed: the suite starts with the same",
          len(listing(suite)) == left)
    os.kill(suite.master_pid(), signal.SIGKILL)
    done = tool(suite, "ternqueue", "-j")
    if "lost the queue manager" in done.stdout:     # it was just going
        done = tool(suite, "ternqueue", "-j")
    check("killed: master alone; its children go, the tool waits",
          done.returncode == 0 and done.stdout.count("queue_id") == left,
          done.stdout[-300:])
    suite.close()


def locks(options):
    """One has the queue open at a time, and the others say so or wait."""
    suite = new_suite(options)
    suite.start()
    ids = fill(suite, 2)
    suite.stop()
    held = Open(suite)
    check("locks: the suite is down, says tern status",
          "is not running" in suite.tern("status").stdout)
    done = suite.tern("start")
    check("locks: tern start fails, and says why", done.returncode != 0 and
          IN_USE in done.stdout, done.stdout)
    second = subprocess.Popen(command(suite, "ternqueue", "-j"), text=True,
                              stdout=subprocess.PIPE)
    try:
        second.wait(timeout=1)
    except subprocess.TimeoutExpired:
        pass
    check("locks: a second tool waits", second.poll() is None)
    held.say(ids[0] + "\n")
    check("locks: the first one goes on",
          "Placed on hold: 1 message" in held.end())
    out = second.communicate(timeout=30)[0]
    check("locks: then the second one sees what the first has done",
          second.returncode == 0 and '"hold", "queue_id": "%s"' % ids[0]
          in out, out)

    held = Open(suite)
    starting = subprocess.Popen(command(suite, "tern", "start"), text=True,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
    try:
        starting.wait(timeout=1)
    except subprocess.TimeoutExpired:
        pass
    check("locks: tern start waits", starting.poll() is None)
    held.end()
    out = starting.communicate(timeout=30)[0]
    check("locks: and starts when the tool has ended",
          starting.returncode == 0, out)
    suite.stop()

    held = Open(suite)
    held.say(ids[1] + "\n")
    wait_for(lambda: ids[1] + ": placed on hold" in suite.log_text())
    qmgr = held.qmgr()
    held.process.kill()
    held.process.wait()
    check("locks: when the tool is killed, its queue manager ends",
          wait_for(lambda: not os.path.exists("/proc/%d" % qmgr)))
    check("locks: what it did stays done", states(suite)[ids[1]] == "hold",
          states(suite))
    held = Open(suite)
    os.kill(held.qmgr(), signal.SIGKILL)
    held.say(ids[0] + "\n")
    out = held.end()
    check("locks: when the queue manager is killed, the tool says so",
          ("lost the queue manager" in out or "cannot be opened" in out) and
          held.process.returncode != 0, out)
    check("locks: and the queue is as it was", len(states(suite)) == 2)

    trap = os.path.join(suite.dir, "spool/db/DB_CONFIG")
    with open(trap, "w"):
        pass
    done = tool(suite, "ternqueue", "-p")
    check("locks: a queue that cannot be opened: the tool says why",
          done.returncode == 69 and "DB_CONFIG exists" in done.stdout, done)
    os.remove(trap)
    suite.close()


def owners(suite):
    """Of all that is in the queue: user, group, rights."""
    folder = os.path.join(suite.dir, "spool/db")
    found = set()
    for name in [".", *os.listdir(folder)]:
        st = os.stat(os.path.join(folder, name))
        found.add((st.st_uid, st.st_gid, oct(st.st_mode & 0o7777)
                   if name != "." else ""))
    return found


def copy_programs(suite, *names):
    copies = os.path.join(suite.dir, "bin")
    os.mkdir(copies)
    os.chmod(copies, 0o755)
    for name in names:
        subprocess.run(["cp", suite.program(name), copies])
    subprocess.run(["chmod", "-R", "a+rX", suite.etc])
    return copies


def rights(options):
    """Root and the owner may; the files stay the owner's."""
    if os.geteuid() != 0:
        print("   rights: left out, it takes root to be another user")
        return
    suite = new_suite(options)
    suite.start()
    fill(suite, 3)
    suite.stop()
    before = owners(suite)
    owner = os.stat(os.path.join(suite.dir, "spool/db")).st_uid
    check("rights: the queue is not root's", owner != 0)
    held = Open(suite)
    ids = set()
    with open("/proc/%d/status" % held.qmgr()) as f:
        for line in f:
            if line.startswith(("Uid:", "Gid:")):
                ids |= set(line.split()[1:])
    check("rights: the queue manager runs as its owner",
          ids == {str(owner)}, ids)
    held.end()
    tool(suite, "ternsuper", "-h", "ALL")
    check("rights: files keep their owner", owners(suite) == before,
          owners(suite))

    real = suite.bin
    suite.bin = copy_programs(suite, "ternqueue", "ternsuper", "terncat",
                              "qmgr")
    for args in (["ternqueue", "-p"], ["ternqueue", "-j"],
                 ["ternsuper", "-d", "ALL"],
                 ["terncat", "-q", "4jYn8B4rvTz0"]):
        done = tool(suite, *args, user=STRANGER)
        check("rights: not %s by anybody" % args[0], done.returncode == 69
              and "only root and the owner" in done.stdout, done)
    done = tool(suite, "ternqueue", "-p", user=owner)
    check("rights: the owner may list", "3 Requests" in done.stdout, done)
    os.remove(os.path.join(suite.bin, "qmgr"))
    done = tool(suite, "ternqueue", "-p")
    check("rights: no qmgr, no queue", done.returncode == 69 and
          "cannot open" in done.stdout and "bin/qmgr" in done.stdout, done)
    with open(os.path.join(suite.etc, "main.cf"), "a") as f:
        f.write("daemon_directory = %s\n" % real)
    done = tool(suite, "ternqueue", "-p")
    check("rights: programs are found in daemon_directory",
          "3 Requests" in done.stdout, done)
    suite.bin = real

    # A suite that runs without root belongs to whoever started it.
    subprocess.run(["chown", "-R", "%d:%d" % (NEIGHBOUR, NEIGHBOUR),
                    os.path.join(suite.dir, "spool/db")])
    done = tool(suite, "ternsuper", "-d", "ALL")
    check("rights: root acts on the queue of another user",
          "Deleted: 3 messages" in done.stdout, done)
    check("rights: and it stays his", {(uid, gid) for uid, gid, mode in
                                       owners(suite)} ==
          {(NEIGHBOUR, NEIGHBOUR)}, owners(suite))
    suite.close()


PARTS = {"view": same_view, "actions": actions, "quiet": quiet,
         "killed": killed, "locks": locks, "rights": rights}

if __name__ == "__main__":
    sys.exit(run("offline", PARTS))
