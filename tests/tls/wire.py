"""A client that does what a test wants, byte by byte, and a mail system
with TLS for it."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
from pki import Pki                                         # noqa: E402
from private_suite import Suite                             # noqa: E402

PATIENCE = 20
warnings.simplefilter("ignore", DeprecationWarning)     # old versions of TLS


# ---- clients ---------------------------------------------------------------

def context(version=None, cert=None, ca=None, old=False):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if old:
        made.set_ciphers("ALL:@SECLEVEL=0")
        made.minimum_version = ssl.TLSVersion.TLSv1
    if version:
        made.minimum_version = made.maximum_version = version
    if cert:
        made.load_cert_chain(cert)
    if ca:
        made.load_verify_locations(ca)
        made.verify_mode = ssl.CERT_REQUIRED
    return made


class Wire:
    """A connection, byte by byte as the test wants it."""

    def __init__(self, port, wrapped=None, greeting=True, name=None):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.rest = b""
        if wrapped:
            self.secure(wrapped, name)
        if greeting:
            self.greeting = self.hear()

    def say(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else
                            text.encode())

    def read(self):
        """More bytes, or b"" at the end, however it came."""
        try:
            return self.socket.recv(65536)
        except (OSError, ssl.SSLError):
            return b""

    def hear(self):
        """One reply, or what there is before the end."""
        while not re.search(rb"^\d\d\d(?: [^\n]*)?\n", self.rest, re.M):
            more = self.read()
            if not more:
                break
            self.rest += more
        match = re.search(rb"^\d\d\d(?: [^\n]*)?\n", self.rest, re.M)
        end = match.end() if match else len(self.rest)
        reply, self.rest = self.rest[:end], self.rest[end:]
        return reply.decode().replace("\r\n", "\n").rstrip("\n")

    def ask(self, text):
        self.say(text + "\r\n")
        return self.hear()

    def secure(self, how, name=None, session=None):
        self.socket = how.wrap_socket(self.socket, server_hostname=name,
                                      session=session)

    def starttls(self, how=None, name=None, session=None):
        self.ask("EHLO client.example")
        reply = self.ask("STARTTLS")
        if not reply.startswith("220 "):
            raise ValueError("STARTTLS: " + reply)
        self.secure(how or context(), name, session)
        return self

    def is_over(self):
        """The server sends no more; what it sent last is in rest."""
        while True:
            more = self.read()
            if not more:
                return True
            self.rest += more

    def subject(self):
        der = self.socket.getpeercert(binary_form=True)
        pem = ssl.DER_cert_to_PEM_cert(der)
        text = subprocess.run(["openssl", "x509", "-noout", "-subject"],
                              input=pem, text=True, timeout=60,
                              stdout=subprocess.PIPE).stdout
        return text.split("=")[-1].strip()

    def close(self):
        self.socket.close()


class Place:
    """A mail system with TLS, and a CA beside it."""

    def __init__(self, options, settings=None, master="", start=True):
        self.options = options
        self.port = options.port
        self.folder = tempfile.mkdtemp(prefix="tern-tls-")
        os.chmod(self.folder, 0o755)
        self.pki = Pki(self.folder)
        self.chain = self.pki.make("mx.example")
        values = {k: v.replace("{folder}", self.folder)
                  for k, v in (settings or {}).items()}
        self.suite = Suite(options.bin, options.port, options.port + 1, {
            "smtpd_tls_security_level": "may",
            "smtpd_tls_chain_files": self.chain,
            "smtpd_tls_loglevel": "1",
            "smtpd_error_sleep_time": "0s",
            "smtpd_hard_error_limit": "1000", **values})
        with open(os.path.join(self.suite.etc, "master.cf"), "a") as f:
            f.write(re.sub(r"\{port\+(\d)\}",
                           lambda m: str(self.port + int(m.group(1))),
                           master.replace("{folder}", self.folder)))
        if start:
            self.suite.start()

    def wire(self, port=0, **kind):
        return Wire(self.port + port, **kind)

    def log(self, pattern, count=1):
        return self.suite.wait_log(pattern, count=count)

    def is_alive(self):
        """A whole message goes through, in TLS."""
        wire = self.wire().starttls()
        wire.ask("EHLO client.example")
        ok = wire.ask("MAIL FROM:<a@b.example>").startswith("250 ")
        wire.close()
        return ok and self.suite.count_log(
            r"killed by signal|exit status") == 0

    def close(self):
        if self.suite in Suite.open:
            self.suite.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
