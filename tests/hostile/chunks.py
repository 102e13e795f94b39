#!/usr/bin/env python3
"""Chunks of one byte, a million of them (T05).

usage: chunks.py BINDIR [-p port] [-n count]

They are answered in order and cost no memory, whether the client reads the
replies or not.  The last line is "chunks: N passed, M failed".
"""

import argparse
import os
import re
import select
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from ports import first_port                                # noqa: E402
from private_suite import Suite, wait_for                   # noqa: E402

results = []
# KB that one session may take; what is freed stays with the sanitizer.
BUDGET = 524288 if "ASAN_OPTIONS" in os.environ else 2048


def check(name, good, detail=""):
    results.append(bool(good))
    print("%s: %s%s" % ("ok" if good else "FAILED", name,
                        "" if good else ": %s" % (detail,)))


def peak(suite, program):
    """The most memory that it ever had, in KB."""
    most = 0
    for pid in suite.pids(program):
        with open("/proc/%d/status" % pid) as f:
            most = max(most, int(re.search(r"VmHWM:\s+(\d+)",
                                           f.read()).group(1)))
    return most


class Client:
    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.sock.makefile("rb")

    def say(self, text):
        self.sock.sendall(text)

    def expect(self, start):
        line = self.file.readline()
        while line[3:4] == b"-":
            line = self.file.readline()
        if not line.startswith(start):
            raise RuntimeError("got %r, expected %r" % (line, start))
        return line

    def envelope(self):
        self.say(b"MAIL FROM:<a@c.example>\r\nRCPT TO:<b@d.example>\r\n")
        self.expect(b"250")
        self.expect(b"250")

    def hello(self):
        self.expect(b"220")
        self.say(b"EHLO c.example\r\n")
        self.expect(b"250")


def warm_up(suite):
    """A session like the others, so that what all need is there."""
    client = Client(suite.port)
    client.hello()
    client.envelope()
    client.say(b"BDAT 60000\r\n" + (b"x" * 58 + b"\r\n") * 1000 +
               b"BDAT 0 LAST\r\nQUIT\r\n")
    for code in (b"250 2.0.0 Ok: 60000", b"250 2.0.0 Ok: queued", b"221"):
        client.expect(code)


def exchange(sock, data):
    """Send it and read meanwhile; all that came."""
    got, view = [], memoryview(data)
    sock.setblocking(False)
    end = time.monotonic() + 100
    while len(view) > 0 and time.monotonic() < end:
        readable, writable, _ = select.select([sock], [sock], [], 10)
        if readable:
            got.append(sock.recv(1 << 20))
        if writable:
            view = view[sock.send(view[:1 << 18]):]
    sock.setblocking(True)
    return b"".join(got), len(view)


def read_replies(suite, count):
    """The sizes differ, so that the order is seen."""
    client = Client(suite.port)
    client.hello()
    client.envelope()
    before = peak(suite, "smtpd")
    sizes = [1 + (i * 7919) % 2 for i in range(count)]
    data = b"".join(b"BDAT %d\r\n%s" % (n, b"\r\n"[:n]) for n in sizes)
    got, left = exchange(client.sock, data)
    check("all are taken", left == 0, "%d bytes are not" % left)
    client.say(b"BDAT 0 LAST\r\nQUIT\r\n")
    got += client.file.read()
    want = b"".join(b"250 2.0.0 Ok: %d bytes\r\n" % n for n in sizes)
    check("answered in order", got.startswith(want))
    check("the message is accepted",
          got[len(want):].startswith(b"250 2.0.0 Ok: queued as "),
          got[len(want):][:200])
    grown = peak(suite, "smtpd") - before
    check("they cost no memory", grown < BUDGET, "%d KB" % grown)


def read_nothing(suite, count):
    """The server stops to read when nobody reads its replies."""
    client = Client(suite.port)
    client.hello()
    client.envelope()
    before = peak(suite, "smtpd")
    client.sock.setblocking(False)
    view = memoryview(b"BDAT 1\r\nx" * count)
    while select.select([], [client.sock], [], 2)[1] and len(view) > 0:
        view = view[client.sock.send(view[:1 << 18]):]
    check("it does not read for ever", len(view) > 0)
    grown = peak(suite, "smtpd") - before
    check("replies that are not read cost little", grown < BUDGET,
          "%d KB" % grown)
    client.sock.close()


def refused(suite, count):
    """Without a transaction: one error, then junk, then the end."""
    client = Client(suite.port)
    client.hello()
    before = peak(suite, "smtpd")
    client.sock.setblocking(True)
    try:
        client.say(b"BDAT 1\r\nx" * (count // 10))
    except OSError:
        pass        # it has hung up
    lines = []
    try:
        lines = client.file.read().split(b"\r\n")
    except OSError:
        pass
    check("it ends with too many errors", lines == [] or
          lines[0].startswith(b"503 5.5.1") and
          lines[1].startswith(b"551 5.0.0 Discarded 1 bytes"), lines[:3])
    check("the log says why", wait_for(
        lambda: "too many errors after BDAT" in suite.log_text()))
    grown = peak(suite, "smtpd") - before
    check("refused ones cost no memory", grown < BUDGET, "%d KB" % grown)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("-p", dest="port", type=int,
                        default=first_port("chunks"))
    parser.add_argument("-n", dest="count", type=int, default=1000000)
    options = parser.parse_args()
    suite = Suite(options.bin, options.port, options.port + 1,
                  {"smtpd_error_sleep_time": "0s"})
    try:
        suite.start()
        suite.start_sink()
        wait_for(lambda: "client=" in suite.log_text(), 0.5)
        warm_up(suite)
        read_replies(suite, options.count)
        read_nothing(suite, options.count)
        refused(suite, options.count)
    finally:
        suite.close(not all(results))
    failed = results.count(False)
    print("chunks: %d passed, %d failed" % (len(results) - failed, failed))
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
