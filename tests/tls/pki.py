"""Keys and certificates for tests, made by the openssl command."""

import hashlib
import os
import subprocess


def openssl(*args, **kind):
    return subprocess.run(["openssl", *args], check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, **kind).stdout


class Pki:
    """A CA, and what it has signed, in folder: NAME.pem is key and chain."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = self.path("ca.crt")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Test CA",
                "-days", "3", "-keyout", self.path("ca.key"), "-out", self.ca)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, file=None, kind="ec", days=90, signed=True,
             alt=None):
        """The path of a chain file with a new key."""
        file = file or name
        key, request, cert = (self.path(file + end)
                              for end in (".key", ".req", ".crt"))
        how = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
               "rsa": ["rsa:2048"]}[kind]
        openssl("req", "-newkey", *how, "-nodes", "-subj", "/CN=" + name,
                "-keyout", key, "-out", request)
        with open(self.path("ext"), "w") as f:
            f.write("subjectAltName=DNS:%s\n" % (alt or name))
        sign = ["-CA", self.ca, "-CAkey", self.path("ca.key"),
                "-CAcreateserial"] if signed else ["-signkey", key]
        openssl("x509", "-req", "-in", request, "-days", str(days),
                "-extfile", self.path("ext"), "-out", cert, *sign)
        return self.join(file, key, cert)

    def join(self, file, key, cert):
        chain = self.path(file + ".pem")
        parts = [key, cert] + ([self.ca] if os.path.exists(self.ca) else [])
        with open(chain + ".new", "w") as f:
            os.fchmod(f.fileno(), 0o600)
            for part in parts:
                with open(part) as source:
                    f.write(source.read())
        os.rename(chain + ".new", chain)
        return chain

    def join_certs(self, file, *certs):
        path = self.path(file)
        with open(path, "w") as f:
            for cert in certs:
                with open(cert) as source:
                    f.write(source.read())
        return path

    def fingerprint(self, name):
        """As in tables: of the certificate."""
        text = openssl("x509", "-noout", "-fingerprint", "-sha256", "-in",
                       self.path(name + ".crt"))
        return text.strip().split("=")[1]

    def key_fingerprint(self, name):
        pem = openssl("x509", "-noout", "-pubkey", "-in",
                      self.path(name + ".crt"))
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform",
                              "DER"], input=pem.encode(), check=True,
                             stdout=subprocess.PIPE, timeout=60).stdout
        return hashlib.sha256(der).hexdigest().upper()
