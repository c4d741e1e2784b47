"""Threads: the lock of Python is free during work, results don't mix, and a child that was forked doesn't hang."""

import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import dmv_redact
from dmv_redact import Filter, Request


@pytest.fixture(autouse=True)
def own_threads() -> Iterator[None]:
    dmv_redact.set_threads(4)
    yield
    dmv_redact.set_threads(None)


def test_threads_can_be_set(filter: Filter, message: bytes, police: Request) -> None:
    one = filter.redact(message, police).output
    for count in (1, 2, 7):
        dmv_redact.set_threads(count)
        assert dmv_redact.threads() == count
        assert {redaction.output for redaction in filter.redact_batch([message] * 100, police)} == {one}
    dmv_redact.set_threads(None)
    assert dmv_redact.threads() >= 1
    with pytest.raises(ValueError):
        dmv_redact.set_threads(0)


def test_other_threads_run_meanwhile(filter: Filter, message: bytes, police: Request) -> None:
    messages, done = [message] * 3000, threading.Event()

    def works() -> None:
        filter.redact_batch(messages, police)
        done.set()

    thread = threading.Thread(target=works)
    thread.start()
    turns = 0
    while not done.is_set():
        turns += 1
        time.sleep(0.0005)
    thread.join()
    assert turns > 10


def test_many_threads_get_their_own_results(filter: Filter, message: bytes) -> None:
    def works(number: int) -> None:
        for turn in range(50):
            police = Request(requester="AZ0070000", purpose="C", correlation_id=f"{number}-{turn}")
            other = Request(requester="NV0010000", purpose="C", correlation_id=f"{number}-{turn}")
            for request, releases in ((police, True), (other, False)):
                redaction = filter.redact(message, request)
                assert redaction.receipt.correlation_id == f"{number}-{turn}"
                assert (redaction.output is not None) == releases
            batch = filter.redact_batch([message, b"no message"] * 5, police)
            assert [redaction.output is not None for redaction in batch] == [True, False] * 5

    with ThreadPoolExecutor(8) as pool:
        for result in [pool.submit(works, number) for number in range(8)]:
            result.result(timeout=120)


def in_child(work: Callable[[], None], seconds: int = 60) -> None:
    """Runs something in a child that was forked; it may not hang."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        signal.alarm(seconds)
        try:
            work()
        except BaseException as error:  # noqa: BLE001
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, "the child hung" if os.WIFSIGNALED(status) else "the child failed"


def test_a_child_goes_on(filter: Filter, message: bytes, police: Request) -> None:
    def redacts() -> None:
        assert filter.redact(message, police).output
        done = filter.redact_batch([message] * 200, police)
        assert len(done) == 200 and all(redaction.output for redaction in done)

    in_child(redacts)
    redacts()
    in_child(redacts)
    # A child's child, too.
    in_child(lambda: in_child(redacts, 20))
    redacts()


@pytest.mark.parametrize("turns", [40])
def test_a_child_goes_on_that_is_forked_while_threads_work(
    filter: Filter, message: bytes, police: Request, turns: int
) -> None:
    stop = threading.Event()

    def works() -> None:
        while not stop.is_set():
            filter.redact_batch([message] * 50, police)
            filter.redact(message, police)

    def redacts() -> None:
        # More threads than the filter keeps memory for, so that each of its locks is taken.
        dmv_redact.set_threads(33)
        assert all(redaction.output for redaction in filter.redact_batch([message] * 200, police))
        assert filter.redact(message, police).output

    threads = [threading.Thread(target=works) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(turns):
            in_child(redacts)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_p12_a_child_does_not_write_into_the_log_of_its_parent(
    filter: Filter, message: bytes, police: Request, tmp_path: Path
) -> None:
    path = tmp_path / "disclosures.ndjson"
    with dmv_redact.DisclosureLog(path, filter) as log:
        before = path.read_bytes()

        def appends() -> None:
            redaction = filter.redact(message, police)
            with pytest.raises(dmv_redact.LogError, match="another process"):
                log.append("line 1", None, police, redaction)
            assert redaction.output is None
            with pytest.raises(dmv_redact.LogError):
                log.end()
            log.__exit__(None, None, None)
            with dmv_redact.DisclosureLog(tmp_path / "own.ndjson", filter) as own:
                redaction = filter.redact(message, police)
                own.append("line 1", None, police, redaction)
                assert redaction.output

        in_child(appends)
        assert path.read_bytes() == before
        redaction = filter.redact(message, police)
        log.append("line 1", None, police, redaction)
        assert redaction.output
