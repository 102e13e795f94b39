#!/usr/bin/env python3
"""Delivery by services of master.cf: LMTP, and a transport for relay_domains.

usage: services.py BINDIR [-p port] [part...]

The last line is "services: N passed, M failed".
"""

import base64
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from next_server import Server, SocketServer, submit        # noqa: E402
from queue_case import check, run, tool                # noqa: E402
from private_suite import Suite, wait_for                   # noqa: E402

LMTP = "lmtp unix - - n - - lmtp\n"


class Place:
    """A suite with more in its files, and one SMTP server for the rest."""

    def __init__(self, options, services="", settings=None):
        self.port = options.port
        self.smtp = Server(options.port + 1)
        self.suite = Suite(options.bin, options.port, options.port + 1,
                           settings)
        # Of a relative path: the queue directory.
        self.spool = os.path.join(self.suite.dir, "spool")
        os.mkdir(self.spool)
        with open(os.path.join(self.suite.etc, "master.cf"), "a") as file:
            file.write(services)

    def start(self):
        self.suite.start()
        wait_for(lambda: self.suite.queue() == [])

    def send(self, *recipients):
        return submit(self.port, "Subject: x", rcpts=recipients)

    def logs(self, name, pattern, seconds=10):
        check("%s: it is in the log" % name,
              self.suite.wait_log(pattern, seconds),
              self.suite.log_text()[-2500:])

    def close(self, *servers):
        for server in (self.smtp, *servers):
            server.close()
        self.suite.close()


def part_lmtp(options):
    place = Place(options, LMTP, {
        "transport_maps": "inline:{ { unix.example = lmtp:unix:Next } "
        "{ inet.example = lmtp:inet:127.0.0.1:%d } "
        "{ name.example = lmtp:localhost:%d } "
        "{ gone.example = lmtp:unix:gone } }" %
        (options.port + 2, options.port + 2),
        "lmtp_lhlo_name": "lhlo.example", "smtp_helo_name": "helo.example",
        "lmtp_destination_recipient_limit": "10"})
    os.chmod(place.spool, 0o755)
    # It is this very host: no loop.
    at_socket = SocketServer(os.path.join(place.spool, "Next"), is_lmtp=True,
                             name="tern.example")
    at_port = Server(options.port + 2, is_lmtp=True)
    place.start()
    at_socket.verdicts = {
        "no@unix.example": "550 5.1.1 no such box",
        "full@unix.example": "452 4.2.2 box is full"}
    place.send("a@unix.example", "no@unix.example", "full@unix.example",
               "b@unix.example")
    mails = at_socket.take()
    check("lmtp: one mail for all", len(mails) == 1 and
          len(mails[0].rcpts) == 4, mails and mails[0].rcpts)
    check("lmtp: LHLO with its own parameter",
          "LHLO lhlo.example" in at_socket.lines, at_socket.lines)
    relay = r" relay=tern\.example\[Next\], .*, "
    for user, words in (("a", r"dsn=2\.0\.0, status=sent"),
                        ("b", r"dsn=2\.0\.0, status=sent"),
                        ("no", r"dsn=5\.1\.1, status=bounced .*"
                         r"no such box"),
                        ("full", r"dsn=4\.2\.2, status=deferred .*"
                         r"box is full")):
        place.logs("lmtp: " + user, r"tern/lmtp\[\d+\]: \w+: to=<%s@unix\."
                   r"example>,%s%s" % (user, relay, words))
    check("lmtp: the sender hears of who is not there", [
        mail.sender[:12] for mail in place.smtp.take()] == ["MAIL FROM:<>"])
    place.send("a@inet.example")
    check("lmtp: at TCP", len(at_port.take()) == 1)
    place.logs("lmtp: its port", r"relay=127\.0\.0\.1\[127\.0\.0\.1\]:%d, "
               % (options.port + 2))
    place.send("a@name.example")
    check("lmtp: a name is a host", len(at_port.take()) == 1)
    place.send("a@else.example")
    check("smtp: with its own name", len(place.smtp.take()) == 1 and
          "EHLO helo.example" in place.smtp.lines, place.smtp.lines)
    place.send("a@gone.example")
    place.logs("lmtp: no socket", r"to=<a@gone\.example>, relay=none, .*"
               r"dsn=4\.4\.1, status=deferred \(connect to tern\.example"
               r"\[gone\]: No such file or directory\)")
    at_socket.verdicts = {}
    place.suite.flush()
    mails = at_socket.take()
    check("lmtp: again, for who was deferred", len(mails) == 1 and
          len(mails[0].rcpts) == 1 and "<full@" in mails[0].rcpts[0],
          [mail.rcpts for mail in mails])
    place.close(at_socket, at_port)


def part_tables(options):
    """lmtp asks its own tables, and never those of smtp."""
    place = Place(
        options, LMTP + "bare unix - - n - - lmtp\n"
        "    -o lmtp_sasl_password_maps= -o lmtp_generic_maps=\n"
        "strict unix - - n - - lmtp\n"
        "    -o lmtp_tls_policy_maps=static:encrypt\n", {
            "smtp_generic_maps": "inline:{s@c.example=smtp@out.example}",
            "lmtp_generic_maps": "inline:{s@c.example=lmtp@out.example}",
            "smtp_tls_policy_maps": "static:none",
            "smtp_sasl_auth_enable": "yes", "lmtp_sasl_auth_enable": "yes",
            "smtp_sasl_password_maps": "static:smtp:secret",
            "lmtp_sasl_password_maps": "static:lmtp:secret",
            "smtp_sasl_security_options": "noanonymous",
            "lmtp_sasl_security_options": "noanonymous",
            "transport_maps": "inline:{ %s }" % " ".join(
                "{ %s.example = %s:inet:127.0.0.1:%d }" %
                (name, name, options.port + 2)
                for name in ("lmtp", "bare", "strict"))})
    server = Server(options.port + 2, is_lmtp=True)
    server.keywords = place.smtp.keywords = ["AUTH PLAIN"]
    place.start()
    for domain, at, sender, login in (
            ("smtp", place.smtp, "smtp@out", "smtp"),
            ("lmtp", server, "lmtp@out", "lmtp"),
            ("bare", server, "s@c", None), ("lmtp", server, "lmtp@out", ""),
            ("smtp", place.smtp, "smtp@out", "")):
        at.lines.clear()
        place.send("a@%s.example" % domain)
        mails = at.take()
        check("tables: addresses of " + domain, len(mails) == 1 and
              "<%s.example>" % sender in mails[0].sender,
              [mail.sender for mail in mails])
        said = [line for line in at.lines if line.startswith("AUTH")]
        want = ["AUTH PLAIN " + base64.b64encode(
            b"%s\0%s\0secret" % (b"", login.encode())).decode()
            ] if login else []
        # A connection that is used again is logged in already.
        check("tables: login of " + domain,
              said == want or (login == "" and len(said) < 2), said)
    server.lines.clear()
    place.send("a@strict.example")
    place.logs("tables: lmtp_tls_policy_maps", r"to=<a@strict\.example>, "
               r".*status=deferred \(TLS is required, but was not offered")
    check("tables: nothing without TLS", server.tries == 3 and
          not any(line.startswith(("AUTH", "MAIL")) for line in
                  server.lines), server.lines)
    place.close(server)


RELAY = "relay unix - - n - - smtp -o syslog_name=tern/relay\n"


def part_relay(options):
    """relay_transport is relay where there is one, else default_transport."""
    for services, tag in ((RELAY, "tern/relay/smtp"), ("", "tern/smtp")):
        place = Place(options, services, {"relay_domains": "relay.example"})
        place.start()
        place.send("a@relay.example", "a@else.example")
        place.smtp.take(2)
        place.logs("relay: " + tag, r" %s\[\d+\]: \w+: to=<a@relay\."
                   r"example>, .*status=sent" % tag)
        place.logs("relay: others", r" tern/smtp\[\d+\]: \w+: to=<a@else\."
                   r"example>, .*status=sent")
        place.close()


def part_twice(options):
    """Two names that lead to one recipient."""
    aliases = {"virtual_alias_maps": "inline:{ { list@x.example = "
               "a@x.example, b@x.example } { other@x.example = b@x.example } "
               "}"}
    for original, want in (("yes", ["a", "b", "b", "c"]),
                           ("no", ["a", "b", "c"])):
        place = Place(options, "", dict(
            aliases, enable_original_recipient=original))
        place.start()
        place.send("list@x.example", "other@x.example", "c@x.example",
                   "C@x.example", "c@x.example")
        mails = place.smtp.take()
        got = sorted(line.split("<")[1].split("@")[0].lower()
                     for mail in mails for line in mail.rcpts)
        check("twice: enable_original_recipient = " + original,
              len(mails) == 1 and got == want, got)
        place.close()


def part_case(options):
    """Case makes no other recipient, whatever the filter looks at."""
    for value in ("yes", "no"):
        place = Place(options, "", {"enable_original_recipient": value})
        place.start()
        place.send("a@d.example", "A@d.example", "a@D.EXAMPLE", "b@d.example")
        mails = place.smtp.take()
        check("case: one copy, " + value, len(mails) == 1 and
              len(mails[0].rcpts) == 2, [mail.rcpts for mail in mails])
        place.close()


def part_copies(options):
    """always_bcc, and copies by sender and recipient (A06)."""
    place = Place(options, "", {
        "always_bcc": "all@x.example",
        "sender_bcc_maps": "inline:{ { s@c.example = sent@x.example } "
        "{ other@c.example = wrong@x.example } }",
        "recipient_bcc_maps": "inline:{ { @y.example = got@x.example } }",
        "virtual_alias_maps": "inline:{ { got@x.example = kept@x.example } }"
        })
    place.start()
    for recipient, want in (("a@x.example", ["a", "all", "sent"]),
                            ("a@y.example", ["a", "all", "kept", "sent"])):
        place.send(recipient)
        mails = place.smtp.take()
        got = sorted(line.split("<")[1].split("@")[0]
                     for mail in mails for line in mail.rcpts)
        check("copies: of mail to " + recipient,
              len(mails) == 1 and got == want, got)
        check("copies: nobody is told of them", all(
            "NOTIFY=NEVER" in line for line in mails[0].rcpts
            if "<a@" not in line), mails[0].rcpts)
    place.close()


def part_generic(options):
    """Each service has the tables that its line of master.cf says."""
    place = Place(
        options, "slow unix - - n - - smtp\n"
        "    -o smtp_generic_maps=inline:{s@c.example=slow@out.example}\n"
        "plain unix - - n - - smtp -o smtp_generic_maps=\n", {
            "smtp_generic_maps": "inline:{s@c.example=main@out.example}",
            "transport_maps": "inline:{ { slow.example = slow: } "
            "{ plain.example = plain: } }",
            "relayhost": "",
            "smtp_fallback_relay": "[127.0.0.1]:%d" % (options.port + 1)})
    place.start()
    for domain, want in (("main", "main@out"), ("slow", "slow@out"),
                         ("plain", "s@c"), ("main", "main@out")):
        place.send("a@[127.0.0.1]" if domain == "" else
                   "a@%s.example" % domain)
        mails = place.smtp.take()
        check("generic: " + domain, len(mails) == 1 and
              "<%s.example>" % want in mails[0].sender,
              [mail.sender for mail in mails])
    place.close()


def part_put_off(options):
    """defer_transports: only a flush sends it."""
    place = Place(options, "later unix - - n - - smtp\n", {
        "defer_transports": "uucp, later", "minimal_backoff_time": "300s",
        "maximal_backoff_time": "300s",
        "transport_maps": "inline:{ { later.example = later:[127.0.0.1]:%d } "
        "}" % (options.port + 1)})
    place.start()
    place.send("a@later.example", "b@now.example")
    mails = place.smtp.take()
    check("put off: others go", len(mails) == 1 and
          "<b@now.example>" in mails[0].rcpts[0], [m.rcpts for m in mails])
    place.logs("put off: it is deferred", r"to=<a@later\.example>, "
               r"relay=none, .*dsn=4\.3\.2, status=deferred "
               r"\(deferred transport\)")
    place.suite.flush()
    mails = place.smtp.take()
    check("put off: flushed, it goes", len(mails) == 1 and
          "<a@later.example>" in mails[0].rcpts[0], [m.rcpts for m in mails])
    # Once is once.
    place.smtp.is_ready = False
    place.send("c@later.example")
    place.suite.wait_log("deferred transport", count=2)
    place.suite.flush()
    place.logs("put off: flushed, it is tried", r"to=<c@later\.example>, "
               r".*status=deferred .*not yet")
    place.smtp.is_ready = True
    tool(place.suite, "ternsuper", "-r", "ALL")
    place.logs("put off: and after that it waits again",
               r"to=<c@later\.example>, .*\(deferred transport\)(.*\n)*.*"
               r"to=<c@later\.example>, .*not yet(.*\n)*.*"
               r"to=<c@later\.example>, .*\(deferred transport\)")
    place.close()


def part_filter(options):
    """smtp_delivery_status_filter makes of a delay a failure, of no failure
    a success."""
    place = Place(options, "", {
        "default_delivery_status_filter": "pcre:{{/^4\\.3\\.0 (.*not yet.*)/ "
        "5.3.0 never: $$1} {/^2\\./ 5.0.0 lost}}",
        "smtp_reply_filter": "pcre:{{/^250 (.*)/ 250 filtered $$1}}"})
    place.start()
    place.smtp.is_ready = False
    place.send("a@x.example")
    place.logs("filter: deferred is bounced", r"to=<a@x\.example>, .*"
               r"dsn=5\.3\.0, status=bounced \(never: host .*not yet")
    place.smtp.is_ready = True
    place.send("b@x.example")
    place.logs("filter: sent is sent", r"to=<b@x\.example>, .*dsn=2\.0\.0, "
               r"status=sent \(250 filtered ")
    place.logs("filter: with a warning", r"warning: delivery status filter: "
               r"ignoring \"5\.0\.0 lost\"")
    place.close()


def part_discard(options):
    """EHLO keywords that one server, by its address, is not believed."""
    place = Place(options, "", {
        "smtp_discard_ehlo_keywords": "dsn",
        "smtp_discard_ehlo_keyword_address_maps":
        "inline:{ { 127.0.0.1 = 8BITMIME, pipelining, size } }"})
    place.smtp.keywords = ["SIZE 1000000"]
    place.start()
    place.send("a@x.example")
    place.smtp.take()
    lines = " ".join(place.smtp.lines)
    check("discard: what its entry says is not used", "SIZE=" not in lines
          and "MAIL FROM:<s@c.example>" in lines, lines)
    check("discard: the parameter is not, where there is an entry",
          "ORCPT=" in lines, lines)
    place.close()


def part_stamp(options):
    """flags=DORX of a service that delivers to mailboxes."""
    place = Place(options, "lmtp unix - - n - - lmtp flags=DORX\n"
                  "many unix - - n - - lmtp flags=D\n"
                  "plain unix - - n - - lmtp flags=RX\n", {
                      "lmtp_destination_recipient_limit": "1",
                      "virtual_alias_maps":
                      "inline:{ { alias@x.example = a@box.example } }",
                      "transport_maps":
                      "inline:{ { box.example = lmtp:unix:Next } "
                      "{ many.example = many:unix:Next } "
                      "{ plain.example = plain:unix:Next } }"})
    os.chmod(place.spool, 0o755)
    server = SocketServer(os.path.join(place.spool, "Next"), is_lmtp=True)
    server.keywords = ["SIZE"]
    place.start()
    place.send("alias@x.example")
    mail = server.take()[0]
    check("stamp: three headers", mail.text.startswith(
        b"Return-Path: <s@c.example>\r\nX-Original-To: alias@x.example\r\n"
        b"Delivered-To: a@box.example\r\nReceived: "), mail.text[:300])
    check("stamp: they count", "SIZE=%d" % len(mail.text) in mail.sender,
          (mail.sender, len(mail.text)))
    for size in (1, 40000):
        submit(place.port, "X: y\r\nDelivered-To: b@box.example\r\n"
               "Delivered-To:  C@box.example", "Delivered-To: a@box.example"
               "\r\n" + "text\r\n" * size,
               rcpts=("a@box.example", "c@box.example"))
        mails = server.take()
        check("stamp: a loop is one of the recipient alone, in the header, "
              "%d" % size, [m.rcpts[0][:22] for m in mails] ==
              ["RCPT TO:<a@box.example"], [m.rcpts for m in mails])
        check("stamp: all of it arrives, %d" % size, mails[0].text.endswith(
            b"\r\n\r\nDelivered-To: a@box.example\r\n" +
            b"text\r\n" * size), mails[0].text[-300:])
        place.logs("stamp: the loop, %d" % size, r"to=<c@box\.example>, "
                   r"relay=none, .*dsn=5\.4\.6, status=bounced "
                   r"\(mail forwarding loop for c@box\.example\)")
        place.suite.tern("flush")
        tool(place.suite, "ternsuper", "-d", "ALL")
    place.send("a@plain.example", "b@plain.example")
    mail = server.take()[0]
    check("stamp: R alone, and for two", len(mail.rcpts) == 2 and
          mail.text.startswith(b"Return-Path: <s@c.example>\r\nReceived:"),
          mail.text[:200])
    place.send("a@many.example", "b@many.example")
    place.logs("stamp: D for two is a mistake", r"to=<b@many\.example>, .*"
               r"dsn=4\.3\.5, status=deferred \(mail system configuration "
               r"error\)")
    place.close(server)


def part_cache(options):
    """To which destinations connections are kept."""
    for kept, count in (("127.0.0.1", 1), ("other.example", 2)):
        place = Place(options, "", {
            "smtp_connection_cache_on_demand": "no",
            "smtp_connection_cache_destinations": "[127.0.0.2], " + kept})
        place.start()
        for user in ("a", "b"):
            place.send(user + "@x.example")
            place.smtp.take()
        check("cache: %d connections where it is for %s" % (count, kept),
              len(place.smtp.peers) == count, place.smtp.peers)
        place.close()


def timed(place, name, domains, least):
    """Mail to each; how long all of it took to arrive."""
    begin = time.monotonic()
    for i, domain in enumerate(domains):
        place.send("a%d@%s" % (i, domain))
    mails = place.smtp.take(len(domains))
    took = time.monotonic() - begin
    check("delays: %s: all arrive" % name, len(mails) == len(domains),
          len(mails))
    check("delays: %s: in time" % name, least - 0.2 < took < least + 4, took)


def part_delays(options):
    """default_destination_rate_delay and its like for one transport."""
    hops = tuple("[%s]:%d" % (host, options.port + 1)
                 for host in ("127.0.0.1", "localhost"))
    place = Place(options, "slow unix - - n - - smtp\n"
                  "lane unix - - n - - smtp\n", {
                      "slow_destination_rate_delay": "1s",
                      "lane_transport_rate_delay": "1s",
                      "inet_protocols": "ipv4",
                      "transport_maps": "inline:{ { slow.example = slow:%s } "
                      "{ other.example = slow:%s } { lane.example = lane:%s }"
                      " { side.example = lane:%s } }" % (hops + hops)})
    place.start()
    timed(place, "of others", ["quick.example"] * 3, 0)
    timed(place, "of a destination", ["slow.example"] * 3, 2)
    timed(place, "of two, beside each other", ["slow.example"] +
          ["other.example"] * 2, 1)
    timed(place, "of a transport", ["lane.example", "side.example",
                                    "lane.example"], 2)
    place.close()


def part_bind(options):
    """The address that mail leaves from; each service may have its own."""
    place = Place(options, "other unix - - n - - smtp\n"
                  "    -o smtp_bind_address=127.0.0.10\n", {
                      "smtp_bind_address": "127.0.0.9",
                      "transport_maps": "inline:{ { other.example = "
                      "other:[127.0.0.1]:%d } }" % (options.port + 1)})
    place.start()
    for domain, want in (("main", "127.0.0.9"), ("other", "127.0.0.10")):
        place.send("a@%s.example" % domain)
        place.smtp.take()
        check("bind: " + domain, place.smtp.peers[-1][0] == want,
              place.smtp.peers)
    place.close()


def part_bind_fails(options):
    """One that this machine does not have."""
    place = Place(options, "strict unix - - n - - smtp\n"
                  "    -o smtp_bind_address_enforce=yes\n", {
                      "smtp_bind_address": "192.0.2.1",
                      "transport_maps": "inline:{ { strict.example = "
                      "strict:[127.0.0.1]:%d } }" % (options.port + 1)})
    place.start()
    place.send("a@main.example")
    place.smtp.take()
    check("bind fails: sent all the same",
          place.smtp.peers[-1][0] == "127.0.0.1", place.smtp.peers)
    check("bind fails: a warning", "smtp_bind_address 192.0.2.1: Cannot "
          "assign requested address" in place.suite.log_text())
    place.send("a@strict.example")
    check("bind fails: smtp_bind_address_enforce", wait_for(lambda: re.search(
        r"to=<a@strict\.example>, .*relay=none,.*dsn=4\.4\.0, "
        r"status=deferred \(server configuration error\)",
        place.suite.log_text())), place.suite.log_text()[-600:])
    place.close()


if __name__ == "__main__":
    sys.exit(run("services", {"lmtp": part_lmtp, "tables": part_tables,
                              "relay": part_relay,
                              "twice": part_twice,
                              "copies": part_copies, "case": part_case,
                              "generic": part_generic,
                              "discard": part_discard,
                              "cache": part_cache, "stamp": part_stamp,
                              "delays": part_delays, "put_off": part_put_off, "filter": part_filter,
                              "bind": part_bind,
                              "bind_fails": part_bind_fails}))
