"""A full disk under a queue of reviews, for .ci/faults-reviews, which runs it where it may mount file systems.

Each step is taken from what was before it with so many pages free: none, one, two, and on to what it needs. Then room is made, the
step is taken again, and all that follow.
"""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

sys.dont_write_bytecode = True
from fault_office import Office, number_of

LINES = 12
PAGE = 4096
# What is on the disk that gets full: everything, or one folder. How many fills of it are tried for each step.
DISKS = {"": 14, "queue": 8, "logs": 5, "out": 5}
STEPS = ["hold", "approve", "deny", "export", "approve again", "redact", "purge", "backup"]
dice = random.Random(os.environ.get("SEED"))


def mount(path, size):
    path.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], check=True)


work = Path(tempfile.mkdtemp())
mount(work, "256m")
office = Office(work / "office", LINES)
messages = [f"in.ndjson/{number:09}.json" for number in range(1, LINES + 1)]
# Who is in which step, by the number of the message. The others wait.
EXPORTED, DENIED, REDACTED = {1, 2, 3, 4}, {5, 6}, {7, 8, 9, 10}
figures = Counter()


def ids(numbers, *states):
    return [own["review"] for own in office.reviews().values() if number_of(own) in numbers and own["state"] in states]


# Whom a step decides about.
NUMBERS = {"approve": EXPORTED, "deny": DENIED, "approve again": REDACTED}


def left(step):
    """What is left to decide in a step. Asked while there is room: SQLite reads nothing on a full disk."""
    return ids(NUMBERS[step], "open") if step in NUMBERS else []


def take(step, ids, may_be_full):
    """Takes a step. Gives whether it says that it was done."""
    full = (1,) if may_be_full else ()
    if step in NUMBERS and not ids:
        return True
    if step in ("hold", "redact"):
        return office.redact(may_be=(3, *full))[0] == 3
    if step == "approve":
        return office.approve(ids, may_be=(0, *full))[0] == 0
    if step == "deny":
        return office.deny(ids, may_be=(0, *full))[0] == 0
    if step == "approve again":
        return office.approve(ids, "license", may_be=(0, *full))[0] == 0
    if step == "export":
        return office.export(may_be=(0, *full))[0] == 0
    if step == "purge":
        return office.run("purge", "--days", "0", may_be=(0, *full))[0] == 0
    return office.run("backup", "queue/copy.db", may_be=(0, *full))[0] == 0


def states():
    found = {}
    for own in office.reviews().values():
        if found.setdefault(number_of(own), own["state"]) != own["state"]:
            office.fail(f"message {number_of(own)} has two reviews")
    return found


def check(step):
    """What a step must have done that says so."""
    now = states()
    wanted = {"hold": (range(1, LINES + 1), now), "approve": (EXPORTED, ["approved"]), "deny": (DENIED, ["denied"]), "export": (EXPORTED, ["delivered"]),
              "approve again": (REDACTED, ["approved"]), "redact": (REDACTED, ["delivered"])}
    if step in wanted:
        numbers, may_be = wanted[step]
        if any(now.get(number) is None or step != "hold" and now[number] not in may_be for number in numbers):
            office.fail(f"{step} says that it was done, and the reviews are {now}")
    if step in ("export", "redact"):
        out = office.check_outputs()
        if not (EXPORTED if step == "export" else REDACTED) <= out:
            office.fail(f"{step} says that it was done, and {sorted(out)} went out")
    if step == "purge":
        with closing(sqlite3.connect(office.folder / "queue/queue.db")) as queue:
            kept = queue.execute("SELECT COUNT(*) FROM reviews JOIN review_secrets ON review = id WHERE purged IS NOT NULL").fetchone()
        if kept != (0,):
            office.fail(f"{kept} contents of purged reviews are there")
    if step == "backup":
        with closing(sqlite3.connect(office.folder / "queue/copy.db")) as copy:
            is_whole = copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            count = copy.execute("SELECT COUNT(*) FROM reviews").fetchone()
        if not is_whole or count != (LINES,):
            office.fail(f"the copy has {count} reviews")


def finish(steps):
    """All to the end, with room for it, and what must hold then."""
    for step in steps:
        if not take(step, left(step), may_be_full=False):
            office.fail(f"{step} isn't done, with room for it")
        check(step)
    out = office.check_outputs()
    if out != EXPORTED | REDACTED:
        office.fail(f"{sorted(out)} went out")
    wanted = {**dict.fromkeys(EXPORTED | REDACTED, "delivered"), **dict.fromkeys(DENIED, "denied")}
    if states() != {number: wanted.get(number, "open") for number in range(1, LINES + 1)}:
        office.fail(f"the reviews are {states()}")
    office.verify()
    strays = [str(own) for own in office.folder.rglob("*") if own.name.endswith((".partial", ".new")) or own.name == "journal.json"]
    staged = [str(own) for own in (office.folder / "out/sent/.dmv-redact-review").iterdir() if own.name != "lock"]
    if strays or staged:
        office.fail(f"left behind: {strays} {staged}")


def restore(kept, disk):
    """What was before a step, on a disk that gets full."""
    for mounted in [office.folder / own for own in DISKS if os.path.ismount(office.folder / own)]:
        subprocess.run(["umount", mounted], check=True)
    for own in office.folder.iterdir():
        shutil.rmtree(own) if own.is_dir() else own.unlink()
    mount(office.folder / disk, "16m")
    shutil.copytree(kept, office.folder, dirs_exist_ok=True)


def try_full(step, disk, pages):
    """Takes a step with so many pages free. Gives whether it was done."""
    restore(work / step, disk)
    ids = left(step)
    ballast = office.folder / disk / "ballast"
    with ballast.open("w") as file:
        room = os.statvfs(office.folder / disk)
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - pages * PAGE)
    done = take(step, ids, may_be_full=True)
    ballast.unlink()
    if not done:
        figures[step] += 1
        # Nothing is out that isn't on record, before anybody goes on.
        office.check_outputs()
    else:
        check(step)
    steps = STEPS[STEPS.index(step) + (1 if done else 0):]
    finish(steps)
    return done


# What is before each step.
for step in STEPS:
    shutil.copytree(office.folder, work / step)
    if not take(step, left(step), may_be_full=False):
        office.fail(f"{step} isn't done, on an empty disk")
    check(step)
    if step == "redact":
        # What is purged was over a second ago.
        time.sleep(1.1)
finish([])
tried = 0
for disk, fills in DISKS.items():
    for step in STEPS:
        # What it needs, to a factor of two; and moments in between.
        needed, moments = 1, []
        while not try_full(step, disk, needed - 1):
            needed, tried = needed * 2, tried + 1
        tried += 1
        known = {2**power - 1 for power in range(20)}
        moments = [pages for pages in range(1, needed - 1) if pages not in known]
        for pages in dice.sample(moments, min(len(moments), max(0, fills - needed.bit_length()))):
            try_full(step, disk, pages)
            tried += 1
if any(figures[step] < 3 for step in STEPS):
    office.fail(f"too few steps found the disk full: {figures}")
print(f"disk: {tried} times almost full, and full in the middle of {sum(figures.values())} steps ({dict(figures)}): all went on to the end; the errors were")
for error, count in office.errors.most_common():
    print(f"  {count} x {error}")
subprocess.run(["umount", "-l", work], check=True)
work.rmdir()
