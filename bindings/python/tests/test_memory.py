"""Memory stays flat over a million calls."""

import gc
import os
from pathlib import Path

import pyarrow
import pytest

from dmv_redact import DisclosureLog, Filter, Request


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def rounds(filter: Filter, message: bytes, count: int) -> None:
    short = b"<a>not a message</a>"
    column = pyarrow.array([message, short, None])
    for number in range(count // 20):
        police = Request(requester="AZ0070000", purpose="C", correlation_id=f"7f3a-{number}")
        for _ in range(5):
            filter.redact(short, police)
        redaction = filter.redact(message, police)
        redaction.receipt.to_json(), redaction.receipt.elements, redaction.receipt.duties
        filter.redact_batch([message, short] * 4 + [short] * 3, police)
        pyarrow.table(filter.redact_arrow(column, police, receipts=True))
        try:
            filter.redact(None, police)  # type: ignore[arg-type]
        except TypeError:
            pass


@pytest.mark.parametrize("count", [40_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_p8_memory_stays_flat(filter: Filter, message: bytes, count: int) -> None:
    rounds(filter, message, 20_000)
    gc.collect()
    before = resident()
    rounds(filter, message, count)
    gc.collect()
    grown = resident() - before
    print(f"{count} calls: {before} KiB before, {grown:+} KiB")
    assert grown < 4096, f"{grown} KiB more"


def test_filters_and_logs_are_freed(message: bytes, tmp_path: Path) -> None:
    def makes() -> None:
        filter = Filter()
        with DisclosureLog(tmp_path / "log", filter) as log:
            police = Request(requester="AZ0070000")
            log.append("line 1", None, police, filter.redact(message, police))

    for _ in range(5):
        makes()
    before = resident()
    for _ in range(15):
        makes()
    grown = resident() - before
    assert grown < 32 * 1024, f"{grown} KiB more"
