#!/usr/bin/env python3
"""Play SMTP conversations (*.talk) with the running suite.

usage: talk.py BINDIR [-v] [-p port] [-j suites] [file...]

A conversation is lines:

    config: name = value    for main.cf; conversations with the same
                            settings share a suite
    from: address           the client's, 127.0.0.1 else
    C: text                 the client sends text CR LF; {text*count} is
                            expanded
    R: text                 it sends text as it is: also \\r \\n \\0 \\xNN
                            and \\\\ are expanded
    B: text                 a chunk: BDAT with its size, and the text as it is
    Z: text                 the last chunk
    A: user password        the answer of CRAM-MD5 to the last challenge
    S: pattern              the server's next line; {any} is any text, {id}
                            a queue id, {n} a number; a whole line;
                            {ehlo} is a whole reply to EHLO, {ehlo WORDS}
                            one with that keyword, {ehlo -WORDS} without
    E:                      the server closes the connection
    H:                      the client closes its side, {reset} both at once
    L: pattern              such a line is in the log (anywhere in it)
    N: pattern              and such a line is not
    T: low high             seconds from the last that was sent to here
    W: count                so many times, from the greeting on, the client
                            has waited for an answer
    G: count                the answers to what was sent last came in so many
                            pieces: segments, mostly
    X: action               kill NAME (a program, with SIGKILL), stop NAME,
                            cont NAME (all of them), connect, sleep SECONDS
    Q: count                so many messages arrived at the sink from here,
                            and nothing else is in the queue
    M:                      one of the messages at the sink is
    D: pattern              these lines: envelope, empty line, text (in it
                            \\r and so on stand for the bytes); a line
                            {...} is any number of lines
    helo: name              S: and C: of the greeting and of HELO
    ehlo: name              the same with EHLO
    ways: groups lines      play it in these ways only
    # comment

With smtpd_sasl_auth_enable, the users of tests/lib/sasldb.py may log in.

Every conversation is played three ways, and the replies must be the same:
"lines" waits for each S: where it stands; "groups" sends as much in one
write as RFC 2920 allows, whatever the order of C: and S:, and then waits;
"bytes" sends single bytes.  The last line is "talk: N passed, M failed".
"""

import argparse
import base64
import concurrent.futures
import glob
import hmac
import os
import re
import signal
import socket
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import sasldb                                               # noqa: E402
from ports import first_port                                # noqa: E402
from private_suite import Suite                             # noqa: E402

WAYS = ("groups", "lines", "bytes")

# RFC 2920 section 3.1, and what we do not implement.
LAST = ("HELO", "EHLO", "DATA", "NOOP", "VRFY", "EXPN", "TURN", "STARTTLS",
        "AUTH")
BAD_NEWS = re.compile(r"panic|fatal|Sanitizer|runtime error|"
                      r"exit status|killed by signal|unexpected reply")


class Failure(Exception):
    pass


def repeat(text):
    """{text*count} expanded."""
    return re.sub(r"\{([^{}*]+)\*(\d+)\}",
                  lambda match: match.group(1) * int(match.group(2)), text)


def unescape(text):
    """Bytes of an R: line."""
    text = repeat(text)
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


def escape(line):
    """Bytes as a D: line has them."""
    names = {13: "\\r", 10: "\\n", 0: "\\0", 92: "\\\\", 9: "\\t"}
    return "".join(names.get(c) or (chr(c) if 32 <= c < 127 else "\\x%02x" % c)
                   for c in line)


def to_regex(pattern):
    parts = re.split(r"(\{any\}|\{id\}|\{n\})", pattern)
    known = {"{any}": ".*", "{id}": "[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]+",
             "{n}": "[0-9]+"}
    return "".join(known.get(part, re.escape(part)) for part in parts)


class Talk:
    def __init__(self, path):
        self.name = os.path.basename(path)[:-5]
        self.config, self.steps, self.ways = {}, [], WAYS
        self.source = "127.0.0.1"
        with open(path, encoding="latin-1") as f:
            for number, line in enumerate(f, 1):
                line = line.rstrip("\n")
                if line.strip() and not line.startswith("#"):
                    key, _, text = line.partition(":")
                    self.take(path, number, key,
                              text[1:] if text.startswith(" ") else text)

    def take(self, path, number, key, text):
        if key == "config":
            name, _, value = text.partition("=")
            self.config[name.strip()] = value.strip()
        elif key == "ways":
            self.ways = text.split()
        elif key == "from":
            self.source = text
        elif key in ("helo", "ehlo"):
            self.steps += [("S", "220 {any}", number),
                           ("C", key.upper() + " " + text, number),
                           ("S", "250 {any}" if key == "helo" else "{ehlo}",
                            number)]
        elif key == "M":
            self.steps.append(("M", [], number))
        elif key == "D":
            self.steps[-1][1].append(text)
        elif key in ("A", "C", "R", "B", "Z", "S", "E", "H", "L", "N", "T",
                     "X", "Q", "W", "G"):
            self.steps.append((key, text, number))
        else:
            raise Failure("%s:%d: what is %r?" % (path, number, key))

    def grouped(self):
        """The steps, each S: as late as RFC 2920 allows."""
        steps, held = [], []
        is_esmtp = in_data = False
        must_wait = True            # for the greeting
        for step in self.steps:
            key, text, _ = step
            if key == "S":
                held.append(step)
                in_data = in_data or text.startswith("354")
                must_wait = must_wait or text.startswith("334")
                continue
            if key not in "CRBZ" or must_wait:
                steps += held
                held = []
            steps.append(step)
            if key == "A":
                must_wait = False
            if (key, text) == ("X", "connect"):
                is_esmtp = in_data = False
                must_wait = True
            if key in "BZ":
                must_wait = False
            if key not in "CR":
                continue
            verb = text.split(" ")[0].upper()
            if in_data:
                in_data = not (text == "." or key == "R" and
                               unescape(text).endswith(b".\r\n"))
                must_wait = False
            else:
                # A challenge is known when it comes.
                must_wait = key == "R" or not is_esmtp or verb in LAST and \
                    not (verb == "AUTH" and text.count(" ") == 2)
                if verb in ("EHLO", "HELO"):
                    is_esmtp = verb == "EHLO"
        return steps + held


class Client:
    def __init__(self, port, way, source):
        self.port, self.way, self.source = port, way, source
        self.connect()

    def connect(self):
        self.sock = socket.create_connection(
            ("127.0.0.1", self.port), timeout=20,
            source_address=(self.source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""
        self.buffer = b""
        self.waits, self.pieces, self.has_sent = 0, 0, True
        self.sent_at = time.time()

    def send(self, data):
        self.pending += data
        if self.way != "groups":
            self.flush()

    def flush(self):
        data, self.pending = self.pending, b""
        if data:
            self.sent_at = time.time()
            self.pieces, self.has_sent = 0, True
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
            self.pieces += 1
            self.waits += self.has_sent
            self.has_sent = False
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

    def hang_up(self, how):
        self.flush()
        if how == "{reset}":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
            self.sock.close()
        else:
            self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.flush()
        self.sock.close()


def received(suite):
    """The names of the messages that the sink has kept."""
    return {name for name in os.listdir(os.path.join(suite.dir, "received"))
            if name.isdigit()}


def wait_for(what, seconds=5):
    end = time.time() + seconds
    while time.time() < end:
        if what():
            return True
        time.sleep(0.02)
    return what()


def matches(patterns, lines):
    """The lines are those of the patterns; {...} is any number of them."""
    if not patterns:
        return not lines
    if patterns[0] == "{...}":
        return any(matches(patterns[1:], lines[i:])
                   for i in range(len(lines) + 1))
    return bool(lines) and \
        re.fullmatch(to_regex(patterns[0]), lines[0]) is not None and \
        matches(patterns[1:], lines[1:])


def message_lines(path):
    """A message as D: lines: the sink ends its own lines in LF alone."""
    with open(path, "rb") as f:
        envelope, _, text = f.read().partition(b"\n\n")
    lines = envelope.split(b"\n") + [b""] + text.split(b"\r\n")
    return [escape(line) for line in lines]


OWN_ORCPT = re.compile(r"^(RCPT TO:<([^>]*)>.*) ORCPT=rfc822;(\S+)$")


def without_orcpt(line):
    """Where it says no more than the address does (smtp/envelope.c)."""
    found = OWN_ORCPT.match(line)
    if not found or re.sub(r"\+([0-9A-F]{2})", lambda m: chr(int(m[1], 16)),
                           found[3]) != found[2]:
        return line
    return found[1]


class Play:
    """One conversation, one way."""

    def __init__(self, suite, talk, way):
        self.suite, self.talk, self.way = suite, talk, way
        self.log_start = len(suite.log_text())
        self.before = received(suite)
        self.client = Client(suite.port, way, talk.source)

    def new_log(self):
        return self.suite.log_text()[self.log_start:]

    def arrived(self):
        return received(self.suite) - self.before

    def run(self):
        steps = self.talk.steps if self.way != "groups" else \
            self.talk.grouped()
        try:
            for key, text, number in steps:
                try:
                    getattr(self, "on_" + key)(text)
                except Failure as why:
                    raise Failure("line %d: %s" % (number, why))
        finally:
            self.client.close()
        if "X" not in [key for key, _, _ in steps]:
            bad = BAD_NEWS.search(self.new_log())
            if bad:
                raise Failure("in the log: " + bad.group(0))

    def on_C(self, text):
        self.client.send(repeat(text).encode("latin-1") + b"\r\n")

    def on_B(self, text, last=b""):
        chunk = unescape(text)
        self.client.send(b"BDAT %d%s\r\n%s" % (len(chunk), last, chunk))

    def on_Z(self, text):
        self.on_B(text, b" LAST")

    def on_R(self, text):
        self.client.send(unescape(text))

    def ehlo(self, wanted):
        """The reply to EHLO, with or without a keyword."""
        lines = [self.client.line()]
        while lines[-1].startswith("250-"):
            lines.append(self.client.line())
        if not lines[-1].startswith("250 "):
            raise Failure("got %r, expected an EHLO reply" % lines)
        has = wanted.lstrip("-") in [line[4:] for line in lines[1:]]
        if wanted and has == wanted.startswith("-"):
            raise Failure("got %r, expected %s" % (lines, wanted))

    def on_S(self, text):
        if text.startswith("{ehlo"):
            self.ehlo(text[6:-1])
            return
        got = self.last = self.client.line()
        if not re.fullmatch(to_regex(text), got):
            raise Failure("got %r, expected %r" % (got, text))

    def on_E(self, _):
        self.client.expect_end()
        self.client.close()     # the server waits for that, for a while

    def on_A(self, text):
        user, password = text.split()
        challenge = base64.b64decode(self.last.split(" ")[1])
        digest = hmac.new(password.encode(), challenge, "md5").hexdigest()
        answer = base64.b64encode(("%s %s" % (user, digest)).encode())
        self.client.send(answer + b"\r\n")

    def on_H(self, how):
        self.client.hang_up(how)

    def on_L(self, pattern):
        self.client.flush()
        regex = re.compile(to_regex(pattern))
        if not wait_for(lambda: regex.search(self.new_log())):
            raise Failure("not in the log: %s" % pattern)

    def on_N(self, pattern):
        if re.search(to_regex(pattern), self.new_log()):
            raise Failure("in the log: %s" % pattern)

    def on_T(self, limits):
        took = time.time() - self.client.sent_at
        low, high = map(float, limits.split())
        if not low <= took <= high:
            raise Failure("took %.2f s" % took)

    def on_W(self, count):
        if self.client.waits != int(count):
            raise Failure("waited %d times" % self.client.waits)

    def on_G(self, count):
        if self.client.pieces != int(count):
            raise Failure("in %d pieces" % self.client.pieces)

    def on_X(self, action):
        words = action.split()
        self.client.flush()
        if words[0] == "connect":
            self.client.close()
            self.client.connect()
        elif words[0] == "sleep":
            time.sleep(float(words[1]))
        else:
            number = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP,
                      "cont": signal.SIGCONT}[words[0]]
            if not wait_for(lambda: self.suite.pids(words[1])):
                raise Failure("no %s runs" % words[1])
            for pid in self.suite.pids(words[1]):
                os.kill(pid, number)

    def on_Q(self, text):
        count = int(text)
        wait_for(lambda: len(self.arrived()) >= count)
        # None: qmgr is being started again.
        if not wait_for(lambda: self.suite.queue() == []):
            raise Failure("queued: %s" % self.suite.queue())
        if len(self.arrived()) != count:
            raise Failure("%d messages arrived" % len(self.arrived()))

    def on_M(self, patterns):
        folder = os.path.join(self.suite.dir, "received")

        def found():
            mails = [message_lines(os.path.join(folder, name))
                     for name in self.arrived()]
            return any(matches(patterns + [""], lines) for mail in mails
                       for lines in (mail, [*map(without_orcpt, mail)]))
        if not wait_for(found, 2):
            raise Failure("no such message arrived; there are: %s" % [
                message_lines(os.path.join(folder, name))
                for name in self.arrived()])


def make_ready(suite):
    """Wait until smtpd has heard of cleanup, and cleanup of qmgr."""
    def is_ready():
        client = Client(suite.port, "lines", "127.0.0.1")
        client.line()
        client.send(b"HELO ready.example\r\n")
        client.line()
        client.send(b"MAIL FROM:<>\r\n")
        reply = client.line()
        if not reply.startswith("250"):
            return reply.startswith("452")
        client.send(b"RCPT TO:<ready@ready.example>\r\n")
        reply = client.line()
        client.close()
        return not reply.startswith("250") or \
            "client=" in suite.log_text()
    if not wait_for(is_ready):
        raise RuntimeError("the suite does not get ready")


def run(bin_dir, port, config, talks, verbose):
    """With one suite: (passed, failed)."""
    passed = failed = 0
    suite = Suite(bin_dir, port, port + 1, config)
    if config.get("smtpd_sasl_auth_enable") == "yes":
        folder = os.path.join(suite.dir, "sasl")
        sasldb.make(folder)
        with open(os.path.join(suite.etc, "main.cf"), "a") as f:
            f.write("cyrus_sasl_config_path = %s\n" % folder)
    os.mkdir(os.path.join(suite.dir, "received"))
    try:
        suite.start()
        suite.start_sink("-D", os.path.join(suite.dir, "received"))
        make_ready(suite)
        for talk in talks:
            for way in talk.ways:
                try:
                    Play(suite, talk, way).run()
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
    parser.add_argument("-p", dest="port", type=int,
                        default=first_port("talk"))
    parser.add_argument("-j", dest="jobs", type=int, default=4)
    options = parser.parse_args()
    files = options.files or sorted(glob.glob(os.path.join(HERE, "*.talk")))
    groups = {}
    for path in files:
        talk = Talk(path)
        groups.setdefault(tuple(sorted(talk.config.items())), []).append(talk)
    passed = failed = 0
    # Most of the time is spent waiting: for delays, for time to be up.
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = {pool.submit(run, options.bin, options.port + 2 * i,
                            dict(config), talks, options.verbose): config
                for i, (config, talks) in enumerate(groups.items())}
        for job in concurrent.futures.as_completed(jobs):
            try:
                p, f = job.result()
            except (RuntimeError, OSError, Failure) as why:
                p, f = 0, 1
                print("FAILED: %s: %s" % (dict(jobs[job]), why))
            passed, failed = passed + p, failed + f
    print("talk: %d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
