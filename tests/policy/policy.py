#!/usr/bin/env python3
"""What the SMTP server lets whom do: DNS lists, names of clients, policy
services, limits; and that who waits for a slow one delays nobody else.

usage: policy.py BINDIR [-p PORT] [part...]

The last line is "policy: N passed, M failed".
"""

import os
import re
import shutil
import smtplib
import socket
import statistics
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
from nsd import Nsd                                         # noqa: E402
from private_suite import Suite, wait_for                   # noqa: E402
from queue_case import check, run                           # noqa: E402
from servers import ZONES, Policy, Postgrey, SlowDns        # noqa: E402
from servers import Spawn                                   # noqa: E402


class Place:
    """A mail system whose policy asks the DNS at server."""

    def __init__(self, options, server, settings, master=""):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="tern-policy-")
        resolver = os.path.join(self.folder, "resolv.conf")
        with open(resolver, "w") as f:
            f.write("nameserver %s@%d\noptions timeout:15 attempts:1\n" %
                    (server, options.port + 5))
        self.suite = Suite(options.bin, options.port, options.port + 1, dict({
            "mynetworks": "127.0.0.1",
            "relay_domains": "relay.example",
            "resolver_config": resolver,
            "smtpd_error_sleep_time": "0s",
            "smtpd_hard_error_limit": "1000"}, **settings))
        with open(os.path.join(self.suite.etc, "master.cf"), "a") as f:
            f.write(master)
        self.suite.start()

    def client(self, source, helo="client.example", port=0):
        client = smtplib.SMTP(source_address=(source, 0))
        client.connect("127.0.0.1", self.options.port + port)
        client.ehlo(helo)
        return client

    def ask(self, source, sender="a@plain.names.example",
            recipient="r@relay.example", **kind):
        """The reply to RCPT, as text."""
        client = self.client(source, **kind)
        client.docmd("MAIL FROM:<%s>" % sender)
        code, text = client.docmd("RCPT TO:<%s>" % recipient)
        client.docmd("QUIT")
        client.close()
        return "%d %s" % (code, text.decode())

    def expect(self, name, want, *args, **kind):
        got = self.ask(*args, **kind)
        check(name, got.startswith(want), got)

    def close(self):
        if self.suite in Suite.open:
            self.suite.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def with_nsd(options, settings, parts):
    place, server = None, None
    folder = tempfile.mkdtemp(prefix="tern-policy-nsd-")
    try:
        server = Nsd(folder, "127.0.0.5", options.port + 5, ZONES)
        place = Place(options, "127.0.0.5", settings)
        parts(place)
    finally:
        if place is not None:
            place.close()
        if server is not None:
            server.close()
        shutil.rmtree(folder, ignore_errors=True)


# ---- lists in the DNS ------------------------------------------------------

def lists(options):
    with_nsd(options, {
        "smtpd_client_restrictions": "permit_mynetworks, "
        "reject_rbl_client list.example=127.0.0.[2..8], "
        "reject_rhsbl_sender list.example, reject_rhsbl_helo list.example",
        "smtpd_recipient_restrictions": "reject_unknown_sender_domain, "
        "check_sender_mx_access inline:{{127.0.9=REJECT not that server}}"},
             ask_lists)
    with_nsd(options, {
        "rbl_reply_maps": "inline:{{list.example = $rbl_code 5.7.9 no "
        "$rbl_what}}",
        "smtpd_recipient_restrictions": "permit_dnswl_client good.example, "
        "reject_rbl_client list.example"}, ask_good_list)
    with_nsd(options, {
        "smtpd_dns_reply_filter": "pcre:{{/^\\d+\\.1\\.0\\.127\\.list\\.example"
        "\\. \\d+ IN A / IGNORE} {/^plain\\.names\\.example\\. \\d+ IN / "
        "IGNORE}}",
        "smtpd_recipient_restrictions": "reject_rbl_client list.example, "
        "reject_rhsbl_sender list.example, reject_unknown_sender_domain"},
             ask_filtered)


def ask_lists(place):
    place.expect("who is in no list may", "250 ", "127.0.1.1")
    place.expect("who is in one may not",
                 "554 5.7.1 Service unavailable; Client host [127.0.1.3] "
                 "blocked using list.example; see http://list.example/3",
                 "127.0.1.3")
    place.expect("the filter wants other answers", "250 ", "127.0.1.4")
    place.expect("mynetworks goes before", "250 ", "127.0.0.1")
    place.expect("a sender's domain is in the list", "554 5.7.1 Service "
                 "unavailable; Sender address [x@spam.example] blocked",
                 "127.0.1.1", sender="x@spam.example")
    place.expect("a name in EHLO is in the list", "554 5.7.1 Service "
                 "unavailable; Helo command [spam.example] blocked",
                 "127.0.1.1", helo="spam.example")
    place.expect("a sender's domain is not there", "450 4.1.8 "
                 "<x@none.names.example>: Sender address rejected: Domain "
                 "not found", "127.0.1.1", sender="x@none.names.example")
    place.expect("a domain without mail", "550 5.7.27 <x@null.names.example>"
                 ": Sender address rejected: Domain null.names.example does "
                 "not accept mail (nullMX)", "127.0.1.1",
                 sender="x@null.names.example")
    place.expect("a server with a bad address", "554 5.7.1 "
                 "<x@mail.names.example>: Sender address rejected: not that "
                 "server", "127.0.1.1", sender="x@mail.names.example")
    check("the log says it", place.suite.wait_log(
        r"NOQUEUE: reject: RCPT from \S+\[127.0.1.3\]: 554 5.7.1 Service "
        r"unavailable; Client host \[127.0.1.3\] blocked using list.example; "
        r"see http://list.example/3; from=<a@plain.names.example> "
        r"to=<r@relay.example> proto=ESMTP helo=<client.example>"))


def ask_filtered(place):
    place.expect("what is ignored is not in the list", "450 4.1.8 "
                 "<a@plain.names.example>: Sender address rejected: Domain "
                 "not found", "127.0.1.3")
    place.expect("other names are", "554 5.7.1 Service unavailable; Sender "
                 "address [x@spam.example] blocked", "127.0.1.3",
                 sender="x@spam.example")


def ask_good_list(place):
    place.expect("a good list goes before", "250 ", "127.0.1.3")
    place.expect("but lets nobody relay", "454 4.7.1 ", "127.0.1.3",
                 recipient="r@else.example")
    place.expect("who is in neither", "250 ", "127.0.1.1")


# ---- who has to wait -------------------------------------------------------

def sleeping(options):
    """The restriction sleep takes no thread of lookup."""
    place = Place(options, "127.0.0.5", {
        "lookup_threads": "4", "smtpd_client_restrictions":
        "check_client_access inline:{{127.6=slow}}",
        "smtpd_restriction_classes": "slow", "slow": "sleep 2, sleep 1"})
    try:
        taken = []

        def one(i):
            began = time.monotonic()
            text = place.ask("127.6.0.%d" % i)
            taken.append((time.monotonic() - began, text))
        threads = [threading.Thread(target=one, args=(i,))
                   for i in range(1, 21)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        began = time.monotonic()
        place.expect("sleep: others are served", "250 ", "127.7.0.1")
        check("sleep: at once", time.monotonic() - began < 1)
        for thread in threads:
            thread.join()
        check("sleep: each waits its time", len(taken) == 20 and
              all(3 <= t < 6 and text.startswith("250 ")
                  for t, text in taken), taken)
    finally:
        place.close()


# ---- domains that we are a secondary MX of ---------------------------------

def backup(options):
    common = {"myhostname": "backup.ours.example",
              "proxy_interfaces": "127.0.0.77",
              "smtpd_relay_restrictions": "permit_mx_backup, "
              "reject_unauth_destination"}
    with_nsd(options, dict(common, permit_mx_backup_networks="127.7.0.0/16"),
             ask_backup)
    with_nsd(options, common, ask_any_backup)


def refused(address):
    return "554 5.7.1 <%s>: Relay access denied" % address


def ask_backup(place):
    for who in ("one", "by-name"):
        place.expect("backup: " + who, "250 ", "127.0.1.1",
                     recipient="r@%s.mx.example" % who)
    for who in ("second", "primary", "not", "alone", "nonesuch"):
        place.expect("no backup: " + who, refused("r@%s.mx.example" % who),
                     "127.0.1.1", recipient="r@%s.mx.example" % who)
    for address in ("r%else.example@one.mx.example",
                    "\"r@else.example\"@one.mx.example",
                    "else.example!r@one.mx.example", "r@[192.0.2.5]",
                    "r@one.mx.example@else.example"):
        got = place.ask("127.0.1.1", recipient=address)
        check("no backup: " + address, got.startswith("5"), got)
    place.expect("backup: trouble is no refusal", "450 4.4.4 ", "127.0.1.1",
                 recipient="r@gone.mx.example")
    place.expect("backup: ours is ours", "250 ", "127.0.1.1")


def ask_any_backup(place):
    place.expect("backup: anybody's", "250 ", "127.0.1.1",
                 recipient="r@second.mx.example")
    for who in ("primary", "not"):
        place.expect("nobody's backup: " + who,
                     refused("r@%s.mx.example" % who), "127.0.1.1",
                     recipient="r@%s.mx.example" % who)


# ---- names of clients ------------------------------------------------------

def names(options):
    with_nsd(options, {
        "smtpd_peername_lookup": "yes",
        "smtpd_recipient_restrictions": "check_client_access inline:{"
        "{names.example=450 by name}}, reject_unknown_client_hostname"},
             ask_names)


def ask_names(place):
    place.expect("by its name", "450 4.7.1 <twelve.names.example"
                 "[127.0.1.12]>: Client host rejected: by name",
                 "127.0.1.12")
    unknown = "450 4.7.25 Client host rejected: cannot find your hostname"
    for last, what in ((13, "that of another"), (14, "an address"),
                       (15, "none"), (16, "not there"), (17, "no name")):
        place.expect("its name is " + what, unknown, "127.0.1.%d" % last)
    log = place.suite.log_text()
    check("connect from twelve", "connect from twelve.names.example"
          "[127.0.1.12]" in log)
    check("connect from unknown", "connect from unknown[127.0.1.13]" in log)
    place.ask("127.0.1.18")
    check("a long name stands whole in the log", place.suite.wait_log(
        r"connect from a-host-with-a-long-name\.names\.example\[127"))
    check("why it is not verified", "warning: hostname liar.names.example "
          "does not resolve to address 127.0.1.13" in log)
    place.expect("localhost needs no DNS", "250 ", "127.0.0.1")
    check("connect from localhost", "connect from localhost[127.0.0.1]"
          in place.suite.log_text())


# ---- policy services -------------------------------------------------------

def say(text, seconds=0):
    def answer(attributes):
        time.sleep(seconds)
        return text
    return answer


def policies(options):
    base = options.port + 6
    slow = Policy(base, say("action=DUNNO\n\n", 0.05))
    dead = Policy(base + 1, say(None))
    junk = Policy(base + 2, say("what?\n\n"))
    place = Place(options, "127.0.0.6", {
        "smtpd_recipient_restrictions":
        "check_client_access inline:{{127.0.2.1=dead}, {127.0.2.2=junk}, "
        "{127.0.2.3=no}}, "
        "check_policy_service { inet:127.0.0.1:%d, policy_context=here }" %
        base,
        "smtpd_restriction_classes": "dead, junk, no",
        "dead": "check_policy_service { inet:127.0.0.1:%d, timeout=1s, "
        "try_limit=1, { default_action=450 nobody answers } }" % (base + 1),
        "junk": "check_policy_service { inet:127.0.0.1:%d, retry_delay=0, "
        "default_action=HOLD }" % (base + 2),
        "no": "check_policy_service { inet:127.0.0.1:%d, try_limit=1 }" %
        (base + 3)})
    try:
        ask_policies(place, slow, dead, junk)
    finally:
        place.close()
        for server in (slow, dead, junk):
            server.close()


def ask_policies(place, slow, dead, junk):
    place.expect("it has nothing against it", "250 ", "127.0.2.9",
                 sender="s@x.example")
    seen = slow.seen[0]
    want = {"request": "smtpd_access_policy", "protocol_state": "RCPT",
            "protocol_name": "ESMTP", "client_address": "127.0.2.9",
            "client_name": "unknown", "helo_name": "client.example",
            "sender": "s@x.example", "recipient": "r@relay.example",
            "policy_context": "here", "recipient_count": "0",
            "sasl_username": "", "size": "0"}
    check("what it is asked", all(seen.get(name) == value
                                  for name, value in want.items()), seen)
    group = b"".join(b"RCPT TO:<r%d@relay.example>\r\n" % i
                     for i in range(100))
    client = place.client("127.0.2.9")
    client.docmd("MAIL FROM:<s@x.example>")
    for text in ("at first", "again"):
        start = time.time()
        client.send(group)
        replies = [client.getreply()[0] for _ in range(100)]
        took = time.time() - start
        check("a hundred at a time, " + text, replies == [250] * 100 and
              took < 0.5, (took, set(replies)))
    check("over as many connections", 50 < slow.connections <= 130,
          slow.connections)
    client.close()

    start, took = time.time(), []
    waiting = [threading.Thread(target=lambda: took.append(
        (place.ask("127.0.2.1"), time.time() - start))) for _ in range(20)]
    for thread in waiting:
        thread.start()
    time.sleep(0.3)
    begun = time.time()
    place.expect("while one does not answer, others do", "250 ", "127.0.2.9")
    check("without delay", time.time() - begun < 0.5, time.time() - begun)
    for thread in waiting:
        thread.join()
    check("who waits for it hears the default action", all(
        said.startswith("450 4.7.1 <unknown[127.0.2.1]>: Client host "
                        "rejected: nobody answers") or
        "nobody answers" in said for said, _ in took), took[:2])
    check("in time", max(seconds for _, seconds in took) < 5, took[:2])
    place.expect("junk is no answer", "250 ", "127.0.2.2")
    check("junk: the default action", place.suite.wait_log(
        r"NOQUEUE: hold: RCPT from unknown\[127.0.2.2\]: "))
    place.expect("nobody listens", "451 4.3.5 ", "127.0.2.3")


def deaths(options):
    """Lookup dies under a question: asked again, once; never a yes."""
    slow = Policy(options.port + 6, say("action=DUNNO\n\n", 1.5))
    place = Place(options, "127.0.0.6", {
        "service_throttle_time": "1s",
        "smtpd_recipient_restrictions":
        "check_policy_service inet:127.0.0.1:%d" % (options.port + 6)})
    try:
        for kills, want in ((1, "250 "), (2, "451 4.3.0 "), (0, "250 ")):
            replies, before = [], len(slow.seen)
            asking = threading.Thread(target=lambda: replies.append(
                place.ask("127.0.2.9")))
            asking.start()
            for i in range(kills):
                check("deaths: asked, %d" % i, wait_for(
                    lambda: len(slow.seen) > before + i, 20), slow.seen)
                place.suite.kill("lookup")
            asking.join(40)
            check("deaths: lookup was killed %d times" % kills,
                  replies and replies[0].startswith(want), replies)
    finally:
        place.close()
        slow.close()


# ---- real services ---------------------------------------------------------

# The program itself comes in a package that wants Postfix installed.
SPF_ENGINE = "/usr/lib/python3/dist-packages/spf_engine/policyd_spf.py"


def real(options):
    """Those that Debian has: postgrey, policyd-spf."""
    missing = [path for path in ("/usr/sbin/postgrey", SPF_ENGINE)
               if not os.path.exists(path)]
    if missing:
        check("%s is installed" % missing, os.geteuid() != 0)
        return
    base = options.port + 6
    place = Place(options, "127.0.0.6", {
        "smtpd_recipient_restrictions":
        "check_policy_service inet:127.0.0.1:%d, "
        "check_policy_service inet:127.0.0.1:%d" % (base, base + 1)})
    conf = os.path.join(place.folder, "policyd-spf.conf")
    with open(conf, "w") as f:
        f.write("debugLevel = 0\n")
    listener = socket.create_server(("127.0.0.1", base + 1), backlog=64)
    services = [Spawn(listener, "/usr/bin/python3", "-c",
                      "from spf_engine.policyd_spf import main; main()",
                      conf)]
    try:
        services.append(Postgrey(place.folder, base))
        os.mkdir(os.path.join(place.folder, "kept"))
        place.suite.start_sink("-q", "-D",
                               os.path.join(place.folder, "kept"))
        ask_real(place)
    finally:
        place.close()
        for service in services:
            service.close()


def ask_real(place):
    grey = (r"450 4\.2\.0 <r@relay\.example>: Recipient address rejected: "
            r"Greylisted")
    first = place.ask("127.0.2.9")
    check("postgrey: not at once", re.match(grey, first), first)
    check("postgrey: nor at the second try", re.match(
        grey, place.ask("127.0.2.9")))
    time.sleep(2.5)
    client = place.client("127.0.2.9")
    client.sendmail("a@plain.names.example", ["r@relay.example"],
                    "Subject: x\r\n\r\ntext\r\n")
    client.quit()

    kept = os.path.join(place.folder, "kept")

    def message():
        for name in os.listdir(kept):
            with open(os.path.join(kept, name), "rb") as f:
                return f.read()
        return b""

    text = wait_for(message)
    check("postgrey: it says how long", b"X-Greylist: delayed " in text, text)
    check("policyd-spf: it says what it found", b"X-Comment: SPF "
          in text, text)


# ---- who waits delays nobody -----------------------------------------------

def one_rcpt(client):
    """Milliseconds of one RCPT, and its reply."""
    client.docmd("MAIL FROM:<s@x.example>")
    start = time.time()
    reply = client.docmd("RCPT TO:<r@relay.example>")[0]
    took = (time.time() - start) * 1000
    client.docmd("RSET")
    return took, reply


def median(client, count):
    return statistics.median(one_rcpt(client)[0] for _ in range(count))


def crowd(options):
    server = SlowDns("127.0.0.7", options.port + 5, 2)
    place = None
    try:
        place = Place(options, "127.0.0.7", {
            "smtpd_client_restrictions":
            "reject_rbl_client slow.example, reject_rbl_client two.example"})
        known = place.client("127.3.0.1")
        took, reply = one_rcpt(known)
        # More than 2 s: until it is known how slow that server is.
        check("the first question takes its time", reply == 250 and
              1500 < took < 12000, took)
        before = median(known, 50)
        crowded(place, known, before)
    finally:
        if place is not None:
            place.close()
        server.close()


def read_until(s, mark):
    """What came up to a line with that mark."""
    text = b""
    s.settimeout(15)
    while mark not in text or not text.endswith(b"\r\n"):
        more = s.recv(4096)
        if not more:
            break
        text += more
    return text


def crowded(place, known, before):
    clients = []
    for i in range(200):
        s = socket.create_connection(("127.0.0.1", place.options.port),
                                     source_address=("127.4.0.%d" % (i + 1),
                                                     0))
        clients.append(s)
    for s in clients:
        read_until(s, b"220 ")
        s.sendall(b"EHLO c.example\r\n")
    for s in clients:
        read_until(s, b"250 ")
    start = time.time()
    for s in clients:
        s.sendall(b"MAIL FROM:<s@x.example>\r\nRCPT TO:<r@relay.example>\r\n")
    during = median(known, 50)
    check("200 who wait delay nobody else", time.time() - start < 1.9 and
          during - before < 10, (before, during, time.time() - start))
    done = 0
    for s in clients:
        done += b"250 2.1.5" in read_until(s, b"2.1.5 ")
        s.close()
    check("and get their answers", done == 200, done)
    check("at the same time", time.time() - start < 10, time.time() - start)


def deep(options):
    """A name of many labels is not asked for label by label."""
    server = SlowDns("127.0.0.9", options.port + 5, 0)
    place = None
    try:
        place = Place(options, "127.0.0.9", {
            "smtpd_recipient_restrictions":
            "check_sender_ns_access inline:{{x=REJECT}}"})
        place.ask("127.0.3.1")
        before = server.asked
        place.expect("a domain of 120 labels", "250 ", "127.0.3.1",
                     sender="s@" + "a." * 118 + "far.example")
        check("is not asked for 120 times", 5 < server.asked - before < 15,
              server.asked - before)
    finally:
        if place is not None:
            place.close()
        server.close()


# ---- limits ----------------------------------------------------------------

def limits(options):
    place = Place(options, "127.0.0.8", {
        "smtpd_client_connection_rate_limit": "5",
        "smtpd_client_recipient_rate_limit": "8"})
    try:
        codes = []
        for _ in range(7):
            with socket.create_connection(("127.0.0.1", options.port),
                                          source_address=("127.5.0.1",
                                                          0)) as s:
                codes.append(s.recv(500)[:3])
        check("the sixth connection is one too many", codes ==
              [b"220"] * 5 + [b"421"] * 2, codes)
        client = place.client("127.5.0.2")
        client.docmd("MAIL FROM:<s@x.example>")
        codes = [client.docmd("RCPT TO:<r%d@relay.example>" % i)[0]
                 for i in range(10)]
        check("the ninth recipient is one too many", codes ==
              [250] * 8 + [450] * 2, codes)
        client.close()
        client = place.client("127.0.0.1")
        client.docmd("MAIL FROM:<s@x.example>")
        codes = [client.docmd("RCPT TO:<r%d@relay.example>" % i)[0]
                 for i in range(10)]
        check("mynetworks has no limit", codes == [250] * 10, codes)
        client.close()
        check("the log says so", place.suite.wait_log(
            r"warning: Recipient address rate limit exceeded: 9 from "
            r"unknown\[127.5.0.2\]"))
    finally:
        place.close()


def count(options):
    """Who has left is not counted any more."""
    place = Place(options, "127.0.0.8", {
        "smtpd_client_connection_count_limit": "3"})

    def greeting(keep):
        peer = socket.create_connection(("127.0.0.1", options.port),
                                        source_address=("127.5.0.3", 0))
        keep.append(peer)
        return peer.recv(500)[:3]
    try:
        here = []
        codes = [greeting(here) for _ in range(5)]
        check("three at a time", codes == [b"220"] * 3 + [b"421"] * 2, codes)
        for peer in here:
            peer.close()
        gone = place.suite.wait_log(r"disconnect from unknown\[127.5.0.3\]",
                                    10, 5)
        codes = [greeting(here) for _ in range(4)]
        check("and three again", gone and
              codes == [b"220"] * 3 + [b"421"], codes)
        for peer in here:
            peer.close()
    finally:
        place.close()


def services(options):
    """A service is judged by what its line of master.cf says."""
    place = Place(options, "127.0.0.8", {
        "smtpd_recipient_restrictions":
        "check_client_access inline:{{127.6.0.1=450 in general}}"},
        "127.0.0.1:%d inet n - - - - smtpd\n"
        "  -o { smtpd_recipient_restrictions = check_client_access "
        "inline:{{127.6.0.1=451 in particular}} }\n"
        "  -o mynetworks=127.6.0.2\n" % (options.port + 9))
    try:
        place.expect("main.cf", "450 4.7.1 <unknown[127.6.0.1]>: Client host "
                     "rejected: in general", "127.6.0.1")
        place.expect("master.cf", "451 4.7.1 <unknown[127.6.0.1]>: Client "
                     "host rejected: in particular", "127.6.0.1", port=9)
        place.expect("who may relay there", "250 ", "127.6.0.2", port=9,
                     recipient="r@elsewhere.example")
        place.expect("may not here", "454 4.7.1 ", "127.6.0.2",
                     recipient="r@elsewhere.example")
    finally:
        place.close()


PARTS = {"lists": lists, "backup": backup, "sleeping": sleeping,
         "names": names, "policies": policies,
         "crowd": crowd, "deep": deep, "limits": limits, "count": count,
         "services": services, "deaths": deaths, "real": real}


if __name__ == "__main__":
    sys.exit(run("policy", PARTS))
