#!/usr/bin/env python3
"""Messages that follow before the verdict on the one before is there.

usage: overtake.py BINDIR [-p PORT] [part...]

A client pipelines whole messages (RFC 2920, RFC 3030): replies come in the
order of its commands, whatever becomes of the queue meanwhile, and what has
had its 250 is delivered.  The last line is "overtake: N passed, M failed".
"""

import os
import re
import signal
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from private_suite import Suite                             # noqa: E402
from queue_case import check, run                           # noqa: E402

SPAM = "Subject: spam\r\n\r\nx\r\n"
HAM = "Subject: ham\r\n\r\nx\r\n"


def suite_of(options, settings=None):
    suite = Suite(options.bin, options.port, options.port + 1, dict({
        "header_checks": "regexp:{ {/^Subject: spam/ REJECT no spam} "
                         "{/^Subject: away/ REJECT away} }",
        "smtpd_reject_filter_maps":
            "regexp:{{/^550 5.7.1 away/ 421 4.7.0 go away}}",
        "smtpd_error_sleep_time": "0s"}, **(settings or {})))
    suite.start()
    suite.start_sink()
    return suite


class Client:
    def __init__(self, suite):
        self.sock = socket.create_connection(("127.0.0.1", suite.port), 20)
        self.file = self.sock.makefile("rb")
        self.reply()
        self.say("EHLO c.example\r\n")
        self.reply()

    def say(self, text):
        self.sock.sendall(text.encode())

    def reply(self):
        """The last line of one; "" at the end of the connection."""
        line = self.file.readline().decode()
        while line[3:4] == "-":
            line = self.file.readline().decode()
        return line

    def codes(self, count):
        return [self.reply()[:3] for _ in range(count)]

    def silence(self, seconds=0.5):
        """Nothing comes."""
        self.sock.settimeout(seconds)
        try:
            return self.sock.recv(1, socket.MSG_PEEK) is None
        except TimeoutError:
            return True
        finally:
            self.sock.settimeout(20)


def chunk(content, to="a@d.example"):
    return ("MAIL FROM:<s@c.example>\r\nRCPT TO:<%s>\r\nBDAT %d LAST\r\n%s" %
            (to, len(content), content))


def test_order(options):
    """Refused ones between others, and QUIT behind all of them."""
    suite = suite_of(options)
    client = Client(suite)
    client.say(chunk(HAM) + chunk(SPAM) + chunk(HAM) + chunk(SPAM) +
               chunk(HAM, "<>") + "QUIT\r\n")
    got = [client.reply() for _ in range(16)]
    check("replies in the order of commands", [r[:3] for r in got] ==
          ["250"] * 3 + ["250"] * 2 + ["550"] + ["250"] * 3 +
          ["250"] * 2 + ["550"] + ["250", "501", "554", "221"], got)
    check("then the end", client.reply() == "")
    check("the log counts what came of them", suite.wait_log(
        r"disconnect from .* ehlo=1 mail=5 rcpt=4/5 bdat=2/5 quit=1 "
        r"commands=13/17"), suite.log_text()[-600:])
    seen = suite.wait_log(r"status=sent", 10, 2)
    check("and two are delivered", seen)
    suite.close()


def test_data(options):
    """With DATA, too: the next envelope stands behind the dot."""
    suite = suite_of(options)
    client = Client(suite)
    envelope = ("MAIL FROM:<s@c.example>\r\nRCPT TO:<a@d.example>\r\n"
                "DATA\r\n")
    client.say(envelope)
    check("354", client.codes(3) == ["250", "250", "354"])
    for number, content in enumerate((HAM, SPAM, HAM)):
        client.say(content + ".\r\n" + envelope)
        got = client.codes(4)
        check("verdict %d, then the envelope" % number, got == [
            "550" if content == SPAM else "250", "250", "250", "354"], got)
    client.say(HAM + ".\r\nQUIT\r\n")
    check("QUIT", client.codes(2) == ["250", "221"])
    suite.close()


def test_waits(options):
    """While qmgr stands still nothing is said, but things go on."""
    suite = suite_of(options)
    client = Client(suite)
    client.say(chunk(HAM))
    client.codes(3)
    pid = suite.pids("qmgr")[0]
    os.kill(pid, signal.SIGSTOP)
    client.say(chunk(HAM) + chunk(HAM))
    check("the envelope is answered", client.codes(2) == ["250", "250"])
    check("and nothing else", client.silence())
    client.say("RSET\r\n")
    client.say(chunk(HAM) * 40 + "QUIT\r\n")
    client.sock.shutdown(socket.SHUT_WR)
    check("nor is anything later", client.silence())
    os.kill(pid, signal.SIGCONT)
    got = client.codes(1 + 3 + 1 + 120 + 1)
    check("then all of it, in order", got == ["250"] * 125 + ["221"], got)
    client = Client(suite)
    os.kill(pid, signal.SIGSTOP)
    client.say(chunk(HAM) * 5)
    client.codes(2)
    client.sock.close()
    os.kill(pid, signal.SIGCONT)
    client = Client(suite)
    client.say(chunk(HAM) + "QUIT\r\n")
    check("and mail goes on", client.codes(4) == ["250"] * 3 + ["221"])
    check("what was whole when its client left is delivered, too",
          suite.wait_log(r"status=sent", 20, 1 + 2 + 40 + 5 + 1))
    check("and every session is over", suite.wait_log(
        r"disconnect from", 10, suite.count_log(r" connect from")))
    suite.close()


def test_lost_queue(options):
    """qmgr dies with messages under way: 451, or 250 and delivery."""
    suite = suite_of(options)
    told = 0
    for turn in range(5):
        client = Client(suite)
        client.say(chunk(HAM))
        # The qmgr that was killed last may not be there again.
        told += client.codes(3)[2] == "250"
        client.say("".join(chunk("Subject: ham\r\nX-Turn: %d.%d\r\n\r\nx\r\n"
                                 % (turn, i)) for i in range(9)) +
                   "QUIT\r\n")
        time.sleep(0.002 * turn)
        suite.kill("qmgr")
        got = [client.reply() for _ in range(28)]
        verdicts = got[2:27:3]
        check("turn %d: each message has its verdict" % turn, all(
            r[:3] in ("250", "451") for r in verdicts) and
            got[27].startswith("221"), got)
        told += sum(r.startswith("250 2.0.0 Ok: queued") for r in verdicts)
    check("what had 250 is delivered",
          suite.wait_log(r"status=sent", 60, told), told)
    suite.close()


def test_end(options):
    """After a 421 nothing more is said, nor taken."""
    suite = suite_of(options)
    client = Client(suite)
    client.say(chunk(HAM) + chunk("Subject: away\r\n\r\nx\r\n") +
               chunk(HAM) + "QUIT\r\n")
    got = [client.reply() for _ in range(7)]
    check("421 is the last", [r[:3] for r in got] ==
          ["250"] * 5 + ["421", ""], got)
    client.sock.close()
    suite.close()
    test_end_of_waiting(options)
    suite = suite_of(options, {"smtpd_hard_error_limit": "3"})
    client = Client(suite)
    client.say(chunk(SPAM) * 6 + chunk(HAM) + "QUIT\r\n")
    got = [client.reply() for _ in range(11)]
    check("too many refused: the end, as one by one", [r[:3] for r in got]
          == ["250", "250", "550"] * 3 + ["421", ""], got)
    client.sock.close()
    check("nothing is queued", "status=sent" not in suite.log_text())
    suite.close()


def test_end_of_waiting(options):
    """Nothing is said to a command that still waits for its answer."""
    suite = suite_of(options)
    client = Client(suite)
    client.say(chunk(HAM))
    client.codes(3)
    cleanup, lookup = suite.pids("cleanup")[0], suite.pids("lookup")[0]
    os.kill(cleanup, signal.SIGSTOP)
    client.say(chunk("Subject: away\r\n\r\nx\r\n"))
    check("an envelope", client.codes(2) == ["250"] * 2)
    os.kill(lookup, signal.SIGSTOP)
    client.say("MAIL FROM:<s@c.example>\r\nRCPT TO:<a@d.example>\r\n")
    time.sleep(0.3)
    os.kill(cleanup, signal.SIGCONT)
    got = client.codes(1)
    check("421 is the last, though lookup is asked", got == ["421"] and
          client.reply() == "", got)
    client.sock.close()
    os.kill(lookup, signal.SIGCONT)
    suite.close()


def test_pauses(options):
    """After errors each reply waits for its time, pipelined or not."""
    for seconds, count in ((1, 3), (6, 1)):
        suite = suite_of(options, {
            "smtpd_error_sleep_time": "%ds" % seconds,
            "smtpd_soft_error_limit": "1",
            "smtpd_recipient_restrictions":
                "check_recipient_access inline:{bad@d.example=REJECT}"})
        client = Client(suite)
        client.say("MAIL FROM:<s@c.example>\r\nNOTHING\r\n" +
                   "NOTHING\r\nRCPT TO:<bad@d.example>\r\n" * count)
        client.codes(2)
        began = time.monotonic()
        got = client.codes(2 * count)
        took = time.monotonic() - began
        check("%d s before each reply" % seconds,
              got == ["500", "554"] * count and
              seconds * 2 * count - 0.3 < took < seconds * 2 * count + 2,
              (got, took))
        client.sock.close()
        suite.close()


def test_last_words(options):
    """What ends the session stands behind all verdicts, as they come."""
    suite = suite_of(options)
    client = Client(suite)
    client.say(chunk(HAM))
    client.codes(3)
    qmgr, cleanup = suite.pids("qmgr")[0], suite.pids("cleanup")[0]
    os.kill(cleanup, signal.SIGSTOP)
    os.kill(qmgr, signal.SIGSTOP)
    client.say(chunk(SPAM) + chunk(HAM) + "BDAT x\r\n")
    time.sleep(0.5)
    os.kill(cleanup, signal.SIGCONT)
    got = client.codes(5)
    check("the first verdict", got == ["250"] * 2 + ["550"] + ["250"] * 2,
          got)
    check("the other is waited for", client.silence())
    os.kill(qmgr, signal.SIGCONT)
    got = client.codes(3)
    check("and told, before the end", got == ["250", "521", ""], got)
    client.sock.close()
    suite.close()


def resident(suite):
    """KB that smtpd has in memory."""
    total = 0
    for pid in suite.pids("smtpd"):
        with open("/proc/%d/status" % pid) as f:
            total += int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
    return total


def test_memory(options):
    """While cleanup takes nothing, content waits with the clients."""
    suite = suite_of(options)
    cleanup = suite.pids("cleanup")[0]
    clients = [Client(suite) for _ in range(30)]
    before = resident(suite)
    os.kill(cleanup, signal.SIGSTOP)
    text = (chunk(HAM + ("x" * 900 + "\r\n") * 30) * 32).encode()
    for _ in range(20):
        for client in clients:
            client.sock.setblocking(False)
            try:
                client.left = client.__dict__.get("left", text)
                client.left = client.left[client.sock.send(client.left):]
            except BlockingIOError:
                pass
        time.sleep(0.05)
    grown = resident(suite) - before
    # Two times 64 KB, and what an allocator keeps.
    check("content of 30 clients is in %d KB" % grown, grown < 30 * 300)
    os.kill(cleanup, signal.SIGCONT)
    for client in clients:
        client.sock.close()
        client.file.close()
    suite.close()


def test_half_closed(options):
    """A client that has said all, and nobody has taken all of it yet."""
    suite = suite_of(options)
    for size in (100, 85000, 150000, 400000):
        client = Client(suite)
        cleanup = suite.pids("cleanup")[0]
        os.kill(cleanup, signal.SIGSTOP)
        client.say(chunk(HAM + "x" * size + "\r\n") + "QUIT\r\n")
        client.sock.shutdown(socket.SHUT_WR)
        time.sleep(0.5)
        os.kill(cleanup, signal.SIGCONT)
        got = client.codes(4)
        check("%d bytes of content" % size,
              got == ["250"] * 3 + ["221"], got)
        client.sock.close()
    suite.close()


def test_long_replies(options):
    """More replies in one group than are ever held back."""
    suite = suite_of(options)
    client = Client(suite)
    rcpt = "RCPT TO:<%s%%d@%s.example>\r\n" % ("u" * 50, "d" * 60)
    count = 900
    client.say("MAIL FROM:<s@c.example>\r\n" +
               "".join(rcpt % i for i in range(count)) +
               "BDAT %d LAST\r\n%s" % (len(HAM), HAM) + "QUIT\r\n")
    began = time.monotonic()
    got = client.codes(count + 3)
    check("all come", got == ["250"] * (count + 2) + ["221"],
          (len(got), got[-3:]))
    check("and soon", time.monotonic() - began < 8,
          time.monotonic() - began)
    suite.close()


PARTS = {
    "order": test_order,
    "data": test_data,
    "waits": test_waits,
    "lost_queue": test_lost_queue,
    "end": test_end,
    "pauses": test_pauses,
    "last_words": test_last_words,
    "memory": test_memory,
    "half_closed": test_half_closed,
    "long_replies": test_long_replies,
}

if __name__ == "__main__":
    sys.exit(run("overtake", PARTS))
