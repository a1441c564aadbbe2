"""The one error that a person is told of."""


class LanmsgError(Exception):
    """A failure to be told to a person: one sentence, what to do next, and a code for scripts.

    `code` is one of the names in EXIT_CODES of `lanmsg help exit-codes`; `candidates` are the names that
    an ambiguous one could have meant.
    """

    def __init__(
        self, message: str, *, code: str = "failed", hint: str = "", candidates: tuple[str, ...] = ()
    ):
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.candidates = candidates
