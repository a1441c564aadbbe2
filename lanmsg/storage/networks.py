"""Networks that this home has met, and which of them it may speak on."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from lanmsg.storage.database import Database

SEEN_STEP_SECONDS = 3600.0
"""That a network is still there is written this often; nobody needs to know it better."""


class KnownNetwork(Struct, frozen=True):
    """`key` is how the node recognises it; times are seconds since the epoch."""

    key: str
    trusted: bool
    first_seen: float
    last_seen: float


class NetworkBook:
    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[KnownNetwork]:
        """The one that was here last first."""
        rows = self._database.all(
            "SELECT key, trusted, first_seen, last_seen FROM networks ORDER BY last_seen DESC, key"
        )
        return [KnownNetwork(key, bool(trusted), first, last) for key, trusted, first, last in rows]

    def decisions(self) -> Mapping[str, bool]:
        """Trusted or not, by key."""
        return {
            key: bool(trusted) for key, trusted in self._database.all("SELECT key, trusted FROM networks")
        }

    def decide(self, key: str, *, trusted: bool, now: float) -> None:
        """What the person says about a network; other processes see it as any change of the store."""
        with self._database.transaction() as write:
            write.run(
                "INSERT INTO networks (key, trusted, first_seen, last_seen) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET trusted = excluded.trusted, last_seen = excluded.last_seen",
                (key, trusted, now, now),
            )

    def saw(self, keys: Iterable[str], now: float) -> None:
        """We are on these, as on trusted ones; a decision that was made stays as it is."""
        seen = {each.key: each.last_seen for each in self.all()}
        news = [key for key in keys if abs(now - seen.get(key, 0.0)) >= SEEN_STEP_SECONDS]
        if not news:
            return
        with self._database.transaction(durable=False) as write:
            for key in news:
                write.run(
                    "INSERT INTO networks (key, trusted, first_seen, last_seen) VALUES (?, 1, ?, ?)"
                    " ON CONFLICT (key) DO UPDATE SET last_seen = excluded.last_seen",
                    (key, now, now),
                )
