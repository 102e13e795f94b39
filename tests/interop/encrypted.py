#!/usr/bin/env python3
"""Tern and Postfix with TLS and SASL, each as client and as server.

usage: encrypted.py BIN [-c CACHE] [-l] [name...]

The rows of encrypted_rows.py are mail from one mail system to another: first
from Postfix to Postfix, which shows that they are right, then from Postfix
to Tern, and from Tern to Postfix.  Who was told the same must log the same,
send the same, and write the same into Received:.  What may differ is in
encrypted_allowed.py, with the reason; doc/interop.md lists it.  Needs root:
all of it runs in a network of its own, with a signed zone, and a resolver
that validates it.  The last line is "interop-encrypted: N passed, M failed".
"""

import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE] + [os.path.join(HERE, "..", name) for name in (
    "lib", "tls", "tls_client")]
import alone                                                # noqa: E402
import keys                                                 # noqa: E402
import encrypted_allowed as allowed                         # noqa: E402
from encrypted_bench import PASSWORDS, SINK_PORT, Bench     # noqa: E402
from encrypted_rows import MECHANISMS, ROWS                 # noqa: E402
from encrypted_talk import dialogues, swaks                 # noqa: E402
from private_suite import wait_for                          # noqa: E402
from sides import Postfix, Tern                             # noqa: E402

ENTRY = 2600        # where a client takes what it is to send
SHAPE = re.compile(r"(TLSv1\.[23]) with cipher \S+ \(\d+/\d+ bits\)")
COMMON = {
    "compatibility_level": "3.6",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "mydestination": "",
    "alias_maps": "",
    "alias_database": "",
    "local_recipient_maps": "",
    "smtpd_peername_lookup": "no",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_tls_loglevel": "1",
    "smtp_tls_loglevel": "1",
}
SERVER = {
    "myhostname": "server.example",
    "relayhost": "[127.0.0.1]:%d" % SINK_PORT,
    "smtp_tls_security_level": "none",
    "smtpd_error_sleep_time": "0s",
    "smtpd_tls_security_level": "may",
    "smtpd_tls_received_header": "yes",
    "smtpd_tls_CAfile": "{client_ca}",
    "tls_preempt_cipherlist": "no",
    "smtpd_tls_fingerprint_digest": "sha256",
    "relay_clientcerts": "texthash:{folder}/prints",
    "cyrus_sasl_config_path": "{sasl}",
    "smtpd_sasl_local_domain": "tern.example",
    "smtpd_sasl_security_options": "noanonymous",
    "smtpd_sasl_mechanism_filter": ", ".join(MECHANISMS).lower(),
}
CLIENT = {
    "myhostname": "client.example",
    "smtp_helo_name": "client.example",
    "transport_maps": "texthash:{folder}/transport",
    "smtp_tls_policy_maps": "texthash:{folder}/policy",
    "smtp_tls_CAfile": "{ca}",
    "smtp_tls_fingerprint_digest": "sha256",
    "smtp_dns_support_level": "dnssec",
    "smtp_connection_cache_destinations": "static:all",
    "smtp_connection_cache_time_limit": "10s",
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "2s",
    "queue_run_delay": "1s",
}
# What only one of them has, or does not do by default.
OWN_SERVER = {Postfix: {}, Tern: {"auth_failure_delay": "0s",
                                  "auth_failure_limit": "0"}}
OWN_CLIENT = {
    Postfix: {"smtp_tls_session_cache_database":
              "btree:{dir}/data/smtp_scache"},
    Tern: {"tls_dane_trust_anchor_file": "{anchors}",
           "smtp_sasl_auth_enforce": "no"},
}


class Certs:
    """The chain of each kind of server; all have files of their own."""

    def __init__(self, bench):
        self.bench, self.shared = bench, {}

    def good(self, row):
        return self.bench.ca.chain(row.mx)

    def nexthop(self, row):
        return self.bench.ca.chain(row.domain)

    def wildcard(self, row):
        return self.bench.ca.chain("*." + row.domain)

    def old(self, row):
        return self.bench.ca.chain(row.mx, expired=True)

    def nobody(self, row):
        return self.bench.ca.chain("nobody." + row.domain)

    def elsewhere(self, _):
        if "elsewhere" not in self.shared:
            self.shared["elsewhere"] = self.bench.ca.chain(
                "mx.elsewhere.example")
        return self.shared["elsewhere"]

    def alone(self, row):
        return keys.self_signed(self.bench.folder, row.mx)


class Ground:
    """The places of the rows: addresses, certificates, records, tables."""

    def __init__(self, bench):
        self.bench = bench
        self.names = {
            "folder": bench.folder, "ca": bench.ca.cert,
            "other_ca": bench.other_ca.cert, "sasl": bench.sasl,
            "client_ca": bench.other_ca.cert,
            "anchors": bench.zones.anchors,
            "mine": bench.other_ca.chain("client.example"),
            "strange": keys.self_signed(bench.folder, "strange.example"),
            "wrong": "AB:" * 31 + "CD"}
        self.chains, self.policies = {}, []
        certs, records = Certs(bench), {"tls.example": [],
                                        "open.example": []}
        wrong = bench.other_ca.chain("wrong.example")
        for row in ROWS:
            chain = getattr(certs, row.cert)(row)
            self.chains[row.name] = chain
            records[row.zone] += self.records(row, chain, wrong)
            self.policies.append("%s %s" % (row.domain, self.policy(
                row, chain)))
        bench.serve(records["tls.example"], records["open.example"])
        self.write_tables()

    @staticmethod
    def server_ip(row):
        return "127.0.8.%d" % (ROWS.index(row) + 1)

    @staticmethod
    def client_ip(row):
        return "127.0.7.%d" % (ROWS.index(row) + 1)

    def records(self, row, chain, wrong):
        texts = ["%s MX 10 mx.%s" % (row.name, row.name),
                 "mx.%s A %s" % (row.name, self.server_ip(row))]
        for kind in row.tlsa:
            usage, selector, matching, *of = kind.split()
            texts.append("_25._tcp.mx.%s %s" % (row.name, keys.tlsa(
                int(usage), int(selector), int(matching),
                self.authority(chain, usage) if not of else wrong)))
        return texts

    def authority(self, chain, usage):
        """Usage 2 is of the CA."""
        return chain if usage == "3" else keys.join(
            os.path.join(self.bench.folder, "authority.pem"),
            self.bench.ca.key, self.bench.ca.cert)

    def policy(self, row, chain):
        prints = {}
        if "print}" in row.policy:
            prints = {"print": keys.fingerprint(keys.certificates(chain)[0]),
                      "key_print": keys.fingerprint(keys.public_key(chain))}
        return row.policy.format(**self.names, **prints)

    def write_tables(self):
        write, names = self.bench.write, self.names
        mine, strange = (keys.fingerprint(keys.certificates(
            names[who])[0]) for who in ("mine", "strange"))
        write("policy", "\n".join(self.policies) + "\n")
        write("transport", "".join("%s %s:\n" % (row.domain, row.name)
                                   for row in ROWS))
        write("prints", mine + " client\n")
        write("keys", keys.fingerprint(keys.public_key(names["mine"])) +
              " client\n")
        write("ccert", "%s OK\n%s REJECT a certificate that we know\n" % (
            mine, strange))
        (name, password), = PASSWORDS.items()
        write("right", "".join("%s %s:%s\n" % (row.domain, name, password)
                               for row in ROWS))
        write("wrong", "".join("%s %s:wrong\n" % (row.domain, name)
                               for row in ROWS))
        ca = self.bench.ca
        write("sni", "one.example %s\n.two.example %s\n" % (
            ca.chain("one.example"), ca.chain("a.two.example")))

    def fill(self, settings):
        """{dir} is for the mail system itself to fill in."""
        return {name: value.format(dir="{dir}", **self.names)
                for name, value in settings.items()}

    def options(self, settings):
        return "".join("\n  -o { %s = %s }" % item
                       for item in self.fill(settings).items())


class Pair:
    """Mail from one kind of mail system to another."""

    def __init__(self, bench, client, server):
        self.bench = bench
        if not hasattr(bench, "ground"):
            bench.ground = Ground(bench)
        self.ground = bench.ground
        self.rows = [row for row in ROWS if row.to_tern or server is Postfix]
        self.name = "%s to %s" % (client.name, server.name)
        folder = bench.make_folder(self.name.replace(" ", "."))
        self.kinds = {"client": client, "server": server}
        self.server = self.make_server(server, folder + "/server")
        self.client = self.make_client(client, folder + "/client")
        self.heard, self.deadline = {}, 0

    def make_server(self, kind, folder):
        os.mkdir(folder)
        services = "".join("%s:25 inet n - n - - smtpd%s\n" % (
            self.ground.server_ip(row), self.ground.options({
                "smtpd_tls_chain_files": self.ground.chains[row.name],
                **row.server})) for row in self.rows)
        return kind(self.bench.bin, folder, self.ground.fill({
            **COMMON, **SERVER, **OWN_SERVER[kind]}), services, [25])

    def make_client(self, kind, folder):
        os.mkdir(folder)
        services = "127.0.0.1:%d inet n - n - - smtpd\n" % ENTRY + "".join(
            "%s unix - - n - - smtp%s\n" % (row.name, self.ground.options({
                "smtp_bind_address": self.ground.client_ip(row),
                **row.client})) for row in self.rows)
        return kind(self.bench.bin, folder, self.ground.fill({
            **COMMON, **CLIENT, **OWN_CLIENT[kind]}), services, [ENTRY])

    def make_sni(self):
        """By the other one's tool: files of one are of use to the other."""
        source = "hash:%s/sni" % self.bench.folder
        if self.kinds["client"] is Postfix:
            command = ["postmap", "-c", self.client.dir, "-F", source]
        else:
            command = [self.bench.bin + "/ternmap", "-c", self.client.dir,
                       "-F", source]
        subprocess.run(command, check=True, timeout=60)

    def run(self):
        try:
            self.make_sni()
            self.server.start()
            self.client.start()
            # What is to be a connection's second mail goes soon behind it.
            sent = {row.name: self.send(row, 0) for row in self.rows
                    if row.mails == 1}
            self.deadline = time.monotonic() + 20
            for row in self.rows:
                self.judge(row, sent.get(row.name) or self.send(row, 0))
        finally:
            self.client.stop()
            self.server.stop()
        return self.heard

    def mark(self, row, number):
        return "%s.%s.%d." % (self.name.replace(" ", "."), row.name, number)

    def send(self, row, number):
        return self.bench.submit(ENTRY, self.mark(row, number),
                                 "u@" + row.domain)

    def patience(self):
        """Where one waits in vain, others need not."""
        return max(2, self.deadline - time.monotonic())

    def check(self, row, what, is_good, detail=""):
        self.bench.check("%s: %s" % (row.name, what), is_good, detail)

    # ---- what was heard ------------------------------------------------

    def results(self, row):
        """dsn, relay, status of each time the client tried."""
        return [(dsn, "%s, %s" % (relay, status)) for relay, dsn, status in
                re.findall(r"to=<u@%s>, relay=([^ ,]+),.* dsn=([\d.]+), "
                           r"(status=.*?)(?:: (?:\d+ bytes )?queued as \w+)?"
                           r"\)$" % re.escape(row.domain),
                           self.client.log(), re.M)]

    def client_tls(self, row):
        return re.findall(r"\w+ TLS connection \w+ to %s\[.*" %
                          re.escape(row.mx), self.client.log())

    def server_tls(self, row):
        return re.findall(r"\w+ TLS connection \w+ from unknown\[%s\].*" %
                          re.escape(self.ground.client_ip(row)),
                          self.server.log())

    def server_takes(self, row):
        return re.findall(r": (client=unknown\[%s\].*)" %
                          re.escape(self.ground.client_ip(row)),
                          self.server.log())

    def complaints(self, row):
        """What the server says of a client that is not as it should be."""
        return re.findall(
            r".*(?:lost connection|timeout|SSL_accept error|improper "
            r"command|too many errors).*\[%s\].*" %
            re.escape(self.ground.client_ip(row)), self.server.log())

    def received(self, row, number):
        """The server's own field, in one line, of the last message."""
        mails = self.bench.sink.taken(self.mark(row, number))
        if not mails:
            return ""
        trace = mails[-1].trace.decode("latin-1")
        field = re.sub(r"\r\n\s+", " ", trace).split("\r\n")[0]
        field = re.sub(r"\((Postfix|Tern)\)", "(MTA)", field)
        return re.sub(r" id .*", "", field)

    # ---- what it must be -----------------------------------------------

    def words(self, row):
        """trust and text, as this client says it."""
        return row.words(self.client.name, self.server.name)

    def judge(self, row, sent):
        wait_for(lambda: any(dsn == row.dsn
                             for dsn, _ in self.results(row)), self.patience())
        results = self.results(row)
        wanted = self.words(row)[1]
        said = [text for dsn, text in results if dsn == row.dsn]
        self.check(row, "%s %s" % (row.dsn, wanted),
                   said and wanted in said[0], results[:3])
        if row.is_sent():
            self.judge_sent(row, sent)
        else:
            self.check(row, "nothing arrives",
                       not self.bench.sink.taken(self.mark(row, 0)))
        self.judge_tls(row)
        if row.trust:
            found = self.complaints(row)
            self.check(row, "the server does not complain", not found, found)
        self.heard[row.name] = {
            "client": {"result": said[:1],
                       "TLS": self.client_tls(row)[:1]},
            "server": {"TLS": self.server_tls(row)[:1],
                       "takes": self.server_takes(row)[:1],
                       "Received": self.received(row, 0)}}

    def judge_sent(self, row, sent):
        wrong = self.bench.arrived(sent, self.patience())
        self.check(row, "arrives as it was", wrong is None, wrong)
        for number in range(1, row.mails):
            wrong = self.bench.arrived(self.send(row, number),
                                       self.patience())
            self.check(row, "so does number %d" % (number + 1),
                       wrong is None, wrong)
        if row.name == "mismatch-may":
            first = self.results(row)[0][0]
            self.check(row, "without TLS: Postfix later, Tern at once",
                       first == ("4.7.5" if self.kinds["client"] is Postfix
                                 else "2.0.0"), first)
        if row.name.startswith("resumed"):
            self.judge_resumed(row)
        if row.name.startswith("reused"):
            self.judge_reused(row)
        field = self.received(row, row.mails - 1)
        self.check(row, "Received: with " + row.word,
                   " by server.example (MTA) with %s" % row.word in field and
                   field.split(" with ")[-1] == row.word, field)
        self.check(row, "Received: tells of TLS, or not", bool(row.trust) ==
                   ("(using %s with cipher " % row.version in field), field)
        if row.login:
            takes = self.server_takes(row)
            self.check(row, "the login", takes and re.search(
                r", sasl_method=%s, sasl_username=tim(@tern\.example)?$" %
                row.login, takes[0]), takes)

    def judge_tls(self, row):
        """One line at each end, the same but for who is whose peer."""
        ours, theirs = self.client_tls(row), self.server_tls(row)
        if row.trust is None:
            self.check(row, "no TLS", not ours and not theirs,
                       (ours, theirs))
            return
        ours, theirs = ours or [""], theirs or [""]
        trust = self.words(row)[0]
        start = "%s TLS connection established to %s[%s]:25" % (
            trust, row.mx, self.ground.server_ip(row))
        self.check(row, "the client: " + trust,
                   ours[0].startswith(start), ours)
        start = "%s TLS connection established from unknown[%s]" % (
            row.who, self.ground.client_ip(row))
        self.check(row, "the server: " + row.who,
                   theirs[0].startswith(start), theirs)
        tails = [SHAPE.search(text) and text[SHAPE.search(text).start():]
                 for text in (ours[0], theirs[0])]
        self.check(row, "both ends log the same TLS", tails[0] and
                   tails[0] == tails[1], tails)
        field = self.received(row, 0)
        self.check(row, "and so does Received:", not field or
                   "(using %s)" % tails[0] in field, (tails, field))
        match = SHAPE.search(ours[0])
        self.check(row, row.version, match and
                   match.group(1) == row.version, ours)

    def judge_resumed(self, row):
        """Postfix 3.7 says it with more words, on request."""
        for who, side, lines, peer in (
                ("client", self.client, self.client_tls(row),
                 "%s[%s]:25" % (row.mx, self.ground.server_ip(row))),
                ("server", self.server, self.server_tls(row),
                 "unknown[%s]" % self.ground.client_ip(row))):
            old = ": %s: Reusing old session" % peer
            words = [line.split()[3] for line in lines]
            self.check(row, "resumed, says the " + who,
                       side.log().count(old) == 1
                       if self.kinds[who] is Postfix
                       else words == ["established", "reused"], lines)

    def judge_reused(self, row):
        """As many messages, one connection."""
        wait_for(lambda: len(self.results(row)) == row.mails)
        uses = re.findall(r"to=<u@%s>,.* conn_use=(\d+)," %
                          re.escape(row.domain), self.client.log())
        count = len(re.findall(r": connect from unknown\[%s\]" % re.escape(
            self.ground.client_ip(row)), self.server.log()))
        self.check(row, "one connection", uses == ["2", "3"] and count == 1,
                   (uses, count))
        if self.kinds["client"] is Postfix:
            self.check(row, "Postfix used tlsproxy", re.search(
                r"tlsproxy\[\d+\]: CONNECT to \[%s\]:25" % re.escape(
                    self.ground.server_ip(row)), self.client.log()))
        self.check(row, "one handshake", len(self.server_tls(row)) == 1,
                   self.server_tls(row))


def heard(bench, client, server):
    """What comes of all rows; each pair is run once."""
    pair = client, server
    if pair not in bench.heard:
        bench.heard[pair] = Pair(bench, client, server).run()
    return bench.heard[pair]


def compare(bench, who, theirs, ours):
    """Tern in the place of one Postfix of two."""
    for row in allowed.ROWS:
        row.count = 0
    for name, row in ours.items():
        for what, got in row[who].items():
            wanted = theirs[name][who][what]
            bench.check("%s: %s: as Postfix's" % (name, what),
                        got == wanted or allowed.is_allowed(
                            allowed.ROWS, " ".join((name, who, what)),
                            wanted, got),
                        "Postfix: %s\n       Tern:    %s" % (wanted, got))
    allowed.report(allowed.ROWS)


def reference(bench):
    heard(bench, Postfix, Postfix)


def to_tern(bench):
    ours = heard(bench, Postfix, Tern)
    compare(bench, "server", heard(bench, Postfix, Postfix), ours)


def from_tern(bench):
    ours = heard(bench, Tern, Postfix)
    compare(bench, "client", heard(bench, Postfix, Postfix), ours)


CASES = {"postfix to postfix": reference, "postfix to tern": to_tern,
         "tern to postfix": from_tern, "dialogues": dialogues,
         "swaks": swaks}

if __name__ == "__main__":
    sys.exit(alone.main("interop-encrypted", __doc__, Bench, CASES))
