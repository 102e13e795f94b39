"""Where Tern and Postfix differ with TLS and SASL, and why it stays so."""

import re


class Allowed:
    """In rows and of what these patterns match (row, then client or server,
    then what): Postfix's words and Tern's."""

    def __init__(self, where, theirs, ours, why):
        self.where = re.compile(where)
        self.theirs, self.ours = re.compile(theirs), re.compile(ours)
        self.why = why
        self.count = 0

    def matches(self, where, theirs, ours):
        return (self.where.fullmatch(where) and
                self.theirs.search(str(theirs)) and
                self.ours.search(str(ours)))


ROWS = [
    Allowed("[a-z0-9-]+ client result", "not verified", "not trusted",
            "who is not trusted is told from who has another name"),
    Allowed("[a-z0-9-]+ client TLS", "^..Untrusted ", "^..Trusted ",
            "the same in the line of the connection"),
    Allowed("(dane|sni|reused-dane)(-[a-z0-9-]+)? client TLS",
            r":25: TLS", r":25 to [A-Za-z0-9.-]+\.example: TLS",
            "a client logs the name that it asks for, too"),
    Allowed("login-noplaintext client result", "no mechanism available",
            r"SASL\(-4\): no mechanism available: No worthy mechs found",
            "all that the library says of it"),
    Allowed("(only-12|not-13|server-12|server-enforced-12|ciphers|rsa|"
            "preferred) server (TLS|Received)", " ADH-", " ECDHE-",
            "a server that has a certificate shows it to all"),
]

TALKS = [
    Allowed("STARTTLS .*: 'STARTTLS'", "554 5.5.1", "503 5.5.1",
            "STARTTLS inside of TLS is out of order (RFC 5321 section "
            "4.2.3)"),
    Allowed("plaintext behind STARTTLS: .*", r"^..220 2\.0\.0",
            "^..554 5.5.0', 'closed",
            "who says more behind STARTTLS is told, and left: somebody "
            "else may have said it (RFC 3207 section 4.2)"),
    Allowed("STARTTLS without a certificate: 'EHLO .*", " STARTTLS",
            "^(?!.*STARTTLS)",
            "TLS without a certificate is offered only where main.cf says "
            "so"),
    Allowed("no TLS at encrypt: 'HELP'", "500 5.5.2", "530 5.7.0",
            "there is HELP"),
    Allowed("AUTH before TLS: 'AUTH PLAIN .*", "503 5.5.1", "538 5.7.11",
            "RFC 4954 section 6 has a code for AUTH that needs TLS"),
    Allowed("AUTH before TLS, no mechanism: 'AUTH'", "503 5.5.1",
            "501 5.5.4", "it is no command at all without a mechanism"),
    Allowed("AUTH (without EHLO|after HELO): 'AUTH PLAIN .*", "235",
            "503 5.5.1", "AUTH is an extension: EHLO comes first (RFC 4954 "
            "section 3)"),
    Allowed("AUTH, (unknown|bad name): 'AUTH .*", "535 5.7.8", "504 5.5.4",
            "a mechanism that is not there (RFC 4954 section 4)"),
    Allowed("AUTH(,| CRAM-MD5| SCRAM-SHA-256).*: '.*", "535 5.7.8",
            "501 5.5.2", "what is no base64, or no such message, is no "
            "wrong password (RFC 4954 section 4)"),
    Allowed("AUTH CRAM-MD5 with a response: 'AUTH .*", "535 5.7.8",
            "501 5.7.0", "the server has to speak first (RFC 4954 section "
            "4)"),
    Allowed("AUTH= of MAIL: '.* AUTH=(x\\+zz)?'", "250 2.1.0",
            "501 5.5.4", "what is no xtext (RFC 4954 section 5)"),
    Allowed("AUTH= where there is none: '.*", "250 2.1.0", "555 5.5.4",
            "a parameter of an extension that is not offered"),
]


def is_allowed(rows, where, theirs, ours):
    for row in rows:
        if row.matches(where, theirs, ours):
            row.count += 1
            return True
    return False


def report(rows):
    for row in rows:
        if row.count > 0:
            print("differs, as it should, %d times: %s" % (row.count,
                                                           row.why))
