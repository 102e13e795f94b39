#!/usr/bin/env python3
"""Tables that are missing, unreadable, half-written or wrong.

"tern check" says which file, and which line; what is running answers 451
where it needs one, goes on with the rest, and sees at once that a table is
mended.

usage: bad.py BINDIR [-p port] [part...]

The last line is "bad_tables: N passed, M failed".
"""

import os
import re
import smtplib
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from queue_case import check, run, tool                     # noqa: E402
from private_suite import Suite                             # noqa: E402

ENTRIES = "".join("user%d@relay.example ok\n" % i for i in range(5000))

# A name, the type, what stands in the file, the line that is bad.
TEXTS = (
    ("texthash", "a b\n# ok\nalone\n", 3),
    ("cidr", "192.0.2.0/24 OK\n192.0.2.1/24 OK\n", 2),
    ("regexp", "/good/ OK\n\n/(bad/ OK\n", 3),
    ("pcre", "/good/ OK\nif /x/\n/[bad/ OK\nendif\n", 3),
)


class Place:
    def __init__(self, options, **settings):
        self.port = options.port
        self.suite = Suite(options.bin, options.port, options.port + 1,
                           settings)

    def path(self, name):
        return os.path.join(self.suite.dir, name)

    def write(self, name, data):
        with open(self.path(name) + ".new", "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        os.chmod(self.path(name) + ".new", 0o644)
        os.rename(self.path(name) + ".new", self.path(name))

    def add(self, text):
        with open(os.path.join(self.suite.etc, "main.cf"), "a") as file:
            file.write(text)

    def check(self):
        """What tern check says, and its exit status."""
        done = self.suite.tern("check")
        return done.stdout, done.returncode

    def make(self, kind, name):
        """A good table of it, as bytes."""
        self.write(name, ENTRIES)
        done = tool(self.suite, "ternmap", "%s:%s" % (kind, self.path(name)))
        check("ternmap " + name, done.returncode == 0, done.stdout)
        with open(self.path(name) + ".db", "rb") as file:
            return file.read()

    def rcpt(self, address):
        """The reply to a recipient."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as client:
            client.ehlo("client.example")
            client.mail("s@client.example")
            code, text = client.rcpt(address)
            return "%d %s" % (code, text.decode())

    def expect(self, what, address, pattern):
        reply = self.rcpt(address)
        check(what, re.match(pattern, reply), reply)


def part_check(options):
    place = Place(options)
    lines = []
    for kind, text, line in TEXTS:
        place.write(kind, text)
        lines.append((kind, r"%s:%d: " % (re.escape(place.path(kind)), line)))
    for kind in ("hash", "btree"):
        whole = place.make(kind, "half-" + kind)
        place.write("half-%s.db" % kind, whole[:len(whole) // 2])
        lines.append(("half-" + kind, r"%s\.db: it is damaged" %
                      re.escape(place.path("half-" + kind))))
    place.write("junk.db", b"no database\n" * 1000)
    place.write("empty.db", b"")
    place.write("domains", "good.example\ncidr:/no/such\n")
    names = [kind for kind, _, _ in TEXTS]
    place.add("canonical_maps = %s\n" % " ".join(
        "%s:%s" % (name, place.path(name)) for name in names))
    place.add("my_class = check_client_access hash:%s,\n"
              "    check_client_access btree:%s\n"
              "smtpd_restriction_classes = my_class\n" %
              (place.path("half-hash"), place.path("half-btree")))
    place.add("transport_maps = hash:%s hash:%s hash:%s\n" % tuple(
        place.path(name) for name in ("junk", "empty", "missing")))
    place.add("relay_domains = %s\n" % place.path("domains"))
    place.add("smtpd_client_restrictions = check_policy_service "
              "unix:private/policy\n")
    with open(os.path.join(place.suite.etc, "master.cf"), "a") as file:
        file.write("127.0.0.1:%d inet n - - - - smtpd\n"
                   "    -o sender_bcc_maps=hash:%s\n" %
                   (options.port + 1, place.path("only-here")))
    text, status = place.check()
    for name, pattern in lines:
        check("check: %s: file and line" % name, re.search(pattern, text),
              text)
    for name in ("junk", "empty", "missing"):
        check("check: " + name, re.search(
            r"main\.cf:\d+: transport_maps: .*%s\.db: " % re.escape(
                place.path(name)), text), text)
    check("check: a table in a file of names", re.search(
        r"relay_domains: .*/no/such", text), text)
    check("check: an option of a service", re.search(
        r"master\.cf:\d+: sender_bcc_maps: .*only-here\.db: No such file",
        text), text)
    check("check: nothing of a policy service", "policy" not in text, text)
    check("check: once for each", text.count("empty.db") == 1, text)
    check("check: it may start all the same", status == 0, text)
    place.suite.close()


def part_run(options):
    place = Place(options)
    place.add("relay_domains = relay.example\n"
              "relay_recipient_maps = hash:%s\n" % place.path("users"))
    good = place.make("hash", "users")
    place.suite.start()
    place.expect("good", "user7@relay.example", "250 ")
    place.expect("good: no such user", "no@relay.example", "550 5.1.1 ")
    for name, data in (("half a file", good[:len(good) // 2]),
                       ("a page of it", good[:4096]),
                       ("its first bytes", good[:100]),
                       ("nothing", b""), ("junk", b"x" * 9000),
                       ("a btree's file", place.make("btree", "tree"))):
        place.write("users.db", data)
        codes = {place.rcpt("user%d@relay.example" % i)[:3]
                 for i in range(0, 60, 10)}
        check(name + ": try later", codes == {"451"}, codes)
        place.expect(name + ": others go on", "a@else.example", "250 ")
        place.write("users.db", good)
        place.expect(name + ": mended, at once", "user7@relay.example",
                     "250 ")
        place.expect(name + ": as before", "no@relay.example", "550 5.1.1 ")
    os.unlink(place.path("users.db"))
    place.expect("missing", "user7@relay.example", "451 4.3.0 ")
    place.expect("missing: others go on", "a@else.example", "250 ")
    place.write("users.db", good)
    if os.geteuid() == 0:
        os.chmod(place.path("users.db"), 0o000)
        place.expect("unreadable", "user7@relay.example", "451 4.3.0 ")
        os.chmod(place.path("users.db"), 0o644)
    place.expect("there again", "user7@relay.example", "250 ")
    place.suite.close()


def part_limits(options):
    """Loops, bombs, long addresses, patterns that explode."""
    place = Place(options, smtpd_hard_error_limit="1000")
    aliases = ["loop1@x.example loop2@x.example\n",
               "loop2@x.example loop1@x.example\n",
               "long@x.example %s@x.example\n" % ("l" * 10000)]
    for count in (1000, 1001):
        aliases.append("all%d@x.example %s\n" % (count, ", ".join(
            "u%d@y.example" % i for i in range(count))))
    place.write("aliases", "".join(aliases))
    place.write("explodes", "/^(a+)+b@/ REJECT it matches\n"
                            "/^a+@/ REJECT the next rule\n")
    place.add("virtual_alias_maps = texthash:%s\n"
              "line_length_limit = 20000\n"
              "smtpd_recipient_restrictions = check_recipient_access "
              "pcre:%s\n" % (place.path("aliases"), place.path("explodes")))
    place.suite.start()
    error = r"451 4\.6\.0 .*Alias expansion error"
    place.expect("a loop", "loop1@x.example", error)
    place.expect("1,001-fold", "all1001@x.example", error)
    place.expect("an address of 10,000 bytes out of a table",
                 "long@x.example", error)
    place.expect("1,000-fold is allowed", "all1000@x.example", "250 ")
    for size, want in ((10000, "[45]"), (65, "250 "), (1000, "[245]")):
        place.expect("an address of %d bytes" % size,
                     "u" * (size - 10) + "@z.example", want)
    began = time.monotonic()
    place.expect("a pattern that explodes is given up",
                 "a" * 60 + "@z.example", r"554 .*the next rule")
    took = time.monotonic() - began
    check("and soon", took < 3, took)
    check("and the log says so", place.suite.wait_log(
        r"pcre: pattern .* it takes too long"), place.suite.log_text()[-900:])
    place.expect("others go on", "b@z.example", "250 ")
    check("nothing has ended", not place.suite.count_log(
        "exit status|killed by|panic|fatal"), place.suite.log_text()[-900:])
    place.suite.close()


if __name__ == "__main__":
    sys.exit(run("bad_tables", {"check": part_check, "run": part_run,
                                "limits": part_limits}))
