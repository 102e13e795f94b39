"""Tern's client and a server: SMTP from Tern to the peer to the sink."""

import re
from functools import partial

from letters import (DSN_MAIL, DSN_RCPT, arrived, connect, has_dsn, letter,
                     rcpts, submit)
from peers import Exim, Opensmtpd, Postfix, has_unread
from private_suite import wait_for

ONE = {"smtp_destination_concurrency_limit": "1",
       "initial_destination_concurrency": "1"}
BURST = 20
DISCONNECT = re.compile(
    r"disconnect from \S+ messages=(\d+) commands=(\d+) waits=(\d+)")
# What the servers say of a client that does not wait where it must.
COMPLAINTS = re.compile(
    r"synchronization error|improper command pipelining|protocol error|"
    r"lost connection|unexpected disconnection|SMTP syntax error|"
    r"too many nonmail|rejected RSET", re.I)


class Line:
    """From Tern to a server."""

    def __init__(self, bench, kind, settings=None):
        self.bench, self.sink = bench, bench.sink
        self.peer = bench.peer(kind)
        self.suite = bench.tern(self.peer.port, {**ONE, **(settings or {})})

    def __enter__(self):
        try:
            self.peer.start()
            self.suite.start()
        except Exception:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.peer.stop()
        left = self.suite.close()
        self.bench.check("all of Tern ends", not left, left)

    def mark(self, word):
        return "%s.%s" % (self.bench.case.replace(" ", "."), word)

    def send(self, messages, **more):
        """messages: mark: (text, recipients)"""
        with connect(self.suite.port) as c:
            for text, to in messages.values():
                submit(c, to, text, **more)

    def logs(self):
        return "\n--- Tern\n%s\n--- peer\n%s" % (
            self.suite.log_text()[-3000:], self.peer.log()[-2500:])

    def check(self, what, is_good, detail=""):
        self.bench.check(what, is_good, str(detail) + (
            "" if is_good else self.logs()))

    def deliver(self, what, messages, **more):
        self.send(messages, **more)
        wrong = arrived(self.sink, messages)
        self.check(what, wrong is None, wrong)

    def status(self, address, seconds=30):
        """The words of Tern's log for a recipient."""
        def find():
            return re.findall(r"to=<%s>,.* status=(.*)" % re.escape(address),
                              self.suite.log_text())
        return (wait_for(find, seconds) or ["none"])[-1]

    def connections(self):
        """messages, commands, waits of each that was closed"""
        return [tuple(map(int, found))
                for found in DISCONNECT.findall(self.suite.log_text())]


def one(line, word, **more):
    mark = line.mark(word)
    return {mark: (letter(mark, **more), rcpts("a", domain="sink.example"))}


def burst(line, waits_limit):
    """Messages that pile up: each further one may cost one wait."""
    line.peer.freeze()
    messages = {}
    for i in range(BURST):
        messages.update(one(line, "burst%02d." % i, is_8bit=i % 2 == 0,
                            size=i * 1000))
    line.send(messages)
    line.peer.freeze(False)
    wrong = arrived(line.sink, messages)
    line.check("%d messages in a burst" % BURST, wrong is None, wrong)
    wait_for(line.connections, 15)
    got = line.connections()
    line.check("on one connection, at most %d waits" % waits_limit,
               len(got) == 1 and got[0][0] == BURST and
               got[0][2] <= waits_limit, got)


def envelopes(line):
    mark = line.mark("three")
    line.deliver("1 message, 3 recipients", {
        mark: (letter(mark), rcpts("a", "b", "c", domain="sink.example"))})

    some, none = line.mark("some"), line.mark("none")
    messages = {
        some: (letter(some),
               rcpts("a", "bad", "c", domain="sink.example")),
        none: (letter(none), rcpts("bad", "bad2", domain="sink.example"))}
    after = one(line, "after")
    line.send({**messages, **after})
    good = {some: (messages[some][0],
                   rcpts("a", "c", domain="sink.example")), **after}
    wrong = arrived(line.sink, good)
    line.check("one of three recipients refused, all of two refused, "
               "then a good message", wrong is None, wrong)
    line.check("the refusals are told", all(
        re.search(r"bounced|5\d\d ", line.status(address))
        for address in rcpts("bad", "bad2", domain="sink.example")))
    line.check("nothing arrives of what was refused",
               not line.sink.taken(none))


def contents(line):
    line.deliver("1 MB", one(line, "large", size=1000000))
    line.deliver("8 bits", one(line, "eight", is_8bit=True),
                 options=["BODY=8BITMIME"])
    dsn = one(line, "dsn")
    line.deliver("with DSN parameters", dsn, options=DSN_MAIL,
                 rcpt_options=DSN_RCPT)
    got = line.sink.taken(line.mark("dsn"))
    line.check("RET, ENVID, NOTIFY, ORCPT passed on",
               got and has_dsn(got[0]),
               [(m.mail, m.rcpts) for m in got])

    big = line.mark("toobig")
    to = "big@sink.example"
    line.send({big: (letter(big, size=3300000), [to])})
    line.check("too large for the server's SIZE",
               re.search("bounced.*size", line.status(to)), line.status(to))


def utf8(line, is_offered):
    mark, to = line.mark("utf8"), "jörg@sink.example"
    message = {mark: (letter(mark, is_8bit=True), [to])}
    if is_offered:
        line.deliver("SMTPUTF8", message, options=["SMTPUTF8"],
                     sender="müller@a.example")
    else:
        line.send(message, options=["SMTPUTF8"], sender="müller@a.example")
        said = wait_for(lambda: re.search(
            r"dsn=5\.6\.7.*SMTPUTF8 is required", line.suite.log_text()), 30)
        line.check("SMTPUTF8 refused for a server without it", said)


def received(line, flag):
    """How many messages Exim logs with a flag, and how many in all."""
    lines = [words for words in line.peer.log().splitlines()
             if " <= " in words and "@a.example " in words]
    return sum(re.search(" %s " % flag, w) is not None
               for w in lines), len(lines)


def exim_flags(line, discard):
    for flag, word in (("K", "chunking"), ("L[.*]?", "pipelining")):
        used, count = received(line, flag)
        if word in discard:
            line.check("no " + word, used == 0 and count > BURST,
                       (used, count))
        else:
            line.check("Exim saw %s in all" % word,
                       used == count > BURST, (used, count))


def calm(line):
    found = COMPLAINTS.findall(line.peer.log())
    line.check("the server does not complain", not found, found)


def relay(bench, kind=None, discard="", waits_limit=0, is_utf8=True):
    settings = {"smtp_discard_ehlo_keywords": discard}
    with Line(bench, kind, settings) as line:
        burst(line, waits_limit)
        envelopes(line)
        contents(line)
        utf8(line, is_utf8)
        if kind is Exim:
            exim_flags(line, discard)
        calm(line)


def pipe_connect(bench, discard="", waits=1):
    """A known host is sent everything before its greeting."""
    settings = {"smtp_discard_ehlo_keywords": discard,
                "smtp_connection_cache_time_limit": "0"}
    with Line(bench, Exim, settings) as line:
        for i in range(3):
            message = one(line, "m%d" % i)
            if i > 0:
                line.peer.freeze()
            line.send(message)
            if i > 0:
                line.check("message %d is there before the greeting" %
                           (i + 1), wait_for(partial(has_unread,
                                                     line.peer.port)))
                line.peer.freeze(False)
            wrong = arrived(line.sink, message)
            line.check("message %d" % (i + 1), wrong is None, wrong)
            wait_for(lambda: len(line.connections()) > i, 15)
        got = line.connections()
        line.check("waits of the second and third connection: %d" % waits,
                   [c[2] for c in got[1:]] == [waits, waits], got)
        line.check("Exim saw it in two of three",
                   received(line, r"L\*") == (2, 3),
                   received(line, r"L\*"))
        mark = line.mark("some")
        line.send({mark: (letter(mark), rcpts("a", "bad", "c",
                                              domain="sink.example"))})
        wrong = arrived(line.sink, {mark: (letter(mark), rcpts(
            "a", "c", domain="sink.example"))})
        line.check("a refused recipient in what was sent early",
                   wrong is None, wrong)
        none = line.mark("none")
        line.send({none: (letter(none), rcpts("bad2",
                                              domain="sink.example"))})
        line.check("all refused in what was sent early", re.search(
            "bounced", line.status("bad2@sink.example")))
        line.deliver("then a good one", one(line, "after"))
        line.check("nothing arrives of what was refused",
                   not line.sink.taken(none))
        calm(line)


# Waits: the greeting, EHLO, then 1 a message with BDAT, 2 for the first
# with DATA; without PIPELINING each command.
RELAYS = {
    "to exim, BDAT": partial(relay, kind=Exim, waits_limit=BURST + 3),
    "to exim, DATA": partial(relay, kind=Exim, discard="chunking",
                             waits_limit=BURST + 4),
    "to exim, no PIPELINING": partial(
        relay, kind=Exim, discard="pipelining, chunking, pipeconnect",
        waits_limit=6 * BURST),
    "to exim, PIPECONNECT": pipe_connect,
    "to exim, PIPECONNECT, DATA": partial(
        pipe_connect, discard="chunking", waits=2),
    "to postfix, BDAT": partial(relay, kind=Postfix, waits_limit=BURST + 3),
    "to postfix, DATA": partial(relay, kind=Postfix, discard="chunking",
                                waits_limit=BURST + 4),
    "to postfix, no PIPELINING": partial(
        relay, kind=Postfix, discard="pipelining, chunking",
        waits_limit=6 * BURST),
    "to opensmtpd": partial(relay, kind=Opensmtpd, waits_limit=6 * BURST,
                            is_utf8=False),
}
