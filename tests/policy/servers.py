"""What a policy asks: zones of the DNS, a slow DNS server, policy services
of several manners."""

import os
import shutil
import socket
import struct
import subprocess
import threading
import time

from private_suite import listens, wait_for

# Clients come from addresses in 127.0.0.0/8.
ZONES = {
    "list.example": """
3.1.0.127   A    127.0.0.2
3.1.0.127   TXT  "see http://list.example/3"
4.1.0.127   A    127.0.0.9
spam.example    A   127.0.0.2
""",
    "good.example": """
3.1.0.127   A    127.0.0.2
4.1.0.127   A    127.0.0.2
""",
    "names.example": """
a-host-with-a-long-name A 127.0.1.18
twelve      A    127.0.1.12
liar        A    127.0.1.99
mail        MX   10 bad-host
bad-host    A    127.0.9.9
null        MX   0 .
plain       A    127.0.1.1
""",
    "mx.example": """
one         MX   10 first
one         MX   20 us
by-name     MX   10 first
by-name     MX   20 backup.ours.example.
second      MX   10 second-first
second      MX   20 us
primary     MX   10 us
primary     MX   10 first
primary     MX   20 us
not         MX   10 first
not         MX   20 second-first
alone       A    127.0.0.77
gone        MX   10 first
gone        MX   20 lost.ours.example.
first       A    127.7.0.1
second-first A   127.8.0.1
us          A    127.0.0.77
""",
    "1.0.127.in-addr.arpa": """
18          PTR  a-host-with-a-long-name.names.example.
12          PTR  twelve.names.example.
13          PTR  liar.names.example.
14          PTR  127.0.0.1.
15          PTR  under\\032score.names.example.
16          PTR  nowhere.names.example.
""",
}


class SlowDns:
    """Nobody is in any list, but it takes as long to say so."""

    def __init__(self, ip, port, seconds):
        self.seconds = seconds
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((ip, port))
        self.is_over = False
        self.waiting = []
        self.lock = threading.Condition()
        for run in (self.receive, self.reply):
            threading.Thread(target=run, daemon=True).start()

    def receive(self):
        while not self.is_over:
            try:
                packet, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            self.asked += 1
            reply = packet[:2] + struct.pack(">5H", 0x8183, 1, 0, 1, 0)
            end = 12
            while packet[end] != 0:
                end += 1 + packet[end]
            reply += packet[12:end + 5]
            # So that the answer is cached (RFC 2308 section 3).
            reply += b"\0" + struct.pack(">HHIH", 6, 1, 60, 22) + \
                b"\0\0" + struct.pack(">5I", 1, 60, 60, 60, 60)
            with self.lock:
                self.waiting.append((time.time() + self.seconds, reply, peer))
                self.lock.notify()

    def reply(self):
        while not self.is_over:
            with self.lock:
                while not self.waiting:
                    self.lock.wait()
                when, packet, peer = self.waiting.pop(0)
            time.sleep(max(0, when - time.time()))
            try:
                self.socket.sendto(packet, peer)
            except OSError:
                return

    def close(self):
        self.is_over = True
        self.socket.close()


class Policy:
    """A policy service: answer(attributes) gives what it says, or None for
    nothing at all."""

    def __init__(self, port, answer):
        self.answer = answer
        self.seen = []          # attributes of each question
        self.connections = 0
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", port))
        self.socket.listen(512)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                peer = self.socket.accept()[0]
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(peer,),
                             daemon=True).start()

    def serve(self, peer):
        data = b""
        with peer:
            while True:
                while b"\n\n" not in data:
                    more = peer.recv(4096)
                    if not more:
                        return
                    data += more
                text, data = data.split(b"\n\n", 1)
                attributes = dict(line.split("=", 1) for line in
                                  text.decode().split("\n"))
                self.seen.append(attributes)
                said = self.answer(attributes)
                if said is not None:
                    peer.sendall(said.encode())

    def close(self):
        # Or accept() would go on.
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Postgrey:
    """Debian's, with a folder of its own and no rights."""

    def __init__(self, folder, port):
        data = os.path.join(folder, "postgrey")
        os.mkdir(data)
        command = ["postgrey", "--inet=127.0.0.1:%d" % port, "--delay=2",
                   "--dbdir=" + data, "--pidfile=" + data + "/pid"]
        if os.geteuid() == 0:
            os.chmod(folder, 0o755)
            shutil.chown(data, "nobody", "nogroup")
            command += ["--user=nobody", "--group=nogroup"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        if not wait_for(lambda: listens(port), 20):
            raise RuntimeError("postgrey does not listen")

    def close(self):
        self.process.terminate()
        self.process.wait(20)


class Spawn:
    """A program for each connection, as Postfix's spawn(8) has it."""

    def __init__(self, listener, *command):
        self.command = command
        self.children = []
        self.socket = listener
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                peer = self.socket.accept()[0]
            except OSError:
                return
            with peer:
                self.children.append(subprocess.Popen(
                    self.command, stdin=peer, stdout=peer,
                    stderr=subprocess.DEVNULL))

    def close(self):
        # Or accept() would go on.
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for child in self.children:
            child.terminate()
            child.wait(20)
