"""What a process that was killed has left in the store is put in order by whoever looks next."""

from contextlib import suppress
from pathlib import Path

from lanmsg.storage.errors import StorageError
from lanmsg.storage.owner_locks import OwnerLocks
from lanmsg.storage.store import Store


def bury(store: Store, locks: OwnerLocks) -> int:
    """The rows of those that have died are everybody's; how many processes that were."""

    def free(owner: bytes) -> None:
        free_rows(store, owner)
        store.presence.ended(owner)

    return locks.bury(free)


def free_rows(store: Store, owner: bytes) -> None:
    store.history.release_leases(owner)
    store.transfers.release_leases(owner)


def settle(store: Store, home: Path, now: float) -> None:
    """For who only reads the store: what ran in a process that has died is shown as what it is."""
    with suppress(StorageError):  # a full disk: it is shown as it was left
        if store.transfers.any_running():
            bury(store, OwnerLocks(home, b""))
            store.transfers.interrupt_unserved(now)
