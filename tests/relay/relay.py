#!/usr/bin/env python3
"""The configurations that Postfix's manuals describe, each with its tables:
what is delivered where, and what is refused.

usage: relay.py BINDIR [-p PORT] [part...]

In each part 127.0.0.1 is one of the own network, 127.0.0.2 a stranger, and
servers for mail listen on 127.0.0.11 and so on.  The last line is "relay: N
passed, M failed".
"""

import glob
import os
import re
import smtplib
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from private_suite import Suite, listens, wait_for          # noqa: E402
from queue_case import check, run                           # noqa: E402

SERVERS = {"gateway": "127.0.0.11", "inside": "127.0.0.12",
           "local": "127.0.0.13", "mailboxes": "127.0.0.14"}

# As nmap's smtp-open-relay tries them, and some more.
OPEN = ("user@elsewhere.example", "user%elsewhere.example@[127.0.0.1]",
        "user%elsewhere.example@{host}", '"user@elsewhere.example"',
        '"user%elsewhere.example"', "user%elsewhere.example",
        "user@elsewhere.example@[127.0.0.1]",
        '"user@elsewhere.example"@[127.0.0.1]',
        "user@elsewhere.example@{host}", '"user@elsewhere.example"@{host}',
        "@[127.0.0.1]:user@elsewhere.example",
        "@{host}:user@elsewhere.example", "elsewhere.example!user",
        "elsewhere.example!user@[127.0.0.1]", "elsewhere.example!user@{host}",
        "user%elsewhere.example@{domain}", "elsewhere.example!user@{domain}",
        '"user@elsewhere.example"@{domain}', "user@elsewhere.example@{domain}",
        "@{domain}:user@elsewhere.example",
        "user@elsewhere.example.{domain}x", "us\xe9r@{domain}",
        "user@[192.0.2.77]")


class Site:
    """main.cf is text; {etc} and the servers' names in it are replaced."""

    def __init__(self, options, part, main, **tables):
        self.part = part
        self.suite = Suite(options.bin, options.port, options.port + 1)
        self.values = {name: "[%s]:%d" % (ip, self.suite.sink_port)
                       for name, ip in SERVERS.items()}
        self.values["etc"] = self.suite.etc
        self.sinks = []
        for name, text in tables.items():
            self.write(name, text)
        with open(os.path.join(self.suite.etc, "main.cf"), "a") as f:
            f.write("relayhost =\nmynetworks = 127.0.0.1/32\n"
                    "inet_interfaces = 127.0.0.1\n"
                    "smtpd_error_sleep_time = 0s\n"
                    "smtpd_hard_error_limit = 1000\n" + self.fill(main))
        with open(os.path.join(self.suite.etc, "master.cf"), "a") as f:
            f.write("relay unix - - - - - smtp\n")

    def fill(self, text):
        for name, value in self.values.items():
            text = text.replace("{%s}" % name, value)
        return "\n".join(line.strip() for line in text.split("\n")) + "\n"

    def write(self, table, text):
        path = os.path.join(self.suite.etc, table)
        with open(path + ".new", "w") as f:
            f.write(self.fill(text))
        os.rename(path + ".new", path)

    def __enter__(self):
        for name, ip in SERVERS.items():
            folder = os.path.join(self.suite.dir, "at-" + name)
            done = os.path.join(self.suite.dir, "port-" + name)
            os.mkdir(folder)
            self.sinks.append(subprocess.Popen(
                [self.suite.program("ternsink"), "-q", "-D", folder, "-p",
                 done, "%s:%d" % (ip, self.suite.sink_port)]))
            if not wait_for(lambda: os.path.exists(done)):
                raise RuntimeError("no server on " + ip)
        self.suite.start()
        if not wait_for(lambda: listens(self.suite.port)):
            raise RuntimeError("nobody listens")
        return self

    def __exit__(self, *_):
        log = self.suite.log_text()
        check(self.part + ": nothing broke", not re.search(
            "panic|fatal|exit status|killed by", log), self.suite.dir)
        self.suite.close()
        for sink in self.sinks:
            sink.terminate()
            sink.wait(20)

    def say(self, sender, recipients, stranger=False, data=None):
        """The replies to each RCPT; with data, the message is sent."""
        address = "127.0.0.2" if stranger else "127.0.0.1"
        with smtplib.SMTP("127.0.0.1", self.suite.port, timeout=20,
                          source_address=(address, 0)) as client:
            client.command_encoding = "latin-1"
            client.ehlo("client.example")
            code, text = client.docmd("MAIL FROM:<%s>" % sender)
            if code != 250:
                return ["%d %s" % (code, text.decode())]
            replies = []
            for recipient in recipients:
                code, text = client.docmd("RCPT TO:<%s>" % recipient)
                replies.append("%d %s" % (code, text.decode()))
            if data is not None and any(reply.startswith("250")
                                        for reply in replies):
                client.data(data)
        return replies

    def send(self, recipient, stranger=False, sender="me@client.example",
             data="Subject: x\r\n\r\nx\r\n"):
        reply = self.say(sender, [recipient], stranger, data)[0]
        if not reply.startswith("250"):
            check("%s: %s is accepted" % (self.part, recipient), False,
                  reply)

    def at(self, server):
        """Recipients and text of all that has arrived there."""
        found = []
        for name in glob.glob(os.path.join(self.suite.dir, "at-" + server,
                                           "[0-9]*")):
            with open(name, encoding="latin-1", newline="") as f:
                envelope, _, text = f.read().partition("\n\n")
            found.append((re.findall(r"RCPT TO:<(.*?)>", envelope),
                          re.search(r"MAIL FROM:<(.*?)>", envelope).group(1),
                          text))
        return found

    def expect(self, server, *recipients):
        """Mail for them has arrived there, in any number of messages."""
        def look():
            return sorted(r for m in self.at(server) for r in m[0])
        got = wait_for(lambda: set(recipients) <= set(look()) and look())
        check("%s: %s has mail for %s" % (self.part, server,
                                          ", ".join(recipients)), got,
              look())

    def refuse(self, recipient, pattern, stranger=True):
        reply = self.say("me@client.example", [recipient], stranger)[0]
        check("%s: %s: %s" % (self.part, recipient, pattern),
              re.match(pattern, reply), reply)

    def no_relay(self, domain):
        for sender in ("", "me@elsewhere.example", "me@" + domain):
            tried = [text.replace("{host}", "tern.example").replace(
                "{domain}", domain) for text in OPEN]
            replies = self.say(sender, tried, True)
            bad = [pair for pair in zip(tried, replies)
                   if not re.match(r"5|454 4\.7\.1 ", pair[1])]
            check("%s: no open relay for <%s>" % (self.part, sender),
                  len(replies) == len(tried) and not bad, bad or replies)


# ---- STANDARD_CONFIGURATION ------------------------------------------------

def null_client(options):
    """Sends all it has to the gateway, and takes nothing."""
    with Site(options, "null", """
            myhostname = host.ours.example
            myorigin = $mydomain
            relayhost = {gateway}
            inet_interfaces = loopback-only
            mydestination =
            """) as site:
        site.send("user")
        site.send("root@host.ours.example")
        site.send("someone@elsewhere.example")
        site.expect("gateway", "user@ours.example",
                    "root@host.ours.example", "someone@elsewhere.example")
        site.refuse("root@host.ours.example", "454 4.7.1 ")
        site.no_relay("ours.example")


def local_network(options):
    """Of a network with a mail server: local mail here, all else there."""
    with Site(options, "lan", """
            myhostname = host.ours.example
            myorigin = $mydomain
            relay_domains =
            mydestination = $myhostname, localhost.$mydomain, localhost
            relayhost = {gateway}
            transport_maps = texthash:{etc}/transport
            local_transport = smtp:{local}
            local_recipient_maps = texthash:{etc}/users
            virtual_alias_maps = texthash:{etc}/virtual
            """, users="root x\njoe x\n", virtual="""
            root                root@localhost
            """, transport="""
            host.ours.example   :
            ours.example        :{inside}
            .ours.example       :{inside}
            """) as site:
        site.send("joe@host.ours.example")
        site.send("joe@[127.0.0.1]")
        site.send("joe")
        site.send("jane@other.ours.example")
        site.send("someone@elsewhere.example")
        site.expect("local", "joe@host.ours.example", "joe@[127.0.0.1]")
        site.expect("inside", "joe@ours.example", "jane@other.ours.example")
        # Some accounts are local, though $myorigin is elsewhere.
        site.send("root")
        site.expect("local", "root@localhost")
        site.expect("gateway", "someone@elsewhere.example")
        site.send("root@localhost", stranger=True)
        site.expect("local", "root@localhost")
        site.refuse("nobody@host.ours.example", "550 5.1.1 .*: Recipient "
                    "address rejected: User unknown in local recipient "
                    "table", False)
        site.refuse("joe@ours.example", "454 4.7.1 .*Relay access denied")
        site.no_relay("host.ours.example")


def behind(options):
    """Behind a firewall: inside directly, all else by the gateway."""
    with Site(options, "behind", """
            myhostname = host.ours.example
            myorigin = $mydomain
            mydestination =
            relay_domains =
            transport_maps = texthash:{etc}/transport
            """, transport="""
            # Internal delivery.
            ours.example        :{inside}
            .ours.example       :{inside}
            # External delivery.
            *                   smtp:{gateway}
            """) as site:
        site.send("joe@ours.example")
        site.send("joe@deep.sub.ours.example")
        site.send("joe")
        site.send("someone@elsewhere.example")
        site.send("someone@notours.example")
        site.expect("inside", "joe@ours.example",
                    "joe@deep.sub.ours.example")
        site.expect("gateway", "someone@elsewhere.example",
                    "someone@notours.example")
        site.no_relay("ours.example")


def firewall(options):
    """Between a network and the world: no mail of its own."""
    with Site(options, "firewall", """
            myorigin = ours.example
            mydestination =
            local_recipient_maps =
            local_transport = error:local mail delivery is disabled
            relay_domains = ours.example
            relay_recipient_maps = texthash:{etc}/relay_recipients
            parent_domain_matches_subdomains = debug_peer_list
            virtual_alias_maps = texthash:{etc}/virtual
            transport_maps = texthash:{etc}/transport
            relayhost = {gateway}
            """, relay_recipients="joe@ours.example x\n", virtual="""
            postmaster          postmaster@ours.example
            abuse               joe@ours.example
            later               x@later.example
            """, transport="""
            ours.example        relay:{inside}
            gone.example        error:5.1.2 no such domain any more
            never.example       discard:silently
            later.example       retry:4.2.2 not now
            """) as site:
        site.send("joe@ours.example", stranger=True)
        site.send("postmaster", stranger=True)
        site.expect("inside", "joe@ours.example", "postmaster@ours.example")
        site.send("someone@elsewhere.example")
        site.expect("gateway", "someone@elsewhere.example")
        site.refuse("jane@ours.example", "550 5.1.1 .*User unknown in relay "
                    "recipient table")
        site.refuse("joe@sub.ours.example", "454 4.7.1 ")
        site.refuse("x@[127.0.0.1]", "550 5.1.1 .*: Recipient address "
                    "rejected: local mail delivery is disabled")
        site.refuse("x@gone.example", "550 5.1.2 .*: Recipient address "
                    "rejected: no such domain any more", False)
        site.send("x@never.example")
        site.refuse("x@later.example", "450 4.2.2 .*: Recipient address "
                    "rejected: not now", False)
        site.send("later")
        check("firewall: discard: and retry:", site.suite.wait_log(
            r"to=<x@never.example>.*status=sent \(silently\)") and
              site.suite.wait_log(r"to=<x@later.example>.*dsn=4.2.2, "
                                  r"status=deferred \(not now\)"))
        site.no_relay("ours.example")
        # The very next question sees what has been written.
        site.write("relay_recipients", "joe@ours.example x\n"
                   "jane@ours.example x\n")
        site.send("jane@ours.example", stranger=True)
        site.write("transport", "ours.example relay:{local}\n")
        site.send("joe@ours.example", stranger=True)
        site.expect("inside", "jane@ours.example")
        site.expect("local", "joe@ours.example")
        site.write("relay_recipients", "joe@ours.example x\n")
        site.refuse("jane@ours.example", "550 5.1.1 ")
        # What is not there refuses nobody for good.
        os.unlink(os.path.join(site.suite.etc, "relay_recipients"))
        site.refuse("joe@ours.example", "451 4.3.0 <joe@ours.example>: "
                    "Temporary lookup failure")
        site.refuse("user@elsewhere.example", "454 4.7.1 ")


def backup(options):
    """Second mail server of a domain that is elsewhere."""
    with Site(options, "backup", """
            mydestination = tern.example, localhost
            local_recipient_maps =
            local_transport = smtp:{local}
            relay_domains = $mydestination, backed-up.example
            relay_recipient_maps = texthash:{etc}/relay_recipients
            transport_maps = texthash:{etc}/transport
            """, relay_recipients="@backed-up.example x\n",
              transport="backed-up.example relay:{inside}\n") as site:
        site.send("anyone@backed-up.example", stranger=True)
        site.send("u@Backed-Up.Example.", stranger=True)
        site.send("one@tern.example", stranger=True)
        site.expect("inside", "anyone@backed-up.example",
                    "u@Backed-Up.Example")
        site.expect("local", "one@tern.example")
        site.refuse("u@sub.backed-up.example", "550 5.1.1 ")
        site.no_relay("backed-up.example")


# ---- VIRTUAL ---------------------------------------------------------------

def aliases(options):
    """Domains all of whose addresses stand for others."""
    with Site(options, "aliases", """
            myorigin = tern.example
            mydestination = tern.example
            local_transport = smtp:{local}
            local_recipient_maps = texthash:{etc}/users
            virtual_alias_domains = alias.example, all.example
            virtual_alias_maps = texthash:{etc}/virtual
            recipient_delimiter = +
            transport_maps = texthash:{etc}/transport
            relayhost = {gateway}
            """, users="joe x\njane x\nbob x\n",
              transport="autoreply.example smtp:{mailboxes}\n", virtual="""
            bob@tern.example    bob@tern.example, bob@autoreply.example
            postmaster@alias.example    joe
            joe@alias.example   joe@somewhere.example
            info@alias.example  joe, jane, list@elsewhere.example
            loop@alias.example  pool@alias.example
            pool@alias.example  loop@alias.example
            @all.example        jane
            """) as site:
        site.send("postmaster@alias.example", stranger=True)
        site.send("joe+folder@alias.example", stranger=True)
        site.expect("local", "joe@tern.example")
        site.expect("gateway", "joe+folder@somewhere.example")
        site.send("info@alias.example", stranger=True)
        site.send("whoever@all.example", stranger=True)
        site.expect("local", "joe@tern.example", "jane@tern.example")
        site.expect("gateway", "list@elsewhere.example")
        # It stands for itself and for who answers in its place.
        site.send("bob@tern.example", stranger=True)
        site.expect("local", "bob@tern.example")
        site.expect("mailboxes", "bob@autoreply.example")
        site.refuse("bob@autoreply.example", "454 4.7.1 ")
        check("aliases: the log has both addresses", site.suite.wait_log(
            "to=<list@elsewhere.example>, orig_to=<info@alias.example>"))
        site.refuse("nobody@alias.example", "550 5.1.1 .*User unknown in "
                    "virtual alias table")
        site.refuse("nobody@tern.example", "550 5.1.1 .*User unknown in "
                    "local recipient table")
        site.refuse("loop@alias.example", "451 4.6.0 .*Alias expansion "
                    "error")
        site.no_relay("alias.example")


def mailboxes(options):
    """Domains of mailboxes that are no accounts."""
    with Site(options, "mailboxes", """
            mydestination = tern.example
            virtual_transport = smtp:{mailboxes}
            virtual_mailbox_domains = box.example texthash:{etc}/more
            virtual_mailbox_maps = texthash:{etc}/vmailbox
            virtual_alias_maps = texthash:{etc}/virtual
            relayhost = {gateway}
            """, more="second.example x\n", vmailbox="""
            info@box.example    box.example/info
            @second.example     second.example/catchall
            """, virtual="""
            postmaster@box.example      postmaster@elsewhere.example
            """) as site:
        site.send("info@box.example", stranger=True)
        site.send("any@second.example", stranger=True)
        site.send("postmaster@box.example", stranger=True)
        site.expect("mailboxes", "info@box.example", "any@second.example")
        site.expect("gateway", "postmaster@elsewhere.example")
        site.refuse("nobody@box.example", "550 5.1.1 .*User unknown in "
                    "virtual mailbox table")
        site.no_relay("box.example")
        site.write("more", "second.example x\nthird.example x\n")
        site.write("vmailbox", "u@third.example x\n")
        site.send("u@third.example", stranger=True)
        site.expect("mailboxes", "u@third.example")
        site.refuse("any@second.example", "550 5.1.1 ")


# ---- what is more ----------------------------------------------------------

def rewriting(options):
    """Canonical recipients, routes by sender, users that have moved."""
    with Site(options, "rewriting", """
            mydestination = tern.example
            local_recipient_maps = texthash:{etc}/users
            local_transport = smtp:{local}
            recipient_canonical_maps = texthash:{etc}/canonical
            relocated_maps = texthash:{etc}/relocated
            sender_dependent_relayhost_maps = texthash:{etc}/relayhosts
            relayhost = {gateway}
            """, users="joe x\n", canonical="""
            old@tern.example    joe@tern.example
            @other.example      @elsewhere.example
            """, relocated="gone@tern.example new@elsewhere.example\n",
              relayhosts="@inside.example {inside}\n") as site:
        site.send("old@tern.example", stranger=True)
        site.send("u@other.example")
        site.send("u@x.example", sender="me@inside.example")
        site.expect("local", "joe@tern.example")
        site.expect("gateway", "u@elsewhere.example")
        site.expect("inside", "u@x.example")
        site.send("v%y.example@tern.example")
        site.send("y.example!w@tern.example")
        site.expect("gateway", "v@y.example", "w@y.example")
        site.refuse("gone@tern.example", "550 5.1.6 <gone@tern.example>: "
                    "Recipient address rejected: User has moved to "
                    "new@elsewhere.example")
        site.no_relay("tern.example")


LETTER = ("From: \"Me, myself\" <me@host1.ours.example>\r\n"
          "To: joe, undisclosed: old@tern.example (Old\r\n"
          "\tJoe), x@Other.example;\r\nReply-To: me\r\n"
          "Subject: old@tern.example\r\n\r\nTo: joe\r\n")


def header(site, server, sender):
    """Envelope sender and header of the one message from sender."""
    found = wait_for(lambda: [m for m in site.at(server)
                              if "X-From: %s\r\n" % sender in m[2]])
    return (found[0][1], found[0][2]) if found else ("", "")


def headers(options):
    """Senders and headers: completed for own clients, mapped, masked."""
    with Site(options, "headers", """
            myorigin = ours.example
            remote_header_rewrite_domain = domain.invalid
            canonical_maps = texthash:{etc}/canonical
            sender_canonical_maps = texthash:{etc}/senders
            masquerade_domains = ours.example
            relayhost = {gateway}
            """, canonical="old@tern.example joe@new.example\n",
              senders="other@tern.example sender@new.example\n") as site:
        for sender, stranger in (("me@host2.ours.example", False),
                                 ("other@tern.example", False), ("", False)):
            site.send("u@elsewhere.example", stranger, sender,
                      "X-From: %s\r\n%s" % (sender, LETTER))
        want = ("From: \"Me, myself\" <me@ours.example>\r\n"
                "To: joe@ours.example, undisclosed: joe@new.example (Old\r\n"
                "\tJoe), x@Other.example;\r\nReply-To: me@ours.example\r\n"
                "Subject: old@tern.example\r\n")
        for sender, new in (("me@host2.ours.example", "me@ours.example"),
                            ("other@tern.example", "sender@new.example"),
                            ("", "")):
            envelope, text = header(site, "gateway", sender)
            check("headers: the sender <%s> becomes <%s>" % (sender, new),
                  envelope == new, envelope)
            check("headers: all addresses of <%s>'s header" % sender,
                  want in text and text.endswith("\r\n\r\nTo: joe\r\n"),
                  text)
        # More than one question's worth, and a body that waits for it.
        site.write("canonical", "@old.example @new.example\n")
        users = ["u%d@%%s.example" % i for i in range(3000)]
        body = "\r\n\r\n" + ("x" * 70 + "\r\n") * 30000
        site.send("u@elsewhere.example", False, "long@client.example",
                  "X-From: long@client.example\r\nTo: " +
                  ",\r\n ".join(users) % (("old",) * 3000) + body)
        text = header(site, "gateway", "long@client.example")[1]
        check("headers: 3000 recipients and 2 MB", ",\r\n ".join(users) %
              (("new",) * 3000) + "\r\n" in text and text.endswith(
                  body[4:]), len(text))
        # What is not there refuses nobody for good.
        os.unlink(os.path.join(site.suite.etc, "senders"))
        with smtplib.SMTP("127.0.0.1", site.suite.port, timeout=20) as client:
            client.ehlo("client.example")
            client.docmd("MAIL FROM:<me@client.example>")
            client.docmd("RCPT TO:<u@elsewhere.example>")
            reply = client.data(LETTER)
        check("headers: without tables it is later", reply[0] == 451, reply)


def remote(options):
    """A stranger's headers are left alone; its sender is not."""
    with Site(options, "remote", """
            myorigin = ours.example
            relay_domains = ours.example
            sender_canonical_maps = texthash:{etc}/senders
            relayhost = {gateway}
            """, senders="me@client.example you@client.example\n") as site:
        site.send("u@ours.example", True,
                  data="X-From: one\r\nFrom: me@client.example\r\n"
                       "To: joe\r\n\r\nx\r\n")
        envelope, text = header(site, "gateway", "one")
        check("remote: envelope sender", envelope == "you@client.example",
              envelope)
        check("remote: its header is as it was", "From: me@client.example\r\n"
              "To: joe\r\n" in text, text)


def generic(options):
    """A host without a name in the world: its provider's addresses."""
    with Site(options, "generic", """
            myhostname = host.local.invalid
            myorigin = $myhostname
            mydestination =
            smtp_generic_maps = texthash:{etc}/generic
            relayhost = {gateway}
            """, generic="""
            his@host.local.invalid      hisaccount@provider.example
            @host.local.invalid         other@provider.example
            """) as site:
        site.send("someone@elsewhere.example", False,
                  "his@host.local.invalid", "X-From: his\r\n"
                  "From: His <his@host.local.invalid>\r\n"
                  "To: someone@elsewhere.example,\r\n her@host.local.invalid"
                  "\r\n\r\nhis@host.local.invalid\r\n")
        envelope, text = header(site, "gateway", "his")
        check("generic: envelope", envelope == "hisaccount@provider.example",
              envelope)
        check("generic: header", "From: His <hisaccount@provider.example>\r\n"
              "To: someone@elsewhere.example,\r\n other@provider.example\r\n"
              in text and text.endswith("\r\n\r\nhis@host.local.invalid\r\n"),
              text)
        site.send("her@host.local.invalid", False, "",
                  "X-From: long\r\nTo: her\r\n\r\n" +
                  ("x" * 70 + "\r\n") * 10000)
        envelope, text = header(site, "gateway", "long")
        check("generic: a large message", "To: other@provider.example\r\n"
              in text and len(text) > 720000, len(text))
        site.expect("gateway", "other@provider.example")
        check("generic: the log has the address of before",
              site.suite.wait_log(r"to=<her@host.local.invalid>.*sent"))
        os.unlink(os.path.join(site.suite.etc, "generic"))
        site.send("one@elsewhere.example", False, "his@host.local.invalid")
        check("generic: without tables it is later", site.suite.wait_log(
            r"to=<one@elsewhere.example>.*dsn=4.3.0, status=deferred "
            r"\(address rewriting service is not ready\)"))


PARTS = {"null": null_client, "lan": local_network, "behind": behind,
         "firewall": firewall,
         "backup": backup, "aliases": aliases, "mailboxes": mailboxes,
         "rewriting": rewriting, "headers": headers, "remote": remote,
         "generic": generic}


if __name__ == "__main__":
    sys.exit(run("relay", PARTS))
