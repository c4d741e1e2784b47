"""What can go wrong. No text repeats a value of a message."""

from __future__ import annotations


class Error(Exception):
    """What a call failed with. Nothing may go out then."""


class ConfigError(Error):
    """A policy, roster, format or catalog is wrong, or can't be read.

    It is the first error of a file; ``further`` has the others. As text it is all of them, each on a line:
    ``FILE:LINE:COLUMN: MESSAGE; HELP``, with control characters escaped.
    """

    def __init__(
        self,
        text: str,
        *,
        message: str | None = None,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        help: str | None = None,
    ) -> None:
        super().__init__(text)
        #: What is wrong, without its place and without what to do.
        self.message = text if message is None else message
        #: The file that is wrong, if one is: not escaped.
        self.file = file
        #: Line and column, from 1.
        self.line = line
        self.column = column
        #: What to do, if there is something to say.
        self.help = help
        self.further: tuple[ConfigError, ...] = ()


class RequestError(Error):
    """What a request says is none, or the policy doesn't declare it."""


class LogError(Error):
    """The disclosure log can't be read or written, or refuses a record: the output must not go out."""


class InternalError(Error):
    """The library failed by a fault of its own. What it was called on can still be used."""
