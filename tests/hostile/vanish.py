#!/usr/bin/env python3
"""Clients that vanish, anywhere in their sessions.

usage: vanish.py BINDIR [-p PORT] [part...]

Thousands of them say what a client says, whole or in part, and end as the
network may end them.  Then no session is left, no program has died, and mail
that had its 250 is delivered.  The last line is "vanish: N passed, M failed".
"""

import os
import random
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from private_suite import Suite                             # noqa: E402
from queue_case import check, run                           # noqa: E402

COUNT = int(os.environ.get("VANISH_COUNT", "1500"))
AT_A_TIME = 60
HAM = "Subject: ham\r\n\r\nx\r\n"
SPAM = "Subject: spam\r\n\r\nx\r\n"
AWAY = "Subject: away\r\n\r\nx\r\n"


def message(dice):
    content = dice.choice((HAM, HAM, HAM, SPAM, AWAY))
    if dice.random() < 0.1:
        content += "y" * dice.choice((1000, 40000, 90000)) + "\r\n"
    rcpt = "".join("RCPT TO:<%s>\r\n" % dice.choice(
        ("a@d.example", "b@d.example", "", "c@d.example"))
        for _ in range(dice.randint(1, 3)))
    text = "MAIL FROM:<s@c.example>\r\n" + rcpt
    if dice.random() < 0.75:
        return text + "BDAT %d LAST\r\n%s" % (len(content), content)
    return text + "DATA\r\n" + content + ".\r\n"


def script(dice):
    text = dice.choice(("EHLO c.example\r\n", "EHLO c.example\r\n",
                        "HELO c.example\r\n", ""))
    for _ in range(dice.randint(0, 12)):
        text += message(dice)
        if dice.random() < 0.1:
            text += dice.choice(("RSET\r\n", "NOOP\r\n", "VRFY a\r\n",
                                 "BDAT x\r\n", "x" * 5000 + "\r\n",
                                 "STARTTLS\r\n", "AUTH PLAIN\r\n"))
    if dice.random() < 0.5:
        text += "QUIT\r\n"
    data = text.encode()
    if dice.random() < 0.6:
        data = data[:dice.randint(0, len(data))]
    return data


class Ghost:
    """One client; step() is called when something can be done."""

    def __init__(self, dice, port):
        self.dice = dice
        self.data = script(dice)
        self.reads = dice.random() < 0.7
        self.end = dice.choice(("close", "reset", "half"))
        self.patience = time.monotonic() + dice.choice((0, 0.01, 0.2, 1))
        self.got = b""
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.connect_ex(("127.0.0.1", port))

    def step(self):
        """False: it is gone."""
        try:
            if self.data:
                size = self.dice.choice((1, 10, 500, 70000))
                self.data = self.data[self.sock.send(self.data[:size]):]
            if self.reads:
                got = self.sock.recv(65536)
                self.got += got
                if not got:
                    return self.leave()
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            return self.leave()
        if not self.data and time.monotonic() > self.patience:
            if self.end != "half":
                return self.leave()
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError:
                return self.leave()
            self.end = "close"
            self.reads = True
            self.patience = time.monotonic() + 60
        return True

    def leave(self):
        if self.end == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        self.sock.close()
        return False


def haunt(suite, dice, count, disturb=None):
    """How many messages had their 250."""
    ghosts, begun, queued = [], 0, 0
    while ghosts or begun < count:
        while begun < count and len(ghosts) < AT_A_TIME:
            ghosts.append(Ghost(dice, suite.port))
            begun += 1
            if disturb is not None and begun % 100 == 0:
                disturb()
        left = []
        for ghost in ghosts:
            if ghost.step():
                left.append(ghost)
            else:
                queued += ghost.got.count(b"Ok: queued as")
        ghosts = left
        time.sleep(0.001)
    return queued


def suite_of(options, settings=None, start=True):
    suite = Suite(options.bin, options.port, options.port + 1, dict({
        "header_checks": "regexp:{ {/^Subject: spam/ REJECT no spam} "
                         "{/^Subject: away/ REJECT away} }",
        "smtpd_reject_filter_maps":
            "regexp:{{/^550 5.7.1 away/ 421 4.7.0 go away}}",
        "smtpd_client_connection_count_limit": "0",
        "smtpd_timeout": "20s"}, **(settings or {})))
    if start:
        suite.start()
        suite.start_sink()
    return suite


def is_over(suite):
    return suite.count_log(r"smtpd\[\d+\]: connect from") == \
        suite.count_log(r"smtpd\[\d+\]: disconnect from")


def judge(suite, name, queued, smtpd):
    check("%s: every session is over" % name, wait_over(suite, 40),
          (suite.count_log(r" connect from"),
           suite.count_log(r" disconnect from")))
    check("%s: smtpd has no connection left" % name, wait_sockets(smtpd),
          sockets(smtpd))
    check("%s: smtpd is the same" % name, suite.pids("smtpd") == smtpd)
    check("%s: what had 250 is delivered" % name, suite.wait_log(
        r"status=sent", 60, queued), (queued,
                                      suite.count_log("status=sent")))
    client = socket.create_connection(("127.0.0.1", suite.port), 20)
    check("%s: and it serves" % name, client.recv(100)[:3] == b"220")
    client.close()
    bad = [line for line in suite.log_text().splitlines()
           if "Sanitizer" in line or "killed by" in line or "panic" in line]
    check("%s: nothing died" % name, not bad, bad[:3])


def wait_over(suite, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not is_over(suite):
        time.sleep(0.2)
    return is_over(suite)


def sockets(pids):
    """Connections of smtpd with clients."""
    inodes = set()
    for pid in pids:
        for fd in os.listdir("/proc/%d/fd" % pid):
            try:
                link = os.readlink("/proc/%d/fd/%s" % (pid, fd))
            except OSError:
                continue
            if link.startswith("socket:["):
                inodes.add(link[8:-1])
    with open("/proc/net/tcp") as f:
        rows = [line.split() for line in f][1:]
    return sum(row[9] in inodes and row[3] != "0A" for row in rows)


def wait_sockets(pids):
    end = time.monotonic() + 10
    while time.monotonic() < end and sockets(pids):
        time.sleep(0.1)
    return sockets(pids) == 0


def test_vanish(options):
    seed = int(os.environ.get("VANISH_SEED", str(int(time.time()))))
    print("seed %d" % seed)
    for name, settings in (
            ("usual", {}),
            ("errors", {"smtpd_soft_error_limit": "3",
                        "smtpd_hard_error_limit": "6"}),
            ("asked", {"smtpd_delay_reject": "no",
                       "smtpd_sender_restrictions": "permit",
                       "smtpd_data_restrictions":
                       "check_sender_access pcre:{{/nobody/ REJECT}}",
                       "smtpd_end_of_data_restrictions":
                       "check_sender_access pcre:{{/nobody/ REJECT}}",
                       "smtpd_forbid_unauth_pipelining": "no"})):
        suite = suite_of(options, settings)
        smtpd = suite.pids("smtpd")
        queued = haunt(suite, random.Random(seed), COUNT)
        judge(suite, name, queued, smtpd)
        suite.close()


def test_disturbed(options):
    """cleanup, lookup and qmgr die meanwhile."""
    seed = int(os.environ.get("VANISH_SEED", str(int(time.time()))))
    print("seed %d" % seed)
    dice = random.Random(seed)
    suite = suite_of(options)
    smtpd = suite.pids("smtpd")
    queued = haunt(suite, dice, COUNT, lambda: suite.kill(dice.choice(
        ("cleanup", "lookup", "qmgr"))))
    judge_disturbed(suite, queued, smtpd)
    suite.close()


def judge_disturbed(suite, queued, smtpd):
    check("disturbed: every session is over", wait_over(suite, 60),
          (suite.count_log(r" connect from"),
           suite.count_log(r" disconnect from")))
    check("disturbed: smtpd has no connection left", wait_sockets(smtpd),
          sockets(smtpd))
    check("disturbed: smtpd is the same", suite.pids("smtpd") == smtpd)
    check("disturbed: what had 250 is delivered", suite.wait_log(
        r"status=sent", 60, queued),
        (queued, suite.count_log("status=sent")))


# ---- TLS -------------------------------------------------------------------

def make_certificate(folder):
    path = os.path.join(folder, "both.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048",
                    "-nodes", "-days", "9", "-subj", "/CN=tern.example",
                    "-keyout", path, "-out", path + ".cert"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(path, "a") as out, open(path + ".cert") as cert:
        out.write(cert.read())
    return path


def leave(sock, dice):
    if dice.random() < 0.5:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
    sock.close()


def shake_hands(sock, dice):
    """None: it has left in the middle."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if dice.random() < 0.3:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing)
    while True:
        try:
            tls.do_handshake()
            sock.sendall(outgoing.read())
            return tls, outgoing
        except ssl.SSLWantReadError:
            hello = outgoing.read()
            if dice.random() < 0.2:
                sock.sendall(hello[:dice.randint(0, len(hello))])
                return None
            sock.sendall(hello)
            got = sock.recv(65536)
            if not got:
                return None
            incoming.write(got)


def talk_inside(sock, tls, outgoing, dice):
    tls.write(script(dice))
    data = outgoing.read()
    if dice.random() < 0.5:
        data = data[:dice.randint(0, len(data))]
    sock.sendall(data)


def visit(port, is_wrapped, dice):
    sock = socket.create_connection(("127.0.0.1", port), 20)
    depth = dice.randint(0, 4)
    try:
        if not is_wrapped and depth > 0:
            sock.recv(1000)
            sock.sendall(b"EHLO c.example\r\n")
            sock.recv(1000)
            sock.sendall(b"STARTTLS\r\n")
            if depth > 1:
                sock.recv(1000)
        if depth > 1:
            made = shake_hands(sock, dice)
            if made is not None and depth > 2:
                talk_inside(sock, *made, dice)
            if made is not None and depth > 3:
                sock.settimeout(0.2)
                sock.recv(65536)
    except OSError:
        pass
    leave(sock, dice)


def test_tls(options):
    """In a handshake, and while the new session is counted."""
    seed = int(os.environ.get("VANISH_SEED", str(int(time.time()))))
    print("seed %d" % seed)
    dice = random.Random(seed)
    folder = tempfile.mkdtemp(prefix="tern-vanish-")
    os.chmod(folder, 0o755)
    suite = suite_of(options, {
        "smtpd_tls_security_level": "may",
        "smtpd_tls_chain_files": make_certificate(folder),
        "smtpd_client_event_limit_exceptions": "",
        "smtpd_client_new_tls_session_rate_limit": str(COUNT // 8),
        "smtpd_starttls_timeout": "20s"}, start=False)
    with open(os.path.join(suite.etc, "master.cf"), "a") as f:
        f.write("127.0.0.1:%d inet n - - - - smtpd\n"
                " -o smtpd_tls_wrappermode=yes\n" % (options.port + 2))
    suite.start()
    suite.start_sink()
    smtpd = suite.pids("smtpd")
    for number in range(COUNT):
        visit(options.port + (2 if number % 2 else 0), number % 2, dice)
    check("TLS: every session is over", wait_over(suite, 60),
          (suite.count_log(r" connect from"),
           suite.count_log(r" disconnect from")))
    check("TLS: smtpd has no connection left", wait_sockets(smtpd),
          sockets(smtpd))
    check("TLS: smtpd is the same", suite.pids("smtpd") == smtpd)
    check("TLS: some were served, and some had too many", all(
        suite.count_log(text) for text in (
            r"commands=[1-9]", r"SSL_accept error",
            r"Refusing STARTTLS", r"Refusing TLS service")))
    suite.close()
    shutil.rmtree(folder)


PARTS = {
    "vanish": test_vanish,
    "disturbed": test_disturbed,
    "tls": test_tls,
}

if __name__ == "__main__":
    sys.exit(run("vanish", PARTS))
