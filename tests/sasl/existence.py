"""Neither words nor times tell whether a user exists."""

import statistics

from parts import b64, cram_md5, scram
from queue_case import check

TRIES = 100
ATTEMPTS = {
    "PLAIN": lambda c, user: [c.plain(user, "x")],
    "LOGIN": lambda c, user: [c.say("AUTH LOGIN " + b64(user)),
                              c.say(b64("x"))],
    "CRAM-MD5": lambda c, user: cram_md5(c, user, "x"),
    "SCRAM-SHA-1": lambda c, user: scram(c, "SCRAM-SHA-1", user, "x"),
    "SCRAM-SHA-256": lambda c, user: scram(c, "SCRAM-SHA-256", user, "x"),
}
KNOWN, UNKNOWN = "test", "none"         # as long as each other


def times(place, attempt):
    """Medians of how long each user's attempts wait for the server, in ms.
    They take turns, so that what else runs here is in nobody's way more."""
    waits = {KNOWN: [], UNKNOWN: []}
    for i in range(TRIES):
        for user in ((KNOWN, UNKNOWN), (UNKNOWN, KNOWN))[i % 2]:
            client = place.client()
            client.waited = 0
            attempt(client, user)
            waits[user].append(client.waited * 1000)
            client.close()
    return [statistics.median(waits[user]) for user in (KNOWN, UNKNOWN)]


def shape(place, attempt, user):
    """What stands in the replies, but for what is new in each: a challenge
    of CRAM-MD5 is of any length, and goes out before the name is known."""
    client = place.client()
    replies = attempt(client, user)
    client.close()
    return [reply if reply[0] == "5" else
            (reply[:4], attempt is not ATTEMPTS["CRAM-MD5"] and len(reply))
            for reply in replies]


def judge(place):
    """With auth_failure_delay = 0: no delay hides what there is."""
    for name, attempt in ATTEMPTS.items():
        shapes = [shape(place, attempt, user) for user in (KNOWN, UNKNOWN)]
        check("%s: the same replies" % name, shapes[0] == shapes[1] and
              shapes[0][-1].startswith("535 5.7.8"), shapes)
        known, unknown = times(place, attempt)
        print("%s: %.3f ms with a wrong password, %.3f ms with no such "
              "user" % (name, known, unknown))
        # A first look may be spoilt by what else runs here, not a third.
        for _ in range(2):
            if abs(known - unknown) <= 0.15 * min(known, unknown):
                break
            known, unknown = times(place, attempt)
        check("%s: the same time" % name,
              abs(known - unknown) <= 0.15 * min(known, unknown),
              "%.3f ms, %.3f ms" % (known, unknown))
