#!/usr/bin/env python3
"""Mail of 8 bits for a server that takes 7, end to end.

usage: downgrade.py BINDIR [-p PORT] [part...]

What arrives is read by Python's email package: each body must be, byte for
byte, the one that was sent.  The last line is "downgrade: N passed, M failed".
"""

import email
import os
import random
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
from private_suite import Suite                             # noqa: E402
from queue_case import check, run, wait_for                 # noqa: E402

TEXT = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
CTE = b"Content-Transfer-Encoding: "


def noise(seed, size):
    return random.Random(seed).randbytes(size)


def lines(seed, size):
    """Lines of text that has what is hard to encode."""
    rand = random.Random(seed)
    words = ["\u00e9t\u00e9", "=", "-- ", ".", "x" * 80, "\u20ac" * 30, " ",
             "\t", "a=b", "From ", "--c", ""]
    out = b""
    while len(out) < size:
        line = "".join(rand.choice(words) for _ in range(rand.randrange(6)))
        out += line.encode() + b"\r\n"
    return out


def multipart():
    return b"".join([
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n",
        CTE, b"8bit\r\nSubject: \xc3\xa9 \xe9\r\n\r\npre\r\n--b\r\n",
        TEXT, CTE, b"8bit\r\n\r\n", lines(1, 5000), b"\r\n--b\r\n",
        b"Content-Type: text/plain\r\n\r\nseven = bits \r\n\r\n--b\r\n",
        CTE, b"base64\r\n\r\nQUJD\r\n\r\n--b\r\n",
        b"Content-Type: message/rfc822\r\n", CTE, b"8bit\r\n\r\n",
        TEXT, CTE, b"8bit\r\nSubject: in it\r\n\r\n", lines(2, 300),
        b"\r\n--b--\r\n"])


# name: (the text, what MAIL says, is it sent by BDAT)
LETTERS = {
    "text": (TEXT + CTE + b"8bit\r\n\r\n" + lines(3, 3000),
             b" BODY=8BITMIME", False),
    "unsaid": (TEXT + b"\r\n" + lines(4, 3000), b"", False),
    "no.mime": (b"Subject: x\r\n\r\ncaf\xe9\r\n", b"", True),
    "parts": (multipart(), b" BODY=8BITMIME", False),
    "large": (TEXT + CTE + b"8bit\r\n\r\n" + lines(5, 1000000),
              b" BODY=8BITMIME", True),
    "binary": (b"MIME-Version: 1.0\r\nContent-Type: image/x\r\n" + CTE +
               b"binary\r\n\r\n" + noise(6, 100000), b" BODY=BINARYMIME",
               True),
    "seven": (TEXT + b"\r\nplain = text \r\n", b" BODY=8BITMIME", False),
}


def stuffed(text):
    return b"\r\n".join(b"." + line if line.startswith(b".") else line
                        for line in text.split(b"\r\n"))


class Client:
    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.sock.makefile("rwb")
        self.answer()
        self.say(b"EHLO c.example\r\n")

    def answer(self):
        line = self.file.readline()
        while line[3:4] == b"-":
            line = self.file.readline()
        if line[:1] not in b"23":
            raise RuntimeError("refused: %r" % line)

    def say(self, text):
        self.file.write(text)
        self.file.flush()
        self.answer()

    def send(self, name, text, options, is_chunk):
        self.say(b"MAIL FROM:<%s@c.example>%s\r\n" % (name.encode(), options))
        self.say(b"RCPT TO:<b@d.example>\r\n")
        if is_chunk:
            self.say(b"BDAT %d LAST\r\n%s" % (len(text), text))
        else:
            self.say(b"DATA\r\n")
            self.say(stuffed(text) + b".\r\n")


def arrived(folder):
    """name: (MAIL, content)"""
    found = {}
    for entry in os.listdir(folder):
        if entry.startswith("."):
            continue
        with open(os.path.join(folder, entry), "rb") as f:
            envelope, _, text = f.read().partition(b"\n\n")
        mail = envelope.split(b"\n")[0]
        found[mail.partition(b"<")[2].partition(b"@")[0].decode()] = (
            mail, text)
    return found


def deliver(options, sink, settings=None):
    """All letters, through Tern to a sink with these options."""
    suite = Suite(options.bin, options.port, options.port + 1, settings)
    folder = os.path.join(suite.dir, "mail")
    os.mkdir(folder)
    try:
        suite.start_sink("-D", folder, *sink)
        suite.start()
        client = Client(suite.port)
        for name, letter in LETTERS.items():
            client.send(name, *letter)
        wait_for(lambda: suite.count_log("status=") >= len(LETTERS), 30)
        return arrived(folder), suite.log_text()
    finally:
        check("all ends", not suite.close())


def bodies(text):
    """Each body decoded, with the type of what it is in."""
    return [(part.get_content_type(), None if part.is_multipart() else
             part.get_payload(decode=True))
            for part in email.message_from_bytes(text).walk()]


def tail(text):
    return text.partition(b"\r\n\r\n")[2]


def is_seven(text):
    """8-bit bytes are in the header only."""
    body = tail(text)
    return max(body) < 0x80 and b"\0" not in body


def check_converted(what, found):
    for name, (text, _, _) in LETTERS.items():
        mail, got = found.get(name, (b"", b""))
        check("%s, %s: it arrives" % (what, name), got)
        if not got:
            continue
        check("%s, %s: 7 bits" % (what, name),
              is_seven(got) and b"BODY=" not in mail, mail)
        # A message that does not end in a line end gets one.
        check("%s, %s: decoded it is what was sent" % (what, name),
              bodies(got) == bodies(text), (bodies(got), bodies(text)))
        longest = max(map(len, tail(got).split(b"\r\n")))
        check("%s, %s: lines are short" % (what, name), longest <= 76,
              longest)
    check("%s: 7bit is left as it is" % what,
          found["seven"][1].endswith(tail(LETTERS["seven"][0])) and
          b"quoted" not in found["seven"][1])
    check("%s: headers are left as they are" % what,
          b"Subject: \xc3\xa9 \xe9\r\n" in found["parts"][1])


def data(options):
    check_converted("DATA", deliver(options, ["-8"])[0])


def chunks(options):
    check_converted("BDAT", deliver(options, ["-8", "-C"])[0])


def alone(options):
    check_converted("no PIPELINING", deliver(options, ["-8", "-n"])[0])


def offered(options):
    """To a server that takes 8 bits nothing is done, and it is told."""
    found, _ = deliver(options, [])
    for name in ("text", "unsaid", "no.mime", "parts", "large"):
        mail, got = found.get(name, (b"", b""))
        check("8BITMIME, %s: unchanged" % name,
              got.endswith(tail(LETTERS[name][0])))
        check("8BITMIME, %s: said so" % name, b"BODY=8BITMIME" in mail, mail)


def disabled(options):
    """disable_mime_output_conversion"""
    found, log = deliver(options, ["-8"],
                         {"disable_mime_output_conversion": "yes"})
    for name in ("text", "unsaid", "no.mime", "parts", "large"):
        mail, got = found.get(name, (b"", b""))
        check("disabled, %s: unchanged" % name,
              got.endswith(tail(LETTERS[name][0])) and b"BODY" not in mail)
    check("disabled: a BINARYMIME message fails", "binary" not in found and
          "BINARYMIME is required, but was not offered" in log)


PARTS = {"data": data, "chunks": chunks, "alone": alone,
         "offered": offered, "disabled": disabled}

if __name__ == "__main__":
    sys.exit(run("downgrade", PARTS))
