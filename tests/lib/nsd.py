"""nsd, an authoritative name server, with zones of our own."""

import os
import pwd
import socket
import struct
import subprocess

from private_suite import wait_for

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


def wire(name):
    """A name as it stands in a packet."""
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.split(".")) + b"\0"


class Nsd:
    """On an address of its own, in a folder that is there; zones are names
    and their records."""

    def __init__(self, folder, ip, port, zones):
        os.chmod(folder, 0o755)
        conf = os.path.join(folder, "nsd.conf")
        with open(conf, "w") as f:
            f.write(CONF % {"ip": ip, "port": port, "dir": folder,
                            "user": pwd.getpwuid(os.getuid()).pw_name})
            for name, records in zones.items():
                path = os.path.join(folder, "zone-" + name)
                f.write("zone:\n    name: %s\n    zonefile: %s\n" %
                        (name, path))
                with open(path, "w") as zone:
                    zone.write("$ORIGIN %s.\n$TTL 60\n"
                               "@ SOA ns me 1 60 60 600 1\n@ NS ns\n"
                               "ns A %s\n%s" %
                               (name.rstrip("."), ip, records))
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        self.process = subprocess.Popen(
            ["nsd", "-d", "-c", conf], env=dict(os.environ, PATH=path),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.place = ip, port
        self.question = (struct.pack(">6H", 9, 0, 1, 0, 0, 0) +
                         wire(("ns." + next(iter(zones))).rstrip(".")) +
                         struct.pack(">HH", 1, 1))
        if not wait_for(self.answers_or_ends, 10) or self.has_ended():
            self.close()
            raise RuntimeError("nsd does not answer: see " + folder)

    def has_ended(self):
        return self.process.poll() is not None

    def answers_or_ends(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.5)
            s.connect(self.place)
            try:
                s.send(self.question)
                return s.recv(4096)[7] == 1
            except OSError:
                return self.has_ended()

    def close(self):
        self.process.terminate()
        self.process.wait(20)
