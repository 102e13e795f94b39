"""SASL by hand, and servers that keep to no protocol."""

import base64
import hashlib
import hmac
import os
import socket
import threading
import time


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes)
                            else data.encode()).decode()


class Smtp:
    """A client that says what it is told."""

    def __init__(self, port, source="127.0.0.1", host="127.0.0.1"):
        self.sock = socket.create_connection((host, port), timeout=60,
                                             source_address=(source, 0))
        self.file = self.sock.makefile("rb")
        self.waited = 0             # for replies, in seconds
        self.reply()
        self.offer = self.say("EHLO client.example")

    def reply(self):
        lines = []
        while True:
            line = self.file.readline().decode("latin-1").rstrip("\r\n")
            lines.append(line)
            if len(line) < 4 or line[3] != "-":
                return "\n".join(lines)

    def say(self, line):
        began = time.monotonic()
        self.sock.sendall(line.encode("latin-1") + b"\r\n")
        reply = self.reply()
        self.waited += time.monotonic() - began
        return reply

    def mechanisms(self):
        for line in self.offer.split("\n"):
            if line[4:].startswith("AUTH "):
                return line[9:].split()
        return []

    def plain(self, user, password):
        return self.say("AUTH PLAIN " + b64("\0%s\0%s" % (user, password)))

    def close(self):
        self.file.close()
        self.sock.close()


def cram_md5(client, user, password):
    """The replies of a whole exchange (RFC 2195); the last one decides."""
    replies = [client.say("AUTH CRAM-MD5")]
    if not replies[0].startswith("334 "):
        return replies
    mac = hmac.new(password.encode(), base64.b64decode(replies[0][4:]), "md5")
    replies.append(client.say(b64("%s %s" % (user, mac.hexdigest()))))
    return replies


def scram(client, mechanism, user, password):
    """The replies of a whole exchange (RFC 5802); the last one decides."""
    name = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}[mechanism]
    escaped = user.replace("=", "=3D").replace(",", "=2C")
    bare = "n=%s,r=%s" % (escaped, os.urandom(9).hex())
    replies = [client.say("AUTH %s %s" % (mechanism, b64("n,," + bare)))]
    if not replies[0].startswith("334 "):
        return replies
    first = base64.b64decode(replies[0][4:]).decode()
    words = dict(word.split("=", 1) for word in first.split(","))
    salted = hashlib.pbkdf2_hmac(name, password.encode(),
                                 base64.b64decode(words["s"]),
                                 int(words["i"]))
    key = hmac.new(salted, b"Client Key", name).digest()
    final = "c=biws,r=" + words["r"]
    text = ",".join((bare, first, final)).encode()
    stored = hashlib.new(name, key).digest()
    mask = hmac.new(stored, text, name).digest()
    proof = bytes(a ^ b for a, b in zip(key, mask))
    replies.append(client.say(b64(final + ",p=" + b64(proof))))
    if replies[-1].startswith("334 "):
        server = hmac.new(hmac.new(salted, b"Server Key", name).digest(),
                          text, name).digest()
        if base64.b64decode(replies[-1][4:]).decode() != "v=" + b64(server):
            return replies + ["the server does not know the password"]
        replies.append(client.say(""))
    return replies


class Script:
    """Takes connections; each is talk(file) in a thread, and closed then."""

    def __init__(self, talk, address=None, path=None):
        self.talk = talk
        if path is not None:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.bind(path)
            os.chmod(path, 0o777)
            self.sock.listen(64)
        else:
            self.sock = socket.create_server(address, backlog=64)
        self.count = 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                client, _ = self.sock.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self.serve, args=(client,),
                             daemon=True).start()

    def serve(self, client):
        client.settimeout(30)
        try:
            with client, client.makefile("rwb", buffering=0) as file:
                self.talk(file, client.getsockname())
        except OSError:
            pass

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
        self.thread.join(10)
