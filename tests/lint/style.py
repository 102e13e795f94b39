#!/usr/bin/env python3
"""The part of doc/style.md that can be counted.

usage: style.py columns|spaces|files|functions|forbidden|errors|labels|
                opening
"""

import glob
import re
import sys

COLUMNS, FUNCTION_LINES, FILE_LINES = 80, 60, 600
OURS = ("*/*.[ch]", "*/*.def", "tests/*/*.[ch]")
FORBIDDEN = (
    (r"\b(strcpy|strcat|sprintf|vsprintf|strtok|gets|alloca)\s*\(",
     "has no bound or hidden state"),
    (r"\b(isalpha|isdigit|isalnum|isspace|isprint|isupper|islower|toupper|"
     r"tolower|isxdigit|iscntrl)\s*\(", "depends on the locale"),
    (r"\btypedef\s+(struct|enum|union)\b", "hides a struct"),
    (r"\b(setjmp|longjmp)\b", "leaves functions sideways"),
    (r"^\s*#\s*if\s+0\b", "is dead code"),
    (r"^\s*#\s*define\b.*\breturn\b", "returns from a macro"),
)
# malloc and its kin, whose NULL somebody would have to look at.
ALLOCATE = r"\b(malloc|calloc|realloc|strdup|strndup|asprintf)\s*\("


def sources():
    return sorted({path for pattern in OURS for path in glob.glob(pattern)
                   if not path.startswith("build")})


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read().split("\n")


def strip(text):
    """The code alone: comments and strings become spaces."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'
                  r"'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


def code_of(path):
    return strip("\n".join(lines_of(path))).split("\n")


def say(path, number, text):
    print("%s:%d: %s" % (path, number, text))
    return 1


def columns():
    bad = 0
    for path in sources():
        for number, line in enumerate(lines_of(path), 1):
            if len(line.expandtabs(8)) > COLUMNS:
                bad += say(path, number, "%d columns"
                           % len(line.expandtabs(8)))
    return bad


def spaces():
    bad = 0
    for path in sources():
        for number, line in enumerate(lines_of(path), 1):
            indent = re.match(r"[ \t]*", line).group(0)
            if line != line.rstrip():
                bad += say(path, number, "blanks at the end")
            elif " \t" in indent or "        " in indent:
                bad += say(path, number, "indented by spaces")
    return bad


def files():
    bad = 0
    for path in sources():
        count = len(lines_of(path)) - 1
        if count > FILE_LINES:
            bad += say(path, count, "%d lines" % count)
    return bad


def functions():
    """KNF: a body begins and ends with a brace in the first column."""
    bad = 0
    for path in sources():
        begin, name = 0, "?"
        for number, line in enumerate(code_of(path), 1):
            if line == "{":
                begin = number
            elif line == "}" and begin:
                if number - begin - 1 > FUNCTION_LINES:
                    bad += say(path, begin, "%s: %d lines"
                               % (name, number - begin - 1))
                begin = 0
            elif not begin and re.match(r"\w+\(", line):
                name = line.split("(")[0]
    return bad


def forbidden():
    bad = 0
    for path in sources():
        for number, line in enumerate(code_of(path), 1):
            for pattern, why in FORBIDDEN:
                if re.search(pattern, line):
                    bad += say(path, number, "%s: %s" % (line.strip(), why))
            if path != "util/mem.c" and re.search(ALLOCATE, line):
                bad += say(path, number, "%s: use mem_*" % line.strip())
    return bad


def errors():
    """A peer can cause neither an exit nor an abort."""
    bad = 0
    for path in sources():
        if not re.fullmatch(r"smtpd/(session|cmd_\w+|transaction)\.c|"
                            r"mail/ipc\.c|smtp/dialogue\.c", path):
            continue
        for number, line in enumerate(code_of(path), 1):
            if re.search(r"\blog_(fatal|panic)\b", line):
                bad += say(path, number, line.strip())
    return bad


def labels():
    """One label a function, and it is called out."""
    bad = 0
    for path in sources():
        count = 0
        for number, line in enumerate(code_of(path), 1):
            match = re.match(r"(\w+):(?!:)", line)
            if line == "{":
                count = 0
            elif match and match.group(1) != "default":
                count += 1
                if count > 1:
                    bad += say(path, number, "a second label")
    return bad


def opening():
    """A file says what it is before it does anything."""
    bad = 0
    for path in sources():
        if path.startswith("tests/unit/"):
            continue            # its name says it
        head = [line for line in lines_of(path)[:6]
                if line and not line.startswith("#")]
        if not head or not head[0].startswith("/*"):
            bad += say(path, 1, "does not say what it is")
    return bad


if __name__ == "__main__":
    sys.exit(1 if globals()[sys.argv[1]]() else 0)
