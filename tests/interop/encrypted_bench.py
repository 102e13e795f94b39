"""What the cases of encrypted.py share: certificates, a signed zone and a
resolver that validates it, and the server where all mail ends."""

import os
import shutil
import subprocess

import alone
import keys
import sasldb
from letters import arrived, connect, letter, submit
from private_suite import listens, wait_for
from sink import Sink
from zones import Zones

AUTHORITY = "127.0.0.54"
SINK_PORT = 2526
PASSWORDS = {"tim": "tanstaaftanstaaf"}
UNBOUND = """\
server:
    interface: {resolver}
    do-daemonize: no
    use-syslog: no
    logfile: "{folder}/unbound.log"
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    module-config: "validator iterator"
    do-not-query-localhost: no
    access-control: 127.0.0.0/8 allow
    trust-anchor-file: "{anchors}"
remote-control:
    control-enable: no
stub-zone:
    name: "tls.example"
    stub-addr: {authority}
stub-zone:
    name: "open.example"
    stub-addr: {authority}
"""


class Bench(alone.Bench):
    def __init__(self, options):
        super().__init__(options)
        self.ca = keys.Authority(self.folder, "ca")
        self.other_ca = keys.Authority(self.folder, "other")
        self.sasl = sasldb.make(os.path.join(self.folder, "sasl"), PASSWORDS)
        # Where Debian's Postfix looks, whatever main.cf and smtpd.conf say.
        shutil.copy(self.sasl + "/sasldb2", "/etc/sasldb2")
        self.zones = Zones(self.make_folder("zones"), AUTHORITY, 53)
        self.unbound = None
        self.sink = Sink(SINK_PORT)
        self.heard = {}             # by pair of mail systems, and row

    def serve(self, secure, plain):
        """The zones, with these records, and who validates them."""
        self.zones.add_signed("tls.example", "\n".join(secure))
        self.zones.add("open.example", "\n".join(plain))
        self.zones.serve()
        conf = self.write("unbound.conf", UNBOUND.format(
            resolver=alone.DNS, folder=self.folder, authority=AUTHORITY,
            anchors=self.zones.anchors))
        self.unbound = subprocess.Popen(
            ["/usr/sbin/unbound", "-d", "-c", conf],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not wait_for(lambda: listens(53), 20):
            raise RuntimeError("unbound does not start")
        # That what it has validated may be told from what it has not.
        with open("/etc/resolv.conf", "a", encoding="ascii") as file:
            file.write("options trust-ad\n")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def submit(self, port, mark, to):
        """A message to a mail system; what it is, for arrived()."""
        text = letter(mark)
        with connect(port) as client:
            submit(client, [to], text)
        return {mark: (text, [to])}

    def arrived(self, message, seconds=20):
        return arrived(self.sink, message, seconds)

    def close(self):
        self.zones.close()
        if self.unbound is not None:
            self.unbound.terminate()
            self.unbound.wait(20)
        self.sink.close()
        super().close()
