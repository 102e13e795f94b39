"""Servers that a policy asks: nsd with zones, a slow DNS server, policy
services of several manners."""

import os
import pwd
import socket
import struct
import subprocess
import threading
import time

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
    "1.0.127.in-addr.arpa": """
18          PTR  a-host-with-a-long-name.names.example.
12          PTR  twelve.names.example.
13          PTR  liar.names.example.
14          PTR  127.0.0.1.
15          PTR  under\\032score.names.example.
16          PTR  nowhere.names.example.
""",
}

CONF = """
server:
    ip-address: %(ip)s@%(port)d
    username: "%(user)s"
    zonesdir: "%(dir)s"
    pidfile: "%(dir)s/nsd.pid"
    xfrdfile: "%(dir)s/xfrd"
    zonelistfile: "%(dir)s/zone.list"
    logfile: "%(dir)s/nsd.log"
    database: ""
    server-count: 1
remote-control:
    control-enable: no
"""


def question(name, kind):
    wire = b"".join(bytes([len(label)]) + label.encode()
                    for label in name.split(".")) + b"\0"
    return (struct.pack(">6H", 9, 0, 1, 0, 0, 0) + wire +
            struct.pack(">HH", kind, 1))


class Nsd:
    """nsd with the zones above, in a folder that is there."""

    def __init__(self, folder, ip, port):
        os.chmod(folder, 0o755)
        conf = os.path.join(folder, "nsd.conf")
        with open(conf, "w") as f:
            f.write(CONF % {"ip": ip, "port": port, "dir": folder,
                            "user": pwd.getpwuid(os.getuid()).pw_name})
            for name, records in ZONES.items():
                f.write("zone:\n    name: %s\n    zonefile: %s\n" %
                        (name, name))
                with open(os.path.join(folder, name), "w") as zone:
                    zone.write("$ORIGIN %s.\n$TTL 60\n"
                               "@ SOA ns me 1 60 60 600 1\n@ NS ns\n"
                               "ns A %s\n%s" % (name, ip, records))
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        self.process = subprocess.Popen(
            ["nsd", "-d", "-c", conf], env=dict(os.environ, PATH=path),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.time() + 10
        while not self.answers(ip, port):
            if time.time() > end or self.process.poll() is not None:
                self.close()
                raise RuntimeError("nsd does not answer: see " + folder)
            time.sleep(0.05)

    @staticmethod
    def answers(ip, port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.5)
            s.connect((ip, port))
            try:
                s.send(question("plain.names.example", 1))
                return s.recv(4096)[7] == 1
            except OSError:
                return False

    def close(self):
        self.process.terminate()
        self.process.wait(20)


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
        self.socket.close()
