"""The machine's ways to its network, and what the doctor found out about them."""

from enum import Enum

from msgspec import Struct

NEW_NETWORK = "a new network: lanmsg network trust"

KEPT_QUIET = "kept quiet: lanmsg network trust"

NOT_RECOGNISED = "not recognised yet: lanmsg network trust"

UNTRUSTED = frozenset({NEW_NETWORK, KEPT_QUIET, NOT_RECOGNISED})


class Interface(Struct, frozen=True):
    """A network interface address as the beacon sees it; `skipped` is the reason it is not used, or ""."""

    name: str
    address: str
    prefix: int
    skipped: str = ""
    sent: int = 0
    heard: int = 0

    @property
    def is_untrusted(self) -> bool:
        return self.skipped in UNTRUSTED


class Severity(Enum):
    """How sure it is, and how bad; OK and NOTE are no reason to do anything."""

    OK = "ok"
    NOTE = "note"
    SUSPICION = "suspicion"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(Struct, frozen=True):
    """One thing that `lanmsg doctor` looked at. `code` is stable, for scripts; `commands` can be typed."""

    code: str
    severity: Severity
    message: str
    hint: str = ""
    commands: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return self.severity in (Severity.OK, Severity.NOTE)


class Diagnosis(Struct, frozen=True):
    """All findings: what is wrong first, the likeliest cause of "nobody is here" at the top."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings)

    @property
    def code(self) -> str:
        wrong = {finding.code for finding in self.findings if not finding.ok}
        return "network" if wrong & {"no-interface", "no-port"} else "failed" if wrong else "done"
