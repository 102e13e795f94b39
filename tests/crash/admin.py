"""A client of the queue manager's socket, in frames of mail/ipc.def."""

import socket
import struct

HELLO = 1
ADMIN_LIST, ADMIN_DO, ADMIN_SHOW = 0x0401, 0x0402, 0x0403
ADMIN_MESSAGE, ADMIN_RCPT, ADMIN_DATA, ADMIN_DONE = (
    0x0481, 0x0482, 0x0483, 0x0484)
HOLD, RELEASE, DELETE, REQUEUE, FLUSH = range(5)
STATES = ("active", "deferred", "held", "queued")
PAGE = 1000


class Lost(Exception):
    """The queue manager went away."""


class Admin:
    """One connection."""

    def __init__(self, path, timeout=5.0):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        try:
            self.sock.connect(path)
            self.file = self.sock.makefile("rb")
            code, _, payload = self.receive()
            if code != HELLO:
                raise Lost("no HELLO")
            # Say the version that the other side has said.
            self.send(HELLO, 0, payload[:8] + text("admin"))
        except BaseException:
            self.sock.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.sock.close()

    def send(self, code, number, payload):
        self.sock.sendall(struct.pack(">IHI", len(payload) + 6, code,
                                      number) + payload)

    def receive(self):
        head = self.file.read(10)
        if len(head) < 10:
            raise Lost("the connection ended")
        size, code, number = struct.unpack(">IHI", head)
        payload = self.file.read(size - 6)
        if len(payload) < size - 6:
            raise Lost("the connection ended")
        return code, number, payload

    def replies(self):
        """All frames of an answer; the last is ADMIN_DONE."""
        while True:
            code, _, payload = self.receive()
            yield code, payload
            if code == ADMIN_DONE:
                return

    def list(self):
        """A dict for each message."""
        found, after = [], 0
        while True:
            self.send(ADMIN_LIST, 1, struct.pack(">QQI", after, 0, PAGE))
            for code, payload in self.replies():
                if code == ADMIN_MESSAGE:
                    found.append(parse_message(payload))
                elif code == ADMIN_RCPT:
                    found[-1]["recipients"] += 1
                elif code == ADMIN_DONE:
                    after = struct.unpack(">IQ", payload[:12])[1]
            if after == 0:
                return found

    def act(self, action, queue_id=0):
        """How many messages it was done to."""
        self.send(ADMIN_DO, 1, struct.pack(">IQ", action, queue_id))
        for _, payload in self.replies():
            count = struct.unpack(">I", payload[:4])[0]
            error = payload[16:].decode()
        if error:
            raise ValueError(error)
        return count

    def show(self, queue_id):
        """The content."""
        self.send(ADMIN_SHOW, 1, struct.pack(">Q", queue_id))
        return b"".join(payload[4:] for code, payload in self.replies()
                        if code == ADMIN_DATA)


def text(string):
    return struct.pack(">I", len(string)) + string.encode()


def parse_message(payload):
    queue_id, state, attempts, arrival, due, size = struct.unpack(
        ">QIIQQQ", payload[:40])
    return {"id": queue_id, "state": STATES[state], "attempts": attempts,
            "arrival_us": arrival, "due_us": due, "size": size,
            "recipients": 0}
