"""A client that says one line after the other, and hears the reply."""

import socket


class Talk:
    """EHLO is said; utf8: lines are UTF-8, else Latin-1."""

    def __init__(self, port, utf8=False):
        self.coding = "utf-8" if utf8 else "latin-1"
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.stream = self.sock.makefile("rwb")
        self.read()
        self.say("EHLO client.example")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.sock.close()

    def read(self):
        line = self.stream.readline()
        while line[3:4] == b"-":
            line = self.stream.readline()
        return line.decode("latin-1").strip()

    def say(self, text):
        self.stream.write(text.encode(self.coding) + b"\r\n")
        self.stream.flush()
        return self.read()
