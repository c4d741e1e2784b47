"""The queue of reviews from outside, for .ci/kills-reviews, .ci/faults-reviews and .ci/million-reviews: the program's list, what logs say."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARIES = os.environ.get("BINARIES") or os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target")) + "/release"
PROGRAM = os.path.abspath(f"{BINARIES}/dmv-redact")
POLICY = ["--policy", "massachusetts"]
STATES = ["open", "half-approved", "approved", "delivering", "delivered", "denied", "expired"]


def message():
    """A message that this policy holds when an immigration office asks for it."""
    return json.loads((ROOT / "fixtures/niem-json-dr-ice/message.json").read_text())


def grants(*specifies):
    """What a reviewer grants on a court order of this scope."""
    scope = "".join(f",specifies={element}" for element in specifies)
    return ["--claim", "approved", "--instrument", f"claim=court-order,issuer=federal-judge,number=2:26-mj-1{scope}"]


def listed(queue, states=STATES):
    """The reviews in these states, by identifier."""
    wanted = [part for state in states for part in ("--state", state)]
    found = subprocess.run([PROGRAM, "review", "list", *wanted, "--limit", "100000", "--output", "json", *queue],
                           capture_output=True, check=True)
    return {review["review"]: review for review in json.loads(found.stdout)["reviews"]}


def records(log):
    """The records of a log in their order, without what was left of a line."""
    for line in log.read_bytes().split(b"\n"):
        try:
            yield json.loads(line[line.rindex(b'{"sequence":'):])
        except ValueError:
            continue
