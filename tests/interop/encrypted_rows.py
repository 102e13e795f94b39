"""What a client and a server are told of each other, and what comes of it.

All of it holds for Postfix and Tern in both places.  In texts {..} is filled
in by Ground of encrypted.py.
"""

NOT_OFFERED = "TLS is required, but was not offered by host mx."
NO_HANDSHAKE = "Cannot start TLS: handshake failure"
NOT_TRUSTED = "Server certificate not trusted"
NOT_VERIFIED = "Server certificate not verified"


class Row:
    """The mail of one domain, name.zone.

    policy: of smtp_tls_policy_maps.  trust: what the client's log calls the
    server; None without TLS.  dsn, text: what comes of it in the end.
    client, server: -o of master.cf.  cert: the server's, a method of
    encrypted.Certs.  tlsa: its records.  who: what the server's log calls
    the client.  version: of TLS.  mails: one after the other.  word: behind
    "with" in Received:.  login: by that mechanism.  to_tern: no, where
    Tern's server has no such thing.
    """

    def __init__(self, name, policy, trust="Trusted", dsn="2.0.0", text="",
                 **more):
        self.name, self.policy, self.trust = name, policy, trust
        self.dsn, self.text = dsn, text
        self.client = more.pop("client", {})
        self.server = more.pop("server", {})
        self.cert = more.pop("cert", "good")
        self.tlsa = more.pop("tlsa", ())
        self.zone = more.pop("zone", "tls.example")
        self.who = more.pop("who", "Anonymous")
        self.version = more.pop("version", "TLSv1.3")
        self.mails = more.pop("mails", 1)
        self.word = more.pop("word", "ESMTPS" if trust else "ESMTP")
        self.login = more.pop("login", None)
        self.to_tern = more.pop("to_tern", True)
        self.domain = "%s.%s" % (name, self.zone)
        self.mx = "mx." + self.domain
        if more:
            raise TypeError("what is " + ", ".join(more))

    def is_sent(self):
        return self.dsn[0] == "2"

    def words(self, client, server):
        """trust and text, as a client of that name says them.  Postfix 3.7
        does not tell who is not trusted from who has another name.  Where
        nobody is to be verified, both clients prefer no certificate at all,
        and Postfix's server has none to show then."""
        trust, text = self.trust, self.text
        if client == "postfix" and self.dsn == "4.7.5" and trust:
            trust, text = "Untrusted", text.replace(NOT_TRUSTED,
                                                    NOT_VERIFIED)
        if server == "postfix" and self.version == "TLSv1.2" and \
                self.is_anybody() and \
                "smtpd_tls_req_ccert" not in self.server:
            trust = "Anonymous"
        return trust, text

    def is_anybody(self):
        return self.policy.split()[0] in ("may", "encrypt")


PLAIN = {"smtpd_tls_security_level": "none"}

LEVELS = [
    Row("none", "none", None),
    Row("may", "may", "Untrusted", cert="alone"),
    Row("may-plain", "may", None, server=PLAIN),
    Row("encrypt", "encrypt"),
    Row("encrypt-plain", "encrypt", None, "4.7.4", NOT_OFFERED,
        server=PLAIN),
    Row("print", "fingerprint match={print}", "Verified"),
    Row("print-key", "fingerprint match={key_print}", "Verified"),
    Row("print-two", "fingerprint match={wrong}|{print}", "Verified"),
    Row("print-alone", "fingerprint match={print}", "Verified",
        cert="alone"),
    Row("print-wrong", "fingerprint match={wrong}", "Untrusted", "4.7.5",
        NOT_VERIFIED),
    Row("verify", "verify", "Verified"),
    Row("verify-wildcard", "verify", "Verified", cert="wildcard"),
    Row("verify-name", "verify", "Trusted", "4.7.5", NOT_VERIFIED,
        cert="elsewhere"),
    Row("verify-match", "verify match=mx.elsewhere.example", "Verified",
        cert="elsewhere"),
    Row("verify-alone", "verify", "Untrusted", "4.7.5", NOT_TRUSTED,
        cert="alone"),
    Row("verify-old", "verify", "Untrusted", "4.7.5", NOT_TRUSTED,
        cert="old"),
    Row("verify-ca", "verify", "Untrusted", "4.7.5", NOT_TRUSTED,
        client={"smtp_tls_CAfile": "{other_ca}"}),
    Row("verify-plain", "verify", None, "4.7.4", NOT_OFFERED, server=PLAIN),
    Row("secure", "secure", "Verified", cert="nexthop"),
    Row("secure-below", "secure", "Verified"),
    Row("secure-name", "secure", "Trusted", "4.7.5", NOT_VERIFIED,
        cert="elsewhere"),
    Row("secure-match", "secure match=nexthop:.elsewhere.example",
        "Verified", cert="elsewhere"),
    Row("anchor", "secure tafile={ca}", "Verified",
        client={"smtp_tls_CAfile": ""}),
    Row("anchor-other", "secure tafile={other_ca}", "Untrusted", "4.7.5",
        NOT_TRUSTED, client={"smtp_tls_CAfile": ""}),
    Row("wrapped", "encrypt", client={"smtp_tls_wrappermode": "yes"},
        server={"smtpd_tls_wrappermode": "yes"}),
    Row("wrapped-secure", "secure", "Verified",
        client={"smtp_tls_wrappermode": "yes"},
        server={"smtpd_tls_wrappermode": "yes"}),
]

BROKEN = {"smtpd_tls_CAfile": "{folder}/missing.pem"}
PROTOCOLS = [
    Row("only-12", "encrypt protocols=TLSv1.2", version="TLSv1.2"),
    Row("only-13", "encrypt protocols=TLSv1.3"),
    Row("not-13", "encrypt protocols=!TLSv1.3", version="TLSv1.2"),
    Row("server-12", "may", server={"smtpd_tls_protocols": "TLSv1.2"},
        version="TLSv1.2"),
    Row("server-13", "encrypt", server={"smtpd_tls_protocols": ">=TLSv1.3"}),
    Row("server-enforced-12", "encrypt", version="TLSv1.2",
        server={"smtpd_tls_security_level": "encrypt",
                "smtpd_tls_mandatory_protocols": "<=TLSv1.2"}),
    Row("ciphers", "encrypt protocols=TLSv1.2 ciphers=high exclude=AES256",
        version="TLSv1.2"),
    Row("rsa", "encrypt protocols=TLSv1.2", "Untrusted", cert="alone",
        version="TLSv1.2"),
    Row("preferred", "encrypt protocols=TLSv1.2", version="TLSv1.2",
        server={"tls_preempt_cipherlist": "yes"}),
    # Postfix tries without TLS when the message is old enough, Tern at once.
    Row("mismatch-may", "may protocols=TLSv1.2", None,
        server={"smtpd_tls_protocols": "TLSv1.3"}),
    Row("mismatch-encrypt", "encrypt protocols=TLSv1.2", None, "4.7.5",
        NO_HANDSHAKE, server={"smtpd_tls_protocols": "TLSv1.3"}),
    # Tern does not start with CAs that are not there.
    Row("broken-may", "may", None, server=BROKEN, to_tern=False),
    Row("broken-encrypt", "encrypt", None, "4.7.0",
        "refused to start TLS: 454 4.7.0 TLS not available", server=BROKEN,
        to_tern=False),
]

DANE = [
    Row("dane-key", "dane", "Verified", cert="nobody", tlsa=["3 1 1"]),
    Row("dane-cert", "dane", "Verified", cert="nobody", tlsa=["3 0 1"]),
    Row("dane-512", "dane-only", "Verified", cert="old", tlsa=["3 1 2"]),
    Row("dane-whole", "dane", "Verified", cert="nobody", tlsa=["3 1 0"]),
    Row("dane-ca", "dane", "Verified", tlsa=["2 0 1"]),
    Row("dane-ca-key", "dane", "Verified", tlsa=["2 1 1"]),
    Row("dane-ca-name", "dane", "Trusted", "4.7.5", NOT_VERIFIED,
        cert="elsewhere", tlsa=["2 0 1"]),
    Row("dane-wrong", "dane", "Untrusted", "4.7.5", NOT_TRUSTED,
        tlsa=["3 1 1 wrong"]),
    Row("dane-one-wrong", "dane", "Verified",
        tlsa=["3 1 1 wrong", "3 1 1"]),
    Row("dane-agile", "dane", "Verified", tlsa=["3 1 1 wrong", "3 1 2"]),
    Row("dane-agile-wrong", "dane", "Untrusted", "4.7.5", NOT_TRUSTED,
        tlsa=["3 1 1", "3 1 2 wrong"]),
    Row("dane-none", "dane"),
    Row("dane-none-plain", "dane", None, server=PLAIN),
    Row("dane-only-none", "dane-only", None, "4.7.5",
        "no TLSA records found"),
    Row("dane-unusable", "dane", tlsa=["1 1 1"]),
    Row("dane-only-unusable", "dane-only", None, "4.7.5",
        "TLSA records unusable", tlsa=["1 1 1"]),
    Row("dane-plain", "dane", None, "4.7.4", NOT_OFFERED, tlsa=["3 1 1"],
        server=PLAIN),
    Row("dane-unsigned", "dane", tlsa=["3 1 1"],
        zone="open.example"),
    Row("dane-only-unsigned", "dane-only", None, "4.7.5",
        "non DNSSEC destination", tlsa=["3 1 1"], zone="open.example"),
]

ASKED = {"smtpd_tls_ask_ccert": "yes"}
BY_PRINT = {**ASKED, "smtpd_relay_restrictions":
            "permit_tls_clientcerts, reject"}
BY_CA = {**ASKED, "smtpd_relay_restrictions":
         "permit_tls_all_clientcerts, reject"}
ACCESS = {**ASKED, "smtpd_relay_restrictions":
          "check_ccert_access texthash:{folder}/ccert, reject"}
REQUIRED = {"smtpd_tls_security_level": "encrypt",
            "smtpd_tls_req_ccert": "yes"}
MINE = {"smtp_tls_chain_files": "{mine}"}
STRANGE = {"smtp_tls_chain_files": "{strange}"}
DENIED = "Access denied"

CERTS = [
    Row("asked", "encrypt", server=ASKED, client=MINE, who="Trusted"),
    Row("asked-none", "encrypt", server=ASKED),
    Row("asked-strange", "encrypt", server=ASKED, client=STRANGE,
        who="Untrusted"),
    Row("permit", "encrypt", server=BY_PRINT, client=MINE, who="Trusted"),
    Row("permit-key", "encrypt", server={
        **BY_PRINT, "relay_clientcerts": "texthash:{folder}/keys"},
        client=MINE, who="Trusted"),
    Row("permit-strange", "encrypt", dsn="5.7.1", text=DENIED,
        server=BY_PRINT, client=STRANGE, who="Untrusted"),
    Row("permit-none", "encrypt", dsn="5.7.1", text=DENIED,
        server=BY_PRINT),
    Row("permit-plain", "none", None, "5.7.1", DENIED, server=BY_PRINT,
        client=MINE),
    Row("permit-all", "encrypt", server=BY_CA, client=MINE, who="Trusted"),
    Row("permit-all-strange", "encrypt", dsn="5.7.1", text=DENIED,
        server=BY_CA, client=STRANGE, who="Untrusted"),
    Row("access", "encrypt", server=ACCESS, client=MINE, who="Trusted"),
    Row("access-strange", "encrypt", dsn="5.7.1",
        text="a certificate that we know", server=ACCESS, client=STRANGE,
        who="Untrusted"),
    Row("access-none", "encrypt", dsn="5.7.1", text=DENIED, server=ACCESS),
    Row("required", "encrypt", server=REQUIRED, client=MINE, who="Trusted"),
    Row("required-12", "encrypt protocols=TLSv1.2", server=REQUIRED,
        client=MINE, who="Trusted", version="TLSv1.2"),
    Row("required-none", "encrypt", dsn="4.7.1", server=REQUIRED,
        text="421 4.7.1 server.example Error: No client certificate"),
    Row("required-strange", "encrypt", dsn="4.7.1", server=REQUIRED,
        client=STRANGE, who="Untrusted",
        text="421 4.7.1 server.example Error: Client certificate not"),
]

SNI = {"tls_server_sni_maps": "hash:{folder}/sni"}
NEW = " connection_reuse=no"
LOUD, LOUDER = {"smtp_tls_loglevel": "2"}, {"smtpd_tls_loglevel": "2"}
NAMES = [
    Row("sni", "secure match=one.example servername=one.example",
        "Verified", server=SNI),
    Row("sni-case", "secure match=one.example servername=ONE.example",
        "Verified", server=SNI),
    Row("sni-below", "secure match=a.two.example servername=a.two.example",
        "Verified", server=SNI),
    Row("sni-unknown", "verify servername=three.example", "Verified",
        server=SNI),
    Row("sni-not-asked", "verify", "Verified", server=SNI),
    Row("sni-hostname", "verify servername=hostname", "Verified",
        server=SNI),
    Row("resumed-13", "encrypt protocols=TLSv1.3" + NEW, mails=2,
        client=LOUD, server=LOUDER),
    Row("resumed-12", "secure protocols=TLSv1.2" + NEW, "Verified", mails=2,
        version="TLSv1.2", client=LOUD, server=LOUDER),
    Row("resumed-secure", "secure" + NEW, "Verified", mails=2, client=LOUD,
        server=LOUDER),
    Row("resumed-cert", "encrypt" + NEW, mails=2, who="Trusted",
        client={**MINE, **LOUD}, server={**BY_PRINT, **LOUDER}),
    Row("reused", "encrypt connection_reuse=yes", mails=3),
    Row("reused-secure", "secure connection_reuse=yes", "Verified",
        mails=3),
    Row("reused-dane", "dane connection_reuse=yes", "Verified", mails=3,
        tlsa=["3 1 1"]),
]

LOGIN = {"smtpd_sasl_auth_enable": "yes",
         "smtpd_relay_restrictions": "permit_sasl_authenticated, reject"}
ONLY = {**LOGIN, "smtpd_tls_auth_only": "yes"}
MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1",
              "SCRAM-SHA-256"]


def user(name, mechanism="", options="noanonymous"):
    """A client that logs in with the password of that file."""
    return {"smtp_sasl_auth_enable": "yes",
            "smtp_sasl_password_maps": "texthash:{folder}/" + name,
            "smtp_sasl_mechanism_filter": mechanism.lower(),
            "smtp_sasl_security_options": options}


def logins():
    rows = []
    for mechanism in MECHANISMS:
        name = "login-" + mechanism.lower()
        rows += [
            Row(name, "encrypt", server=ONLY, login=mechanism,
                client=user("right", mechanism), word="ESMTPSA"),
            Row(name + "-open", "none", None, server=LOGIN, login=mechanism,
                client=user("right", mechanism), word="ESMTPA"),
            Row(name + "-wrong", "encrypt", dsn="4.7.8", server=ONLY,
                client=user("wrong", mechanism),
                text="SASL authentication failed; server mx."),
            Row(name + "-hard", "encrypt", dsn="5.7.8", server=ONLY,
                client={**user("wrong", mechanism),
                        "smtp_sasl_auth_soft_bounce": "no"},
                text="SASL authentication failed; server mx.")]
    return rows


LOGINS = logins() + [
    Row("login-any", "encrypt", server=ONLY, client=user("right"),
        login="[A-Z0-9-]+", word="ESMTPSA"),
    Row("login-wrapped", "encrypt", server={
        **ONLY, "smtpd_tls_wrappermode": "yes"}, login="PLAIN",
        client={**user("right", "PLAIN"), "smtp_tls_wrappermode": "yes"},
        word="ESMTPSA"),
    Row("login-noplaintext", "encrypt", dsn="4.7.0",
        text="no mechanism available", server=ONLY,
        client=user("right", "plain, login", "noanonymous, noplaintext")),
    Row("login-not-offered", "none", None, "5.7.1", DENIED, server=ONLY,
        client=user("right")),
]

ROWS = LEVELS + PROTOCOLS + DANE + CERTS + NAMES + LOGINS
