"""What is on the disk when no queue manager runs."""

import os
import subprocess

from kill_suite import Failure

ONE_MARK = 1            # meta: the mark of used ids


def make_counter(suite):
    """Compile count_records once for a folder of programs."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "count_records.c")
    program = os.path.join(suite.folder, "count_records")
    if not os.path.exists(program):
        subprocess.run(["cc", "-o", program, source, "-ldb-5.3"],
                       check=True)
    return program


def count(suite):
    """Records by database."""
    done = subprocess.run([make_counter(suite),
                           os.path.join(suite.queue, "db")], check=False,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"count_records: {done.stderr.strip()}")
    return {name: int(number) for name, number in
            (line.split() for line in done.stdout.splitlines())}


def expect_empty(suite):
    found = count(suite)
    if any(found[name] for name in ("message", "recipient", "content",
                                    "due")) or found["meta"] != ONE_MARK:
        raise Failure(f"left in the queue: {found}")
