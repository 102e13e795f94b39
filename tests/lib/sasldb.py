"""Password databases for tests, made with saslpasswd2."""

import os
import subprocess

REALM = "tern.example"

# test: RFC 4954; tim: RFC 2195; user, pencil: RFC 5802; one of each kind.
USERS = {"test": "1234", "tim": "tanstaaftanstaaf", "user": "pencil",
         "joe": "secret=,word", "long": "p" * 200}


def make(folder, users=None, mechanisms=None, name="smtpd"):
    """A folder with NAME.conf and sasldb2, to be read by anybody."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "sasldb2")
    for user, password in (users or USERS).items():
        subprocess.run(
            ["saslpasswd2", "-p", "-c", "-f", path, "-u", REALM, user],
            input=password.encode(), check=True, timeout=20,
            stdout=subprocess.DEVNULL)
    if os.path.exists(path):
        os.chmod(path, 0o644)
    with open(os.path.join(folder, name + ".conf"), "w") as f:
        f.write("pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
                "sasldb_path: %s\n" % path)
        if mechanisms:
            f.write("mech_list: %s\n" % mechanisms)
    return folder
