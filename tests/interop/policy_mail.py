"""What becomes of messages: rewriting, routes, copies, content checks; for
policy.py.  Each message has a mark, and comes out at sinks."""

import re

from policy_cases import (ACTIONS, CLASSES, Case, Group, Talk,
                          action_table)

# What each of them writes itself.
OWN = re.compile(rb"(?i)^(Received|(Resent-)?(Message-Id|Date)|"
                 rb"Return-Path):")


def envelope(mail):
    """Whom it is from and for, where it came out."""
    sender = re.search(r"FROM:<(.*?)>", mail.mail).group(1)
    return [(mail.ip, sender, to.lower()) for to in mail.to()]


def content(mail):
    """Its text, without the fields that cannot be the same; where lines of
    a field are folded does not count."""
    head, _, body = mail.text.partition(b"\r\n\r\n")
    fields = [b" ".join(field.split())
              for field in re.split(rb"\r\n(?![ \t])", head)]
    return b"\r\n".join(field for field in fields
                        if not OWN.match(field)) + b"\r\n\r\n" + body


def is_bounce(mail):
    """Of Postfix: Tern holds what cannot be delivered."""
    return envelope(mail)[0][1] == "" and b"multipart/report" in mail.text


def gather(mails):
    """mark: (envelopes, contents) of all that came with that mark."""
    found = {}
    for mail in mails:
        if is_bounce(mail):
            continue
        ways, texts = found.setdefault(mail.id, (set(), set()))
        # Tern sends one copy where two of its addresses lead to one.
        ways.update(envelope(mail))
        texts.add(content(mail).decode("latin-1"))
    return {mark: (sorted(ways), sorted(texts))
            for mark, (ways, texts) in found.items()}


def differences(theirs, ours):
    """(mark, (theirs, ours)) of each that did not come out the same."""
    theirs, ours = gather(theirs), gather(ours)
    for mark in sorted(set(theirs) | set(ours), key=str):
        one, other = theirs.get(mark, ([], [])), ours.get(mark, ([], []))
        if one[0] != other[0]:
            yield "%s, envelope" % mark, (str(one[0]), str(other[0]))
        if one[1] != other[1] and one[0] and other[0]:
            yield "%s, content" % mark, difference(one[1], other[1])


def difference(one, other):
    one, other = "\n--\n".join(one), "\n--\n".join(other)
    lines, more = one.split("\r\n"), other.split("\r\n")
    return (str([line for line in lines if line not in more]
                or lines[:40]),
            str([line for line in more if line not in lines] or more[:40]))


HEAD = "X-Interop: %s\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\n" \
    "Message-ID: <1@a.example>\r\n"
ADDRESSES = """\
From: "Me, myself" <me@host.ours.example>
Sender: user (a comment)
Reply-To: user, other@host.ours.example, Group: a@old.example,
\tb@OLD.example, old@local.example;
To: user+ext@local.example, <x@old.example>,
  "old user" <old@local.example>
Cc: user%old.example, old.example!user, x@[127.0.0.1]
Bcc: blind@old.example
Resent-From: me@sub.host.ours.example
Resent-To: his@mail.ours.example, root@host.ours.example
Errors-To: old@local.example
Return-Receipt-To: old@local.example
X-Other: old@local.example
Subject: old@local.example
""".replace("\n", "\r\n")


def message(mark, recipients, sender="me@host.ours.example", text=None,
            **more):
    text = "Subject: x\r\n\r\ntext\r\n" if text is None else text
    return Talk(["MAIL FROM:<%s>" % sender] + ["RCPT TO:<%s>" % r
                                               for r in recipients] +
                ["DATA", "=" + HEAD % mark + text],
                **{"source": "127.0.0.1", **more})


def rewriting(name, settings, tables, recipients, senders=None):
    """Messages with all kinds of addresses, in one configuration."""
    senders = senders or ["me@host.ours.example", "", "old@local.example",
                          "user+ext@mail.ours.example", "plain",
                          "x@old.example", "root@sub.host.ours.example"]
    talks = []
    for i, sender in enumerate(senders):
        for source in ("127.0.0.1", "127.0.2.1"):
            talks.append(message("s%d-%s" % (i, source),
                                 ["user@local.example"], sender,
                                 ADDRESSES + "\r\nold@local.example\r\n",
                                 source=source))
    for i, recipient in enumerate(recipients):
        talks.append(message("r%d" % i, [recipient]))
    talks.append(message("all", recipients))
    return Group("mail: " + name, [Case("all", {}, talks)], settings, tables,
                 True)


RCPTS = ["user@local.example", "user+ext@local.example", "user", "info",
         "old@local.example", "old+ext@local.example", "x@old.example",
         "x+ext@old.example", "OLD@Local.Example", "info@alias.example",
         "two@alias.example", "user@relay.example", "box@box.example",
         "x@far.example", "x@sub.far.example", "listed@local.example",
         "\"old user\"@local.example", "user%far.example@local.example",
         "far.example!user@local.example", "x@[127.0.0.1]",
         "cycle@alias.example", "self@local.example", "postmaster",
         "x@trailing.example."]

CANONICAL = """\
old@local.example user@local.example
@old.example @relay.example
old user@local.example other@local.example
root user
twice@local.example old@local.example
"""
VIRTUAL = """\
info@alias.example user@local.example
two@alias.example user@local.example, x@far.example
postmaster@alias.example postmaster
listed@local.example x@far.example
info user, other@local.example
self@local.example self@local.example, x@far.example
@all.example x@far.example
cycle@alias.example one@alias.example
one@alias.example two@alias.example
old+special@local.example x@special.example
"""


def rewriting_groups():
    open_to_all = {"local_recipient_maps": "", "relay_recipient_maps": "",
                   "virtual_mailbox_maps": "",
                   "smtpd_reject_unlisted_recipient": "no",
                   "virtual_alias_maps": "texthash:{tables}/virtual"}
    tables = {"virtual": VIRTUAL, "canonical": CANONICAL}

    def group(name, settings, more=None, recipients=None):
        return rewriting(name, {**open_to_all, **settings},
                         {**tables, **(more or {})}, recipients or RCPTS)

    canonical = {"canonical_maps": "texthash:{tables}/canonical"}
    return [
        Group("mail: actions of access tables", [Case("all", {
            "smtpd_recipient_restrictions":
            "check_sender_access texthash:{tables}/actions"}, [
                message("a-" + name, ["user@local.example", "x@far.example"],
                        "%s@act.example" % name) for name in ACTIONS])],
              CLASSES, {"actions": action_table()}, True),
        group("nothing special", {}),
        group("extensions", {"recipient_delimiter": "+"}),
        group("canonical", canonical),
        group("canonical with extensions", {
            **canonical, "recipient_delimiter": "+",
            "propagate_unmatched_extensions": "canonical"}),
        group("canonical, envelope only", {
            **canonical, "canonical_classes":
            "envelope_sender, envelope_recipient"}),
        group("sender and recipient canonical", {
            "sender_canonical_maps": "texthash:{tables}/canonical",
            "recipient_canonical_maps": "inline:{{x@far.example=y@far."
            "example}, {user@local.example=y@relay.example}}"}),
        group("masquerade", {
            "masquerade_domains": "!sub.host.ours.example ours.example "
            "old.example",
            "masquerade_exceptions": "root"}),
        group("masquerade of everything", {
            "masquerade_domains": "ours.example",
            "masquerade_classes": "envelope_sender, envelope_recipient, "
            "header_sender, header_recipient"}),
        group("copies", {
            "always_bcc": "always@far.example",
            "sender_bcc_maps": "inline:{{old@local.example="
            "sender-copy@far.example}, {@old.example=user}}",
            "recipient_bcc_maps": "inline:{{user@local.example="
            "copy@far.example}, {@old.example=copy@old.example}, "
            "{two@alias.example=info@alias.example}}"}),
        group("routes", {
            "transport_maps": "texthash:{tables}/transport",
            "sender_dependent_relayhost_maps":
            "inline:{{old@local.example=[127.0.0.14]:2525}, "
            "{@old.example=[127.0.0.13]:2525}}",
        }, {"transport": "far.example smtp:[127.0.0.12]:2525\n"
                         ".far.example :[127.0.0.14]:2525\n"
                         "user@relay.example smtp:[127.0.0.1]:2525\n"
                         "box@box.example :\n"
                         "local.example smtp:[127.0.0.12]:2525\n"
                         "user@local.example :[127.0.0.14]:2525\n"}),
        group("a route for all", {
            "recipient_delimiter": "+",
            "transport_maps": "inline:{{*=smtp:[127.0.0.12]:2525}, "
            "{x@old.example=smtp:[127.0.0.14]:2525}, {local.example=:}}",
            "default_transport": "smtp:[127.0.0.13]:2525"}),
        group("senders' transports", {
            "sender_dependent_default_transport_maps":
            "inline:{{old@local.example=smtp:[127.0.0.14]:2525}, "
            "{<>=smtp:[127.0.0.12]:2525}, {@host.ours.example=DUNNO}}"}),
        group("generic", {
            "smtp_generic_maps": "texthash:{tables}/generic",
            "recipient_delimiter": "+"}, {
                "generic": "old@local.example provider@isp.example\n"
                "@ours.example all@isp.example\n"
                "user@local.example user@isp.example\n"
                "@host.ours.example @isp.example\n"}),
        group("headers of strangers", {
            **canonical, "remote_header_rewrite_domain": "domain.invalid",
            "local_header_rewrite_clients": "permit_mynetworks"}),
        group("headers of nobody", {
            **canonical, "local_header_rewrite_clients": ""}),
        group("no appending", {
            "append_at_myorigin": "yes", "append_dot_mydomain": "yes",
            "swap_bangpath": "no", "allow_percent_hack": "no"}),
        group("a filter", {"content_filter": "smtp:[127.0.0.12]:2525"}),
        group("missing headers", {"always_add_missing_headers": "yes"}),
        group("regexp", {
            "canonical_maps": "regexp:{tables}/patterns",
            "recipient_canonical_maps": "regexp:{tables}/more",
            "transport_maps": "regexp:{tables}/routes"}, {
                "patterns": "/^(.*)@host\\.ours\\.example$/ "
                "$1@ours.example\n/^old@(.*)$/ new@$1\n",
                "more": "/^x\\+(.*)@(.*)$/ x@$2\n",
                "routes": "/far\\.example$/ smtp:[127.0.0.12]:2525\n"}),
    ]


# ---- content ---------------------------------------------------------------

HEADER_ACTIONS = {
    "reject": "REJECT no such mail", "reject-none": "REJECT",
    "reject-dsn": "REJECT 5.7.9 no", "reject-later": "REJECT 4.7.9 no",
    "discard": "DISCARD gone", "hold": "HOLD a while", "hold-none": "HOLD",
    "prepend": "PREPEND X-Seen: $1", "prepend-bad": "PREPEND nothing",
    "replace": "REPLACE Subject: other $1", "replace-bad": "REPLACE x",
    "strip": "STRIP it", "redirect": "REDIRECT other@far.example",
    "redirect-bad": "REDIRECT x", "filter":
    "FILTER smtp:[127.0.0.12]:2525", "filter-bad": "FILTER x",
    "warn": "WARN careful", "warn-none": "WARN", "ignore": "IGNORE",
    "bcc": "BCC copy@far.example", "bcc-bad": "BCC x", "info": "INFO so",
    "pass": "PASS x", "dunno": "DUNNO", "ok": "OK", "unknown": "NONSENSE x",
    "dots": "REPLACE Subject: a\\n b", "empty": "REPLACE",
}
BODY = "This is a text.\r\nSubject: reject in the body\r\n" \
    "MARK %s here\r\nThe end.\r\n"
PARTS = """\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="AA"
Subject: parts

preamble
--AA
Content-Type: text/plain
Content-Disposition: attachment;
\tfilename="%s.exe"

text of a part
--AA
Content-Type: message/rfc822

Subject: nested %s
From: <x@y.example>
Content-Type: multipart/alternative; boundary=BB

--BB

inner
MARK reject here
--BB--
--AA--
epilogue
""".replace("\n", "\r\n")


def content_groups():
    rules = "".join("/^Subject: %s( .*)?$/ %s\n" % pair
                    for pair in HEADER_ACTIONS.items())
    body = "".join("/^MARK %s (here)/ %s\n" % (
        name, action.replace("Subject: ", ""))
        for name, action in HEADER_ACTIONS.items())
    mime = "".join("/filename=\"%s\\.exe\"/ %s\n" % pair
                   for pair in HEADER_ACTIONS.items())
    nested = "".join("/^Subject: nested %s$/ %s\n" % pair
                     for pair in HEADER_ACTIONS.items())
    to = ["user@local.example", "x@far.example"]
    names = list(HEADER_ACTIONS)
    headers = [message("h-%s" % name, to, text="Subject: %s of $1\r\n"
                       "X-Long: folded\r\n\tmore\r\n\r\n" % name +
                       BODY % "x") for name in names]
    bodies = [message("b-%s" % name, to, text="Subject: x\r\n\r\n" +
                      BODY % name) for name in names]
    parts = [message("m-%s" % name, to, text=PARTS % (name, "x"))
             for name in names]
    inner = [message("n-%s" % name, to, text=PARTS % ("x", name))
             for name in names]
    odd = [
        message("o-fold", to, text="Subject:\r\n reject\r\n\r\nx\r\n"),
        message("o-case", to, text="SUBJECT: REJECT\r\n\r\nx\r\n"),
        message("o-none", to, text="\r\nSubject: reject\r\n"),
        message("o-empty", to, text=""),
        message("o-nohead", to, text="this is no header\r\nx\r\n"),
        message("o-twice", to, text="Subject: prepend a\r\n"
                "Subject: prepend b\r\nSubject: ignore\r\n\r\nx\r\n"),
        message("o-two", to, text="Subject: prepend a\r\nSubject: hold\r\n"
                "Subject: filter\r\nSubject: redirect\r\n\r\nx\r\n"),
        message("o-space", to, text="Subject : reject\r\n\r\nx\r\n"),
        message("o-both", to, text="Subject: warn\r\n\r\nMARK hold here\r\n"
                "MARK ignore here\r\nMARK replace here\r\n"),
        message("o-dots", to, text="Subject: x\r\n\r\n..\r\n...\r\nx\r\n"),
        message("o-long", to, text="Subject: x\r\n\r\n" + "x" * 3000 +
                "\r\nMARK reject here\r\n"),
        message("o-late", to, text="Subject: x\r\n\r\n" +
                ("x" * 70 + "\r\n") * 900 + "MARK reject here\r\n"),
        message("o-nul", to, text="Subject: x\r\n\r\na\0b\r\n"),
        message("o-8bit", to, text="Subject: \xe4\r\n\r\n\xf6\r\n"),
    ]
    mark = {"header_checks": "regexp:{tables}/header",
            "body_checks": "regexp:{tables}/body",
            "disable_mime_output_conversion": "yes"}
    tables = {"header": rules, "body": body, "mime": mime, "nested": nested}
    return [
        Group("mail: header and body checks", [
            Case("all", {}, headers + bodies + odd)], mark, tables, True),
        Group("mail: parts", [Case("all", {}, parts + inner)], {
            "mime_header_checks": "regexp:{tables}/mime",
            "nested_header_checks": "regexp:{tables}/nested"}, tables, True),
        Group("mail: parts by header_checks", [
            Case("all", {}, parts + inner + odd)], mark, tables, True),
        Group("mail: no MIME", [Case("all", {}, parts[:4] + inner + odd)], {
            **mark, "disable_mime_input_processing": "yes"}, tables, True),
        Group("mail: body checks of little", [Case("all", {}, odd)], {
            **mark, "body_checks_size_limit": "100"}, tables, True),
    ]


GROUPS = rewriting_groups() + content_groups()
