"""Messages to send, and whether they arrive as they were."""

import random
import re
import smtplib

from private_suite import wait_for

HEAD = ("X-Interop: %s\r\nFrom: <%s>\r\nTo: <someone@b.example>\r\n"
        "Date: Tue, 24 Nov 2026 12:00:00 +0000\r\n"
        "Message-ID: <%s@a.example>\r\nSubject: a test\r\n")
MIME = ("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n")
# What is easily spoiled on the way.
LINES = ["", ".", "..", ".a dot", "From one who was", "blanks at the end   ",
         "\ta tab", "x" * 990, "QUIT", "RSET", "a line"]
FROM = "from@a.example"


def letter(mark, size=0, is_8bit=False):
    """A message of at least size bytes, always the same for a mark."""
    head = HEAD % (mark, FROM, mark) + (MIME if is_8bit else "") + "\r\n"
    parts, dice, length = list(LINES), random.Random(mark), 0
    while length < size:
        parts.append("".join(dice.choices("ab. c", k=dice.randrange(200))))
        length += len(parts[-1]) + 2
    if is_8bit:
        parts.append("Grüße, 你好")
    return (head + "\r\n".join(parts) + "\r\n").encode("utf-8")


def rcpts(*names, domain):
    return ["%s@%s" % (name, domain) for name in names]


def connect(port):
    c = smtplib.SMTP("127.0.0.1", port, local_hostname="a.example",
                     timeout=60)
    c.ehlo()
    return c


def submit(c, to, text, options=(), rcpt_options=(), sender=FROM):
    """One message; all its recipients must be taken."""
    c.command_encoding = "utf-8"
    replies = [c.mail(sender, options)]
    replies += [c.rcpt(address, rcpt_options) for address in to]
    replies.append(c.data(text))
    for code, words in replies:
        if code != 250:
            raise RuntimeError("not taken: %d %s" % (code, words))


def arrived(sink, sent, seconds=60):
    """
    None when each mark of sent (mark: (text, recipients)) came to each of
    its recipients once and as it was; else what is wrong.
    """
    def come():
        return sorted((m.id, to) for mark in sent
                      for m in sink.taken(mark) if m.id == mark
                      for to in m.to())

    want = sorted((mark, to) for mark, (_, all_to) in sent.items()
                  for to in all_to)
    wait_for(lambda: len(come()) >= len(want), seconds)
    if come() != want:
        return "came: %s\nwanted: %s" % (come(), want)
    for mark, (text, _) in sent.items():
        for m in sink.taken(mark):
            if m.id == mark and m.body != text:
                return "%s differs: %r" % (mark, difference(m.body, text))
    return None


def difference(got, want):
    at = next((i for i, pair in enumerate(zip(got, want))
               if pair[0] != pair[1]), min(len(got), len(want)))
    return at, got[max(0, at - 60):at + 60], want[max(0, at - 60):at + 60]


DSN_MAIL = ["RET=HDRS", "ENVID=QQ+2B314159"]
DSN_RCPT = ["NOTIFY=FAILURE,SUCCESS", "ORCPT=rfc822;Bob+3Dx@b.example"]


def has_dsn(m):
    """The mail that came has what DSN_MAIL and DSN_RCPT say."""
    words = (m.mail + " " + " ".join(m.rcpts)).split()
    notify = re.search(r"NOTIFY=(\S+)", " ".join(words))
    return (set(DSN_MAIL) <= set(words) and DSN_RCPT[1] in words and
            notify is not None and
            set(notify.group(1).split(",")) == {"FAILURE", "SUCCESS"})
