"""`lanmsg listen --json` on a host: what it has seen, in the words of the command line's contract."""

import json

from tests.lab.program import Line, Program

READY_SECONDS = 20.0
"""A first start makes an RSA-3072 key, which takes a loaded machine seconds; no promise is made about it."""

GRACE_SECONDS = 10.0
"""How much longer than a promised bound the lab waits, to tell how late it was instead of just 'late'."""


class Listener(Program):
    @property
    def ready(self) -> Line:
        return self.wait_for("ready", within=READY_SECONDS)

    @property
    def id(self) -> str:
        return str(self.ready["id"])

    @property
    def tcp_port(self) -> int:
        return int(str(self.ready["tcp"][0]).rpartition(":")[2])

    def sees(self, other: "Listener", *, within: float, since: float = 0.0) -> float:
        """Waits until it has seen the other's node come; when that was (monotonic)."""
        return self.wait_for("peer_seen", peer=other.id, within=within + GRACE_SECONDS, since=since).at

    def loses(self, other: "Listener", *, within: float, since: float) -> float:
        return self.wait_for("peer_gone", peer=other.id, within=within + GRACE_SECONDS, since=since).at

    def hears(self, text: str, *, within: float, since: float = 0.0) -> Line:
        return self.wait_for("message", text=text, within=within, since=since)

    def memory(self) -> int:
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * 4096

    def expect_unharmed(self) -> None:
        """It runs, and nothing it said looks like a crash."""
        assert self.running, self.transcript()
        assert "Traceback" not in json.dumps(self.errors), self.transcript()

    def stop(self) -> int:
        """SIGTERM, as a person's Ctrl-C or a service manager does it; the exit code."""
        self.terminate()
        return self.wait()


def meet(*listeners: Listener, within: float = 5.0) -> float:
    """All see each other; seconds from the last one's ready to the last sighting (0 if that came first)."""
    ready_at = max(listener.ready.at for listener in listeners)
    seen = [one.sees(other, within=within) for one in listeners for other in listeners if one is not other]
    return max(max(seen) - ready_at, 0.0)


def wait_until_ready(*listeners: Listener) -> None:
    for listener in listeners:
        listener.wait_for("ready", within=READY_SECONDS)
