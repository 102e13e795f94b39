"""The same dialogues with Postfix and Tern, TLS and SASL in and out of
turn; and swaks at Tern."""

import base64
import os
import re
import subprocess
import tempfile

import encrypted_allowed as allowed
from encrypted_bench import PASSWORDS
from sides import Postfix, Tern
from wire import Wire, context

(USER, PASSWORD), = PASSWORDS.items()
MAIL, RCPT = "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"
EHLO = "EHLO client.example"
PORTS = {"may": 2700, "encrypt": 2701, "auth_only": 2702, "wrapped": 2703,
         "none": 2704, "no certificate": 2705, "no AUTH": 2706}
SERVICES = {
    "may": {},
    "encrypt": {"smtpd_tls_security_level": "encrypt"},
    "auth_only": {"smtpd_tls_auth_only": "yes"},
    "wrapped": {"smtpd_tls_wrappermode": "yes"},
    "none": {"smtpd_tls_security_level": "none"},
    "no certificate": {"smtpd_tls_chain_files": ""},
    "no AUTH": {"smtpd_sasl_auth_enable": "no"},
}
# What a step is, when it is not a line.
START = "(TLS)"


def b64(text):
    return base64.b64encode(text.encode("latin-1")).decode()


GOOD = b64("\0%s\0%s" % (USER, PASSWORD))
BAD = b64("\0%s\0wrong" % USER)
PLAIN = "AUTH PLAIN " + GOOD
# service, lines; several lines in one write are one step.
TALKS = {
    "STARTTLS": ("may", [EHLO, "STARTTLS", START, EHLO, MAIL, RCPT]),
    "STARTTLS, in lower case": ("may", [EHLO, "starttls", START, EHLO]),
    "STARTTLS before EHLO": ("may", ["STARTTLS", START, EHLO]),
    "STARTTLS after HELO": ("may", ["HELO client.example", "STARTTLS",
                                    START, EHLO]),
    "STARTTLS twice": ("may", [EHLO, "STARTTLS", START, EHLO, "STARTTLS",
                               "NOOP"]),
    "STARTTLS twice, without EHLO": ("may", [EHLO, "STARTTLS", START,
                                             "STARTTLS", EHLO]),
    "STARTTLS with an argument": ("may", [EHLO, "STARTTLS now", "STARTTLS",
                                          START, EHLO]),
    "STARTTLS in a transaction": ("may", [
        EHLO, MAIL, RCPT, "STARTTLS", START, "DATA", RCPT, EHLO, RCPT]),
    "EHLO is forgotten": ("may", [EHLO, "STARTTLS", START, MAIL]),
    "plaintext behind STARTTLS": ("may", [EHLO, "STARTTLS\r\nNOOP\r\n" +
                                          MAIL]),
    "STARTTLS in a group": ("may", [EHLO, "RSET\r\nSTARTTLS", START,
                                    EHLO]),
    "STARTTLS where there is none": ("none", [EHLO, "STARTTLS", "NOOP"]),
    "STARTTLS without a certificate": ("no certificate", [
        EHLO, "STARTTLS", "NOOP"]),
    "STARTTLS in a wrapper": ("wrapped", [EHLO, "STARTTLS", MAIL]),
    "no TLS at encrypt": ("encrypt", [
        EHLO, "NOOP", MAIL, RCPT, "DATA", "RSET", "VRFY x", "HELP",
        "BDAT 0 LAST", "FOO", "AUTH PLAIN", "QUIT"]),
    "HELO at encrypt": ("encrypt", ["HELO client.example", MAIL, "QUIT"]),
    "TLS at encrypt": ("encrypt", [EHLO, "STARTTLS", START, EHLO, MAIL,
                                   RCPT]),
    "AUTH before TLS": ("auth_only", [EHLO, PLAIN, MAIL]),
    "AUTH before TLS, no mechanism": ("auth_only", [EHLO, "AUTH"]),
    "AUTH in TLS": ("auth_only", [EHLO, "STARTTLS", START, EHLO, PLAIN,
                                  MAIL]),
    "AUTH": ("may", [EHLO, PLAIN, MAIL]),
    "AUTH in lower case": ("may", [EHLO, "auth plain " + GOOD]),
    "AUTH is forgotten with TLS": ("may", [
        EHLO, PLAIN, "STARTTLS", START, EHLO, PLAIN]),
    "AUTH without EHLO": ("may", [PLAIN]),
    "AUTH after HELO": ("may", ["HELO client.example", PLAIN]),
    "AUTH where there is none": ("no AUTH", [EHLO, PLAIN]),
    "AUTH without a mechanism": ("may", [EHLO, "AUTH"]),
    "AUTH, too much": ("may", [EHLO, PLAIN + " more", "NOOP"]),
    "AUTH, unknown": ("may", [EHLO, "AUTH FOO", "AUTH FOO " + GOOD]),
    "AUTH, bad name": ("may", [EHLO, "AUTH ../x", "AUTH " + "X" * 30]),
    "AUTH, a wrong password": ("may", [EHLO, "AUTH PLAIN " + BAD, PLAIN]),
    "AUTH, nobody": ("may", [EHLO, "AUTH PLAIN " + b64("\0nobody\0x")]),
    "AUTH, no base64": ("may", [EHLO, "AUTH PLAIN !!!", "NOOP"]),
    "AUTH, no base64 later": ("may", [EHLO, "AUTH PLAIN", "!!!", "NOOP"]),
    "AUTH, base64 cut short": ("may", [EHLO, "AUTH PLAIN " + GOOD[:-3]]),
    "AUTH, no PLAIN in it": ("may", [EHLO, "AUTH PLAIN " + b64("x")]),
    "AUTH, empty": ("may", [EHLO, "AUTH PLAIN ="]),
    "AUTH, later": ("may", [EHLO, "AUTH PLAIN", GOOD, MAIL]),
    "AUTH, empty later": ("may", [EHLO, "AUTH PLAIN", "", "NOOP"]),
    "AUTH, cancelled": ("may", [EHLO, "AUTH PLAIN", "*", PLAIN]),
    "AUTH, cancelled at once": ("may", [EHLO, "AUTH PLAIN *", PLAIN]),
    "AUTH LOGIN": ("may", [EHLO, "AUTH LOGIN", b64(USER), b64(PASSWORD)]),
    "AUTH LOGIN with a name": ("may", [EHLO, "AUTH LOGIN " + b64(USER),
                                       b64(PASSWORD)]),
    "AUTH LOGIN, cancelled": ("may", [EHLO, "AUTH LOGIN", b64(USER), "*",
                                      PLAIN]),
    "AUTH LOGIN, wrong": ("may", [EHLO, "AUTH LOGIN", b64(USER),
                                  b64("wrong"), "NOOP"]),
    "AUTH CRAM-MD5, rubbish": ("may", [EHLO, "AUTH CRAM-MD5",
                                       b64("tim 1234"), "NOOP"]),
    "AUTH CRAM-MD5 with a response": ("may", [
        EHLO, "AUTH CRAM-MD5 " + GOOD, "*"]),
    "AUTH SCRAM-SHA-256, rubbish": ("may", [
        EHLO, "AUTH SCRAM-SHA-256 " + b64("rubbish"), "NOOP"]),
    "AUTH DIGEST-MD5, rubbish": ("may", [EHLO, "AUTH DIGEST-MD5",
                                         b64("rubbish"), "NOOP"]),
    "AUTH in a transaction": ("may", [EHLO, MAIL, PLAIN, RCPT]),
    "AUTH twice": ("may", [EHLO, PLAIN, PLAIN, "AUTH FOO"]),
    "AUTH after RSET": ("may", [EHLO, PLAIN, "RSET", PLAIN, EHLO, PLAIN]),
    "AUTH= of MAIL": ("may", [EHLO, PLAIN, MAIL + " AUTH=<>", "RSET",
                              MAIL + " AUTH=x@y.example", "RSET",
                              MAIL + " AUTH=", "RSET",
                              MAIL + " AUTH=x+zz"]),
    "AUTH= without AUTH": ("may", [EHLO, MAIL + " AUTH=<>"]),
    "AUTH= where there is none": ("no AUTH", [EHLO, MAIL + " AUTH=<>"]),
    "a response that is too long": ("may", [EHLO, "AUTH PLAIN",
                                            "A" * 12300, "NOOP"]),
    "AUTH in a wrapper": ("wrapped", [EHLO, PLAIN, MAIL]),
}


def code(reply):
    """Its code and enhanced code; of what is offered, TLS and AUTH."""
    offers = sorted(re.findall(r"^250[ -](STARTTLS|AUTH .*)", reply, re.M))
    match = re.match(r"(\d\d\d)[ -](\d\.\d+\.\d+)?", reply)
    if match is None:
        return "closed"
    return " ".join([group for group in match.groups() if group] + [
        " ".join(sorted(offer.split())) for offer in offers])


def hear(wire, count):
    """So many replies; behind 220 there is to be TLS, and none in plain."""
    heard = []
    while len(heard) < count and heard[-1:] != ["220 2.0.0"]:
        heard.append(code(wire.hear()))
    return heard


def play(port, service, lines):
    """What comes of each line; several at once have several replies."""
    wire = Wire(port, wrapped=context() if service == "wrapped" else None)
    heard = [code(wire.greeting)]
    try:
        for line in lines:
            if line == START:
                wire.secure(context())
                continue
            wire.say(line + "\r\n")
            heard.append(hear(wire, line.count("\r\n") + 1))
    except OSError as error:
        heard.append("over: %s" % type(error).__name__)
    wire.close()
    return heard


def make(bench, kind):
    folder = tempfile.mkdtemp(dir=bench.folder)
    os.chmod(folder, 0o755)
    chain = bench.ca.chain("%s.example" % os.path.basename(folder))
    settings = {
        "compatibility_level": "3.6", "myhostname": "tern.example",
        "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4",
        "mynetworks": "127.0.0.0/8", "mydestination": "",
        "alias_maps": "", "alias_database": "",
        "relayhost": "[127.0.0.1]:2526", "smtpd_peername_lookup": "no",
        "smtpd_error_sleep_time": "0s",
        "smtpd_tls_security_level": "may", "smtpd_tls_chain_files": chain,
        "smtpd_tls_loglevel": "1", "smtpd_sasl_auth_enable": "yes",
        "cyrus_sasl_config_path": bench.sasl,
        "smtpd_sasl_local_domain": "tern.example",
        "smtpd_sasl_security_options": "noanonymous",
        "smtpd_sasl_mechanism_filter": "plain, login, cram-md5, "
        "digest-md5, scram-sha-1, scram-sha-256"}
    if kind is Tern:
        settings.update({"auth_failure_delay": "0s",
                         "auth_failure_limit": "0"})
    first = 0 if kind is Postfix else 100
    services = "".join("127.0.0.1:%d inet n - n - - smtpd%s\n" % (
        PORTS[name] + first, "".join("\n  -o { %s = %s }" % item
                                     for item in more.items()))
        for name, more in SERVICES.items())
    side = kind(bench.bin, folder, settings, services,
                [port + first for port in PORTS.values()])
    side.start()
    return side


def dialogues(bench):
    for row in allowed.TALKS:
        row.count = 0
    sides = []
    try:
        for kind in (Postfix, Tern):
            sides.append(make(bench, kind))
        for name, (service, lines) in TALKS.items():
            theirs, ours = (play(side.ports[list(PORTS).index(service)],
                                 service, lines) for side in sides)
            compare(bench, name, [line for line in lines if line != START],
                    theirs, ours)
    finally:
        for side in sides:
            side.stop()
    allowed.report(allowed.TALKS)


def compare(bench, name, lines, theirs, ours):
    """Each line's reply; what follows one that differs is judged, too."""
    for line, one, other in zip(["(greeting)"] + lines, theirs, ours):
        text = line if len(line) < 60 else line[:57] + "..."
        bench.check("%s: %r" % (name, text), one == other or
                    allowed.is_allowed(allowed.TALKS, "%s: %r" % (
                        name, text), one, other),
                    "Postfix: %s\n       Tern:    %s" % (one, other))
    bench.check("%s: to the same end" % name, len(theirs) == len(ours),
                (theirs, ours))


# ---- swaks -----------------------------------------------------------------

def swaks(bench):
    """With each mechanism that swaks has: STARTTLS, and TLS at once."""
    side = make(bench, Tern)
    try:
        for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5"):
            for how, service in (("--tls", "auth_only"),
                                 ("--tls-on-connect", "wrapped")):
                ask_swaks(bench, mechanism, how, PORTS[service] + 100)
    finally:
        side.stop()


def ask_swaks(bench, mechanism, how, port):
    for password, status in ((PASSWORD, 0), ("wrong", 28)):
        done = subprocess.run(
            ["swaks", "--server", "127.0.0.1:%d" % port, how, "--auth",
             mechanism, "--auth-user", USER, "--auth-password", password,
             "--helo", "client.example", "--from", "a@b.example", "--to",
             "c@sink.example", "--header", "X-Interop: swaks" + mechanism],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=60, check=False)
        bench.check("%s %s, %s password" % (
            mechanism, how, "right" if status == 0 else "wrong"),
            done.returncode == status and (
                (" 235 2.7.0 " in done.stdout) == (status == 0)) and
            (" 535 5.7.8 " in done.stdout) == (status != 0), done.stdout)
