"""A clock that jumps, for .ci/faults-reviews: days forward and back between hold, approval, expiry, export and delivery.

First each promise by itself, then steps and jumps at random. What is over stays over, whatever the clock says.
"""

import os
import random
import sys
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

sys.dont_write_bytecode = True
from fault_office import Office, number_of
from reviews import records

# Where Debian's package has it.
LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
NOT_RUN = 77
if LIBRARY is None:
    print("NOT RUN: clock: libfaketime is lacking (Debian's package faketime)", file=sys.stderr)
    raise SystemExit(NOT_RUN)
LINES, STEPS, OUTS = 24, 150, 3
# What follows from what. A delivery and a review that is over never end.
FOLLOWS = {"open": {"approved", "denied", "expired"}, "approved": {"delivering", "delivered", "expired"}, "delivering": {"delivered"}}
dice = random.Random(os.environ.get("SEED"))
work = tempfile.TemporaryDirectory()


class Clockwork(Office):
    """An office whose clock is set to a day, and goes on from there."""

    def __init__(self, folder, lines):
        super().__init__(folder, lines, {"LD_PRELOAD": str(LIBRARY), "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"})
        self.seen, self.figures = {}, Counter()
        self.day(0)

    def day(self, day):
        self.now = day
        self.environment["FAKETIME"] = f"{day:+d}d"

    def run(self, verb, *more, **options):
        """Takes a step; whatever was over before must be so afterwards."""
        status, text = super().run(verb, *more, **options)
        self.figures[verb] += status in (0, 3)
        for review, own in self.reviews().items():
            before = self.seen.get(review, "open")
            reached, found = {before}, set()
            while reached != found:
                found = set(reached)
                reached |= set().union(*(FOLLOWS.get(state, set()) for state in found))
            if own["state"] not in reached:
                self.fail(f"{review} was {before}, and is {own['state']} since {verb} on day {self.now}")
            self.seen[review] = own["state"]
        if not set(self.seen) <= set(self.reviews()):
            self.fail("a review is gone")
        return status, text

    def export(self):
        """An approval that has expired, and isn't on record as that, stays where it is: status 3."""
        return super().export(may_be=(0, 3))

    def ids(self, numbers, *states):
        return [own["review"] for own in self.reviews().values() if number_of(own) in numbers and own["state"] in states]

    def states(self, *numbers):
        return sorted(own["state"] for own in self.reviews().values() if number_of(own) in numbers)

    def expect(self, what, *numbers, states=None, out=None):
        if states is not None and self.states(*numbers) != sorted(states):
            self.fail(f"{what}: messages {numbers} are {self.states(*numbers)}")
        if out is not None and (set(self.went_out()) & set(numbers)) != set(out):
            self.fail(f"{what}: {sorted(self.went_out())} went out")


def check_clock(office):
    """That the program's clock is the one that is set: nothing is shown otherwise."""
    for day in (-3, 30, 0):
        office.day(day)
        office.run("expire", log="clock")
        last = [record["time"] for record in records(office.folder / "logs/clock.log") if "time" in record][-1]
        if abs(datetime.fromisoformat(last.rstrip("Z")) - datetime.utcnow() - timedelta(days=day)) > timedelta(hours=1):
            print("NOT RUN: clock: libfaketime doesn't set the program's clock", file=sys.stderr)
            raise SystemExit(NOT_RUN)


def what_is_over():
    """What expired, on record, doesn't count again."""
    office = Clockwork(f"{work.name}/over", 4)
    check_clock(office)
    office.redact()
    office.approve(office.ids({1}, "open"))
    office.day(8)
    office.run("expire")
    office.expect("the approval has expired", 1, states=["expired"])
    office.day(11)
    two = office.ids({2}, "open")
    office.run("expire")
    office.expect("the deadline is over", 2, states=["expired"])
    office.day(1)
    office.approve(office.ids({1}, "expired") + two, may_be=(3,))
    office.deny(two, may_be=(3,))
    office.export()
    office.expect("the clock was set back after what expired was recorded", 1, 2, states=["expired", "expired"], out=[])
    # What expired may come again as another review, which is open.
    office.redact("later.ndjson")
    again = office.states(1, 2)
    if again.count("expired") != 2 or again.count("open") != len(again) - 2:
        office.fail(f"what expired came again, and is {again}")
    office.expect("what expired came again", 1, 2, out=[])
    office.check_outputs()
    office.verify()


def what_went_out():
    """What went out does so once; and what is over, not on record, isn't delivered while it is over."""
    office = Clockwork(f"{work.name}/once", 8)
    office.redact()
    office.approve(office.ids({3}, "open"))
    office.day(9)
    office.export()
    office.redact("later.ndjson")
    office.expect("an approval is over", 3, out=[])
    # A deadline that is over: nobody decides.
    office.day(12)
    office.approve(office.ids({4}, "open"), may_be=(3,))
    office.expect("a deadline is over", 4, out=[])
    # What went out does so once, whatever the clock says: approved on day 2, exported on day 5.
    office.day(2)
    office.approve(office.ids({5, 6}, "open"))
    office.day(5)
    office.export()
    for day in (-5, 1, 6, 100):
        office.day(day)
        office.export()
        office.redact("later.ndjson")
    if set(office.went_out()) & {5, 6} != {5, 6}:
        office.fail("what was exported is gone")
    # Purged on a day that is far ahead: it is known nevertheless.
    office.day(400)
    office.run("purge", "--days", "90")
    office.day(3)
    office.export()
    office.redact("later.ndjson")
    office.expect("purged", 5, 6, out=[5, 6])
    office.check_outputs()
    office.verify()


def jumps():
    """Steps at random, on days at random."""
    office = Clockwork(f"{work.name}/jumps", LINES)
    jumped_back, last = 0, 0
    everyone = set(range(1, LINES + 1))
    for _ in range(STEPS):
        day = dice.choice([last, last + dice.randint(0, 3), dice.randint(-5, 45)])
        jumped_back += day < last
        office.day(day)
        last = day
        step = dice.choice(["redact", "redact", "approve", "approve", "deny", "expire", "expire", "export", "purge"])
        if step == "redact":
            office.redact(f"run-{dice.randrange(OUTS)}.ndjson")
        elif step in ("approve", "deny"):
            ids = office.ids(everyone, "open", "expired", "delivered", "approved")
            ids = dice.sample(ids, min(len(ids), 2))
            if ids:
                office.approve(ids, dice.choice(["person.name", "license"]), may_be=(0, 3)) if step == "approve" else office.deny(ids[:1], may_be=(0, 3))
        elif step == "export":
            office.export()
        elif step == "expire":
            office.run("expire")
        else:
            office.run("purge", "--days", "60")
    by_message = Counter(number_of(own) for own in office.reviews().values() if own["state"] in ("delivered", "delivering"))
    if by_message and max(by_message.values()) > 1:
        office.fail(f"a message was delivered by two reviews: {by_message}")
    # Run outputs of before may have been made again without what is over.
    office.check_outputs()
    for review, steps in office.steps().items():
        names = [step["step"] for step in steps]
        if "expired" in names and names[names.index("expired") + 1:][:1] != ["failed"] and office.seen[review] not in ("expired",):
            office.fail(f"{review} is on record as expired, and is {office.seen[review]}: {names}")
    office.verify()
    states = Counter(office.seen.values())
    if states["expired"] < 3 or states["delivered"] < 3 or jumped_back < 20:
        office.fail(f"too little has happened: {states}, {jumped_back} times back")
    return states, jumped_back, office.figures


what_is_over()
what_went_out()
states, jumped_back, figures = jumps()
print(f"clock: {STEPS} steps, {jumped_back} times on a day before the last: {sum(states.values())} reviews of {LINES} messages, {dict(states)}; "
      f"none went out twice, or after it was over; all logs whole; {dict(figures)}")
