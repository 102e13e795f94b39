#!/usr/bin/env python3
"""Tables of SQLite, PostgreSQL and LDAP, asked of the real ones.

usage: servers.py BINDIR [-p port] [part...]

Each server is private: a folder of its own, a port of its own, no rights.
One that is not installed, or whose plug-in is not built, is left out; as
root, which gets all of them installed, that is a failure.  The last line
is "tables: N passed, M failed".
"""

import contextlib
import glob
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
from private_suite import wait_for                          # noqa: E402
from queue_case import check, run                           # noqa: E402

def is_open(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


class Tables:
    """ternmap, and the .cf files it is given."""

    def __init__(self, bindir, folder):
        self.ternmap = os.path.join(bindir, "ternmap")
        self.folder = folder
        self.write("main.cf", "")
        self.environment = dict(os.environ, MAIL_CONFIG=folder)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def ask(self, table, key):
        """"=value", "none" or "trouble: why"."""
        done = subprocess.run([self.ternmap, "-u", "-q", key, table],
                              env=self.environment, capture_output=True,
                              timeout=60)
        if done.returncode == 0:
            return "=" + done.stdout.decode()[:-1]
        if not done.stderr:
            return "none"
        return "trouble: " + done.stderr.decode(errors="replace")

    def expect(self, what, table, key, answer):
        got = self.ask(table, key)
        check("%s: %s" % (table.split(":")[0], what), got == answer, got)

    def expect_trouble(self, what, table, seconds):
        began = time.time()
        got = self.ask(table, "k")
        took = time.time() - began
        check("%s: %s" % (table.split(":")[0], what),
              got.startswith("trouble") and took < seconds,
              "%.1f s: %s" % (took, got))

    def talk(self, table):
        return subprocess.Popen(
            [self.ternmap, "-q", "-", table],
            env=self.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            bufsize=1)


def ask_again(talk, key):
    """Of a process that goes on."""
    talk.stdin.write(key + "\n")
    talk.stdin.flush()
    return talk.stdout.readline().rstrip("\n").split("\t")[-1]


class Silence:
    """A server that takes connections and says nothing."""

    def __enter__(self):
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=16)
        return self.sock.getsockname()[1]

    def __exit__(self, *unused):
        self.sock.close()


class Rubbish(Silence):
    """One that answers whatever it is asked with something else."""

    def __init__(self, answer):
        self.answer = answer

    def __enter__(self):
        port = super().__enter__()
        threading.Thread(target=self.serve, daemon=True).start()
        return port

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.sock.accept()[0]
                threading.Thread(target=self.talk, args=(client,),
                                 daemon=True).start()

    def talk(self, client):
        with contextlib.suppress(OSError), client:
            while client.recv(4096):
                client.sendall(self.answer)


RUBBISH = (b"no server at all\r\n", b"\xff" * 70000, bytes(70000),
           # PostgreSQL: an error without an end; rows that nobody wanted.
           b"E\x7f\xff\xff\xffSFATAL", b"R\0\0\0\x08\0\0\0\0" * 9000,
           # LDAP: a length beyond all bounds; an answer to another question.
           b"\x30\x84\x7f\xff\xff\xff", b"\x30\x0c\x02\x01\x63\x61\x07"
           b"\x0a\x01\x00\x04\x00\x04\x00")


def test_rubbish(tables, kind, text):
    """text has a %s for the host."""
    for i, answer in enumerate(RUBBISH):
        with Rubbish(answer) as port:
            name = tables.write("r%d.cf" % i, text % ("127.0.0.1:%d" % port))
            tables.expect_trouble("rubbish %d" % i, kind + ":" + name, 5)


def test_injection(tables, table, known):
    """No key finds what another one would; nor does any break the query."""
    for key in ("' OR '1'='1", "x' OR 1=1 --", "\\' OR 1=1 --", "'; DROP "
                "TABLE map; --", "x'||'", "\\", "'", "''", "%", "*", "*)(k=*",
                "k)(|(k=*", "\\2a", "a,b=c", "\u00fc", "$1", '"'):
        tables.expect("key %r finds nothing" % key, table, key, "none")
    tables.expect("and the table is there", table, known, "=value")
    got = tables.ask(table, b"\xff\xfe'")
    check("%s: a key that is no UTF-8" % table.split(":")[0], got == "none",
          got)


# ---- SQLite ----------------------------------------------------------------

def test_sqlite(tables, unused_port):
    path = os.path.join(tables.folder, "map.sqlite")
    base = sqlite3.connect(path)
    base.execute("create table map (k text, v text)")
    base.executemany("insert into map values (?, ?)", [
        ("known", "value"), ("it's", "quoted"), ("two", "1"), ("two", "2"),
        ("null", None), ("joe@a.example", "joe@b.example")])
    base.commit()
    query = "query = select v from map where k = '%s'\n"
    table = "sqlite:" + tables.write("s.cf", "dbpath = %s\n%s"
                                     % (path, query))
    tables.expect("found", table, "known", "=value")
    tables.expect("in any case", table, "KNOWN", "=value")
    tables.expect("a key with a quote", table, "it's", "=quoted")
    tables.expect("two rows", table, "two", "=1,2")
    tables.expect("NULL", table, "null", "none")
    test_injection(tables, table, "known")
    table = "sqlite:" + tables.write(
        "f.cf", "dbpath = %s\ndomain = a.example\nresult_format = %%u at %%d"
        "\nquery = select v from map where k = '%%u@%%d'\n" % path)
    tables.expect("templates", table, "joe@a.example", "=joe at b.example")
    tables.expect("another domain", table, "joe@b.example", "none")
    table = "sqlite:" + tables.write(
        "l.cf", "dbpath = %s\nexpansion_limit = 1\n%s" % (path, query))
    check("sqlite: more than expansion_limit", "expansion_limit"
          in tables.ask(table, "two"))
    table = "sqlite:" + tables.write("n.cf", "dbpath = /no/such\n" + query)
    tables.expect_trouble("no database", table, 2)
    table = "sqlite:" + tables.write(
        "w.cf", "dbpath = %s\nquery = selekt '%%s'\n" % path)
    tables.expect_trouble("a wrong query", table, 2)
    table = "sqlite:" + tables.write(
        "e.cf", "dbpath = %s\ntimeout = 1\nquery = with recursive c(x) as "
        "(select 1 union all select x + 1 from c) select x from c where "
        "x < 0 or '%%s' = ''\n" % path)
    tables.expect_trouble("a query without end", table, 5)
    talk = tables.talk("sqlite:" + tables.write(
        "s.cf", "dbpath = %s\n%s" % (path, query)))
    before = ask_again(talk, "known")
    base.execute("update map set v = 'new' where k = 'known'")
    base.commit()
    check("sqlite: a change is seen", (before, ask_again(talk, "known")) ==
          ("value", "new"))
    talk.communicate()


# ---- servers ---------------------------------------------------------------

def own(folder, user):
    if os.getuid() == 0:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def start(command, user, log):
    """As a user without rights; in a group of processes of its own."""
    extra = {}
    if os.getuid() == 0 and user:
        entry = pwd.getpwnam(user)
        extra = {"user": entry.pw_uid, "group": entry.pw_gid,
                 "extra_groups": []}
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                            stderr=log, cwd="/", start_new_session=True,
                            **extra)


class Postgres:
    def __init__(self, folder, port):
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.data = os.path.join(folder, "pg")
        self.port = port
        self.log = open(os.path.join(folder, "pg.log"), "ab")
        self.sockets = os.path.join(folder, "sockets")
        for path, mode in ((self.data, 0o700), (self.sockets, 0o755)):
            os.mkdir(path, mode)
            own(path, "postgres")
        self.run("initdb", "-D", self.data, "-U", "tern", "-A", "trust",
                 "--no-sync", "-E", "UTF8", "--locale=C")
        self.process = None

    def run(self, program, *words):
        done = start([os.path.join(self.bin, program)] + list(words),
                     "postgres", self.log).wait(timeout=60)
        if done != 0:
            raise RuntimeError("%s failed" % program)

    def start(self):
        self.process = start(
            [os.path.join(self.bin, "postgres"), "-D", self.data, "-p",
             str(self.port), "-k", self.sockets, "-c",
             "listen_addresses=127.0.0.1", "-c", "fsync=off"],
            "postgres", self.log)
        return wait_for(lambda: subprocess.run(
            ["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)],
            check=False).returncode == 0)

    def sql(self, text):
        self.run("psql", "-q", "-h", "127.0.0.1", "-p", str(self.port),
                 "-U", "tern", "-d", "postgres", "-v", "ON_ERROR_STOP=1",
                 "-c", text)

    def stop(self):
        if self.process:
            self.process.send_signal(2)     # SIGINT: fast shutdown
            self.process.wait(timeout=30)
            self.process = None


def ask_pgsql(tables, base, port):
    base.sql("create table map (k text, v text); insert into map values "
             "('known', 'value'), ('it''s', 'quoted'), ('two', '1'), "
             "('two', '2'), ('null', null)")
    text = ("user = tern\ndbname = postgres\ntimeout = 2\nhosts = %s\n"
            "query = select v from map where k = '%%s'\n")
    good = text % ("127.0.0.1:%d" % port)
    table = "pgsql:" + tables.write("p.cf", good)
    tables.expect("found", table, "known", "=value")
    tables.expect("a key with a quote", table, "it's", "=quoted")
    tables.expect("two rows", table, "two", "=1,2")
    tables.expect("NULL", table, "null", "none")
    test_injection(tables, table, "known")
    name = tables.write("u.cf", text % (
        "postgresql://127.0.0.1:%d/postgres" % port))
    tables.expect("a URI", "pgsql:" + name, "known", "=value")
    # The library takes its number from here.
    tables.environment["PGPORT"] = str(port)
    name = tables.write("s.cf", text % ("unix:" + base.sockets))
    tables.expect("a Unix socket", "pgsql:" + name, "known", "=value")
    del tables.environment["PGPORT"]
    name = tables.write("d.cf", text % (
        "127.0.0.1:1 inet:127.0.0.1:%d" % port))
    tables.expect("the second host", "pgsql:" + name, "known", "=value")
    name = tables.write("w.cf", good.replace("map", "nomap"))
    tables.expect_trouble("a wrong query", "pgsql:" + name, 2)
    name = tables.write("z.cf", good.replace("select v",
                                             "select pg_sleep(20)"))
    got = tables.ask("pgsql:" + name, "known")
    check("pgsql: a slow query ends", "timed out" in got, got)
    talk = tables.talk(table)
    answers = [ask_again(talk, "known")]
    base.stop()
    check("pgsql: it starts again", base.start())
    answers.append(ask_again(talk, "known"))
    check("pgsql: asked again after a restart", answers == ["value"] * 2,
          answers)
    talk.communicate()
    base.stop()
    tables.expect_trouble("the server is down", table, 2)
    with Silence() as port:
        name = tables.write("q.cf", text % ("127.0.0.1:%d" % port))
        tables.expect_trouble("the server is silent", "pgsql:" + name, 4)
    test_rubbish(tables, "pgsql", text)


def test_pgsql(tables, port):
    base = Postgres(tables.folder, port)
    try:
        check("pgsql: it starts", base.start())
        ask_pgsql(tables, base, port)
    finally:
        base.stop()


SLAPD = """include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {0}/pid
database mdb
maxsize 10485760
suffix "dc=example"
rootdn "cn=admin,dc=example"
rootpw secret
directory {0}/data
"""
ENTRIES = """dn: dc=example
objectClass: dcObject
objectClass: organization
o: example
dc: example

dn: cn=known,dc=example
objectClass: person
objectClass: top
cn: known
sn: value

dn: cn=two,dc=example
objectClass: person
cn: two
sn: 1
sn: 2

dn: cn=a(b)*c,dc=example
objectClass: person
cn: a(b)*c
sn: quoted
"""


class Slapd:
    def __init__(self, folder, port):
        self.folder = os.path.join(folder, "ldap")
        self.port = port
        self.log = open(os.path.join(folder, "slapd.log"), "ab")
        os.makedirs(os.path.join(self.folder, "data"))
        self.conf = os.path.join(self.folder, "slapd.conf")
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(SLAPD.format(self.folder))
        entries = os.path.join(self.folder, "entries")
        with open(entries, "w", encoding="utf-8") as file:
            file.write(ENTRIES)
        for name in ("", "data", "slapd.conf", "entries"):
            own(os.path.join(self.folder, name), "openldap")
        if start(["/usr/sbin/slapadd", "-q", "-f", self.conf, "-l", entries],
                 "openldap", self.log).wait(timeout=30) != 0:
            raise RuntimeError("slapadd failed")
        self.process = None

    def start(self):
        self.process = start(
            ["/usr/sbin/slapd", "-d", "0", "-f", self.conf, "-h",
             "ldap://127.0.0.1:%d" % self.port], "openldap", self.log)
        return wait_for(lambda: is_open(self.port))

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process = None


def ask_ldap(tables, directory, port):
    text = ("server_host = %s\ntimeout = 2\nsearch_base = dc=example\n"
            "query_filter = (cn=%%s)\nresult_attribute = sn\n"
            "bind_dn = cn=admin,dc=example\nbind_pw = %s\n")
    good = text % ("127.0.0.1:%d" % port, "secret")
    table = "ldap:" + tables.write("l.cf", good)
    tables.expect("found", table, "known", "=value")
    tables.expect("two values", table, "two", "=1,2")
    tables.expect("a key with signs", table, "a(b)*c", "=quoted")
    test_injection(tables, table, "known")
    name = tables.write("b.cf", good.replace("dc=example\nquery",
                                             "cn=%s,dc=example\nquery"))
    tables.expect("a base with the key", "ldap:" + name, "known", "=value")
    tables.expect("a base that is not there", "ldap:" + name, "x,dc=example",
                  "none")
    name = tables.write("u.cf", text % ("ldap://127.0.0.1:%d" % port,
                                        "secret"))
    tables.expect("a URI", "ldap:" + name, "known", "=value")
    name = tables.write("a.cf", good + "bind = no\n")
    tables.expect("without a password", "ldap:" + name, "known", "=value")
    name = tables.write("w.cf", text % ("127.0.0.1:%d" % port, "wrong"))
    tables.expect_trouble("a wrong password", "ldap:" + name, 3)
    name = tables.write("x.cf", good + "special_result_attribute = m\n")
    tables.expect_trouble("what is not supported", "ldap:" + name, 3)
    name = tables.write("h.cf", text % ("127.0.0.1:1 127.0.0.1:%d" % port,
                                        "secret"))
    tables.expect("the second host", "ldap:" + name, "known", "=value")
    talk = tables.talk(table)
    answers = [ask_again(talk, "known")]
    directory.stop()
    check("ldap: it starts again", directory.start())
    answers.append(ask_again(talk, "known"))
    check("ldap: asked again after a restart", answers == ["value"] * 2,
          answers)
    talk.communicate()
    directory.stop()
    tables.expect_trouble("the server is down", table, 2)
    with Silence() as port:
        name = tables.write("q.cf", text % ("127.0.0.1:%d" % port, "secret"))
        tables.expect_trouble("the server is silent", "ldap:" + name, 5)
    test_rubbish(tables, "ldap", text.replace("bind_pw = %s", "bind_pw = x"))


def test_ldap(tables, port):
    directory = Slapd(tables.folder, port)
    try:
        check("ldap: it starts", directory.start())
        ask_ldap(tables, directory, port)
    finally:
        directory.stop()


# ---- files -----------------------------------------------------------------

def test_files(tables, unused_port):
    """What ternmap makes of a type, and asks it; LMDB and CDB."""
    source = tables.write("t", "Known value\nlong %s\n" % ("x" * 9000))
    for kind in ("lmdb", "cdb"):
        table = "%s:%s" % (kind, source)
        for flag in ("-N", "-n"):
            subprocess.run([tables.ternmap, flag, table], check=True,
                           env=tables.environment)
            tables.expect("found " + flag, table, "known", "=value")
            tables.expect("none " + flag, table, "x", "none")
            tables.expect("long " + flag, table, "long", "=" + "x" * 9000)
            tables.expect("a long key", table, "k" * 2000, "none")
        subprocess.run([tables.ternmap, "-d", "known", table], check=True,
                       env=tables.environment)
        tables.expect("removed", table, "known", "none")
        check_damaged(tables, table, "%s.%s" % (source, kind))
        with open("%s.%s" % (source, kind), "w", encoding="utf-8") as file:
            file.write("rubbish")
        tables.expect_trouble("rubbish", table, 2)
        os.unlink("%s.%s" % (source, kind))
        tables.expect_trouble("no file", table, 2)


def check_damaged(tables, table, path):
    """Cut off, and with holes, as a file is that is being copied: it may
    have no answer, but whoever asks it lives on."""
    with open(path, "rb") as file:
        whole = file.read()
    for part in (0.3, 0.6, 0.99):
        with open(path, "wb") as file:
            file.write(whole[:int(len(whole) * part)])
        said = tables.ask(table, "long")
        check("%s, cut off at %.2f" % (table[:5], part),
              said.startswith("trouble: ") and ": " in said, said[:200])


def test_db(tables):
    """Berkeley DB goes round in circles in pages that are empty."""
    source = tables.write("t", "".join(
        "key%d value %d\n" % (i, i) for i in range(3000)))
    for kind in ("hash", "btree"):
        table = "%s:%s" % (kind, source)
        subprocess.run([tables.ternmap, table], check=True,
                       env=tables.environment)
        with open(source + ".db", "rb") as file:
            whole = file.read()
        check(kind + ", whole", tables.ask(table, "key7") == "=value 7")
        for part in (0.1, 0.4, 0.7):
            start = int(len(whole) * part)
            hole = whole[:start] + bytes(len(whole) - start)
            with open(source + ".db", "wb") as file:
                file.write(hole)
            said = tables.ask(table, "key2999")
            check("%s, empty from %.1f on" % (kind, part),
                  said.startswith("trouble: ") and "damaged" in said,
                  said[:200])


def with_tables(name, has_server, test, offset):
    """A part; one whose server or plug-in is not there is left out."""
    def part(options):
        plugin = os.path.join(options.bin, "..", "plugin",
                              "table_%s.so" % name)
        if not has_server or not os.path.exists(plugin):
            if os.getuid() == 0:
                check("%s is installed" % name, False)
            else:
                print("%s: left out" % name)
            return
        folder = tempfile.mkdtemp(prefix="tern-tables-")
        os.chmod(folder, 0o755)
        test(Tables(options.bin, folder), options.port + offset)
        shutil.rmtree(folder)
    return part


def with_files(options):
    folder = tempfile.mkdtemp(prefix="tern-tables-")
    os.chmod(folder, 0o755)
    test_db(Tables(options.bin, folder))
    shutil.rmtree(folder)


PARTS = {
    "db": with_files,
    "lmdb": with_tables("lmdb", True, test_files, 0),
    "sqlite": with_tables("sqlite", True, test_sqlite, 1),
    "pgsql": with_tables("pgsql", glob.glob(
        "/usr/lib/postgresql/*/bin/initdb"), test_pgsql, 2),
    "ldap": with_tables("ldap", os.path.exists("/usr/sbin/slapd"), test_ldap,
                        3),
}

if __name__ == "__main__":
    sys.exit(run("tables", PARTS))
