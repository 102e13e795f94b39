#!/usr/bin/env python3
"""Clients that others wrote send through a private suite to a sink, and a
reader of logs that others wrote counts what they sent.

usage: clients.py BINDIR [-p PORT] [part...]

Parts: swaks, smtplib, curl, source (smtp-source, of Debian's postfix, which
is unpacked beside BINDIR and neither installed nor started), pflogsumm.

The last line is "clients: N passed, M failed".
"""

import email
import email.message
import email.policy
import glob
import os
import re
import smtplib
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
from private_suite import Suite, wait_for                   # noqa: E402
from queue_case import check, run                           # noqa: E402

STRANGER = "127.0.0.2"      # not in mynetworks
HERE = "ours.example"       # in relay_domains
# Dots, a line of 900, 8 bits, an empty line at the end.
LINES = [b"first", b".", b"..", b".dotted", b"", b"x" * 900,
         "Gr\u00fc\u00dfe \u20ac".encode(), bytes(range(0xa0, 0x100)), b""]
BINARY = bytes(range(256)) * 800


def call(*command, stdin=None):
    return subprocess.run(command, stdout=subprocess.PIPE, input=stdin,
                          stderr=subprocess.STDOUT, timeout=120)


class Case:
    """A suite with a sink whose messages are kept."""

    def __init__(self, options, sink=(), **settings):
        values = {"mynetworks": "127.0.0.1/32", "relay_domains": HERE}
        values.update(settings)
        self.suite = Suite(options.bin, options.port, options.port + 1,
                           values)
        self.server = "127.0.0.1:%d" % options.port
        self.sink = sink
        self.inbox = os.path.join(self.suite.dir, "inbox")
        os.mkdir(self.inbox)

    def __enter__(self):
        self.suite.start()
        self.suite.start_sink("-D", self.inbox, *self.sink)
        return self

    def __exit__(self, *_):
        self.suite.close()

    def file(self, name, data):
        path = os.path.join(self.suite.dir, "file-" + name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def messages(self):
        found = []
        for name in os.listdir(self.inbox):
            if name.isdigit():      # whole
                with open(os.path.join(self.inbox, name), "rb") as f:
                    # After the envelope, as the sink notes it.
                    found.append(f.read().partition(b"\n\n")[2])
        return found

    def arrived(self, subject, count=1, seconds=20):
        """The messages of that subject: all of them, none too many."""
        mark = b"\r\nSubject: " + subject.encode() + b"\r\n"

        def look():
            found = [m for m in self.messages() if mark in m]
            return found if len(found) >= count else None
        found = wait_for(look, seconds) or []
        return found if len(found) == count else []


def body_of(message):
    return message.partition(b"\r\n\r\n")[2]


def check_body(case, name, subject, lines):
    """It came once, and each byte of it."""
    want = b"".join(line + b"\r\n" for line in lines)
    found = case.arrived(subject)
    got = body_of(found[0]) if found else b""
    # Some clients end with an empty line of their own.
    check(name + ": the content arrives as it was",
          got.rstrip(b"\r\n") == want.rstrip(b"\r\n") and
          len(got) >= len(want) - 2, (len(got), len(want), got[:200]))


def attachment_of(case, subject):
    found = case.arrived(subject)
    if not found:
        return None
    parts = email.message_from_bytes(found[0],
                                     policy=email.policy.SMTP).walk()
    return [part.get_payload(decode=True) for part in parts
            if part.get_filename()]


# ---- swaks ----------------------------------------------------------------

def swaks(options):
    def send(case, *arguments):
        return call("swaks", "--server", case.server, "--from",
                    "a@client.example", "--helo", "client.example",
                    "--timeout", "20", *arguments)

    with Case(options, message_size_limit="1000000") as case:
        path = case.file("data", b"From: a@client.example\nSubject: lines"
                         b"\n\n" + b"\n".join(LINES))
        done = send(case, "--to", "b@d.example", "--data", "@" + path)
        check("swaks: exit 0", done.returncode == 0, done.stdout)
        check_body(case, "swaks", "lines", LINES)
        done = send(case, "--to", "b@d.example", "--pipeline",
                    "--header", "Subject: pipelined", "--body", "hello")
        check("swaks --pipeline: exit 0", done.returncode == 0, done.stdout)
        check_body(case, "swaks --pipeline", "pipelined", [b"hello"])
        path = case.file("photo.bin", BINARY)
        done = send(case, "--to", "b@d.example,c@e.example",
                    "--header", "Subject: photo", "--attach", "@" + path)
        check("swaks --attach: exit 0", done.returncode == 0, done.stdout)
        check("swaks --attach: arrives byte by byte",
              attachment_of(case, "photo") == [BINARY])
        refusals(case, send)


def refusals(case, send):
    # A stranger may not write to anybody; swaks takes one of two as enough.
    away = ("--local-interface", STRANGER)
    done = send(case, *away, "--to", "b@d.example")
    check("swaks: exit 24 when no recipient is accepted",
          done.returncode == 24 and b"454 4.7.1" in done.stdout, done)
    done = send(case, *away, "--to", "b@d.example,c@" + HERE,
                "--header", "Subject: half")
    check("swaks: exit 0 when one of two is accepted",
          done.returncode == 0 and b"454 4.7.1" in done.stdout, done)
    check("swaks: the accepted one gets it", len(case.arrived("half")) == 1)
    check("swaks: nobody else does", case.suite.wait_log(
        "to=<c@%s>.*status=sent" % HERE) and
        not case.suite.count_log("to=<b@d.example>.*client=" + STRANGER) and
        case.suite.count_log("to=<c@%s>" % HERE) == 1)
    done = send(case, "--to", "not an address@")
    check("swaks: exit 24 for a recipient that is no address",
          done.returncode == 24 and b"501 5.1.3" in done.stdout, done)
    path = case.file("huge", b"Subject: huge\n\n" + b"x" * 60 * 20000 +
                     b"\n")
    huge = case.file("lines", b"Subject: huge\n\n" + (b"x" * 60 + b"\n") *
                     20000)
    for what in (path, huge):
        done = send(case, "--to", "b@d.example", "--data", "@" + what)
        check("swaks: exit 26 when the content is refused (%s)"
              % os.path.basename(what), done.returncode == 26 and
              re.search(rb"55[0-9] 5", done.stdout), done.stdout[-400:])
    check("swaks: nothing of that arrives", not [
        m for m in case.messages() if b"Subject: huge" in m])


# ---- Python ---------------------------------------------------------------

def python(options):
    with Case(options, message_size_limit="5000000") as case:
        suite = case.suite
        with smtplib.SMTP("127.0.0.1", suite.port, timeout=30) as client:
            client.ehlo("client.example")
            check("smtplib: sees the extensions", all(map(client.has_extn, (
                "pipelining", "size", "8bitmime",
                "enhancedstatuscodes"))), client.esmtp_features)
            check("smtplib: sees the size",
                  client.esmtp_features["size"] == "5000000")
            text = b"Subject: eight\r\n\r\n" + b"\r\n".join(LINES)
            said = client.sendmail("a@c.example", ["b@d.example"], text,
                                   ["BODY=8BITMIME"])
            check("smtplib: all recipients are taken", said == {}, said)
            check_body(case, "smtplib, 8BITMIME", "eight", LINES)
            for i in range(20):
                client.sendmail("a@c.example", ["b@d.example"],
                                "Subject: many\r\n\r\n%d\r\n" % i)
            check("smtplib: twenty in one session", sorted(
                int(body_of(m)) for m in case.arrived("many", 20)) ==
                list(range(20)))
            check("smtplib: NOOP, RSET, VRFY, HELP", client.noop()[0] == 250
                  and client.rset()[0] == 250 and
                  client.verify("b@d.example")[0] == 252 and
                  client.docmd("HELP")[0] in (214, 502))
        attach(case)
        refused(case)


def attach(case):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = "attached"
    message["From"], message["To"] = "a@c.example", "b@d.example"
    message.set_content("Gr\u00fc\u00dfe", cte="8bit")
    message.add_attachment(BINARY * 8, maintype="application",
                           subtype="octet-stream", filename="x.bin")
    with smtplib.SMTP("127.0.0.1", case.suite.port, timeout=30) as client:
        client.send_message(message)
    check("smtplib: an attachment of 1.6 MB arrives whole",
          attachment_of(case, "attached") == [BINARY * 8],
          [len(part) for part in attachment_of(case, "attached") or []])
    found = case.arrived("attached")
    check("smtplib: 8-bit text beside it", found and
          "Gr\u00fc\u00dfe".encode() in found[0])


def raised(error, function, *arguments):
    """The error that it must end with."""
    try:
        function(*arguments)
    except error as caught:
        return caught
    return None


def refused(case):
    stranger = (STRANGER, 0)
    with smtplib.SMTP("127.0.0.1", case.suite.port, timeout=30,
                      source_address=stranger) as client:
        text = "Subject: some\r\n\r\nx\r\n"
        said = client.sendmail("a@c.example",
                               ["b@d.example", "c@" + HERE], text)
        check("smtplib: says which recipient was refused",
              list(said) == ["b@d.example"] and
              said["b@d.example"][0] == 454, said)
        check("smtplib: the other gets it", len(case.arrived("some")) == 1)
        error = raised(smtplib.SMTPRecipientsRefused, client.sendmail,
                       "a@c.example", ["b@d.example"], text)
        check("smtplib: all refused is an error", error and
              error.recipients["b@d.example"][0] == 454, error)
        error = raised(smtplib.SMTPSenderRefused, client.sendmail,
                       "a@c.example", ["c@" + HERE], "x" * 5000001)
        check("smtplib: too large is refused by its SIZE",
              error and error.smtp_code == 552, error)
        said = client.sendmail("a@c.example", ["c@" + HERE], text)
        check("smtplib: and the session goes on", said == {})


# ---- curl -----------------------------------------------------------------

def curl(options):
    def send(case, path, *arguments):
        return call("curl", "-sS", "-m", "30", "smtp://%s/client.example" %
                    case.server, "--mail-from", "a@client.example",
                    "--upload-file", path, *arguments)

    with Case(options) as case:
        path = case.file("mail", b"Subject: curled\r\n\r\n" +
                         b"\r\n".join(LINES))
        done = send(case, path, "--mail-rcpt", "b@d.example",
                    "--mail-rcpt", "c@e.example")
        check("curl: exit 0", done.returncode == 0, done)
        check_body(case, "curl", "curled", LINES)
        stranger = ("--interface", STRANGER)
        done = send(case, path, "--mail-rcpt", "b@d.example", *stranger)
        check("curl: exit 55 for a refused recipient", done.returncode == 55,
              done)
        large = case.file("large", b"Subject: large\r\n\r\n" +
                          (b"y" * 70 + b"\r\n") * 40000)
        done = send(case, large, "--mail-rcpt", "b@d.example")
        check("curl: 2.9 MB, exit 0", done.returncode == 0, done)
        check_body(case, "curl, 2.9 MB", "large", [b"y" * 70] * 40000)


# ---- smtp-source ----------------------------------------------------------

def unpack_postfix(folder):
    """Debian's package in a folder; why not, or None."""
    if glob.glob(folder + "/usr/sbin/smtp-source"):
        return None
    os.makedirs(folder, exist_ok=True)

    def download():
        return subprocess.run(
            ["apt-get", "download", "-q", "postfix"], cwd=folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    done = download()
    if done.returncode != 0:        # old lists, or none
        call("apt-get", "update", "-q")
        done = download()
    packages = glob.glob(folder + "/postfix_*.deb")
    if done.returncode != 0 or not packages:
        return done.stdout.strip()[-300:] or "nothing was downloaded"
    # No more of it than smtp-source needs.
    files = call("dpkg-deb", "--fsys-tarfile", packages[0]).stdout
    done = call("tar", "-x", "-C", folder, "./usr/sbin/smtp-source",
                "./usr/lib/postfix", stdin=files)
    return None if done.returncode == 0 else done.stdout


def source(options):
    folder = os.path.join(os.path.abspath(options.bin), "..", "postfix")
    why = unpack_postfix(os.path.normpath(folder))
    if why is not None and os.geteuid() != 0:
        # Root can always refresh the lists; who cannot is told loudly.
        print("LEFT OUT: smtp-source: apt-get download postfix: " + why)
        return
    if not check("smtp-source: unpacked", why is None, why):
        return

    def send(case, *arguments):
        return call("env", "LD_LIBRARY_PATH=%s/usr/lib/postfix" % folder,
                    "%s/usr/sbin/smtp-source" % folder, *arguments,
                    case.server)

    with Case(options) as case:
        for name, count, args in (
                ("parallel", 200, ("-s", "10", "-m", "200", "-l", "5000")),
                ("sessions", 100, ("-d", "-s", "4", "-m", "100")),
                ("several", 20, ("-r", "5", "-N", "-m", "20")),
                ("large", 4, ("-s", "2", "-m", "4", "-l", "3000000"))):
            began = time.monotonic()
            done = send(case, *args, "-S", name, "-M", "client.example",
                        "-f", "a@c.example", "-t", "b@d.example")
            check("smtp-source %s: exit 0" % " ".join(args),
                  done.returncode == 0 and not done.stdout, done)
            found = case.arrived(name, count, 60)
            check("smtp-source %s: all arrive, all the same" %
                  " ".join(args), len(found) == count and
                  len({body_of(m) for m in found}) == 1, len(case.messages()))
            print("   %.1f s" % (time.monotonic() - began))
        unusual(case, send)


def unusual(case, send):
    done = send(case, "-o", "-m", "3", "-f", "a@c.example",
                "-t", "old@d.example")
    check("smtp-source -o, without HELO and header: exit 0",
          done.returncode == 0, done)
    check("smtp-source -o: arrives", case.suite.wait_log(
        "to=<old@d.example>.*status=sent", count=3))
    path = case.file("file", b"Subject: file\n\n" + b"\n".join(LINES))
    done = send(case, "-F", path, "-f", "a@c.example", "-t", "b@d.example")
    check("smtp-source -F: exit 0", done.returncode == 0, done)
    check_body(case, "smtp-source -F", "file", LINES)
    have = case.suite.count_log("status=sent")
    done = send(case, "-L", "-f", "a@c.example", "-t", "lmtp@d.example")
    check("smtp-source -L: no LMTP here, it is told", done.returncode != 0
          and re.search(rb"50[02] 5\.5\.\d", done.stdout), done)
    check("smtp-source -L: and nothing is sent",
          case.suite.count_log("status=sent") == have and
          case.suite.queue() == [])


# ---- a reader of Postfix's logs ---------------------------------------------

def pflogsumm(options):
    rules = ("-x", "RCPT<no@=550 5.1.1 no such user",
             "-x", "RCPT<later@=450 4.2.1 not now")
    text = "Subject: counted\r\n\r\nx\r\n"
    # It is older than tls= in the line of a delivery.
    with Case(options, rules, smtp_log_tls_feature_status="no") as case:
        with smtplib.SMTP("127.0.0.1", case.suite.port) as client:
            for _ in range(3):
                client.sendmail("a@c.example", ["b@d.example"], text)
            client.sendmail("a@c.example", ["no@d.example", "ok@e.example",
                                            "later@e.example"], text)
        with smtplib.SMTP("127.0.0.1", case.suite.port,
                          source_address=(STRANGER, 0)) as client:
            raised(smtplib.SMTPRecipientsRefused, client.sendmail,
                   "s@strange.example", ["b@d.example"], text)
        # One of them is the report on who was refused.
        case.suite.wait_log("status=(sent|deferred|bounced)", count=7)
        case.suite.wait_log(r"disconnect from .* commands=", count=2)
        # That report was not received of anybody.
        sizes = sum(map(int, re.findall(r"from=<.+>, size=(\d+),",
                                        case.suite.log_text())))
        said = call("pflogsumm", "--syslog-name=tern", "--smtpd-stats",
                    case.suite.log).stdout.decode()
        for want in ("4   received", "5   delivered",
                     "1   deferred  (1  deferrals)", "1   bounced",
                     "1   rejected (16%)", "%d   bytes received" % sizes,
                     "3   b@d.example", "4   a@c.example",
                     "2   connections", "1   4.2.1 not now",
                     "1   5.1.1 no such user", "Relay access denied"):
            check("pflogsumm: " + want, re.search(
                r"^ *" + re.escape(want), said, re.M), said)
        in_order(case)


# As each message goes its way; the letters are those of LINE. A report has
# no client.
ORDER = re.compile("C?MFT+R$")
LINE = ((r"client=", "C"), (r"message-id=", "M"), (r"from=<.*active\)", "F"),
        (r"to=<.*status=sent", "T"), (r"removed$", "R"))


def in_order(case):
    """Programs log on their own, and yet what follows stands behind."""
    case.suite.source("-q", "-m", "400", "-s", "20").wait(60)
    case.suite.wait_log(": removed$", 30, 403)
    lines = {}
    for queue_id, text in re.findall(r": ([0-9A-Za-z]{10,}): (.*)$",
                                     case.suite.log_text(), re.M):
        lines[queue_id] = lines.get(queue_id, "") + "".join(
            letter for pattern, letter in LINE if re.match(pattern, text))
    wrong = {queue_id: order for queue_id, order in lines.items()
             if order[-1:] == "R" and not ORDER.match(order) or
             "R" in order[:-1]}
    check("each message's lines stand in order (%d)" % len(lines),
          len(lines) >= 404 and not wrong, wrong)


if __name__ == "__main__":
    sys.exit(run("clients", {"swaks": swaks, "smtplib": python, "curl": curl,
                             "source": source, "pflogsumm": pflogsumm}))
