#!/usr/bin/env python3
"""Play SMTP conversations (*.talk) with the running suite.

usage: talk.py BINDIR [-v] [file...]

A conversation is lines:

    config: name = value    for main.cf; conversations with the same
                            settings share a suite
    C: text                 the client sends text CR LF
    R: text                 it sends text as it is: \\r \\n \\0 \\xNN \\\\
                            and {text*count} are expanded
    S: pattern              the server's next line; {any} is any text, {id}
                            a queue id; each pattern is a whole line
    E:                      the server closes the connection
    L: pattern              such a line is in the log (anywhere in it)
    ways: groups lines      play it in these ways only
    Q: count                so many messages arrived at the sink from here
    # comment

Every conversation is played three ways: each C: group in one write (as
much as the client may send before it must wait: up to the next S:), line
by line, and byte by byte.  The replies must be the same.  The last line is
"talk: N passed, M failed".
"""

import argparse
import glob
import os
import re
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from private_suite import Suite                             # noqa: E402

WAYS = ("groups", "lines", "bytes")


class Failure(Exception):
    pass


def unescape(text):
    """Bytes of an R: line."""
    def repeat(match):
        return match.group(1) * int(match.group(2))
    text = re.sub(r"\{([^{}*]+)\*(\d+)\}", repeat, text)
    out, i = bytearray(), 0
    simple = {"r": 13, "n": 10, "0": 0, "\\": 92, "t": 9}
    while i < len(text):
        if text[i] != "\\":
            out += text[i].encode("latin-1")
            i += 1
        elif text[i + 1] == "x":
            out.append(int(text[i + 2:i + 4], 16))
            i += 4
        else:
            out.append(simple[text[i + 1]])
            i += 2
    return bytes(out)


def to_regex(pattern):
    parts = re.split(r"(\{any\}|\{id\}|\{n\})", pattern)
    known = {"{any}": ".*", "{id}": "[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]+",
             "{n}": "[0-9]+"}
    return "".join(known.get(part, re.escape(part)) for part in parts)


class Talk:
    def __init__(self, path):
        self.name = os.path.basename(path)[:-5]
        self.config, self.steps, self.ways = {}, [], WAYS
        with open(path, encoding="latin-1") as f:
            for number, line in enumerate(f, 1):
                line = line.rstrip("\n")
                if not line.strip() or line.startswith("#"):
                    continue
                key, _, text = line.partition(":")
                text = text[1:] if text.startswith(" ") else text
                if key == "config":
                    name, _, value = text.partition("=")
                    self.config[name.strip()] = value.strip()
                elif key == "ways":
                    self.ways = text.split()
                elif key in ("C", "R", "S", "E", "L", "Q"):
                    self.steps.append((key, text, number))
                else:
                    raise Failure("%s:%d: what is %r?" % (path, number, key))


class Client:
    def __init__(self, port, way):
        self.way = way
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""
        self.buffer = b""

    def send(self, data):
        self.pending += data
        if self.way != "groups":
            self.flush()

    def flush(self):
        data, self.pending = self.pending, b""
        try:
            if self.way == "bytes" and len(data) <= 4096:
                for i in range(len(data)):
                    self.sock.sendall(data[i:i + 1])
            elif data:
                self.sock.sendall(data)
        except OSError:
            pass        # it has hung up: the next S: or E: will see

    def line(self):
        self.flush()
        while b"\n" not in self.buffer:
            try:
                got = self.sock.recv(65536)
            except socket.timeout:
                raise Failure("no reply within 20 s")
            except OSError:
                got = b""
            if not got:
                raise Failure("the server closed the connection")
            self.buffer += got
        line, self.buffer = self.buffer.split(b"\n", 1)
        if not line.endswith(b"\r"):
            raise Failure("reply without CR LF: %r" % line)
        return line[:-1].decode("latin-1")

    def expect_end(self):
        self.flush()
        if self.buffer:
            raise Failure("more than expected: %r" % self.buffer)
        try:
            got = self.sock.recv(65536)
        except socket.timeout:
            raise Failure("the server does not close the connection")
        except OSError:
            got = b""
        if got:
            raise Failure("more than expected: %r" % got)

    def close(self):
        self.flush()
        self.sock.close()


def arrivals(suite):
    """How many messages the sink has kept."""
    return len(os.listdir(os.path.join(suite.dir, "received")))


def wait_for(what, seconds=5):
    end = time.time() + seconds
    while time.time() < end:
        if what():
            return True
        time.sleep(0.02)
    return what()


def step_log(suite, start, pattern):
    regex = re.compile(to_regex(pattern))

    def found():
        return regex.search(suite.log_text()[start:])
    if not wait_for(found):
        raise Failure("not in the log: %s" % pattern)


def play(suite, talk, way):
    start = len(suite.log_text())
    before = arrivals(suite)
    client = Client(suite.port, way)
    try:
        for key, text, number in talk.steps:
            try:
                if key == "C":
                    client.send(text.encode("latin-1") + b"\r\n")
                elif key == "R":
                    client.send(unescape(text))
                elif key == "S":
                    got = client.line()
                    if not re.fullmatch(to_regex(text), got):
                        raise Failure("got %r, expected %r" % (got, text))
                elif key == "E":
                    client.expect_end()
                elif key == "L":
                    client.flush()
                    step_log(suite, start, text)
                elif key == "Q":
                    count = int(text)
                    wait_for(lambda: arrivals(suite) - before >= count)
                    if count == 0:
                        time.sleep(0.2)
                    if arrivals(suite) - before != count:
                        raise Failure("%d messages arrived, not %d" %
                                      (arrivals(suite) - before, count))
            except Failure as why:
                raise Failure("line %d: %s" % (number, why))
    finally:
        client.close()


def run(bin_dir, port, config, talks, verbose):
    """With one suite: (passed, failed)."""
    passed = failed = 0
    suite = Suite(bin_dir, port, port + 1, config)
    os.mkdir(os.path.join(suite.dir, "received"))
    try:
        suite.start()
        suite.start_sink("-D", os.path.join(suite.dir, "received"))
        for talk in talks:
            for way in talk.ways:
                try:
                    play(suite, talk, way)
                    passed += 1
                    if verbose:
                        print("ok: %s (%s)" % (talk.name, way))
                except Failure as why:
                    failed += 1
                    print("FAILED: %s (%s): %s" % (talk.name, way, why))
    finally:
        suite.close(failed > 0)
    return passed, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("files", nargs="*")
    parser.add_argument("-v", dest="verbose", action="store_true")
    parser.add_argument("-p", dest="port", type=int, default=23200)
    options = parser.parse_args()
    files = options.files or sorted(glob.glob(os.path.join(HERE, "*.talk")))
    groups = {}
    for path in files:
        talk = Talk(path)
        groups.setdefault(tuple(sorted(talk.config.items())), []).append(talk)
    passed = failed = 0
    for config, talks in groups.items():
        try:
            p, f = run(options.bin, options.port, dict(config), talks,
                       options.verbose)
        except RuntimeError as why:
            p, f = 0, 1
            print("FAILED: %s: %s" % (dict(config), why))
        passed, failed = passed + p, failed + f
    print("talk: %d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
