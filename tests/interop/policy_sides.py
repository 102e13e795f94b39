"""The same policy for Postfix and Tern, and a client of both."""

import os
import re
import socket

# The DNS that both ask.
ZONES = {
    # Whatever is not below is not there.
    ".": "",
    "names.example": """
one         A    127.0.2.1
            MX   10 one
two         A    127.0.2.2
bad-mx      MX   10 bad-host
bad-host    A    127.9.9.9
null        MX   0 .
lone        A    127.0.2.9
text        TXT  "nothing else"
dangling    MX   10 nowhere
alias       CNAME one
below       NS   bad-ns
bad-ns      A    127.8.8.8
@           MX   10 one
liar        A    127.0.2.99
""",
    "trouble.example": "broken ( SOA\n",
    "list.example": """
3.2.0.127   A    127.0.0.2
3.2.0.127   TXT  "see http://list.example/3"
4.2.0.127   A    127.0.0.9
5.2.0.127   A    127.0.0.10
spam.example    A   127.0.0.2
spam.example    TXT "a spammer"
two.names.example   A   127.0.0.3
""",
    "good.example": """
3.2.0.127   A    127.0.0.2
4.2.0.127   A    127.0.0.2
two.names.example   A   127.0.0.2
""",
    "127.in-addr.arpa": """
1.2.0       PTR  one.names.example.
2.2.0       PTR  two.names.example.
3.2.0       PTR  liar.names.example.
4.2.0       PTR  nowhere.names.example.
5.2.0       PTR  127.0.0.1.
6.2.0       PTR  no-dot.
7.2.0       PTR  x.trouble.example.
8.2.0       PTR  under_score.names.example.
""",
}

# Both read this; {tables} is the folder of the group's tables.
COMMON = """\
compatibility_level = 3.6
myhostname = mail.ours.example
mydomain = ours.example
myorigin = ours.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.1/32, 127.1.0.0/16
mydestination = mail.ours.example, local.example
alias_maps =
alias_database =
local_recipient_maps = texthash:{tables}/locals
local_transport = smtp:[127.0.0.13]:2525
relay_domains = relay.example
relay_recipient_maps = texthash:{tables}/relays
relay_transport = relay
virtual_alias_domains = alias.example
virtual_alias_maps = texthash:{tables}/aliases
virtual_mailbox_domains = box.example
virtual_mailbox_maps = texthash:{tables}/boxes
virtual_transport = smtp:[127.0.0.14]:2525
relayhost = [127.0.0.11]:2525
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 10000
smtpd_hard_error_limit = 10000
smtpd_junk_command_limit = 10000
smtpd_client_connection_count_limit = 0
smtpd_timeout = 60s
minimal_backoff_time = 1000s
"""
TABLES = {
    "locals": "user x\nother@local.example x\npostmaster x\n",
    "relays": "user@relay.example x\nother@relay.example x\n",
    "aliases": "info@alias.example user@local.example\n"
               "two@alias.example user@local.example, x@far.example\n"
               "postmaster@alias.example postmaster\n"
               "listed@local.example x@far.example\n",
    "boxes": "box@box.example x\nuser@box.example x\n",
}

WHAT = re.compile(
    r": (\w+): ((?:reject|reject_warning|hold|discard|filter|redirect|bcc|"
    r"prepend|warn|warning|info|replace|strip|ignore|pass): (?:CONNECT|HELO|"
    r"EHLO|MAIL|RCPT|DATA|END-OF-MESSAGE|VRFY|header|mime-header|"
    r"nested-header|body) .*)")


def set_up(kind, bin_dir, folder, group, first):
    """A mail system with the configuration of a group, whose cases are
    services on the ports from first on."""
    tables = os.path.join(folder, "tables")
    write_tables(tables, group.tables)

    def fill(text):
        return text.replace("{tables}", tables)

    settings = dict(line.split(" = ", 1) if " = " in line else
                    line.split(" =", 1) for line in COMMON.splitlines())
    settings = {name: fill(value) for name, value in
                {**settings, **group.settings}.items()}
    ports = range(first, first + len(group.cases))
    services = "".join(
        "127.0.0.1:%d inet n - n - - smtpd%s\n" % (port, "".join(
            "\n  -o { %s = %s }" % (name, fill(value))
            for name, value in case.settings.items()))
        for port, case in zip(ports, group.cases))
    return kind(bin_dir, folder, settings, services, ports)


def write_tables(folder, more):
    os.makedirs(folder, exist_ok=True)
    for name, text in {**TABLES, **more}.items():
        with open(os.path.join(folder, name), "w",
                  encoding="latin-1") as file:
            file.write(text)


def decisions(side):
    """Lines about who was refused, and what was done to messages; not
    those about what is no address, and of addresses in quotes."""
    found = set()
    for line in side.log().splitlines():
        match = WHAT.search(line)
        if match and not re.search(
                r"[\"%!]|\.>|: 50[01] |: 553 5\.6\.7 ", match.group(2)):
            found.add(match.group(2))
    return found


# ---- a client --------------------------------------------------------------

class Talk:
    """Commands of a client at source; what begins with "=" is content, sent
    when the reply before was 354."""

    def __init__(self, lines, source="127.0.2.1", helo="EHLO c.example"):
        self.lines = [helo] * bool(helo) + lines
        self.source, self.helo = source, helo


def read_reply(stream):
    """The reply in one line; None when the server has closed."""
    texts = []
    while True:
        line = stream.readline()
        if not line.endswith(b"\r\n"):
            return None
        line = line.decode("latin-1").rstrip()
        texts.append(line[4:] if texts else line)
        if line[3:4] != "-":
            return " ".join(texts)


def play(port, talk):
    """What the server says to each line, the greeting to the first."""
    replies = []
    with socket.create_connection(("127.0.0.1", port), 20,
                                  (talk.source, 0)) as sock:
        stream = sock.makefile("rb")
        last = read_reply(stream)
        if last is None or not last.startswith("220"):
            return [last] + [None] * (len(talk.lines) - 1)
        for line in talk.lines:
            if line.startswith("="):
                if not (last or "").startswith("354"):
                    replies.append("no content")
                    continue
                line = line[1:] + "\r\n."
            try:
                sock.sendall(line.encode("latin-1") + b"\r\n")
                last = read_reply(stream)
            except OSError:
                last = None
            replies.append(last)
        try:
            sock.sendall(b"QUIT\r\n")
        except OSError:
            pass
    return replies
