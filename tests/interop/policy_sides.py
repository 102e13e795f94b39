"""Postfix and Tern with the same policy, and a client of both."""

import json
import os
import re
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
from private_suite import listens, wait_for                 # noqa: E402

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

POSTFIX = """\
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/log
maillog_file_prefixes = /var, /tmp
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
smtp_helo_name = postfix.example
smtpd_discard_ehlo_keywords = ETRN
in_flow_delay = 0
notify_classes =
"""
POSTFIX_MASTER = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""
TERN = """\
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/log
smtp_helo_name = tern.example
"""
TERN_MASTER = """\
cleanup unix - - - - - cleanup
qmgr unix n - - - 1 qmgr
smtp unix - - - - - smtp
relay unix - - - - - smtp
"""
WHAT = re.compile(
    r": (\w+): ((?:reject|reject_warning|hold|discard|filter|redirect|bcc|"
    r"prepend|warn|warning|info|replace|strip|ignore|pass): (?:CONNECT|HELO|"
    r"EHLO|MAIL|RCPT|DATA|END-OF-MESSAGE|VRFY|header|mime-header|"
    r"nested-header|body) .*)")


class Side:
    """A mail system with the configuration of a group; its services listen
    on the ports from first on."""

    name = own = master = None

    def __init__(self, bin_dir, folder, group, first):
        self.bin, self.first, self.count = bin_dir, first, len(group.cases)
        self.group = group
        self.dir = os.path.join(folder, self.name)
        self.tables = os.path.join(folder, "tables")
        os.makedirs(self.tables, exist_ok=True)
        for path in (self.dir, self.dir + "/spool", self.dir + "/data"):
            os.mkdir(path)
        self.write_tables()
        settings = dict(line.split(" = ", 1) if " = " in line else
                        line.split(" =", 1)
                        for line in (COMMON + self.own).splitlines())
        settings.update(group.settings)
        self.write("main.cf", "".join(
            "%s = %s\n" % (name, self.fill(value))
            for name, value in settings.items()))
        self.write("master.cf", "".join(
            "127.0.0.1:%d inet n - n - - smtpd%s\n" % (
                first + i, "".join(
                    "\n  -o { %s = %s }" % (name, self.fill(value))
                    for name, value in case.settings.items()))
            for i, case in enumerate(group.cases)) + self.master)

    def fill(self, text):
        return text.replace("{dir}", self.dir).replace("{tables}",
                                                       self.tables)

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w",
                  encoding="latin-1") as file:
            file.write(text)

    def write_tables(self):
        for name, text in {**TABLES, **self.group.tables}.items():
            with open(os.path.join(self.tables, name), "w",
                      encoding="latin-1") as file:
                file.write(text)

    def wait(self, process=None):
        ports = [self.first + i for i in range(self.count)]
        if not wait_for(lambda: all(map(listens, ports)) or (
                process is not None and process.poll() is not None), 60) or \
                not all(map(listens, ports)):
            raise RuntimeError("%s does not start: %s" % (
                self.name, self.log()))

    def log(self):
        try:
            with open(self.dir + "/log", encoding="utf-8",
                      errors="backslashreplace") as file:
                return file.read()
        except OSError:
            return ""

    def decisions(self):
        """Lines about who was refused, and what was done to messages; not
        those about what is no address, and of addresses in quotes."""
        found = set()
        for line in self.log().splitlines():
            match = WHAT.search(line)
            if match and not re.search(
                    r"[\"%!]|\.>|: 50[01] |: 553 5\.6\.7 ", match.group(2)):
                found.add(match.group(2))
        return found

    def listing(self):
        raise NotImplementedError

    def wait_idle(self):
        """All that is left waits for somebody or for long."""
        return wait_for(lambda: all(
            row["queue_name"] in ("hold", "deferred")
            for row in self.listing()), 60)

    def queue(self):
        """What waits; to whom it will go is not said alike."""
        return sorted((row["queue_name"], row["sender"])
                      for row in self.listing())

    @staticmethod
    def parse(command):
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                              timeout=60, check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]


class Postfix(Side):
    name, own, master = "postfix", POSTFIX, POSTFIX_MASTER
    process = None

    def start(self):
        subprocess.run(["chown", "postfix", self.dir + "/data"], check=True)
        with open(self.dir + "/output", "wb") as output:
            self.process = subprocess.Popen(
                ["/usr/sbin/postfix", "-c", self.dir, "start-fg"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.wait(self.process)

    def stop(self):
        if self.process is not None:
            subprocess.run(["/usr/sbin/postfix", "-c", self.dir, "stop"],
                           stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
            self.process.wait(30)

    def listing(self):
        return self.parse(["/usr/sbin/postqueue", "-c", self.dir, "-j"])


class Tern(Side):
    name, own, master = "tern", TERN, TERN_MASTER
    is_up = False

    def tern(self, *args):
        return subprocess.run([self.bin + "/tern", "-c", self.dir, *args],
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, timeout=60,
                              check=False)

    def start(self):
        done = self.tern("start")
        if done.returncode != 0:
            raise RuntimeError("tern start: " + done.stdout)
        self.is_up = True
        self.wait()

    def stop(self):
        if self.is_up:
            self.tern("stop")
        if re.search(r"panic|fatal|exit status|killed by", self.log()):
            raise RuntimeError("something broke: see " + self.dir)

    def listing(self):
        return self.parse([self.bin + "/ternqueue", "-c", self.dir, "-j"])


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
