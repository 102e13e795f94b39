"""Configurations and dialogues made at random, the same for a seed; for
policy.py."""

import random
import re

from policy_cases import (HELOS, LISTS, RCPTS, SENDERS, SIMPLE, SOURCES,
                          TRICKS, Case, Group, Talk)

PER_GROUP = 40
WHO = ["client", "reverse_client_hostname", "helo", "sender", "recipient"]
TEXTS = ["", " go away", " 5.7.8 no", " 4.7.8 later"]
TABLE_KEYS = {
    "client": ["127.0.2.1", "127.0.2", "127.1", "127", "localhost",
               "one.names.example", "names.example", ".names.example",
               "unknown", "two.names.example", "example"],
    "helo": HELOS + ["example", "names.example", ".names.example"],
    "sender": SENDERS[1:] + ["<>", "spam.example", ".spam.example", "s@",
                             "names.example", "user@", "example", "nodot",
                             "relay.example", "local.example"],
    "recipient": RCPTS[:26] + ["local.example", "relay.example", "user@",
                               "nobody@", ".relay.example", "example",
                               "elsewhere.example", "alias.example"],
}
TABLE_KEYS["reverse_client_hostname"] = TABLE_KEYS["client"]
DNSBLS = ["reject_rbl_client list.example",
          "reject_rbl_client list.example=127.0.0.[8..10]",
          "reject_rhsbl_sender list.example",
          "reject_rhsbl_helo list.example",
          "permit_dnswl_client good.example"]


def action(dice, depth=0):
    kind = dice.randrange(12)
    if kind < 3:
        return dice.choice(["OK", "DUNNO", "permit", "12", "OK"])
    if kind < 7:
        return dice.choice(["REJECT", "DEFER", "DEFER_IF_PERMIT",
                            "DEFER_IF_REJECT", "450", "554",
                            "553"]) + dice.choice(TEXTS)
    if kind < 9:
        return dice.choice(["WARN x", "INFO y", "HOLD", "HOLD z",
                            "PREPEND X-A: b"])
    if kind < 10 or depth:
        return dice.choice(["first", "second", "third"])
    return ", ".join(dice.choice(SIMPLE + ["first", "second"])
                     for _ in range(dice.randrange(1, 3)))


def table(dice, who):
    keys = TABLE_KEYS[who]
    rows = {}
    for _ in range(dice.randrange(1, 7)):
        key = dice.choice(keys)
        if not set(key) & set("{}\"= ,\\") and key.isascii():
            rows[key.lower()] = action(dice)
    if not rows:
        rows = {"none": "OK"}
    return "check_%s_access inline:{%s}" % (who, ", ".join(
        "{%s=%s}" % row for row in rows.items()))


def restriction(dice, depth=0):
    kind = dice.randrange(10)
    if kind < 4:
        return table(dice, dice.choice(WHO))
    if kind < 5:
        return dice.choice(DNSBLS)
    if kind < 6 and depth == 0:
        return dice.choice(["first", "second", "third"])
    text = dice.choice([name for name in SIMPLE if name not in (
        "reject", "permit", "defer")] + ["permit"])
    return dice.choice(["", "", "", "warn_if_reject "]) + text


def restrictions(dice, most, depth=0):
    return ", ".join(restriction(dice, depth)
                     for _ in range(dice.randrange(most + 1)))


def settings(dice):
    found = {"smtpd_delay_reject": dice.choice(["yes", "yes", "no"]),
             "smtpd_restriction_classes": "first, second, third"}
    for name in ("first", "second", "third"):
        found[name] = restrictions(dice, 3, 1) or "permit_mynetworks"
    for name in LISTS.values():
        if dice.randrange(5) < 2:
            found[name] = restrictions(dice, 4)
    # One list must refuse strangers' mail to strangers.
    found["smtpd_relay_restrictions"] = ", ".join(filter(None, [
        re.sub(r"(warn_if_reject )?\bpermit(,|$)", "",
               found.get("smtpd_relay_restrictions", "")).strip(", "),
        dice.choice(["reject_unauth_destination",
                     "defer_unauth_destination",
                     "permit_mynetworks, reject_unauth_destination"])]))
    for name, values in (("recipient_delimiter", ["", "+", "+-"]),
                         ("soft_bounce", ["no", "no", "no", "yes"]),
                         ("smtpd_reject_unlisted_sender", ["no", "yes"]),
                         ("smtpd_reject_unlisted_recipient",
                          ["yes", "yes", "no"]),
                         ("smtpd_relay_before_recipient_restrictions",
                          ["yes", "no"]),
                         ("access_map_reject_code", ["554", "551"]),
                         ("unknown_address_tempfail_action",
                          ["defer_if_permit", "defer"])):
        found[name] = dice.choice(values)
    return found


def talk(dice):
    lines = []
    for _ in range(dice.randrange(1, 4)):
        lines.append("MAIL FROM:<%s>" % dice.choice(SENDERS))
        for _ in range(dice.randrange(1, 5)):
            pool = RCPTS if dice.randrange(6) else TRICKS
            lines.append("RCPT TO:<%s>" % dice.choice(pool))
        lines += dice.choice([["RSET"], ["DATA", "=Subject: x\r\n\r\nx",
                                         "RSET"]])
        if not dice.randrange(4):
            lines.append("EHLO " + dice.choice(HELOS))
    return Talk(lines, dice.choice(SOURCES), dice.choice(
        ["EHLO ", "HELO "]) + dice.choice(HELOS))


def groups(seed, count):
    found = []
    for first in range(0, count, PER_GROUP):
        cases = []
        for i in range(first, min(count, first + PER_GROUP)):
            dice = random.Random("%d %d" % (seed, i))
            cases.append(Case("%d" % i, settings(dice),
                              [talk(dice) for _ in range(12)]))
        found.append(Group("random %d" % (first // PER_GROUP + 1), cases,
                           has_log=False))
    return found
