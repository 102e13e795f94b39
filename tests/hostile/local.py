#!/usr/bin/env python3
"""Hostile peers on the Unix sockets: a local user, and broken-into programs.

usage: local.py BINDIR [-p PORT] [part...]

After each attack, and while its connections are still open, the suite
relays a message, every program is the same process as before, and none of
them has ever needed more memory than is said here.  The suite is started by
root: then a stranger is another user, and what speaks for a program of the
suite is root.  Without root the parts that take another user are left out.
The last line is "local: N passed, M failed".
"""

import contextlib
import fcntl
import os
import re
import resource
import select
import socket
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import sasldb                                               # noqa: E402
from private_suite import Suite                             # noqa: E402
from queue_case import (check, command, listing, run, send,  # noqa: E402
                        tool, wait_for)

STRANGER = 64323            # a user without any rights here
MB = 1024                   # in KB, as /proc tells
# What all attacks may cost a program together, before and after those that
# fill a budget of the code, with what the allocator adds: 128 MB of envelopes
# (cleanup/message.c, qmgr/intake.c), and in qmgr 512 MB of content.
SMALL, ENVELOPES, CONTENT = 40 * MB, 220 * MB, 800 * MB
SLOW = 20 if "ASAN_OPTIONS" in os.environ else 1
LOG_LINES = 200             # of warnings, whatever strangers do
PROGRAMS = ("master", "smtpd", "lookup", "auth", "cleanup", "qmgr", "smtp",
            "bounce")
MANY = 5000
BCC, PREPEND = 4, 5        # enum judge_action


# ---- frames, from the tables of the code ----------------------------------

def read(path):
    with open(os.path.join(HERE, "../..", path), encoding="utf-8") as file:
        return file.read()


VERSION = int(re.search(r"IPC_VERSION\s+(\d+)", read("mail/ipc.h")).group(1))
CODES, FIELDS = {}, {}
for line in read("mail/ipc.def").splitlines():
    row = re.match(r"(?:MSG|REPLY)\((\w+), (0x\w+),", line)
    if row:
        name = row.group(1)
        CODES[name], FIELDS[name] = int(row.group(2), 16), []
    field = re.match(r"\s+FIELD\((\w+), (\w+),", line)
    if field:
        FIELDS[name].append(field.groups())


def frame(code, number, payload):
    return struct.pack(">IHI", 6 + len(payload), code, number) + payload


def payload_of(message, **values):
    """Fields that are not given are 0 or empty."""
    parts = []
    for kind, field in FIELDS[message]:
        value = values.get(field, b"" if kind in ("str", "bytes") else 0)
        if kind == "u32":
            parts.append(struct.pack(">I", value))
        elif kind == "u64":
            parts.append(struct.pack(">Q", value))
        else:
            parts.append(struct.pack(">I", len(value)) + value)
    return b"".join(parts)


def frame_of(message, number=1, **values):
    return frame(CODES[message], number, payload_of(message, **values))


def hello(program, process=0):
    return frame(1, 0, struct.pack(">IIII", 0x7465726e, VERSION, process,
                                   len(program)) + program +
                 struct.pack(">I", 0))


def frames(message, many, **values):
    """So many of them with ids from 1, by the thousand."""
    payload = payload_of(message, **values)
    head = struct.pack(">IH", 6 + len(payload), CODES[message])
    for start in range(1, many + 1, 1000):
        yield b"".join(head + struct.pack(">I", n) + payload
                       for n in range(start, min(start + 1000, many + 1)))


# ---- connections ----------------------------------------------------------

@contextlib.contextmanager
def user(uid):
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(os.getuid())


def connect(suite, name, uid=0):
    with user(uid if os.getuid() == 0 else os.getuid()):
        peer = socket.socket(socket.AF_UNIX)
        # With a timeout, it would fail where it has to wait for its turn.
        peer.connect(os.path.join(suite.dir, "spool", name))
        peer.settimeout(10)
    return peer


def is_closed(peer, seconds=3):
    """Its end comes in time; what came before is dropped."""
    poll, end = select.poll(), time.monotonic() + seconds
    poll.register(peer, select.POLLIN)
    while poll.poll(max(0, end - time.monotonic()) * 1000):
        try:
            if not peer.recv(1 << 20):
                return True
        except OSError:
            return True
    return False


def pump(peer, chunks, reads=True, patience=3):
    """Send it all and read meanwhile.  What came; was it all taken?"""
    got, rest = [], b""
    chunks, poll = iter(chunks), select.poll()
    poll.register(peer, select.POLLOUT | (select.POLLIN if reads else 0))
    peer.setblocking(False)
    while True:
        rest = rest or next(chunks, b"")
        if not rest:
            break
        ready = poll.poll(patience * 1000)
        if not ready:
            break
        try:
            if ready[0][1] & ~select.POLLOUT:
                got.append(peer.recv(1 << 20))
                if not got[-1]:
                    break
            if ready[0][1] & select.POLLOUT:
                rest = rest[peer.send(rest):]
        except BlockingIOError:
            pass
        except OSError:
            break
    peer.settimeout(10)
    return b"".join(got), not rest


def answers(peer, text, seconds=5):
    """What comes until text is in it."""
    got, end = b"", time.monotonic() + seconds
    peer.settimeout(seconds)
    with contextlib.suppress(OSError):
        while text not in got and time.monotonic() < end:
            more = peer.recv(1 << 20)
            if not more:
                break
            got += more
    return got


def refused(peer, got, dsn=b"4.3.1"):
    return dsn in got or dsn in answers(peer, dsn)


# ---- what must stay so ----------------------------------------------------

class Watch:
    """The suite's processes as they were before all attacks."""

    def __init__(self, suite):
        self.suite = suite
        self.pids = self.pids_now()
        self.before = {pid: self.peak(pid)
                       for pids in self.pids.values() for pid in pids}

    def pids_now(self):
        return {name: sorted(self.suite.pids(name)) for name in PROGRAMS}

    @staticmethod
    def peak(pid):
        with open("/proc/%d/status" % pid) as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))

    def relays(self):
        sent = self.suite.count_log("status=sent")
        return send(self.suite, "-m", "1") and wait_for(
            lambda: self.suite.count_log("status=sent") > sent, 10)

    def grown(self):
        return {name: max(self.peak(pid) - self.before[pid] for pid in pids)
                for name, pids in self.pids.items()}

    def end(self, name, limit=SMALL):
        check("%s: mail goes on" % name, self.relays())
        now = self.pids_now()
        if check("%s: the same processes" % name, now == self.pids, now):
            grown = self.grown()
            check("%s: bounded memory" % name,
                  max(grown.values()) < limit * SLOW, grown)
            print("    KB:", grown)


# ---- a local user ---------------------------------------------------------

def public(suite):
    return connect(suite, "public/qmgr", STRANGER)


def junk():
    """Whatever is no frame of his."""
    yield "length 0", b"\0\0\0\0"
    yield "length 4 GB", b"\xff" * 100
    yield "length 64 KB and 1", struct.pack(">I", 65537) + b"x" * 65537
    yield "64 KB of junk", frame(0x7f00, 1, b"\xff" * 65530)
    yield "an unknown code", frame(0x7f00, 1, b"")
    yield "a reply to nothing", frame_of("queue_done")
    yield "a message cut", frame(CODES["admin_list"], 1, b"\0" * 19)
    yield "a message too long", frame(CODES["admin_list"], 1, b"\0" * 21)
    for message in ("mail_open", "queue_open", "queue_lease", "agent_ready",
                    "agent_holds", "deliver", "deliver_result"):
        yield message, frame_of(message)


def is_answered(peer, number):
    done = frame_of("admin_done", number)[4:10]
    return done in answers(peer, done)


def lists(peer):
    peer.sendall(hello(b"admin") + frame_of("admin_list", 9, count=3))
    return is_answered(peer, 9)


def stranger(suite, watch):
    silent = []
    for _ in range(MANY):
        silent.append(public(suite))
    here = [s for s in silent if not is_closed(s, 0.01)]
    check("silence: of %d connections ten stay" % MANY, len(here) == 10,
          len(here))
    check("silence: root has the queue", len(listing(suite)) == 300)
    check("silence: so has another user", lists(connect(
        suite, "public/qmgr", STRANGER + 1)))
    watch.end("silence")

    for name, bytes_ in junk():
        for start in (b"", hello(b"qmgr"), hello(b"smtp", 1)):
            for s in here:
                s.close()
            here = []
            peer = wait_for(lambda: attempt(suite))
            pump(peer, [start + bytes_])
            check("%s%s: hung up" % (name, " after HELLO" if start else ""),
                  is_closed(peer))
            peer.close()
    check("half a frame and gone", True)
    for cut in range(1, 40):
        peer = public(suite)
        pump(peer, [(hello(b"admin") + frame_of("admin_list"))[:cut]])
        peer.close()
    watch.end("junk")

    peer = public(suite)
    for byte in hello(b"admin") + frame_of("admin_list", 7, count=3):
        peer.send(bytes([byte]))
        time.sleep(0.002)
    check("a byte at a time: answered", is_answered(peer, 7))
    peer.close()
    watch.end("a byte at a time")

    peers = [public(suite) for _ in range(4)]
    for peer in peers:
        _, done = pump(peer, [hello(b"admin")], False)
        _, done = pump(peer, frames("admin_list", 100000, count=1000),
                       False, 0.3)
        check("requests, nothing read: not taken for ever", not done)
    watch.end("requests, nothing read")
    for peer in peers:
        peer.close()

    for _ in range(MANY):
        peer = public(suite)
        with contextlib.suppress(OSError):
            peer.send(b"\0\0\0\0")
        peer.close()
    lines = suite.count_log("warning: refused")
    check("the log is not filled", lines < LOG_LINES, lines)
    watch.end("come and go")


def attempt(suite):
    peer = public(suite)
    if is_closed(peer, 0):
        peer.close()
        return None
    return peer


# ---- a broken-into program ------------------------------------------------

def at(suite, name, program, process):
    peer = connect(suite, name)
    peer.sendall(hello(program, process))
    return peer


def many_processes(suite, watch):
    """One process has eight connections, however many it makes."""
    peers = [at(suite, "private/cleanup", b"smtpd", 1) for _ in range(500)]
    here = [p for p in peers if not is_closed(p, 0.05)]
    check("one process: eight connections", len(here) == 8, len(here))
    check("one process: another one comes in", not is_closed(
        at(suite, "private/cleanup", b"smtpd", 2), 0.3))
    for role in (b"qmgr", b"cleanup", b"smtp"):
        peer = at(suite, "private/cleanup", role, 3)
        check("cleanup has nothing to say to %s" % role.decode(),
              is_closed(peer))
    watch.end("one process")
    for peer in peers:
        peer.close()


def smtpd(suite, watch):
    peer = at(suite, "private/cleanup", b"smtpd", 10)
    got, done = pump(peer, frames("mail_open", 1000000, client_name=b"x"))
    check("1,000,000 messages: some are opened, the others are refused",
          done and refused(peer, got) and
          10000 < got.count(frame_of("mail_opened")[4:6]))
    watch.end("1,000,000 messages", ENVELOPES)
    peer.close()

    peer = at(suite, "private/cleanup", b"smtpd", 11)
    # Who comes twice counts once, so each is another one.
    one = frame_of("mail_rcpt", 1, address=b"a" * 190 + b"0" * 10)
    got, done = pump(peer, [frame_of("mail_open", 1)] + [b"".join(
        one.replace(b"0" * 10, b"%010d" % n) for n in range(k, k + 1000))
        for k in range(0, 600000, 1000)])
    check("endless recipients: refused", done and refused(peer, got))
    watch.end("endless recipients", ENVELOPES)
    peer.close()

    peer = at(suite, "private/cleanup", b"smtpd", 16)
    got, done = pump(peer, (
        frame_of("mail_open", n) +
        frame_of("mail_action", n, kind=BCC, text=b"a" * 200 + b"@b") +
        frame_of("mail_action", n, kind=PREPEND, text=b"X: " + b"y" * 4000) *
        20 for n in range(1, 5000)))
    check("endless actions: refused", done and refused(peer, got))
    _, done = pump(peer, frames("mail_action", 100000, kind=99), False)
    check("unknown actions: taken", done)
    watch.end("endless actions", ENVELOPES)
    peer.close()

    peer = at(suite, "private/cleanup", b"smtpd", 12)
    got, done = pump(peer, (
        frame_of("mail_open", n) + frame_of("mail_rcpt", n, address=b"a@b") +
        frame_of("mail_data", n, bytes=b"X: " + b"y" * 30000) * 3
        for n in range(1, 2000)))
    check("half headers: refused", done and refused(peer, got))
    watch.end("half headers", ENVELOPES)
    peer.close()

    peer = at(suite, "private/cleanup", b"smtpd", 13)
    got, done = pump(peer, [
        frame_of("mail_open", 1) + frame_of("mail_rcpt", 1, address=b"a@b")] +
        [frame_of("mail_data", 1, bytes=b"x" * 32000)] * 1000)
    check("content without end: 552", done and refused(peer, got, b"5.3.4"))
    peer.close()
    peer = at(suite, "private/cleanup", b"smtpd", 14)
    pump(peer, [frame_of("mail_open", 1) * 2])
    check("opened twice: hung up", is_closed(peer))
    peer = at(suite, "private/cleanup", b"smtpd", 15)
    _, done = pump(peer, (a + b for a, b in zip(
        frames("mail_open", 500000), frames("mail_abort", 500000))), False,
        0.5)
    check("nothing read: not taken for ever", not done)
    watch.end("smtpd", ENVELOPES)
    peer.close()


def questions(suite, watch):
    """smtpd, broken into, asks lookup."""
    peer = at(suite, "private/lookup", b"smtpd", 20)
    _, done = pump(peer, frames("judge", 2000000, stage=3, recipient=b"a@b",
                                client_addr=b"192.0.2.1"), False, 0.5)
    check("no answer read: not asked for ever", not done)
    peer.close()
    peer = at(suite, "private/lookup", b"smtpd", 21)
    for field in ("client_addr", "client_name", "helo", "sender",
                  "recipient"):
        _, done = pump(peer, frames("judge", 1000, stage=3,
                                    **{field: b"@%!.[" * 800}))
        check("strange %s: taken" % field, done)
    got, done = pump(peer, frames("judge", 1000, stage=99))
    check("stages that are none: answered", done and (
        b"4.3.5" in got or b"4.3.5" in answers(peer, b"4.3.5")))
    _, done = pump(peer, frames("leave", 100000, client_addr=b"192.0.2.1"))
    check("who leaves was never there: taken", done)
    peer.close()
    for role, message in ((b"smtpd", "route"), (b"smtpd", "rewrite"),
                          (b"cleanup", "judge"), (b"smtpd", "tls_site")):
        peer = at(suite, "private/lookup", role, 22)
        pump(peer, [frame_of(message)])
        check("%s by %s: hung up" % (message, role.decode()),
              is_closed(peer))
    peer = at(suite, "private/lookup", b"cleanup", 23)
    for junk_list in (b"", b"\xff" * 30000, b"\0\0\0\1x" * 6000):
        pump(peer, [frame_of("rewrite", 1, addresses=junk_list)])
    peer.close()
    peer = at(suite, "private/lookup", b"smtp", 24)
    for nexthop in (b"", b"." * 4000, b"[" * 4000, b"a." * 2000):
        _, done = pump(peer, frames("tls_site", 500, nexthop=nexthop))
        check("strange next hops: taken", done)
    watch.end("questions", ENVELOPES)
    peer.close()


def logins(suite, watch):
    """smtpd, broken into, asks auth."""
    peer = at(suite, "private/auth", b"smtpd", 30)
    got, done = pump(peer, frames("auth_begin", 5000, mechanism=b"LOGIN",
                                  client_addr=b"192.0.2.1"))
    got += answers(peer, b"too many attempts")
    check("5,000 attempts: some are begun, the others are refused",
          done and b"too many attempts at a time" in got)
    other = at(suite, "private/auth", b"smtpd", 31)
    pump(other, [frame_of("auth_begin", 1, mechanism=b"LOGIN")])
    code = frame_of("auth_challenge")[4:6]
    check("while they last, another smtpd is served",
          code in answers(other, code))
    watch.end("5,000 attempts", ENVELOPES)
    peer.close()
    other.close()

    peer = at(suite, "private/auth", b"smtpd", 32)
    pump(peer, [frame_of("auth_begin", n, mechanism=text) for n, text in
                enumerate((b"", b"x" * 4000, b"A B", b"../../x", b"%s%n"))])
    pump(peer, frames("auth_answer", 1000, response=b"x"))
    pump(peer, frames("auth_abort", 1000))
    _, done = pump(peer, frames("auth_list", 3000))
    check("3,000 lists: taken", done and not is_closed(peer, 0.3))
    peer.close()
    for name in ("client_addr", "server_addr", "external", "binding_name",
                 "binding", "response"):
        peer = at(suite, "private/auth", b"smtpd", 39)
        _, done = pump(peer, frames("auth_begin", 500, mechanism=b"PLAIN",
                                    flags=3, **{name: b"@;%\"[" * 800}))
        check("auth_begin with a strange %s: taken" % name,
              done and not is_closed(peer, 0.1))
        peer.close()
    peer = at(suite, "private/auth", b"smtpd", 33)
    _, done = pump(peer, frames("auth_list", 2000000), False, 0.5)
    check("no list read: not told for ever", not done)
    peer.close()
    peer = at(suite, "private/auth", b"smtpd", 34)
    pump(peer, [frame_of("auth_begin", 1, mechanism=b"LOGIN") * 2])
    check("begun twice: hung up", is_closed(peer))
    peer = at(suite, "private/auth", b"smtpd", 35)
    pump(peer, [frame_of("auth_begin", 1, mechanism=b"LOGIN")])
    answers(peer, code)
    pump(peer, [frame_of("auth_answer", 1, response=b"x") * 2])
    check("answered twice: hung up", is_closed(peer))
    for role in (b"cleanup", b"qmgr", b"smtp", b"lookup"):
        peer = at(suite, "private/auth", role, 36)
        check("auth has nothing to say to %s" % role.decode(),
              is_closed(peer))
    # smtp asks for passwords; nobody else does.
    peer = at(suite, "private/lookup", b"smtp", 37)
    _, done = pump(peer, frames("login_ask", 5000, host=b"a" * 4000))
    check("5,000 questions for passwords: taken", done)
    peer.close()
    peer = at(suite, "private/lookup", b"smtpd", 38)
    pump(peer, [frame_of("login_ask", 1, host=b"a")])
    check("a password for smtpd: hung up", is_closed(peer))
    watch.end("logins", ENVELOPES)


def opens(first_id, many):
    """queue_open frames, fast: each has another queue id."""
    whole = frame_of("queue_open")
    head, rest = whole[:6], whole[18:]
    for start in range(1, many + 1, 1000):
        yield b"".join(head + struct.pack(">IQ", n, first_id + n) + rest
                       for n in range(start, start + 1000))


def cleanup(suite, watch):
    queued = listing(suite)
    peer = at(suite, "private/qmgr", b"cleanup", 20)
    now = int(time.time() * 1e6) << 12
    got, done = pump(peer, opens(now, 1000000), patience=10)
    check("queue: 1,000,000 messages: refused", done and refused(peer, got))
    watch.end("queue: 1,000,000 messages", ENVELOPES)
    peer.close()

    peer = at(suite, "private/qmgr", b"cleanup", 21)
    got, done = pump(peer, [frame_of("queue_open", 1, queue_id=now)] + [
        frame_of("queue_rcpt", 1, address=b"a" * 200) * 1000] * 600)
    check("queue: endless recipients: refused", done and refused(peer, got))
    watch.end("queue: endless recipients", ENVELOPES)
    peer.close()

    peer = at(suite, "private/qmgr", b"cleanup", 25)
    got, done = pump(peer, [frame_of("queue_open", 1, queue_id=now)] + [
        frame_of("queue_fate", 1, reason=b"x" * 4000, filter=b"y" * 4000) *
        1000] * 30)
    check("queue: endless fates: refused", done and refused(peer, got))
    watch.end("queue: endless fates", ENVELOPES)
    peer.close()

    peer = at(suite, "private/qmgr", b"cleanup", 26)
    got, done = pump(peer, [
        frame_of("queue_open", 1, queue_id=now) +
        frame_of("queue_rcpt", 1, address=b"a@b") * 50000 +
        frame_of("queue_fate", 1, filter=b"y" * 4000) +
        frame_of("queue_close", 1, size=0)])
    check("queue: long filters: refused", done and refused(peer, got))
    watch.end("queue: long filters", ENVELOPES)
    peer.close()

    peer = at(suite, "private/qmgr", b"cleanup", 22)
    data = payload_of("queue_data", bytes=b"x" * 32000)
    got, done = pump(peer, (
        frame_of("queue_open", n, queue_id=now + n) +
        frame(CODES["queue_data"], n, data) * (1 + (n < 1500))
        for n in range(1, 18000)), patience=10)
    check("queue: much content: refused", done and refused(peer, got))
    watch.end("queue: much content", CONTENT)
    peer.close()

    for name, queue_id in (("of the future", 2 ** 64 - 1),
                           ("in use", id_of(queued[0]["queue_id"]))):
        peer = at(suite, "private/qmgr", b"cleanup", 23)
        pump(peer, [frame_of("queue_open", 1, queue_id=queue_id) +
                    frame_of("queue_rcpt", 1, address=b"thief@b") +
                    frame_of("queue_data", 1, bytes=b"x" * 32000) * 5 +
                    frame_of("queue_close", 1, size=160000)])
        check("queue: an id %s: hung up" % name, is_closed(peer))
    check("queue: the message is as it was", listing(suite) == queued and
          "u1@d.example" in tool(suite, "terncat", "-q",
                                 queued[0]["queue_id"]).stdout)
    peer = at(suite, "private/qmgr", b"cleanup", 24)
    pump(peer, [frame_of("queue_open", 1, queue_id=now) * 2])
    check("queue: opened twice: hung up", is_closed(peer))
    watch.end("cleanup", CONTENT)


def id_of(text):
    """The number of a queue id (mail/queue_id.h)."""
    digits = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"

    def value(part, base):
        number = 0
        for letter in part:
            number = number * base + digits.index(letter)
        return number
    when, slot = text.rsplit("z", 1)
    return (value(when[:-4], 52) * 1000000 + value(when[-4:], 52)) << 12 | \
        value(slot, 51)


def agent(suite, watch):
    queued = listing(suite)
    held = id_of(queued[0]["queue_id"])
    peer = at(suite, "private/qmgr", b"smtp", 30)
    pump(peer, (frame_of("agent_holds", 1, queue_id=n + 1, job=n)
                for n in range(200000)))
    check("endless holds: hung up", is_closed(peer))
    peer = at(suite, "private/qmgr", b"smtp", 31)
    pump(peer, [frame_of("agent_ready", 0, transport=b"none") +
                frame_of("agent_holds", 1, queue_id=5)])
    check("holds when it is ready: hung up", is_closed(peer))
    peer = at(suite, "private/qmgr", b"smtp", 32)
    pump(peer, [frame_of("agent_ready", 0, transport=b"t%d" % n)
                for n in range(1000)])
    check("ever other transports: hung up", is_closed(peer))
    for number, (name, transport) in enumerate((
            (b"smtp", b"bounce"), (b"bounce", b"smtp")), 36):
        peer = at(suite, "private/qmgr", name, number)
        pump(peer, [frame_of("agent_ready", 0, transport=transport,
                             capacity=10)])
        check("%s for the transport %s: hung up" % (
            name.decode(), transport.decode()), is_closed(peer))
    peer = at(suite, "private/cleanup", b"smtp", 38)
    pump(peer, [frame_of("mail_open", 1)])
    check("smtp makes no mail: hung up", is_closed(peer))
    peer = at(suite, "private/qmgr", b"smtp", 33)
    pump(peer, [frame_of("content_get", 1, queue_id=held)])
    got = answers(peer, frame_of("deliver_data")[4:6])
    check("content of another's message: none",
          frame_of("deliver_data", 1) in got, got)
    for message in ("deliver_result", "deliver_done"):
        _, done = pump(peer, frames(message, 200000, queue_id=held,
                                    text=b"x" * 100))
        check("%s for another's message: nothing" % message, done)
    check("it is as it was", listing(suite) == queued)
    peer = at(suite, "private/qmgr", b"smtp", 34)
    pump(peer, [frame_of("agent_holds", 1, queue_id=held)])
    _, done = pump(peer, frames("content_get", 1000000, queue_id=held), False,
                   0.5)
    check("chunks, nothing read: not taken for ever", not done)
    watch.end("agent", CONTENT)
    peer.close()
    peer = at(suite, "private/qmgr", b"smtp", 35)
    pump(peer, [frame_of("agent_ready", 0, transport=b"other",
                         capacity=2 ** 32 - 1)])
    watch.end("an agent for everything", CONTENT)


# ---- the lock -------------------------------------------------------------

def locks(suite):
    """What any user can open, and so lock, keeps nobody from anything."""
    with user(STRANGER):
        held = open(os.path.join(suite.dir, "spool/pid/master.pid"))
    fcntl.flock(held, fcntl.LOCK_EX)
    line = command(suite, "tern", "status")
    check("lock: tern status", os.system(" ".join(line) + " >/dev/null") == 0)
    check("lock: the suite stops", suite.stop().returncode == 0)
    check("lock: the tools have the queue", len(listing(suite)) > 0)
    check("lock: the suite starts", suite.tern("start").returncode == 0)
    held.close()
    with user(STRANGER):
        for name in ("db", "db/lock", "private"):
            try:
                os.open(os.path.join(suite.dir, "spool", name), os.O_RDONLY)
                check("lock: %s is closed to others" % name, False)
            except PermissionError:
                pass


# ---- all of it ------------------------------------------------------------

def attacks(options):
    suite = Suite(options.bin, options.port, options.port + 1, {
        "smtpd_sasl_auth_enable": "yes",
        "smtpd_sasl_security_options": "noanonymous",
        "auth_failure_delay": "0s"})
    os.chmod(suite.dir, 0o755)
    with open(os.path.join(suite.etc, "main.cf"), "a") as f:
        f.write("cyrus_sasl_config_path = %s\n" %
                sasldb.make(os.path.join(suite.dir, "sasl")))
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
    suite.start()
    send(suite, "-m", "300", "-t", "u%m@d.example")
    tool(suite, "ternsuper", "-h", "ALL")
    check("300 messages are on hold", wait_for(
        lambda: [m["queue_name"] for m in listing(suite)] == ["hold"] * 300))
    suite.start_sink()
    # The next server was away: it is tried again soon.
    send(suite, "-m", "1")
    check("one is delivered", suite.wait_log("status=sent", 20))
    silent = [connect(suite, "private/cleanup") for _ in range(MANY)]
    silent += [connect(suite, "private/qmgr") for _ in range(100)]
    began = time.monotonic()
    is_root = os.getuid() == 0
    watch = Watch(suite)
    if is_root:
        stranger(suite, watch)
    else:
        print("LEFT OUT: a stranger: it takes root to be another user")
    many_processes(suite, watch)
    smtpd(suite, watch)
    questions(suite, watch)
    logins(suite, watch)
    cleanup(suite, watch)
    agent(suite, watch)
    time.sleep(max(0, 10.5 - (time.monotonic() - began)))
    check("who says no HELLO does not stay", all(
        is_closed(s, 0.5) for s in silent))
    if is_root:
        locks(suite)
    check("no trouble in the log", not suite.count_log(
        "panic:|fatal:|Sanitizer|runtime error"))
    suite.close()


if __name__ == "__main__":
    sys.exit(run("local", {"attacks": attacks}))
