"""The disclosure log: what isn't on record doesn't go out (P12)."""

import resource
import signal
import subprocess
from pathlib import Path
from typing import Any

import pyarrow
import pytest

from dmv_redact import DisclosureLog, Filter, LogError, Request


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
