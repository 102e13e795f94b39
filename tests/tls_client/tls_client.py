#!/usr/bin/env python3
"""TLS of the SMTP client: levels, policies, DANE, reuse, against servers
that do well and servers that do not.

usage: tls_client.py BINDIR [-p PORT] [part...]

Each case is a domain of its own, in a zone that nsd serves, with a server on
an address of its own.  The last line is "tls_client: N passed, M failed".
"""

import os
import re
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
import keys                                                 # noqa: E402
import parameters                                           # noqa: E402
from deliveries import Deliveries                           # noqa: E402
from mx import Server                                       # noqa: E402
from private_suite import Suite, wait_for                   # noqa: E402
from queue_case import check, run                           # noqa: E402
from zones import Zones                                     # noqa: E402

DNS = "127.0.5.1"
NOT_OFFERED = "TLS is required, but was not offered by host mx."
REFUSED = "refused to start TLS: %s)"
NO_HANDSHAKE = "(Cannot start TLS: handshake failure)"
NOT_TRUSTED = "(Server certificate not trusted)"
NOT_VERIFIED = "(Server certificate not verified)"
PROBLEM = "(client TLS configuration problem)"


class Place(Deliveries):
    """A mail system, its name server, and servers for mail."""

    def __init__(self, options):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="tern-tls-")
        self.port = options.port + 1
        self.zones = Zones(self.folder, DNS, options.port + 5)
        self.ca = keys.Authority(self.folder, "ca")
        self.other_ca = keys.Authority(self.folder, "other")
        self.servers = {}           # by case
        self.records = {}           # by zone
        self.policies = {}          # by next hop
        self.policy_file = os.path.join(self.folder, "policy")
        self.suite = None

    def address(self):
        return "127.0.5.%d" % (10 + len(self.servers))

    def chain(self, name, **how):
        return self.ca.chain(name, **how)

    def serve(self, case, zone="tls.example", **how):
        """The domain case.zone, its MX mx.case.zone, and a server there."""
        ip = self.address()
        self.servers[case] = Server(ip, self.port, **how)
        self.record(zone, "%s MX 10 mx.%s" % (case, case))
        self.record(zone, "mx.%s A %s" % (case, ip))
        return self.servers[case]

    def record(self, zone, text):
        self.records.setdefault(zone, []).append(text)

    def policy(self, nexthop, text):
        self.policies[nexthop] = text
        self.write_policies()

    def write_policies(self):
        with open(self.policy_file + ".new", "w") as f:
            for item in self.policies.items():
                f.write("%s %s\n" % item)
        os.rename(self.policy_file + ".new", self.policy_file)

    def start(self, **settings):
        self.write_policies()
        resolver = os.path.join(self.folder, "resolv.conf")
        with open(resolver, "w") as f:
            f.write("nameserver %s@%d\noptions timeout:4 attempts:1\n" %
                    (DNS, self.options.port + 5))
        self.suite = Suite(self.options.bin, self.options.port, self.port,
                           dict({
                               "relayhost": "",
                               "smtp_tcp_port": self.port,
                               "resolver_config": resolver,
                               "inet_interfaces": "127.0.0.1",
                               "smtp_tls_loglevel": "1",
                               "smtp_tls_CAfile": self.ca.cert,
                               "smtp_starttls_timeout": "3s",
                               "smtp_tls_policy_maps":
                                   "texthash:" + self.policy_file,
                               "minimal_backoff_time": "300s",
                               "maximal_backoff_time": "300s"}, **settings))
        self.zones.serve()
        self.suite.start()

    def established(self, case, trust, zone="tls.example"):
        line = r"%s TLS connection established to mx\.%s\.%s\[[\d.]+\]:%d" \
            r"[^:]*: TLSv1\.[23] with cipher \S+ \(\d+/\d+ bits\)" % (
                trust, case, re.escape(zone), self.port)
        check("%s: %s TLS connection" % (case, trust),
              self.suite.wait_log(line, 5),
              [text for text in self.suite.log_text().splitlines()
               if "TLS connection" in text and case in text])

    def close(self):
        if self.suite in Suite.open:
            self.suite.close()
        for server in self.servers.values():
            server.close()
        self.zones.close()
        shutil.rmtree(self.folder, ignore_errors=True)


# ---- levels ----------------------------------------------------------------

# case: policy, what the log line has, messages in TLS, and in plaintext
SENT, LATER = "status=sent", "status=deferred"
LEVELS = {
    "none": ("none", ("tls=none,", SENT), 0, 1),
    "may": ("may", ("tls=may,", SENT), 1, 0),
    "may-none": ("may", ("tls=may:none,", SENT), 0, 1),
    "may-454": ("may", ("tls=may:none,", SENT), 0, 1),
    "may-502": ("may", ("tls=may:none,", SENT), 0, 1),
    "may-garbage": ("may", ("tls=may:none,", SENT), 0, 1),
    "may-close": ("may", ("tls=may:none,", SENT), 0, 1),
    "may-silence": ("may", ("tls=may:none,", SENT), 0, 1),
    "may-behind": ("may", ("tls=may,", SENT), 1, 0),
    "encrypt": ("encrypt", ("tls=encrypt,", SENT), 1, 0),
    "encrypt-none": ("encrypt", ("tls=!encrypt:none,", "dsn=4.7.4", LATER,
                                 NOT_OFFERED), 0, 0),
    "encrypt-454": ("encrypt", ("tls=!encrypt:none,", "dsn=4.7.0", LATER,
                                REFUSED % "454 4.7.0 not now"), 0, 0),
    "encrypt-502": ("encrypt", ("tls=!encrypt:none,", "dsn=4.7.4", LATER,
                                REFUSED % "502 5.5.1 what?"), 0, 0),
    "encrypt-garbage": ("encrypt", ("tls=!encrypt:none,", "dsn=4.7.5",
                                    LATER, NO_HANDSHAKE), 0, 0),
    "encrypt-close": ("encrypt", ("tls=!encrypt:none,", "dsn=4.7.5", LATER,
                                  NO_HANDSHAKE), 0, 0),
    "encrypt-silence": ("encrypt", ("tls=!encrypt:none,", "dsn=4.7.5",
                                    LATER, NO_HANDSHAKE), 0, 0),
    "verify": ("verify", ("tls=verify,", SENT), 1, 0),
    "verify-self": ("verify", ("tls=!verify:encrypt,", "dsn=4.7.5", LATER,
                               NOT_TRUSTED), 0, 0),
    "verify-name": ("verify", ("tls=!verify:encrypt,", "dsn=4.7.5", LATER,
                               NOT_VERIFIED), 0, 0),
    "verify-old": ("verify", ("tls=!verify:encrypt,", "dsn=4.7.5", LATER,
                              NOT_TRUSTED), 0, 0),
    "verify-none": ("verify", ("tls=!verify:none,", "dsn=4.7.4", LATER),
                    0, 0),
    "secure": ("secure", ("tls=secure,", SENT), 1, 0),
    "secure-below": ("secure", ("tls=secure,", SENT), 1, 0),
    "secure-mx": ("secure", ("tls=!secure:encrypt,", "dsn=4.7.5", LATER,
                             NOT_VERIFIED), 0, 0),
    "secure-match": ("secure match=no.example:mx.elsewhere.example",
                     ("tls=secure,", SENT), 1, 0),
    "anchor": ("secure match=hostname tafile={ca}", ("tls=secure,", SENT),
               1, 0),
    "anchor-other": ("secure match=hostname tafile={other}",
                     ("tls=!secure:encrypt,", "dsn=4.7.5", LATER), 0, 0),
    "print": ("fingerprint match=AB:CD|{print}", ("tls=fingerprint,", SENT),
              1, 0),
    "print-key": ("fingerprint match={print_key}", ("tls=fingerprint,",
                                                    SENT), 1, 0),
    "print-bad": ("fingerprint match={wrong}", (
        "tls=!fingerprint:encrypt,", "dsn=4.7.5", LATER, NOT_VERIFIED),
        0, 0),
    "version": ("encrypt protocols=TLSv1.2 ciphers=high exclude=AES256",
                ("tls=encrypt,", SENT), 1, 0),
    "version-none": ("encrypt protocols=TLSv9", ("dsn=4.7.5", LATER,
                                                 PROBLEM), 0, 0),
    "rpk": ("encrypt enable_rpk=yes", ("tls=encrypt,", SENT), 1, 0),
    "name": ("may servername=asked.example", ("tls=may,", SENT), 1, 0),
    "bad-level": ("maybe", ("dsn=4.7.5", LATER, PROBLEM), 0, 0),
    "bad-word": ("encrypt cyphers=high", ("dsn=4.7.5", LATER, PROBLEM),
                 0, 0),
    "dane-no-dns": ("dane", ("tls=dane:may,", SENT), 1, 0),
    "dane-only-no-dns": ("dane-only", ("dsn=4.7.5", LATER, PROBLEM), 0, 0),
}


def serve_level(place, case):
    """A server as the name of the case says."""
    mx = "mx.%s.tls.example" % case
    kind = case.split("-")[-1]
    if kind in ("454", "502"):
        return place.serve(case, reply={"454": "454 4.7.0 not now",
                                        "502": "502 5.5.1 what?"}[kind])
    if kind in ("garbage", "close", "silence"):
        return place.serve(case, handshake=kind)
    if case in ("may-none", "encrypt-none", "verify-none"):
        return place.serve(case)
    if kind == "behind":
        return place.serve(case, chain=place.chain(mx),
                           behind=b"250 evil\r\n250 evil\r\n")
    if case in ("verify-self", "may"):
        return place.serve(case, chain=keys.self_signed(place.folder, mx))
    if case == "verify-old":
        return place.serve(case, chain=place.chain(mx, expired=True))
    names = {"verify-name": "mx.elsewhere.example",
             "secure": "secure.tls.example",
             "secure-mx": "mx.elsewhere2.example",
             "secure-match": "mx.elsewhere.example"}
    name = names.get(case, mx)
    path = os.path.join(place.ca.folder, name + ".pem")
    return place.serve(case, chain=path if os.path.exists(path)
                       else place.chain(name))


def levels(options):
    place = Place(options)
    try:
        for case, (policy, _, _, _) in LEVELS.items():
            server = serve_level(place, case)
            values = {"ca": place.ca.cert, "other": place.other_ca.cert,
                      "wrong": "AB:" * 31 + "CD"}
            if server.chain is not None:
                values["print"] = keys.fingerprint(
                    keys.certificates(server.chain)[0])
                values["print_key"] = keys.fingerprint(
                    keys.public_key(server.chain))
            place.policy(case + ".tls.example", policy.format(**values))
        place.zones.add("tls.example", "\n".join(
            place.records["tls.example"]))
        place.start(smtp_tls_note_starttls_offer="yes")
        for case in LEVELS:
            place.send(case + ".tls.example")
        for case, (_, parts, inside, outside) in LEVELS.items():
            server = place.servers[case]
            place.expect(case + ".tls.example", *parts)
            secured = sum(s.messages for s in server.sessions
                          if s.version is not None)
            check("%s: %d in TLS, %d in plaintext" % (
                case, inside, outside), (secured, server.messages() -
                                         secured) == (inside, outside),
                  (secured, server.messages()))
            check("%s: nothing in plaintext that must not be" % case,
                  outside or not any(s.plain_mail()
                                     for s in server.sessions))
        check_levels(place)
    finally:
        place.close()


def check_levels(place):
    for case, trust in (("may", "Untrusted"), ("encrypt", "Trusted"),
                        ("verify", "Verified"), ("secure", "Verified"),
                        ("secure-below", "Verified"),
                        ("verify-self", "Untrusted"),
                        ("verify-name", "Trusted"),
                        ("print", "Verified"), ("anchor", "Verified")):
        place.established(case, trust)
    for case in ("may-garbage", "may-close", "may-silence"):
        sessions = place.servers[case].sessions
        check("%s: plaintext on a new connection only" % case,
              len(sessions) == 2 and ("STARTTLS", False)
              in sessions[0].commands and not sessions[0].plain_mail(),
              [s.commands for s in sessions])
    for case in ("may-454", "may-502"):
        check("%s: goes on where it is" % case,
              len(place.servers[case].sessions) == 1)
    for case in ("encrypt-garbage", "encrypt-close", "verify-self"):
        check("%s: is asked once" % case,
              len(place.servers[case].sessions) == 1)
    session = place.servers["version"].sessions[0]
    check("version: TLSv1.2", session.version == "TLSv1.2", session.version)
    check("anchor: no name is asked for, as none was to be",
          place.servers["anchor"].sessions[0].sni is None,
          place.servers["anchor"].sessions[0].sni)
    for case, is_secure in (("verify-name", True), ("encrypt-none", False),
                            ("encrypt-454", False)):
        commands = place.servers[case].sessions[0].commands
        check("%s: it is taken leave of" % case,
              commands[-1:] == [("QUIT", is_secure)], commands)
    session = place.servers["name"].sessions[0]
    check("name: was asked for", session.sni == "asked.example",
          session.sni)
    check("may: EHLO again, and no name is asked for",
          place.servers["may"].sessions[0].commands[:3] == [
              ("EHLO", False), ("STARTTLS", False), ("EHLO", True)] and
          place.servers["may"].sessions[0].sni is None)
    log = place.suite.log_text()
    check("bad-word: the log says what is wrong", 'warning: TLS policy of '
          'bad-word.tls.example: "cyphers=high" is not known' in log)
    check("rpk: the log says that it does nothing", 'warning: TLS policy of '
          'rpk.tls.example: "enable_rpk=yes" does nothing' in log)
    check("dane-no-dns: the log says what is missing", "warning: "
          "dane-no-dns.tls.example: dane needs smtp_dns_support_level = "
          "dnssec" in log)
    check("none: the offer is noted, once", re.findall(
        r"Host offered STARTTLS: \[(\S+)\[", log) == ["mx.none.tls.example"])
    check("verify-self: the log says why", re.search(
        r"certificate verification failed for mx\.verify-self\S+: self",
        log) is not None)
    check("may: and not where it does not matter", not re.search(
        r"certificate verification failed for mx\.may", log))


# ---- connections -----------------------------------------------------------

def reuse(options):
    """One handshake for many messages, but never for two policies."""
    place = Place(options)
    try:
        for case in ("many", "once", "change", "early", "shared", "names"):
            place.serve(case, chain=place.chain("mx.%s.tls.example" % case),
                        early=case == "early")
        place.record("tls.example", "twin MX 10 mx.shared")
        place.policies.update({
            "once.tls.example": "may connection_reuse=no",
            "change.tls.example": "may", "early.tls.example": "encrypt",
            "shared.tls.example": "encrypt",
            "names.tls.example": "secure match=hostname "
                                 "connection_reuse=no",
            "twin.tls.example": "verify"})
        place.zones.add("tls.example", "\n".join(
            place.records["tls.example"]))
        place.start(smtp_connection_cache_time_limit="20s",
                    default_destination_concurrency_limit="1")
        for case in ("many", "once"):
            place.send(case + ".tls.example", 5)
            wait_for(lambda: place.servers[case].messages() == 5)
        many, once = place.servers["many"], place.servers["once"]
        check("many: five messages, one handshake", (
            many.messages(), many.handshakes()) == (5, 1),
            (many.messages(), many.handshakes()))
        check("many: conn_use", any(", conn_use=5, " in line for line in
                                    place.lines("many.tls.example")))
        check("once: five messages, five handshakes, sessions resumed", (
            once.messages(), once.handshakes(),
            [s.is_resumed for s in once.sessions]) == (
                5, 5, [False] + [True] * 4),
            [s.is_resumed for s in once.sessions])
        change(place)
        early(place)
        shared(place)
        names(place)
    finally:
        place.close()


def change(place):
    """T15: the connection waits, but it was made on other terms."""
    server = place.servers["change"]
    place.send("change.tls.example")
    wait_for(lambda: server.messages() == 1)
    place.policy("change.tls.example", "verify")
    place.send("change.tls.example")
    wait_for(lambda: server.messages() == 2)
    place.send("change.tls.example")
    wait_for(lambda: server.messages() == 3)
    check("change: another policy, another connection",
          [s.messages for s in server.sessions] == [1, 2],
          [s.messages for s in server.sessions])
    check("change: and no session of the other", not any(
        s.is_resumed for s in server.sessions))
    place.policy("change.tls.example", "may")
    place.send("change.tls.example")
    wait_for(lambda: server.messages() == 4)
    check("change: the first one still waits",
          [s.messages for s in server.sessions] == [2, 2],
          [s.messages for s in server.sessions])
    place.policy("change.tls.example", "fingerprint match=AB:CD")
    place.send("change.tls.example")
    wait_for(lambda: len(place.lines("change.tls.example")) == 5)
    lines = place.lines("change.tls.example")
    check("change: nor with one that it would not meet", len(lines) == 5 and
          NOT_VERIFIED in lines[4] and server.messages() == 4, lines[4:])


def names(place):
    """Who was verified by one name is not known by another."""
    server = place.servers["names"]
    for n in range(2):
        place.send("names.tls.example")
        wait_for(lambda: server.messages() == n + 1)
    place.policy("names.tls.example", "secure match=no.example")
    place.send("names.tls.example")
    wait_for(lambda: len(place.lines("names.tls.example")) == 3)
    lines = place.lines("names.tls.example")
    check("names: a session is resumed for the names of its handshake only",
          len(lines) == 3 and NOT_VERIFIED in lines[2] and
          [s.is_resumed for s in server.sessions] == [False, True, False],
          ([s.is_resumed for s in server.sessions], lines[2:]))


def shared(place):
    """Two domains on one server: each has its own."""
    server = place.servers["shared"]
    for domain in ("shared", "twin", "shared", "twin"):
        before = server.messages()
        place.send(domain + ".tls.example")
        wait_for(lambda: server.messages() == before + 1)
    check("shared: two domains, two connections",
          [s.messages for s in server.sessions] == [2, 2],
          [s.messages for s in server.sessions])


def early(place):
    """PIPECONNECT: EHLO and STARTTLS, EHLO and MAIL without waiting."""
    server = place.servers["early"]
    place.policy("early.tls.example", "encrypt connection_reuse=no")
    for n in range(3):
        place.send("early.tls.example")
        wait_for(lambda: server.messages() == n + 1)
    waits = [int(text) for text in re.findall(
        r"disconnect from mx\.early\S+ messages=1 commands=\d+ waits=(\d+)",
        place.suite.log_text())]
    wait_for(lambda: place.suite.count_log(
        r"disconnect from mx\.early") == 3)
    waits = [int(text) for text in re.findall(
        r"disconnect from mx\.early\S+ messages=1 commands=\d+ waits=(\d+)",
        place.suite.log_text())]
    check("early: fewer waits when it is known", server.messages() == 3 and
          len(waits) == 3 and waits[1] < waits[0] and waits[2] < waits[0],
          waits)


def wrapped(options):
    """TLS before the greeting, certificates of the client, several MX."""
    place = Place(options)
    try:
        client = place.other_ca.chain("client.example")
        place.serve("wrap", chain=place.chain("mx.wrap.tls.example"),
                    wrapped=True)
        place.serve("wrap-bad", chain=place.other_ca.chain("x"),
                    wrapped=True)
        place.serve("client", chain=place.chain("mx.client.tls.example"),
                    client_ca=place.other_ca.cert)
        place.serve("first")
        place.serve("second", chain=place.chain("mx.second.tls.example"))
        place.record("tls.example", "both MX 10 mx.first")
        place.record("tls.example", "both MX 20 mx.second")
        place.policies.update({"wrap.tls.example": "none",
                               "both.tls.example": "encrypt"})
        place.zones.add("tls.example", "\n".join(
            place.records["tls.example"]))
        # A folder of CAs, which the chroot does not have.
        folder = os.path.join(place.folder, "cas")
        os.mkdir(folder)
        shutil.copy(place.ca.cert, folder)
        keys.openssl("rehash", folder)
        place.start(smtp_tls_chain_files=client, smtp_tls_CAfile="",
                    smtp_tls_CApath=folder,
                    transport_maps="inline:{ { wrap.tls.example = wrap: } "
                    "{ wrap-bad.tls.example = wrap: } { "
                    "wrap-may.tls.example = weak:wrap.tls.example } }")
        place.suite.stop()
        with open(os.path.join(place.suite.etc, "master.cf"), "a") as f:
            # A policy of the service's own goes before that of main.cf.
            f.write("wrap unix - - - - - smtp\n"
                    " -o smtp_tls_wrappermode=yes\n"
                    " -o smtp_tls_policy_maps=static:verify\n"
                    "weak unix - - - - - smtp\n"
                    " -o smtp_tls_wrappermode=yes\n"
                    " -o smtp_tls_policy_maps=\n")
        place.suite.start()
        for case in ("wrap", "wrap-bad", "wrap-may", "client", "both"):
            place.send(case + ".tls.example")
        place.expect("wrap.tls.example", "relay=mx.wrap.", "tls=verify,",
                     SENT)
        place.expect("wrap-bad.tls.example", "relay=mx.wrap-bad.",
                     "tls=!verify:encrypt,", "dsn=4.7.5", LATER, NOT_TRUSTED)
        place.expect("wrap-may.tls.example", "dsn=4.7.5", LATER, PROBLEM)
        place.expect("client.tls.example", SENT)
        place.expect("both.tls.example", "relay=mx.second.", "tls=encrypt,",
                     SENT)
        session = place.servers["wrap"].sessions[0]
        check("wrap: no STARTTLS", session.commands[:2] == [
            ("EHLO", True), ("MAIL", True)], session.commands)
        session = place.servers["client"].sessions[0]
        check("client: its certificate is shown",
              session.subject == "client.example", session.subject)
        check("both: the first was tried, and had nothing", [
            s.plain_mail() for s in place.servers["first"].sessions] ==
            [False])
    finally:
        place.close()


def files(options):
    """A key that cannot be read: the old processes stay, and say why."""
    place = Place(options)
    try:
        place.serve("may", chain=place.chain("mx.may.tls.example"))
        place.zones.add("tls.example", "\n".join(
            place.records["tls.example"]))
        place.start()
        with open(os.path.join(place.suite.etc, "main.cf"), "a") as f:
            f.write("smtp_tls_chain_files = %s/none.pem\n" % place.folder)
        done = place.suite.tern("reload")
        check("files: reload says why not", done.returncode != 0 and
              "none.pem: No such file" in done.stdout, done.stdout)
        place.send("may.tls.example")
        place.expect("may.tls.example", "tls=may,", SENT)
        with open(os.path.join(place.suite.etc, "main.cf"), "a") as f:
            f.write("smtp_tls_chain_files =\nsmtp_tls_trust_anchor_file = "
                    "%s\n" % os.path.join(place.suite.etc, "master.cf"))
        done = place.suite.tern("check")
        check("files: so does check, of trust anchors", done.returncode != 0
              and "master.cf: no usable certificate" in done.stdout,
              done.stdout)
    finally:
        place.close()


# ---- DANE ------------------------------------------------------------------

DANE = {
    "ee": ("dane", ("tls=dane,", SENT), 1),
    "ee-cert": ("dane-only", ("tls=dane-only,", SENT), 1),
    "ee-full": ("dane", ("tls=dane,", SENT), 1),
    "ta": ("dane", ("tls=dane,", SENT), 1),
    "ta-domain": ("dane", ("tls=dane,", SENT), 1),
    "ta-name": ("dane", ("tls=!dane:encrypt,", "dsn=4.7.5", LATER), 0),
    "wrong": ("dane", ("tls=!dane:encrypt,", "dsn=4.7.5", LATER), 0),
    "missing": ("dane", ("tls=dane:may,", SENT), 1),
    "missing-none": ("dane", ("tls=dane:none,", SENT), 1),
    "missing-only": ("dane-only", ("dsn=4.7.5", LATER,
                                   "(no TLSA records found)"), 0),
    "unusable": ("dane", ("tls=dane:encrypt,", SENT), 1),
    "unusable-none": ("dane", ("tls=!dane:none,", "dsn=4.7.4", LATER,
                               NOT_OFFERED), 0),
    "unusable-only": ("dane-only", ("dsn=4.7.5", LATER,
                                    "(TLSA records unusable)"), 0),
    "plain": ("dane", ("tls=!dane:none,", "dsn=4.7.4", LATER, NOT_OFFERED),
              0),
    "broken": ("dane", ("tls=!dane:none,", "dsn=4.7.5", LATER,
                        NO_HANDSHAKE), 0),
    "agile": ("dane", ("tls=dane,", SENT), 1),
    "agile-wrong": ("dane", ("tls=!dane:encrypt,", "dsn=4.7.5", LATER), 0),
    "alias": ("dane", ("tls=dane,", SENT), 1),
    "alias-out": ("dane", ("tls=dane,", SENT), 1),
}


def serve_dane(place, case):
    """A server, and its TLSA records."""
    mx = "mx.%s.tls.example" % case
    kind = case.split("-")[-1]
    tlsa = keys.tlsa
    if case == "plain" or kind == "none":
        server = place.serve(case)
        chain = place.chain(mx)
    elif case == "broken":
        server = place.serve(case, handshake="garbage")
        chain = place.chain(mx)
    else:
        # RFC 7671 section 5.1: with usage 3 names and dates do not count.
        # RFC 7672 section 3.2.2: with usage 2 it may be the domain's, too.
        chain = place.chain(
            "%s.tls.example" % case if kind == "domain" else
            "nobody.%s" % case if case[:2] != "ta" or kind == "name" else mx,
            expired=case == "ee")
        server = place.serve(case, chain=chain)
    other = place.other_ca.chain("other." + case)
    texts = {
        "ee": [tlsa(3, 1, 1, chain)], "ee-cert": [tlsa(3, 0, 1, chain)],
        "ee-full": [tlsa(3, 1, 0, chain)],
        "ta": [tlsa(2, 0, 1, chain, 1)],
        "ta-name": [tlsa(2, 0, 1, chain, 1)],
        "ta-domain": [tlsa(2, 0, 1, chain, 1)],
        "wrong": [tlsa(3, 1, 1, other)],
        "unusable": [tlsa(1, 1, 1, chain), "TLSA 3 1 9 abcd"],
        "unusable-none": [tlsa(0, 1, 1, chain)],
        "unusable-only": [tlsa(0, 1, 1, chain)],
        "plain": [tlsa(3, 1, 1, chain)], "broken": [tlsa(3, 1, 1, chain)],
        # RFC 7671 section 9: only the strongest digest counts.
        "agile": [tlsa(3, 1, 1, other), tlsa(3, 1, 2, chain)],
        "agile-wrong": [tlsa(3, 1, 1, chain), tlsa(3, 1, 2, other)],
    }.get(case, [])
    for text in texts:
        place.record("tls.example", "_%d._tcp.mx.%s %s" % (
            place.port, case, text))
    if case.startswith("alias"):
        serve_alias(place, case, chain)
    return server


def serve_alias(place, case, chain):
    """Its MX is another name; the records stand at one of the two."""
    zone = place.records["tls.example"]
    ip = zone.pop().split()[-1]
    text = keys.tlsa(3, 1, 1, chain)
    if case == "alias":
        target, at = "real.tls.example.", "real"
        place.record("tls.example", "real A " + ip)
    else:
        target, at = "real.open.example.", "mx." + case
        place.record("open.example", "real A " + ip)
    place.record("tls.example", "mx.%s CNAME %s" % (case, target))
    place.record("tls.example", "_%d._tcp.%s %s" % (place.port, at, text))


def serve_zones(place):
    """What is not signed, or badly."""
    for case, zone in (("unsigned", "open.example"),
                       ("unsigned-only", "open.example"),
                       ("bogus", "bogus.example")):
        chain = place.chain("mx.%s.%s" % (case, zone))
        place.serve(case, zone=zone, chain=chain)
        place.record(zone, "_%d._tcp.mx.%s %s" % (
            place.port, case, keys.tlsa(3, 1, 1, chain)))
    # A delegation that nobody signed: what stands below it is not secure.
    other = place.other_ca.chain("weak")
    place.serve("weak", chain=place.chain("mx.weak.tls.example"))
    place.policies["weak.tls.example"] = "dane"
    place.record("tls.example", "_tcp.mx.weak NS ns")
    place.zones.add("_tcp.mx.weak.tls.example",
                    "_%d %s" % (place.port, keys.tlsa(3, 1, 1, other)))
    place.serve("trouble", chain=place.chain("mx.trouble.tls.example"))
    place.policies["trouble.tls.example"] = "dane"
    place.record("tls.example", "_tcp.mx.trouble NS ns")
    place.zones.add_signed("_tcp.mx.trouble.tls.example", "_%d %s" % (
        place.port, keys.tlsa(3, 1, 1, other)), expired=True)
    # The MX record is not secure, but what it names is.
    for name in ("half-may", "half-encrypt"):
        place.record("open.example", name + " MX 10 mx.ee.tls.example.")
    place.record("open.example", "half MX 10 mx.ee.tls.example.")
    place.record("open.example", "half-wrong MX 10 mx.wrong.tls.example.")
    place.record("open.example", "half-only MX 10 mx.ee.tls.example.")


def dane(options):
    place = Place(options)
    try:
        for case, (policy, _, _) in DANE.items():
            serve_dane(place, case)
            place.policies[case + ".tls.example"] = policy
        serve_zones(place)
        for domain in ("unsigned-only", "half-only"):
            place.policies[domain + ".open.example"] = "dane-only"
        place.zones.add("open.example", "\n".join(
            place.records["open.example"]))
        place.zones.add_signed("tls.example", "\n".join(
            place.records["tls.example"]))
        place.zones.add_signed("bogus.example", "\n".join(
            place.records["bogus.example"]), expired=True)
        place.start(smtp_tls_security_level="dane",
                    smtp_dns_support_level="dnssec",
                    smtp_tls_CAfile="",
                    transport_maps="inline:{ { host.example = "
                    "smtp:[mx.ee.tls.example] } }",
                    smtp_connection_cache_time_limit="0s",
                    tls_dane_trust_anchor_file=place.zones.anchors)
        for case in DANE:
            place.send(case + ".tls.example")
        for case, (_, parts, messages) in DANE.items():
            place.expect(case + ".tls.example", *parts)
            server = place.servers[case]
            check("%s: %d arrived" % (case, messages),
                  server.messages() == messages, server.messages())
        for case, trust in (("ee", "Verified"), ("ta", "Verified"),
                            ("wrong", "Untrusted"), ("alias", "Verified"),
                            ("alias-out", "Verified"),
                            ("missing", "Untrusted")):
            place.established(case, trust)
        check("ee: the name of the records is asked for", place.servers[
            "ee"].sessions[0].sni == "mx.ee.tls.example")
        check("alias: the name of the records is asked for", place.servers[
            "alias"].sessions[0].sni == "real.tls.example")
        check_zones(place)
    finally:
        place.close()


def check_zones(place):
    wrong = place.servers["wrong"].messages()
    cases = {
        "weak.tls.example": ("tls=dane:may,", SENT),
        "trouble.tls.example": (
            "dsn=4.7.5", LATER, "(TLSA lookup error for "
            "mx.trouble.tls.example:%d)" % place.port),
        "host.example": ("relay=mx.ee.tls.example[", "tls=dane,", SENT),
        "unsigned.open.example": ("tls=dane:may,", SENT),
        "unsigned-only.open.example": (
            "dsn=4.7.5", LATER, "(non DNSSEC destination)"),
        "bogus.bogus.example": ("dsn=4.4.3", LATER, "Host not found, try "
                                "again)"),
        "half.open.example": ("tls=dane:half-dane,", SENT),
        "half-wrong.open.example": ("tls=!dane:encrypt,", "dsn=4.7.5",
                                    LATER),
        "half-only.open.example": ("dsn=4.7.5", LATER,
                                   "(non DNSSEC destination)"),
    }
    for domain in cases:
        place.send(domain)
    for domain, parts in cases.items():
        place.expect(domain, *parts)
    for case in ("bogus", "trouble"):
        check("%s: nothing was sent there" % case,
              not place.servers[case].sessions)
    check("half-wrong: nothing arrived",
          place.servers["wrong"].messages() == wrong)
    for policy in ("may", "encrypt"):
        place.suite.stop()
        with open(os.path.join(place.suite.etc, "main.cf"), "a") as f:
            f.write("smtp_tls_dane_insecure_mx_policy = %s\n" % policy)
        place.suite.start()
        place.send("half-%s.open.example" % policy)
        place.expect("half-%s.open.example" % policy,
                     "tls=dane:%s," % policy, SENT)


def each_parameter(options):
    place = Place(options)
    try:
        parameters.each(place)
    finally:
        place.close()


PARTS = {"levels": levels, "reuse": reuse, "wrapped": wrapped,
         "files": files, "parameters": each_parameter, "dane": dane}

if __name__ == "__main__":
    sys.exit(run("tls_client", PARTS))
