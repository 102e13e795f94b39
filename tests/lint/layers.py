#!/usr/bin/env python3
"""Who may include what.

usage: layers.py layers|gates|stems|guards

layers: a folder includes only what its LINK_<folder> in the Makefile lists.
gates:  each foreign library is included in its few files only.
stems:  no two files share a stem, for it is the prefix of what they export.
guards: a header is guarded by its own name, a .c includes its header first.
"""

import glob
import os
import re
import sys

# Header of a foreign library, and the files that may include it.
GATES = (
    (r"event2/|event\.h", r"net/(loop|io)\.[ch]"),
    (r"db\.h", r"qmgr/store\w*\.[ch]|mail/table_db\.c"),
    (r"idn2\.h", r"mail/address\.c"),
    (r"pcre2\.h", r"mail/table_pcre\.c"),
    (r"sqlite3\.h", r"plugin/table_sqlite\.c"),
    (r"libpq-fe\.h", r"plugin/table_pgsql\.c"),
    (r"ldap\.h|lber\.h", r"plugin/table_ldap\.c"),
    (r"lmdb\.h", r"plugin/table_lmdb\.c"),
    (r"cdb\.h", r"plugin/table_cdb\.c"),
    (r"unbound.*\.h", r"net/dns\.c"),
    (r"jansson\.h", r"tools/\w+\.c"),
    (r"openssl/.*", r"net/tls\w*\.[ch]"),
    (r"sasl/.*", r"net/sasl_\w+\.c"),
    (r"ctype\.h|setjmp\.h|alloca\.h", r"(?!)"),
)
# Included by passes: no guard.
PASSES = ("mail/ipc_dispatch.h",)


def say(path, number, text):
    print("%s:%d: %s" % (path, number, text))
    return 1


def sources(folders, what="*.[ch]"):
    return sorted(path for folder in folders
                  for path in glob.glob("%s/%s" % (folder, what)))


def links():
    found = {}
    with open("Makefile", encoding="utf-8") as file:
        for match in re.finditer(r"^LINK_(\w+)\s*:=(.*)$", file.read(), re.M):
            found[match.group(1)] = match.group(2).split()
    return found


def includes(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = re.match(r'#\s*include\s+([<"])([^>"]+)', line)
            if match:
                yield number, match.group(1) == "<", match.group(2)


def layers():
    bad = 0
    allowed = links()
    for path in sources(allowed):
        folder = path.split("/")[0]
        for number, is_system, name in includes(path):
            if is_system:
                continue
            other = name.split("/")[0]
            if not os.path.exists(name):
                bad += say(path, number,
                           '"%s" is not spelled from the root' % name)
            elif other != folder and other not in allowed[folder]:
                bad += say(path, number,
                           "%s may not include %s/" % (folder, other))
    return bad


def gates():
    bad = 0
    for path in sources(links()):
        for number, is_system, name in includes(path):
            for header, where in GATES:
                if is_system and re.match(header, name) and \
                        not re.fullmatch(where, path):
                    bad += say(path, number, "<%s> has its gate elsewhere"
                               % name)
    return bad


def stems():
    bad = 0
    seen = {}
    for path in sources(links(), "*.c") + sources(["tests/unit"], "*.c"):
        stem = os.path.basename(path)[:-2]
        if stem == "main":
            continue
        if stem in seen:
            bad += say(path, 1, "%s has this stem, too" % seen[stem])
        seen[stem] = path
    return bad


def guards():
    bad = 0
    for path in sources(links()):
        if path in PASSES:
            continue
        if path.endswith(".h"):
            guard = path.upper().replace("/", "_").replace(".", "_")
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if not text.startswith("#ifndef %s\n#define %s\n"
                                   % (guard, guard)):
                bad += say(path, 1, "is not guarded by " + guard)
            continue
        own = path[:-1] + "h"
        first = next(includes(path), (1, True, ""))
        if os.path.exists(own) and first[2] != own:
            bad += say(path, first[0], "does not include its own header first")
    return bad


if __name__ == "__main__":
    sys.exit(1 if globals()[sys.argv[1]]() else 0)
