#!/usr/bin/env python3
"""Kill programs of a loaded suite at random; nothing may be lost.

usage: random_kills.py BINDIR [kills [seed]]

While sessions send messages of 1 KB to 2 MB, master, smtpd, cleanup, qmgr
and smtp are killed; at the end the queue drains and what was acknowledged
is compared with what arrived (doc/queue.md, promises 1 to 3).
"""

import os
import random
import subprocess
import sys
import time

import records
from kill_suite import Failure, Suite, open_files, resident_kb, wait_until

PORT = 23310
WINDOW = 20             # default_destination_concurrency_limit
CHOICES = ("qmgr",) * 6 + ("smtp",) * 5 + ("cleanup",) * 4 + \
    ("smtpd",) * 4 + ("master",) * 3
# bytes, sessions, pause in ms before each step
LOADS = ((1000, 6, 25), (10000, 4, 25), (200000, 2, 60), (300000, 1, 80),
         (2000000, 1, 400))
# An agent that is killed (with master all are) leaves so many deliveries in
# doubt.  One that lives tells the next qmgr what the last may have lost.
TWINS = {"smtp": WINDOW, "master": WINDOW}
# A client that did not hear our 250 sends again.
SESSIONS = sum(load[1] for load in LOADS)


def kill_one(suite, name, pick):
    """Kill it and see that it comes back."""
    pid = suite.kill(name, pick=pick)
    if pid == 0:
        return False
    if name == "master":
        wait_until("master is dead", lambda: suite.master() != pid)
        suite.start()
    return True


def kill_all(suite, kills, generator):
    """Kill so many times; the kills by name."""
    done = dict.fromkeys(CHOICES, 0)
    master, sizes = 0, []
    deadline = time.monotonic() + 30 + kills * 3
    while sum(done.values()) < kills:
        name = generator.choice(CHOICES)
        if name == "master" or master != suite.master():
            sizes.append(measure(master))
            master = suite.master()
            sizes.append(measure(master))
        if kill_one(suite, name, generator.randrange(8)):
            done[name] += 1
        if time.monotonic() > deadline:
            raise Failure(f"only {done} killed in time")
        time.sleep(generator.choice((0.0, 0.1, 0.3, 0.6, 0.9)))
        suite.sink.collect()
    check_growth(sizes + [measure(suite.master())])
    return done


def measure(pid):
    try:
        return open_files(pid), resident_kb(pid)
    except OSError:
        return 0, 0


def check_growth(sizes):
    files = max(size[0] for size in sizes)
    memory = max(size[1] for size in sizes)
    print(f"master: at most {files} descriptors, {memory} KB")
    if files > 60 or memory > 20000:
        raise Failure("master grows")


def check_twins(suite, done):
    """Copies beyond the first: deliveries in flight at a kill."""
    twins = suite.sink.twins()
    limit = sum(done[name] * TWINS.get(name, 0) for name in done)
    _, received = suite.numbers()
    again = sum(received.values()) - len(received) - twins
    print(f"twins={twins} (limit {limit}), sent again by clients={again}")
    if twins > limit:
        raise Failure(f"{twins} twins, of at most {limit}")
    if again > SESSIONS * (sum(done.values()) - done["smtp"]):
        raise Failure(f"{again} messages were sent again")


def compare(suite):
    """The judgement of tests/load/check_numbers.py."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "../load/check_numbers.py")
    done = subprocess.run([sys.executable, script, suite.acked,
                           suite.sink.numbers], check=False,
                          capture_output=True, text=True)
    print(done.stdout.strip())
    if done.returncode != 0:
        raise Failure("messages are lost")


def run(suite, kills, seed):
    generator = random.Random(seed)
    suite.start()
    suite.start_sink("-d", "5")
    for size, sessions, pause in LOADS:
        suite.source(1000000 if size < 1000000 else 10000, size, sessions,
                     ("-w", str(pause)))
    time.sleep(0.5)
    done = kill_all(suite, kills, generator)
    time.sleep(0.5)
    suite.end_sources()
    suite.drain(90)
    took = suite.stop()
    acked, _ = suite.check("random kills")
    print(" ".join(f"{name}={count}" for name, count in done.items()),
          f"acknowledged={len(acked)} stop={took:.1f}s")
    compare(suite)
    check_twins(suite, done)
    records.expect_empty(suite)
    if took > 6:
        raise Failure(f"the stop took {took:.1f} s")


def main(arguments):
    if len(arguments) not in (2, 3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    kills = int(arguments[2]) if len(arguments) > 2 else 100
    seed = int(arguments[3]) if len(arguments) > 3 else int(time.time())
    print(f"kills={kills} seed={seed}")
    suite = Suite(arguments[1], PORT)
    good = False
    try:
        run(suite, kills, seed)
        good = True
    except Failure as failure:
        print(f"FAILED: random kills: {failure}")
        print(f"kept: {suite.folder}")
    finally:
        suite.close(keep=not good)
    print(f"random_kills: {int(good)} passed, {int(not good)} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
