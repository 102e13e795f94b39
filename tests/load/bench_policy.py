"""A full policy for a benchmark: the very same files for both suites.

Networks in a cidr table, 50,000 entries of access, 100,000 recipients, a
transport table and 50 header checks: what a relay of an organisation has.
"""

import random
import subprocess

MAIN = """\
mynetworks = cidr:{dir}/etc/networks
relay_domains = sink.example, example.org
relay_recipient_maps = hash:{dir}/etc/recipients
transport_maps = hash:{dir}/etc/transport
smtpd_client_restrictions = check_client_access hash:{dir}/etc/access
smtpd_sender_restrictions = check_sender_access hash:{dir}/etc/access
smtpd_recipient_restrictions =
    check_recipient_access hash:{dir}/etc/access,
    permit_mynetworks, reject_unauth_destination
header_checks = regexp:{dir}/etc/header_checks
"""

HASHES = {"access": 50000, "recipients": 100000, "transport": 1000}

# Names of headers and words that are in no message of the benchmark.
HEADERS = ("Subject", "From", "To", "X-Mailer", "Received", "Content-Type",
           "Message-ID", "X-Spam-Flag", "Reply-To", "Return-Path")


def entries(name, count):
    """Lines of a table; the load's own senders and recipients fit in."""
    dice = random.Random(name)
    if name == "recipients":
        for number in range(100):
            yield "user%d@sink.example x" % number
    for number in range(count):
        if name == "access":
            yield "%d.%d.%d.%d REJECT" % (
                dice.randrange(128, 224), number >> 8 & 255, number & 255,
                dice.randrange(1, 255))
        elif name == "recipients":
            yield "r%d@example.org x" % number
        else:
            yield "d%d.example.net smtp:[192.0.2.%d]" % (
                number, dice.randrange(1, 255))


def header_checks():
    for number in range(50):
        yield "/^%s:.*(offer|prize%d|w[i1]nner).*code-%d/ REJECT no" % (
            HEADERS[number % len(HEADERS)], number, number)


def write(suite, path, lines):
    path = "%s/etc/%s" % (suite.folder, path)
    with open(path, "w", encoding="ascii") as file:
        file.writelines(line + "\n" for line in lines)
    return path


def add(suite):
    """Give the suite its policy; its own tool makes its tables."""
    write(suite, "networks", ["127.0.0.0/8 x", "10.0.0.0/8 x",
                              "192.0.2.0/24 x"])
    write(suite, "header_checks", header_checks())
    tool = suite.map_tool()
    for name, count in HASHES.items():
        path = write(suite, name, entries(name, count))
        subprocess.run(tool + ["hash:" + path], check=True)
    main = "%s/etc/main.cf" % suite.folder
    with open(main, encoding="ascii") as file:
        # Of two definitions the last counts, with a warning each time.
        kept = [line for line in file
                if not line.startswith(("mynetworks ", "smtpd_relay_"))]
    with open(main, "w", encoding="ascii") as file:
        file.writelines(kept)
        file.write(MAIN.format(dir=suite.folder))
