"""TLS on both sides and logins for a benchmark, the same for both suites.

One ECDSA P-256 key for all servers; sessions are resumed and connections
used again as far as each suite can; AUTH PLAIN against one sasldb.
"""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import sasldb                                   # noqa: E402

USER = "test@" + sasldb.REALM + ":" + sasldb.USERS["test"]

MAIN = """\
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_chain_files = {dir}/etc/chain.pem
smtp_tls_security_level = encrypt
smtp_tls_connection_reuse = yes
smtp_tls_session_cache_database = btree:{dir}/data/smtp_scache
smtpd_sasl_auth_enable = yes
smtpd_sasl_security_options = noanonymous
cyrus_sasl_config_path = {dir}/etc/sasl
"""

# What Postfix reuses TLS connections with; Tern's smtp does that itself.
TLSPROXY = "tlsproxy unix - - n - 0 tlsproxy\n"


def make_chain(folder):
    """A file with a new key and its own certificate."""
    key, cert = folder + "/tls.key", folder + "/tls.crt"
    chain = folder + "/chain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=bench.example",
         "-days", "3", "-keyout", key, "-out", cert],
        check=True, stderr=subprocess.DEVNULL)
    with open(chain, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        for part in (key, cert):
            with open(part, encoding="ascii") as source:
                file.write(source.read())
    return chain


def add(suite, chain):
    """To a suite that is stopped."""
    etc = suite.folder + "/etc"
    shutil.copy(chain, etc)
    # Debian's Postfix looks nowhere else, whatever the parameter says.
    sasldb.make(etc + "/sasl", users={"test": "1234"},
                mechanisms="PLAIN")
    for name in ("main.cf", "master.cf"):
        shutil.copy(etc + "/" + name, etc + "/" + name + ".plain")
    with open(etc + "/main.cf", "a", encoding="ascii") as file:
        file.write(MAIN.format(dir=suite.folder))
    if suite.name == "postfix":
        with open(etc + "/master.cf", "a", encoding="ascii") as file:
            file.write(TLSPROXY)


def remove(suite):
    """As if it had never been."""
    for name in ("main.cf", "master.cf"):
        path = suite.folder + "/etc/" + name
        os.rename(path + ".plain", path)
