#!/usr/bin/env python3
"""What senders hear of mail that was not delivered.

usage: bounce.py BINDIR [-p PORT] [part...]

A next server refuses whom it is told to; the reports come to it, too. They
are read with Python's email package and held against RFC 3464.

The last line is "bounce: N passed, M failed".
"""

import email
import email.policy
import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
from next_server import Handler, Server                     # noqa: E402
from private_suite import Suite                             # noqa: E402
from queue_case import (check, listing, run, tool,          # noqa: E402
                        wait_for)
from smtp_talk import Talk                                  # noqa: E402

TEXT = "Subject: hello\r\nMessage-Id: <one@c.example>\r\n\r\nthe body\r\n"
NOBODY = b"550 5.1.1 no such user"
FIELDS = {"reporting-mta", "original-envelope-id", "arrival-date",
          "x-tern-queue-id", "x-tern-sender"}
RCPT_FIELDS = {"final-recipient", "original-recipient", "action", "status",
               "remote-mta", "diagnostic-code", "will-retry-until"}


class Refuser(Handler):
    """RCPT has the reply that the server has for its local part."""

    def answer(self, line):
        found = re.match(r"RCPT TO:<([^@>]*)", line)
        for start, reply in self.server.refused.items():
            if found and found.group(1).startswith(start):
                self.server.lines.append(line)
                self.wfile.write(reply + b"\r\n")
                return True
        if line == "DATA" and not self.mail.rcpts:
            self.say("554 5.5.1 no valid recipients")
            return True
        return super().answer(line)


class Place:
    """A suite, and the server that is next to it for everybody."""

    def __init__(self, options, refused=None, **settings):
        self.server = Server(options.port + 1)
        self.server.RequestHandlerClass = Refuser
        self.server.refused = refused or {"bad": NOBODY}
        self.server.keywords.append("SMTPUTF8")
        self.suite = Suite(options.bin, options.port, options.port + 1, {
            "queue_run_delay": "1s",
            "transport_maps": "inline:{ dead.example=smtp:[127.0.0.1]:%d }" %
            (options.port + 2), **settings})
        self.suite.start()

    def send(self, sender, *rcpts, mail="", text=TEXT, utf8=False):
        """Each recipient may have parameters behind it."""
        with Talk(self.suite.port, utf8=utf8) as talk:
            talk.say("MAIL FROM:<%s>%s" % (sender, mail))
            for rcpt in rcpts:
                to, _, more = rcpt.partition(" ")
                talk.say("RCPT TO:<%s>%s" % (to, more and " " + more))
            talk.say("DATA")
            reply = talk.say(text + ".")
        found = re.search(r"queued as (\w+)", reply)
        return found and found.group(1)

    def reports(self, count=1, seconds=10):
        """Those that came, once they are so many."""
        wait_for(lambda: len(self.found()) >= count, seconds)
        found = self.found()
        self.server.mails = [m for m in self.server.mails if m not in found]
        return found

    def found(self):
        return [m for m in self.server.mails
                if b"report-type=delivery-status" in m.text]

    def report(self):
        """The only one that came."""
        found = self.reports()
        return Report(found[0]) if len(found) == 1 else None

    def is_empty(self, seconds=10):
        return wait_for(lambda: listing(self.suite) == [], seconds)

    def logs(self, pattern, seconds=10):
        return self.suite.wait_log(pattern, seconds)

    def close(self):
        self.suite.close()
        self.server.close()


def is_folded(raw):
    """Lines of RFC 5322: they end in CR LF, and have an end to them."""
    lines = raw.split(b"\r\n")
    return all(len(line) <= 998 and b"\r" not in line and b"\n" not in line
               for line in lines)


class Report:
    """A report, taken apart; wrong has what RFC 3464 does not allow."""

    def __init__(self, mail):
        self.mail, self.raw = mail, mail.text
        self.message = email.message_from_bytes(mail.text)
        self.wrong = []
        self.parts = self.message.get_payload()
        self.to = [re.match("RCPT TO:<(.*?)>", r).group(1)
                   for r in mail.rcpts]
        self.must(self.message.get_content_type() == "multipart/report",
                  "its type")
        self.must(self.message.get_param("report-type") == "delivery-status",
                  "report-type")
        self.must(self.message["Auto-Submitted"] == "auto-replied",
                  "Auto-Submitted")
        self.must(len(self.parts) == 3, "three parts")
        self.must(not self.message.defects, "defects")
        self.must(is_folded(self.raw), "line ends")
        for name in ("Date", "From", "To", "Subject", "Message-Id",
                     "MIME-Version"):
            self.must(len(self.message.get_all(name, [])) == 1, name)
        self.is_global = "global" in self.parts[1].get_content_type()
        self.must(self.is_global or self.raw.isascii() or
                  self.message["Content-Transfer-Encoding"] == "8bit",
                  "encoding")
        self.read_status()

    def must(self, ok, what):
        if not ok:
            self.wrong.append(what)

    def read_status(self):
        part = self.parts[1]
        self.must(part.get_content_type() in (
            "message/delivery-status", "message/global-delivery-status"),
            "type of the status")
        blocks = part.get_payload()
        if isinstance(blocks, str):         # the global form is text to it
            blocks = [email.message_from_string(text) for text in
                      part.get_payload(decode=True).decode()
                      .replace("\r\n", "\n").strip().split("\n\n")]
        blocks = [b for b in blocks if b.items()]
        self.head, self.rcpts = blocks[0], blocks[1:]
        self.must(self.head["Reporting-MTA"] == "dns; tern.example",
                  "Reporting-MTA")
        self.must({k.lower() for k in self.head.keys()} <= FIELDS, "fields")
        for rcpt in self.rcpts:
            self.must({k.lower() for k in rcpt.keys()} <= RCPT_FIELDS and
                      len(set(rcpt.keys())) == len(rcpt.keys()),
                      "fields of a recipient: %s" % rcpt.keys())
            self.must(re.fullmatch(r"(rfc822|utf-8); \S+",
                                   rcpt["Final-Recipient"]),
                      "Final-Recipient")
            self.must(rcpt["Action"] in ("failed", "delayed", "relayed"),
                      "Action")
            self.must(re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}",
                                   rcpt["Status"]), "Status")

    @property
    def letter(self):
        return self.parts[0].get_payload(decode=True).decode("utf-8")

    @property
    def returned(self):
        """Type and text of what came back."""
        part = self.parts[2]
        body = part.get_payload()
        text = body[0].as_string() if isinstance(body, list) else body
        return part.get_content_type(), text


def unfold(text):
    return re.sub(r"\r?\n\s+", " ", text or "")


# ---- a server that refuses --------------------------------------------------

def refused(options):
    place = Place(options)
    own = place.send("s@c.example", "good@d.example NOTIFY=FAILURE",
                     "bad@d.example ORCPT=rfc822;Bad+2BOne@d.example",
                     mail=" ENVID=QQ+2B1 RET=FULL")
    report = place.report()
    check("refused: one report, to the sender, from nobody", report and
          report.to == ["s@c.example"] and
          report.mail.sender.startswith("MAIL FROM:<>"), report)
    check("refused: as RFC 3464 has it", report.wrong == [], report.wrong)
    check("refused: it is of one recipient", len(report.rcpts) == 1)
    rcpt = report.rcpts[0]
    check("refused: who, and how",
          rcpt["Final-Recipient"] == "rfc822; bad@d.example" and
          rcpt["Original-Recipient"] == "rfc822; Bad+One@d.example" and
          rcpt["Action"] == "failed" and rcpt["Status"] == "5.1.1", rcpt)
    check("refused: who said what", rcpt["Remote-MTA"] ==
          "dns; 127.0.0.1" and rcpt["Diagnostic-Code"] ==
          "smtp; 550 5.1.1 no such user", rcpt)
    check("refused: which message", report.head["Original-Envelope-Id"] ==
          "QQ+1" and report.head["X-Tern-Queue-ID"] == own and
          report.head["X-Tern-Sender"] == "rfc822; s@c.example",
          report.head)
    check("refused: the message comes back", report.returned[0] ==
          "message/rfc822" and "the body" in report.returned[1] and
          "Subject: hello" in report.returned[1], report.returned)
    check("refused: the letter names them", "<bad@d.example>" in
          report.letter and "no such user" in report.letter,
          report.letter)
    check("refused: the queue is empty", place.is_empty(), listing(
        place.suite))
    check("refused: the log has the new id, before that one's own lines",
          place.logs(r"(?s)%s: to=<bad@.*status=bounced.*"
                     r"%s: sender non-delivery notification: (\w+)\n.*"
                     r"\1: message-id=<.*%s: removed" % (own, own, own)),
          place.suite.log_text()[-3000:])
    check("refused: no trace of its way but ours", re.search(
        rb"(?m)^Received: by tern\.example \(Tern\) id \w+", report.raw))
    place.close()


def notify(options):
    place = Place(options)
    place.send("s@c.example", "bad1@d.example NOTIFY=NEVER",
               "bad2@d.example NOTIFY=SUCCESS,DELAY")
    check("NOTIFY: who does not want to hear does not", place.is_empty() and
          place.found() == [])
    check("NOTIFY: the log says so", place.suite.count_log(
        r"no sender notification for <bad\d@d\.example>") == 2,
        place.suite.log_text()[-2000:])
    place.send("s@c.example", "bad1@d.example NOTIFY=NEVER",
               "bad2@d.example NOTIFY=FAILURE")
    report = place.report()
    check("NOTIFY: the others do", report and
          [r["Final-Recipient"] for r in report.rcpts] ==
          ["rfc822; bad2@d.example"] and report.wrong == [], report)
    check("NOTIFY: then nothing is left", place.is_empty())
    place.close()


def some_wait(options):
    """Who has failed is reported, whatever becomes of the others."""
    place = Place(options, {"bad": NOBODY, "later": b"450 4.2.0 not now"})
    place.send("s@c.example", "bad@d.example", "later@d.example")
    report = place.report()
    check("some wait: the failed one is reported at once", report and
          [r["Final-Recipient"] for r in report.rcpts] ==
          ["rfc822; bad@d.example"], report)
    check("some wait: the other one stays", wait_for(lambda: [
        [r["address"] for r in m["recipients"]]
        for m in listing(place.suite)] == [["later@d.example"]]),
        listing(place.suite))
    del place.server.refused["later"]
    check("some wait: and is delivered", place.is_empty(20) and
          place.found() == [])
    place.close()


def success(options):
    """Who wants to hear of a success hears where DSN ends."""
    place = Place(options)
    place.send("s@c.example", "a@d.example NOTIFY=SUCCESS")
    check("success: a server with DSN reports itself", place.is_empty() and
          place.found() == [] and any(
              "RCPT TO:<a@d.example> NOTIFY=SUCCESS" in line
              for line in place.server.lines), place.server.lines)
    place.close()
    place = Place(options, smtp_discard_ehlo_keywords="dsn")
    own = place.send("s@c.example", "a@d.example NOTIFY=SUCCESS",
                     "b@d.example NOTIFY=FAILURE", "c@d.example",
                     "bad@d.example NOTIFY=SUCCESS,FAILURE")
    reports = {r.rcpts[0]["Action"]: r for r in
               map(Report, place.reports(2))}
    check("success: one of success, one of failure", sorted(reports) ==
          ["failed", "relayed"] and not any(
              r.wrong for r in reports.values()), reports)
    done = reports["relayed"]
    check("success: of whom it is wanted", [
        (r["Final-Recipient"], r["Status"]) for r in done.rcpts] ==
        [("rfc822; a@d.example", "2.0.0")] and
        done.returned[0] == "text/rfc822-headers", done.rcpts)
    check("success: the log says so", place.logs(
        own + r": sender delivery status notification: \w+"))
    check("success: nothing is left", place.is_empty())
    place.send("", "a@d.example NOTIFY=SUCCESS")
    check("success: nobody is told nothing", place.is_empty() and
          place.found() == [])

    stop_bounce(place)
    own = place.send("s@c.example", "a@d.example NOTIFY=SUCCESS")
    place.logs(own + ": to=<a@d.*status=sent")
    time.sleep(0.3)
    place.suite.kill("qmgr")
    go_on(place)
    check("success: it is reported after a crash, and sent once",
          place.reports(1, 20) and place.is_empty(20) and
          place.suite.count_log(own + ": to=<a@d.*status=sent") == 1,
          listing(place.suite))
    place.close()


# ---- time -------------------------------------------------------------------

def expiry(options):
    place = Place(options, maximal_queue_lifetime="2s")
    place.send("s@c.example", "a@dead.example", "b@dead.example")
    report = place.report()
    check("expiry: the log says so", place.logs(
        r"from=<s@c\.example>, status=expired, returned to sender"))
    check("expiry: one report of both", report and report.wrong == [] and
          [r["Final-Recipient"] for r in report.rcpts] ==
          ["rfc822; a@dead.example", "rfc822; b@dead.example"], report)
    check("expiry: with what was heard last", all(
        r["Action"] == "failed" and r["Status"] == "4.4.1" and
        "Connection refused" in unfold(r["Diagnostic-Code"])
        for r in report.rcpts), report.rcpts)
    check("expiry: nothing is left", place.is_empty())
    place.close()

    place = Place(options, maximal_queue_lifetime="0s")
    place.send("s@c.example", "a@dead.example")
    check("expiry: 0 is one attempt", len(place.reports()) == 1 and
          place.is_empty() and place.suite.count_log(
              "status=deferred") == 1, place.suite.log_text()[-2000:])
    place.close()


def delay(options):
    place = Place(options, delay_warning_time="2s")
    place.send("s@c.example", "a@dead.example", "b@dead.example NOTIFY=NEVER",
               "c@dead.example NOTIFY=DELAY")
    report = place.report()
    check("delay: one warning of those who want it", report and
          report.wrong == [] and
          [(r["Final-Recipient"], r["Action"]) for r in report.rcpts] ==
          [("rfc822; a@dead.example", "delayed"),
           ("rfc822; c@dead.example", "delayed")], report)
    check("delay: until when it goes on is told",
          report.rcpts[0]["Will-Retry-Until"])
    check("delay: the header comes back, no more", report.returned[0] ==
          "text/rfc822-headers" and "the body" not in report.returned[1])
    check("delay: the log says so", place.logs(
        r"sender delay notification: \w+"))
    tried = place.suite.count_log("to=<a@dead")
    check("delay: once", wait_for(lambda: place.suite.count_log(
        "to=<a@dead") > tried + 2, 15) and place.found() == [])
    check("delay: the message stays", len(listing(place.suite)) == 1)
    place.close()


# ---- who has no sender ------------------------------------------------------

def null_sender(options):
    place = Place(options, {"bad": NOBODY, "postmaster": NOBODY})
    place.send("", "bad@d.example")
    check("null sender: nothing is sent, and the log says so",
          place.logs("no sender to notify: undeliverable message discarded")
          and place.is_empty() and place.found() == [])
    place.close()

    place = Place(options, notify_classes="bounce, 2bounce",
                  **{"2bounce_notice_recipient": "root@p.example",
                     "bounce_notice_recipient": "boss@p.example"})
    place.send("", "bad@d.example")
    report = place.report()
    check("2bounce: the postmaster has it", report and
          report.to == ["root@p.example"] and report.wrong == [] and
          report.mail.sender.startswith(
              "MAIL FROM:<double-bounce@tern.example>") and
          report.returned[0] == "message/rfc822", report)
    check("2bounce: the log says so", place.logs(
        r"postmaster non-delivery notification: \w+"))
    place.send("s@c.example", "bad@d.example")
    both = {tuple(r.to): r for r in map(Report, place.reports(2))}
    check("bounce: sender and postmaster have one each", set(both) ==
          {("s@c.example",), ("boss@p.example",)}, both)
    copy = both[("boss@p.example",)]
    check("bounce: the copy is without the body", copy.wrong == [] and
          copy.returned[0] == "text/rfc822-headers" and
          b"the body" not in copy.raw)
    check("bounce: nothing is left", place.is_empty())
    place.close()

    place = Place(options, {"bad": NOBODY, "root": NOBODY},
                  notify_classes="2bounce",
                  **{"2bounce_notice_recipient": "root@p.example"})
    place.send("", "bad@d.example")
    check("a notice that cannot be delivered goes no further", place.logs(
        "undeliverable postmaster notification discarded") and
        place.is_empty() and place.found() == [])
    place.send("s@c.example", "double-bounce@tern.example")
    check("mail to double_bounce_sender is discarded", place.logs(
        r"to=<double-bounce@tern\.example>, relay=none, .*status=sent "
        r"\(undeliverable postmaster notification discarded\)") and
        place.is_empty(), place.suite.log_text()[-1500:])
    place.close()


def double(options):
    """The report itself is refused: that is the end of it."""
    place = Place(options, {"bad": NOBODY, "s": NOBODY})
    place.send("s@c.example", "bad@d.example")
    check("double: the report is discarded", place.logs(
        "no sender to notify: undeliverable message discarded") and
        place.is_empty())
    place.close()


# ---- what comes back --------------------------------------------------------

def size(options):
    place = Place(options, bounce_size_limit="3000")
    long = TEXT + "x" * 70 + "\r\n"
    large = TEXT + ("y" * 70 + "\r\n") * 1000
    for name, text, mail, kind in (
            ("small", long, "", "message/rfc822"),
            ("large", large, "", "text/rfc822-headers"),
            ("large, RET=FULL", large, " RET=FULL", "text/rfc822-headers"),
            ("small, RET=HDRS", long, " RET=HDRS", "text/rfc822-headers"),
            ("small, RET=FULL", long, " RET=FULL", "message/rfc822")):
        place.send("s@c.example", "bad@d.example", mail=mail, text=text)
        report = place.report()
        check("size: %s: %s" % (name, kind), report and
              report.wrong == [] and report.returned[0] == kind and
              ("the body" in report.returned[1]) ==
              (kind == "message/rfc822") and
              "Subject: hello" in report.returned[1], report and
              report.returned)
    head = "".join("X-Long-%d: %s\r\n" % (i, "z" * 900) for i in range(80))
    place.send("s@c.example", "bad@d.example", text=head + large)
    report = place.report()
    check("size: a header of several chunks comes whole", report and
          report.wrong == [] and "X-Long-79" in report.returned[1] and
          "the body" not in report.returned[1])
    place.send("s@c.example", "bad@d.example",
               text="Subject: caf\xe9\r\n\r\nna\xefve\r\n")
    report = place.report()
    check("size: 8 bits are labelled", report and report.wrong == [] and
          report.parts[2]["Content-Transfer-Encoding"] == "8bit" and
          b"na\xefve" in report.raw)
    check("size: nothing is left", place.is_empty())
    place.close()


def utf8(options):
    place = Place(options)
    place.send("sénder@c.example", "bad-ü@d.example", mail=" SMTPUTF8",
               text="Subject: grüße\r\n\r\nböse\r\n", utf8=True)
    report = place.report()
    check("utf8: the global form", report and report.wrong == [] and
          report.is_global and report.returned[0] == "message/global",
          report and report.raw)
    check("utf8: its addresses", "Final-Recipient: utf-8; bad-ü@d.example"
          in report.raw.decode() and "<bad-ü@d.example>" in report.letter)
    check("utf8: it is sent with SMTPUTF8", "SMTPUTF8" in
          report.mail.sender, report.mail.sender)
    place.send("s@c.example", "bad@d.example", mail=" SMTPUTF8", utf8=True)
    report = place.report()
    check("utf8: not where all is ASCII", report and report.wrong == [] and
          not report.is_global and "SMTPUTF8" not in report.mail.sender)
    check("utf8: nothing is left", place.is_empty())
    place.close()


HOSTILE = (
    b"550 5.1.1 x\x00\x01\x1b[31m \xff\xfe \xc3\xa9 \x7f end",
    b"550-5.1.1 first\r\n550-Subject: evil\r\n550 Action: delivered",
    b"550 5.1.1 " + b"a" * 900,
    b"550-5.1.1 " + b"b" * 450 + b"\r\n" + b"550-" + b"c" * 450 + b"\r\n550 "
    + b"d" * 450,
    b"550 5.999.9999 --boundary\r",
    b"550 host evil.example[192.0.2.1] said: (in reply to (in reply to x)",
    b"550",
)


def hostile(options):
    """Whatever a server says, it is one field of one recipient."""
    place = Place(options)
    for number, reply in enumerate(HOSTILE):
        place.server.refused = {"bad": reply}
        place.send("s@c.example", "bad@d.example")
        report = place.report()
        check("hostile %d: a good report" % number, report and
              report.wrong == [] and len(report.rcpts) == 1 and
              report.rcpts[0]["Action"] == "failed" and
              report.message["Subject"] ==
              "Your message could not be delivered",
              report and (report.wrong, report.raw))
        check("hostile %d: of that server" % number,
              report.rcpts[0]["Remote-MTA"] == "dns; 127.0.0.1",
              report.rcpts[0])
        check("hostile %d: nothing but text" % number, not re.search(
            rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]",
            report.raw.split(b"Content-Description: The message")[0]),
            report.raw)
    check("hostile: nothing is left", place.is_empty())
    place.close()


def many(options):
    """Windows of a thousand, one report each; every recipient in one."""
    place = Place(options, {"bad": b"550 5.1.1 " + b"no such user " * 60},
                  smtpd_recipient_limit="3000", bounce_size_limit="1000",
                  message_size_limit="1000000")
    place.send("s@c.example", *["bad%d@d.example" % i for i in range(2500)])
    reports = [Report(m) for m in place.reports(3, 60)]
    check("many: three reports", sorted(len(r.rcpts) for r in reports) ==
          [500, 1000, 1000], [len(r.rcpts) for r in reports])
    found = {r["Final-Recipient"] for report in reports
             for r in report.rcpts}
    check("many: each is in one of them", len(found) == 2500 and
          not any(r.wrong for r in reports))
    check("many: nothing is left", place.is_empty())
    place.close()


# ---- what an administrator does ---------------------------------------------

def stop_bounce(place):
    """bounce is there, and does nothing."""
    wait_for(lambda: place.suite.pids("bounce"))
    for pid in place.suite.pids("bounce"):
        os.kill(pid, signal.SIGSTOP)


def go_on(place):
    for pid in place.suite.pids("bounce"):
        os.kill(pid, signal.SIGCONT)


def waiting(options):
    """While there is no bounce nothing is lost; the queue shows it."""
    place = Place(options)
    stop_bounce(place)
    place.send("s@c.example", "bad@d.example")
    check("waiting: the log has the result", place.logs("status=bounced"))
    check("waiting: the listing shows why it is owed", wait_for(
        lambda: any("no such user" in r.get("bounce_reason", "")
                    for m in listing(place.suite)
                    for r in m["recipients"])), listing(place.suite))
    mail = listing(place.suite)[0]
    tool(place.suite, "ternsuper", "-h", mail["queue_id"])
    go_on(place)
    check("waiting: what was begun goes on, held or not",
          len(place.reports()) == 1 and place.is_empty())

    stop_bounce(place)
    own = place.send("s@c.example", "bad@d.example")
    place.logs(own + ": to=<bad@d.example>.*status=bounced")
    time.sleep(0.3)
    del place.server.refused["bad"]
    tool(place.suite, "ternsuper", "-r", own)
    place.suite.kill("bounce")
    check("waiting: requeued, it is tried again", place.logs(
        own + r": to=<bad@d\.example>.*status=sent", 20) and
        place.is_empty(20), listing(place.suite))
    place.close()


def held(options):
    """Held before its report, then released: it is tried anew."""
    place = Place(options, {"bad": NOBODY, "later": b"450 4.2.0 no"})
    place.suite.tern("reload")
    own = place.send("s@c.example", "later@d.example")
    wait_for(lambda: [m["queue_name"] for m in listing(place.suite)] ==
             ["deferred"])
    tool(place.suite, "ternsuper", "-h", own)
    place.server.refused = {"later": NOBODY}
    tool(place.suite, "ternsuper", "-H", own)
    report = place.report()
    check("held: released, it fails, and is reported", report and
          report.wrong == [] and place.is_empty())
    place.close()


def soft(options):
    place = Place(options, soft_bounce="yes")
    place.send("s@c.example", "bad@d.example")
    check("soft_bounce: it is deferred, and the log says so", place.logs(
        r"dsn=4\.1\.1, status=SOFTBOUNCE \(host .*no such user") and
        wait_for(lambda: [m["queue_name"] for m in listing(place.suite)] ==
                 ["deferred"]) and place.found() == [],
        place.suite.log_text()[-1500:])
    place.close()


def alias(options):
    """A sender of ours may stand for others."""
    place = Place(options, virtual_alias_domains="v.example",
                  virtual_alias_maps="inline:{ me@v.example=x@c.example }",
                  enable_threaded_bounces="yes")
    place.send("me@v.example", "bad@d.example")
    report = place.report()
    check("alias: the report goes where mail for its sender goes", report and
          report.to == ["x@c.example"] and
          report.message["To"] == "me@v.example", report and report.to)
    check("alias: it says what it is a reply to",
          report.message["In-Reply-To"] == "<one@c.example>")
    check("alias: nothing is left", place.is_empty())
    place.close()


def checks(options):
    """Reports pass content checks only where they are told to."""
    rules = "regexp:{{/^From: Mail Delivery System/ PREPEND X-Seen: yes}}"
    for classes, is_seen in (("", False), ("bounce", True)):
        place = Place(options, header_checks=rules,
                      internal_mail_filter_classes=classes)
        place.send("s@c.example", "bad@d.example")
        report = place.report()
        check("checks: %s" % (classes or "none"), report and
              report.wrong == [] and
              (report.message["X-Seen"] == "yes") == is_seen)
        place.close()


def verp(options):
    place = Place(options, smtpd_authorized_verp_clients="127.0.0.1",
                  enable_original_recipient="no")
    place.send("s@c.example", "bad1@d.example", "bad2@d.example",
               mail=" XVERP")
    reports = [Report(m) for m in place.reports(2)]
    check("XVERP: a report for each, to its own sender", sorted(
        r.to[0] for r in reports) == ["s+bad1=d.example@c.example",
                                      "s+bad2=d.example@c.example"] and
        all(len(r.rcpts) == 1 and r.wrong == [] for r in reports),
        [r.to for r in reports])
    place.close()


def foreign(options):
    """The lines of a Postfix master.cf are good, and so are none."""
    place = Place(options)
    with open(os.path.join(place.suite.etc, "master.cf"), "a") as f:
        f.write("bounce unix - - y - 0 bounce\n"
                "defer unix - - y - 0 bounce\n"
                "trace unix - - y - 0 bounce\n")
    done = place.suite.tern("check")
    check("master.cf of Postfix: nothing to say of it", done.returncode == 0
          and "bounce" not in done.stdout, done.stdout)
    old = place.suite.pids("bounce")
    place.suite.tern("reload")
    check("master.cf of Postfix: one bounce", wait_for(
        lambda: len(place.suite.pids("bounce")) == 1 and
        place.suite.pids("bounce") != old), place.suite.pids("bounce"))
    place.send("s@c.example", "bad@d.example")
    check("master.cf of Postfix: and it reports", place.report() and
          place.is_empty())
    place.close()


# ---- programs that die ------------------------------------------------------

def dies(options):
    """At least one report of each, never none."""
    place = Place(options, smtp_destination_concurrency_limit="4",
                  transport_retry_time="1s", service_throttle_time="1s")
    senders = set()
    for turn in range(8):
        for number in range(6):
            sender = "s%d-%d@c.example" % (turn, number)
            if place.send(sender, "bad@d.example"):
                senders.add(sender)
        for name in ("bounce", "cleanup", "qmgr")[turn % 3:][:1]:
            time.sleep(0.02 * turn)
            wait_for(lambda name=name: place.suite.kill(name))
    check("dies: mail was taken", len(senders) > 40, len(senders))
    check("dies: the queue runs dry", place.suite.drain(60),
          listing(place.suite))
    reports = [Report(m) for m in place.reports(len(senders), 30)]
    told = {r.to[0] for r in reports}
    check("dies: each sender has heard", senders <= told, senders - told)
    check("dies: and all reports are whole", not any(r.wrong
                                                     for r in reports))
    check("dies: few twice", len(reports) <= len(senders) + 30,
          "%d of %d" % (len(reports), len(senders)))
    place.close()


def amid(options):
    """Killed with an errand in its hands, again and again."""
    place = Place(options, transport_retry_time="1s",
                  service_throttle_time="1s")
    for victim in ("cleanup", "qmgr", "bounce", "lookup"):
        stop_bounce(place)
        own = place.send("%s@c.example" % victim, "bad@d.example")
        place.logs(own + ": to=<bad@.*status=bounced")
        time.sleep(0.3)
        place.suite.kill(victim)
        go_on(place)
        wait_for(lambda name=victim: place.suite.pids(name))
        check("amid: %s: the queue runs dry" % victim,
              place.suite.drain(30), listing(place.suite))
        found = [Report(m) for m in place.reports(1, 20)]
        check("amid: %s: its sender has heard" % victim, found and all(
            r.to == ["%s@c.example" % victim] and r.wrong == []
            for r in found), [r.to for r in found])
    place.close()


def reloads(options):
    """Nothing is lost or doubled when all programs are replaced."""
    place = Place(options)
    senders = []
    for turn in range(4):
        for number in range(10):
            senders.append("s%d-%d@c.example" % (turn, number))
            place.send(senders[-1], "bad@d.example")
        place.suite.tern("reload")
    told = sorted(Report(m).to[0] for m in place.reports(len(senders), 30))
    check("reloads: one report each", told == sorted(senders) and
          place.is_empty(), (len(told), len(senders)))
    place.close()


PARTS = {part.__name__: part for part in (
    refused, notify, some_wait, success, expiry, delay, null_sender, double, size,
    utf8, hostile, many, waiting, held, soft, alias, checks, verp, foreign, dies,
    amid, reloads)}

if __name__ == "__main__":
    sys.exit(run("bounce", PARTS))
