"""Mail to u@domain through self.suite, and what its log says of it."""

from private_suite import wait_for
from queue_case import check


class Deliveries:
    def send(self, domain, count=1):
        out = self.suite.source("-q", "-m", str(count), "-t",
                                "u@" + domain).communicate(timeout=60)[0]
        if "failed=0" not in out or "refused=0" not in out:
            raise RuntimeError("not taken: " + out)

    def lines(self, domain):
        return [line for line in self.suite.log_text().splitlines()
                if "/smtp[" in line and "to=<u@%s>" % domain in line]

    def expect(self, domain, *parts, seconds=20):
        """The first line on mail for that domain has these parts."""
        lines = wait_for(lambda: self.lines(domain), seconds)
        check("%s: %s" % (domain.split(".")[0], " ".join(parts)[:90]),
              bool(lines) and all(part in lines[0] for part in parts),
              lines[:1])
