#!/usr/bin/env python3
"""What testssl.sh (Debian's package) thinks of STARTTLS and of port 465.

usage: testssl.py BINDIR [-p PORT]

A finding of medium severity or worse fails, but for what a certificate of a
test cannot be: signed by an authority that the world knows.  The last line
is "testssl: N passed, M failed".
"""

import argparse
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
from ports import first_port                                # noqa: E402
from queue_case import FAILED, PASSED, check                # noqa: E402
from wire import Place                                      # noqa: E402

# Of the chain that the test has made itself.
OURS = ("cert_chain_of_trust", "cert_trust", "cert_revocation",
        "cert_caIssuers", "cert_extlifeSpan", "cert_expirationStatus")
BAD = ("MEDIUM", "HIGH", "CRITICAL")
PROGRAM = shutil.which("testssl") or shutil.which("testssl.sh")


def look(place, name, port, *how):
    file = os.path.join(place.folder, name + ".json")
    with open(os.path.join(place.folder, name + ".log"), "w") as log:
        subprocess.run([PROGRAM, "--quiet", "--color", "0", "--warnings",
                        "off", "--nodns", "none", "--ip", "127.0.0.1",
                        "--jsonfile", file, *how, "mx.example:%d" % port],
                       stdout=log, stderr=subprocess.STDOUT, timeout=900,
                       stdin=subprocess.DEVNULL)
    with open(file) as f:
        findings = json.load(f)
    check("%s: it has looked" % name, len(findings) > 50, len(findings))
    seen = 0
    for finding in findings:
        id_ = finding["id"].split()[0]
        if finding["severity"] in BAD and id_ not in OURS:
            check("%s: %s" % (name, finding["id"]), False,
                  "%s: %s" % (finding["severity"], finding["finding"]))
        else:
            seen += 1
            if finding["severity"] in BAD + ("LOW", "WARN"):
                print("   ", name, finding["severity"], finding["id"],
                      finding["finding"])
    check("%s: %d findings are none" % (name, seen), seen > 50)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bin")
    parser.add_argument("-p", "--port", type=int, default=first_port("tls"))
    options = parser.parse_args()
    if PROGRAM is None:
        print("testssl: apt-get install testssl.sh", file=sys.stderr)
        return 1
    master = ("127.0.0.1:{port+2} inet n - - - - smtpd\n"
              " -o smtpd_tls_wrappermode=yes\n")
    with Place(options, {"mydestination": "mx.example",
                         "smtpd_forbid_unauth_pipelining": "no",
                         "smtpd_client_connection_count_limit": "0"},
               master) as place:
        rsa = place.pki.make("mx.example", file="rsa", kind="rsa")
        with open(os.path.join(place.suite.etc, "main.cf"), "a") as f:
            f.write("smtpd_tls_chain_files = %s, %s\n" % (place.chain, rsa))
        place.suite.tern("reload")
        look(place, "starttls", options.port, "--starttls", "smtp")
        look(place, "wrapper", options.port + 2)
        check("nothing has fallen over", place.is_alive())
    print("testssl: %d passed, %d failed" % (len(PASSED), len(FAILED)))
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
