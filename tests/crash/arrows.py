"""qmgr dies at every arrow of the queue's states (doc/queue.md)."""

import socket

from case import (Load, check, end, new_suite, run_tool, wait_for)

ARROWS = ("before-commit", "after-commit", "spill", "abort", "defer",
          "remove-before", "remove-after", "checkpoint",
          # The same of messages whose content is a file.
          "before-commit large", "after-commit large", "remove-after large")
QUICK = 3           # of them, in a short run
DEATH = r"killed by signal 9"


def arrow(options, name):
    """qmgr dies at each third pass of the point; the suite goes on."""
    suite = new_suite(options, qmgr_checkpoint_log_size="1048576")
    # Far enough apart that mail gets through between two deaths.
    point = name.split()[0] + {"spill": ":60",
                               "checkpoint": ":1"}.get(name, ":3")
    suite.start(env=dict(suite.env, TERN_CRASH_AT=point))
    load = Load(suite, *(("-x", "RCPT=450 4.2.0 later/2")
                         if name == "defer" else ()))
    if name == "abort":
        abort_uploads(suite)
    count = 30 if options.quick else 60
    is_large = name in ("spill", "abort") or name.endswith(" large")
    size = 400000 if is_large else 20000
    out = load.send(count, size, 4)
    check("arrow %s: all acknowledged" % name,
          "acknowledged=%d " % count in out, out)
    check("arrow %s: qmgr was killed there" % name, suite.wait_log(DEATH))
    # From now on without the trap: what was left is recovered.
    suite.stop()
    suite.start()
    # Each death may leave deliveries in doubt, and a client without its 250.
    deaths = suite.count_log(DEATH)
    load.finish("arrow " + name, twins=deaths * 4, again=deaths * 4)


def await_reply(file, start):
    """Skip what stands before it."""
    while True:
        line = file.readline()
        if line.startswith(start):
            return
        if line[:1] not in (b"2", b"3"):
            raise RuntimeError("no %r but %r" % (start, line))


def abort_uploads(suite):
    """Clients that go away in the middle of a large message."""
    for _ in range(6):
        with socket.create_connection(("127.0.0.1", suite.port)) as s:
            s.settimeout(20)
            f = s.makefile("rwb")
            await_reply(f, b"220 ")
            f.write(b"EHLO a\r\n")
            f.flush()
            await_reply(f, b"250 ")
            f.write(b"MAIL FROM:<a@a.example>\r\n"
                    b"RCPT TO:<b@b.example>\r\nDATA\r\n")
            f.flush()
            await_reply(f, b"354 ")
            f.write((b"x" * 70 + b"\r\n") * 5000)
            f.flush()
            # After all that, and not before it, the server sees the end.
            s.shutdown(socket.SHUT_WR)
            while f.readline():
                pass


# ---- hold, release, delete ----------------------------------------------

def waiting(suite):
    """Five messages that were tried and wait for long."""
    suite.source("-q", "-m", "5").communicate(timeout=30)
    suite.wait_log("status=deferred", count=5)
    wait_for(lambda: len(suite.queue() or []) == 5)


def admin_arrow(options, point, before, action, left):
    """What is asked for when qmgr dies is done, or not done: left says how
    many messages may be left."""
    name = "arrow " + point
    suite = new_suite(options, minimal_backoff_time="600s",
                      maximal_backoff_time="600s")
    suite.start()
    waiting(suite)
    for argument in before:
        run_tool(suite, "ternsuper", argument, "ALL")
    suite.stop()
    suite.start(env=dict(suite.env, TERN_CRASH_AT=point + ":1"))
    wait_for(lambda: suite.queue() is not None)
    run_tool(suite, "ternsuper", action, "ALL")
    check(name + ": qmgr was killed there", suite.wait_log(DEATH))
    suite.stop()
    suite.start()
    wait_for(lambda: suite.queue() is not None)
    found = suite.queue()
    check(name + ": every message is there whole, or gone",
          found is not None and len(found) in left and
          all("\nSubject: " in run_tool(suite, "terncat", "-q", queue_id)
              for queue_id in found), found)
    run_tool(suite, "ternsuper", "-d", "ALL")
    check(name + ": the queue works on", wait_for(
        lambda: suite.queue() == []), suite.queue())
    suite.stop()
    end(name, suite)


ADMIN = (("hold", (), "-h", (5,)), ("release", ("-h",), "-H", (5,)),
         ("remove-before", (), "-d", range(6)))


def named(name, function, *args):
    def part(options):
        function(options, *args)
    part.__name__ = name
    return part


def chosen(is_quick):
    """Functions of the options, each with a name."""
    parts = [named(name, arrow, name) for name in ARROWS]
    if is_quick:
        return parts[:QUICK]
    return parts + [named("admin-" + row[0], admin_arrow, *row)
                    for row in ADMIN]
