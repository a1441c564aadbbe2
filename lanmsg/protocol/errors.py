"""Who erred: we, by misusing a machine, or the peer, by its bytes (protocol.md, Errors)."""


class ProtocolError(Exception):
    """The one thing that a machine of this room raises."""


class LocalProtocolError(ProtocolError):
    """Our own side asked for something that the protocol does not allow; nothing was sent."""


class RemoteProtocolError(ProtocolError):
    """The peer's bytes break a rule. `code` is what a CLOSE tells the peer: nothing more specific goes out.

    The message is for our own log only and must not quote the peer's bytes.
    """

    def __init__(self, message: str, *, code: str = "protocol") -> None:
        super().__init__(message)
        self.code = code
