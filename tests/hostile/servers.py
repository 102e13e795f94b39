#!/usr/bin/env python3
"""The SMTP client against servers that behave badly.

usage: servers.py BINDIR [-p PORT] [-q] [name...]

Each bad server gets one message.  What must come of it: the right log line,
the same smtp process with bounded memory, and the message delivered once by
the good server that follows, or rightly not at all.  The last line is
"hostile: N passed, M failed".
"""

import argparse
import os
import re
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
from ports import first_port                                # noqa: E402
from private_suite import Suite                             # noqa: E402

GREET = b"220 bad.example ESMTP\r\n"
EHLO = b"250-bad.example\r\n250 8BITMIME\r\n"
PIPE = b"250-bad.example\r\n250 PIPELINING\r\n"
SLOW = 1000000              # bytes a second
HURRIED = ("too_slow", "hurried")     # with smtp_per_request_deadline
BOTH = ("good", "never_reads", "pix")
LARGE = ("hurried", "never_reads", "takes_slowly", "too_slow")
TOLD = {"liar": "announces PIPELINING but loses replies",
        "pix": "enabling PIX workarounds: disable_esmtp delay_dotcrlf for "}
RSS_LIMIT_KB = 400000       # with the sanitizers; a leak of junk is larger


class Peer:
    """One connection of the client."""

    def __init__(self, s, box):
        self.s, self.f, self.box = s, s.makefile("rb"), box

    def say(self, *replies):
        for reply in replies:
            self.s.sendall(reply)

    def hear(self):
        line = self.f.readline(4096)
        if not line:
            raise EOFError
        return line

    def body(self):
        lines = []
        while True:
            line = self.f.readline()
            if not line:
                raise EOFError
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line)

    def greet(self, ehlo=EHLO):
        self.say(GREET)
        self.hear()
        self.say(ehlo)

    def to_data(self, ehlo=EHLO):
        """Everything up to the reply to DATA, which is not given."""
        self.greet(ehlo)
        while not self.hear().upper().startswith(b"DATA"):
            self.say(b"250 ok\r\n")


def good(p):
    p.greet()
    while True:
        line = p.hear().upper()
        if line.startswith(b"DATA"):
            p.say(b"354 go\r\n")
            p.box.append(p.body())
        elif line.startswith(b"QUIT"):
            p.say(b"221 bye\r\n")
            return
        p.say(b"250 2.0.0 taken\r\n")


def silent(_p):
    time.sleep(4)


def say_at(step, reply, ehlo=EHLO):
    """This reply to that command, the usual one to the others."""
    def run(p):
        if step == "GREET":
            p.say(reply)
            p.f.read()
            return
        p.say(GREET)
        while True:
            line = p.hear().upper()
            if line.startswith(step.encode()):
                p.say(reply)
            elif line.startswith(b"EHLO"):
                p.say(ehlo)
            elif line.startswith(b"DATA"):
                p.say(b"354 go\r\n")
                p.body()
                p.say(reply if step == "DOT" else b"250 ok\r\n")
            else:
                p.say(b"250 ok\r\n")
    return run


def hang_at(step):
    return say_at(step, b"")


def close_at(step):
    def run(p):
        if step == "GREET":
            return
        p.say(GREET)
        while True:
            line = p.hear().upper()
            if line.startswith(step.encode()):
                return
            if line.startswith(b"EHLO"):
                p.say(EHLO)
            elif line.startswith(b"DATA"):
                p.say(b"354 go\r\n")
                if step == "BODY":
                    return
                p.body()
                return
            else:
                p.say(b"250 ok\r\n")
    return run


def all_at_once(p):
    p.say(GREET + b"250 ok\r\n" * 3 + b"354 go\r\n250 taken\r\n")
    p.f.read()


def early_dot(p):
    p.to_data()
    p.say(b"354 go\r\n250 2.0.0 taken already\r\n")
    p.f.read()


def junk(p):
    p.s.settimeout(5)
    p.say(b"\x00\xff\x1b[31m junk" * 8000)
    p.f.read()


def endless_line(p):
    while True:
        p.say(b"220" + b"x" * 10000)


def endless_lines(p):
    while True:
        p.say(b"220-and so on\r\n" * 100)


def trickle(p):
    """A byte now and then must not hold the client for ever."""
    for _ in range(40):
        p.say(b"2")
        time.sleep(0.3)


def never_reads(p):
    p.to_data()
    p.say(b"354 go\r\n")
    time.sleep(6)


def takes_slowly(rate):
    """So many bytes a second, in small steps."""
    def run(p):
        p.to_data()
        p.say(b"354 go\r\n")
        got, tail, began = [], b"", time.monotonic()
        taken = 0
        while not tail.endswith(b"\r\n.\r\n"):
            ahead = taken / rate - (time.monotonic() - began)
            if ahead > 0:
                time.sleep(ahead)
            data = p.s.recv(rate // 20)
            if not data:
                raise EOFError
            taken += len(data)
            got.append(data)
            tail = (tail + data)[-5:]
        p.box.append(b"".join(got))
        p.say(b"250 2.0.0 taken\r\n")
        p.f.read()
    return run


def lies_about_pipelining(p):
    """Announced, but what came with the first command is thrown away."""
    p.greet(PIPE)
    p.s.recv(65536)
    p.say(b"250 ok\r\n")
    p.f.read()


def liar(p):
    """Announced always, but only the first command of a group is seen."""
    p.greet(PIPE)
    while True:
        line = p.s.recv(65536).upper()
        if line == b"":
            return
        if line.startswith(b"DATA"):
            p.say(b"354 go\r\n")
            p.box.append(p.body())
        p.say(b"250 2.0.0 ok\r\n")


def lone_dot(p):
    """All recipients refused, DATA accepted: an empty message (RFC 2920)."""
    p.greet(PIPE)
    for line in iter(p.hear, b""):
        if line.upper().startswith(b"RCPT"):
            p.say(b"450 4.2.1 not now\r\n")
        elif line.upper().startswith(b"DATA"):
            p.say(b"354 go\r\n")
            if p.body() != b"":
                p.box.append(b"content for nobody")
            p.say(b"250 ok\r\n")
        else:
            p.say(b"250 ok\r\n")


def slow_but_right(p):
    """Each reply a byte at a time."""
    def drip(reply):
        for i in range(len(reply)):
            p.say(reply[i:i + 1])
            time.sleep(0.001)
    drip(GREET)
    while True:
        line = p.hear().upper()
        if line.startswith(b"DATA"):
            drip(b"354 go\r\n")
            p.box.append(p.body())
        drip(EHLO if line.startswith(b"EHLO") else b"250 2.0.0 ok\r\n")


def bare_lf(p):
    p.say(b"220 bad\n")
    while True:
        line = p.hear().upper()
        if line.startswith(b"DATA"):
            p.say(b"354 go\n")
            p.box.append(p.body())
        p.say(b"250 2.0.0 \xfcber\x07 ok\n")


def other_3xx(p):
    """Go on, in other words: the content is sent, not an empty message."""
    p.to_data()
    p.say(b"353 go\r\n")
    p.box.append(p.body())
    p.say(b"250 2.0.0 ok\r\n")
    p.f.read()


def no_ehlo(p):
    p.say(GREET)
    p.hear()
    p.say(b"502 what?\r\n")
    while True:
        line = p.hear().upper()
        if line.startswith(b"DATA"):
            p.say(b"354 go\r\n")
            p.box.append(p.body())
        p.say(b"250 2.0.0 ok\r\n")


def pix(p):
    """Behind a firewall: EHLO is an end, and the dot is lost when lines
    come with it.  A pause of more than smtp_data_xfer_timeout is ours."""
    p.say(b"220 ************************0*2******0*00\r\n")
    for line in iter(p.hear, b"DATA\r\n"):
        if line.upper().startswith(b"EHLO"):
            return
        p.say(b"250 ok\r\n")
    p.say(b"354 go\r\n")
    text, piece, last = b"", b"", time.monotonic()
    while True:
        piece, before = p.s.recv(65536), last
        last = time.monotonic()
        if not piece or (text + piece).endswith(b"\r\n.\r\n"):
            break
        text += piece
    if piece == b".\r\n" and last - before > 1.8:
        p.box.append(text)
        p.say(b"250 2.0.0 taken\r\n")
    p.f.read()


# name: server, status, pattern in the reason, in the quick run
CASES = {
    "good": (good, "sent", r"250 2\.0\.0 taken", True),
    "slow": (slow_but_right, "sent", r"250 2\.0\.0", True),
    "bare_lf": (bare_lf, "sent", r"250 2\.0\.0 \?ber\? ok", True),
    "no_ehlo": (no_ehlo, "sent", r"250 2\.0\.0", True),
    "pix": (pix, "sent", r"250 2\.0\.0 taken", True),
    "large_size": (say_at("NEVER", b"", b"250-x\r\n250 SIZE 99999999999999999"
                          b"999999999\r\n"), "sent", r"250 ok", False),
    "silent": (silent, "deferred", "timed out while receiving the initial",
               False),
    "all_at_once": (all_at_once, "deferred", "unexpected reply", True),
    "early_dot": (early_dot, "deferred", "unexpected reply", True),
    "junk": (junk, "deferred", "", True),
    "endless_line": (endless_line, "deferred", "too long", True),
    "endless_lines": (endless_lines, "deferred", "too long", True),
    "trickle": (trickle, "deferred", "timed out", False),
    "never_reads": (never_reads, "deferred", "timed out", False),
    "takes_slowly": (takes_slowly(SLOW), "sent", r"250 2\.0\.0", True),
    "too_slow": (takes_slowly(SLOW), "deferred",
                 "timed out while sending message body", True),
    "hurried": (takes_slowly(SLOW * 8), "sent", r"250 2\.0\.0", True),
    "lies_about_pipelining": (lies_about_pipelining, "deferred",
                              "timed out", False),
    "lone_dot": (lone_dot, "deferred", r"in reply to RCPT TO", True),
    "250_to_data": (say_at("DATA", b"250 ok\r\n"), "deferred",
                    "unexpected reply", True),
    "353_to_data": (other_3xx, "sent", r"250 2\.0\.0", False),
    "354_to_rcpt": (say_at("RCPT", b"354 go\r\n"), "deferred",
                    "unexpected reply", True),
    "354_to_mail": (say_at("MAIL", b"354 go\r\n"), "deferred",
                    "unexpected reply", False),
    "354_to_dot": (say_at("DOT", b"354 go\r\n"), "deferred",
                   "unexpected reply", False),
    "double_mail": (say_at("MAIL", b"250 ok\r\n250 ok\r\n"), "deferred",
                    "unexpected reply", False),
    "5xx_greeting": (say_at("GREET", b"554 go away\r\n"), "deferred",
                     "refused to talk to me: 554", True),
    "mixed_codes": (say_at("MAIL", b"250-a\r\n550 b\r\n"), "deferred",
                    "mixed codes", False),
    "loop": (say_at("NEVER", b"", b"250 tern.example\r\n"), "bounced",
             "loops back to myself", False),
    "550_rcpt": (say_at("RCPT", b"550 5.1.1 no\r\n"), "bounced",
                 r"said: 550 5\.1\.1 no \(in reply to RCPT TO", True),
    "552_dot": (say_at("DOT", b"552 5.3.4 big\r\n"), "bounced",
                r"in reply to end of DATA", False),
}
for _step, _doing in (("GREET", "receiving the initial"), ("EHLO", "performing the EHLO"),
                      ("MAIL", "sending MAIL FROM"),
                      ("RCPT", "sending RCPT TO"),
                      ("DATA", "sending DATA"), ("BODY", "sending"),
                      ("DOT", "sending end of data")):
    CASES["close_" + _step] = (close_at(_step), "deferred",
                               "lost connection with .* while .*" + _doing,
                               _step in ("EHLO", "DOT"))
    if _step != "BODY":
        CASES["421_" + _step] = (say_at(_step, b"421 4.3.2 down\r\n"),
                                 "deferred", "421 4.3.2 down",
                                 _step == "MAIL")
for _step in ("EHLO", "MAIL", "RCPT", "DATA", "DOT"):
    CASES["hang_" + _step] = (hang_at(_step), "deferred", "timed out while",
                              False)
# The last: from now on nobody here gets groups of commands.
CASES["liar"] = (liar, "sent", r"250 2\.0\.0 ok", True)


class Server:
    def __init__(self, port):
        self.run, self.box, self.open = good, [], []
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        # The kernels keep little for a server that reads slowly.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                s = self.listener.accept()[0]
            except OSError:
                return
            self.open.append(s)
            threading.Thread(target=self.serve, args=(s, self.run),
                             daemon=True).start()

    def serve(self, s, run):
        s.settimeout(10)
        try:
            run(Peer(s, self.box))
        except (OSError, EOFError, ValueError):
            pass
        finally:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def change(self, run):
        """From now on; old connections end."""
        self.run, self.box, old = run, [], self.open
        self.open = []
        for s in old:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


    def close(self):
        self.change(silent)
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()


def send(port, mark, size):
    s = socket.create_connection(("127.0.0.1", port), 10)
    f = s.makefile("rwb")
    f.readline()
    for line in (b"HELO t", b"MAIL FROM:<a@a.example>",
                 b"RCPT TO:<b@b.example>", b"DATA"):
        f.write(line + b"\r\n")
        f.flush()
        reply = f.readline()
    f.write(b"Subject: " + mark.encode() + b"\r\n\r\n" +
            (b"x" * 70 + b"\r\n") * size + b".\r\n")
    f.flush()
    reply = f.readline()
    s.close()
    return re.search(rb"queued as (\w+)", reply).group(1).decode()


def smtp_process(suite):
    with open(os.path.join(suite.dir, "spool", "pid", "master.pid")) as f:
        master = f.readline().strip()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/status" % pid) as f:
                status = f.read()
        except OSError:
            continue
        if re.search(r"^Name:\tsmtp$", status, re.M) and \
                re.search(r"^PPid:\t%s$" % master, status, re.M):
            return pid, int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
    return None, 0


def wait(what, seconds):
    end = time.time() + seconds
    while time.time() < end:
        got = what()
        if got:
            return got
        time.sleep(0.05)
    return None


def log_line(suite, queue_id, status):
    def look():
        with open(suite.log, errors="surrogateescape") as f:
            found = [l for l in f if queue_id + ": to=<" in l and
                     (not status or "status=" + status in l)]
        return found[-1] if found else None
    return look


# O11, with the reason in parentheses at the end
SHAPE = re.compile(r": to=<b@b\.example>, relay=(none|\S+\[127\.0\.0\.1\]:\d+)"
                   r"(, conn_use=\d+)?, delay=[\d.]+, delays=[\d.]+/[\d.]+/"
                   r"[\d.]+/[\d.]+(?:, tls=!?[\w:-]+\??)?, dsn=([245])\.\d+\."
                   r"\d+, status=\w+ \(.*\)$")
CLASS = {"sent": "2", "deferred": "4", "bounced": "5"}


def check(suite, server, name, pid):
    run, status, reason, _ = CASES[name]
    server.change(run)
    queue_id = send(suite.port, name, 60000 if name in LARGE else 5)
    line = wait(log_line(suite, queue_id, None), 10)
    if line is None:
        return "no log line"
    shape = SHAPE.search(line.rstrip("\n"))
    if shape is None or shape.group(3) != CLASS[status]:
        return "bad line: " + line
    if "status=" + status not in line or not re.search(reason, line):
        return "unexpected line: " + line
    # 421 after RCPT etc.: content that was kept twice would be a twin.
    early = [m for m in server.box if name.encode() in m]
    if len(early) != (status == "sent" and run is not CASES.get(
            "large_size")[0]):
        return "the bad server has %d copies" % len(early)
    if name in TOLD and not suite.count_log(TOLD[name]):
        return "it is not told"
    if b"content for nobody" in server.box:
        return "content for nobody"
    now, rss = smtp_process(suite)
    if now != pid:
        return "smtp died: %s, was %s" % (now, pid)
    if rss > RSS_LIMIT_KB:
        return "smtp has %d KB" % rss
    if status != "deferred":
        return None
    server.change(good)
    time.sleep(0.1)
    suite.tern("flush")
    if wait(log_line(suite, queue_id, "sent"), 10) is None:
        return "not delivered afterwards"
    count = len([m for m in server.box if name.encode() in m])
    return None if count == 1 else "delivered %d times" % count


def check_deaf(suite, server):
    """No room for a connection: smtp_connect_timeout."""
    server.close()
    address = ("127.0.0.1", suite.sink_port)
    crowd = []
    with socket.create_server(address, backlog=0):
        for _ in range(3):
            crowd.append(socket.socket())
            crowd[-1].setblocking(False)
            crowd[-1].connect_ex(address)
        began = time.monotonic()
        queue_id = send(suite.port, "deaf", 5)
        line = wait(log_line(suite, queue_id, "deferred"), 10) or ""
        took = time.monotonic() - began
    for s in crowd:
        s.close()
    good = "Connection timed out" in line and 0.9 < took < 5
    return None if good else "%.1f s: %s" % (took, line)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bindir")
    parser.add_argument("-p", type=int, default=first_port("servers"))
    parser.add_argument("-q", action="store_true")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    rounds = [{}, {"smtp_per_request_deadline": "yes",
                   "smtp_min_data_rate": str(SLOW * 4)}]
    passed = failed = 0
    for more in rounds:
        names = args.names or \
            [n for n in CASES if (CASES[n][3] or not args.q)] + ["deaf"]
        names = [n for n in names if (n in HURRIED) == (more != {}) or
                 n in BOTH]
        if names:
            got = run_round(args, more, names)
            passed, failed = passed + got[0], failed + got[1]
    print("hostile: %d passed, %d failed" % (passed, failed))
    return failed != 0


def run_round(args, more, names):
    short = ("connect helo mail rcpt data_init data_xfer rset "
             "quit").split()
    suite = Suite(args.bindir, args.p, args.p + 1, dict(
        {"smtp_%s_timeout" % name: "1s" for name in short},
        smtp_data_done_timeout="4s", smtp_pix_workaround_threshold_time="0s",
        smtp_pix_workaround_delay_time="2s", maximal_backoff_time="1s", queue_run_delay="1s", **more))
    server = Server(args.p + 1)
    passed = failed = 0
    try:
        suite.start()
        pid = wait(lambda: smtp_process(suite)[0], 10)
        for name in names:
            why = check_deaf(suite, server) if name == "deaf" else \
                check(suite, server, name, pid)
            passed, failed = passed + (why is None), failed + (why is not None)
            if why is not None:
                print("hostile: FAILED: %s: %s" % (name, why), flush=True)
        with open(suite.log, errors="replace") as f:
            text = f.read()
        if re.search(r"panic:|fatal:|Sanitizer|runtime error", text):
            failed += 1
            print("hostile: FAILED: trouble in the log")
            print("\n".join(l for l in text.splitlines() if re.search(
                r"panic:|fatal:|Sanitizer|runtime error|    #", l)))
    finally:
        server.close()
        suite.close()
    return passed, failed


if __name__ == "__main__":
    sys.exit(main())
