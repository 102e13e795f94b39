#!/usr/bin/env python3
"""What a client says of its message, through the queue to the next server.

usage: envelope.py BINDIR [-p port]

The first try is refused for now, then the suite is stopped and started: so
DSN parameters, SMTPUTF8 and BINARYMIME, and every byte of the content, come
out of the database.  The last line is "envelope: N passed, M failed".
"""

import argparse
import os
import socket
import socketserver
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from ports import first_port                                # noqa: E402
from private_suite import Suite, wait_for                   # noqa: E402

KEYWORDS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING",
            "BINARYMIME")
CONTENT = b"Subject: x\r\n\r\n\0\xff\n.\r\n\r no line end"
results = []


def check(name, good, detail=""):
    results.append(bool(good))
    print("%s: %s%s" % ("ok" if good else "FAILED", name,
                        "" if good else ": %s" % (detail,)))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    is_ready = False        # then MAIL is accepted

    def __init__(self, port):
        self.tries = 0
        self.commands, self.content = [], b""
        super().__init__(("127.0.0.1", port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.say("220 next.example")
        for line in self.rfile:
            if not self.answer(line.rstrip(b"\r\n")):
                return

    def answer(self, line):
        verb = line.split(b" ")[0].upper()
        if verb == b"EHLO":
            self.say("\r\n".join("250-" + k for k in KEYWORDS) +
                     "\r\n250 HELP")
            return True
        if verb == b"BDAT":
            words = line.split()
            chunk = self.rfile.read(int(words[1]))
            if self.server.is_ready:
                self.server.content += chunk
        if not self.server.is_ready and verb in (b"MAIL", b"RCPT", b"BDAT"):
            self.server.tries += verb == b"MAIL"
            self.say("451 4.3.0 not yet")
            return True
        if verb in (b"MAIL", b"RCPT"):
            self.server.commands.append(line)
        self.say("221 bye" if verb == b"QUIT" else "250 2.0.0 Ok")
        return verb != b"QUIT"


def submit(port, commands):
    """The replies to the commands, which are sent in one write."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
        stream = sock.makefile("rwb")
        stream.readline()
        stream.write(b"EHLO client.example\r\n")
        stream.flush()
        while stream.readline()[3:4] == b"-":
            pass
        for command in commands:
            stream.write(command)
        stream.flush()
        return [stream.readline() for _ in commands]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("-p", dest="port", type=int,
                        default=first_port("envelope"))
    options = parser.parse_args()
    suite = Suite(options.bin, options.port, options.port + 1)
    server = Server(options.port + 1)
    try:
        suite.start()
        wait_for(lambda: suite.queue() == [])
        replies = submit(suite.port, [
            b"MAIL FROM:<\xc3\xa9@c.example> BODY=BINARYMIME SMTPUTF8 "
            b"RET=HDRS ENVID=QQ+2B314\r\n",
            b"RCPT TO:<a@d.example> NOTIFY=SUCCESS,DELAY "
            b"ORCPT=rfc822;A+40d.example\r\n",
            b"RCPT TO:<\xc3\xa9@d.example> NOTIFY=NEVER "
            b"ORCPT=rfc822;+C3+A9@d.example\r\n",
            b"RCPT TO:<c@d.example>\r\n",
            b"BDAT %d LAST\r\n%s" % (len(CONTENT), CONTENT)])
        check("it is accepted",
              all(reply.startswith(b"250") for reply in replies), replies)
        check("it is tried", wait_for(lambda: server.tries > 0))
        check("it is deferred",
              suite.wait_log("status=deferred", count=3))
        done = suite.tern("stop")
        check("the suite stops", done.returncode == 0, done.stdout)
        server.is_ready = True
        suite.start()
        check("it is delivered", suite.drain(30))
        mail = server.commands[0] if server.commands else b""
        check("the sender is the same",
              mail.startswith(b"MAIL FROM:<\xc3\xa9@c.example> "), mail)
        for word in (b"BODY=BINARYMIME", b"SMTPUTF8", b"RET=HDRS",
                     b"ENVID=QQ+2B314"):
            check("MAIL has " + word.decode(), word in mail.split(), mail)
        check("each RCPT has what it had", sorted(server.commands[1:]) ==
              [b"RCPT TO:<a@d.example> NOTIFY=SUCCESS,DELAY "
               b"ORCPT=rfc822;A+40d.example",
               b"RCPT TO:<c@d.example> ORCPT=rfc822;c@d.example",
               b"RCPT TO:<\xc3\xa9@d.example> NOTIFY=NEVER "
               b"ORCPT=rfc822;+C3+A9@d.example"],
              server.commands)
        check("the body is the same",
              server.content.endswith(CONTENT[CONTENT.index(b"\r\n\r\n"):]),
              server.content[-60:])
    finally:
        server.shutdown()
        suite.close(not all(results))
    failed = results.count(False)
    print("envelope: %d passed, %d failed" % (len(results) - failed, failed))
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
