from collections.abc import Iterable, Mapping
from datetime import date as Date
from os import PathLike
from types import TracebackType
from typing import Literal, Protocol, TypeAlias, final

from typing_extensions import Buffer, CapsuleType, Self

__all__ = [
    "DisclosureLog",
    "Duty",
    "ElementCounts",
    "Filter",
    "Receipt",
    "RedactedTable",
    "Redaction",
    "Request",
    "__version__",
    "set_threads",
    "threads",
]

__version__: str

_Path: TypeAlias = str | PathLike[str]
_Files: TypeAlias = Mapping[str, Buffer]

class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

_Column: TypeAlias = _ArrowArray | _ArrowStream

@final
class Request:
    """Who asks, and why: what the caller itself vouches for. Never take any of it from a message."""

    def __new__(
        cls,
        *,
        requester: str | None = None,
        purpose: str | None = None,
        reason: str | None = None,
        line: str | None = None,
        user: str | None = None,
        state: str | None = None,
        claims: str | Iterable[str] | None = None,
        instruments: str | Iterable[str] | None = None,
        date: str | Date | None = None,
        correlation_id: str | None = None,
        control_number: str | None = None,
        approved_by: str | Iterable[str] | None = None,
    ) -> Self: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, object]]: ...

@final
class ElementCounts:
    """What became of the values of one data element."""

    @property
    def released(self) -> int:
        """Values released as they are."""
    @property
    def generalized(self) -> int:
        """Values released in a less precise form."""
    @property
    def removed(self) -> int:
        """Values removed, for any reason."""
    @property
    def shape(self) -> int:
        """Removed values that were permitted but violate the element's shape."""
    def __eq__(self, other: object, /) -> bool: ...

@final
class Duty:
    """Something that must be done because of the outcome."""

    @property
    def id(self) -> str:
        """Its id in the policy."""
    @property
    def task(self) -> str:
        """``notify-subject``, ``report``, ``collect-certificate``, ``keep-record`` or ``review-afterwards``."""
    @property
    def to(self) -> str | None:
        """Whom it concerns."""
    @property
    def is_before(self) -> bool:
        """Whether it must be done before the message goes out."""
    @property
    def last_day(self) -> str | None:
        """The last day on which it can be done in time."""
    def __eq__(self, other: object, /) -> bool: ...

@final
class Receipt:
    """The record of one message. No value of the message is in it."""

    @property
    def disposition(self) -> Literal["released", "redacted", "held", "withheld"]: ...
    @property
    def releases(self) -> bool:
        """Whether there is an output that may go out."""
    @property
    def reason(self) -> str | None:
        """Why it is held or withheld: a code."""
    @property
    def detail(self) -> str | None:
        """The exact problem: a fixed sentence."""
    @property
    def offset(self) -> int | None:
        """Where it is, in bytes from the start of the message."""
    @property
    def format(self) -> str | None:
        """The format that was recognized."""
    @property
    def message_type(self) -> str | None:
        """The message key."""
    @property
    def requester(self) -> str | None:
        """The ORI of who asks."""
    @property
    def correlation_id(self) -> str | None: ...
    @property
    def date(self) -> str | None:
        """The date by which it was decided, where the policy has dates or duties."""
    @property
    def bytes_in(self) -> int: ...
    @property
    def bytes_out(self) -> int: ...
    @property
    def unmapped(self) -> int:
        """Parts that no path of the mapping names, which were removed."""
    @property
    def found_images(self) -> int:
        """Images that were found in other values by their content, and removed."""
    @property
    def image_bytes(self) -> int:
        """Bytes of the removed images."""
    @property
    def agency_classes(self) -> list[str]: ...
    @property
    def rules(self) -> list[str]:
        """The ids of the rules that applied."""
    @property
    def elements(self) -> dict[str, ElementCounts]:
        """What became of each data element that was seen."""
    @property
    def duties(self) -> list[Duty]: ...
    def to_json(self) -> str:
        """All of it. It costs about as much as the redaction: if you need a few fields, ask for them."""

@final
class Redaction:
    """The output of a message and its receipt."""

    @property
    def output(self) -> bytes | None:
        """What may go out; ``None`` unless the receipt releases, and where its record failed."""
    @property
    def receipt(self) -> Receipt: ...

@final
class RedactedTable:
    """The outputs and receipts of a column of messages: an Arrow table, for ``pyarrow.table`` or ``polars.from_arrow``."""

    def __len__(self) -> int: ...
    def __arrow_c_schema__(self) -> CapsuleType: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[CapsuleType, CapsuleType]: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> CapsuleType: ...

@final
class Filter:
    """The filter: made once, shared by all threads.

    Without a policy it has the built-in baseline. It reads all files, checks them, and compiles them: a second or less.
    """

    def __new__(
        cls,
        *,
        policy: _Path | None = None,
        policy_bytes: Buffer | None = None,
        policy_name: str = "policy.toml",
        rosters: _Files | None = None,
        includes: _Files | None = None,
        catalog: _Path | _Files | None = None,
        formats: _Path | _Files | None = None,
        format: str | None = None,
        token_key: bytes | _Path | None = None,
        limits: Mapping[str, int] | None = None,
        second_reading: bool = True,
    ) -> Self: ...
    @classmethod
    def from_bytes(
        cls,
        policy: Buffer,
        *,
        policy_name: str = "policy.toml",
        rosters: _Files | None = None,
        includes: _Files | None = None,
        catalog: _Files | None = None,
        formats: _Files | None = None,
        format: str | None = None,
        token_key: bytes | None = None,
        limits: Mapping[str, int] | None = None,
        second_reading: bool = True,
    ) -> Self:
        """A filter that reads no file, and can be pickled. The pickle has the key of tokens, if it has one."""
    @property
    def policy_name(self) -> str: ...
    @property
    def policy_version(self) -> str: ...
    def redact(self, message: Buffer, request: Request) -> Redaction:
        """Redacts a message for a request. That it returns says that the message was decided; the receipt says how."""
    def redact_batch(self, messages: Iterable[Buffer], requests: Request | Iterable[Request]) -> list[Redaction]:
        """Redacts many messages on several threads, for one request or one each. The order stays."""
    def redact_arrow(
        self,
        messages: _Column,
        request: Request | None = None,
        *,
        requester: _Column | None = None,
        purpose: _Column | None = None,
        claims: _Column | None = None,
        date: _Column | None = None,
        correlation_id: _Column | None = None,
        receipts: bool = False,
        log: DisclosureLog | None = None,
        source: str | None = None,
        ids: _Column | None = None,
    ) -> RedactedTable:
        """Redacts a column of bytes or texts on several threads; what the requests say is for all rows or by row.

        With a log, each row is on record before there is a table.
        """
    def check_request(self, request: Request) -> None:
        """Checks that the policy declares what a request states. Messages for any other request are withheld."""
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, object]]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: object, /) -> Self: ...

@final
class DisclosureLog:
    """A disclosure log, for any number of threads. One process writes a log at a time."""

    def __new__(
        cls,
        path: _Path,
        filter: Filter,
        *,
        key: _Path | None = None,
        service: str | None = None,
        rotate_daily: bool = False,
        rotate_after_bytes: int = 0,
        dry_run: bool = False,
    ) -> Self: ...
    def append(self, source: str, id: str | None, request: Request, redaction: Redaction) -> None:
        """Records a redaction with the current time, and syncs: when it returns, the output may go out.

        When it raises, the redaction has no output any more.
        """
    def append_batch(
        self,
        source: str,
        ids: Iterable[str | None] | None,
        requests: Request | Iterable[Request],
        redactions: Iterable[Redaction],
    ) -> None:
        """The same for many, with one sync. When it raises, none of them has an output."""
    def change_filter(self, filter: Filter) -> None:
        """Records that another filter decides from now on."""
    def end(self) -> tuple[int, str]:
        """Records that the process ends. Returns number and hash of the last line: kept elsewhere, they reveal a cut."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

def set_threads(count: int | None) -> None:
    """Sets how many threads a batch runs on; ``None``: as many as there are processors for this process."""

def threads() -> int:
    """How many threads a batch runs on."""
