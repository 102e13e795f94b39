"""A private mail system for tests: start, stop, pids of its programs."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time


def wait_for(what, seconds=10, pause=0.05):
    """The value of what() as soon as it is true, or the last one."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(pause)


def listens(port):
    """Somebody listens on that port (no connection is made)."""
    with open("/proc/net/tcp") as f:
        rows = [line.split() for line in f]
    return any(row[1].endswith(":%04X" % port) and row[3] == "0A"
               for row in rows)


class Suite:
    """bin_dir has the programs; settings are added to main.cf."""

    open = []           # suites that were not closed

    def __init__(self, bin_dir, port, sink_port, settings=None, env=None):
        self.bin = os.path.abspath(bin_dir)
        self.port, self.sink_port = port, sink_port
        self.dir = tempfile.mkdtemp(prefix="tern-crash-")
        self.etc = os.path.join(self.dir, "etc")
        self.log = os.path.join(self.dir, "log")
        self.env = dict(os.environ, **(env or {}))
        self.sink = None
        self.sources = []
        Suite.open.append(self)
        os.chmod(self.dir, 0o755)
        os.mkdir(self.etc)
        values = {
            "queue_directory": os.path.join(self.dir, "spool"),
            "data_directory": os.path.join(self.dir, "data"),
            "myhostname": "tern.example",
            "mynetworks": "127.0.0.0/8",
            "mydestination": "",        # all mail goes to the sink
            "alias_maps": "",           # this machine's are no test
            "smtpd_peername_lookup": "no",  # nor are its names
            "relayhost": "[127.0.0.1]:%d" % sink_port,
            "maillog_file": self.log,
            "minimal_backoff_time": "1s",
            "maximal_backoff_time": "2s",
        }
        values.update(settings or {})
        with open(os.path.join(self.etc, "main.cf"), "w") as f:
            for item in values.items():
                f.write("%s = %s\n" % item)
        with open(os.path.join(self.etc, "master.cf"), "w") as f:
            f.write("127.0.0.1:%d inet n - - - - smtpd\n" % port +
                    "cleanup unix - - - - - cleanup\n"
                    "qmgr unix n - - - 1 qmgr\n"
                    "smtp unix - - - - - smtp\n")

    def program(self, name):
        return os.path.join(self.bin, name)

    def tern(self, *args, env=None):
        return subprocess.run([self.program("tern"), "-c", self.etc, *args],
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              env=env or self.env, timeout=60)

    def start(self, env=None):
        """Again and again: after a killed master, old children go first."""
        for _ in range(40):
            done = self.tern("start", env=env)
            if done.returncode == 0:
                return
            time.sleep(0.25)
        raise RuntimeError("tern start: " + done.stdout)

    def stop(self):
        return self.tern("stop")

    def start_sink(self, *args):
        if listens(self.sink_port):
            raise RuntimeError("port %d is in use" % self.sink_port)
        self.sink = subprocess.Popen(
            [self.program("ternsink"), *args,
             "127.0.0.1:%d" % self.sink_port],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if not wait_for(lambda: listens(self.sink_port)):
            raise RuntimeError("ternsink does not listen")

    def stop_sink(self):
        """Its summary, as a dictionary of texts."""
        self.sink.send_signal(signal.SIGTERM)
        out = self.sink.communicate(timeout=20)[0]
        self.sink = None
        return dict(re.findall(r"(\w+)=(\S+)", out))

    def source(self, *args):
        process = subprocess.Popen(
            [self.program("ternsource"), *args, "127.0.0.1:%d" % self.port],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.sources.append(process)
        return process

    def master_pid(self):
        try:
            path = os.path.join(self.dir, "spool/pid/master.pid")
            with open(path) as f:
                pid = int(f.readline())
            if self.name_of(pid) == "master":
                return pid
        except (OSError, ValueError):
            pass
        return None

    def name_of(self, pid):
        try:
            exe = os.readlink("/proc/%d/exe" % pid)
        except OSError:
            return None
        path, name = os.path.split(exe)
        return name if path == self.bin else None

    def pids(self, name):
        """Of this suite's processes only: they have its folder as theirs."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or self.name_of(int(entry)) != name:
                continue
            try:
                for source in ("environ", "cmdline"):
                    with open("/proc/%s/%s" % (entry, source), "rb") as f:
                        if self.etc.encode() in f.read():
                            found.append(int(entry))
                            break
            except OSError:
                pass
        return found

    def kill(self, name, number=signal.SIGKILL):
        pids = self.pids(name)
        if not pids:
            return False
        try:
            os.kill(pids[0], number)
        except ProcessLookupError:
            return False
        return True

    def all_pids(self):
        return [pid for name in ("master", "smtpd", "cleanup", "qmgr", "smtp",
                                 "bounce", "lookup", "auth")
                for pid in self.pids(name)]

    def queue(self):
        """The ids of what is queued; None while nobody answers."""
        done = subprocess.run(
            [self.program("ternqueue"), "-c", self.etc, "-j"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            return None
        return re.findall(r'"queue_id": "(\w+)"', done.stdout)

    def flush(self):
        subprocess.run([self.program("ternqueue"), "-c", self.etc, "-f"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def drain(self, seconds):
        """True when the queue is empty in time."""
        end = time.time() + seconds
        while time.time() < end:
            if self.queue() == []:
                return True
            self.flush()
            time.sleep(0.5)
        return False

    def log_text(self):
        try:
            with open(self.log, errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def count_log(self, pattern):
        return len(re.findall(pattern, self.log_text(), re.M))

    def wait_log(self, pattern, seconds=10, count=1):
        """True when so many places of the log match in time."""
        return wait_for(lambda: self.count_log(pattern) >= count, seconds)

    @classmethod
    def close_all(cls):
        """After a test that broke: nothing is left running."""
        for suite in list(cls.open):
            suite.close(True)

    def close(self, keep=False):
        Suite.open.remove(self)
        for source in self.sources:
            if source.poll() is None:
                source.kill()       # it would go on with the next suite
                source.wait()
        self.stop()
        if self.sink is not None:
            self.sink.kill()
            self.sink.wait()
        for _ in range(50):
            if not self.all_pids():
                break
            time.sleep(0.1)
        left = self.all_pids()
        if keep:
            print("left in place:", self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
        return left


def end_by_signal(number, _):
    """Stopped, also by the time limit of its step."""
    Suite.close_all()
    os._exit(128 + number)


for stopper in (signal.SIGINT, signal.SIGTERM):
    signal.signal(stopper, end_by_signal)


def numbers(path):
    """How often each number stands in a file of them."""
    counts = {}
    try:
        with open(path) as f:
            for line in f:
                word = line.split()
                if word:
                    counts[word[0]] = counts.get(word[0], 0) + 1
    except OSError:
        pass
    return counts
