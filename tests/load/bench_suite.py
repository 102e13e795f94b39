"""The two mail suites a benchmark compares, each in folders of its own.

A suite is started and stopped by its own command.  Its processes live in a
control group, so that short-lived ones are counted too; where there is no
such group, the times that parents inherit from the children they reap do.
"""

import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
from ports import first_port                    # noqa: E402, F401

TERN_MAIN = """\
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/maillog
"""

POSTFIX_MAIN = """\
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/maillog
maillog_file_prefixes = /var, /tmp, {dir}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
inet_protocols = ipv4
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
smtpd_forbid_bare_newline = normalize
smtpd_forbid_unauth_pipelining = yes
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
default_process_limit = 200
"""

# Of both, the same.
COMMON_MAIN = """\
myhostname = bench.example
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{sink}
smtpd_client_connection_count_limit = 0
"""

TERN_MASTER = """\
127.0.0.1:{port} inet n - - - - smtpd
cleanup unix - - - - - cleanup
qmgr unix n - - - 1 qmgr
smtp unix - - - - - smtp
"""

# A process a session: room for 1,000 of them.  No chroot: it costs time.
POSTFIX_MASTER = """\
127.0.0.1:{port} inet n - n - 1200 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

CGROUPS = "/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup"


def read(path, default=""):
    """A small file; it may have gone with its process."""
    try:
        with open(path, encoding="latin-1") as file:
            return file.read()
    except OSError:
        return default


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def make_group(name):
    """A control group that counts CPU time, or None."""
    for root in CGROUPS:
        if not (os.path.exists(f"{root}/cpuacct.usage") or
                os.path.exists(f"{root}/cgroup.controllers")):
            continue
        try:
            os.mkdir(f"{root}/{name}")
            return f"{root}/{name}"
        except OSError:
            pass
    return None


class Suite:
    """A running suite: its processes, what they burn, what they hold."""

    def __init__(self, name, folder, port, sink_port):
        self.name = name
        self.folder = folder
        self.port = port
        self.sink_port = sink_port
        self.group = None
        self.master = 0
        os.makedirs(f"{folder}/etc")
        os.mkdir(f"{folder}/data")
        os.mkdir(f"{folder}/spool")
        os.chmod(folder, 0o755)

    def configure(self, main, master):
        facts = {"dir": self.folder, "port": self.port,
                 "sink": self.sink_port}
        write(f"{self.folder}/etc/main.cf",
              (main + COMMON_MAIN).format(**facts))
        write(f"{self.folder}/etc/master.cf", master.format(**facts))

    def command(self, verb):
        raise NotImplementedError

    def pid_file(self):
        raise NotImplementedError

    def map_tool(self):
        """The command that makes a table of a text file."""
        raise NotImplementedError

    def start(self):
        self.group = make_group(f"ternbench-{os.getpid()}-{self.name}")

        def enter():
            if self.group is not None:
                write(f"{self.group}/cgroup.procs", str(os.getpid()))

        done = subprocess.run(
            self.command("start"), preexec_fn=enter, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{self.name} does not start: "
                             f"{done.stderr}{read(self.folder + '/maillog')}")
        self.master = int(read(self.pid_file()).split()[0])

    def stop(self):
        subprocess.run(self.command("stop"), check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if not self.pids():
                break
            time.sleep(0.1)
        if self.group is not None:
            try:
                os.rmdir(self.group)
            except OSError:
                print(f"{self.name} left processes in {self.group}")
        self.group = None

    def pids(self):
        """Every process of the suite."""
        if self.group is not None:
            return [int(p) for p in
                    read(f"{self.group}/cgroup.procs").split()]
        found, young = [], [self.master]
        while young:
            pid = young.pop()
            if not os.path.exists(f"/proc/{pid}"):
                continue
            found.append(pid)
            young += [int(p) for p in read(
                f"/proc/{pid}/task/{pid}/children").split()]
        return found

    def cpu_us(self):
        """Used so far by all there are and all there were."""
        if self.group is not None:
            usage = read(f"{self.group}/cpuacct.usage")
            if usage:
                return int(usage) / 1000
            for line in read(f"{self.group}/cpu.stat").splitlines():
                if line.startswith("usage_usec "):
                    return float(line.split()[1])
        tick_us = 1e6 / os.sysconf("SC_CLK_TCK")
        ticks = 0
        for pid in self.pids():
            stat = read(f"/proc/{pid}/stat").rpartition(") ")[2].split()
            # utime, stime, and those of children waited for
            ticks += sum(int(n) for n in stat[11:15])
        return ticks * tick_us

    def cpu_us_of_programs(self):
        """Of the processes there are, by program."""
        used = {}
        for pid in self.pids():
            name = read(f"/proc/{pid}/comm").strip()
            try:
                tasks = os.listdir(f"/proc/{pid}/task")
            except OSError:
                continue
            for task in tasks:
                spent = read(f"/proc/{pid}/task/{task}/schedstat", "0")
                used[name] = used.get(name, 0) + int(spent.split()[0]) / 1e3
        return used

    def pss_kb(self):
        """Resident memory, shared pages divided among their users."""
        total = 0
        for pid in self.pids():
            for line in read(f"/proc/{pid}/smaps_rollup").splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total


class Tern(Suite):
    def __init__(self, bin_folder, folder, port, sink_port):
        super().__init__("tern", folder, port, sink_port)
        self.bin_folder = bin_folder
        self.configure(TERN_MAIN, TERN_MASTER)

    def command(self, verb):
        return [f"{self.bin_folder}/tern", "-c", f"{self.folder}/etc", verb]

    def map_tool(self):
        return [f"{self.bin_folder}/ternmap", "-c", f"{self.folder}/etc"]

    def pid_file(self):
        return f"{self.folder}/spool/pid/master.pid"


class Postfix(Suite):
    def __init__(self, folder, port, sink_port):
        super().__init__("postfix", folder, port, sink_port)
        self.configure(POSTFIX_MAIN, POSTFIX_MASTER)
        shutil.chown(f"{folder}/data", "postfix")

    def command(self, verb):
        return ["/usr/sbin/postfix", "-c", f"{self.folder}/etc", verb]

    def map_tool(self):
        return ["/usr/sbin/postmap", "-c", f"{self.folder}/etc"]

    def pid_file(self):
        return f"{self.folder}/spool/pid/master.pid"


def has_postfix():
    return os.geteuid() == 0 and os.path.exists("/usr/sbin/postfix")
