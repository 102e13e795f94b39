"""Keys and certificates for tests, by openssl."""

import hashlib
import os
import re
import ssl
import subprocess

CA_CONF = """
[ca]
default_ca = this
[this]
database = %(dir)s/index
serial = %(dir)s/serial
new_certs_dir = %(dir)s
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = optional
"""


def openssl(*args):
    done = subprocess.run(["openssl", *args], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise RuntimeError("openssl %s: %s" % (args[0],
                                               done.stdout.decode()))
    return done.stdout


class Authority:
    """A CA in a folder of its own; chains are PEM files: key, certificates."""

    def __init__(self, folder, name):
        self.folder = os.path.join(folder, name)
        os.mkdir(self.folder)
        self.cert = os.path.join(self.folder, "ca.pem")
        self.key = os.path.join(self.folder, "ca.key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key,
                "-out", self.cert, "-days", "30", "-subj", "/CN=" + name)
        for file, text in (("index", ""), ("serial", "01\n"),
                           ("conf", CA_CONF % {"dir": self.folder})):
            with open(os.path.join(self.folder, file), "w") as f:
                f.write(text)

    def chain(self, name, alone=False, expired=False):
        """For a host of that name, also with the CA's own certificate."""
        path = os.path.join(self.folder, name)
        request, cert = path + ".csr", path + ".crt"
        openssl("req", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout", path + ".key",
                "-out", request, "-subj", "/CN=" + name, "-addext",
                "subjectAltName=DNS:" + name)
        openssl("ca", "-batch", "-notext", "-config",
                os.path.join(self.folder, "conf"), "-cert", self.cert,
                "-keyfile", self.key, "-in", request, "-out", cert,
                "-startdate", "20200101000000Z", "-enddate",
                "20210101000000Z" if expired else "20490101000000Z")
        return join(path + ".pem", path + ".key", cert,
                    *([] if alone else [self.cert]))


    def below(self, name):
        """The same, of a CA that this one has signed."""
        between = Authority(self.folder, name + ".ca")
        request = os.path.join(between.folder, "ca.csr")
        openssl("req", "-new", "-key", between.key, "-out", request,
                "-subj", "/CN=between", "-addext",
                "basicConstraints=critical,CA:TRUE")
        openssl("ca", "-batch", "-notext", "-config",
                os.path.join(self.folder, "conf"), "-cert", self.cert,
                "-keyfile", self.key, "-in", request, "-out", between.cert,
                "-days", "30")
        return between.chain(name)


def self_signed(folder, name):
    path = os.path.join(folder, name)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
            path + ".key", "-out", path + ".crt", "-days", "30", "-subj",
            "/CN=" + name, "-addext", "subjectAltName=DNS:" + name)
    return join(path + ".pem", path + ".key", path + ".crt")


def join(path, *parts):
    with open(path, "w") as out:
        for part in parts:
            with open(part) as f:
                out.write(f.read())
    return path


def certificates(chain):
    with open(chain) as f:
        return [ssl.PEM_cert_to_DER_cert(text) for text in re.findall(
            r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n",
            f.read(), re.S)]


def public_key(chain):
    return openssl("pkey", "-in", chain, "-pubout", "-outform", "DER")


def fingerprint(der):
    digest = hashlib.sha256(der).hexdigest().upper()
    return ":".join(digest[i:i + 2] for i in range(0, len(digest), 2))


def tlsa(usage, selector, matching, chain, nth=0):
    """The text of a TLSA record for the nth certificate of a chain."""
    data = public_key(chain) if selector == 1 else certificates(chain)[nth]
    if matching:
        data = hashlib.new("sha%d" % (256 * matching), data).digest()
    return "TLSA %d %d %d %s" % (usage, selector, matching, data.hex())
