"""How this node shows itself: name, status and note, agreed among the processes of the home by the store."""

from collections.abc import Callable

from msgspec.structs import replace

from lanmsg import __version__
from lanmsg.config import Settings
from lanmsg.model import Status
from lanmsg.node.air import Air
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.disk import Disk
from lanmsg.node.events import NodeEvent, ProfileChanged
from lanmsg.node.own_words import checked_name, checked_note
from lanmsg.node.sessions import Sessions
from lanmsg.protocol.payload import Profile
from lanmsg.storage.own_profile import OwnProfile
from lanmsg.storage.store import Store


class Appearance:
    """What is said holds for this run of the home: as long as its listener, and whoever takes over, lives."""

    def __init__(
        self,
        disk: Disk,
        air: Air,
        sessions: Sessions,
        publish: Callable[[NodeEvent], None],
        settings: Settings,
    ):
        self.profile = OwnProfile(settings.name, Status.AVAILABLE, "")
        self._disk = disk
        self._air = air
        self._sessions = sessions
        self._publish = publish

    def payload(self) -> Profile:
        """As peers are told it."""
        return Profile(
            name=self.profile.name,
            status=int(self.profile.status),
            note=self.profile.note,
            port=self._air.tcp_port,
            client=f"lanmsg {__version__}",
        )

    async def begin(self) -> None:
        """A new listener: what was said in an earlier run is over."""
        await self._disk.read(lambda store: store.own_profile.begin(self.profile.name))

    async def join(self) -> None:
        """A view: what the listener that lives was told holds here as well."""
        self.took(await self._disk.read(_of_listener))

    async def rename(self, name: str) -> None:
        """Raises LanmsgError (usage)."""
        await self._say(replace(self.profile, name=checked_name(name)))

    async def set_status(self, status: Status, note: str) -> None:
        """Raises LanmsgError (usage)."""
        await self._say(replace(self.profile, status=status, note=checked_note(note)))

    async def _say(self, profile: OwnProfile) -> None:
        self.took(profile)  # first: a full disk does not keep anybody from being away
        await self._disk.write(lambda store: store.own_profile.put(profile))

    def took(self, profile: OwnProfile | None) -> None:
        """Said in whichever process of the home; None: nothing."""
        if profile is not None and not profile.name:
            profile = replace(profile, name=self.profile.name)
        if profile is None or profile == self.profile:
            return
        self.profile = profile
        self._air.discovery.set_profile(profile.name, profile.status, steady_clock())
        self._air.flush()
        self._sessions.tell_all(self.payload())
        self._publish(ProfileChanged(profile.name, profile.status, profile.note))


def _of_listener(store: Store) -> OwnProfile | None:
    return store.own_profile.get() if store.presence.is_live(wall_clock()) else None
