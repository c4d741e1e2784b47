"""A fault of the library's own is an exception that says nothing of the message, and the next call works.

PLANTED names a folder with the module of the feature `planted-panic`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
import pyarrow
import dmv_redact

message = open(sys.argv[1], "rb").read()
filter = dmv_redact.Filter()
police = dmv_redact.Request(requester="AZ0070000", purpose="C")
bad = b"panic! CANARY"
dmv_redact.set_threads(4)
for round in range(50):
    for call in (
        lambda: filter.redact(bad, police),
        lambda: filter.redact_batch([message] * 300 + [bad], police),
        lambda: filter.redact_arrow(pyarrow.array([message] * 300 + [bad]), police),
    ):
        try:
            call()
        except Exception as error:
            assert type(error) is dmv_redact.InternalError, error
            assert "filter.rs" in str(error) and "CANARY" not in str(error), error
        else:
            raise AssertionError("it didn't panic")
    assert b"JORDAN" in filter.redact(message, police).output
    assert all(redaction.output for redaction in filter.redact_batch([message] * 20, police))
print("done")
"""


@pytest.mark.skipif("PLANTED" not in os.environ, reason="needs the module with a panic in it")
def test_p8_a_panic_is_an_exception_and_the_next_call_works(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, root / "fixtures/dr-in-state-police/message.xml"],
        env={**os.environ, "PYTHONPATH": os.environ["PLANTED"]},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
