"""What parameters of smtpd's TLS change."""

import os
import shutil
import ssl

from pki import openssl
from queue_case import check
from wire import Place, context

AES128 = "ECDHE-ECDSA-AES128-GCM-SHA256"
AES256 = "ECDHE-ECDSA-AES256-GCM-SHA384"
RSA = "ECDHE-RSA-AES128-GCM-SHA256"
SERVICES = (
    "",
    "-o smtpd_tls_ciphers=high -o tls_high_cipherlist=%s" % AES256,
    "-o smtpd_tls_exclude_ciphers=AES256",
    "-o smtpd_tls_security_level=encrypt "
    "-o smtpd_tls_mandatory_exclude_ciphers=AES256",
    "-o smtpd_tls_security_level=encrypt -o smtpd_tls_ciphers=null "
    "-o smtpd_tls_mandatory_exclude_ciphers= "
    "-o smtpd_tls_mandatory_ciphers=medium -o tls_medium_cipherlist=" +
    AES128,
    "-o smtpd_tls_eecdh_grade=ultra -o tls_eecdh_ultra_curve=secp521r1 "
    "-o tls_ffdhe_auto_groups=",
    "-o smtpd_tls_eecdh_grade=none",
    "-o tls_preempt_cipherlist=no -o tls_ssl_options=NO_TICKET "
    "-o tls_eecdh_auto_curves=secp384r1 -o tls_ffdhe_auto_groups=",
)
PLAIN, HIGH, EXCLUDED, MANDATORY, MEDIUM, ULTRA, NONE, OTHER = range(8)


def services(kinds):
    """Lines of master.cf for ports behind the first two."""
    return "".join("127.0.0.1:{port+%d} inet n - - - - smtpd\n%s" % (
        n + 2, " %s\n" % kind if kind else "")
        for n, kind in enumerate(kinds))


def cipher(place, service, wanted, curve=None, version="TLSv1_2"):
    """What is spoken at a service with who can speak only that; or None."""
    how = context(ssl.TLSVersion[version])
    if wanted:
        how.set_ciphers(wanted)
    if curve:
        how.set_ecdh_curve(curve)
    try:
        wire = place.wire(2 + service).starttls(how)
    except (OSError, ssl.SSLError):
        return None
    try:
        return wire.socket.cipher()[0]
    finally:
        wire.close()


def ciphers(options):
    with Place(options, {"smtpd_tls_mandatory_exclude_ciphers": "AES128"},
               services(SERVICES)) as place:
        for service, wanted, spoken in (
                # Where TLS is not mandatory this exclusion is not.
                (PLAIN, AES128, AES128), (PLAIN, AES256, AES256),
                (HIGH, AES128, None), (HIGH, AES256, AES256),
                (EXCLUDED, AES256, None), (EXCLUDED, AES128, AES128),
                (MANDATORY, AES256, None), (MANDATORY, AES128, AES128),
                (MEDIUM, AES128, AES128), (MEDIUM, AES256, None),
                (NONE, AES128, None), (PLAIN, "NULL@SECLEVEL=0", None)):
            got = cipher(place, service, wanted)
            check("%s: %s" % (SERVICES[service] or "as it is", wanted),
                  got == spoken, got)
        both = AES128 + ":" + AES256
        check("the server's order counts",
              cipher(place, PLAIN, both) == AES256)
        check("or the client's", cipher(place, OTHER, both) == AES128)
        groups(place)
        tickets(place)
        check("it still works", place.is_alive())
    with Place(options, {"smtpd_tls_ciphers": "null", "tls_null_cipherlist":
                         "eNULL:!aNULL:@SECLEVEL=0"},
               services(("",))) as place:
        got = cipher(place, PLAIN, "ECDHE-ECDSA-NULL-SHA@SECLEVEL=0",
                     version="TLSv1_2")
        check("smtpd_tls_ciphers=null", got == "ECDHE-ECDSA-NULL-SHA", got)


def groups(place):
    for service, curve, is_spoken in (
            (PLAIN, "prime256v1", True), (PLAIN, "secp384r1", True),
            (ULTRA, "prime256v1", False), (ULTRA, "secp384r1", False),
            (ULTRA, "secp521r1", True),
            (OTHER, "prime256v1", False), (OTHER, "secp384r1", True)):
        got = cipher(place, service, None, curve, "TLSv1_3")
        check("%s: %s" % (SERVICES[service] or "as it is", curve),
              (got is not None) == is_spoken, got)


def tickets(place):
    for service, wanted in ((PLAIN, True), (OTHER, False)):
        wire = place.wire(2 + service).starttls(
            context(ssl.TLSVersion.TLSv1_2))
        check("a ticket: %s" % wanted,
              wire.socket.session.has_ticket == wanted)
        wire.close()


# ---- files -----------------------------------------------------------------

def make_under(pki, name, above):
    """A certificate of a CA below that of the tests, and with its chain."""
    with open(pki.path("ext-ca"), "w") as f:
        f.write("basicConstraints=critical,CA:TRUE\n")
    for who, issuer, more in ((above, "ca", ["-extfile",
                                             pki.path("ext-ca")]),
                              (name, above, [])):
        openssl("req", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + who,
                "-keyout", pki.path(who + ".key"), "-out",
                pki.path(who + ".req"))
        openssl("x509", "-req", "-in", pki.path(who + ".req"), "-days", "3",
                "-CA", pki.path(issuer + ".crt"), "-CAkey",
                pki.path(issuer + ".key"), "-CAcreateserial", "-out",
                pki.path(who + ".crt"), *more)
    return pki.join(name, pki.path(name + ".key"), pki.join_certs(
        name + ".chain", pki.path(name + ".crt"), pki.path(above + ".crt")))


def files(options):
    """The older parameters of keys, and whom smtpd trusts."""
    with Place(options, {
            "smtpd_tls_ask_ccert": "yes", "smtpd_tls_CApath": "{folder}/cas",
            "smtpd_tls_CAfile": "", "mynetworks": "127.0.0.9",
            "smtpd_relay_restrictions":
                "permit_tls_clientcerts, reject_unauth_destination",
            "relay_clientcerts": "texthash:{folder}/relay"}, services((
                "-o smtpd_tls_chain_files= -o "
                "smtpd_tls_cert_file={folder}/rsa.example.crt -o "
                "smtpd_tls_key_file={folder}/rsa.example.key -o "
                "smtpd_tls_eccert_file={folder}/ec.example.pem",
                "-o smtpd_tls_chain_files= -o "
                "smtpd_tls_dcert_file={folder}/rsa.example.crt -o "
                "smtpd_tls_dkey_file={folder}/rsa.example.key",
                "-o smtpd_tls_ccert_verifydepth=1",
                "-o smtpd_tls_fingerprint_digest=sha1")),
            start=False) as place:
        make_files(place)
        place.suite.start()
        for service, wanted, spoken in ((0, RSA, RSA), (0, AES128, AES128),
                                        (1, RSA, RSA), (1, AES128, None)):
            got = cipher(place, service, wanted)
            check("keys of service %d: %s" % (service, wanted),
                  got == spoken, got)
        for port, cert, trust in (
                (0, "direct", "Trusted"), (0, "below", "Trusted"),
                (4, "direct", "Trusted"), (4, "below", "Untrusted"),
                (0, "stranger", "Untrusted")):
            log = place.suite.count_log(trust + " TLS connection")
            wire = place.wire(port).starttls(context(
                cert=place.pki.path(cert + ".pem")))
            wire.close()
            check("port+%d: %s is %s" % (port, cert, trust), place.log(
                r"\b%s TLS connection established from" % trust, log + 1))
        for port, wanted in ((0, "554 "), (5, "250 ")):
            wire = place.wire(port).starttls(context(
                cert=place.pki.path("direct.pem")))
            wire.ask("EHLO client.example")
            wire.ask("MAIL FROM:<a@b.example>")
            reply = wire.ask("RCPT TO:<c@far.example>")
            check("a fingerprint of SHA-1 at port+%d" % port,
                  reply.startswith(wanted), reply)
            wire.close()


def make_files(place):
    pki = place.pki
    pki.make("rsa.example", kind="rsa")
    pki.make("ec.example")
    pki.make("direct")
    pki.make("stranger", signed=False)
    make_under(pki, "below", "between")
    os.mkdir(pki.path("cas"))
    shutil.copy(pki.ca, pki.path("cas"))
    openssl("rehash", pki.path("cas"))
    with open(pki.path("relay"), "w") as f:
        f.write(openssl("x509", "-noout", "-fingerprint", "-sha1", "-in",
                        pki.path("direct.crt")).strip().split("=")[1] +
                " direct\n")


# ---- OpenSSL's own configuration -------------------------------------------

SECTIONS = """
openssl_conf = usual
mine = other
[usual]
ssl_conf = usual_ssl
[usual_ssl]
system_default = usual_words
[usual_words]
Ciphersuites = TLS_AES_128_GCM_SHA256
[other]
ssl_conf = other_ssl
[other_ssl]
system_default = other_words
[other_words]
Ciphersuites = TLS_CHACHA20_POLY1305_SHA256
"""


def library(options):
    file = "-o tls_config_file={folder}/openssl.cnf"
    with Place(options, {}, services((
            file, file + " -o tls_config_name=mine",
            file + " -o tls_config_name=nobody",
            "-o tls_config_file=none")), start=False) as place:
        with open(place.pki.path("openssl.cnf"), "w") as f:
            f.write(SECTIONS)
        place.suite.start()
        for service, wanted in ((0, "TLS_AES_128_GCM_SHA256"),
                                (1, "TLS_CHACHA20_POLY1305_SHA256"),
                                (2, "TLS_AES_128_GCM_SHA256"),
                                (3, "TLS_AES_256_GCM_SHA384")):
            got = cipher(place, service, None, version="TLSv1_3")
            check("OpenSSL's configuration of service %d" % service,
                  got == wanted, got)
        with open(place.pki.path("bad.cnf"), "w") as f:
            f.write("[broken\n")
        for value, words in (
                ("/nonexistent", "/nonexistent: no such file"),
                (place.pki.path("bad.cnf"), "bad.cnf: line 1: "),
                ("openssl.cnf", "neither default nor none")):
            with open(os.path.join(place.suite.etc, "main.cf"), "a") as f:
                f.write("tls_config_file = %s\n" % value)
            done = place.suite.tern("reload")
            check("tls_config_file = %s: reload says no" % value,
                  done.returncode != 0 and "tls_config_file: " in
                  done.stdout and words in done.stdout, done.stdout)
        check("what runs goes on", place.is_alive())
