"""Zones for tests, signed by ldns-signzone and served by nsd."""

import os
import pwd
import subprocess
import time

from nsd import CONF

ZONE = """
zone:
    name: %s
    zonefile: %s
"""


class Zones:
    """In a folder that is there; add zones, then serve."""

    def __init__(self, folder, ip, port):
        self.folder, self.ip, self.port = folder, ip, port
        self.names = {}
        self.anchors = os.path.join(folder, "anchors")
        self.process = None
        os.chmod(folder, 0o755)
        with open(self.anchors, "w"):
            pass

    def add(self, name, records):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write("$ORIGIN %s.\n$TTL 60\n@ SOA ns me 1 60 60 600 1\n"
                    "@ NS ns\nns A %s\n%s\n" % (name, self.ip, records))
        self.names[name] = path
        return path

    def add_signed(self, name, records, expired=False):
        """And trusted; expired: all signatures are of a time that is over."""
        path = self.add(name, records)
        base = self.run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "-r",
                        "/dev/urandom", name).strip()
        now = int(time.time())
        times = (now - 40 * 86400, now - 10 * 86400) if expired else (
            now - 86400, now + 30 * 86400)
        self.run("ldns-signzone", "-o", name, "-i", stamp(times[0]), "-e",
                 stamp(times[1]), path, base)
        self.names[name] = path + ".signed"
        with open(self.anchors, "a") as out:
            with open(os.path.join(self.folder, base + ".ds")) as f:
                out.write(f.read())

    def run(self, *command):
        return subprocess.run(command, cwd=self.folder, check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def serve(self):
        conf = os.path.join(self.folder, "nsd.conf")
        user = pwd.getpwuid(os.getuid()).pw_name
        with open(conf, "w") as f:
            f.write(CONF % {"ip": self.ip, "port": self.port,
                            "dir": self.folder, "user": user})
            for item in self.names.items():
                f.write(ZONE % item)
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        self.process = subprocess.Popen(
            ["nsd", "-d", "-c", conf], env=dict(os.environ, PATH=path),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)


def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))
