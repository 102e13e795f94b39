#!/usr/bin/env python3
"""Tern with the policy servers that people have, and what nmap says of it.

usage: services.py BIN [-c CACHE] [name...]

postgrey and policyd-spf as Debian has them, unpacked (peers.py), and never
started but here; nmap's list of open-relay tests.  Needs root: all of it
runs in a network of its own, whose DNS server is the one below.  The last
line is "interop-services: N passed, M failed".
"""

import glob
import os
import re
import shutil
import smtplib
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib"),
                os.path.join(HERE, "..", "policy")]
import alone                                                # noqa: E402
from private_suite import Suite, listens, wait_for          # noqa: E402
from nsd import Nsd                                         # noqa: E402
from servers import Spawn                                   # noqa: E402
from sink import Sink                                       # noqa: E402

ZONES = {
    ".": "",
    "spf.example": """
pass        TXT  "v=spf1 ip4:127.0.7.0/24 -all"
soft        TXT  "v=spf1 ip4:192.0.2.1 ~all"
none        A    127.0.0.9
by-mx       TXT  "v=spf1 mx -all"
            MX   10 host
host        A    127.0.7.9
include     TXT  "v=spf1 include:pass.spf.example -all"
bad         TXT  "v=spf1 nonsense:: -all"
@           TXT  "v=spf1 -all"
            A    127.0.0.9
""",
    "trouble.example": "broken ( SOA\n",
}
GREY_DELAY = 3


class Bench(alone.Bench):
    def __init__(self, options):
        super().__init__(options)
        self.nsd = Nsd(self.make_folder("nsd"), alone.DNS, 53, ZONES)
        self.sink = Sink(2526)

    def tern(self, settings, port=2525):
        suite = Suite(self.bin, port, 2526, {
            "mynetworks": "127.9.9.9", "relay_domains": "relay.example",
            "relay_transport": "smtp:[127.0.0.1]:2526",
            "smtpd_error_sleep_time": "0s",
            "smtpd_policy_service_retry_delay": "0s",
            "smtpd_client_connection_count_limit": "0", **settings})
        suite.start()
        return suite

    def send(self, mark, source, sender, helo="c.example", to="r", port=2525):
        """The first reply that refuses, or that of the content."""
        with smtplib.SMTP("127.0.0.1", port, timeout=60,
                          source_address=(source, 0)) as client:
            client.ehlo(helo)
            for reply in (client.docmd("MAIL FROM:<%s>" % sender),
                          client.docmd("RCPT TO:<%s@relay.example>" % to)):
                if reply[0] != 250:
                    break
            else:
                reply = client.data("X-Interop: %s\r\nSubject: x\r\n\r\n"
                                    "x\r\n" % mark)
        return "%d %s" % (reply[0], reply[1].decode())

    def arrived(self, mark):
        """The whole text of the message with that mark."""
        wait_for(lambda: self.sink.taken(mark), 20)
        return "".join(m.text.decode("latin-1")
                       for m in self.sink.taken(mark))

    def expect(self, what, pattern, *args, **more):
        reply = self.send(what.replace(" ", "."), *args, **more)
        self.check("%s: %s" % (what, pattern), re.match(pattern, reply),
                   reply)

    def close(self):
        self.nsd.close()
        self.sink.close()
        super().close()


# ---- postgrey --------------------------------------------------------------

class Postgrey:
    def __init__(self, bench, where, name):
        self.base = os.path.join(bench.folder, name)
        os.makedirs(self.base + "/db", exist_ok=True)
        os.chmod(self.base, 0o755)
        shutil.chown(self.base, "postgrey")
        shutil.chown(self.base + "/db", "postgrey")
        with open(self.base + "/clients", "w", encoding="ascii") as file:
            file.write("127.0.5.0/24\n")
        with open(self.base + "/recipients", "w", encoding="ascii") as file:
            file.write("white@relay.example\n")
        self.where = where
        self.output = open(self.base + "/output", "ab")
        self.process = None
        self.start()

    def is_up(self):
        if self.where.startswith("--inet="):
            return listens(int(self.where.rpartition(":")[2]))
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.where.partition("=")[2]) == 0

    def start(self):
        self.process = subprocess.Popen(
            ["/usr/sbin/postgrey", self.where, "--delay=%d" % GREY_DELAY,
             "--dbdir=" + self.base + "/db", "--user=postgrey",
             "--group=postgrey", "--pidfile=" + self.base + "/pid",
             "--whitelist-clients=" + self.base + "/clients",
             "--whitelist-recipients=" + self.base + "/recipients",
             "--auto-whitelist-clients=2"],
            stdin=subprocess.DEVNULL, stdout=self.output,
            stderr=self.output)
        if not wait_for(self.is_up, 30):
            with open(self.base + "/output", encoding="utf-8") as file:
                raise RuntimeError("postgrey does not start: " + file.read())
        time.sleep(0.5)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def greylisting(bench, where, service):
    """First not now, later yes; who is known waits no more."""
    grey = Postgrey(bench, where, "grey-" + service.partition(":")[0])
    suite = bench.tern({"smtpd_recipient_restrictions":
                        "check_policy_service " + service})
    try:
        greylisted(bench, suite, grey)
    finally:
        suite.close()
        grey.stop()


def greylisted(bench, suite, grey):
    later = r"450 4\.2\.0 <r@relay\.example>: Recipient address rejected: " \
        "Greylisted"
    bench.expect("first", later, "127.0.4.1", "s@a.example")
    bench.expect("at once again", later, "127.0.4.1", "s@a.example")
    bench.expect("a client in its list", "250", "127.0.5.1", "s@a.example")
    bench.expect("a recipient in its list", "250", "127.0.4.1",
                 "s@a.example", to="white")
    time.sleep(GREY_DELAY + 1)
    bench.expect("after the delay", "250", "127.0.4.1", "s@a.example")
    text = bench.arrived("after.the.delay")
    bench.check("its header is in the message", re.search(
        r"^X-Greylist: delayed \d+ seconds by postgrey", text, re.M), text)
    bench.expect("another sender", later, "127.0.4.1", "t@a.example")
    bench.expect("the null sender", later, "127.0.4.1", "")
    bench.expect("a quoted sender", later, "127.0.4.1",
                 "\"a b=c\"@a.example")
    grey.stop()
    bench.expect("while it is down", "451 4.3.5 ", "127.0.5.1",
                 "s@a.example")
    grey.start()
    bench.expect("when it is there again", "250", "127.0.5.1",
                 "s@a.example")
    bench.check("nothing but that is complained of", not re.search(
        r"lookup\S*: warning: (?!problem talking to policy service)",
        suite.log_text()), suite.log_text())


def postgrey_inet(bench):
    greylisting(bench, "--inet=127.0.0.1:10023", "inet:127.0.0.1:10023")


def postgrey_unix(bench):
    path = os.path.join(bench.folder, "postgrey.sock")
    greylisting(bench, "--unix=" + path, "unix:" + path)


# ---- policyd-spf -----------------------------------------------------------

def spf(bench):
    """Who may not send in the name of a domain is refused."""
    path = os.path.join(bench.folder, "spf.sock")
    conf = os.path.join(bench.folder, "spf.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write("debugLevel = 1\nTestOnly = 1\nHELO_reject = Fail\n"
                   "Mail_From_reject = Fail\nPermError_reject = False\n"
                   "TempError_Defer = True\nskip_addresses = 127.0.8.0/24\n")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o666)
    listener.listen(50)
    server = Spawn(listener, "/usr/bin/policyd-spf", conf)
    suite = bench.tern({
        "smtpd_recipient_restrictions":
        "check_policy_service { unix:%s, timeout=30s }" % path})
    try:
        ask_spf(bench)
        bench.check("one process answers many questions",
                    len(server.children) <= 3, len(server.children))
    finally:
        suite.close()
        server.close()


def ask_spf(bench):
    fail = r"550 5\.7\.23 <r@relay\.example>: Recipient address rejected: " \
        "Message rejected due to: SPF fail"
    for what, pattern, source, sender in (
            ("an address of its own", "250", "127.0.7.1",
             "s@pass.spf.example"),
            ("another", fail, "127.0.6.1", "s@pass.spf.example"),
            ("nobody", fail, "127.0.7.1", "s@spf.example"),
            ("soft", "250", "127.0.6.1", "s@soft.spf.example"),
            ("none", "250", "127.0.6.1", "s@none.spf.example"),
            ("its mail server", "250", "127.0.7.9", "s@by-mx.spf.example"),
            ("not its mail server", fail, "127.0.7.1",
             "s@by-mx.spf.example"),
            ("by another record", "250", "127.0.7.1",
             "s@include.spf.example"),
            ("a record of nonsense", "250", "127.0.6.1",
             "s@bad.spf.example"),
            ("the DNS does not say", r"45[01] 4\.", "127.0.6.1",
             "s@x.trouble.example"),
            ("who is not asked about", "250", "127.0.8.1",
             "s@spf.example")):
        bench.expect(what, pattern, source, sender)
    bench.expect("the null sender, by its EHLO", r"550 5\.7\.23 ",
                 "127.0.6.1", "", helo="spf.example")
    text = bench.arrived("an.address.of.its.own")
    bench.check("its header is in the message", re.search(
        r"^Received-SPF: Pass \(mailfrom\) ", text, re.M), text)
    text = bench.arrived("soft")
    bench.check("and so is that of a doubt", re.search(
        r"^Received-SPF: Softfail", text, re.M | re.I), text)


# ---- nmap ------------------------------------------------------------------

def scan(port):
    done = subprocess.run(
        ["nmap", "-Pn", "-n", "-sT", "-p", str(port), "--script",
         "+smtp-open-relay", "--script-args", "smtp-open-relay.domain="
         "elsewhere.example,smtp-open-relay.from=s,"
         "smtp-open-relay.to=r", "127.0.0.1"],
        env=dict(os.environ, LD_LIBRARY_PATH=":".join(
            glob.glob("/usr/lib/*/blas"))),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=120, check=False)
    return done.stdout


def open_relay(bench):
    """nmap's tests, as they are; a server that takes all shows them
    succeed."""
    suite = bench.tern({}, 25)
    try:
        said = scan(25)
        bench.check("no test succeeds", "Server doesn't seem to be an open "
                    "relay, all tests failed" in said, said)
        log = suite.log_text()
        tried = len(re.findall(r"NOQUEUE: reject: RCPT from ", log))
        bench.check("and all were tried", tried >= 14, log)
        said = scan(2526)
        bench.check("at a server that takes all they do",
                    re.search(r"Server is an open relay \(1[0-9]/1[0-9]",
                              said), said)
    finally:
        suite.close()


CASES = {"postgrey inet": postgrey_inet, "postgrey unix": postgrey_unix,
         "policyd-spf": spf, "nmap": open_relay}


if __name__ == "__main__":
    sys.exit(alone.main("interop-services", __doc__, Bench, CASES))
