"""Each line of fixtures/corpus.tsv again, by each way in."""

import hashlib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import polars
import pyarrow
import pytest

import dmv_redact


class Line(NamedTuple):
    policy: str
    key: str
    message: str
    requester: str
    purpose: str
    claims: str
    instruments: str
    date: str
    disposition: str
    output: str
    receipt: str


def stated(field: str) -> str | None:
    return None if field == "-" else field


def words(field: str) -> list[str]:
    return [] if field == "-" else field.split(" ")


def lines(root: Path) -> list[Line]:
    text = (root / "fixtures/corpus.tsv").read_text()
    found = [Line(*line.split("\t")) for line in text.splitlines()[1:]]
    assert len(found) == 1395
    return found


def request_of(line: Line) -> dmv_redact.Request:
    return dmv_redact.Request(
        requester=stated(line.requester),
        purpose=stated(line.purpose),
        claims=words(line.claims),
        instruments=words(line.instruments),
        date=line.date,
    )


def by_filter(root: Path) -> Iterator[tuple[dmv_redact.Filter, list[Line]]]:
    for (policy, key), own in groupby(lines(root), lambda line: (line.policy, line.key)):
        path, token_key = stated(policy), stated(key)
        yield dmv_redact.Filter(
            policy=None if path is None else root / path,
            token_key=None if token_key is None else token_key.encode(),
        ), list(own)


def sha256(data: bytes | str | None) -> str:
    own = data.encode() if isinstance(data, str) else data or b""
    return hashlib.sha256(own).hexdigest()


def check(line: Line, redaction: dmv_redact.Redaction) -> None:
    receipt = redaction.receipt
    assert receipt.disposition == line.disposition
    assert receipt.releases == (line.disposition in ("released", "redacted")) == (redaction.output is not None)
    assert receipt.bytes_out == len(redaction.output or b"")
    assert sha256(redaction.output) == line.output, line
    assert sha256(receipt.to_json()) == line.receipt, line
    assert isinstance(receipt.rules, list) and isinstance(receipt.duties, list)
    assert all(f'"{name}"' in receipt.to_json() for name in receipt.elements)


def test_p10_redact_reproduces_the_corpus(root: Path) -> None:
    for filter, own in by_filter(root):
        for line in own:
            message = (root / line.message).read_bytes()
            redaction = filter.redact(message, request_of(line))
            assert redaction.receipt.bytes_in == len(message)
            check(line, redaction)


def test_p10_redact_batch_reproduces_the_corpus(root: Path) -> None:
    for filter, own in by_filter(root):
        messages = [(root / line.message).read_bytes() for line in own]
        done = filter.redact_batch(messages, map(request_of, own))
        assert len(done) == len(own)
        for line, redaction in zip(own, done):
            check(line, redaction)


def column_of_pyarrow(values: list[Any], kind: Any) -> Any:
    third = len(values) // 3
    return pyarrow.chunked_array([values[:third], values[third:]], kind)


@pytest.mark.parametrize("library", ["pyarrow", "polars"])
def test_p10_redact_arrow_reproduces_the_corpus(root: Path, library: str) -> None:
    total = 0
    for filter, all_lines in by_filter(root):
        # By row there are requester, purpose, claims and date; instruments are of one request.
        for instruments, of_these in groupby(sorted(all_lines, key=lambda line: line.instruments), lambda line: line.instruments):
            by_envelope: dict[bool, list[Line]] = {}
            for line in of_these:
                by_envelope.setdefault(line.requester == "-", []).append(line)
            for is_by_envelope, own in by_envelope.items():
                columns: dict[str, tuple[list[Any], Any]] = {
                    "messages": ([(root / line.message).read_bytes() for line in own], pyarrow.binary()),
                    "purpose": ([stated(line.purpose) for line in own], pyarrow.string()),
                    "claims": ([words(line.claims) for line in own], pyarrow.list_(pyarrow.string())),
                    "date": ([line.date for line in own], pyarrow.string()),
                }
                if not is_by_envelope:
                    columns["requester"] = ([line.requester for line in own], pyarrow.string())
                if library == "pyarrow":
                    given = {name: column_of_pyarrow(*column) for name, column in columns.items()}
                else:
                    given = {
                        name: polars.Series(polars.from_arrow(column_of_pyarrow(*column)))
                        for name, column in columns.items()
                    }
                base = dmv_redact.Request(instruments=words(instruments))
                table = pyarrow.table(filter.redact_arrow(given.pop("messages"), base, receipts=True, **given))
                assert table.num_rows == len(own)
                for line, row in zip(own, table.to_pylist()):
                    assert row["disposition"] == line.disposition
                    assert (row["output"] is not None) == (line.disposition in ("released", "redacted"))
                    assert sha256(row["output"]) == line.output, line
                    assert sha256(row["receipt"]) == line.receipt, line
                total += len(own)
    assert total == 1395
