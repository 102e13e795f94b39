#!/usr/bin/env python3
"""What the objects of a build export and keep.

usage: names.py BUILD symbols|state

symbols: a file exports only names that begin with its stem.  What is made
         of mail/ipc.def is the exception: on_<message> where a message is
         handled, ipc_send_<message> and ipc_parse_<message>.
state:   nothing that can be written to outlives a call, but what STATE
         lists: many sessions share a process.
"""

import glob
import os
import re
import subprocess
import sys

FOLDERS = ("util conf net mail load master smtpd cleanup qmgr smtp "
           "bounce lookup auth plugin").split()

# Files that may, each with its reason.
STATE = (
    "util/log",             # a process has one log
    "qmgr/store_crash",     # where a test wants the process to die
    "mail/ipc",             # the user whose programs these are
)


def generated():
    with open("mail/ipc.def", encoding="utf-8") as file:
        rows = re.findall(r"^(?:MSG|REPLY)\((\w+)", file.read(), re.M)
    return {start + name for name in rows
            for start in ("on_", "ipc_send_", "ipc_parse_")}


def objects(build):
    for folder in FOLDERS:
        for path in sorted(glob.glob("%s/%s/*.o" % (build, folder))):
            stem = os.path.basename(path)[:-2]
            # Of a source that is gone: an old build.
            if os.path.exists("%s/%s.c" % (folder, stem)):
                yield path, folder, stem


def symbols(build):
    bad = 0
    known = generated()
    for path, folder, stem in objects(build):
        out = subprocess.run(["nm", "-g", "--defined-only", path], text=True,
                             capture_output=True, check=True).stdout
        for name in (line.split()[-1] for line in out.splitlines()):
            if name == stem or name.startswith(stem + "_") or \
                    name in known or (stem == "main" and name == "main") or \
                    name.startswith("__"):
                continue
            print("%s/%s.c: exports %s" % (folder, stem, name))
            bad = 1
    return bad


def state(build):
    bad = 0
    for path, folder, stem in objects(build):
        out = subprocess.run(["objdump", "-t", path], text=True,
                             capture_output=True, check=True).stdout
        for line in out.splitlines():
            match = re.search(r" O \.(?:data|bss|tdata|tbss)(?:\.\S+)?"
                              r"\s+\w+\s+(?:\.hidden )?(\S+)$", line)
            if not match or ".data.rel.ro" in line or \
                    match.group(1).startswith("__") or \
                    "%s/%s" % (folder, stem) in STATE or stem == "main":
                continue
            print("%s/%s.c: keeps %s" % (folder, stem, match.group(1)))
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(globals()[sys.argv[2]](sys.argv[1]))
