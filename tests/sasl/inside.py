#!/usr/bin/env python3
"""Logging in inside of TLS: our server, swaks, and our client.

usage: inside.py BINDIR [-p PORT] [part...]

The last line is "inside: N passed, M failed".
"""

import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tls_client"),
                os.path.join(HERE, "..", "lib")]
import keys                                                 # noqa: E402
from parts import b64                                       # noqa: E402
from queue_case import check, run                           # noqa: E402
from sasl import (database, send, sender_suite,             # noqa: E402
                  status_of)

PASSWORD = "tanstaaftanstaaf"


class Ground:
    """A CA, and a server whose clients log in with TLS only."""

    def __init__(self, options, **settings):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="tern-inside-")
        os.chmod(self.folder, 0o755)
        self.ca = keys.Authority(self.folder, "ca")
        os.chmod(self.ca.folder, 0o755)
        self.server = database(options, dict({
            "smtpd_tls_security_level": "may",
            "smtpd_tls_chain_files": self.ca.chain("server.example"),
            "smtpd_tls_auth_only": "yes",
            "smtpd_sasl_mechanism_filter": "!external, static:rest",
            "smtpd_sasl_security_options": "noanonymous",
        }, **settings))
        self.server.suite.start_sink()

    def client(self, **settings):
        """A mail system that sends everything to the server."""
        hop = "[127.0.0.1]:%d" % self.server.port
        suite = sender_suite(self.options, 2, dict({
            "relayhost": hop, "smtp_tls_security_level": "may",
            "smtp_tls_CAfile": self.ca.cert,
            "smtp_sasl_password_maps": "static:tim:" + PASSWORD},
            **settings))
        suite.start()
        return suite

    def taken(self):
        """What the server's log has of its last client's mail."""
        return self.server.suite.log_text().split("client=")[-1].split(
            "\n")[0]

    def close(self):
        self.server.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def secure(client, cert=None):
    """STARTTLS, and EHLO again."""
    reply = client.say("STARTTLS")
    if not reply.startswith("220"):
        raise RuntimeError(reply)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if cert is not None:
        context.load_cert_chain(cert)
    client.sock = context.wrap_socket(client.sock)
    client.file = client.sock.makefile("rb")
    client.offer = client.say("EHLO client.example")
    return client


# ---- the server ------------------------------------------------------------

def test_server(options):
    ground = Ground(options)
    client = ground.server.client()
    check("no AUTH before TLS", client.mechanisms() == [], client.offer)
    reply = client.plain("tim", PASSWORD)
    check("and none is taken", reply.startswith("538 5.7.1") or
          reply.startswith("503 5.5.1"), reply)
    secure(client)
    check("AUTH inside of TLS", {"PLAIN", "SCRAM-SHA-256",
          "SCRAM-SHA-256-PLUS"} <= set(client.mechanisms()), client.offer)
    reply = client.plain("tim", PASSWORD)
    check("PLAIN", reply.startswith("235"), reply)
    client.close()
    for mechanism in ("PLAIN", "LOGIN"):
        done = subprocess.run(
            ["swaks", "--server", "127.0.0.1:%d" % ground.server.port,
             "--tls", "--auth", mechanism, "--auth-user", "tim",
             "--auth-password", PASSWORD, "--from", "a@b.example", "--to",
             "c@d.example", "--helo", "client.example"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=60)
        check("swaks --tls: " + mechanism, done.returncode == 0 and
              " 235 " in done.stdout, done.stdout)
    ground.close()


def test_encrypt(options):
    """Where mail needs TLS, a login does, too, and is not offered before."""
    ground = Ground(options, smtpd_tls_security_level="encrypt",
                    smtpd_tls_auth_only="no")
    client = ground.server.client()
    check("encrypt: no AUTH before TLS", client.mechanisms() == [],
          client.offer)
    reply = client.plain("tim", PASSWORD)
    check("encrypt: and none is taken", reply ==
          "530 5.7.0 Must issue a STARTTLS command first", reply)
    reply = secure(client).plain("tim", PASSWORD)
    check("encrypt: AUTH inside of TLS", reply.startswith("235"), reply)
    client.close()
    ground.close()


def test_forgotten(options):
    """Who it was before TLS counts no more (RFC 3207 section 4.2)."""
    ground = Ground(options, smtpd_tls_auth_only="no",
                    smtpd_relay_restrictions=
                    "permit_sasl_authenticated, reject")
    client = ground.server.client()
    reply = client.plain("tim", PASSWORD)
    check("forgotten: a login before TLS", reply.startswith("235"), reply)
    secure(client)
    client.say("MAIL FROM:<a@client.example>")
    reply = client.say("RCPT TO:<b@dest.example>")
    check("forgotten: TLS ends it", reply.startswith("554 5.7.1"), reply)
    client.say("RSET")
    reply = client.plain("joe", "secret=,word")
    check("forgotten: another one", reply.startswith("235"), reply)
    client.say("MAIL FROM:<a@client.example>")
    reply = client.say("RCPT TO:<b@dest.example>")
    check("forgotten: who counts", reply.startswith("250") and
          ground.server.suite.wait_log("sasl_username=joe$", 5) and
          not ground.server.suite.count_log("sasl_username=tim"),
          (reply, ground.taken()))
    client.close()
    ground.close()


def test_security(options):
    """What mechanisms must be, without TLS and with it."""
    for inside, offered in (("noanonymous", True),
                            ("noanonymous, noplaintext", False)):
        ground = Ground(
            options, smtpd_tls_auth_only="no",
            smtpd_sasl_security_options="noanonymous, noplaintext",
            smtpd_sasl_tls_security_options=inside)
        client = ground.server.client()
        check("no PLAIN without TLS", "PLAIN" not in client.mechanisms() and
              "SCRAM-SHA-256" in client.mechanisms(), client.offer)
        reply = client.plain("tim", PASSWORD)
        check("nor is it taken", reply.startswith("538" if offered else
                                                  "534"), reply)
        secure(client)
        check("PLAIN with TLS: %s: %s" % (inside, offered),
              ("PLAIN" in client.mechanisms()) == offered and
              "SCRAM-SHA-256" in client.mechanisms(), client.offer)
        reply = client.plain("tim", PASSWORD)
        check("and it is taken: %s" % offered,
              reply.startswith("235" if offered else "534"), reply)
        client.close()
        ground.close()


def test_external(options):
    """A certificate of a CA that we trust is a login, where that is named."""
    ground = Ground(options, smtpd_sasl_mechanism_filter=
                    "external, static:rest", smtpd_tls_ask_ccert="yes")
    with open(os.path.join(ground.server.suite.etc, "main.cf"), "a") as f:
        f.write("smtpd_tls_CAfile = %s\n" % ground.ca.cert)
    ground.server.suite.tern("reload")
    mine = ground.ca.chain("joe.example", alone=True)
    other = keys.self_signed(ground.folder, "joe")
    client = secure(ground.server.client(), mine)
    check("EXTERNAL is offered to who has a certificate",
          "EXTERNAL" in client.mechanisms(), client.offer)
    reply = client.say("AUTH EXTERNAL =")
    check("EXTERNAL", reply.startswith("235"), reply)
    client.say("MAIL FROM:<a@client.example>")
    client.say("RCPT TO:<b@dest.example>")
    check("EXTERNAL: who it is", ground.server.suite.wait_log(
        r"sasl_method=EXTERNAL, sasl_username=joe\.example", 5),
        ground.taken())
    client.close()
    client = secure(ground.server.client(), mine)
    reply = client.say("AUTH EXTERNAL " + b64("tim"))
    check("EXTERNAL: not as somebody else", reply.startswith("535"), reply)
    client.close()
    for name, cert in (("none", None), ("one of nobody we trust", other)):
        client = secure(ground.server.client(), cert)
        check("EXTERNAL: %s: not offered" % name,
              "EXTERNAL" not in client.mechanisms(), client.offer)
        reply = client.say("AUTH EXTERNAL " + b64("joe.example"))
        check("EXTERNAL: %s: not taken" % name, reply[0] == "5", reply)
        client.close()
    ground.close()


# ---- the client ------------------------------------------------------------

def deliver(ground, name, wanted, method=None, **settings):
    """The first result of a message has all that is wanted."""
    suite = ground.client(**settings)
    line = status_of(suite, send(suite))
    check("client: " + name, all(text in line for text in wanted) and
          (method is None or "sasl_method=%s, sasl_username=tim" % method in
           ground.taken()), (line, ground.taken()))
    check("client: %s: no secret in the log" % name,
          PASSWORD not in suite.log_text())
    suite.close()


def test_client(options):
    ground = Ground(options)
    plain = {"smtp_sasl_mechanism_filter": "plain"}
    lax = dict(plain, smtp_sasl_tls_security_options="noanonymous")
    deliver(ground, "bound to the channel", ["status=sent", "tls=may,"],
            "SCRAM-SHA-256-PLUS")
    deliver(ground, "and up to TLS 1.2", ["status=sent"],
            "SCRAM-SHA-256-PLUS", smtp_tls_protocols="<=TLSv1.2")
    deliver(ground, "no PLAIN by default", ["status=deferred", "dsn=4.7.0",
            "no mechanism available", "tls=may,"], **plain)
    deliver(ground, "PLAIN inside of TLS", ["status=sent"], "PLAIN", **lax)
    deliver(ground, "no AUTH without TLS", [
        "status=deferred", "dsn=4.7.0", "tls=none,",
        "it does not offer AUTH"], smtp_tls_security_level="none", **lax)
    ground.close()


def test_verified(options):
    """smtp_sasl_tls_verified_security_options."""
    ground = Ground(options)
    lax = {"smtp_sasl_mechanism_filter": "plain",
           "smtp_sasl_tls_verified_security_options": "noanonymous",
           "smtp_tls_secure_cert_match": "server.example"}
    deliver(ground, "PLAIN to who is verified", ["status=sent",
            "tls=secure,"], "PLAIN", smtp_tls_security_level="secure", **lax)
    deliver(ground, "and not to others", ["status=deferred", "tls=encrypt,",
            "no mechanism available"], smtp_tls_security_level="encrypt",
            **lax)
    ground.close()


def test_wrong(options):
    ground = Ground(options)
    deliver(ground, "a wrong password", [
        "status=deferred", "dsn=4.7.8", "tls=may,", "SASL authentication "
        "failed; server 127.0.0.1[127.0.0.1] said: 535 5.7.8"],
        smtp_sasl_password_maps="static:tim:wrong")
    ground.close()


def test_senders(options):
    """Logins by sender and TLS policies: each has its own connection."""
    ground = Ground(options)
    suite = ground.client(
        smtp_sender_dependent_authentication="yes",
        smtp_connection_cache_time_limit="30s",
        smtp_tls_connection_reuse="yes",
        smtp_tls_policy_maps="static:encrypt",
        smtp_sasl_password_maps="inline:{{joe@a.example=joe:secret=,word}, "
        "{@b.example=tim:%s}}" % PASSWORD)
    for _ in range(2):
        for sender, user in (("joe@a.example", "joe"),
                             ("any@b.example", "tim")):
            line = status_of(suite, send(suite, sender))
            check("login of <%s>" % sender, "status=sent" in line and
                  "tls=encrypt," in line and ground.taken().endswith(
                      "sasl_method=SCRAM-SHA-256-PLUS, sasl_username=" +
                      user), (line, ground.taken()))
    log = ground.server.suite.log_text()
    count = len(re.findall(r"smtpd\[\d+\]: connect from", log))
    check("each login has one connection", count == 2, count)
    suite.close()
    ground.close()


TESTS = {name[5:]: fn for name, fn in list(globals().items())
         if name.startswith("test_")}

if __name__ == "__main__":
    sys.exit(run("inside", TESTS))
