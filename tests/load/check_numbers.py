#!/usr/bin/env python3
"""Compare the numbers a server acknowledged with those that arrived.

usage: check_numbers.py ACKNOWLEDGED RECEIVED

Each file has one number a line (ternsource -a, ternsink -a).  Prints one
line of counts; exits 1 when an acknowledged message is lost, 2 when a file
is wrong.  A twin is a message that arrived more than once; an orphan
arrived although nobody heard an acknowledgement (its connection broke):
neither is a fault by itself.
"""

import collections
import sys

SHOWN = 10


def read_numbers(name):
    counts = collections.Counter()
    with open(name, encoding="ascii") as file:
        for line in file:
            counts[int(line)] += 1
    return counts


def main(arguments):
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        acknowledged = read_numbers(arguments[1])
        received = read_numbers(arguments[2])
    except (OSError, ValueError) as error:
        print(f"check_numbers: {error}", file=sys.stderr)
        return 2
    lost = sorted(acknowledged.keys() - received.keys())
    orphans = received.keys() - acknowledged.keys()
    twins = sum(count - 1 for count in received.values())
    print(f"acknowledged={len(acknowledged)} received={len(received)}"
          f" lost={len(lost)} twins={twins} orphans={len(orphans)}")
    if lost:
        shown = " ".join(str(number) for number in lost[:SHOWN])
        print(f"lost: {shown}{' ...' if len(lost) > SHOWN else ''}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
