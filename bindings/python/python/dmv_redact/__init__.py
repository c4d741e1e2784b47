"""Data-minimization redaction of driver and vehicle responses.

A filter gets one response and who asked for it, and gives back what the policy lets this requester have, and a receipt.
"""

from ._errors import ConfigError, Error, InternalError, LogError, RequestError
from ._native import (
    DisclosureLog,
    Duty,
    ElementCounts,
    Filter,
    Receipt,
    RedactedTable,
    Redaction,
    Request,
    __version__,
    set_threads,
    threads,
)

__all__ = [
    "ConfigError",
    "DisclosureLog",
    "Duty",
    "ElementCounts",
    "Error",
    "Filter",
    "InternalError",
    "LogError",
    "Receipt",
    "RedactedTable",
    "Redaction",
    "Request",
    "RequestError",
    "__version__",
    "set_threads",
    "threads",
]
