#!/usr/bin/env python3
"""TLS in the SMTP server, by clients that are good, clumsy and hostile.

usage: tls.py BINDIR [-p PORT] [part...]

The last line is "tls: N passed, M failed".
"""

import os
import re
import signal
import ssl
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
from attacks import bad, early, ends, injection                    # noqa: E402
from handshakes import loglevels, rates, settings           # noqa: E402
from parameters import ciphers, files, library              # noqa: E402
from private_suite import wait_for                          # noqa: E402
from queue_case import check, run                           # noqa: E402
from wire import PATIENCE, Place, context                   # noqa: E402


# ---- the verb --------------------------------------------------------------

def verb(options):
    with Place(options, {"smtpd_tls_received_header": "yes",
                         "smtpd_helo_required": "yes"}) as place:
        os.mkdir(os.path.join(place.folder, "mail"))
        place.suite.start_sink("-D", os.path.join(place.folder, "mail"))
        ask_verb(place)
        ask_message(place)
        ask_many(place)


def ask_verb(place):
    wire = place.wire()
    check("EHLO offers it", "\n250-STARTTLS\n" in wire.ask("EHLO c.example"))
    reply = wire.ask("STARTTLS now")
    check("it takes no argument",
          reply == "501 5.5.4 Syntax: STARTTLS", reply)
    wire.ask("MAIL FROM:<a@b.example>")
    wire.ask("RCPT TO:<c@d.example>")
    reply = wire.ask("STARTTLS")
    check("it is ready", reply == "220 2.0.0 Ready to start TLS", reply)
    wire.secure(context())
    reply = wire.ask("RCPT TO:<c@d.example>")
    check("RCPT and MAIL are forgotten",
          reply == "503 5.5.1 Error: need MAIL command", reply)
    reply = wire.ask("MAIL FROM:<a@b.example>")
    check("EHLO is forgotten",
          reply == "503 5.5.1 Error: send HELO/EHLO first", reply)
    check("EHLO does not offer it again",
          "STARTTLS" not in wire.ask("EHLO c.example"))
    reply = wire.ask("STARTTLS")
    check("it is not for twice",
          reply == "503 5.5.1 Error: TLS already active", reply)
    check("the session goes on",
          wire.ask("MAIL FROM:<a@b.example>").startswith("250 "))
    check("and ends", wire.ask("QUIT").startswith("221 ") and wire.is_over())
    check("the log has it", place.log(
        r"smtpd\[\d+\]: Anonymous TLS connection established from "
        r"unknown\[127.0.0.1\]: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 "
        r"\(256/256 bits\) key-exchange X25519 server-signature ECDSA "
        r"\(prime256v1\) server-digest SHA256$"))
    check("and the count of commands",
          place.log(r"disconnect from .* starttls=1/3 "))


def ask_message(place):
    wire = place.wire().starttls()
    for line in ("EHLO client.example", "MAIL FROM:<a@b.example>",
                 "RCPT TO:<c@d.example>", "DATA"):
        wire.ask(line)
    reply = wire.ask("Subject: x\r\n\r\nhello\r\n.")
    check("a message is taken", reply.startswith("250 "), reply)
    wire.close()
    text = wait_for(lambda: dumped(place.folder), PATIENCE)
    check("Received: tells of TLS", re.search(
        r"^Received: from client.example \(unknown \[127.0.0.1\]\)\r?\n"
        r"\t\(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 "
        r"\(256/256 bits\)\r?\n"
        r"\t key-exchange X25519 server-signature ECDSA \(prime256v1\) "
        r"server-digest SHA256\)\r?\n"
        r"\t\(No client certificate requested\)\r?\n"
        r"\tby tern.example \(Tern\) with ESMTPS id ", text, re.M), text)


def ask_many(place):
    """Sessions beside each other, each with a large message in one group."""
    wires, wanted = [], {}
    for i in range(20):
        wires.append(place.wire().starttls())
        wires[-1].ask("EHLO client.example")
    for i, wire in enumerate(wires):
        lines = ["%d %d %s" % (i, k, "x" * (k * 7 % 900))
                 for k in range(1000)]
        text = "Subject: many%d\r\n\r\nhello\r\n%s\r\n" % (
            i, "\r\n".join(lines))
        wanted["many%d" % i] = "\r\n".join(lines)
        wire.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"
                 "BDAT %d LAST\r\n%s" % (len(text), text))
    replies = [[wire.hear() for _ in range(3)] for wire in wires]
    check("20 large messages are taken", all(
        reply.startswith("250 ") for three in replies for reply in three),
        replies)
    check("and arrive byte by byte", wait_for(
        lambda: all(text in dumped(place.folder)
                    for text in wanted.values()), PATIENCE))
    for wire in wires:
        wire.close()


def dumped(folder):
    """What the sink has written, or ""."""
    text = ""
    for path, _, names in os.walk(os.path.join(folder, "mail")):
        for name in names:
            if name.startswith("."):
                continue            # it is being written
            with open(os.path.join(path, name), errors="replace",
                      newline="") as f:
                text += f.read()
    return text if "hello" in text else ""


# ---- levels ----------------------------------------------------------------

def levels(options):
    master = ("127.0.0.1:{port+2} inet n - - - - smtpd\n"
              " -o smtpd_tls_wrappermode=yes\n"
              "127.0.0.1:{port+3} inet n - - - - smtpd\n"
              " -o smtpd_tls_security_level=encrypt\n")
    with Place(options, {"smtpd_tls_security_level": "none"},
               master) as place:
        level_none(place)
        level_wrapper(place)
        level_encrypt(place)
    with Place(options, {"smtpd_tls_chain_files": ""}) as place:
        wire = place.wire()
        check("may, without a certificate: it is not offered",
              "STARTTLS" not in wire.ask("EHLO client.example"))
        reply = wire.ask("STARTTLS")
        check("may, without a certificate: it cannot be had",
              reply == "454 4.7.0 TLS not available due to local problem",
              reply)
        check("may, without a certificate: the log says why", place.log(
            r"warning: .*master.cf:1: smtpd_tls_chain_files is empty"))
    with Place(options, {"smtpd_tls_security_level": "",
                         "smtpd_enforce_tls": "yes"}) as place:
        wire = place.wire()
        wire.ask("EHLO client.example")
        check("the old name of encrypt", wire.ask("MAIL FROM:<a@b.example>")
              == "530 5.7.0 Must issue a STARTTLS command first")
    with Place(options, {"smtpd_tls_security_level": "",
                         "smtpd_use_tls": "yes"}) as place:
        check("the old name of may", place.is_alive())


def level_none(place):
    wire = place.wire()
    check("none: it is not offered",
          "STARTTLS" not in wire.ask("EHLO client.example"))
    reply = wire.ask("STARTTLS")
    check("none: it is not there",
          reply == "502 5.5.1 Error: command not implemented", reply)


def level_wrapper(place):
    wire = place.wire(2, wrapped=context())
    check("wrapper: TLS goes before the greeting",
          wire.greeting.startswith("220 tern.example"), wire.greeting)
    check("wrapper: no STARTTLS",
          "STARTTLS" not in wire.ask("EHLO client.example"))
    check("wrapper: mail is taken",
          wire.ask("MAIL FROM:<a@b.example>").startswith("250 "))
    wire.close()
    wire = place.wire(2, greeting=False)
    wire.say("EHLO plain.example\r\n")
    wire.is_over()
    check("wrapper: plaintext has no answer",
          not re.match(rb"\d\d\d", wire.rest), wire.rest)
    process = subprocess.Popen(
        ["openssl", "s_client", "-connect", "127.0.0.1:%d" %
         (place.port + 2), "-quiet", "-CAfile", place.pki.ca], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    greeting = process.stdout.readline()
    rest = process.communicate("QUIT\r\n", timeout=60)[0]
    check("wrapper: openssl s_client", greeting.startswith("220 tern") and
          rest.startswith("221 "), greeting + rest)


def level_encrypt(place):
    wire = place.wire(3)
    check("encrypt: NOOP may go before",
          wire.ask("NOOP").startswith("250 "))
    check("encrypt: and EHLO, which offers STARTTLS",
          "STARTTLS" in wire.ask("EHLO client.example"))
    for line in ("MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "DATA",
                 "RSET", "VRFY x", "BDAT 6 LAST\r\nQUIT"):
        reply = wire.ask(line)
        check("encrypt: not %s" % line.split()[0], reply ==
              "530 5.7.0 Must issue a STARTTLS command first", reply)
    wire.ask("STARTTLS")
    wire.secure(context())
    wire.ask("EHLO client.example")
    check("encrypt: with TLS",
          wire.ask("MAIL FROM:<a@b.example>").startswith("250 "))
    wire.close()
    wire = place.wire(3)
    wire.ask("EHLO client.example")
    check("encrypt: QUIT may", wire.ask("QUIT").startswith("221 "))


# ---- sessions --------------------------------------------------------------

def use(place, version, session=None, port=0):
    """A session after use, whether it was resumed, and by which process."""
    wire = place.wire(port).starttls(context_of(version), session=session)
    wire.ask("EHLO client.example")
    reused, got = wire.socket.session_reused, wire.socket.session
    wire.ask("QUIT")
    wire.close()
    return got, reused


CONTEXTS = {}


def context_of(version):
    """Sessions are of one context."""
    return CONTEXTS.setdefault(version, context(version))


def sessions(options):
    master = "127.0.0.1:{port+2} inet n - - - - smtpd\n"
    with Place(options, {"smtpd_tls_session_cache_timeout": "60s"},
               master) as place:
        for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            resume(place, version)
        check("the log tells", place.log(
            r"Anonymous TLS connection reused from", 8))
    with Place(options, {"smtpd_tls_session_cache_timeout": "3s"}) as place:
        rotate(place)
    with Place(options, {"smtpd_tls_session_cache_timeout": "0s"}) as place:
        got, _ = use(place, ssl.TLSVersion.TLSv1_2)
        check("no time, no tickets", not use(
            place, ssl.TLSVersion.TLSv1_2, got)[1])


def served(place):
    """The processes that have had a client, the last one behind."""
    return [int(pid) for pid in re.findall(r"smtpd\[(\d+)\]: connect from",
                                           place.suite.log_text())]


def use_elsewhere(place, version, session):
    """As use; who had the last client sleeps meanwhile, so it is another
    process's turn, where there is one."""
    last = served(place)[-1]
    is_alone = os.cpu_count() == 1
    if not is_alone:
        os.kill(last, signal.SIGSTOP)
    try:
        return use(place, version, session)
    finally:
        if not is_alone:
            os.kill(last, signal.SIGCONT)


def resume(place, version):
    first, reused = use(place, version)
    check("%s: the first is new" % version.name, not reused)
    before = len(served(place))
    results = [use_elsewhere(place, version, first)[1] for _ in range(12)]
    check("%s: then all are resumed" % version.name, all(results), results)
    pids = set(served(place)[before:])
    check("%s: by several processes" % version.name,
          len(pids) > 1 or os.cpu_count() == 1, pids)
    check("%s: not by another service" % version.name,
          not use(place, version, first, 2)[1])
    old = set(place.suite.pids("smtpd"))
    done = place.suite.tern("reload")
    wait_for(lambda: not old & set(place.suite.pids("smtpd")), PATIENCE)
    check("%s: after a reload, by new processes" % version.name,
          done.returncode == 0 and use(place, version, first)[1])


def rotate(place):
    """Keys change every 3 s, and a session lasts as long, whichever key its
    ticket has."""
    version = ssl.TLSVersion.TLSv1_3
    began = time.monotonic()
    results = []
    session, _ = use(place, version)
    while time.monotonic() < began + 8:
        session, reused = use(place, version, session)
        results.append(reused)
        time.sleep(0.5)
    check("keys turn under those who resume", results[0] and
          results.count(False) <= 3, results)
    old, _ = use(place, version)
    time.sleep(7)
    check("old tickets end", not use(place, version, old)[1])


# ---- names and certificates ------------------------------------------------

def names(options):
    with Place(options, start=False) as place:
        pki = place.pki
        for name in ("one.example", "two.example"):
            pki.make(name, kind="rsa" if name[0] == "t" else "ec")
        pki.make("*.parent.example", file="parent")
        source = os.path.join(place.folder, "sni")
        with open(source, "w") as f:
            f.write("one.example %s\ntwo.example %s\n.parent.example %s\n" %
                    tuple(pki.path(n + ".pem") for n in
                          ("one.example", "two.example", "parent")))
        done = subprocess.run([place.suite.program("ternmap"), "-c",
                               place.suite.etc, "-F", "hash:" + source],
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, timeout=60)
        check("ternmap -F", done.returncode == 0, done.stdout)
        os.chmod(source + ".db", 0o600)
        with open(os.path.join(place.suite.etc, "main.cf"), "a") as f:
            f.write("tls_server_sni_maps = hash:%s\n" % source)
        place.suite.start()
        for asked, wanted in (("one.example", "one.example"),
                              ("TWO.example", "two.example"),
                              ("a.b.parent.example", "*.parent.example"),
                              ("other.example", "mx.example"),
                              (None, "mx.example")):
            wire = place.wire().starttls(name=asked)
            check("SNI %s" % asked, wire.subject() == wanted,
                  wire.subject())
            wire.close()
        check("the log has the name", place.log(
            r"established from unknown\[127.0.0.1\] to one.example: TLS"))


def kinds(options):
    """Keys of several types: the client's ciphers choose."""
    with Place(options, start=False) as place:
        rsa = place.pki.make("rsa.example", kind="rsa")
        with open(os.path.join(place.suite.etc, "main.cf"), "a") as f:
            f.write("smtpd_tls_chain_files = %s, %s\n" % (place.chain, rsa))
        place.suite.start()
        for ciphers, wanted in (("aECDSA", "mx.example"),
                                ("aRSA", "rsa.example")):
            how = context(ssl.TLSVersion.TLSv1_2)
            how.set_ciphers(ciphers)
            wire = place.wire().starttls(how)
            check("a key for %s" % ciphers, wire.subject() == wanted)
            wire.close()


def renewal(options):
    with Place(options) as place:
        old = place.wire().starttls(name="mx.example")
        old.ask("EHLO client.example")
        old.ask("MAIL FROM:<a@b.example>")
        place.pki.make("renewed.example", file="mx.example")
        check("until the reload it is the old one",
              place.wire().starttls().subject() == "mx.example")
        done = place.suite.tern("reload")
        check("the reload goes well", done.returncode == 0, done.stdout)
        check("then it is the new one", wait_for(
            lambda: place.wire().starttls().subject() == "renewed.example",
            PATIENCE))
        check("no session was dropped",
              old.ask("RCPT TO:<c@d.example>").startswith("250 "))
        old.close()


# ---- what is wrong with keys -----------------------------------------------

def wrong(options):
    with Place(options) as place:
        broken = os.path.join(place.folder, "mx.example.pem")
        other = place.pki.make("other.example")
        mixed = place.pki.join("mixed", place.pki.path("other.example.key"),
                               place.pki.path("mx.example.crt"))
        for name, setting, file, reason in (
                ("is missing", "/nonexistent/x.pem", "/nonexistent/x.pem",
                 "No such file or directory"),
                ("does not match", mixed, mixed, "private key mismatch"),
                ("is none", "/dev/null", "/dev/null",
                 "no private key is in it")):
            refuse(place, name, setting, "%s: %s" % (file, reason))
        set_chain(place, "")
        with open(os.path.join(place.suite.etc, "main.cf"), "a") as f:
            f.write("smtpd_tls_security_level = encrypt\n")
        done = place.suite.tern("check")
        check("encrypt needs a certificate", done.returncode != 0 and
              "smtpd_tls_chain_files is empty" in done.stdout, done.stdout)
        set_chain(place, other)
        tell(place, other)
        check("and what was good still is", os.path.exists(broken) and
              place.is_alive())


def set_chain(place, value):
    with open(os.path.join(place.suite.etc, "main.cf"), "a") as f:
        f.write("smtpd_tls_chain_files = %s\n" % value)


def refuse(place, name, setting, words):
    """reload, check and start say so; the old generation stays."""
    set_chain(place, setting)
    for verb_name in ("reload", "check"):
        done = place.suite.tern(verb_name)
        check("a key that %s: %s says so" % (name, verb_name),
              done.returncode != 0 and words in done.stdout, done.stdout)
    check("a key that %s: what runs goes on" % name, place.is_alive() and
          place.wire().starttls().subject() == "mx.example")
    place.suite.stop()
    done = place.suite.tern("start")
    check("a key that %s: start says so" % name,
          done.returncode != 0 and words in done.stdout, done.stdout)
    set_chain(place, place.chain)
    place.suite.start()


def tell(place, chain):
    done = place.suite.tern("check")
    check("check tells how long it is good", done.returncode == 0 and
          re.search(r"^tern: the certificate of other.example is good for "
                    r"(89|90) days$", done.stdout, re.M), done.stdout)
    os.chmod(chain, 0o644)
    done = place.suite.tern("check")
    check("check tells who can read a key", "tern: warning: %s: everybody "
          "can read this private key" % chain in done.stdout, done.stdout)
    set_chain(place, place.pki.make("soon.example", days=7))
    done = place.suite.tern("check")
    check("check warns in time", re.search(
        r"^tern: warning: the certificate of soon.example is good for [67] "
        r"days$", done.stdout, re.M), done.stdout)


# ---- client certificates ---------------------------------------------------

def ccerts(options):
    master = ("127.0.0.1:{port+2} inet n - - - - smtpd\n"
              " -o smtpd_tls_wrappermode=yes -o smtpd_tls_req_ccert=yes\n"
              "127.0.0.1:{port+3} inet n - - - - smtpd\n"
              " -o smtpd_relay_restrictions=permit_tls_all_clientcerts,"
              "reject\n"
              " -o smtpd_recipient_restrictions=\n")
    with Place(options, {
            "mynetworks": "127.0.0.9", "smtpd_tls_ask_ccert": "yes",
            "smtpd_tls_received_header": "yes",
            "smtpd_tls_CAfile": "{folder}/ca.crt",
            "relay_clientcerts": "texthash:{folder}/relay",
            "smtpd_relay_restrictions":
                "permit_tls_clientcerts, reject_unauth_destination",
            "smtpd_client_restrictions":
                "check_ccert_access {{ texthash:{folder}/access, "
                "{{ search_order = cert_fingerprint, subject }} }}".replace(
                    "{{", "{").replace("}}", "}"),
            }, master, start=False) as place:
        make_clients(place)
        place.suite.start()
        ask_clients(place)


def make_clients(place):
    pki = place.pki
    for name in ("by-cert", "by-key", "nobody", "blocked-name"):
        pki.make(name)
    pki.make("blocked-name", file="liar", signed=False)
    pki.make("refused")
    with open(os.path.join(place.folder, "relay"), "w") as f:
        key = pki.key_fingerprint("by-key")
        f.write("%s by-cert\n%s by-key\n" % (
            pki.fingerprint("by-cert"),
            ":".join(key[i:i + 2] for i in range(0, len(key), 2))))
    with open(os.path.join(place.folder, "access"), "w") as f:
        f.write("%s REJECT not this one\nblocked-name REJECT nor that\n" %
                pki.fingerprint("refused"))


def rcpt(place, cert, port=0):
    how = context(cert=place.pki.path(cert + ".pem") if cert else None)
    wire = place.wire(port, wrapped=how if port == 2 else None)
    if port != 2:
        wire.starttls(how)
    elif not wire.greeting.startswith("220 "):
        return wire.greeting if wire.is_over() else "it goes on"
    wire.ask("EHLO client.example")
    reply = wire.ask("MAIL FROM:<a@b.example>")
    if reply.startswith("250 "):
        reply = wire.ask("RCPT TO:<c@far.example>")
    wire.ask("QUIT")
    wire.close()
    return reply


def ask_clients(place):
    for cert, port, wanted in (
            (None, 0, "554 5.7.1 <c@far.example>: Relay access denied"),
            ("nobody", 0, "554 5.7.1 <c@far.example>: Relay access denied"),
            ("by-cert", 0, "250 "), ("by-key", 0, "250 "),
            ("refused", 0, ": Client certificate rejected: not this one"),
            ("blocked-name", 0, "Client certificate rejected: nor that"),
            ("liar", 0, "Relay access denied"),
            ("nobody", 2, "Relay access denied"),
            ("liar", 2, "421 4.7.1 tern.example Error: Client certificate "
             "not trusted"),
            (None, 2, "421 4.7.1 tern.example Error: No client certificate "
             "presented"),
            ("nobody", 3, "250 "), ("liar", 3, "Access denied"),
            (None, 3, "Access denied")):
        reply = rcpt(place, cert, port)
        check("certificate %s at port+%d" % (cert, port), wanted in reply,
              reply)
    check("the log: trusted", place.log(
        r"Trusted TLS connection established from \S+: TLSv1.3 with .* "
        r"client-signature ECDSA \(prime256v1\) client-digest SHA256"))
    check("the log: refused", place.log(
        r"NOQUEUE: abort: TLS from \S+: Client certificate not trusted$"))
    check("the log: untrusted", place.log(
        r"Untrusted TLS connection established from"))


# ---- real clients ----------------------------------------------------------

def programs(options):
    """Each sends a message with a subject of its own."""
    master = ("127.0.0.1:{port+2} inet n - - - - smtpd\n"
              " -o smtpd_tls_wrappermode=yes\n")
    with Place(options, {"smtpd_tls_security_level": "encrypt"},
               master) as place:
        os.mkdir(os.path.join(place.folder, "mail"))
        place.suite.start_sink("-D", os.path.join(place.folder, "mail"))
        letter = os.path.join(place.folder, "letter")
        plain, wrapped = ("127.0.0.1:%d" % (place.port + i) for i in (0, 2))
        envelope = ["--from", "a@b.example", "--to", "c@d.example",
                    "--timeout", "20", "--body", "hello"]
        curl = ["curl", "--silent", "--show-error", "--cacert", place.pki.ca,
                "--mail-from", "a@b.example", "--mail-rcpt", "c@d.example",
                "--connect-to", "mx.example:25:" + plain,
                "--connect-to", "mx.example:465:" + wrapped,
                "--upload-file", letter]
        for name, command in (
                ("swaks-tls", ["swaks", "--server", plain, "-tls", *envelope,
                               "--header", "Subject: swaks-tls"]),
                ("swaks-tlsc", ["swaks", "--server", wrapped, "-tlsc",
                                *envelope, "--header",
                                "Subject: swaks-tlsc"]),
                ("curl-starttls", [*curl, "--ssl-reqd",
                                   "smtp://mx.example:25/client.example"]),
                ("curl-smtps", [*curl,
                                "smtps://mx.example:465/client.example"])):
            send_by(place, letter, name, command)
        send_by_openssl(place, plain)


def send_by(place, letter, name, command):
    with open(letter, "w") as f:
        f.write("Subject: %s\r\n\r\nhello\r\n" % name)
    done = subprocess.run(command, text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check(name + " is content", done.returncode == 0, done.stdout)
    check(name + ": it arrives", wait_for(
        lambda: "\nSubject: %s\r\n" % name in dumped(place.folder), PATIENCE))


def send_by_openssl(place, server):
    """It waits for nothing, so the server must have time to answer."""
    process = subprocess.Popen(
        ["openssl", "s_client", "-starttls", "smtp", "-connect", server,
         "-CAfile", place.pki.ca, "-verify_return_error", "-verify_hostname",
         "mx.example", "-servername", "mx.example", "-quiet", "-crlf"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    for text in ("EHLO client.example\n", "MAIL FROM:<a@b.example>\n",
                 "rcpt TO:<c@d.example>\n", "DATA\n",
                 "Subject: s_client\n\nhello\n.\n", "QUIT\n"):
        time.sleep(0.5)
        process.stdin.write(text)
        process.stdin.flush()
    out = process.communicate(timeout=60)[0]
    check("openssl s_client -starttls smtp", "221 2.0.0 Bye" in out and
          wait_for(lambda: "\nSubject: s_client\r\n" in
                   dumped(place.folder), PATIENCE), out)


PARTS = {part.__name__: part for part in (
    verb, injection, bad, early, ends, levels, sessions, rates, names,
    loglevels, settings, ciphers, files, library, kinds, renewal, wrong, ccerts,
    programs)}

if __name__ == "__main__":
    sys.exit(run("tls", PARTS))
