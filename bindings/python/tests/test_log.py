"""The disclosure log: what isn't on record doesn't go out (P12)."""

import os
import queue
import resource
import signal
import subprocess
from pathlib import Path
from typing import Any

import pyarrow
import pytest

from dmv_redact import DisclosureLog, Filter, LogError, Redaction, Request


def verify(program: Path, log: Path, *options: str) -> str:
    done = subprocess.run([program, "log", "verify", log, *options], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def request(number: int) -> Request:
    return Request(requester="AZ0070000", purpose="C", correlation_id=f"7f3a-{number}")


def test_p12_a_log_is_whole(root: Path, filter: Filter, message: bytes, program: Path, tmp_path: Path) -> None:
    path = tmp_path / "disclosures.ndjson"
    with DisclosureLog(path, filter, service="switch-1", rotate_daily=True) as log:
        for number in range(20):
            redaction = filter.redact(message, request(number))
            log.append("line 1", f"m-{number}", request(number), redaction)
            assert redaction.output
        requests = [request(number) for number in range(20, 60)]
        batch = filter.redact_batch([message] * 40, requests)
        log.append_batch("line 2", None, requests, batch)
        log.append_batch("line 2", [None, "b"], requests[:2], batch[:2])
        assert all(redaction.output for redaction in batch)
        table = filter.redact_arrow(
            pyarrow.array([message, None, message]),
            Request(requester="AZ0070000", purpose="C"),
            correlation_id=pyarrow.array(["a-1", "a-2", "not an id"]),
            log=log,
            source="archive",
            ids=pyarrow.array(["one", None, "three"]),
        )
        dispositions = pyarrow.table(table).column("disposition").to_pylist()
        assert dispositions == ["redacted", "withheld", "withheld"]
        log.change_filter(Filter(policy=root / "policies/arizona.toml"))
        sequence, digest = log.end()
        assert sequence > 60 and len(digest) == 64
        with pytest.raises(LogError, match="ended"):
            log.end()
    assert b"JORDAN" not in path.read_bytes()
    assert "65" in verify(program, path)


def test_p12_a_record_has_the_request_that_decided(filter: Filter, message: bytes, tmp_path: Path) -> None:
    with DisclosureLog(tmp_path / "disclosures.ndjson", filter) as log:
        own: dict[str, Any] = {"requester": "AZ0070000", "purpose": "C"}
        others: list[dict[str, Any]] = [
            {"purpose": "J"},
            {"claims": ["judicial-warrant"]},
            {"approved_by": ["somebody"]},
            {"user": "DOE"},
            {"date": "2020-01-01"},
            {"control_number": "17"},
            {"requester": "NV0010000"},
        ]
        for other in others:
            redaction = filter.redact(message, Request(**own))
            with pytest.raises(LogError, match="of another request"):
                log.append("line 1", None, Request(**{**own, **other}), redaction)
            assert redaction.output is None
        # A batch in another order.
        requests = [Request(**own), Request(**own, claims=["judicial-warrant"])]
        batch = filter.redact_batch([message] * 2, requests)
        with pytest.raises(LogError, match="of another request"):
            log.append_batch("line 1", None, requests[::-1], batch)
        assert all(redaction.output is None for redaction in batch)
        # An equal one will do.
        redaction = filter.redact(message, Request(**own))
        log.append("line 1", None, Request(**own), redaction)
        assert redaction.output is not None


def test_p12_an_iterator_that_fails_ends_the_batch(filter: Filter, message: bytes, tmp_path: Path) -> None:
    waiting: "queue.Queue[Redaction]" = queue.Queue()
    request = Request(requester="AZ0070000", purpose="C")
    own = [filter.redact(message, request) for _ in range(2)]
    for redaction in own:
        waiting.put(redaction)
    with DisclosureLog(tmp_path / "disclosures.ndjson", filter) as log:
        with pytest.raises(queue.Empty):
            log.append_batch("line 1", None, request, iter(waiting.get_nowait, None))
    assert all(redaction.output is None for redaction in own)


def test_p12_a_child_that_lives_on_keeps_no_lock(filter: Filter, tmp_path: Path) -> None:
    path = tmp_path / "disclosures.ndjson"
    log = DisclosureLog(path, filter)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    log.end()
    del log
    DisclosureLog(path, filter).end()
    # A child that drops its copy takes no lock from its parent.
    log = DisclosureLog(path, filter)
    other = os.fork()
    if other == 0:
        del log
        os._exit(0)
    os.waitpid(other, 0)
    with pytest.raises(LogError, match="another run"):
        DisclosureLog(path, filter)
    log.end()
    os.close(writing)
    os.waitpid(child, 0)


def test_p12_a_log_with_a_key(filter: Filter, message: bytes, program: Path, tmp_path: Path) -> None:
    path, key = tmp_path / "disclosures.ndjson", tmp_path / "key"
    key.write_bytes(b"0123456789abcdef0123456789abcdef")
    with DisclosureLog(path, filter, key=key) as log:
        own = Request(requester="AZ0070000", purpose="C", control_number="C-1")
        redaction = filter.redact(message, own)
        log.append("line 1", None, own, redaction)
    verify(program, path, "--key", str(key))
    assert b"C-1" not in path.read_bytes()


def test_p12_without_a_record_nothing_goes_out(filter: Filter, message: bytes, tmp_path: Path) -> None:
    own = request(1)
    with DisclosureLog(tmp_path / "disclosures.ndjson", filter) as log:
        wrong: Any
        for wrong in (
            (None, None, own),
            ("line 1", 7, own),
            ("line 1", None, None),
            ("line 1", None, request(2)),
            ("line 1", None, Request(requester="NV0010000", correlation_id="7f3a-1")),
        ):
            redaction = filter.redact(message, own)
            assert redaction.output
            with pytest.raises((TypeError, LogError)):
                log.append(wrong[0], wrong[1], wrong[2], redaction)
            assert redaction.output is None and redaction.receipt.releases
            # It failed once: there is no second try.
            with pytest.raises(LogError):
                log.append("line 1", None, own, redaction)
            assert redaction.output is None
        for wrong in ([own, own], [request(2), own, own], None, [own, own, None]):
            batch = filter.redact_batch([message] * 3, own)
            with pytest.raises((TypeError, ValueError, LogError)):
                log.append_batch("line 1", None, wrong, batch)
            assert [redaction.output for redaction in batch] == [None] * 3
        batch = filter.redact_batch([message] * 2, own)
        with pytest.raises(TypeError):
            log.append_batch("line 1", None, own, [batch[0], None, batch[1]])  # type: ignore[list-item]
        assert [redaction.output for redaction in batch] == [None] * 2
        batch = filter.redact_batch([message] * 2, own)
        with pytest.raises(LogError):
            log.append_batch("line 1", None, own, [batch[0], batch[0], batch[1]])
        assert [redaction.output for redaction in batch] == [None] * 2
    redaction = filter.redact(message, own)
    with pytest.raises(LogError, match="ended"):
        log.append("line 1", None, own, redaction)
    assert redaction.output is None


def test_p12_a_full_disk(filter: Filter, message: bytes, program: Path, tmp_path: Path) -> None:
    path, own = tmp_path / "disclosures.ndjson", request(1)
    log = DisclosureLog(path, filter)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    failed = filter.redact_batch([message] * 50, own)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        with pytest.raises(LogError):
            log.append_batch("line 1", None, own, failed)
        with pytest.raises(LogError):
            filter.redact_arrow(pyarrow.array([message]), own, log=log, source="archive")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert not any(redaction.output for redaction in failed)
    # Nobody knows what of it is on disk: the log refuses more until it is opened again.
    redaction = filter.redact(message, own)
    with pytest.raises(LogError):
        log.append("line 1", None, own, redaction)
    assert redaction.output is None
    del log
    with DisclosureLog(path, filter) as log:
        redaction = filter.redact(message, own)
        log.append("line 1", None, own, redaction)
        assert redaction.output
    verify(program, path)


def test_a_log_that_can_not_be_opened(filter: Filter, tmp_path: Path) -> None:
    with pytest.raises(LogError):
        DisclosureLog(tmp_path / "no/such/folder/log", filter)
    with pytest.raises(LogError):
        DisclosureLog(tmp_path / "log", filter, key=tmp_path / "no-key")
    with pytest.raises(LogError):
        DisclosureLog("/dev/full", filter)
    with pytest.raises(TypeError):
        DisclosureLog(tmp_path / "log", None)  # type: ignore[arg-type]


def test_what_went_wrong_within_the_block_is_told(filter: Filter, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), DisclosureLog(tmp_path / "log", filter) as log:
        log.end()
        raise ZeroDivisionError
