"""What the tests of the queue's tools share: checks, tools, the parts."""

import argparse
import json
import subprocess
import time
import traceback

from ports import first_port
from private_suite import Suite, wait_for     # noqa: F401

PASSED, FAILED = [], []


def check(name, ok, detail=""):
    (PASSED if ok else FAILED).append(name)
    print("%s: %s%s" % ("ok" if ok else "FAILED", name,
                        "" if ok or not detail else
                        ": " + str(detail)[:2000]),
          flush=True)
    return ok


def command(suite, name, *args, user=None):
    line = [suite.program(name), "-c", suite.etc, *args]
    if user is not None:
        line = ["setpriv", "--reuid=%d" % user, "--regid=%d" % user,
                "--clear-groups", *line]
    return line


def tool(suite, name, *args, stdin=None, user=None):
    return subprocess.run(command(suite, name, *args, user=user),
                          stdout=subprocess.PIPE, text=True,
                          errors="surrogateescape",
                          stderr=subprocess.STDOUT, input=stdin, timeout=60)


def listing(suite):
    out = tool(suite, "ternqueue", "-j").stdout
    return [json.loads(line) for line in out.splitlines()]


def send(suite, *args):
    out = suite.source("-q", *args).communicate(timeout=60)[0]
    return "failed=0" in out and "refused=0" in out


def run(name, parts):
    """The parts named on the command line, or all; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("parts", nargs="*")
    parser.add_argument("-p", dest="port", type=int,
                        default=first_port(name))
    options = parser.parse_args()
    for part in options.parts or parts:
        began = time.monotonic()
        try:
            parts[part](options)
        except Exception as error:      # a test that breaks has failed
            traceback.print_exc()
            check("%s: %r" % (part, error), False)
            Suite.close_all()
        print("-- %s took %.1f s" % (part, time.monotonic() - began),
              flush=True)
    print("%s: %d passed, %d failed" % (name, len(PASSED), len(FAILED)))
    return 1 if FAILED or not PASSED else 0
