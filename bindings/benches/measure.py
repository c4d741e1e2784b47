"""What a message costs in Python: measure.py FILE..., each with nanoseconds of processor time; or measure.py --calls N FILE."""

import sys
import time
from pathlib import Path

import dmv_redact

filter = dmv_redact.Filter()


def redact(message: bytes, calls: int) -> None:
    for _ in range(calls):
        # As a switch does: the request is stated anew.
        redaction = filter.redact(message, dmv_redact.Request(requester="AZ0070000", purpose="C"))
        assert redaction.receipt.releases == (redaction.output is not None)


if sys.argv[1] == "--calls":
    redact(Path(sys.argv[3]).read_bytes(), int(sys.argv[2]))
    sys.exit()
for name in sys.argv[1:]:
    message = Path(name).read_bytes()
    redact(message, 1000)
    began, calls = time.process_time(), 0
    while time.process_time() - began < 1:
        redact(message, 1000)
        calls += 1000
    print(name, round((time.process_time() - began) * 1e9 / calls))
