#!/usr/bin/env python3
"""Content checks and what they do to messages, from client to next server.

usage: checks.py BINDIR [-p port] [part...]

The last line is "checks: N passed, M failed".
"""

import os
import re
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from queue_case import check, listing, run, tool            # noqa: E402
from next_server import Server, submit                  # noqa: E402
from private_suite import Suite, wait_for                   # noqa: E402

RULES = """\
/^Subject: hold/            HOLD look at it
/^Subject: discard/         DISCARD not wanted
/^Subject: reject/          REJECT no such mail
/^Subject: later/           REJECT 4.7.0 not today
/^Subject: filter/          FILTER smtp:[127.0.0.1]:%(filter)d
/^Subject: redirect/        REDIRECT other@else.example
/^Subject: bcc/             BCC copy@else.example
/^Subject: (prepend)/       PREPEND X-Seen: $1
/^Subject: replace (.*)/    REPLACE Subject: <$1>
/^Subject: .*strip/         STRIP it
/^Subject: .*ignore/        IGNORE
/^Subject: warn/            WARN careful
/^Subject: info/            INFO by the way
/^X-Pass:/                  PASS
/^Received: from client/    PREPEND X-Ours: yes
/name=.*\\.exe/              REJECT 5.7.0 no programs
"""
BODY = """\
/evil/                      REJECT
/^secret/                   REPLACE ------
"""


def has_line(mail, line):
    return (line + "\r\n").encode() in mail.text


class Bench:
    """A suite with rules, the next server and a filter."""

    def __init__(self, options, offset=0, settings=None, services=""):
        port = options.port + offset
        self.next, self.filter = Server(port + 1), Server(port + 2)
        self.suite = Suite(options.bin, port, port + 1)
        self.rules = os.path.join(self.suite.dir, "header_checks")
        self.body = os.path.join(self.suite.dir, "body_checks")
        self.write(self.rules, RULES % {"filter": port + 2})
        self.write(self.body, BODY)
        values = {"header_checks": "regexp:" + self.rules,
                  "body_checks": "pcre:" + self.body}
        values.update(settings or {})
        with open(os.path.join(self.suite.etc, "main.cf"), "a") as file:
            for item in values.items():
                file.write("%s = %s\n" % item)
        with open(os.path.join(self.suite.etc, "master.cf"), "a") as file:
            file.write(services)
        self.suite.start()
        wait_for(lambda: self.suite.queue() == [])

    def write(self, path, text):
        with open(path + ".new", "w") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def submit(self, *args, **more):
        return submit(self.suite.port, *args, **more)

    def logs(self, name, pattern):
        check("%s: it is in the log" % name, self.suite.wait_log(pattern),
              self.suite.log_text()[-1500:])

    def close(self):
        for server in (self.next, self.filter):
            server.shutdown()
            server.server_close()
        self.suite.close()


ORIGIN = (r" from unknown\[127\.0\.0\.1\]; from=<s@c\.example> "
          r"to=<a@d\.example> proto=ESMTP helo=<client\.example>")


def part_text(bench):
    """What is done to the text."""
    body = "..\r\na\tb\xff\r\n\r\n" + "x" * 900 + "\r\nsecret 1\r\n" + \
        "--b\r\nend"
    reply = bench.submit("Subject: plain\r\n folded\r\nX: y", body + "\r\n")
    check("plain: accepted", reply.startswith("250 2.0.0 Ok: queued"), reply)
    mail = bench.next.take()[0]
    text = mail.text.decode("latin-1")
    check("plain: our own header is checked",
          text.startswith("X-Ours: yes\r\nReceived: from client"), text[:80])
    check("plain: the rest is the same", text.endswith(
        "\r\nSubject: plain\r\n folded\r\nX: y\r\n" +
        re.sub(r"(?s)^.*?(?=Message-Id)", "", text)), text)
    check("plain: so is the body, but for a line", text.endswith(
        "\r\n\r\n" + body.replace("secret 1", "------") + "\r\n"),
        text[-200:])
    for word, line, action in (
            ("prepend", "X-Seen: prepend", "prepend"),
            ("replace me", "Subject: <me>", "replace"),
            ("warn", "Subject: warn", "warning"),
            ("info", "Subject: info", "info")):
        bench.submit("Subject: %s" % word)
        mails = bench.next.take()
        check("%s: the text" % word, mails and has_line(mails[0], line),
              mails and mails[0].text)
        bench.logs(word, r"\w+: %s: header Subject: %s%s" %
                   (action, word, ORIGIN))
    for word in ("strip", "ignore"):
        bench.submit("Subject: please %s\r\n it\r\nX: y" % word)
        mails = bench.next.take()
        check("%s: it is gone" % word, mails and has_line(mails[0], "X: y")
              and b"please" not in mails[0].text, mails and mails[0].text)
    bench.submit("X-Pass: 1\r\nSubject: reject", "evil\r\n")
    check("PASS: nothing more is looked at", len(bench.next.take()) == 1)
    count = bench.suite.count_log(r" (panic|fatal|warning: un)")
    check("text: nothing bad in the log", count == 0)


def part_refuse(bench):
    for header, body, wanted in (
            ("Subject: reject", "text\r\n", "550 5.7.1 no such mail"),
            ("Subject: later", "text\r\n", "451 4.7.0 not today"),
            ("Subject: a", "x\r\n" * 9999 + "y evil\r\n",
             "550 5.7.1 message content rejected"),
            ("Content-Type: multipart/mixed; boundary=b",
             "--b\r\nContent-Type: a/b;\r\n name=x.exe\r\n\r\nx\r\n",
             "550 5.7.0 no programs")):
        reply = bench.submit(header, body)
        check("refuse: " + wanted, reply == wanted, reply)
    bench.logs("refuse", r"reject: header Subject: reject%s: 5\.7\.1 no such "
               r"mail$" % ORIGIN)
    bench.logs("refuse", r"reject: body y evil%s: 5\.7\.1 message content "
               r"rejected$" % ORIGIN)
    reply = bench.submit("Subject: a", "x\r\n" * 30000 + "evil\r\n")
    check("refuse: not beyond body_checks_size_limit",
          reply.startswith("250"), reply)
    bench.next.take()
    check("refuse: nothing is queued", bench.suite.queue() == [])


def part_fate(bench):
    suite = bench.suite
    reply = bench.submit("Subject: discard")
    check("discard: accepted", reply.startswith("250 2.0.0 Ok: queued as"),
          reply)
    bench.logs("discard", r"discard: header Subject: discard%s: not wanted$" %
               ORIGIN)
    bench.logs("discard", r"\w+: removed \(discarded\)$")

    reply = bench.submit("Subject: hold")
    bench.logs("hold", r"hold: header Subject: hold%s: look at it$" % ORIGIN)
    held = listing(suite)
    check("hold: it is on hold, with the reason", len(held) == 1 and
          held[0]["queue_name"] == "hold" and
          held[0]["hold_reason"] == "look at it", held)
    suite.flush()
    check("discard, hold: nothing was sent", bench.next.tries == 0)
    tool(suite, "ternsuper", "-H", reply.split()[-1])
    mails = bench.next.take()
    check("hold: released, it is sent", len(mails) == 1)

    bench.submit("Subject: redirect", rcpts=("a@d.example", "b@d.example"))
    mails = bench.next.take()
    check("redirect: to the other one only", len(mails) == 1 and
          [rcpt.split()[1:] for rcpt in mails[0].rcpts] ==
          [["TO:<other@else.example>", "ORCPT=rfc822;other@else.example"]],
          mails and mails[0].rcpts)
    bench.submit("Subject: bcc")
    rcpts = [rcpt for mail in bench.next.take() for rcpt in mail.rcpts]
    check("bcc: to both", sorted(rcpts) == [
        "RCPT TO:<a@d.example> ORCPT=rfc822;a@d.example",
        "RCPT TO:<copy@else.example> NOTIFY=NEVER "
        "ORCPT=rfc822;copy@else.example"], rcpts)
    for pid in suite.pids("lookup"):
        os.kill(pid, signal.SIGKILL)
    reply = bench.submit("Subject: redirect")
    check("redirect: lookup was killed before", len(bench.next.take()) == 1,
          reply)


def part_filter(bench):
    suite = bench.suite
    bench.next.tries = 0
    bench.submit("Subject: filter", rcpts=("a@d.example", "b@d.example"))
    mails = bench.filter.take()
    check("filter: all of it goes there", len(mails) == 1 and
          len(mails[0].rcpts) == 2, mails and mails[0].rcpts)
    bench.logs("filter", r"filter: header Subject: filter from .*: "
               r"smtp:\[127\.0\.0\.1\]:%d$" % (suite.port + 2))
    bench.filter.is_ready = False
    bench.submit("Subject: filter")
    check("filter: deferred", suite.wait_log("status=deferred"))
    suite.stop()
    bench.filter.is_ready = True
    suite.start()
    wait_for(lambda: suite.queue() is not None)
    suite.flush()
    check("filter: after another start it goes there, too",
          len(bench.filter.take()) == 1)
    check("filter: and nowhere else", bench.next.tries == 0)
    bench.filter.is_ready = False
    reply = bench.submit("Subject: filter")
    suite.wait_log("status=deferred", count=2)
    tool(suite, "ternsuper", "-r", reply.split()[-1])
    check("filter: requeued, it goes its own way",
          len(bench.next.take()) == 1)
    bench.filter.is_ready = True


def part_files(bench):
    """Tables that change, or are bad."""
    old = RULES % {"filter": 1}
    bench.write(bench.rules, "/^Subject: new/ REJECT new rule\n" + old)
    reply = bench.submit("Subject: new")
    check("files: the next message sees the change",
          reply == "550 5.7.1 new rule", reply)
    os.rename(bench.rules, bench.rules + ".away")
    time.sleep(0.05)
    reply = bench.submit("Subject: x")
    check("files: without the file mail waits", reply.startswith("451 4.3.0"),
          reply)
    os.rename(bench.rules + ".away", bench.rules)
    check("files: and goes on", wait_for(lambda: bench.submit(
        "Subject: x").startswith("250")))
    bench.next.take()


def run_all(parts):
    def fn(options):
        bench = Bench(options)
        try:
            for part in parts:
                part(bench)
        finally:
            bench.close()
    return fn


def part_service(options):
    """content_filter and back, always_bcc, a copy of nothing else."""
    port = options.port + 10
    services = ("127.0.0.1:%d inet n - - - - smtpd\n"
                "    -o content_filter=\n"
                "    -o receive_override_options=no_header_body_checks,"
                "no_address_mappings\n" % (port + 3))
    bench = Bench(options, 10, {
        "content_filter": "smtp:[127.0.0.1]:%d" % (port + 2),
        "always_bcc": "all@else.example"}, services)
    try:
        bench.submit("Subject: x")
        mails = bench.filter.take()
        check("service: everything goes to the filter, with a BCC",
              len(mails) == 1 and len(mails[0].rcpts) == 2,
              mails and mails[0].rcpts)
        reply = submit(port + 3, "Subject: reject", "evil\r\n")
        mails = bench.next.take()
        check("service: what comes back is neither checked nor copied",
              len(mails) == 1 and len(mails[0].rcpts) == 1, reply)
        check("service: nor filtered again", bench.filter.take(0) == [])
        config = os.path.join(bench.suite.etc, "main.cf")
        with open(config, "a") as file:
            file.write("header_checks = tcp:localhost:1\n")
        done = bench.suite.tern("check")
        check("service: a table that waits is refused", done.returncode != 0
              and "header_checks" in done.stdout, done.stdout)
    finally:
        bench.close()


def part_away(options):
    """lookup does not answer: 451, after a while."""
    bench = Bench(options, 20)
    pids = bench.suite.pids("lookup")
    try:
        started = time.monotonic()
        reply = bench.submit("Subject: redirect", before_end=lambda: [
            os.kill(pid, signal.SIGSTOP) for pid in pids])
        check("away: 451", reply.startswith("451 4.3.0"), reply)
        check("away: after 10 s", 9 < time.monotonic() - started < 13,
              time.monotonic() - started)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        bench.close()


PARTS = {
    "text": run_all([part_text]),
    "refuse": run_all([part_refuse]),
    "fate": run_all([part_fate]),
    "filter": run_all([part_filter]),
    "files": run_all([part_files]),
    "service": part_service,
    "away": part_away,
}

if __name__ == "__main__":
    sys.exit(run("checks", PARTS))
