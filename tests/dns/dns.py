#!/usr/bin/env python3
"""Where mail goes as the DNS says, and what becomes of it when the DNS says
nothing of use.

usage: dns.py BINDIR [-p PORT] [part...]

nsd serves a zone on an address of its own; servers for mail listen on
several addresses.  The last line is "dns: N passed, M failed".
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
from deliveries import Deliveries                           # noqa: E402
from nsd import Nsd                                         # noqa: E402
from private_suite import Suite, wait_for                   # noqa: E402
from queue_case import check, run                           # noqa: E402
from zone import ZONES, Rude                                # noqa: E402

NOT_FOUND = ("Host or domain name not found. Name service error for "
             "name=%s type=%s: ")
MALFORMED = "Malformed or unexpected name server reply"


class Place(Deliveries):
    """A mail system, its name server, and servers for mail."""

    def __init__(self, options, server, settings=None):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="tern-dns-")
        self.port = options.port + 1            # of the servers for mail
        self.sinks = []
        resolver = os.path.join(self.folder, "resolv.conf")
        with open(resolver, "w") as f:
            f.write("nameserver %s@%d\noptions timeout:4 attempts:1\n" %
                    (server, options.port + 5))
        self.suite = Suite(options.bin, options.port, self.port, dict({
            "relayhost": "",
            "smtp_tcp_port": self.port,
            "resolver_config": resolver,
            "inet_interfaces": "127.0.0.1",
            "proxy_interfaces": "127.0.0.30",
            "smtp_connection_cache_time_limit": "0s",
            "minimal_backoff_time": "300s",
            "maximal_backoff_time": "300s"}, **(settings or {})))

    def listen(self, *addresses, rules=()):
        for address in addresses:
            host = "[%s]" % address if ":" in address else address
            kept = os.path.join(self.folder, address.replace(":", "."))
            os.mkdir(kept)
            done = os.path.join(self.folder, "port-" + address)
            self.sinks.append(subprocess.Popen(
                [self.suite.program("ternsink"), "-q", "-D", kept,
                 "-p", done, *rules, "%s:%d" % (host, self.port)]))
            if not wait_for(lambda: os.path.exists(done), 10):
                raise RuntimeError("no server on " + address)

    def kept(self, address):
        """How many messages that server has."""
        return len(os.listdir(os.path.join(
            self.folder, address.replace(":", "."))))

    def restart(self, **settings):
        self.suite.stop()
        with open(os.path.join(self.suite.etc, "main.cf"), "a") as f:
            for item in settings.items():
                f.write("%s = %s\n" % item)
        with open(self.suite.log, "w"):
            pass
        self.suite.start()

    def close(self):
        if self.suite in Suite.open:
            self.suite.close()
        for sink in self.sinks:
            sink.terminate()
            sink.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def zone(name):
    return name + ".zone.example"


def relay(place, host, address):
    return "relay=%s[%s]:%d" % (zone(host), address, place.port)


def check_chroot(place):
    """As root: smtp resolves names as nobody, in a folder without files."""
    if os.geteuid() != 0:
        print("note: not root, so the chroot is not looked at")
        return
    for pid in place.suite.pids("smtp"):
        root = os.readlink("/proc/%d/root" % pid)
        with open("/proc/%d/status" % pid) as f:
            uids = re.search(r"Uid:\s+(.*)", f.read()).group(1).split()
        check("smtp: is in an empty chroot", root.endswith("/spool/empty")
              and os.listdir(root) == [], root)
        check("smtp: is not root", "0" not in uids, uids)


def found(place):
    """Mail that has somewhere to go."""
    tried = {"a-only": ("a-only", "127.0.0.11"),
             "set": ("live", "127.0.0.12"),
             "half-null": ("live", "127.0.0.12"),
             "half-odd": ("live", "127.0.0.12"),
             "mx-half": ("live", "127.0.0.12"),
             "chain1": ("thirteen", "127.0.0.13"),
             "alias": ("alias-host", "127.0.0.13"),
             "busy": ("live", "127.0.0.12")}
    for name in tried:
        place.send(zone(name))
    for name, (host, address) in tried.items():
        place.expect(zone(name), relay(place, host, address), "status=sent")
    log = place.suite.log_text()
    check("set: the best server was tried first", "connect to %s"
          "[127.0.0.20]:%d: Connection refused" % (zone("dead"), place.port)
          in log)
    place.send(zone("many"))
    place.expect(zone("many"), "[127.0.0.14]:", "status=sent")
    check("many: more than 100 records are noticed", "warning: domain %s has "
          "more than 100 MX records" % zone("many") in place.suite.log_text())
    check("all of it arrived there", [place.kept("127.0.0.%d" % i)
          for i in (11, 12, 13, 14)] == [1, 5, 2, 1])
    check_chroot(place)


def equals(place):
    before = place.kept("127.0.0.11"), place.kept("127.0.0.12")
    place.send(zone("equal"), 24)
    wait_for(lambda: len(place.lines(zone("equal"))) == 24)
    first = place.kept("127.0.0.11") - before[0]
    second = place.kept("127.0.0.12") - before[1]
    check("equal: both servers have their share", first > 0 and
          second > 0 and first + second == 24, (first, second))


def not_found(place):
    """Mail that has nowhere to go: 5.x.x only when the DNS says so."""
    gone, later = "status=bounced", "status=deferred"
    host_gone = "Host not found)"
    cases = {
        "nonesuch": ("dsn=5.4.4", gone, "(" + NOT_FOUND %
                     (zone("nonesuch"), "MX") + host_gone),
        "nodata": ("dsn=5.4.4", gone, NOT_FOUND % (zone("nodata"), "A") +
                   "Host found but no data record of requested type)"),
        "null": ("dsn=5.1.10", gone, "(Domain %s does not accept mail "
                 "(nullMX))" % zone("null")),
        "mx-gone": ("dsn=5.4.4", gone, "name=" + zone("missing"),
                    host_gone),
        "mx-mixed": ("dsn=4.4.3", later, "name=elsewhere.example",
                     "Host not found, try again)"),
        "odd": ("dsn=4.4.3", later, NOT_FOUND % (zone("odd"), "MX") +
                MALFORMED),
        "loop": ("dsn=5.4.6", gone, "(mail for %s loops back to myself)" %
                 zone("loop")),
        "loop-host": ("dsn=5.4.6", gone, "(mail for %s loops back to "
                      "myself)" % zone("loop-host")),
        "loop-name": ("dsn=5.4.6", gone, "loops back to myself)"),
        "loop-second": ("dsn=4.4.1", later, "(connect to %s[127.0.0.20]" %
                        zone("dead")),
        "loop-best": ("dsn=4.4.4", later, "(unable to find primary relay "
                      "for %s)" % zone("loop-best")),
        "busy-twice": ("relay=%s[127.0.0.16]:%d" % (
            zone("busy2"), place.port), later, "[127.0.0.16] refused to talk to me: 421"),
        "many-dead": ("dsn=4.4.1", later, "(connect to %s[" % zone("dead2")),
    }
    for name in cases:
        place.send(zone(name))
    for name, parts in cases.items():
        place.expect(zone(name), *parts)
    log = place.suite.log_text()
    check("many-dead: five addresses were tried", len(set(re.findall(
        r"connect to dead\d\S+\[127.0.0.(2[1-5])\]", log))) == 5)


def preference(place):
    """Which IP version goes first, among equals only."""
    for which, want in (("ipv4", "127.0.0.11"), ("ipv6", "::1")):
        place.restart(smtp_address_preference=which)
        place.send(zone("dual"), 6)
        wait_for(lambda: len(place.lines(zone("dual"))) == 6)
        lines = place.lines(zone("dual"))
        check("dual: %s first" % which, len(lines) == 6 and all(
            relay(place, "dual-host", want) in line for line in lines),
            lines)
    place.send(zone("six-far"))
    place.expect(zone("six-far"), relay(place, "live", "127.0.0.12"),
                 "status=sent")
    for which in ("all", "loopback-only"):
        place.restart(inet_interfaces=which)
        place.send(zone("loop-here"))
        place.expect(zone("loop-here"), "dsn=5.4.6", "status=bounced")
    place.restart(inet_interfaces="127.0.0.1", inet_protocols="ipv4",
                  smtp_defer_if_no_mx_address_found="yes")
    place.send(zone("dual"))
    place.send(zone("mx-gone"))
    place.expect(zone("dual"), relay(place, "dual-host", "127.0.0.11"),
                 "status=sent")
    place.expect(zone("mx-gone"), "dsn=4.4.4", "status=deferred")


def native(place):
    """What /etc/hosts says, and no MX records."""
    place.restart(smtp_dns_support_level="disabled", inet_protocols="all",
                  relayhost="")
    place.send(zone("set"))
    place.send(zone("a-only"))
    place.expect(zone("set"), NOT_FOUND % (zone("set"), "A"), "dsn=5.4.4")
    place.expect(zone("a-only"), relay(place, "a-only", "127.0.0.11"),
                 "status=sent")
    place.restart(smtp_dns_support_level="enabled")
    with open("/etc/hosts") as f:
        names = re.findall(r"^127\.0\.0\.1\s+(?!localhost)([\w.-]+)",
                           f.read(), re.M)
    if not names:
        print("note: /etc/hosts has no name but localhost")
        return
    for lookup, what in (("dns", "name=%s type=A" % names[0]),
                         ("native", "connect to %s[127.0.0.1]" % names[0])):
        place.restart(smtp_host_lookup=lookup, relayhost="[%s]:%d" % (
            names[0], place.port + 3))
        place.send("else.example")
        place.expect("else.example", "status=deferred", what)
    place.restart(smtp_host_lookup="dns", relayhost="")


def relayhosts(place):
    """A relayhost: by MX, in brackets; a mistyped one returns nothing."""
    for text, host, address in (
            ("set.zone.example", "live", "127.0.0.12"),
            ("set.zone.example:%d" % place.port, "live", "127.0.0.12"),
            ("[a-only.zone.example]:%d" % place.port, "a-only",
             "127.0.0.11")):
        place.restart(relayhost=text)
        place.send("else.example")
        place.expect("else.example", relay(place, host, address),
                     "status=sent")
    for text in ("nonesuch.zone.example", "null.zone.example",
                 "[set.zone.example]", "loop.zone.example"):
        place.restart(relayhost=text)
        place.send("else.example")
        place.expect("else.example", "dsn=4.3.5", "status=deferred",
                     "(Server configuration problem)")
        check("relayhost %s: the log says what is wrong" % text,
              "warning: relayhost configuration problem: "
              in place.suite.log_text())


def lists(place):
    """Several relayhosts in turn, and what is behind all of them."""
    there = relay(place, "a-only", "127.0.0.11")
    place.restart(relayhost="[nonesuch.zone.example], "
                  "[dead.zone.example] set.zone.example, nodata.zone.example")
    place.send("else.example")
    place.expect("else.example", relay(place, "live", "127.0.0.12"),
                 "status=sent")
    check("relayhost, a list: the second was tried before the third",
          "connect to %s[127.0.0.20]" % zone("dead")
          in place.suite.log_text())
    place.restart(relayhost="nonesuch.zone.example, null.zone.example")
    place.send("else.example")
    place.expect("else.example", "dsn=4.3.5", "status=deferred",
                 "(Server configuration problem)")
    place.restart(relayhost="", smtp_fallback_relay="nonesuch.zone.example "
                  "[a-only.zone.example]:%d" % place.port)
    cases = {
        "set": (relay(place, "live", "127.0.0.12"), "status=sent"),
        "nonesuch": (there, "status=sent"),
        "mx-mixed": (there, "status=sent"),
        "many-dead": (there, "status=sent"),
        "busy-twice": (there, "status=sent"),
        "null": ("dsn=5.1.10", "status=bounced"),
        "loop": ("dsn=5.4.6", "status=bounced"),
        "loop-best": ("dsn=4.4.4", "status=deferred"),
        "loop-second": ("dsn=4.4.1", "status=deferred"),
    }
    for name in cases:
        place.send(zone(name))
    for name, parts in cases.items():
        place.expect(zone(name), *parts)


def best_mx(place):
    """Mail for whom we are the best MX: to the transport for that, once."""
    there = "127.0.0.11[127.0.0.11]:%d" % place.port
    loops = ("loop", "loop-host", "loop-name")
    others = {
        "loop-best": ("dsn=4.4.4", "status=deferred"),
        "loop-second": ("dsn=4.4.1", "status=deferred"),
        "set": (relay(place, "live", "127.0.0.12"), "status=sent"),
    }
    place.restart(relayhost="", smtp_fallback_relay="",
                  best_mx_transport="smtp:[127.0.0.11]:%d" % place.port)
    for name in [*loops, *others]:
        place.send(zone(name))
    for name in loops:
        place.expect(zone(name), "relay=" + there, "status=sent")
        check(name + ": one line for one result",
              len(place.lines(zone(name))) == 1, place.lines(zone(name)))
    for name, parts in others.items():
        place.expect(zone(name), *parts)
    place.restart(best_mx_transport="smtp:loop-host.zone.example")
    place.send(zone("loop"))
    check("loop: where that is we again, it is undeliverable",
          place.suite.wait_log(r"/qmgr\[.*to=<u@loop\.zone\.example>, "
          r"relay=none, .*dsn=5\.4\.6, status=bounced \(mail for "
          r"loop-host\.zone\.example loops back to myself\)"),
          place.suite.log_text()[-1000:])
    place.restart(relayhost="loop.zone.example")
    place.send("else.example")
    place.expect("else.example", "dsn=4.3.5", "status=deferred")
    place.restart(relayhost="", best_mx_transport="")


def put_off(place):
    """What one server puts off the next is asked for, in one attempt."""
    live = relay(place, "live", "127.0.0.12")
    place.restart(relayhost="", smtp_fallback_relay="[127.0.0.11]:%d" %
                  place.port, minimal_backoff_time="300s")
    cases = {
        "grey": (live, "status=sent"),
        "grey-dead": ("relay=127.0.0.11[127.0.0.11]:", "status=sent"),
        "grey-three": (relay(place, "grey18", "127.0.0.18"),
                       "dsn=4.5.0", "status=deferred"),
        # Greylisting means that it should come again, not go elsewhere.
        "grey-one": (relay(place, "grey17", "127.0.0.17"), "dsn=4.2.0",
                     "status=deferred", "450 4.2.0 grey"),
        "grey-dot": (live, "status=sent"),
        "grey-no": (relay(place, "grey28", "127.0.0.28"), "dsn=5.1.1",
                    "status=bounced"),
        "gone-mail": (live, "status=sent"),
        # It may have it.
        "gone-dot": (relay(place, "grey19", "127.0.0.19"), "dsn=4.4.2",
                     "status=deferred", "while sending end of data"),
    }
    before = place.kept("127.0.0.12")
    for name in cases:
        place.send(zone(name))
    for name, parts in cases.items():
        place.expect(zone(name), *parts)
        check(name + ": one line for one result",
              len(place.lines(zone(name))) == 1, place.lines(zone(name)))
    check("put off: the log says by whom", place.suite.count_log(
        r": \w+: host grey17\.zone\.example\[127\.0\.0\.17\] said: "
        r"450 4\.2\.0 grey \(in reply to RCPT TO command\)$") == 3,
        place.suite.log_text()[-2000:])
    check("put off: nobody has a twin",
          place.kept("127.0.0.12") == before + 3, place.kept("127.0.0.12"))
    place.suite.source("-q", "-r", "3", "-t", "u%r@" + zone(
        "grey-some")).communicate(timeout=60)
    wait_for(lambda: place.suite.count_log(r"to=<u\d@grey-some.*sent") == 3)
    text = place.suite.log_text()
    check("grey-some: each recipient by the server that took it", all(
        re.search(r"to=<u%d@grey-some\S+ relay=%s\S+, .*status=sent" %
                  (i, "live" if i == 1 else "grey28"), text)
        for i in range(3)), text[-1500:])
    utf8_server(place, live)
    place.restart(minimal_backoff_time="1s")
    place.send(zone("grey-one"))
    check("grey-one: later what is to fall back on takes it",
          place.suite.wait_log(r"to=<u@grey-one\S+ relay=127\.0\.0\.11"
                               r"\[\S+, .*status=sent", 20),
          place.lines(zone("grey-one")))
    place.restart(smtp_fallback_relay="", minimal_backoff_time="300s")


def utf8_server(place, live):
    """One that has no SMTPUTF8 is not the last word (K52)."""
    with socket.create_connection(("127.0.0.1", place.suite.port), 10) as s:
        f = s.makefile("rb")
        for line in ("", "EHLO c.example", "MAIL FROM:<s@c.example> "
                     "SMTPUTF8", "RCPT TO:<u@%s>" % zone("old"), "DATA",
                     "Subject: \u00fc\r\n\r\nx\r\n."):
            if line:
                s.sendall(line.encode() + b"\r\n")
            while f.readline()[3:4] == b"-":
                pass
    place.expect(zone("old"), live, "status=sent")
    check("old: the log says why", "SMTPUTF8 is required, but was not offered "
          "by host grey28" in place.suite.log_text())


def filters(place):
    """Records that smtp_dns_reply_filter wants ignored are not there."""
    rules = os.path.join(place.folder, "filter")
    with open(rules, "w") as f:
        f.write("/ IN AAAA /i IGNORE\n"
                "/^a-only\\.zone\\.example\\. [0-9]+ IN A 127\\.0\\.0\\.11$/ "
                "IGNORE\n"
                "/^set\\.zone\\.example\\. [0-9]+ IN MX [0-9]+ live/ "
                "IGNORE\n")
    place.restart(relayhost="", smtp_fallback_relay="", inet_protocols="all",
                  smtp_address_preference="ipv6",
                  smtp_dns_reply_filter="regexp:" + rules)
    place.send(zone("dual"))
    place.expect(zone("dual"), relay(place, "dual-host", "127.0.0.11"),
                 "status=sent")
    place.send(zone("a-only"))
    place.expect(zone("a-only"), "dsn=4.4.3", "status=deferred",
                 "DNS reply filter drops all results")
    place.send(zone("set"))
    wait_for(lambda: place.lines(zone("set")))
    check("set: not by the server that is ignored", place.lines(
        zone("set")) and "live.zone" not in place.lines(zone("set"))[0],
        place.lines(zone("set")))


def good_zone(options):
    place = Place(options, "127.0.0.2")
    server = Nsd(place.folder, "127.0.0.2", options.port + 5, ZONES)
    try:
        place.listen("127.0.0.11", "127.0.0.12", "127.0.0.13", "127.0.0.14",
                     "::1")
        place.listen("127.0.0.15", "127.0.0.16",
                     rules=("-x", "CONNECT=421 4.3.2 not now"))
        place.listen("127.0.0.17", rules=("-x", "RCPT=450 4.2.0 grey"))
        place.listen("127.0.0.18", rules=("-x", "DOT=452 4.5.0 full"))
        place.listen("127.0.0.19", rules=("-x", "DOT=CLOSE"))
        place.listen("127.0.0.28", rules=(
            "-8", "-x", "RCPT<u1@grey-some=450 4.2.0 grey",
            "-x", "RCPT<u@grey-no=550 5.1.1 no", "-x", "RCPT<u@gone=CLOSE"))
        place.suite.start()
        for part in (found, equals, not_found, preference, native,
                     relayhosts,
                     lists, best_mx, put_off, filters):
            part(place)
    finally:
        place.close()
        server.close()


def rude_server(options):
    """Whatever a name server does, no mail is returned for it."""
    place = Place(options, "127.0.0.3")
    server = Rude("127.0.0.3", options.port + 5)
    manners = ("formerr", "servfail", "notimp", "refused", "garbage",
               "noise", "short", "counted", "stub", "ring", "beyond",
               "snake", "half-deaf")
    try:
        place.listen("127.0.0.12")
        place.suite.start()
        place.send("good.rude.example")
        place.expect("good.rude.example", "[127.0.0.12]:", "status=sent")
        place.send("slow.rude.example")
        place.expect("slow.rude.example", "[127.0.0.12]:", "status=sent")
        for manner in manners:
            place.send(manner + ".rude.example")
            place.expect(manner + ".rude.example", "dsn=4.4.3",
                         "status=deferred", NOT_FOUND %
                         (manner + ".rude.example", "MX"))
            check(manner + ": was asked", manner + ".rude.example"
                  in server.asked)
        place.restart(ignore_mx_lookup_error="yes")
        place.send("half-deaf.rude.example")
        place.expect("half-deaf.rude.example", "[127.0.0.12]:",
                     "status=sent")
        silence(place, server)
    finally:
        place.close()
        server.close()


def silence(place, server):
    """A server that says nothing: an end in time, and a way back."""
    server.is_silent = True
    place.send("quiet.rude.example")
    place.expect("quiet.rude.example", "dsn=4.4.3", "status=deferred",
                 "Host not found, try again)")
    delay = re.search(r" delay=([\d.]+)", "".join(
        place.lines("quiet.rude.example")[:1]))
    check("quiet: the deadline of resolv.conf holds", delay is not None and
          3 < float(delay.group(1)) < 12, delay and delay.group(1))
    server.is_silent = False

    def arrives():
        place.suite.flush()
        time.sleep(0.3)
        return any("status=sent" in line
                   for line in place.lines("quiet.rude.example"))
    check("quiet: mail goes when the server speaks again",
          wait_for(arrives, 40), place.lines("quiet.rude.example"))


def no_server(options):
    """Nobody at all answers; an address needs nobody."""
    place = Place(options, "127.0.0.4")
    try:
        place.listen("127.0.0.11")
        place.suite.start()
        place.send("a.nowhere.example")
        place.expect("a.nowhere.example", "dsn=4.4.3", "status=deferred",
                     "Host not found, try again)")
        place.restart(relayhost="[127.0.0.11]",
                      resolver_config=place.folder + "/none")
        place.send("b.nowhere.example")
        place.expect("b.nowhere.example", "[127.0.0.11]:", "status=sent")
        check("without resolv.conf the log says so", "warning: cannot read "
              "%s/none: No such file or directory: asking 127.0.0.1" %
              place.folder in place.suite.log_text())
    finally:
        place.close()


PARTS = {"zone": good_zone, "rude": rude_server, "none": no_server}


if __name__ == "__main__":
    sys.exit(run("dns", PARTS))
