"""A server that keeps what it is sent, apart from Tern's own code."""

import re
import socket
import threading

OFFER = b"".join(b"250-%s\r\n" % word for word in (
    b"sink.example", b"PIPELINING", b"8BITMIME", b"SIZE 10000000",
    b"ENHANCEDSTATUSCODES", b"SMTPUTF8")) + b"250 DSN\r\n"
MARK = re.compile(rb"^X-Interop: (\S+)\r\n", re.M)


class Mail:
    """mail and rcpts are the commands; body is from our first header on.
    helo is who sent it, ip where it came to."""

    def __init__(self, mail, rcpts, text, helo, ip):
        self.mail, self.rcpts, self.text = mail, rcpts, text
        self.helo, self.ip = helo, ip
        found = MARK.search(text)
        self.id = found.group(1).decode() if found else None
        self.body = text[found.start():] if found else text
        self.trace = text[:found.start()] if found else b""

    def to(self):
        return sorted(re.search(r"<(.*?)>", r).group(1) for r in self.rcpts)


class Sink:
    def __init__(self, port, ip="127.0.0.1"):
        self.ip = ip
        self.lock = threading.Lock()
        self.mails = []
        self.listener = socket.create_server((ip, port), backlog=200)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                s = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(s,),
                             daemon=True).start()

    def close(self):
        self.listener.close()

    def serve(self, s):
        s.settimeout(120)
        try:
            with s, s.makefile("rb") as f:
                self.talk(s, f)
        except OSError:
            pass

    def talk(self, s, f):
        helo, mail, rcpts = "", None, []
        s.sendall(b"220 sink.example ESMTP\r\n")
        while line := f.readline(4096):
            verb = line[:4].upper()
            reply = b"250 2.0.0 Ok\r\n"
            if verb == b"EHLO":
                reply, helo = OFFER, line[5:].decode("utf-8").strip()
            elif verb == b"MAIL":
                mail, rcpts = line.decode("utf-8").strip(), []
            elif verb == b"RCPT":
                rcpts.append(line.decode("utf-8").strip())
            elif verb == b"DATA":
                s.sendall(b"354 go on\r\n")
                text = self.content(f)
                if text is None:
                    return
                with self.lock:
                    self.mails.append(Mail(mail, rcpts, text, helo,
                                           self.ip))
            elif verb == b"QUIT":
                s.sendall(b"221 2.0.0 bye\r\n")
                return
            s.sendall(reply)

    @staticmethod
    def content(f):
        lines = []
        while line := f.readline():
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if line[:1] == b"." else line)
        return None

    def taken(self, prefix):
        """What has come of the messages whose ids begin like this."""
        with self.lock:
            return [m for m in self.mails
                    if m.id is not None and m.id.startswith(prefix)]
