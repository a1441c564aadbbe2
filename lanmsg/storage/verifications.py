"""Live comparisons of words: one row a peer, where the processes of a home meet; and how many there were."""

import json
from typing import Any

from msgspec.structs import replace

from lanmsg.model import LanmsgError, Peer, PeerId, Trust, Verification, VerificationStage, Wish
from lanmsg.storage.database import Database, Transaction
from lanmsg.storage.peers import PeerBook

_COLUMNS = "peer, stage, ours, words, wish, reason, until"

NO_WORDS = "there are no words to compare any more"


class Verifications:
    """What this person wishes is written by any process; what comes of it by the one with the session."""

    def __init__(self, database: Database, peers: PeerBook) -> None:
        self._database = database
        self._peers = peers

    def get(self, peer: PeerId) -> Verification | None:
        row = self._database.one(f"SELECT {_COLUMNS} FROM verifications WHERE peer = ?", (peer,))  # noqa: S608
        return _verification_of(row) if row else None

    def recent(self, *, since: float) -> list[Verification]:
        """Those that expire, or would have, after `since`."""
        sql = f"SELECT {_COLUMNS} FROM verifications WHERE until > ? ORDER BY peer"  # noqa: S608
        return [_verification_of(row) for row in self._database.all(sql, (since,))]

    def changed(self, revision: int) -> list[Verification]:
        sql = f"SELECT {_COLUMNS} FROM verifications WHERE revision > ? ORDER BY revision"  # noqa: S608
        return [_verification_of(row) for row in self._database.all(sql, (revision,))]

    def wish(self, peer: PeerId, *, now: float, until: float) -> Verification:
        """This person wants to compare: joins in what the peer asks for, or begins anew."""
        with self._database.transaction() as write:
            known = self.get(peer)
            if known is None or not known.is_open or known.until <= now:
                known = Verification(peer, VerificationStage.ASKED, ours=True)
            if known.wish is not Wish.COMPARE:
                known = replace(known, wish=Wish.COMPARE, until=until)
                _put(write, known)
        return known

    def asked(self, peer: PeerId, *, now: float, until: float) -> None:
        """The peer's person wants to compare; no news where this one wants to as well."""
        with self._database.transaction(durable=False) as write:
            known = self.get(peer)
            if known is None or not known.is_open or known.until <= now:
                _put(write, Verification(peer, VerificationStage.ASKED, ours=False, until=until))

    def compare(self, peer: PeerId, words: tuple[str, ...], *, until: float) -> None:
        """The words are there, for as long as this person still wants them."""
        with self._database.transaction(durable=False) as write:
            known = self.get(peer)
            if known is not None and known.stage is VerificationStage.ASKED and known.wish is Wish.COMPARE:
                _put(write, replace(known, stage=VerificationStage.COMPARING, words=words, until=until))

    def answered(self, peer: PeerId, *, same: bool, reason: str) -> None:
        """What the peer's person said of the words: told, whatever this one has said."""
        stage = VerificationStage.SAME if same else VerificationStage.DIFFERENT
        with self._database.transaction(durable=False) as write:
            known = self.get(peer)
            if known is not None and (known.awaits_answer or known.wish is Wish.SAME):
                _put(write, replace(known, stage=stage, ours=False, reason=reason))

    def end(self, peer: PeerId, stage: VerificationStage, *, ours: bool, reason: str) -> None:
        """FAILED or EXPIRED, if it was not over."""
        with self._database.transaction(durable=False) as write:
            known = self.get(peer)
            if known is not None and known.is_open:
                wish = Wish.CANCEL if known.wish is Wish.COMPARE else known.wish
                _put(write, replace(known, stage=stage, ours=ours, words=(), wish=wish, reason=reason))

    def cancel(self, peer: PeerId) -> None:
        """This person breaks it off, or does not want what the peer's asks for."""
        with self._database.transaction(durable=False) as write:
            known = self.get(peer)
            if known is None or not known.is_open:
                return
            reason = "you broke it off" if known.wish is Wish.COMPARE else "you did not want to"
            ended = replace(known, stage=VerificationStage.FAILED, ours=True, words=(), reason=reason)
            _put(write, replace(ended, wish=Wish.CANCEL))

    def answer(self, peer: PeerId, *, same: bool, now: float, namesake: PeerId | None = None) -> Peer:
        """This person's verdict on the words, and what it makes of the key, in one step.

        `namesake`: the pinned peer in whose place a verified key steps. Raises LanmsgError: no words wait.
        """
        wish = Wish.SAME if same else Wish.DIFFERENT
        with self._database.transaction() as write:
            known = self.get(peer)
            peer_now = self._peers.get(peer)
            is_blocked = peer_now is not None and peer_now.trust is Trust.BLOCKED
            if known is None or not known.awaits_answer or known.until <= now or is_blocked:
                raise LanmsgError(NO_WORDS, code="not_found", hint="lanmsg verify begins anew")
            _put(write, replace(known, stage=VerificationStage(wish.value), ours=True, wish=wish, reason=""))
            if same and namesake is not None:
                self._peers.succeed(namesake, peer, nickname="", now=now)
            return self._peers.set_trust(peer, Trust.VERIFIED if same else Trust.CHANGED, now)

    def attempts(self, peer: PeerId, *, since: float) -> list[float]:
        """When words were exchanged with this peer after `since`, oldest first."""
        sql = "SELECT at FROM verification_attempts WHERE peer = ? AND at > ? ORDER BY at"
        return [float(row[0]) for row in self._database.all(sql, (peer, since))]

    def take_attempt(self, peer: PeerId, *, now: float, window: float, most: int) -> bool:
        """Counts one more, unless there were `most` in the last `window` seconds."""
        with self._database.transaction() as write:
            write.run(
                "DELETE FROM verification_attempts WHERE at <= ? OR at > ?", (now - window, now + window)
            )
            if len(self.attempts(peer, since=now - window)) >= most:
                return False
            write.run("INSERT INTO verification_attempts (peer, at) VALUES (?, ?)", (peer, now))
            return True

    def return_attempt(self, peer: PeerId) -> None:
        """The last one came to nothing, for neither side."""
        with self._database.transaction(durable=False) as write:
            write.run(
                "DELETE FROM verification_attempts WHERE rowid ="
                " (SELECT max(rowid) FROM verification_attempts WHERE peer = ?)",
                (peer,),
            )


def _put(write: Transaction, now: Verification) -> None:
    write.run(
        f"INSERT OR REPLACE INTO verifications ({_COLUMNS}, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (
            now.peer,
            now.stage.value,
            now.ours,
            json.dumps(now.words),
            now.wish.value,
            now.reason,
            now.until,
            write.revision(),
        ),
    )


def _verification_of(row: tuple[Any, ...]) -> Verification:
    peer, stage, ours, words, wish, reason, until = row
    return Verification(
        PeerId(peer),
        VerificationStage(stage),
        bool(ours),
        tuple(json.loads(words)),
        Wish(wish),
        reason,
        until,
    )
