#!/usr/bin/env python3
"""Prove the promises of doc/queue.md by killing things.

usage: crash.py BINDIR [-q] [-k KILLS] [-s SEED] [part...]

Parts: kills (random kill -9 of every program under load), arrows (qmgr
killed at every arrow of the queue's states), growth (what lives on while
its neighbours die), days (bad days: programs that are away, a dead next
server, a full disk, reloads under load), or one day or arrow by its name.
-q: a short form of each.

The last line is "crash: N passed, M failed".
"""

import argparse
import os
import random
import sys
import time

import arrows
import days
from case import (FAILED, PASSED, PROGRAMS, WINDOW, Load, Suite, check,
                  check_growth, first_port, measure, new_suite, wait_for)

# Of 22 kills, so many each.
SHARES = {"qmgr": 6, "smtp": 5, "cleanup": 4, "smtpd": 4, "master": 3}
# Bytes, sessions, pause in ms before each step.
LOADS = ((1000, 6, 25), (10000, 4, 25), (200000, 2, 60), (300000, 1, 80),
         (2000000, 1, 400))
# A young qmgr has still to fill its two caches.
CACHE_MB = 8
GROWTH_KB = {"qmgr": 16384 + 2 * CACHE_MB * 1024}
SESSIONS = sum(load[1] for load in LOADS)


def kill_one(suite, name):
    """True when something was killed, and the suite goes on."""
    if name != "master":
        return suite.kill(name)
    pid = suite.master_pid()
    if pid is None:
        return False
    os.kill(pid, 9)
    wait_for(lambda: suite.master_pid() != pid)
    suite.start()
    return True


def deck(count):
    """Names to kill, each of them at least once."""
    total = sum(SHARES.values())
    cards = [name for name, share in SHARES.items()
             for _ in range(max(1, round(count * share / total)))]
    random.shuffle(cards)
    return cards


def kills(options):
    suite = new_suite(options)
    suite.start()
    load = Load(suite, "-d", "5")
    for size, sessions, pause in LOADS:
        load.source(1000000 if size < 1000000 else 10000, size, sessions,
                    "-w", str(pause))
    names = deck(12 if options.quick else options.kills)
    counts = dict.fromkeys(SHARES, 0)
    for name in names:
        # What was killed last may not be back yet.
        if wait_for(lambda: kill_one(suite, name), 20):
            counts[name] += 1
        time.sleep(random.choice((0.0, 0.1, 0.3, 0.6, 0.9)))
        load.inbox.collect()
    check("kills: %d were done under load (%s)" % (len(names), " ".join(
        "%s %d" % item for item in counts.items())),
        sum(counts.values()) == len(names) and load.is_running())
    load.end_sources()
    out = load.send(20)
    check("kills: then all is well", "acknowledged=20" in out, out)
    # An agent that is killed (with master all are) leaves so many
    # deliveries in doubt.  One that lives tells the next qmgr what the last
    # may have lost.
    load.finish("kills", twins=(counts["smtp"] + counts["master"]) * WINDOW,
                again=SESSIONS * (len(names) - counts["smtp"]))


def growth(options):
    """Who lives on while a neighbour dies again and again under load."""
    rounds = 10 if options.quick else 40
    suite = new_suite(options, qmgr_db_cache_size="%dm" % CACHE_MB,
                      qmgr_content_cache_size="%dm" % CACHE_MB)
    suite.start()
    load = Load(suite)
    load.source(1000000, 10000, 6, "-w", "10")
    others = ("master",) + PROGRAMS
    for victim in PROGRAMS:
        kill_rounds(suite, load, victim, 3)
        pids = {name: pid for name in others if name != victim
                for pid in suite.pids(name)[:1]}
        before = {name: measure(pid) for name, pid in pids.items()}
        kill_rounds(suite, load, victim, rounds)
        for name, pid in pids.items():
            # Sessions come and go meanwhile: six of them, and up to the
            # window to the sink.
            check_growth("growth: %d deaths of %s: %s" % (rounds, victim,
                         name), before[name], measure(pid),
                         files=WINDOW if name == "smtp" else 8,
                         kilobytes=GROWTH_KB.get(name, 16384))
    load.end_sources()
    load.finish("growth", twins=(rounds + 3) * WINDOW,
                again=(rounds + 3) * 4 * 6)


def kill_rounds(suite, load, victim, count):
    """Each time its successor is awaited."""
    for _ in range(count):
        wait_for(lambda: suite.kill(victim), 20)
        wait_for(lambda: suite.pids(victim), 20)
        time.sleep(0.05)
        load.inbox.collect()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bin")
    parser.add_argument("parts", nargs="*")
    parser.add_argument("-q", dest="quick", action="store_true")
    parser.add_argument("-k", dest="kills", type=int, default=100)
    parser.add_argument("-s", dest="seed", type=int, default=1)
    parser.add_argument("-p", dest="port", type=int,
                        default=first_port("crash"))
    options = parser.parse_args()
    random.seed(options.seed)
    whole = {"kills": [kills], "growth": [growth],
             "arrows": arrows.chosen(options.quick),
             "days": days.chosen(options.quick)}
    single = {part.__name__: [part] for part in
              arrows.chosen(False) + days.chosen(False)}
    for name in options.parts or whole:
        for part in whole.get(name) or single[name]:
            run(part, options)
    print("crash: %d passed, %d failed" % (len(PASSED), len(FAILED)))
    return 1 if FAILED or not PASSED else 0


def run(part, options):
    began = time.time()
    try:
        part(options)
    except Exception as error:          # a test that breaks has failed
        check("%s: %r" % (part.__name__, error), False)
        Suite.close_all()
    print("-- %s took %.0f s" % (part.__name__, time.time() - began),
          flush=True)


if __name__ == "__main__":
    sys.exit(main())
