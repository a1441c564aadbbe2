"""How this person is called and shown at the moment, where the processes of a home agree about it."""

import json

from msgspec import Struct

from lanmsg.model import Status
from lanmsg.storage.database import Database
from lanmsg.storage.namesakes import own_name, put_own_name


class OwnProfile(Struct, frozen=True):
    """What was said for the time being; the settings have what holds beyond that. `name` "": no other."""

    name: str
    status: Status
    note: str


class ProfileBook:
    """One row; it is of the time of one listener, and of the screens that take over from it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self) -> OwnProfile | None:
        return self.changed(-1)

    def changed(self, revision: int) -> OwnProfile | None:
        """What was said after `revision`, None if nothing."""
        row = self._database.one("SELECT value FROM state WHERE name = 'profile'")
        if row is None:
            return None
        stamp, name, status, note = json.loads(row[0])
        return OwnProfile(name, Status(status), note) if stamp > revision else None

    def put(self, profile: OwnProfile) -> None:
        """A power cut may undo it: it would have ended every listener as well."""
        with self._database.transaction(durable=False) as write:
            value = json.dumps([write.revision(), profile.name, int(profile.status), profile.note])
            write.run("INSERT OR REPLACE INTO state VALUES ('profile', ?)", (value,))
            if profile.name:
                put_own_name(write, profile.name)

    def begin(self, name: str) -> None:
        """A listener that is called so; what was said for the time of another one is over."""
        self.clear()
        with self._database.transaction(durable=False) as write:
            if own_name(write) != name:
                put_own_name(write, name)

    def name(self) -> str:
        """What the last listener was called, for those who are not it; "" before the first."""
        row = self._database.one("SELECT value FROM state WHERE name = 'own_name'")
        return str(row[0]) if row else ""

    def say(self, status: Status, note: str) -> None:
        """The name stays what it is."""
        said = self.get()
        self.put(OwnProfile(said.name if said else "", status, note))

    def clear(self) -> None:
        with self._database.transaction(durable=False) as write:
            write.run("DELETE FROM state WHERE name = 'profile'")
