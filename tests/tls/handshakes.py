"""How many handshakes a client may have."""

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
