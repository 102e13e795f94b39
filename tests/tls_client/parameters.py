"""What parameters of the client's TLS change: each case is a transport with
a service of its own."""

import hashlib
import os

import keys
from queue_case import check

AES128 = "ECDHE-ECDSA-AES128-GCM-SHA256"
AES256 = "ECDHE-ECDSA-AES256-GCM-SHA384"
SENT, LATER = "status=sent", "status=deferred"
# case: options of its service, parts of the delivery's line, and of the log
CASES = {
    "anchor-main": (
        "smtp_tls_security_level=secure smtp_tls_secure_cert_match=hostname "
        "smtp_tls_trust_anchor_file={ca}", ("tls=secure,", SENT), None),
    "anchor-other": (
        "smtp_tls_security_level=secure smtp_tls_secure_cert_match=hostname "
        "smtp_tls_trust_anchor_file={other}",
        ("tls=!secure:encrypt,", LATER), None),
    "depth": (
        "smtp_tls_security_level=secure smtp_tls_secure_cert_match=hostname "
        "smtp_tls_CAfile={ca}", ("tls=secure,", SENT), None),
    "depth-one": (
        "smtp_tls_security_level=secure smtp_tls_secure_cert_match=hostname "
        "smtp_tls_CAfile={ca} smtp_tls_scert_verifydepth=1",
        ("tls=!secure:encrypt,", LATER), None),
    "digest": (
        "smtp_tls_security_level=fingerprint smtp_tls_fingerprint_digest=sha1"
        " smtp_tls_fingerprint_cert_match={sha1}",
        ("tls=fingerprint,", SENT), None),
    "digest-other": (
        "smtp_tls_security_level=fingerprint "
        "smtp_tls_fingerprint_cert_match={sha1}",
        ("tls=!fingerprint:encrypt,", LATER), None),
    "star": (
        "smtp_tls_security_level=verify smtp_tls_CAfile={ca}",
        ("tls=!verify:encrypt,", LATER), None),
    "star-wide": (
        "smtp_tls_security_level=verify smtp_tls_CAfile={ca} "
        "tls_wildcard_matches_multiple_labels=yes",
        ("tls=verify,", SENT), None),
    "grade": (
        "smtp_tls_protocols=TLSv1.2 smtp_tls_ciphers=high "
        "tls_high_cipherlist=" + AES128, ("tls=may,", SENT), AES128),
    "grade-mandatory": (
        "smtp_tls_security_level=encrypt "
        "smtp_tls_mandatory_protocols=TLSv1.2 smtp_tls_ciphers=high "
        "smtp_tls_mandatory_ciphers=medium tls_high_cipherlist=%s "
        "tls_medium_cipherlist=%s" % (AES128, AES256),
        ("tls=encrypt,", SENT), AES256),
    "exclude": (
        "smtp_tls_protocols=TLSv1.2 smtp_tls_exclude_ciphers=AES256,CHACHA20 "
        "smtp_tls_mandatory_exclude_ciphers=AES128",
        ("tls=may,", SENT), AES128),
    "exclude-mandatory": (
        "smtp_tls_security_level=encrypt smtp_tls_mandatory_protocols=TLSv1.2"
        " smtp_tls_mandatory_exclude_ciphers=AES256,CHACHA20",
        ("tls=encrypt,", SENT), AES128),
    "curve": (
        "tls_eecdh_auto_curves=secp384r1 tls_ffdhe_auto_groups=",
        ("tls=may,", SENT), "key-exchange ECDHE (secp384r1)"),
    "library": ("tls_config_file={cnf}", ("tls=may,", SENT),
                "TLS_CHACHA20_POLY1305_SHA256"),
    "own-pair": (
        "smtp_tls_cert_file={pair}.crt smtp_tls_key_file={pair}.key",
        ("tls=may,", SENT), None),
    "own-ec": ("smtp_tls_eccert_file={pair}.pem", ("tls=may,", SENT), None),
    "own-dsa": (
        "smtp_tls_dcert_file={pair}.crt smtp_tls_dkey_file={pair}.key",
        ("tls=may,", SENT), None),
}


def serve(place, case):
    name = "mx.%s.tls.example" % case
    if case.startswith("star"):
        chain = place.chain("*.tls.example")
    elif case.startswith("depth"):
        chain = place.ca.below(name)
    else:
        chain = place.chain(name)
    place.serve(case, chain=chain, client_ca=place.other_ca.cert
                if case.startswith("own") else None)
    return chain


def services(place, chains):
    """The text for master.cf."""
    cnf = os.path.join(place.folder, "openssl.cnf")
    with open(cnf, "w") as f:
        f.write("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = "
                "c\n[c]\nCiphersuites = TLS_CHACHA20_POLY1305_SHA256\n")
    values = {"cnf": cnf, "ca": place.ca.cert, "other": place.other_ca.cert,
              "pair": os.path.join(place.other_ca.folder, "client.example")}
    text = ""
    for case, (options, _, _) in CASES.items():
        digest = hashlib.sha1(keys.certificates(
            chains[case])[0]).hexdigest().upper()
        values["sha1"] = ":".join(digest[i:i + 2]
                                  for i in range(0, len(digest), 2))
        text += "%s unix - - - - - smtp\n" % case + "".join(
            " -o %s\n" % option for option in
            options.format(**values).split(" "))
    return text


def each(place):
    place.other_ca.chain("client.example")
    chains = {case: serve(place, case) for case in CASES}
    place.zones.add("tls.example", "\n".join(place.records["tls.example"]))
    place.start(smtp_tls_CAfile="", smtp_tls_policy_maps="",
                transport_maps="inline:{ %s }" % " ".join(
                    "{ %s.tls.example = %s: }" % (case, case)
                    for case in CASES))
    place.suite.stop()
    with open(os.path.join(place.suite.etc, "master.cf"), "a") as f:
        f.write(services(place, chains))
    place.suite.start()
    for case in CASES:
        place.send(case + ".tls.example")
    for case, (_, parts, words) in CASES.items():
        place.expect(case + ".tls.example", *parts)
        if words is not None:
            lines = [line for line in place.suite.log_text().splitlines()
                     if " to mx.%s.tls" % case in line]
            check("%s: the log has %s" % (case, words),
                  any(words in line for line in lines), lines)
        if case.startswith("own"):
            subject = place.servers[case].sessions[0].subject
            check("%s: its certificate is shown" % case,
                  subject == "client.example", subject)
