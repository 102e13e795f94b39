"""Handshakes: how many a client may have, and what the log has of them."""

import os
import re
import ssl

from queue_case import check
from wire import Place, Wire, context


def rates(options):
    master = ("127.0.0.1:{port+2} inet n - - - - smtpd\n"
              " -o smtpd_tls_wrappermode=yes\n"
              "127.0.0.1:{port+3} inet n - - - - smtpd\n"
              " -o smtpd_client_event_limit_exceptions=127.0.0.1\n")
    with Place(options, {"smtpd_client_new_tls_session_rate_limit": "2",
                         "smtpd_client_event_limit_exceptions": "",
                         "anvil_rate_time_unit": "1h"}, master) as place:
        rate_of_new(place)
        rate_when_wrapped(place)
        check("an exception has no limit", all(
            use(place, 3)[1] for _ in range(5)))


def use(place, port=0, how=None, session=None):
    """The TLS session, and whether EHLO was answered inside of it."""
    wire = place.wire(port).starttls(how or context(), session=session)
    reply = wire.ask("EHLO client.example")
    got = wire.socket.session
    wire.close()
    return got, reply.startswith("250")


def rate_of_new(place):
    how = context(ssl.TLSVersion.TLSv1_2)
    session, ok = use(place, how=how)
    check("resumed sessions are not counted", ok and all(
        use(place, how=how, session=session)[1] for _ in range(5)))
    check("the limit itself is allowed", use(place)[1])
    wire = place.wire().starttls()
    reply = wire.hear()
    check("one more ends with 421", reply ==
          "421 4.7.0 tern.example Error: too many new TLS sessions from "
          "unknown[127.0.0.1]" and wire.is_over() and not wire.rest, reply)
    check("the log tells", place.log(
        r"warning: New TLS session rate limit exceeded: 3 from "
        r"unknown\[127.0.0.1\]$"))
    wire = place.wire()
    wire.ask("EHLO client.example")
    reply = wire.ask("STARTTLS")
    check("then there is no TLS any more", reply ==
          "454 4.7.0 Error: too many new TLS sessions from "
          "unknown[127.0.0.1]", reply)
    check("but the session goes on",
          wire.ask("MAIL FROM:<a@b.example>").startswith("250 "))
    wire.close()
    check("the log tells that, too", place.log(
        r"warning: Refusing STARTTLS request from unknown\[127.0.0.1\]$"))
    check("STARTTLS is counted once", place.log(
        r"disconnect from .* ehlo=1 mail=1 starttls=0/1 commands=2/3$") and
        place.log(r"disconnect from .* ehlo=1 starttls=1 commands=2$"))


def rate_when_wrapped(place):
    """Handshakes that fail are counted; each service counts for itself."""
    for i in range(3):
        wire = place.wire(2, greeting=False)
        wire.say("EHLO plain.example\r\n")
        wire.is_over()
        wire.close()
        place.log(r"SSL_accept error from unknown\[127.0.0.1\]", i + 1)
    wire = Wire(place.port + 2, greeting=False)
    try:
        wire.secure(context())
        ended = False
    except (OSError, ssl.SSLError):
        ended = True
    check("wrapper: too many, and there is no answer at all",
          ended and wire.is_over() and not wire.rest, wire.rest)
    check("wrapper: the log tells", place.log(
        r"warning: Refusing TLS service request from "
        r"unknown\[127.0.0.1\]$"))


# ---- the log ---------------------------------------------------------------

def loglevels(options):
    master = ("127.0.0.1:{port+2} inet n - - - - smtpd\n"
              " -o smtpd_tls_loglevel=4\n"
              "127.0.0.1:{port+3} inet n - - - - smtpd\n"
              " -o smtpd_tls_loglevel=3 -o smtpd_tls_wrappermode=yes\n")
    with Place(options, {"smtpd_tls_loglevel": "2",
                         "smtpd_tls_ask_ccert": "yes"}, master) as place:
        level_two(place)
        level_three(place)
        level_four(place)
        check("the system is alive", place.is_alive())
    with Place(options, {"smtpd_tls_loglevel": "0"}) as place:
        use(place)
        place.log(r"disconnect from")
        check("level 0: nothing", "TLS" not in place.suite.log_text())


def level_two(place):
    """Steps and the client's certificate, which nobody has signed."""
    cert = place.pki.make("client.example", signed=False)
    wire = place.wire().starttls(context(cert=cert))
    wire.ask("EHLO client.example")
    wire.close()
    who = r"smtpd\[\d+\]: unknown\[127.0.0.1\]: "
    check("level 2: the beginning", place.log(
        r"smtpd\[\d+\]: setting up TLS connection from "
        r"unknown\[127.0.0.1\]$"))
    check("level 2: the steps", place.log(
        who + r"SSL_accept:SSLv3/TLS write server hello$"))
    check("level 2: the certificate", place.log(
        who + r"subject_CN=client.example, issuer_CN=client.example, "
        r"fingerprint=%s, pkey_fingerprint=[0-9A-F:]{95}$" %
        place.pki.fingerprint("client.example")))
    check("level 2: what is wrong with it", place.log(
        who + r"depth=0 verify=0 subject=/CN=client.example error=self") and
        place.log(r"certificate of unknown\[127.0.0.1\], fingerprint %s: "
                  r"self" % place.pki.fingerprint("client.example")))
    check("level 2: no bytes", not re.search(r": 0000 ",
                                             place.suite.log_text()))
    wire = place.wire()
    wire.ask("EHLO client.example")
    wire.ask("STARTTLS")
    old = context(old=True, version=ssl.TLSVersion.TLSv1)
    try:
        wire.secure(old)
    except (OSError, ssl.SSLError):
        pass
    check("level 2: alerts", place.log(
        who + r"TLS alert write:fatal:protocol version$"))


def rows(place):
    """Rows of bytes in the log, and what they say in letters."""
    return re.findall(r": [0-9a-f]{4}(?: [0-9a-f]{2}){1,16} {2,}(.*)",
                      place.suite.log_text())


def level_three(place):
    wire = place.wire(3, wrapped=context())
    shown = rows(place)
    check("level 3: the bytes of the handshake", len(shown) > 40, shown)
    wire.ask("EHLO client.example")
    wire.ask("NOOP " + "x" * 1000)
    wire.ask("QUIT")
    wire.is_over()
    check("level 3: and no others", rows(place) == shown)


def level_four(place):
    wire = place.wire(2).starttls(context())
    before = len(rows(place))
    wire.ask("EHLO client.example")
    wire.ask("AUTH PLAIN AGpvZQBzZWNyZXQ=")
    wire.ask("NOOP " + "x" * 1000)
    check("level 4: all bytes", len(rows(place)) > before + 70)
    text = "".join(rows(place))
    check("level 4: as they are on the wire", "NOOP" not in text and
          "AUTH" not in text and "AGpv" not in text and "xxx" not in text)
    big = "x" * 900
    for _ in range(400):
        wire.ask("NOOP " + big)
    check("level 4: bounded", place.log(
        r"no more of its bytes are shown$") and len(rows(place)) < 18000,
        len(rows(place)))
    wire.close()


# ---- what is said of the configuration -------------------------------------

def told(place, words):
    """How often tern check says so; it must be content."""
    done = place.suite.tern("check")
    check("check is content", done.returncode == 0, done.stdout)
    return len(re.findall(words, done.stdout, re.M))


def settings(options):
    master = ("127.0.0.1:{port+2} inet n - - - - smtpd\n"
              " -o smtpd_tls_always_issue_session_ids=no\n"
              "lmtp unix - - n - - lmtp\n")
    with Place(options, {
            "smtpd_tls_session_cache_database": "btree:${data_directory}/x",
            "smtp_tls_session_cache_database": "btree:${data_directory}/y",
            "smtpd_tls_enable_rpk": "yes", "smtp_tls_enable_rpk": "no",
            "smtp_tls_session_cache_timeout": "7d"}, master) as place:
        foreign(place)
        keys_of_clients(place)
        keys_in_tables(place)


def foreign(place):
    """Postfix's parameters that do nothing here are told of, once."""
    for where, name, what in (
            ("main.cf", "smtpd_tls_session_cache_database", "tickets"),
            ("main.cf", "smtp_tls_session_cache_database", "memory"),
            ("main.cf", "smtpd_tls_enable_rpk", "OpenSSL 3.2"),
            ("master.cf", "smtpd_tls_always_issue_session_ids", "tickets")):
        words = r"warning: \S*%s:\d+: %s does nothing: .*%s" % (
            where, name, what)
        check("%s: check tells" % name, told(place, words) == 1)
        check("%s: start has told" % name, len(re.findall(
            words, place.suite.log_text())) == 1, place.suite.log_text())
    check("what is as in Postfix is not told of",
          told(place, "smtp_tls_enable_rpk") == 0)


def keys_of_clients(place):
    main = os.path.join(place.suite.etc, "main.cf")

    def add(line):
        with open(main, "a") as f:
            f.write(line + "\n")

    chain = place.pki.make("client.example", days=7)
    add("smtp_tls_chain_files = " + chain)
    os.chmod(chain, 0o644)
    check("check tells how long a client's certificate is good", told(
        place, r"^tern: warning: the certificate of client.example is good "
        r"for [67] days$") == 1)
    check("and who can read its key", told(
        place, r"^tern: warning: %s: everybody can read this private key$" %
        chain) == 1)
    os.chmod(chain, 0o600)
    add("lmtp_tls_cert_file = /nonexistent/lmtp.pem")
    done = place.suite.tern("check")
    check("lmtp has files of its own", done.returncode != 0 and re.search(
        r"master.cf:\d+: /nonexistent/lmtp.pem: No such file", done.stdout),
        done.stdout)
    add("lmtp_tls_cert_file =")


def keys_in_tables(place):
    table = os.path.join(place.folder, "names")
    with open(table, "w") as f:
        f.write("mx.example " + place.chain + "\n")
    with open(os.path.join(place.suite.etc, "main.cf"), "a") as f:
        f.write("tls_server_sni_maps = texthash:%s\n" % table)
    words = "^tern: warning: %s: everybody can read this private key$" % table
    os.chmod(table, 0o600)
    check("a table of keys that is closed", told(place, words) == 0)
    os.chmod(table, 0o644)
    check("a table of keys that is open to all", told(place, words) == 1)
