"""What a call costs from Python, beside the same work without it: ratios from one run.

Needs the module with the feature `native-bench`:

    maturin develop --profile dist --features native-bench && python bench.py
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow

import dmv_redact
from dmv_redact import _native

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 7


def best(of: Callable[[], float]) -> float:
    return min(of() for _ in range(ROUNDS))


def timed(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> int:
    native: Any = getattr(_native, "native_seconds", None)
    if native is None:
        print("this module lacks the feature native-bench", file=sys.stderr)
        return 2
    filter = dmv_redact.Filter()
    police = dmv_redact.Request(requester="AZ0070000", purpose="C")
    print(f"{dmv_redact.threads()} threads; ns a message; the best of {ROUNDS}")
    print(f"{'message':36} {'bytes':>7} {'native':>9} {'redact':>9} {'ratio':>6} {'native*':>9} {'batch':>9} {'ratio':>6} {'arrow':>9} {'ratio':>6}")
    for name in ("dr-compact/message.xml", "dr-in-state-police/message.xml", "niem-json-dr-in-state-police/message.json", "mdl-in-state-police/message.json"):
        message = (ROOT / "fixtures" / name).read_bytes()
        count = max(2000, 20_000_000 // (len(message) + 5000))
        column, messages = pyarrow.array([message] * count, pyarrow.binary()), [message] * count

        def one_by_one() -> None:
            for own in messages:
                filter.redact(own, police)

        ways = [
            best(lambda: native(filter, message, police, count, False)),
            best(lambda: timed(one_by_one)),
            best(lambda: native(filter, message, police, count, True)),
            best(lambda: timed(lambda: filter.redact_batch(messages, police))),
            best(lambda: timed(lambda: filter.redact_arrow(column, police))),
        ]
        alone, redact, together, batch, arrow = (seconds / count * 1e9 for seconds in ways)
        print(
            f"{name:36} {len(message):7} {alone:9.0f} {redact:9.0f} {redact / alone:6.2f} {together:9.0f} {batch:9.0f}"
            f" {batch / together:6.2f} {arrow:9.0f} {arrow / together:6.2f}"
        )
    print("* on all threads")
    return 0


if __name__ == "__main__":
    sys.exit(main())
