"""Other clients and Tern's server: SMTP to Tern, from Tern to the sink."""

import os
import re
import subprocess
import tempfile
import threading
from functools import partial

from letters import (DSN_MAIL, DSN_RCPT, FROM, arrived, connect, has_dsn,
                     letter, rcpts, submit)
from peers import Exim, Opensmtpd, Postfix, in_world
from private_suite import wait_for

TO = rcpts("a", "b", "c", domain="tern.example")
# smtpd's words at the end of a connection.
ENDED = re.compile(r"smtpd\S*: disconnect from (.*)")
COMPLAINTS = re.compile(r"smtpd\S*: (?:improper command pipelining|"
                        r"lost connection|timeout|too many errors).*")


class Server:
    """Tern, whose next hop is the sink; and a server that relays to it."""

    def __init__(self, bench, kind=None, settings=None):
        self.bench, self.sink = bench, bench.sink
        self.tern = bench.tern(bench.port, settings)
        self.peer = bench.peer(kind) if kind is not None else None

    def __enter__(self):
        try:
            self.tern.start()
            if self.peer is not None:
                self.peer.start()
        except Exception:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.peer is not None:
            self.peer.stop()
        left = self.tern.close()
        self.bench.check("all of Tern ends", not left, left)

    def mark(self, word):
        return "%s.%s" % (self.bench.case.replace(" ", "."), word)

    def letters(self, word, count, to=TO[:1], **more):
        marks = [self.mark("%s%04d." % (word, i)) for i in range(count)]
        return {mark: (letter(mark, **more), to) for mark in marks}

    def check(self, what, is_good, detail=""):
        peer = self.peer.log()[-2500:] if self.peer is not None else ""
        self.bench.check(what, is_good, "%s\n--- Tern\n%s\n--- peer\n%s" % (
            detail, self.tern.log_text()[-2500:], peer))

    def arrive(self, what, messages, seconds=60):
        wrong = arrived(self.sink, messages, seconds)
        self.check(what, wrong is None, wrong)

    def calm(self):
        found = COMPLAINTS.findall(self.tern.log_text())
        self.check("Tern's server does not complain", not found, found)

    def feed(self, messages, connections=1, **more):
        """To the peer, over so many connections at a time."""
        items = list(messages.values())

        def session(share):
            with connect(self.peer.port) as c:
                for text, to in share:
                    submit(c, to, text, **more)

        threads = [threading.Thread(target=session,
                                    args=(items[i::connections],))
                   for i in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def relayed(bench, kind=None, count=0, is_utf8=True, more=None):
    with Server(bench, kind) as server:
        many = server.letters("many", count, size=2000)
        server.feed(many, 20)
        server.arrive("%d messages from 20 connections" % count, many, 180)
        three = server.letters("three", 1, TO)
        server.feed(three)
        server.arrive("1 message, 3 recipients", three)
        large = server.letters("large", 1, size=1000000)
        server.feed(large)
        server.arrive("1 MB", large)
        eight = server.letters("eight", 1, is_8bit=True)
        server.feed(eight, options=["BODY=8BITMIME"])
        server.arrive("8 bits", eight)
        dsn = server.letters("dsn", 1)
        server.feed(dsn, options=DSN_MAIL, rcpt_options=DSN_RCPT)
        server.arrive("with DSN parameters", dsn)
        got = server.sink.taken(server.mark("dsn"))
        server.check("RET, ENVID, NOTIFY, ORCPT passed on",
                     got and has_dsn(got[0]),
                     [(m.mail, m.rcpts) for m in got])
        if is_utf8:
            text = server.letters("utf8", 1, ["jörg@tern.example"],
                                  is_8bit=True)
            server.feed(text, options=["SMTPUTF8"],
                        sender="müller@a.example")
            server.arrive("SMTPUTF8", text)
        if more is not None:
            more(server)
        server.calm()


def exim_sent(server):
    return [line for line in server.peer.log().splitlines()
            if "T=to_tern" in line and " => " in line]


def exim_queue(server):
    """Mail that waited for Tern: more than one message a connection."""
    server.tern.stop()
    waiting = server.letters("queue", 20)
    server.feed(waiting)
    wait_for(lambda: server.peer.log().count("Connection refused") >= 20 or
             server.peer.log().count(" defer ") >= 20, 30)
    server.tern.start()
    before = len(ENDED.findall(server.tern.log_text()))
    server.peer.run_queue()
    server.arrive("20 messages that waited", waiting)
    used = wait_for(
        lambda: len(ENDED.findall(server.tern.log_text())) - before)
    server.check("on fewer connections than messages", 0 < used < 20, used)
    sent = exim_sent(server)
    server.check("Exim used CHUNKING for each",
                 sent and all(re.search(r" K( |$)", s) for s in sent),
                 sent[-3:])


def exim_early(bench):
    """
    Exim sends ahead of the greeting.  (Exim 4.96 waits for ever where it
    means to and the connection is refused: Tern stays up here.)
    """
    with Server(bench, Exim, {
            "smtpd_authorized_pipeconnect_clients": "127.0.0.0/8"}) as server:
        for i in range(3):
            message = server.letters("early%d." % i, 1, TO, size=i * 100000)
            server.feed(message)
            server.arrive("message %d" % (i + 1), message)
        wait_for(lambda: len(exim_sent(server)) >= 3)
        sent = exim_sent(server)
        server.check("Exim used PIPECONNECT from the second on",
                     [" L* " in s for s in sent] == [False, True, True],
                     sent)
        server.calm()


def command(bench, argv=None, spell=bytes):
    """
    A program that sends one message; file and port are filled in.  spell:
    how it wants the message to be written.
    """
    with Server(bench) as server, \
            tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        os.chmod(folder, 0o755)
        for what, more in (("3 recipients", {}),
                           ("1 MB", {"size": 1000000}),
                           ("8 bits", {"is_8bit": True})):
            message = server.letters(what.replace(" ", ""), 1, TO, **more)
            (text, _), = message.values()
            path = os.path.join(folder, "letter")
            with open(path, "wb") as file:
                file.write(spell(text))
            filled = [word.format(file=path, port=server.tern.port)
                      for word in argv(bench)]
            with open(path, "rb") as file:
                done = subprocess.run(
                    filled, stdin=file, stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT, timeout=60, check=False)
            server.check("says it sent " + what, done.returncode == 0,
                         done.stdout.decode(errors="replace")[-1500:])
            server.arrive(what, message)
        server.calm()


def swaks(_bench):
    return ["swaks", "--server", "127.0.0.1", "--port", "{port}",
            "--pipeline", "--helo", "a.example", "--from", FROM,
            "--to", ",".join(TO), "--data", "@{file}"]


def curl(_bench):
    return ["curl", "-sS", "--url", "smtp://127.0.0.1:{port}/a.example",
            "--mail-from", FROM,
            *[word for to in TO for word in ("--mail-rcpt", to)],
            "--upload-file", "{file}"]


def msmtp(bench):
    return in_world(bench.root, [
        "/usr/bin/msmtp", "--file=/dev/null", "--host=127.0.0.1",
        "--port={port}", "--from=" + FROM, "--domain=a.example", *TO])


def smtplib_client(bench):
    with Server(bench) as server:
        many = server.letters("many", 300, TO, size=500)
        with connect(server.tern.port) as c:
            for text, to in many.values():
                submit(c, to, text)
        server.arrive("300 messages on one connection", many, 120)
        ended = wait_for(lambda: ENDED.findall(server.tern.log_text()), 10)
        server.check("which smtpd counts as one",
                     len(ended) == 1 and " mail=300 " in ended[0], ended)
        server.calm()


CLIENTS = {
    "from exim": partial(relayed, kind=Exim, count=40, more=exim_queue),
    "from exim, PIPECONNECT": exim_early,
    "from postfix": partial(relayed, kind=Postfix, count=500),
    "from opensmtpd": partial(relayed, kind=Opensmtpd, count=40,
                              is_utf8=False),
    "from swaks": partial(command, argv=swaks,
                          spell=lambda text: text.removesuffix(b"\r\n")),
    "from curl": partial(command, argv=curl),
    "from msmtp": partial(command, argv=msmtp,
                          spell=lambda text: text.replace(b"\r\n", b"\n")),
    "from smtplib": smtplib_client,
}
