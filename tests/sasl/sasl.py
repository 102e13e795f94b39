#!/usr/bin/env python3
"""Logging in: with real back ends, as a server and as a client, and with
peers that keep to no protocol.

usage: sasl.py BINDIR [-p PORT] [part...]

The last line is "sasl: N passed, M failed".
"""

import base64
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
import existence                                            # noqa: E402
import sasldb                                               # noqa: E402
from parts import Script, Smtp, b64, scram                  # noqa: E402
from private_suite import Suite, listens, wait_for          # noqa: E402
from queue_case import check, run                           # noqa: E402

ALL = "plain login cram-md5 digest-md5, !external, static:rest"


class Place:
    """A folder, and in it a mail system whose clients log in."""

    def __init__(self, options, settings, offset=0, master=""):
        self.folder = tempfile.mkdtemp(prefix="tern-sasl-")
        os.chmod(self.folder, 0o755)
        self.port = options.port + offset
        self.suite = Suite(options.bin, self.port, self.port + 1, dict({
            "mynetworks": "192.0.2.1",
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_security_options": "noanonymous",
            "smtpd_sasl_mechanism_filter": ALL,
            "cyrus_sasl_config_path": self.folder,
            "auth_failure_delay": "0s",
            "auth_failure_limit": "0",
            "smtpd_error_sleep_time": "0s",
            "smtpd_hard_error_limit": "10000"}, **settings))
        with open(os.path.join(self.suite.etc, "master.cf"), "a") as f:
            f.write(master)

    def start(self):
        self.suite.start()
        return self

    def client(self, source="127.0.0.1", offset=0):
        return Smtp(self.port + offset, source)

    def close(self):
        self.suite.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def database(options, settings=None, offset=0, mechanisms=None, master=""):
    place = Place(options, settings or {}, offset, master)
    sasldb.make(place.folder, mechanisms=mechanisms)
    return place.start()


# ---- sasldb ----------------------------------------------------------------

def swaks(port, mechanism, user, password):
    return subprocess.run(
        ["swaks", "--server", "127.0.0.1:%d" % port, "--auth", mechanism,
         "--auth-user", user, "--auth-password", password,
         "--from", "a@b.example", "--to", "c@d.example",
         "--quit-after", "AUTH", "--helo", "client.example"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=60)


def test_swaks(options):
    """Every mechanism that swaks has and we offer."""
    place = database(options)
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5"):
        for user, password, good in (("tim", "tanstaaftanstaaf", True),
                                     ("tim", "x", False),
                                     ("nobody", "x", False)):
            done = swaks(place.port, mechanism, user, password)
            check("swaks: %s as %s/%s" % (mechanism, user, password),
                  (" 235 " in done.stdout) == good and
                  (good or " 535 5.7.8 " in done.stdout), done.stdout)
    log = place.suite.log_text()
    check("each failure in the log, with the name", all(
        "SASL %s authentication failed: " % m in log for m in
        ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5")) and
        log.count("sasl_username=nobody") >= 3, log[-3000:])
    check("no secret in the log", "tanstaaf" not in log)
    place.close()


def test_scram(options):
    place = database(options)
    for mechanism in ("SCRAM-SHA-1", "SCRAM-SHA-256"):
        client = place.client()
        for user, password, good in (("nobody", "x", False),
                                     ("user", "x", False),
                                     ("joe", "secret=,word", True)):
            replies = scram(client, mechanism, user, password)
            check("%s as %s" % (mechanism, user), replies[-1].startswith(
                "235" if good else "535") and
                len(replies) == (3 if good else 2), replies)
        client.close()
    place.close()


def test_existence(options):
    place = database(options)
    existence.judge(place)
    place.close()


def test_delay(options):
    """Failures wait, longer each time; a client that goes on is barred."""
    place = database(options, {"auth_failure_delay": "1s",
                               "auth_failure_delay_limit": "3s",
                               "auth_failure_limit": "3"})
    client = place.client()
    for number, (low, high) in enumerate(((0.9, 1.9), (1.9, 2.9),
                                          (2.9, 3.9))):
        began = time.monotonic()
        reply = client.plain("test", "x")
        took = time.monotonic() - began
        check("failure %d waits" % number, reply.startswith("535") and
              low < took < high, "%.2f s: %s" % (took, reply))
    began = time.monotonic()
    reply = client.plain("test", "1234")
    check("then the client is not heard", reply.startswith("454 4.7.0") and
          time.monotonic() - began < 0.5, reply)
    other = place.client("127.0.0.2")
    began = time.monotonic()
    reply = other.plain("test", "x")
    check("another one guessing the same login waits as long",
          reply.startswith("535") and time.monotonic() - began > 2.9, reply)
    began = time.monotonic()
    reply = other.plain("test", "1234")
    check("who knows the password does not wait", reply.startswith("235") and
          time.monotonic() - began < 0.5, reply)
    # Gone while its failure waits: nothing is left of it.
    third = place.client("127.0.0.3")
    third.sock.sendall(b"AUTH PLAIN " + b64("\0test\0x").encode() + b"\r\n")
    time.sleep(0.2)
    third.close()
    client.close()
    other.close()
    check("auth is well", place.client("127.0.0.4").plain(
        "test", "1234").startswith("235"))
    place.close()


def test_mynetworks(options):
    place = database(options, {"auth_failure_limit": "1",
                               "mynetworks": "127.0.0.1"})
    client = place.client()
    client.plain("test", "x")
    check("mynetworks are not barred",
          client.plain("test", "1234").startswith("235"))
    client.close()
    place.close()


def test_trouble(options):
    """A database that cannot be read means later, not no."""
    place = database(options)
    path = os.path.join(place.folder, "sasldb2")
    check("before", place.client().plain("test", "1234").startswith("235"))
    with open(path, "wb") as f:
        f.write(b"no database at all" * 300)
    reply = place.client().plain("test", "1234")
    check("a broken database: 454", reply.startswith("454 4.7.0"), reply)
    os.unlink(path)
    reply = place.client().plain("test", "1234")
    check("none at all: 454", reply.startswith("454 4.7.0"), reply)
    sasldb.make(place.folder, {"test": "one"})
    client = place.client()
    check("one that saslpasswd2 has made since",
          client.plain("test", "one").startswith("235"))
    for password in ("two", "three", "four"):
        sasldb.make(place.folder, {"test": password})
        check("a new password is known at once",
              place.client().plain("test", password).startswith("235"))
        check("and the old one is none",
              place.client().plain("test", "one").startswith("535"))
    place.close()


def test_services(options):
    """Parameters of a service of its own; auth is there when one needs it."""
    place = database(options, {"smtpd_sasl_auth_enable": "no"}, master=(
        "127.0.0.1:%d inet n - - - - smtpd\n"
        " -o smtpd_sasl_auth_enable=yes\n"
        " -o smtpd_sasl_mechanism_filter=login\n" % (options.port + 2)))
    check("without", place.client().mechanisms() == [])
    got = place.client(offset=2).mechanisms()
    check("with, and a filter of its own", got == ["LOGIN"], got)
    reply = place.client(offset=2).plain("test", "1234")
    check("others are not taken", reply.startswith("534"), reply)
    place.close()


def test_reload(options):
    """A dialogue goes on where it began, over a reload."""
    place = database(options)
    client, idle = place.client(), place.client()
    first = client.say("AUTH LOGIN " + b64("test"))
    before = place.suite.pids("auth")
    check("tern reload", place.suite.tern("reload").returncode == 0)
    check("a new auth is there", wait_for(
        lambda: set(place.suite.pids("auth")) - set(before)))
    reply = client.say(b64("1234"))
    check("an AUTH goes on", first.startswith("334") and
          reply.startswith("235"), reply)
    check("another begins in the old session",
          idle.plain("test", "1234").startswith("235"))
    check("and in a new one",
          place.client().plain("test", "1234").startswith("235"))
    client.close()
    idle.close()
    check("the old auth leaves", wait_for(
        lambda: not set(place.suite.pids("auth")) & set(before), 15))
    place.close()


def test_policy(options):
    """What a policy service is told."""
    seen = []

    def talk(file, _):
        words = {}
        for line in file:
            if line == b"\n":
                seen.append(words)
                file.write(b"action=DUNNO\n\n")
                words = {}
            else:
                name, _, value = line.decode().strip().partition("=")
                words[name] = value
    server = Script(talk, ("127.0.0.1", options.port + 3))
    place = database(options, {
        "mynetworks": "127.0.0.0/8", "smtpd_recipient_restrictions":
        "check_policy_service inet:127.0.0.1:%d" % (options.port + 3)})
    client = place.client()
    client.say("MAIL FROM:<a@client.example> AUTH=x@y.example")
    client.say("RCPT TO:<b@dest.example>")
    client.say("RSET")
    client.plain("joe", "secret=,word")
    client.say("MAIL FROM:<a@client.example> AUTH=x+2By@y.example")
    client.say("RCPT TO:<b@dest.example>")
    client.close()
    got = [(w["sasl_method"], w["sasl_username"], w["sasl_sender"])
           for w in seen]
    check("a policy service is told who it is, when it is somebody", got ==
          [("", "", ""), ("PLAIN", "joe", "x+y@y.example")], got)
    server.close()
    place.close()


def test_many(options):
    """Many at a time, half of them gone in the middle."""
    place = database(options, {"smtpd_client_connection_count_limit": "0"})
    clients = [place.client() for _ in range(200)]
    for client in clients:
        client.sock.sendall(b"AUTH LOGIN " + b64("test").encode() + b"\r\n")
    good = sum(client.reply().startswith("334") for client in clients)
    check("200 dialogues at a time", good == 200, good)
    for client in clients[::2]:
        client.close()
    good = sum(client.say(b64("1234")).startswith("235")
               for client in clients[1::2])
    check("100 of them go on", good == 100, good)
    for client in clients[1::2]:
        client.close()
    place.close()


# ---- saslauthd -------------------------------------------------------------

def imap(file, _):
    """Just enough of a server for saslauthd -a rimap."""
    file.write(b"* OK IMAP4rev1 ready\r\n")
    line = file.readline()
    tag = line.split(b" ")[0]
    good = b'"test" "1234"' in line or b"test 1234" in line
    if b"{" in line:
        text = line
        while text.rstrip().endswith(b"}"):
            file.write(b"+ go on\r\n")
            text = file.readline()
            line += text
        good = b"test" in line and b"1234" in line
    file.write(tag + (b" OK" if good else b" NO") + b" done\r\n")
    file.readline()


def test_saslauthd(options):
    place = Place(options, {})
    mailbox = Script(imap, ("127.0.0.1", options.port + 3))
    with open(os.path.join(place.folder, "smtpd.conf"), "w") as f:
        f.write("pwcheck_method: saslauthd\nmech_list: PLAIN LOGIN\n"
                "saslauthd_path: %s/run/mux\n" % place.folder)
    os.mkdir(os.path.join(place.folder, "run"), 0o755)
    place.start()
    check("saslauthd: the list", place.client().mechanisms() ==
          ["PLAIN", "LOGIN"], place.client().offer)
    reply = place.client().plain("test", "1234")
    check("saslauthd is down: 454", reply.startswith("454"), reply)
    server = subprocess.Popen(
        ["saslauthd", "-d", "-a", "rimap", "-n", "2", "-m",
         os.path.join(place.folder, "run"), "-O",
         "127.0.0.1/%d" % (options.port + 3)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.umask(0) and None, start_new_session=True)
    wait_for(lambda: os.path.exists(os.path.join(place.folder, "run/mux")))
    try:
        for user, password, code in (("test", "1234", "235"),
                                     ("test", "x", "535"),
                                     ("nobody", "1234", "535")):
            reply = place.client().plain(user, password)
            check("saslauthd: %s/%s" % (user, password),
                  reply.startswith(code), reply)
        client = place.client()
        client.say("AUTH LOGIN")
        client.say(b64("test"))
        reply = client.say(b64("1234"))
        check("saslauthd: LOGIN", reply.startswith("235"), reply)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
    mailbox.close()
    place.close()


# ---- Dovecot ---------------------------------------------------------------

DOVECOT = """
base_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols =
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-256 anonymous
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/passwd
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener {folder}/auth-client {{
    mode = 0666
  }}
  inet_listener {{
    address = 127.0.0.1
    port = {port}
  }}
}}
"""


class Dovecot:
    def __init__(self, folder, port):
        path = os.path.join(folder, "dovecot.conf")
        with open(path, "w") as f:
            f.write(DOVECOT.format(folder=folder, port=port))
        with open(os.path.join(folder, "passwd"), "w") as f:
            f.write("test:{PLAIN}1234\njoe:{PLAIN}secret=,word\n")
        self.process = subprocess.Popen(
            ["dovecot", "-F", "-c", path], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        self.log = os.path.join(folder, "dovecot.log")
        if not wait_for(lambda: listens(port)):
            raise RuntimeError("dovecot does not start: " + self.text())

    def text(self):
        try:
            with open(self.log) as f:
                return f.read()
        except OSError:
            return ""

    def close(self):
        self.process.terminate()
        self.process.wait()


def test_dovecot(options):
    where = options.port + 4
    for name, path in (("unix", "auth-client"),
                       ("inet", "inet:127.0.0.1:%d" % where)):
        place = Place(options, {"smtpd_sasl_type": "dovecot"})
        if name == "unix":
            path = os.path.join(place.folder, path)
        with open(os.path.join(place.suite.etc, "main.cf"), "a") as f:
            f.write("smtpd_sasl_path = %s\n" % path)
        place.start()
        client = place.client()
        check("dovecot %s is down: no AUTH" % name,
              client.mechanisms() == [], client.offer)
        reply = client.plain("test", "1234")
        check("dovecot %s is down: 454" % name, reply.startswith("454"),
              reply)
        server = Dovecot(place.folder, where)
        client = place.client()
        got = client.mechanisms()
        check("dovecot %s: the list" % name, sorted(got) == [
            "CRAM-MD5", "LOGIN", "PLAIN", "SCRAM-SHA-256"], got)
        for user, password, code in (("test", "x", "535"),
                                     ("nobody", "x", "535"),
                                     ("test", "1234", "235")):
            reply = client.plain(user, password)
            check("dovecot %s: PLAIN %s/%s" % (name, user, password),
                  reply.startswith(code), reply + server.text())
        reply = client.plain("test", "1234")
        check("once", reply.startswith("503"), reply)
        replies = scram(place.client(), "SCRAM-SHA-256", "joe",
                        "secret=,word")
        check("dovecot %s: SCRAM" % name, replies[-1].startswith("235"),
              replies)
        done = swaks(place.port, "CRAM-MD5", "test", "1234")
        check("dovecot %s: CRAM-MD5" % name, " 235 " in done.stdout,
              done.stdout)
        reply = place.client().say("AUTH PLAIN " + "A" * 10000)
        check("dovecot %s: too long" % name, reply[:3] in ("501", "535"),
              reply)
        log = place.suite.log_text()
        check("dovecot %s: names in the log" % name,
              "sasl_username=test" in log, log[-2000:])
        check("dovecot %s: no secret there" % name, "1234" not in log)
        server.close()
        place.close()


GREETING = (b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\n"
            b"MECH\tLOGIN\tplaintext\nSPID\t1\nCUID\t1\nDONE\n")


def ask_dovecot(options, folder, settings, greeting, answer):
    """The list, and the reply to PLAIN, with such a server."""
    path = os.path.join(folder, "hostile")
    if os.path.exists(path):
        os.unlink(path)

    def talk(file, _):
        file.write(greeting)
        while True:
            line = file.readline()
            if not line:
                return
            if line.startswith((b"AUTH", b"CONT")):
                file.write(answer)
                if answer == b"":
                    return
    server = Script(talk, path=path)
    place = Place(options, dict({"smtpd_sasl_type": "dovecot",
                                 "smtpd_sasl_path": path}, **settings))
    place.start()
    client = place.client()
    result = client.mechanisms(), client.plain("test", "1234")
    client.close()
    check("auth is the same process", len(place.suite.pids("auth")) == 1 and
          "auth" not in [line.split("/")[1].split("[")[0] for line in
                         place.suite.log_text().split("\n")
                         if "exit" in line and "/" in line])
    server.close()
    place.close()
    return result


def test_hostile_dovecot(options):
    folder = tempfile.mkdtemp(prefix="tern-dovecot-")
    os.chmod(folder, 0o755)
    both = ["PLAIN", "LOGIN"]
    cases = {
        "good": (GREETING, b"OK\t1\tuser=test\n", both, "235"),
        "no name": (GREETING, b"OK\t1\n", both, "535"),
        "a name with a control": (GREETING, b"OK\t1\tuser=a\x01b\n", both,
                                  "535"),
        "another request": (GREETING, b"OK\t2\tuser=test\n", both, "454"),
        "no number": (GREETING, b"OK\tx\tuser=test\n", both, "454"),
        "temporary": (GREETING, b"FAIL\t1\tuser=test\ttemp\n", both, "454"),
        "no base64": (GREETING, b"CONT\t1\t!!!\n", both, "454"),
        "it leaves": (GREETING, b"", both, "454"),
        "an endless line": (GREETING, b"x" * 100000, both, "454"),
        "lines without an answer": (GREETING, b"NOTHING\n" * 1000, both,
                                    "454"),
        "another version": (GREETING.replace(b"\t1\t1", b"\t2\t1"), b"", [],
                            "454"),
        "an endless greeting": (b"MECH\tPLAIN\n" * 10000, b"", [], "454"),
        "a long line there": (b"MECH\t" + b"A" * 50000 + b"\n", b"", [],
                              "454"),
        "bad names": (b"VERSION\t1\t1\nMECH\tA B\nDONE\n", b"", [], "454"),
        "nothing": (b"VERSION\t1\t1\nDONE\n", b"", [], "504"),
    }
    for name, (greeting, answer, mechanisms, code) in cases.items():
        got, reply = ask_dovecot(options, folder, {}, greeting, answer)
        check("hostile dovecot: " + name, got == mechanisms and
              reply.startswith(code), (got, reply))
    shutil.rmtree(folder)


# ---- as a client -----------------------------------------------------------

def send(suite, sender="a@tern.example", to="b@dest.example"):
    client = Smtp(suite.port)
    replies = [client.say(line) for line in (
        "MAIL FROM:<%s>" % sender, "RCPT TO:<%s>" % to, "DATA",
        "Subject: x\r\n\r\nx\r\n.", "QUIT")]
    client.close()
    return replies[3].split("queued as ")[-1]


def sender_suite(options, offset, settings):
    return Suite(options.bin, options.port + offset, options.port + offset +
                 1, dict({"smtp_sasl_auth_enable": "yes",
                       "myhostname": "client.example"}, **settings))


def status_of(suite, queue_id, seconds=15):
    """The first delivery log line of a message."""
    def found():
        for line in suite.log_text().split("\n"):
            if queue_id + ": to=<" in line:
                return line
        return ""
    return wait_for(found, seconds)


def test_functions(options):
    """What the library is given in place of its own."""
    for program, names in (("auth", ["sasl_rand"]),
                           ("smtp", ["sasl_rand", "gethostname"])):
        out = subprocess.run(
            ["nm", "-D", "--defined-only", os.path.join(options.bin,
                                                        program)],
            stdout=subprocess.PIPE, text=True, check=True).stdout
        for name in names:
            check("%s has its own %s" % (program, name),
                  " T %s\n" % name in out, out[-500:])


def test_client(options):
    """Our client at our server."""
    server = database(options)
    server.suite.start_sink()
    hop = "[127.0.0.1]:%d" % server.port
    for name, settings, method in (
            ("by next hop", {"smtp_sasl_password_maps":
                             "inline:{{%s=tim:tanstaaftanstaaf}}" % hop},
             "SCRAM-SHA-256"),
            ("by host", {"smtp_sasl_password_maps":
                         "inline:{{127.0.0.1=tim:tanstaaftanstaaf}}"},
             "SCRAM-SHA-256"),
            ("another delimiter", {
                "smtp_sasl_password_maps": "static:tim|tanstaaftanstaaf",
                "smtp_sasl_password_result_delimiter": "|"},
             "SCRAM-SHA-256"),
            ("SCRAM-SHA-1", {"smtp_sasl_password_maps":
                             "static:tim:tanstaaftanstaaf",
                             "smtp_sasl_mechanism_filter": "scram-sha-1"},
             "SCRAM-SHA-1"),
            ("CRAM-MD5", {"smtp_sasl_password_maps":
                          "static:tim:tanstaaftanstaaf",
                          "smtp_sasl_mechanism_filter": "cram-md5"},
             "CRAM-MD5"),
            ("DIGEST-MD5", {"smtp_sasl_password_maps":
                            "static:tim:tanstaaftanstaaf",
                            "smtp_sasl_mechanism_filter": "digest-md5"},
             "DIGEST-MD5"),
            ("PLAIN", {"smtp_sasl_password_maps": "static:tim:tanstaaftanstaaf",
                       "smtp_sasl_security_options": "noanonymous",
                       "smtp_sasl_mechanism_filter": "!login, plain"},
             "PLAIN"),
            ("LOGIN", {"smtp_sasl_password_maps": "static:tim:tanstaaftanstaaf",
                       "smtp_sasl_security_options": "",
                       "smtp_send_dummy_mail_auth": "yes",
                       "smtp_sasl_mechanism_filter": "login"}, "LOGIN")):
        suite = sender_suite(options, 6, dict({"relayhost": hop},
                                              **settings))
        suite.start()
        line = status_of(suite, send(suite))
        log = server.suite.log_text().split("client=")[-1]
        check("client: " + name, "status=sent" in line and
              "sasl_method=%s, sasl_username=tim" % method in log,
              (line, log[:300]))
        if name == "LOGIN":
            check("AUTH=<>", "sasl_sender=<>" in log, log[:300])
        text = suite.log_text()
        check("client: %s: no secret in the log" % name,
              "tanstaaf" not in text)
        suite.close()
    suite = sender_suite(options, 6, {
        "relayhost": hop, "smtp_sasl_password_maps":
        "static:joe:another", "smtp_sasl_auth_cache_name": "any"})
    suite.start()
    line = status_of(suite, send(suite))
    check("client: a wrong password", "status=deferred" in line and
          "dsn=4.7.8" in line and "SASL authentication failed; server "
          "127.0.0.1[127.0.0.1] said: 535 5.7.8" in line, line)
    check("client: it is not tried again",
          suite.wait_log(r"\[CACHED\] SASL authentication failed", 20))
    suite.close()
    suite = sender_suite(options, 6, {
        "relayhost": hop, "smtp_sasl_password_maps":
        "static:joe:another", "smtp_sasl_auth_soft_bounce": "no"})
    suite.start()
    line = status_of(suite, send(suite))
    check("client: or fails for good", "status=bounced" in line and
          "dsn=5.7.8" in line, line)
    suite.close()
    server.close()


def test_sender_dependent(options):
    """Logins by sender: no connection is used with another's."""
    server = database(options)
    server.suite.start_sink()
    hop = "[127.0.0.1]:%d" % server.port
    suite = sender_suite(options, 6, {
        "relayhost": hop, "smtp_sender_dependent_authentication": "yes",
        "smtp_connection_cache_time_limit": "30s",
        # The login is that of the sender inside.
        "smtp_generic_maps": "inline:{{joe@a.example=out@z.example}}",
        "smtp_sasl_password_maps": "inline:{{joe@a.example=joe:secret=,word}"
        ", {@b.example=tim:tanstaaftanstaaf}, {%s=test:1234}}" % hop})
    suite.start()
    wanted = {"joe@a.example": "joe", "any@b.example": "tim",
              "c@c.example": "test", "": "test"}
    for _ in range(2):
        for sender, user in wanted.items():
            line = status_of(suite, send(suite, sender))
            log = server.suite.log_text().split("client=")[-1]
            check("login of <%s>" % sender, "status=sent" in line and
                  "sasl_username=%s\n" % user in log, (line, log[:200]))
    count = server.suite.count_log(r"\bconnect from")
    check("each login has one connection", count == 3, count)
    suite.close()
    server.close()


class Hostile:
    """An SMTP server for each of 127.0.1.N, told what to say to AUTH."""

    OFFER = b"250-hostile.example\r\n250-AUTH PLAIN SCRAM-SHA-256\r\n250 OK\r\n"

    def __init__(self, port, scripts):
        self.servers, self.said = [], {}
        for number, (offer, answers) in enumerate(scripts, 1):
            address = "127.0.1.%d" % number
            self.said[address] = []
            self.servers.append(Script(
                lambda f, where, o=offer, a=answers: self.talk(f, where, o,
                                                               a),
                (address, port)))

    def talk(self, file, where, offer, answers):
        file.write(b"220 hostile.example ESMTP\r\n")
        answers = iter(answers)
        in_auth = False
        while True:
            line = file.readline()
            if not line:
                return
            self.said[where[0]].append(line)
            if line.startswith(b"EHLO"):
                file.write(offer)
            elif line.startswith(b"AUTH") or in_auth:
                reply = next(answers, b"235 2.7.0 in\r\n")
                reply = reply(line) if callable(reply) else reply
                in_auth = reply.startswith(b"334")
                file.write(reply)
            elif line.startswith(b"DATA"):
                file.write(b"354 go\r\n")
                while file.readline() not in (b".\r\n", b""):
                    pass
                file.write(b"250 ok\r\n")
            elif line.startswith(b"QUIT"):
                file.write(b"221 bye\r\n")
                return
            else:
                file.write(b"250 ok\r\n")

    def close(self):
        for server in self.servers:
            server.close()


def challenge(text):
    return b"334 " + base64.b64encode(text) + b"\r\n"


def endless_work(line):
    """To AUTH SCRAM-...: hash your password two thousand million times."""
    first = base64.b64decode(line.split()[2])
    nonce = first.split(b"r=")[1]
    return challenge(b"r=" + nonce + b"x,s=QSXCR+Q6sek8bf92,i=2000000000")


def test_hostile_servers(options):
    """Whatever a server says to AUTH, the mail waits, and others go on."""
    offer = Hostile.OFFER
    plain = offer.replace(b" SCRAM-SHA-256", b"")
    cases = [
        ("endless challenges", plain, [b"334 \r\n"] * 1000, "deferred"),
        ("no base64", offer, [b"334 !!!!\r\n"] * 9, "deferred"),
        ("12 KB", offer, [challenge(b"x" * 12000)] * 9, "deferred"),
        ("a megabyte", offer, [b"334 " + b"A" * 1000000 + b"\r\n"],
         "deferred"),
        ("rubbish for SCRAM", offer, [challenge(b"rubbish")] * 9,
         "deferred"),
        ("too many iterations", offer, [endless_work], "deferred"),
        ("235 without proof", offer, [b"235 2.7.0 in\r\n"], "deferred"),
        ("several lines", offer, [b"334-a\r\n334 b\r\n"], "deferred"),
        ("354", offer, [b"354 go\r\n"], "deferred"),
        ("421", offer, [b"421 4.3.2 going\r\n"], "deferred"),
        ("454", offer, [b"454 4.7.0 later\r\n"], "deferred"),
        ("no AUTH", b"250 hostile.example\r\n", [], "deferred"),
        ("no mechanism of ours",
         b"250-x\r\n250 AUTH GSSAPI NTLM XOAUTH2 ../x\r\n", [], "deferred"),
        ("10,000 mechanisms", b"250-x\r\n250 AUTH" + b" SCRAM-SHA-256" * 280 +
         b"\r\n", [b"535 5.7.8 no\r\n"], "deferred"),
        ("PLAIN in the old form", b"250-x\r\n250 AUTH=PLAIN\r\n", [],
         "sent"),
        ("PLAIN", plain, [], "sent"),
    ]
    hostile = Hostile(options.port + 8, [case[1:3] for case in cases])
    routes = ", ".join("{d%d.example=smtp:[127.0.1.%d]:%d}" %
                       (n, n, options.port + 8)
                       for n in range(1, len(cases) + 1))
    suite = sender_suite(options, 6, {
        "transport_maps": "inline:{%s}" % routes,
        "smtp_sasl_security_options": "noanonymous",
        "smtp_sasl_password_maps": "static:user:pencil"})
    suite.start()
    pid = suite.pids("smtp")
    ids = [send(suite, to="a@d%d.example" % n)
           for n in range(1, len(cases) + 1)]
    for number, (name, _, _, status) in enumerate(cases):
        line = status_of(suite, ids[number])
        check("server: " + name, "status=%s" % status in line, line[:400])
    check("smtp is the same process", suite.pids("smtp") == pid)
    said = hostile.said["127.0.1.%d" % len(cases)]
    check("PLAIN costs one round trip", said[1].startswith(b"AUTH PLAIN ") and
          base64.b64decode(said[1].split()[2]) == b"\0user\0pencil" and
          said[2].startswith(b"MAIL"), said)
    check("no secret in the log", "pencil" not in suite.log_text())
    suite.close()
    suite = sender_suite(options, 6, {
        "transport_maps": "inline:{%s}" % routes,
        "smtp_sasl_auth_enforce": "no",
        "smtp_sasl_password_maps": "static:user:pencil"})
    suite.start()
    line = status_of(suite, send(suite, to="a@d12.example"))
    check("no AUTH, and none is wanted", "status=sent" in line, line)
    line = status_of(suite, send(suite, to="a@d16.example"))
    check("no password in the clear by default", "status=deferred" in line,
          line)
    suite.close()
    hostile.close()


TESTS = {name[5:]: fn for name, fn in list(globals().items())
         if name.startswith("test_")}

if __name__ == "__main__":
    sys.exit(run("sasl", TESTS))
