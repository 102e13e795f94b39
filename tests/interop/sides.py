"""Postfix and Tern, each with a main.cf and master.cf of the test's."""

import json
import os
import re
import subprocess

from private_suite import listens, wait_for

POSTFIX = """\
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/log
maillog_file_prefixes = /var, /tmp
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
smtp_helo_name = postfix.example
smtpd_discard_ehlo_keywords = ETRN
in_flow_delay = 0
notify_classes =
"""
POSTFIX_MASTER = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
tlsproxy unix - - n - 0 tlsproxy
showq unix n - n - - showq
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""
TERN = """\
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/log
smtp_helo_name = tern.example
"""
TERN_MASTER = """\
cleanup unix - - - - - cleanup
qmgr unix n - - - 1 qmgr
smtp unix - - - - - smtp
relay unix - - - - - smtp
"""


class Side:
    """A mail system.  settings are main.cf's; services are lines of
    master.cf, which goes on with those that every mail system has; ports
    are those it listens on when it is up.  {dir} is its own folder."""

    name = own = master = None

    def __init__(self, bin_dir, folder, settings, services, ports):
        self.bin, self.ports = bin_dir, ports
        self.dir = os.path.join(folder, self.name)
        for path in (self.dir, self.dir + "/spool", self.dir + "/data"):
            os.mkdir(path)
        values = dict(line.split(" = ", 1) if " = " in line else
                      line.split(" =", 1) for line in self.own.splitlines())
        self.write("main.cf", "".join("%s = %s\n" % item for item in
                                      {**values, **settings}.items()))
        self.write("master.cf", services + self.master)

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w",
                  encoding="latin-1") as file:
            file.write(text.replace("{dir}", self.dir))

    def wait(self, process=None):
        if not wait_for(lambda: all(map(listens, self.ports)) or (
                process is not None and process.poll() is not None), 60) or \
                not all(map(listens, self.ports)):
            raise RuntimeError("%s does not start: %s" % (
                self.name, self.log()))

    def log(self):
        try:
            with open(self.dir + "/log", encoding="utf-8",
                      errors="backslashreplace") as file:
                return file.read()
        except OSError:
            return ""

    def listing(self):
        raise NotImplementedError

    def wait_idle(self):
        """All that is left waits for somebody or for long."""
        return wait_for(lambda: all(
            row["queue_name"] in ("hold", "deferred")
            for row in self.listing()), 60)

    def queue(self):
        """What waits; to whom it will go is not said alike."""
        return sorted((row["queue_name"], row["sender"])
                      for row in self.listing())

    @staticmethod
    def parse(command):
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                              timeout=60, check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]


class Postfix(Side):
    name, own, master = "postfix", POSTFIX, POSTFIX_MASTER
    process = None

    def start(self):
        subprocess.run(["chown", "postfix", self.dir + "/data"], check=True)
        with open(self.dir + "/output", "wb") as output:
            self.process = subprocess.Popen(
                ["/usr/sbin/postfix", "-c", self.dir, "start-fg"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.wait(self.process)

    def stop(self):
        if self.process is not None:
            subprocess.run(["/usr/sbin/postfix", "-c", self.dir, "stop"],
                           stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
            self.process.wait(30)

    def listing(self):
        return self.parse(["/usr/sbin/postqueue", "-c", self.dir, "-j"])


class Tern(Side):
    name, own, master = "tern", TERN, TERN_MASTER
    is_up = False

    def tern(self, *args):
        return subprocess.run([self.bin + "/tern", "-c", self.dir, *args],
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, timeout=60,
                              check=False)

    def start(self):
        done = self.tern("start")
        if done.returncode != 0:
            raise RuntimeError("tern start: " + done.stdout)
        self.is_up = True
        self.wait()

    def stop(self):
        if self.is_up:
            self.tern("stop")
        if re.search(r"panic|fatal|exit status|killed by", self.log()):
            raise RuntimeError("something broke: see " + self.dir)

    def listing(self):
        return self.parse([self.bin + "/ternqueue", "-c", self.dir, "-j"])
