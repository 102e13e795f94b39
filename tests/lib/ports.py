#!/usr/bin/env python3
"""The ports of tests/ports.

usage: ports.py SCRIPT: prints the first port of that script
"""

import os
import sys

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "..", "ports")


def rows():
    """By script: its first offset, and the first that is not its own."""
    found = {}
    with open(TABLE) as f:
        for line in f:
            words = line.split("#")[0].split()
            if words:
                first, count = int(words[0]), int(words[1])
                found[words[2]] = (first, first + count)
    ranges = sorted(found.values())
    for left, right in zip(ranges, ranges[1:]):
        if left[1] > right[0]:
            raise ValueError("tests/ports: two scripts share %d" % right[0])
    return found


def first_port(name):
    return int(os.environ.get("TERN_PORTS", "23000")) + rows()[name][0]


if __name__ == "__main__":
    print(first_port(sys.argv[1]))
