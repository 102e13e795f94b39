"""A zone for tests, and a name server that knows no manners."""

import random
import socket
import struct
import threading

from nsd import wire

# Servers: .11 to .14 take mail, .15 and .16 greet with 421, .17 to .19 and
# .28 put mail off or end it in the middle, from .20 on nobody else listens;
# .30 is an address of the mail system itself.
RECORDS = """
a-only      A     127.0.0.11
set         MX    20 live
set         MX    10 dead
live        A     127.0.0.12
dead        A     127.0.0.20
equal       MX    10 eq1
equal       MX    10 eq2
eq1         A     127.0.0.11
eq2         A     127.0.0.12
null        MX    0 .
half-null   MX    0 .
half-null   MX    10 live
nodata      TXT   "nothing"
chain1      CNAME chain2
chain2      CNAME chain3
chain3      MX    10 thirteen
thirteen    A     127.0.0.13
alias       MX    10 alias-host
alias-host  CNAME thirteen
mx-gone     MX    10 missing
mx-mixed    MX    10 missing
mx-mixed    MX    20 elsewhere.example.
mx-half     MX    10 missing
mx-half     MX    20 live
dual        MX    10 dual-host
dual-host   A     127.0.0.11
dual-host   AAAA  ::1
six-far     MX    10 live
six-far     MX    20 six
six         AAAA  ::1
odd         MX    10 a\\032b
half-odd    MX    10 a\\032b
half-odd    MX    20 live
loop        MX    10 self
loop-here   MX    10 here
here        A     127.0.0.1
loop-host   A     127.0.0.30
self        A     127.0.0.30
loop-second MX    5  dead
loop-second MX    10 self
loop-second MX    20 live
loop-best   MX    5  missing
loop-best   MX    10 self
loop-best   MX    20 live
loop-name   MX    10 tern.example.
busy        MX    10 busy1
busy        MX    20 live
busy-twice  MX    10 busy1
busy-twice  MX    20 busy2
busy-twice  MX    30 live
busy1       A     127.0.0.15
busy2       A     127.0.0.16
grey        MX    10 grey17
grey        MX    20 live
grey-dead   MX    10 grey17
grey-dead   MX    20 dead
grey-three  MX    10 grey17
grey-three  MX    20 grey18
grey-three  MX    30 live
grey-one    MX    10 grey17
grey-dot    MX    10 grey18
grey-dot    MX    20 live
grey-some   MX    10 grey28
grey-some   MX    20 live
grey-no     MX    10 grey28
grey-no     MX    20 live
gone-mail   MX    10 grey28
gone-mail   MX    20 live
gone-dot    MX    10 grey19
gone-dot    MX    20 live
old         MX    10 grey28
old         MX    20 live
grey17      A     127.0.0.17
grey18      A     127.0.0.18
grey19      A     127.0.0.19
grey28      A     127.0.0.28
many-dead   MX    10 dead1
many-dead   MX    20 dead2
many-dead   MX    30 live
dead1       A     127.0.0.21
dead1       A     127.0.0.22
dead1       A     127.0.0.23
dead2       A     127.0.0.24
dead2       A     127.0.0.25
""" + "".join("many MX 10 m%d\nm%d A 127.0.0.14\n" % (i, i)
              for i in range(150))

ZONES = {"zone.example": RECORDS}


def record(kind, data, ttl=60):
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


A, CNAME, MX, AAAA = 1, 5, 15, 28


class Rude:
    """A DNS server on UDP whose manners depend on the first label."""

    def __init__(self, ip, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ip, port))
        self.socket.settimeout(0.2)
        self.asked = []         # names
        self.is_silent = self.is_over = False
        self.random = random.Random(1)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def close(self):
        self.is_over = True
        self.thread.join(10)
        self.socket.close()

    def run(self):
        while not self.is_over:
            try:
                packet, peer = self.socket.recvfrom(4096)
            except socket.timeout:
                continue
            labels, at = [], 12
            while packet[at] != 0:
                labels.append(packet[at + 1:at + 1 + packet[at]].decode())
                at += 1 + packet[at]
            kind = struct.unpack(">H", packet[at + 1:at + 3])[0]
            self.asked.append(".".join(labels))
            if self.is_silent:
                continue
            reply = self.reply(labels[0].lower(), kind, packet[:2],
                               packet[12:at + 5])
            if labels[0].lower().startswith("slow"):
                threading.Timer(1, self.socket.sendto,
                                (reply, peer)).start()
            elif reply is not None:
                self.socket.sendto(reply, peer)

    def reply(self, manner, kind, number, question):
        def packet(*records, flags=0x8180, count=None):
            return (number + struct.pack(
                ">5H", flags, 1, len(records) if count is None else count,
                0, 0) + question + b"".join(records))

        codes = {"formerr": 1, "servfail": 2, "notimp": 4, "refused": 5}
        mx = struct.pack(">H", 10)
        if manner == "half-deaf" and kind == MX:
            manner = "servfail"
        if manner in codes:
            return packet(flags=0x8180 | codes[manner])
        if manner == "silent":
            return None
        if manner == "garbage":
            return bytes(self.random.randrange(256) for _ in range(80))
        if manner == "noise":       # the right number, then noise
            return packet()[:12] + bytes(
                self.random.randrange(256) for _ in range(80))
        if manner == "short":
            return packet(count=3)[:-3]
        if manner == "counted":     # more records than there are
            return packet(record(kind, mx + b"\2mx\xc0\x0c"), count=9)
        if manner == "stub" and kind == MX:
            return packet(record(MX, b"\0"))
        if manner == "ring" and kind == MX:
            return packet(record(MX, mx + b"\xc0" + bytes(
                [12 + len(question) + 14])))
        if manner == "beyond" and kind == MX:
            return packet(record(MX, mx + b"\77mx"))
        if manner == "snake":
            return packet(record(CNAME, b"\xc0\x0c"))
        if kind == A:
            return packet(record(A, bytes([127, 0, 0, 12])))
        if kind == MX and manner != "mx":
            return packet(record(MX, mx + b"\2mx\xc0\x0c"))
        return packet()
