"""Other people's mail servers, in a world of their own.

Nothing is installed.  Debian's packages are fetched and unpacked into a
cache folder, and laid over /usr where only the server sees it: it runs in
mount and PID namespaces of its own, over an /etc and a /var whose changes
are in memory.  The first process of the PID namespace takes all others with
it when it ends.

Each server listens on one port, refuses bad*@sink.example, relays mail for
sink.example to the sink, and mail for tern.example to Tern.
"""

import hashlib
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
from private_suite import listens, wait_for                 # noqa: E402

PACKAGES = """exim4-daemon-light exim4-base libidn12 opensmtpd msmtp
    libgsasl18 libsecret-1-0 libntlm0 libgssglue1
    postgrey libberkeleydb-perl libnetaddr-ip-perl libnet-dns-perl
    libnet-server-perl libio-multiplex-perl libdigest-hmac-perl
    libnet-cidr-perl
    postfix-policyd-spf-python python3-spf-engine python3-spf
    python3-authres python3-dnspython python3-pkg-resources
    nmap nmap-common liblinear4 libblas3 liblua5.3-0 lua-lpeg libpcap0.8
    libpcre3 libssh2-1
    unbound libpython3.11""".split()

# $1 is the unpacked packages' folder; the rest is the program.
WORLD = """\
set -e
mount -t overlay overlay -o lowerdir="$1/usr:/usr" /usr
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/etc /mnt/etc.work /mnt/var /mnt/var.work
for dir in etc var; do
	mount -t overlay overlay \\
	    -o lowerdir=/$dir,upperdir=/mnt/$dir,workdir=/mnt/$dir.work /$dir
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /var/spool/smtpd /var/lib/opensmtpd/empty
chmod 711 /var/spool/smtpd
uid=64000
for user in Debian-exim opensmtpd opensmtpq postgrey policyd-spf; do
	uid=$((uid + 1))
	echo "$user:x:$uid:$uid::/var/lib/opensmtpd/empty:/bin/false" \\
	    >>/etc/passwd
	echo "$user:x:$uid:" >>/etc/group
done
echo tern-interop.example >/etc/mailname
shift
exec 3<&0
"$@" <&3 3<&- &
wait $!
"""

EXIM = """\
primary_hostname = exim.example
local_interfaces = <; 127.0.0.1
daemon_smtp_ports = {port}
spool_directory = {dir}/spool
log_file_path = {dir}/%slog
pid_file_path = {dir}/exim.pid
log_selector = +smtp_syntax_error +smtp_protocol_error +pipelining \
 +8bitmime
keep_environment =
exim_user = Debian-exim
host_lookup =
smtp_accept_max = 100
smtp_accept_queue_per_connection = 0
smtp_enforce_sync = true
pipelining_connect_advertise_hosts = *
chunking_advertise_hosts = *
dsn_advertise_hosts = *
tls_advertise_hosts =
message_size_limit = 3M
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  deny local_parts = ^bad
       message = no such user here
  accept
begin routers
sink:
  driver = manualroute
  domains = sink.example
  transport = to_sink
  self = send
  route_list = * 127.0.0.1
tern:
  driver = manualroute
  domains = tern.example
  transport = to_tern
  self = send
  route_list = * 127.0.0.1
begin transports
to_sink:
  driver = smtp
  port = {sink}
  hosts_avoid_tls = *
to_tern:
  driver = smtp
  port = {tern}
  hosts_avoid_tls = *
  hosts_pipe_connect = *
begin retry
* * F,1h,1s
"""

POSTFIX = """\
compatibility_level = 3.6
myhostname = postfix.example
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/log
maillog_file_prefixes = /var, /tmp, {dir}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
local_header_rewrite_clients =
mynetworks = 127.0.0.0/8
smtpd_forbid_bare_newline = normalize
smtpd_forbid_unauth_pipelining = yes
smtpd_peername_lookup = no
smtpd_recipient_restrictions =
 check_recipient_access inline:{{ {{bad@sink.example = reject no such user}},
  {{bad2@sink.example = reject no such user}} }}, permit_mynetworks, reject
message_size_limit = 3000000
transport_maps = inline:{{ sink.example=smtp:[127.0.0.1]:{sink},
 tern.example=smtp:[127.0.0.1]:{tern} }}
default_destination_concurrency_limit = 20
initial_destination_concurrency = 20
"""

POSTFIX_MASTER = """\
127.0.0.1:{port} inet n - n - 100 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

OPENSMTPD = """\
smtp max-message-size 3M
queue ttl 1h
listen on 127.0.0.1 port {port} hostname opensmtpd.example
action "sink" relay host "smtp://127.0.0.1:{sink}"
action "tern" relay host "smtp://127.0.0.1:{tern}"
match from any for domain "sink.example" rcpt-to regex "^bad" reject
match from any for domain "sink.example" action "sink"
match from any for domain "tern.example" action "tern"
"""


def unpack(cache):
    """The packages' folder; fetched once."""
    cache = os.path.abspath(cache)
    root = os.path.join(cache, "root")
    done = os.path.join(cache, "have-" + hashlib.sha256(
        " ".join(PACKAGES).encode()).hexdigest()[:16])
    if not os.path.exists(done):
        os.makedirs(root, exist_ok=True)
        # apt drops its rights where it can; here it cannot, and says so.
        subprocess.run(
            ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download",
             *PACKAGES], cwd=cache, check=True, timeout=300,
            stdout=subprocess.DEVNULL)
        for name in os.listdir(cache):
            if name.endswith(".deb"):
                subprocess.run(["sh", "-c", 'dpkg-deb --fsys-tarfile "$1" |'
                                " tar -xC root ./usr", "unpack", name],
                               cwd=cache, check=True, timeout=60)
        with open(done, "w", encoding="ascii"):
            pass
    return root


def in_world(root, command, own_network=False):
    """command, as it must be called to find the packages' programs."""
    return ["unshare", *["-n"] * own_network, "-m", "-p", "--fork",
            "--kill-child", "--mount-proc",
            "sh", "-c", WORLD, "world", root, *command]


def has_unread(port):
    """Something was sent to that port and has not been read."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    return any(row[1].endswith(":%04X" % port) and row[3] == "01" and
               not row[4].endswith(":00000000") for row in rows)


class Peer:
    """A running server."""

    name = log_name = None

    def __init__(self, root, folder, port, sink, tern):
        self.root, self.port = root, port
        self.dir = os.path.join(folder, self.name)
        self.facts = {"dir": self.dir, "port": port, "sink": sink,
                      "tern": tern}
        self.process = self.output = None
        os.makedirs(self.dir)
        os.chmod(self.dir, 0o777)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text.format(**self.facts))
        os.chmod(path, 0o644)
        return path

    def command(self):
        raise NotImplementedError

    def start(self):
        if listens(self.port):
            raise RuntimeError("port %d is in use" % self.port)
        self.output = open(os.path.join(self.dir, "output"), "ab")
        self.process = subprocess.Popen(
            in_world(self.root, self.command()), stdin=subprocess.DEVNULL,
            stdout=self.output, stderr=self.output)
        if not wait_for(lambda: listens(self.port) or
                        self.process.poll() is not None, 30) or \
                self.process.poll() is not None:
            self.stop()
            raise RuntimeError("%s does not start: %s" % (
                self.name, self.said() + self.log()))

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=20)
        self.process = None
        self.output.close()
        # --kill-child: the kernel ends the others in a moment.
        wait_for(lambda: not listens(self.port), 10)

    def enter(self, command):
        """Run command beside the server; its output."""
        # The child of unshare is the first process of the namespaces.
        with open("/proc/%d/task/%d/children" % (
                self.process.pid, self.process.pid),
                encoding="ascii") as file:
            first = file.read().split()[0]
        return subprocess.run(
            ["nsenter", "-t", first, "-m", "-p", *command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=120, check=False).stdout

    def freeze(self, is_frozen=True):
        """It goes on taking connections, as the kernel does that."""
        self.enter(["kill", "-STOP" if is_frozen else "-CONT", "--", "-1"])

    def said(self):
        return self.read("output")

    def log(self):
        return self.read(self.log_name)

    def read(self, name):
        try:
            with open(os.path.join(self.dir, name),
                      encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""


class Exim(Peer):
    name, log_name = "exim", "mainlog"

    def command(self):
        path = self.write("exim.conf", EXIM)
        return ["/usr/sbin/exim4", "-C", path, "-bdf", "-q1m"]

    def run_queue(self):
        self.enter(["/usr/sbin/exim4", "-C",
                    os.path.join(self.dir, "exim.conf"), "-qqff"])


class Postfix(Peer):
    name, log_name = "postfix", "log"

    def command(self):
        self.write("main.cf", POSTFIX)
        self.write("master.cf", POSTFIX_MASTER)
        os.makedirs(f"{self.dir}/spool", exist_ok=True)
        os.makedirs(f"{self.dir}/data", exist_ok=True)
        subprocess.run(["chown", "postfix", f"{self.dir}/data"], check=True)
        return ["/usr/sbin/postfix", "-c", self.dir, "start-fg"]


class Opensmtpd(Peer):
    name, log_name = "opensmtpd", "output"

    def command(self):
        path = self.write("smtpd.conf", OPENSMTPD)
        os.chmod(path, 0o600)
        return ["/usr/sbin/smtpd", "-d", "-f", path]


SERVERS = (Exim, Postfix, Opensmtpd)
