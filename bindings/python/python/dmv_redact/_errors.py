"""What can go wrong. No text repeats a value of a message."""

from __future__ import annotations


class Error(Exception):
    """What a call failed with. Nothing may go out then."""


class ConfigError(Error):
    """A policy, roster, format or catalog is wrong, or can't be read.

    It is the first error of a file; ``further`` has the others.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        help: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        #: The file that is wrong, if one is.
        self.file = file
        #: Line and column, from 1.
        self.line = line
        self.column = column
        #: What to do, if there is something to say.
        self.help = help
        self.further: tuple[ConfigError, ...] = ()

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        first = f"{place}: {self.message}" if place else self.message
        own = f"{first}; {self.help}" if self.help else first
        return "\n".join([own, *map(str, self.further)])


class RequestError(Error):
    """What a request says is none, or the policy doesn't declare it."""


class LogError(Error):
    """The disclosure log can't be read or written, or refuses a record: the output must not go out."""


class InternalError(Error):
    """The library failed by a fault of its own. What it was called on can still be used."""
