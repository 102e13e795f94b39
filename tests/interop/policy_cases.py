"""Who is judged how: configurations and dialogues, for policy.py."""

from policy_sides import Talk

class Case:
    """A service with settings of its own, and who talks with it."""

    def __init__(self, name, settings, talks):
        self.name, self.settings, self.talks = name, settings, talks


class Group:
    """Services that are started together."""

    def __init__(self, name, cases, settings=None, tables=None, mails=False,
                 has_log=True):
        self.name, self.cases = name, cases
        self.settings, self.tables = settings or {}, tables or {}
        self.mails, self.has_log = mails, has_log


# ---- what clients say ------------------------------------------------------

SOURCES = ["127.0.0.1", "127.0.2.1", "127.0.2.2", "127.0.2.3", "127.0.2.4",
           "127.0.2.5", "127.0.2.6", "127.0.2.8", "127.0.2.9", "127.1.2.3",
           "127.99.1.1"]
HELOS = ["c.example", "one.names.example", "two.names.example", "nodot",
         "127.0.0.1", "[127.0.0.1]", "[127.0.2.1]", "[IPv6:::1]", "a..b",
         "-x.example", "x-.example", "under_score.example", "spam.example",
         "sub.spam.example", "One.Names.Example", "trailing.example.",
         "none.names.example", "bad-mx.names.example", "x", "1.2.3.4.example",
         "123.456", "a,b.example", "h\xf6st.example", "[bad", "a/b.example",
         "two.names.example."]
SENDERS = ["", "s@c.example", "user@local.example", "nobody@local.example",
           "s@one.names.example", "s@none.names.example",
           "s@null.names.example", "s@bad-mx.names.example",
           "s@lone.names.example", "s@text.names.example",
           "s@dangling.names.example", "s@alias.names.example",
           "s@nodot", "plain", "s@spam.example", "s@sub.spam.example",
           "S+ext@Spam.Example", "s@[127.0.0.1]", "s@[192.0.2.7]",
           "user@relay.example", "nobody@relay.example",
           "nobody@alias.example", "info@alias.example",
           "nobody@box.example", "s@below.names.example", "postmaster",
           "\"s t\"@spam.example", "s@spam.example.", "s@names.example"]
RCPTS = ["user@local.example", "nobody@local.example", "user", "postmaster",
         "Postmaster", "nobody", "user@relay.example",
         "nobody@relay.example", "info@alias.example",
         "nobody@alias.example", "two@alias.example", "box@box.example",
         "nobody@box.example", "x@elsewhere.example", "x@sub.relay.example",
         "x@sub.local.example", "user@[127.0.0.1]", "nobody@[127.0.0.1]",
         "user@[192.0.2.7]", "user@[IPv6:::1]", "user@local.example.",
         "\"user\"@local.example", "\"us er\"@local.example",
         "user+ext@local.example", "USER@LOCAL.EXAMPLE", "user@nodot",
         "listed@local.example", "other@local.example",
         "other@mail.ours.example", "user@ours.example",
         "x@none.names.example", "x@null.names.example",
         "x@one.names.example", "user@Relay.Example", "postmaster@nodot",
         "abuse@[127.0.0.1]", "x@spam.example", "x+e@far.example",
         # of some configurations only
         "x@gone.example", "x@far.example", "x@later.example",
         "x@never.example", "x@a.sub.relay.example", "old@local.example",
         "x@old.example", "user@old.example", "x@more.example",
         "x@a.wide.example", "x@wide.example", "x@moved.example",
         "user@moved.example", "x@relay-catch.example"]
# Ways to have mail sent elsewhere, and what is no address.
TRICKS = ["user%elsewhere.example@local.example",
          "user%elsewhere.example", "elsewhere.example!user",
          "elsewhere.example!user@local.example",
          "\"x@elsewhere.example\"@local.example",
          "\"x@elsewhere.example\"", "x@elsewhere.example@local.example",
          "@local.example:x@elsewhere.example",
          "@local.example,@relay.example:x@elsewhere.example",
          "user%elsewhere.example@relay.example",
          "elsewhere.example!user@relay.example",
          "\"x@elsewhere.example\"@relay.example",
          "user%elsewhere.example@[127.0.0.1]",
          "elsewhere.example!user@[127.0.0.1]",
          "\"x@elsewhere.example\"@[127.0.0.1]",
          "user%local.example@local.example",
          "local.example!user@local.example",
          "\"user@local.example\"@local.example",
          "\"user%elsewhere.example\"@local.example",
          "\"user%elsewhere.example\"@relay.example",
          "a%b%c.example@local.example", "a!b!c@local.example",
          "%elsewhere.example@local.example", "user%@local.example",
          "!user@local.example", "user@@local.example", "@local.example",
          "user@", "", "user@.local.example", "user@local..example",
          "us\xe9r@local.example", "user@l\xf6cal.example",
          "x@[192.0.2.300]", "x@[]", "x@192.0.2.7", "user@127.0.0.1",
          "x@-bad.example", "x@bad-.example", "a b@local.example",
          "\"\"@local.example", "\"a\\\"b\"@local.example",
          "user@local.example,x@elsewhere.example",
          "user(comment)@local.example", "x" * 65 + "@local.example",
          "user@elsewhere.example@[127.0.0.1]", ".user@local.example",
          "user.@local.example", "us..er@local.example",
          "user@elsewhere.example@relay.example", "<user@local.example>",
          "|command@local.example", "/file@local.example",
          "-flag@local.example", ":include:x@local.example"]


def to_all(recipients, sender="s@c.example", **more):
    return Talk(["MAIL FROM:<%s>" % sender] +
                ["RCPT TO:<%s>" % r for r in recipients], **more)


def from_all(senders, recipient="user@local.example", **more):
    lines = []
    for sender in senders:
        lines += ["MAIL FROM:<%s>" % sender, "RCPT TO:<%s>" % recipient,
                  "RSET"]
    return Talk(lines, **more)


def helos(names, sources=("127.0.2.1",)):
    talks = []
    for source in sources:
        for verb in ("HELO", "EHLO"):
            lines = []
            for name in names:
                lines += ["%s %s" % (verb, name), "MAIL FROM:<s@c.example>",
                          "RCPT TO:<user@local.example>", "RSET"]
            talks.append(Talk(lines, source, ""))
    return talks


def sources(recipients=("user@local.example", "x@elsewhere.example"),
            sender="s@c.example"):
    return [to_all(recipients, sender, source=source) for source in SOURCES]


def everybody():
    """A bit of everything."""
    return (sources() + helos(HELOS[:8]) +
            [from_all(SENDERS), to_all(RCPTS),
             to_all(RCPTS, "", source="127.1.2.3")])


def with_data(recipients, sender="s@c.example", **more):
    talk = to_all(recipients, sender, **more)
    talk.lines += ["DATA", "=Subject: x\r\n\r\nx"]
    return talk


# ---- restrictions ----------------------------------------------------------

LISTS = {"client": "smtpd_client_restrictions",
         "helo": "smtpd_helo_restrictions",
         "sender": "smtpd_sender_restrictions",
         "relay": "smtpd_relay_restrictions",
         "recipient": "smtpd_recipient_restrictions",
         "data": "smtpd_data_restrictions",
         "end": "smtpd_end_of_data_restrictions"}
SIMPLE = """permit reject defer defer_if_permit defer_if_reject
    permit_mynetworks permit_inet_interfaces permit_sasl_authenticated
    reject_unknown_client_hostname reject_unknown_reverse_client_hostname
    reject_invalid_helo_hostname reject_non_fqdn_helo_hostname
    reject_unknown_helo_hostname reject_non_fqdn_sender
    reject_unknown_sender_domain reject_unlisted_sender
    reject_non_fqdn_recipient reject_unknown_recipient_domain
    reject_unlisted_recipient reject_unauth_destination
    defer_unauth_destination permit_auth_destination
    reject_multi_recipient_bounce reject_unauth_pipelining""".split()


def simple(name, where, delay="yes"):
    """One restriction, in a list, before a refusal that shows a yes."""
    text = "%s, reject_unauth_destination" % name
    return Case("%s in %s, delay %s" % (name, where, delay), {
        "smtpd_relay_restrictions":
        "permit_mynetworks, reject_unauth_destination",
        LISTS[where]: text, "smtpd_delay_reject": delay}, [])


def restriction_groups():
    """Each restriction in each list, put off and at once."""
    groups = []
    for delay in ("yes", "no"):
        cases = []
        for name in SIMPLE:
            place = "recipient" if name != "reject_unauth_pipelining" \
                else "data"
            case = simple(name, place, delay)
            case.talks = everybody() if delay == "yes" else sources()
            cases.append(case)
        groups.append(Group("restrictions, delay " + delay, cases))
    cases = []
    for where in ("client", "helo", "sender", "relay", "data", "end"):
        for delay in ("yes", "no"):
            # Tern does not start as an open relay.
            for name in SIMPLE[where == "relay":]:
                case = simple(name, where, delay)
                case.talks = [
                    with_data(["user@local.example", "x@elsewhere.example"]),
                    with_data(["user@local.example", "other@local.example"],
                              "", source="127.1.2.3", helo="HELO nodot"),
                    from_all(["plain", "s@null.names.example",
                              "nobody@local.example"], source="127.0.2.4",
                             helo="EHLO none.names.example")]
                cases.append(case)
    for i in range(0, len(cases), 48):
        groups.append(Group("lists %d" % (i // 48 + 1), cases[i:i + 48],
                            {"smtpd_helo_required": "yes"}))
    return groups


CODES = {name: "45%d" % (i % 10) if "defer" in name or i % 2 else
         "55%d" % (i % 10)
         for i, name in enumerate(
             """access_map_reject_code access_map_defer_code defer_code
             invalid_hostname_reject_code maps_rbl_reject_code
             non_fqdn_reject_code reject_code relay_domains_reject_code
             unknown_address_reject_code unknown_client_reject_code
             unknown_hostname_reject_code
             unknown_local_recipient_reject_code
             unknown_relay_recipient_reject_code
             unknown_virtual_alias_reject_code
             unknown_virtual_mailbox_reject_code
             multi_recipient_bounce_reject_code""".split())}


def code_groups():
    cases = []
    for more in ({}, {"soft_bounce": "yes"},
                 {"show_user_unknown_table_name": "no"},
                 {"smtpd_reject_unlisted_recipient": "no"},
                 {"smtpd_reject_unlisted_sender": "yes"},
                 {"unknown_address_tempfail_action": "defer",
                  "unknown_helo_hostname_tempfail_action": "defer"}):
        for name in SIMPLE[:1] + SIMPLE[8:22]:
            case = simple(name, "recipient")
            case.name += " %s" % more
            case.settings.update({**CODES, **more})
            case.talks = [to_all(RCPTS), from_all(SENDERS),
                          to_all(RCPTS[:3], source="127.0.2.4")] + \
                helos(HELOS[::4] + ["x.trouble.example"])
            cases.append(case)
    return [Group("codes %d" % (i // 45 + 1), cases[i:i + 45],
                  {k: v for case in cases[i:i + 1]
                   for k, v in CODES.items()})
            for i in range(0, len(cases), 45)]


# ---- access tables ---------------------------------------------------------

ACTIONS = {
    "ok": "OK", "number": "1234", "zero": "0", "dunno": "DUNNO",
    "reject": "REJECT", "reject-text": "REJECT go away",
    "reject-dsn": "REJECT 5.7.9 with a code",
    "reject-other": "REJECT 4.7.9 with another class",
    "reject-bad": "REJECT 5.7 no code", "reject-511": "REJECT 5.1.1 none",
    "reject-512": "REJECT 5.1.2 none", "reject-513": "REJECT 5.1.3 none",
    "reject-514": "REJECT 5.1.4 none", "reject-516": "REJECT 5.1.6 moved",
    "reject-517": "REJECT 5.1.7 bad", "reject-518": "550 5.1.8 bad",
    "reject-520": "REJECT 5.2.0 x", "reject-542": "REJECT 5.4.2 x",
    "defer": "DEFER",
    "defer-text": "DEFER come again", "defer-dsn": "DEFER 4.2.2 full",
    "450": "450", "450-text": "450 later", "554-dsn": "554 5.7.3 never",
    "554-other": "554 4.7.3 never", "421": "421 4.3.2 busy",
    "521": "521 5.3.2 no mail", "599": "599 odd", "200": "200 x",
    "if-permit": "DEFER_IF_PERMIT", "if-permit-text":
        "DEFER_IF_PERMIT 4.7.2 if so", "if-reject": "DEFER_IF_REJECT",
    "if-reject-text": "DEFER_IF_REJECT 4.7.2 else",
    "hold": "HOLD", "hold-text": "HOLD look at it", "discard": "DISCARD",
    "discard-text": "DISCARD not wanted",
    "filter": "FILTER smtp:[127.0.0.12]:2525", "filter-bad": "FILTER x",
    "redirect": "REDIRECT new@far.example", "redirect-bad": "REDIRECT x",
    "bcc": "BCC copy@far.example", "bcc-bad": "BCC x",
    "prepend": "PREPEND X-Access: yes", "prepend-bad": "PREPEND no header",
    "warn": "WARN careful", "warn-none": "WARN", "info": "INFO so it is",
    "info-none": "INFO",
    "restriction": "reject_unauth_destination",
    "restrictions": "reject_non_fqdn_sender, reject_unknown_sender_domain, "
        "permit",
    "class": "strict", "class-and": "lenient, reject", "lower": "reject low",
    "permit": "permit", "unknown": "no_such_thing", "table":
        "check_sender_access texthash:/dev/null", "sleep": "sleep 0",
    "warn-if": "warn_if_reject reject",
    "deep": "outer",
}


CLASSES = {
    "smtpd_restriction_classes": "strict, lenient, outer, inner",
    "strict": "reject_non_fqdn_sender, reject_unlisted_recipient, "
    "reject_unauth_destination",
    "lenient": "check_recipient_access inline:{{user@local.example=OK}}, "
    "permit_auth_destination",
    "outer": "check_sender_access inline:{{x=OK}}, inner",
    "inner": "reject_unauth_destination, permit"}


def action_table(pattern="%s@act.example"):
    return "".join("%s %s\n" % (pattern % name, action)
                   for name, action in ACTIONS.items())


def action_groups():
    """Each action, as the answer to each kind of question."""
    senders = ["%s@act.example" % name for name in ACTIONS]
    names = ["%s.act.example" % name for name in ACTIONS]
    cases = []
    for where in ("sender", "recipient", "relay", "data", "end"):
        for delay in ("yes", "no"):
            cases.append(Case("sender actions in %s, delay %s" % (
                where, delay), {
                    LISTS[where]:
                    "check_sender_access texthash:{tables}/actions, "
                    "reject_unauth_destination",
                    "smtpd_delay_reject": delay}, [
                        with_data(["user@local.example"], sender,
                                  source=source)
                        for sender in senders
                        for source in ("127.0.2.1", "127.1.2.3")]))
    for where in ("helo", "recipient", "data"):
        for delay in ("yes", "no"):
            cases.append(Case("helo actions in %s, delay %s" % (
                where, delay), {
                    LISTS[where]:
                    "check_helo_access texthash:{tables}/hosts",
                    "smtpd_delay_reject": delay},
                helos(names)))
    cases.append(Case("recipient actions", {
        "smtpd_relay_restrictions": "permit_mynetworks, "
        "permit_auth_destination, reject",
        "smtpd_recipient_restrictions":
        "check_recipient_access texthash:{tables}/actions"}, [
            with_data([name, "user@local.example"], source="127.0.0.1")
            for name in senders]))
    return [Group("actions", cases, {
        **CLASSES, "smtpd_helo_required": "yes"}, {
            "actions": action_table(),
            "hosts": action_table("%s.act.example")})]


def order_groups():
    """Which key of a table is asked for first."""
    address = {
        "User+Ext@Keys.example": "450 whole", "user@keys.example":
        "450 without extension", "keys.example": "450 domain",
        "sub.keys.example": "450 subdomain", ".dot.example": "450 dot",
        "user+ext@": "450 user with extension", "user@": "450 user",
        "<>": "450 null", "example": "DUNNO", "[127.0.0.9]": "450 literal",
        "nodot": "450 nodot", "two words@keys.example": "450 plain",
        "\"quoted user\"@keys.example": "450 quoted",
        "ours.example": "450 ours", "+x@keys.example": "450 begins with +",
        "owner-list@keys.example": "450 owner", "a@": "450 a",
    }
    hosts = {
        "keys.example": "450 domain", ".dot.example": "450 dot",
        "127.0.2.5": "450 address", "127.0.2": "450 network of 24",
        "127.99": "450 network of 16", "one.names.example": "450 name",
        "names.example": "450 parent of names", "unknown": "450 unknown",
        "example": "DUNNO", "[127.0.0.1]": "450 literal", "1.2": "450 1.2",
        "127": "450 network of 8", "localhost": "450 localhost",
    }
    tables = {name: "".join(
        "%s %s\n" % ("\"%s\"" % k.replace("\"", "\\\"") if " " in k else k, v)
        for k, v in rows.items())
        for name, rows in (("address", address), ("hosts", hosts))}
    addresses = ["user+ext@keys.example", "USER+EXT@KEYS.EXAMPLE",
                 "user+other@keys.example", "user@keys.example",
                 "x@keys.example", "x@sub.keys.example",
                 "x@deep.sub.keys.example", "x@other.keys.example",
                 "x@dot.example", "x@sub.dot.example", "user@far.example",
                 "user+ext@far.example", "user+x@far.example",
                 "x@far.example", "", "x@[127.0.0.9]", "x@nodot", "user",
                 "x", "\"two words\"@keys.example",
                 "\"quoted user\"@keys.example", "\"user\"@keys.example",
                 "x@keys.example.", "+x@keys.example",
                 "owner-list@keys.example", "owner-x+y@keys.example",
                 "user+@keys.example", "user++ext@keys.example",
                 "a+b+c@far.example", "x@xkeys.example", "a@1.2",
                 "mailer-daemon+x@far.example", "double-bounce@far.example"]
    groups = []
    for parents in ("", "smtpd_access_maps"):
        cases = []
        for delimiter in ("", "+", "+-", "-"):
            for what, table in (("sender", "address"),
                                ("recipient", "address")):
                talks = [from_all(addresses, source="127.0.0.1")] \
                    if what == "sender" else \
                    [to_all([a for a in addresses if a],
                            source="127.0.0.1")]
                cases.append(Case("%s, delimiter %s" % (what, delimiter), {
                    "recipient_delimiter": delimiter,
                    "smtpd_reject_unlisted_recipient": "no",
                    "smtpd_recipient_restrictions":
                    "check_%s_access texthash:{tables}/%s" % (what, table)},
                    talks))
        names = ["keys.example", "a.keys.example", "a.b.keys.example",
                 "dot.example", "a.dot.example", "KEYS.Example", "nodot",
                 "[127.0.0.1]", "127.0.0.1", "one.names.example", "x.1.2",
                 "example", "keys.example.", "unknown"]
        cases.append(Case("helo", {
            "smtpd_helo_restrictions":
            "check_helo_access texthash:{tables}/hosts"}, helos(names)))
        for what in ("client", "reverse_client_hostname"):
            cases.append(Case(what, {
                "smtpd_client_restrictions":
                "check_%s_access texthash:{tables}/hosts" % what},
                sources()))
        cases.append(Case("cidr", {
            "smtpd_client_restrictions":
            "check_client_access cidr:{tables}/nets"}, sources()))
        cases.append(Case("regexp", {
            "smtpd_recipient_restrictions":
            "check_sender_access regexp:{tables}/patterns, "
            "check_recipient_access regexp:{tables}/patterns, "
            "check_client_access regexp:{tables}/patterns, "
            "check_helo_access regexp:{tables}/patterns"},
            [from_all(addresses, source="127.0.0.1"),
             to_all(RCPTS)] + sources() + helos(names)))
        groups.append(Group("keys, parents: %s" % (parents or "no"), cases, {
            "parent_domain_matches_subdomains": parents}, {
                **tables,
                "nets": "127.0.2.0/30 450 small\n!127.0.0.0/8 OK\n"
                        "if 127.1.0.0/16\n127.1.2.3 450 three\nendif\n"
                        "127.99.0.0/16 REJECT 5.7.4 far\n",
                "patterns": "/^user@keys/ 450 $0 matched\n"
                "/^user(\\+[^@]*)@(.*)$/ 451 ${1} at $(2)\n"
                "if /dot\\.example$/\n/^x@s/ REJECT 5.7.2 sub\n"
                "!/^x@/ 450 not x\nendif\n/^127\\.0\\.2\\.9$/ 450 nine\n"
                "/^[0-9.]+$/ 450 digits\n/^one\\./ 450 one\n"
                "/^<>$/ 450 nobody\n/NODOT/ 450 case\n"}))
    return groups


# ---- the DNS ---------------------------------------------------------------

def dns_groups():
    def rbl(text, where="recipient", **more):
        return Case("%s in %s %s" % (text, where, more), {
            LISTS[where]: text, **more},
            sources() + helos(HELOS[:3] + ["spam.example",
                                           "sub.spam.example"]) +
            [from_all(SENDERS), to_all(RCPTS, source="127.0.0.1")])

    cases = [rbl(text) for text in (
        "reject_rbl_client list.example",
        "reject_rbl_client list.example=127.0.0.2",
        "reject_rbl_client list.example=127.0.0.[2..9]",
        "reject_rbl_client list.example=127.0.0.[3;9;10]",
        "reject_rbl_client none.example",
        "reject_rbl_client list.trouble.example",
        "reject_rbl_client good.example, reject_rbl_client list.example",
        "reject_rhsbl_client list.example",
        "reject_rhsbl_reverse_client list.example",
        "reject_rhsbl_helo list.example",
        "reject_rhsbl_sender list.example",
        "reject_rhsbl_recipient list.example",
        "permit_dnswl_client good.example, reject",
        "permit_dnswl_client good.example=127.0.0.3, reject",
        "permit_rhswl_client good.example, reject",
        "permit_dnswl_client list.trouble.example, reject",
        "reject_unknown_sender_domain", "reject_unknown_recipient_domain",
        "reject_unknown_client_hostname",
        "reject_unknown_reverse_client_hostname",
        "reject_unknown_helo_hostname",
        "check_sender_mx_access cidr:{tables}/servers",
        "check_sender_a_access cidr:{tables}/servers",
        "check_sender_ns_access cidr:{tables}/servers",
        "check_recipient_mx_access cidr:{tables}/servers",
        "check_recipient_a_access cidr:{tables}/servers",
        "check_recipient_ns_access texthash:{tables}/server-names",
        "check_sender_mx_access texthash:{tables}/server-names",
        "check_helo_mx_access cidr:{tables}/servers",
        "check_helo_a_access cidr:{tables}/servers",
        "check_helo_ns_access texthash:{tables}/server-names",
        "check_client_mx_access cidr:{tables}/servers",
        "check_client_a_access cidr:{tables}/servers",
        "check_client_ns_access texthash:{tables}/server-names",
        "check_reverse_client_hostname_a_access cidr:{tables}/servers",
        "check_reverse_client_hostname_mx_access cidr:{tables}/servers",
        "warn_if_reject reject_rbl_client list.example, "
        "reject_rhsbl_sender list.example",
    )]
    cases += [rbl("reject_rbl_client list.example, "
                  "reject_rhsbl_sender list.example", **more)
              for more in ({"maps_rbl_reject_code": "451"},
                           {"soft_bounce": "yes"})]
    cases += [
        rbl("reject_rbl_client list.example, reject_rhsbl_sender "
            "list.example, reject_rhsbl_client list.example",
            rbl_reply_maps="texthash:{tables}/replies"),
        rbl("reject_rbl_client list.example=127.0.0.[9..10], "
            "reject_rhsbl_sender list.example, reject_rhsbl_helo "
            "list.example", default_rbl_reply="$rbl_code 5.7.8 $rbl_class "
            "[$rbl_what] is in $rbl_domain${rbl_reason?: $rbl_reason} "
            "$client $client_name $client_address $helo_name $sender "
            "$sender_domain $sender_name $recipient $recipient_domain "
            "$recipient_name")]
    return [Group("dns", cases, {}, {
        "servers": "127.9.9.9 REJECT not that server\n"
                   "127.0.2.2 450 4.7.4 second\n127.8.8.8 DUNNO\n"
                   "127.0.2.9 OK\n",
        "server-names": "bad-host.names.example REJECT 5.7.5 bad host\n"
                        "ns.names.example 450 its server\n",
        "replies": "list.example 554 5.7.6 $rbl_class $rbl_what by map\n"}),
        Group("no names", [Case("peername lookup off", {
            "smtpd_recipient_restrictions":
            "check_client_access texthash:{tables}/hosts, "
            "reject_unknown_client_hostname"}, sources())],
            {"smtpd_peername_lookup": "no"},
            {"hosts": "unknown 450 unknown\nlocalhost 450 localhost\n"})]


# ---- where mail may go, and who is there -----------------------------------

def class_groups():
    """Whose an address is, for strangers and for the own network."""
    def talks():
        return [to_all(RCPTS + TRICKS),
                to_all(RCPTS + TRICKS, "", source="127.0.0.1"),
                from_all(SENDERS + TRICKS),
                from_all(SENDERS, "x@elsewhere.example",
                         source="127.1.2.3")]

    cases = [
        Case("defaults", {}, talks()),
        Case("reject", {"smtpd_relay_restrictions":
                        "permit_mynetworks, reject_unauth_destination"},
             talks()),
        Case("old", {"smtpd_relay_restrictions": "",
                     "smtpd_recipient_restrictions":
                     "permit_mynetworks, reject_unauth_destination"},
             talks()),
        Case("recipients first", {
            "smtpd_relay_before_recipient_restrictions": "no",
            "smtpd_recipient_restrictions":
            "check_recipient_access inline:{{user@local.example=450 x}, "
            "{elsewhere.example=450 y}}"}, talks()),
        Case("unlisted senders", {"smtpd_reject_unlisted_sender": "yes"},
             talks()),
        Case("nobody is unlisted", {"smtpd_reject_unlisted_recipient": "no"},
             talks()),
        Case("strict", {"strict_rfc821_envelopes": "yes"}, talks()),
        Case("untrusted routes", {"allow_untrusted_routing": "yes"},
             [to_all(RCPTS + TRICKS, source="127.0.0.1")]),
    ]
    return [
        Group("classes", cases),
        Group("classes with extensions", cases[:2], {
            "recipient_delimiter": "+"}),
        Group("classes with parents", cases[:2], {
            "parent_domain_matches_subdomains":
            "relay_domains, mydestination, transport_maps"}),
        Group("classes without tables", cases[:2], {
            "local_recipient_maps": "", "relay_recipient_maps": "",
            "virtual_mailbox_maps": ""}),
        Group("a null client", cases[:2], {
            "mydestination": "", "relay_domains": "",
            "virtual_alias_domains": "", "virtual_mailbox_domains": ""}),
        Group("no swapping", cases[:2], {"swap_bangpath": "no",
                                         "allow_percent_hack": "no"}),
        Group("tables of everything", cases[:2], {
            "transport_maps": "texthash:{tables}/transport",
            "relocated_maps": "texthash:{tables}/relocated",
            "canonical_maps": "texthash:{tables}/canonical",
            "relay_domains": "relay.example, texthash:{tables}/domains",
            "virtual_alias_maps":
            "texthash:{tables}/aliases, texthash:{tables}/more"}, {
                "transport": "gone.example error:5.1.2 no such domain\n"
                "far.example error:too far\n"
                "later.example retry:4.2.2 not now\n"
                "never.example discard:\n.sub.relay.example smtp:[127.0.0.12]"
                ":2525\nuser@box.example error:mailbox full\n"
                "spam.example error:450 not a code\n",
                "relocated": "other@local.example new@far.example\n"
                "@moved.example somewhere else\nother@relay.example x\n",
                "canonical": "old@local.example user@local.example\n"
                "@old.example @relay.example\n",
                "domains": "more.example x\n.wide.example x\n"
                "moved.example x\nold.example x\ngone.example x\n",
                "more": "@relay-catch.example user@local.example\n"
                "nobody@local.example user@local.example\n"}),
    ]


GROUPS = (class_groups() + restriction_groups() + code_groups() +
          action_groups() + order_groups() + dns_groups())
