"""A private suite with its load and its sink, for the crash tests.

A Suite lives in a folder of its own on ports of its own; it knows its
processes by their parent and their environment, never by name alone.
"""

import collections
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import admin

MAIN_CF = """queue_directory = {folder}/queue
data_directory = {folder}/data
myhostname = crash.example
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{sink}
maillog_file = {folder}/log
minimal_backoff_time = 1s
maximal_backoff_time = 3s
transport_retry_time = 2s
"""
MASTER_CF = """127.0.0.1:{port} inet n - - - {smtpds} smtpd
cleanup unix - - - - - cleanup
qmgr unix n - - - 1 qmgr
smtp unix - - - - - smtp
"""
RECEIVED = re.compile(rb"by crash\.example \(\S+\) with E?SMTP id (\w+)")
NUMBER = re.compile(rb"^X-Tern-Number: *(\d+)", re.M | re.I)


class Failure(Exception):
    """A promise was broken."""


def wait_until(what, condition, seconds=10.0, pause=0.05):
    """The condition's value as soon as it is true."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"after {seconds:.0f} s still not: {what}")
        time.sleep(pause)


class Sink:
    """ternsink, and what it received."""

    def __init__(self, suite, options=()):
        self.suite = suite
        self.folder = os.path.join(suite.folder, "sink")
        self.numbers = os.path.join(suite.folder, "received.txt")
        os.makedirs(self.folder, exist_ok=True)
        self.copies = collections.Counter()     # (queue id, number)
        self.bodies = collections.defaultdict(set)
        self.process = None
        self.start(options)

    def start(self, options=()):
        self.process = subprocess.Popen(
            [self.suite.bin("ternsink"), "-q", "-N", "-a", self.numbers,
             "-D", self.folder, *options, str(self.suite.sink_port)],
            stdin=subprocess.DEVNULL)
        wait_until("the sink listens",
                   lambda: listens(self.suite.sink_port))

    def collect(self):
        """Read and remove what has come whole."""
        # ternsink names its files by a count that starts again with it.
        for name in os.listdir(self.folder):
            if not name.isdigit():
                continue
            path = os.path.join(self.folder, name)
            with open(path, "rb") as file:
                text = file.read()
            os.unlink(path)
            self.take(text)

    def take(self, text):
        head, _, body = text.partition(b"\r\n\r\n")
        found, number = RECEIVED.search(head), NUMBER.search(head)
        if not found or not number:
            raise Failure(f"a message without its headers: {head[:300]!r}")
        self.copies[found[1].decode(), int(number[1])] += 1
        self.bodies[len(body)].add(hashlib.sha1(body).digest())

    def twins(self):
        """Copies of one message of the queue beyond the first."""
        return sum(count - 1 for count in self.copies.values())

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


class Suite:
    """One instance of Tern."""

    def __init__(self, bindir, port, main_cf="", smtpds=2, queue=None):
        self.bindir = os.path.abspath(bindir)
        self.port, self.sink_port = port, port + 1
        self.folder = tempfile.mkdtemp(prefix="tern-crash.")
        os.chmod(self.folder, 0o755)
        self.etc = os.path.join(self.folder, "etc")
        self.log = os.path.join(self.folder, "log")
        self.queue = queue or os.path.join(self.folder, "queue")
        self.acked = os.path.join(self.folder, "acked.txt")
        self.sources = []
        self.next_number = 1
        self.sink = None
        os.mkdir(self.etc)
        text = MAIN_CF.format(folder=self.folder, sink=self.sink_port)
        if queue is not None:
            text += f"queue_directory = {queue}\n"
        self.write("main.cf", text + main_cf)
        self.write("master.cf", MASTER_CF.format(port=port, smtpds=smtpds))

    def write(self, name, text):
        with open(os.path.join(self.etc, name), "w", encoding="ascii") as f:
            f.write(text)

    def bin(self, name):
        return os.path.join(self.bindir, name)

    # ---- the suite itself -------------------------------------------------

    def tern(self, verb, environment=None, limit=40):
        return subprocess.run(
            [self.bin("tern"), "-c", self.etc, verb], timeout=limit,
            env={**os.environ, **(environment or {})}, check=False,
            stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def start(self, environment=None):
        done = self.tern("start", environment)
        if done.returncode != 0:
            raise Failure(f"tern start: {done.stderr.strip()}")

    def stop(self):
        """Stop; the seconds it took."""
        begin = time.monotonic()
        done = self.tern("stop")
        if done.returncode != 0:
            raise Failure(f"tern stop: {done.stderr.strip()}")
        took = time.monotonic() - begin
        wait_until("all processes have ended", lambda: not self.all_pids(),
                   2)
        return took

    def reload(self):
        done = self.tern("reload")
        if done.returncode != 0:
            raise Failure(f"tern reload: {done.stderr.strip()}")

    def master(self):
        """The pid of master; 0 when there is none."""
        try:
            with open(os.path.join(self.queue, "pid/master.pid"),
                      encoding="ascii") as file:
                pid = int(file.readline() or 0)
        except (OSError, ValueError):
            return 0
        return pid if process_name(pid) == "master" else 0

    def pids(self, name):
        """Our processes of that name, those of old generations too."""
        return [pid for pid in self.all_pids() if process_name(pid) == name]

    def all_pids(self):
        """Every process that was made by our master, and master."""
        mark = f"MAIL_CONFIG={self.etc}\0".encode()
        found = []
        for entry in os.listdir("/proc"):
            try:
                with open(f"/proc/{entry}/environ", "rb") as file:
                    if mark in file.read():
                        found.append(int(entry))
            except (OSError, ValueError):
                continue
        master = self.master()
        return found + [master] if master else found

    def kill(self, name, number=signal.SIGKILL, pick=0):
        """One of our processes; its pid, or 0 when there is none."""
        pids = [self.master()] if name == "master" else self.pids(name)
        pids = [pid for pid in pids if pid > 0]
        if not pids:
            return 0
        pid = pids[pick % len(pids)]
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return 0
        return pid

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def count_log(self, pattern):
        return len(re.findall(pattern, self.log_text(), re.M))

    def wait_log(self, pattern, seconds=10.0):
        return wait_until(f"the log has {pattern!r}",
                          lambda: self.count_log(pattern), seconds)

    def admin(self):
        return admin.Admin(os.path.join(self.queue, "public/qmgr"))

    def messages(self):
        """What is in the queue; None while qmgr is away."""
        try:
            with self.admin() as link:
                return link.list()
        except (OSError, admin.Lost):
            return None

    # ---- load -------------------------------------------------------------

    def start_sink(self, *options):
        self.sink = Sink(self, options)

    def source(self, count, size, sessions=1, options=()):
        """Start a ternsource with numbers of its own."""
        process = subprocess.Popen(
            [self.bin("ternsource"), "-N", "-R", "-a", self.acked,
             "-b", str(self.next_number), "-m", str(count), "-l", str(size),
             "-s", str(sessions), *options, f"127.0.0.1:{self.port}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.next_number += count
        self.sources.append(process)
        return process

    def send(self, count, size=1000, sessions=1, options=()):
        """Run a ternsource to its end; what it says."""
        process = self.source(count, size, sessions, ("-T", "60", *options))
        text, _ = process.communicate(timeout=90)
        self.sources.remove(process)
        return text

    def end_sources(self, seconds=0):
        """Give the sources some time to settle, then end them."""
        end = time.monotonic() + seconds
        for process in self.sources:
            try:
                process.wait(max(0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.terminate()
                process.wait(10)
            process.stdout.close()
        self.sources.clear()

    def drain(self, seconds=60):
        """Until the queue is empty."""
        def is_empty():
            self.sink.collect()
            return self.messages() == []
        try:
            wait_until("the queue is empty", is_empty, seconds, 0.2)
        except Failure:
            raise Failure(f"after {seconds} s in the queue: "
                          f"{self.messages()}"[:2000]) from None

    def numbers(self):
        """acknowledged, received: Counters of the numbers."""
        return [read_numbers(name) for name in
                (self.acked, self.sink.numbers)]

    def check(self, name):
        """Nothing lost, nothing changed on the way."""
        self.sink.collect()
        acked, received = self.numbers()
        lost = sorted(acked.keys() - received.keys())
        if lost:
            raise Failure(f"{name}: {len(lost)} lost: {lost[:20]}")
        for length, hashes in self.sink.bodies.items():
            if len(hashes) != 1:
                raise Failure(f"{name}: bodies of {length} bytes differ")
        panics = [line for line in self.log_text().splitlines()
                  if " panic: " in line or "killed by signal 6" in line or
                  "killed by signal 11" in line or "Sanitizer" in line]
        if panics:
            raise Failure(f"{name}: {panics[0]}")
        return acked, received

    def close(self, keep=False):
        """End everything that is ours."""
        self.end_sources()
        if self.sink is not None:
            self.sink.stop()
        if self.master():
            try:
                self.tern("stop")
            except subprocess.TimeoutExpired:
                pass
        for pid in self.all_pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def read_numbers(name):
    counts = collections.Counter()
    if os.path.exists(name):
        with open(name, encoding="ascii") as file:
            counts.update(int(line) for line in file)
    return counts


def process_name(pid):
    """"" for one that is gone or a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return ""
    name = text[text.index("(") + 1:text.rindex(")")]
    return "" if text[text.rindex(")") + 2] == "Z" else name


def listens(port):
    """Somebody listens on that port (no connection is made)."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        wanted = f":{port:04X}"
        return any(fields[1].endswith(wanted) and fields[3] == "0A"
                   for fields in (line.split() for line in file))


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0
