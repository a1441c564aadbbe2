"""The identity's key under a passphrase: scrypt makes a key of it, AES-256-GCM seals ours (storage/identity).

    "LMSGKEY" 01 | salt 16 | nonce 12 | modulus 384 | AES-256-GCM of the PKCS #8 DER, with all before it

The public half stands in clear, so that who we are can be shown, and compared, without the passphrase.
"""

import os
import unicodedata
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from lanmsg.model import LanmsgError, PeerId
from lanmsg.protocol.constants import KEY_BYTES, MODULUS_BYTES, NONCE_BYTES, TAG_BYTES
from lanmsg.protocol.errors import LocalProtocolError
from lanmsg.protocol.identity import LocalIdentity, fingerprint, load_identity
from lanmsg.storage.identity import SEALED_MAGIC

SCRYPT_COST: Final = 1 << 16
"""With 8 and 2 below 64 MiB and some 0.3 s for each guess, and as much at each start: OWASP's least (2024).

Fixed by the magic's version: a file that somebody damaged cannot ask for all the memory there is.
"""

SCRYPT_BLOCK: Final = 8
SCRYPT_PARALLEL: Final = 2
SALT_BYTES: Final = 16
HEAD_BYTES: Final = len(SEALED_MAGIC) + SALT_BYTES + NONCE_BYTES + MODULUS_BYTES


def seal(identity: LocalIdentity, passphrase: str) -> bytes:
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    head = SEALED_MAGIC + salt + nonce + identity.modulus
    return head + AESGCM(_key(passphrase, salt)).encrypt(nonce, identity.to_der(), head)


def unseal(sealed: bytes, passphrase: str) -> LocalIdentity:
    """Raises LanmsgError (locked) for another passphrase, LocalProtocolError for what is no sealed key."""
    head, body = _parted(sealed)
    salt = head[len(SEALED_MAGIC) :][:SALT_BYTES]
    nonce = head[len(SEALED_MAGIC) + SALT_BYTES :][:NONCE_BYTES]
    try:
        identity = load_identity(AESGCM(_key(passphrase, salt)).decrypt(nonce, body, head))
    except InvalidTag:
        raise LanmsgError(
            "wrong passphrase, or the identity file is damaged",
            code="locked",
            hint="try again; a key whose passphrase is lost stays lost: move identity.der away for a new one",
        ) from None
    if identity.peer_id != sealed_id(sealed):
        raise LocalProtocolError("the identity file names another key than it holds")
    return identity


def sealed_id(sealed: bytes) -> PeerId:
    """Whose key it is, as the file says; proven only when it is opened."""
    return fingerprint(_parted(sealed)[0][-MODULUS_BYTES:])


def _parted(sealed: bytes) -> tuple[bytes, bytes]:
    head, body = sealed[:HEAD_BYTES], sealed[HEAD_BYTES:]
    if not head.startswith(SEALED_MAGIC) or len(body) <= TAG_BYTES:
        raise LocalProtocolError("the identity file does not hold a key")
    return head, body


def _key(passphrase: str, salt: bytes) -> bytes:
    # The same letters, however a keyboard composes them.
    typed = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogateescape")
    kdf = Scrypt(salt=salt, length=KEY_BYTES, n=SCRYPT_COST, r=SCRYPT_BLOCK, p=SCRYPT_PARALLEL)
    return kdf.derive(typed)
