#!/usr/bin/env python3
"""What the queue manager and its tools do with mail that has to wait.

usage: queue.py BINDIR [-p PORT] [part...]

The last line is "queue: N passed, M failed".
"""

import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
from private_suite import Suite                             # noqa: E402
from queue_case import (check, listing, run, send, tool,    # noqa: E402
                        wait_for)


def failures(options):
    """A 5xx is for good; a 4xx is tried again, later each time."""
    suite = Suite(options.bin, options.port, options.port + 1,
                  {"minimal_backoff_time": "2s",
                   "maximal_backoff_time": "30s",
                   "queue_run_delay": "1s"})
    suite.start()
    suite.start_sink("-x", "RCPT<bad@=550 5.1.1 no such user",
                     "-x", "RCPT<later@=450 4.2.0 not now")
    send(suite, "-t", "bad@d.example")
    check("5xx: the log says bounced", suite.wait_log(re.escape(
        "dsn=5.1.1, status=bounced (host 127.0.0.1[127.0.0.1] said: 550 "
        "5.1.1 no such user (in reply to RCPT TO command))")))
    check("5xx: its sender has heard, and nothing is left", suite.wait_log(
        "to=<sender@ternsource.example>, .*status=sent") and
        wait_for(lambda: listing(suite) == []), listing(suite))

    send(suite, "-t", "later@d.example")
    check("4xx: it is deferred", wait_for(lambda: [
        m["queue_name"] for m in listing(suite)] == ["deferred"]),
        listing(suite))
    wait_for(lambda: listing(suite)[0]["attempts"] >= 3, 15)
    times = [int(h) * 3600 + int(m) * 60 + int(s) for h, m, s in re.findall(
        r"(\d\d):(\d\d):(\d\d) \S+ tern/smtp\S+ \S+ to=<later@",
        suite.log_text())]
    check("4xx: it is tried again, each time later",
          len(times) >= 3 and times[2] - times[1] > times[1] - times[0],
          times)
    tool(suite, "ternsuper", "-d", "ALL")
    check("delete: the queue is empty", listing(suite) == [])
    suite.close()


def partial(options):
    """Of several recipients only the refused ones stay."""
    suite = Suite(options.bin, options.port, options.port + 1)
    suite.start()
    suite.start_sink("-x", "RCPT<u1@=450 4.2.0 not now")
    send(suite, "-r", "3", "-t", "u%r@d.example")
    check("partial: one recipient stays", wait_for(lambda: [
        [r["address"] for r in m["recipients"]] for m in listing(suite)] ==
        [["u1@d.example"]]), listing(suite))
    log = suite.log_text()
    check("partial: the others were sent once",
          log.count("to=<u0@d.example>") == 1 and
          log.count("to=<u2@d.example>") == 1)
    suite.close()


def expiry(options):
    """What a report cannot reach, either, is too old some day, too."""
    suite = Suite(options.bin, options.port, options.port + 1,
                  {"maximal_queue_lifetime": "1s",
                   "bounce_queue_lifetime": "1s"})
    suite.start()
    send(suite)
    check("expiry: what is too old is returned", suite.wait_log(
        "from=<sender@ternsource.example>, status=expired, returned to "
        "sender"))
    check("expiry: and what is too old of that is no more", suite.wait_log(
        "from=<>, status=expired, returned to sender") and
        wait_for(lambda: listing(suite) == []), listing(suite))
    suite.close()


def fairness(options):
    """A message to one does not wait behind one to a thousand."""
    suite = Suite(options.bin, options.port, options.port + 1,
                  {"default_destination_recipient_limit": "10",
                   "default_destination_concurrency_limit": "2",
                   "initial_destination_concurrency": "2"})
    suite.start()
    suite.start_sink("-d", "20")
    send(suite, "-r", "1000", "-t", "big%r@d.example")
    time.sleep(0.5)
    send(suite, "-m", "5", "-t", "small%m@d.example")
    wait_for(lambda: suite.log_text().count("to=<small") == 5, 20)
    log = suite.log_text()
    check("fairness: five small messages have overtaken a large one",
          log.count("to=<small") == 5 and log.count("to=<big") < 900,
          "%d small, %d big" % (log.count("to=<small"),
                                log.count("to=<big")))
    check("fairness: the large one goes on meanwhile",
          log.count("to=<big") > 0)
    suite.close()


def hold_and_release(options):
    suite = Suite(options.bin, options.port, options.port + 1,
                  {"minimal_backoff_time": "100s",
                   "maximal_backoff_time": "100s"})
    suite.start()
    send(suite, "-m", "4")
    wait_for(lambda: all(m["queue_name"] == "deferred" and m["attempts"]
                         for m in listing(suite)))
    ids = [m["queue_id"] for m in listing(suite)]
    done = tool(suite, "ternsuper", "-h", ids[0], "-d", ids[1])
    check("ternsuper: says what it did",
          "Placed on hold: 1 message" in done.stdout and
          "Deleted: 1 message" in done.stdout, done.stdout)
    done = tool(suite, "ternsuper", "-h", "-", stdin=ids[2] + "\nrubbish\n")
    check("ternsuper: ids from standard input, rubbish is refused",
          "Placed on hold: 1 message" in done.stdout and
          '"rubbish" is no queue id' in done.stdout, done.stdout)
    text = tool(suite, "ternqueue", "-p").stdout
    check("ternqueue -p: in postqueue's shape",
          re.search(r"^----Queue ID----- --Size-- ---Arrival Time---- "
                    r"--Sender/Recipient------$", text, re.M) and
          re.search("^" + ids[0] + r"! +\d+ \w{3} \w{3} +\d+ [\d:]{8} "
                    r"sender@", text, re.M) and
          re.search(r"^ *\(connect to .*: Connection refused\)$", text,
                    re.M) and
          re.search(r"^-- \d+ Kbytes in 3 Requests\.$", text, re.M), text)
    shown = tool(suite, "terncat", "-q", ids[0]).stdout
    check("terncat: shows envelope and content",
          "sender: sender@ternsource.example" in shown and
          "\nSubject: " in shown, shown[:200])
    suite.start_sink()
    tool(suite, "ternqueue", "-f")
    check("ternqueue -f: what waits is tried at once, what is held is not",
          wait_for(lambda: sorted(m["queue_id"] for m in listing(suite)) ==
                   sorted([ids[0], ids[2]])), listing(suite))
    tool(suite, "ternsuper", "-H", ids[0])
    tool(suite, "ternsuper", "-r", ids[2])
    check("ternsuper -H, -r: released and requeued mail leaves",
          wait_for(lambda: listing(suite) == []), listing(suite))
    check("ternqueue -p: says that it is empty",
          tool(suite, "ternqueue", "-p").stdout == "Mail queue is empty\n")
    done = tool(suite, "ternqueue", "-i", "rubbish")
    check("ternqueue -i: refuses what is no id", done.returncode != 0)
    suite.close()


def rights(options):
    """Other users may look and flush, and no more."""
    if os.geteuid() != 0:
        print("   rights: left out, it takes root to be another user")
        return
    suite = Suite(options.bin, options.port, options.port + 1)
    suite.start()
    send(suite)
    wait_for(lambda: len(listing(suite)) == 1)
    copies = os.path.join(suite.dir, "bin")
    os.mkdir(copies)
    os.chmod(copies, 0o755)
    for name in ("ternqueue", "ternsuper"):
        subprocess.run(["cp", suite.program(name), copies])
    subprocess.run(["chmod", "-R", "a+rX", suite.etc])
    real, suite.bin = suite.bin, copies
    done = tool(suite, "ternqueue", "-p", user=65534)
    check("rights: anybody may list", "1 Request." in done.stdout,
          done.stdout)
    done = tool(suite, "ternqueue", "-f", user=65534)
    check("rights: anybody may flush", done.returncode == 0, done.stdout)
    done = tool(suite, "ternsuper", "-d", "ALL", user=65534)
    check("rights: nobody else may delete", done.returncode != 0 and
          "may not" in done.stdout, done.stdout)
    suite.bin = real
    check("rights: it is still there", len(listing(suite)) == 1)
    suite.close()


def site(options):
    """ternqueue -s: what waits for one domain, and nothing else."""
    suite = Suite(options.bin, options.port, options.port + 1,
                  {"minimal_backoff_time": "600s",
                   "maximal_backoff_time": "600s"})
    suite.start()
    addresses = ["a@one.example", "b@One.Example", "c@two.example",
                 "d@sub.one.example"]
    for address in addresses:
        send(suite, "-t", address)
    wait_for(lambda: [m["queue_name"] for m in listing(suite)] ==
             ["deferred"] * 4)
    held = [m["queue_id"] for m in listing(suite)
            if m["recipients"][0]["address"].startswith("b@")]
    tool(suite, "ternsuper", "-h", *held)
    suite.start_sink()
    done = tool(suite, "ternqueue", "-s", "none.example")
    check("site: one that nothing waits for", done.returncode == 0 and
          done.stdout == "", done.stdout)
    done = tool(suite, "ternqueue", "-s", "ONE.example")
    check("site: its mail leaves, and no other", done.returncode == 0 and
          wait_for(lambda: sorted(
              (m["recipients"][0]["address"].lower(), m["queue_name"])
              for m in listing(suite)) == [
                  ("b@one.example", "hold"), ("c@two.example", "deferred"),
                  ("d@sub.one.example", "deferred")]), listing(suite))
    check("site: it was sent", "to=<a@one.example>, relay=127.0.0.1" in
          suite.log_text())
    suite.close()


PARTS = {"failures": failures, "partial": partial, "expiry": expiry,
         "fairness": fairness, "hold": hold_and_release, "rights": rights,
         "site": site}


if __name__ == "__main__":
    sys.exit(run("queue", PARTS))
