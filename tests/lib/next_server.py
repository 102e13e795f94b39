"""The neighbours of a suite: a client, and a next server that keeps what it
is sent: SMTP, or LMTP at TCP or a Unix socket."""

import contextlib
import os
import socket
import socketserver
import threading

from private_suite import wait_for


class Mail:
    def __init__(self, line):
        self.sender, self.rcpts, self.text = line, [], b""


class Handler(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.mail = None
        self.server.peers.append(self.client_address)
        self.say("220 next.example")
        for line in self.rfile:
            if not self.answer(line.rstrip(b"\r\n").decode("latin-1")):
                return

    def take_content(self):
        self.say("354 go on")
        for line in self.rfile:
            if line == b".\r\n":
                break
            self.mail.text += line
        self.server.mails.append(self.mail)
        # RFC 2033 section 4.2: a reply for each recipient.
        count = len(self.mail.rcpts) if self.server.is_lmtp else 1
        for rcpt in self.mail.rcpts[:count]:
            self.say(self.server.verdicts.get(rcpt[9:].split(">")[0],
                                              "250 2.0.0 Ok"))

    def answer(self, line):
        verb = line.split(" ")[0].upper()
        self.server.lines.append(line)
        if verb == "MAIL":
            self.server.tries += 1
            self.mail = Mail(line)
        if verb == ("LHLO" if self.server.is_lmtp else "EHLO"):
            self.say("\r\n".join(
                ["250-" + self.server.name, "250-PIPELINING",
                 "250-8BITMIME"] +
                ["250-" + keyword for keyword in self.server.keywords] +
                ["250 DSN"]))
        elif verb == "AUTH":
            self.say("235 2.7.0 Ok")
        elif verb == "QUIT":
            with contextlib.suppress(OSError):  # nobody waits for that
                self.say("221 bye")
        elif verb in ("MAIL", "RCPT", "DATA") and not self.server.is_ready:
            self.say("451 4.3.0 not yet")
        elif verb == "DATA":
            self.take_content()
        elif verb in ("EHLO", "HELO", "LHLO"):
            self.say("500 5.5.1 not here")
        else:
            if verb == "RCPT":
                self.mail.rcpts.append(line)
            self.say("250 2.0.0 Ok")
        return verb != "QUIT"


class Base:
    """Not ready, it defers; verdicts are those of recipients (LMTP);
    keywords are announced beside those that are always there."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address, is_lmtp=False, name="next.example"):
        self.is_ready, self.tries, self.mails = True, 0, []
        self.is_lmtp, self.name = is_lmtp, name
        self.lines, self.verdicts, self.peers = [], {}, []
        self.keywords = []
        super().__init__(address, Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self, count=1):
        """The mails that came, when they are so many."""
        wait_for(lambda: len(self.mails) >= count)
        mails, self.mails = self.mails, []
        return mails

    def close(self):
        self.shutdown()
        self.server_close()


class Server(Base, socketserver.ThreadingTCPServer):
    def __init__(self, port, **more):
        super().__init__(("127.0.0.1", port), **more)


class SocketServer(Base, socketserver.ThreadingUnixStreamServer):
    """Whoever the suite runs as may connect."""

    def __init__(self, path, **more):
        super().__init__(path, **more)
        os.chmod(path, 0o666)


def submit(port, header, body="text\r\n", rcpts=("a@d.example",),
           before_end=None):
    """The reply to the content."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
        stream = sock.makefile("rwb")

        def read():
            line = stream.readline()
            while line[3:4] == b"-":
                line = stream.readline()
            return line.decode("latin-1").strip()

        def say(text):
            stream.write(text.encode("latin-1") + b"\r\n")
            stream.flush()
            return read()

        read()
        say("EHLO client.example")
        say("MAIL FROM:<s@c.example>")
        for rcpt in rcpts:
            say("RCPT TO:<%s> ORCPT=rfc822;%s" % (rcpt, rcpt))
        say("DATA")
        if before_end is not None:
            before_end()
        return say(header + "\r\n\r\n" + body + ".")
