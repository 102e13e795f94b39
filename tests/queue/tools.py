#!/usr/bin/env python3
"""What the tools say and how they exit: usage, ids, rights, nobody there.

usage: tools.py BINDIR [-p PORT] [part...]

What they do to mail stands in queue.py and offline.py, what tern does in
tests/master.sh.  The last line is "tools: N passed, M failed".
"""

import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
from private_suite import Suite                             # noqa: E402
from queue_case import (check, listing, run, send, tool,    # noqa: E402
                        wait_for)

USAGE, UNAVAILABLE = 64, 69
UNKNOWN = "4jYpsR17BTz0"        # an id that no message has
STRANGER = 64323                # a user without any rights here
TOOLS = ("tern", "ternqueue", "ternsuper", "terncat")


def filled(options, count, **settings):
    """A suite with deferred messages, and their ids."""
    values = {"minimal_backoff_time": "100s",
              "maximal_backoff_time": "100s"}
    values.update(settings)
    suite = Suite(options.bin, options.port, options.port + 1, values)
    suite.start()
    send(suite, "-m", str(count), "-t", "u%m@d.example")
    wait_for(lambda: len(listing(suite)) == count and
             all(m["attempts"] for m in listing(suite)))
    return suite, [m["queue_id"] for m in listing(suite)]


def expect(suite, status, text, name, *arguments, **how):
    """The tool exits so, with that text (a pattern) in what it says."""
    done = tool(suite, name, *arguments, **how)
    check("%s %s: exit %d, %r" % (name, " ".join(arguments), status, text),
          done.returncode == status and
          (re.search(text, done.stdout) if text else done.stdout == ""),
          done)


def usage(options):
    suite, ids = filled(options, 1)
    for name, *arguments in (
            ("ternqueue",), ("ternqueue", "-p", "-j"), ("ternqueue", "-x"),
            ("ternqueue", "-p", "more"), ("ternqueue", "-i"),
            ("ternsuper",), ("ternsuper", "-d"), ("ternsuper", "-x"),
            ("terncat",), ("terncat", "-e"), ("terncat", "-q", ids[0], "x"),
            ("tern",), ("tern", "nonsense"), ("tern", "start", "more")):
        expect(suite, USAGE, "^usage: |\nusage: ", name, *arguments)
    check("usage: nothing was done", [m["queue_name"] for m in
                                      listing(suite)] == ["deferred"])
    suite.close()


def ids(options):
    suite, known = filled(options, 3)
    for bad in ("rubbish", "", "../" + known[0], known[0] + "x", "ALLx",
                "a" * 200):
        expect(suite, 1, "^ternqueue: fatal: .*is no queue id", "ternqueue",
               "-i", bad)
        expect(suite, 1, "^terncat: fatal: .*is no queue id", "terncat", "-q",
               bad)
        expect(suite, 0, "^ternsuper: warning: .*is no queue id", "ternsuper",
               "-d", bad)
    expect(suite, 1, "no such message", "ternqueue", "-i", UNKNOWN)
    expect(suite, 1, "no such message", "terncat", "-q", UNKNOWN)
    for option in ("-d", "-h", "-H", "-r"):
        expect(suite, 0, "", "ternsuper", option, UNKNOWN)
    expect(suite, 0, "", "ternsuper", "-d", "-", stdin="")
    # ALL is for the command line only: a file of ids may hold anything.
    expect(suite, 0, "", "ternsuper", "-d", "-", stdin="ALL\n\n" + UNKNOWN)
    expect(suite, 0, "Placed on hold: 2 messages\n$", "ternsuper", "-h", "-",
           stdin="%s\n  %s  \n%s\n" % (known[0], known[1], UNKNOWN))
    expect(suite, 1, "or it is on hold", "ternqueue", "-i", known[0])
    expect(suite, 0, "", "ternqueue", "-i", known[2])
    expect(suite, 0, "", "ternqueue", "-f")
    expect(suite, 0, "", "tern", "flush")
    check("ids: nothing else was done", sorted(
        (m["queue_id"], m["queue_name"] == "hold")
        for m in listing(suite)) == sorted(zip(known, (True, True, False))),
        listing(suite))
    expect(suite, 0, "Released from hold: 2 messages\n$", "ternsuper", "-H",
           "ALL")
    expect(suite, 0, "Requeued: 3 messages\n$", "ternsuper", "-r", "ALL")
    expect(suite, 0, "Deleted: 3 messages\n$", "ternsuper", "-d", "ALL")
    expect(suite, 0, "^Mail queue is empty\n$", "ternqueue", "-p")
    expect(suite, 0, "", "ternqueue", "-j")
    suite.close()


def shown(options):
    """terncat shows what it is asked for; -j tells all there is."""
    suite, known = filled(options, 1)
    parts = {option: tool(suite, "terncat", option, "-q", known[0]).stdout
             for option in ("-e", "-h", "-b")}
    check("terncat -e: the envelope only",
          "\nrecipient: u1@d.example\n" in parts["-e"] and
          "Subject:" not in parts["-e"], parts["-e"])
    check("terncat -h: the header only", parts["-h"].startswith(
        "Received: from ") and "\nSubject: " in parts["-h"] and
        "\n\n" not in parts["-h"] and "ENVELOPE" not in parts["-h"],
        parts["-h"])
    whole = tool(suite, "terncat", "-hb", "-q", known[0]).stdout
    check("terncat -b: the body only", len(parts["-b"]) > 9000 and
          whole == parts["-h"] + "\n" + parts["-b"], parts["-b"][:200])
    message = listing(suite)[0]
    check("ternqueue -j: postqueue's names", all(
        name in message for name in (
            "queue_name", "queue_id", "arrival_time", "message_size",
            "forced_expire", "sender", "recipients")) and
        message["recipients"] == [{
            "address": "u1@d.example", "delay_reason":
            "connect to 127.0.0.1[127.0.0.1]:%d: Connection refused" %
            suite.sink_port}], message)
    shown_size = len(whole) + whole.count("\n")
    check("ternqueue -j: the size is that of the content",
          message["message_size"] == shown_size,
          (message["message_size"], shown_size))
    suite.close()


def down(options):
    suite, known = filled(options, 1)
    expect(suite, 0, "is running: PID: %d" % suite.master_pid(), "tern",
           "status")
    expect(suite, 1, "already running: pid %d" % suite.master_pid(), "tern",
           "start")
    suite.stop()
    expect(suite, 1, "is not running", "tern", "status")
    expect(suite, 1, "is not running", "tern", "reload")
    expect(suite, 1, "is not running", "tern", "stop")
    for name, *arguments in (("tern", "flush"), ("ternqueue", "-f"),
                             ("ternqueue", "-i", known[0])):
        expect(suite, UNAVAILABLE, "the mail system is down", name,
               *arguments)
    suite.close()


def strangers(options):
    """The socket tells who calls: an ordinary user sees no mail."""
    if os.geteuid() != 0:
        print("LEFT OUT: strangers: it takes root to be another user")
        return
    suite, known = filled(options, 1)
    subprocess.run(["chmod", "-R", "a+rX", suite.etc], check=True)
    copies = os.path.join(suite.dir, "copies")
    os.mkdir(copies)
    os.chmod(copies, 0o755)
    for name in TOOLS:
        shutil.copy(suite.program(name), copies)
    real, suite.bin = suite.bin, copies
    expect(suite, 1, "you may not do that", "terncat", "-q", known[0],
           user=STRANGER)
    for option in ("-d", "-h", "-H", "-r"):
        for which in (known[0], "ALL"):
            expect(suite, 1, "you may not do that", "ternsuper", option,
                   which, user=STRANGER)
    expect(suite, 0, "1 Request", "ternqueue", "-p", user=STRANGER)
    expect(suite, 0, "", "ternqueue", "-i", known[0], user=STRANGER)
    suite.bin = real
    with open(os.path.join(suite.etc, "main.cf"), "a") as f:
        f.write("authorized_mailq_users = nobody\n"
                "authorized_flush_users = nobody\n")
    suite.stop()
    suite.start()
    wait_for(lambda: suite.queue() == known)
    suite.bin = copies
    for option in ("-p", "-j"):
        expect(suite, 1, "you may not list the queue", "ternqueue", option,
               user=STRANGER)
    for arguments in (("-f",), ("-i", known[0])):
        expect(suite, 1, "you may not flush the queue", "ternqueue",
               *arguments, user=STRANGER)
    suite.bin = real
    expect(suite, 0, "1 Request", "ternqueue", "-p")
    expect(suite, 0, "", "ternqueue", "-f")
    check("strangers: all is as it was", [m["queue_id"] for m in
                                          listing(suite)] == known)
    suite.close()


if __name__ == "__main__":
    sys.exit(run("tools", {"usage": usage, "ids": ids, "shown": shown,
                           "down": down, "strangers": strangers}))
