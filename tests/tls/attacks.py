"""Clients that do not mean well: commands behind STARTTLS, what is no TLS,
ends in the middle."""

import re
import socket
import ssl
import time

from queue_case import check
from wire import PATIENCE, Place, context

# ---- injection -------------------------------------------------------------

COMMANDS = ("EHLO evil.example", "HELO evil.example",
            "MAIL FROM:<evil@b.example>", "RCPT TO:<evil@b.example>", "DATA",
            "BDAT 4 LAST\r\nevil", "RSET", "NOOP", "VRFY evil", "HELP",
            "QUIT", "STARTTLS", "AUTH PLAIN AGEAYg==", "ETRN evil.example",
            "EXPN evil", "XCLIENT NAME=evil", "evil", "GET / HTTP/1.0", "")


def injection(options):
    with Place(options) as place:
        for command in COMMANDS:
            inject_refused(place, command)
        check("it still works", place.is_alive())
    with Place(options, {"smtpd_forbid_unauth_pipelining": "no",
                         "smtpd_helo_required": "yes"}) as place:
        for command in COMMANDS:
            inject_ignored(place, command)
            inject_behind(place, command)
        check("it still works, too", place.is_alive())
        place.log(r"disconnect", 2 * len(COMMANDS))
        check("nothing was run", place.suite.count_log(
            r"disconnect .* (rcpt|data|bdat|rset|noop|vrfy|help|auth|helo|"
            r"unknown)=") == 0)


def inject_refused(place, command):
    """In one packet, where that is forbidden."""
    wire = place.wire()
    wire.ask("EHLO client.example")
    wire.say("STARTTLS\r\n%s\r\n" % command)
    wire.is_over()
    check("refused with STARTTLS: %r" % command, wire.rest ==
          b"554 5.5.0 Error: SMTP protocol synchronization\r\n", wire.rest)
    wire.close()


def inject_ignored(place, command):
    """In one packet, where that is tolerated: it is as if never said."""
    wire = place.wire()
    wire.ask("EHLO client.example")
    wire.say("STARTTLS\r\n%s\r\n" % command)
    reply = wire.hear()
    try:
        wire.secure(context())
        after = wire.ask("MAIL FROM:<a@b.example>")
    except OSError as error:
        after = str(error)
    check("ignored behind STARTTLS: %r" % command,
          (reply, after) == ("220 2.0.0 Ready to start TLS",
                             "503 5.5.1 Error: send HELO/EHLO first"),
          (reply, after))
    wire.rest = b""
    wire.close()


def inject_behind(place, command):
    """In a packet of its own, before the hello: no TLS, no command."""
    wire = place.wire()
    wire.ask("EHLO client.example")
    wire.ask("STARTTLS")
    wire.say("%s\r\n" % command)
    try:
        wire.secure(context())
        outcome = "a handshake"
    except OSError:
        outcome = "an end"
    check("no TLS after 220 and %r" % command, outcome == "an end" and
          wire.is_over() and not re.match(rb"\d\d\d", wire.rest), wire.rest)
    wire.close()


# ---- what is no TLS --------------------------------------------------------

def hello(name="mx.example"):
    """The bytes of a client's hello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    machine = context().wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        machine.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def bad(options):
    master = ("127.0.0.1:{port+2} inet n - - - - smtpd "
              "-o smtpd_tls_wrappermode=yes\n")
    with Place(options, {"smtpd_starttls_timeout": "2s",
                         "smtpd_tls_mandatory_protocols": ">=TLSv1.2",
                         "smtpd_tls_protocols": ">=TLSv1.2"},
               master) as place:
        for port in (0, 2):
            send_bad(place, port)
            wrong_versions(place, port)
        dripping(place)
        check("all of them are in the log", place.log(
            r"SSL_accept error from unknown\[127.0.0.1\]: TLS: ", 30))
        check("they were lost after STARTTLS", place.log(
            r"lost connection after STARTTLS from unknown", 20))
        check("it still works after all that", place.is_alive())


def open_bad(place, port):
    wire = place.wire(port, greeting=port == 0)
    if port == 0:
        wire.ask("EHLO client.example")
        wire.ask("STARTTLS")
    return wire


def send_bad(place, port):
    whole = hello()
    kinds = [("a hello cut at %d" % n, whole[:n])
             for n in range(1, len(whole), len(whole) // 12)]
    kinds += [("plaintext", b"EHLO plain.example\r\nMAIL FROM:<>\r\n"),
              ("zeros", b"\0" * 500), ("0xff", b"\xff" * 500),
              ("a record too long", b"\x16\x03\x01\xff\xff" + b"x" * 100),
              ("data without a handshake", b"\x17\x03\x03\x00\x05hello"),
              ("an alert", b"\x15\x03\x03\x00\x02\x02\x28"),
              ("the hello of SSL 2", bytes.fromhex(
                  "802e0100020015000000100100800200800300800400800500800600"
                  "80070080080080090080") + b"x" * 16),
              ("nothing", b"")]
    for name, data in kinds:
        wire = open_bad(place, port)
        wire.say(data)
        wire.socket.shutdown(socket.SHUT_WR)
        over = wire.is_over()
        check("port+%d ends: %s" % (port, name),
              over and not re.match(rb"\d\d\d[ -]", wire.rest), wire.rest)
        wire.close()


def wrong_versions(place, port):
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        wire = open_bad(place, port)
        try:
            wire.secure(context(version, old=True))
            outcome = "a handshake"
        except OSError as error:
            outcome = str(error)
        check("port+%d: no %s" % (port, version.name),
              "alert protocol version" in outcome.lower().replace("_", " "),
              outcome)
        wire.close()


def dripping(place):
    """A handshake has its time as a whole."""
    wire = open_bad(place, 0)
    began = time.monotonic()
    wire.socket.settimeout(0.25)
    over = False
    for byte in hello():
        try:
            wire.say(bytes([byte]))
            over = wire.socket.recv(100) == b""
        except socket.timeout:
            continue
        except OSError:
            over = True
        if over or time.monotonic() - began > 10:
            break
    took = time.monotonic() - began
    check("who drips in has no more time", over and 1.5 < took < 5, took)
    check("that is a timeout", place.log(r"timeout after STARTTLS from"))
    wire.close()


def early(options):
    """A command in the packet that ends the handshake."""
    master = ("127.0.0.1:{port+2} inet n - - - - smtpd "
              "-o smtpd_tls_wrappermode=yes\n")
    with Place(options, {}, master) as place:
        said = speak_with_finished(place, context(ssl.TLSVersion.TLSv1_3))
        check("nobody speaks before the greeting", said ==
              b"554 5.5.0 Error: SMTP protocol synchronization\r\n", said)
        wire = place.wire(2, wrapped=context())
        check("who waits is greeted", wire.greeting.startswith("220 "))
        check("the log has it", place.log(
            r"improper command pipelining after CONNECT from .*: EHLO"))


def speak_with_finished(place, how):
    """What the server says to it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    machine = how.wrap_bio(incoming, outgoing)
    wire = place.wire(2, greeting=False)
    while True:
        try:
            machine.do_handshake()
            break
        except ssl.SSLWantReadError:
            wire.say(outgoing.read())
            incoming.write(wire.read())
    machine.write(b"EHLO early.example\r\n")
    wire.say(outgoing.read())
    said = b""
    while True:
        try:
            more = machine.read()
            said += more
            if not more:
                return said
        except ssl.SSLWantReadError:
            more = wire.read()
            if not more:
                return said
            incoming.write(more)
        except ssl.SSLError:
            return said


# ---- ends ------------------------------------------------------------------

def ends(options):
    with Place(options) as place:
        for name, end in (("close_notify", end_by_notify),
                          ("close_notify, then plaintext", end_by_plain),
                          ("the end of TCP", end_by_tcp),
                          ("a reset", end_by_reset)):
            end_in_chunk(place, name, end)
        check("no message was made of it",
              place.suite.count_log("queue active") == 0 and
              place.suite.queue() == [])
        check("the log has them", place.log(
            r"lost connection after BDAT \(\d+ bytes\) from", 4))
        check("it still works after them", place.is_alive())


def end_in_chunk(place, name, end):
    wire = place.wire()
    raw = socket.fromfd(wire.socket.fileno(), socket.AF_INET,
                        socket.SOCK_STREAM)
    wire.starttls()
    wire.ask("EHLO client.example")
    wire.ask("MAIL FROM:<a@b.example>")
    wire.ask("RCPT TO:<c@d.example>")
    wire.say("BDAT 1000 LAST\r\nSubject: x\r\n\r\nhello")
    time.sleep(0.2)
    rest = end(wire, raw)
    check("%s in a chunk ends the session" % name,
          rest is None or not re.search(rb"\d\d\d ", rest), rest)
    raw.close()
    wire.close()


def plain_rest(raw):
    """What comes over TCP, as it is, until the end."""
    raw.settimeout(PATIENCE)
    rest = b""
    try:
        while True:
            more = raw.recv(65536)
            if not more:
                return rest
            rest += more
    except OSError:
        return rest


def end_by_notify(wire, raw):
    try:
        wire.socket.unwrap()
    except OSError:
        pass
    return plain_rest(raw)


def end_by_plain(wire, raw):
    end_by_notify(wire, raw)
    try:
        raw.sendall(b"x" * 1000 + b"\r\nQUIT\r\n")
    except OSError:
        pass
    return plain_rest(raw)


def end_by_tcp(wire, raw):
    raw.shutdown(socket.SHUT_WR)
    return plain_rest(raw)


def end_by_reset(wire, raw):
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                   b"\1\0\0\0\0\0\0\0")
    raw.close()
    wire.close()
    return None
