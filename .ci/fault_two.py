"""Two reviewers at once, for .ci/faults-reviews: of two processes one has decided, and what goes out is what that one granted.

Every other pair is held back: this process has the queue's lock until the steps of both are on record, so that both want to
take theirs at the same moment. The others begin at the same time.
"""

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
from fault_office import Office, number_of, values
from reviews import grants

PAIRS = 60
dice = random.Random(os.environ.get("SEED"))
work = tempfile.TemporaryDirectory()
office = Office(work.name, PAIRS)
office.redact()
reviews = list(office.reviews())
if len(reviews) != PAIRS:
    office.fail(f"{len(reviews)} reviews of {PAIRS} messages")

# Each reviewer has a log: one process at a time writes it. They begin one after the other: two logs that begin in the same
# microsecond have the same first line, and `log verify` takes them for one.
LOGS = [office.folder / "logs/ann.log", office.folder / "logs/ben.log"]
NAMES = ["ROE, ANN", "DOE, BEN"]
for log in LOGS:
    office.run("expire", log=log.stem)


def has_step(log, review):
    return log.exists() and review in log.read_text()


def decide_at_once(review, choices, is_held_back):
    """What each of two processes says, that decide about one review."""
    lock = sqlite3.connect(office.folder / "queue/queue.db", isolation_level=None)
    if is_held_back:
        lock.execute("BEGIN IMMEDIATE")
    commands = []
    for name, log, choice in zip(NAMES, LOGS, choices):
        what = ["--reason", "no paper"] if choice == "deny" else grants(choice)
        commands.append(office.arguments("deny" if choice == "deny" else "approve", review, "--by", name, *what, log=log.stem))
    # Who is first isn't always the same.
    order = dice.sample([0, 1], 2)
    begun = {place: subprocess.Popen(commands[place], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for place in order}
    late = time.monotonic() + 20
    while is_held_back and not all(has_step(log, review) for log in LOGS):
        if time.monotonic() > late:
            office.fail(f"{review}: the two aren't on record")
        time.sleep(0.002)
    if is_held_back:
        time.sleep(0.02)
        lock.execute("COMMIT")
    lock.close()
    return [(*begun[place].communicate(), begun[place].returncode) for place in (0, 1)]


granted, figures = {}, Counter()
for number, review in enumerate(reviews):
    is_held_back = number % 2 == 0
    choices = [["person.name", "deny"], ["person.name", "license"], ["deny", "license"]][number // 2 % 3]
    told = decide_at_once(review, choices, is_held_back)
    what = f"{review}: {choices}: {told}"
    if sorted(status for _, _, status in told) != [0, 3] or any("panicked" in error for _, error, _ in told):
        office.fail(f"not one has decided: {what}")
    winner = 0 if told[0][2] == 0 else 1
    _, error, _ = told[1 - winner]
    if review not in error or "denied" not in error and "approved" not in error:
        office.fail(f"the other isn't told: {what}")
    state = "denied" if choices[winner] == "deny" else "approved"
    if office.reviews()[review]["state"] != state:
        office.fail(f"it is {office.reviews()[review]['state']}: {what}")
    ends = [[step["step"] for step in office.steps(log).get(review, [])] for log in LOGS]
    if ends[winner] != [state] or ends[1 - winner] and ends[1 - winner][1:] != ["failed"]:
        office.fail(f"on record are {ends}: {what}")
    if is_held_back and not ends[1 - winner]:
        office.fail(f"they weren't at once: {what}")
    figures["failed, on record" if ends[1 - winner] else "told before anything was on record"] += 1
    figures[f"{NAMES[winner]} was first"] += 1
    if state == "approved":
        granted[review] = choices[winner]

office.export()
out = office.check_outputs()
by_review = office.reviews()
if out != {number_of(by_review[review]) for review in granted}:
    office.fail(f"{sorted(out)} went out")
for file in (office.folder / "out/sent").glob("*.json"):
    name, license = list(values(number_of(by_review[file.stem])).values())[:2]
    text = file.read_text()
    if (name in text, license in text) != (granted[file.stem] == "person.name", granted[file.stem] == "license"):
        office.fail(f"{file.stem} went out with another scope than {granted[file.stem]}")
office.verify()
print(f"two: {PAIRS} reviews decided by two at once, {PAIRS // 2} of them with both on record: each by one; {len(out)} went out as that one granted; "
      + ", ".join(f"{what}: {count}" for what, count in sorted(figures.items())))
