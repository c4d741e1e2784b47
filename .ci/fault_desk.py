"""A full disk under a desk that runs, for .ci/faults-reviews, which runs it where it may mount file systems.

The disk is full at several moments while a reviewer denies; then there is room, and the desk must go on without being started again.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from desk_client import PASSWORD, Browser, open_desk, words
from fault_office import Office
from reviews import POLICY, PROGRAM

PAGE, LINES = 4096, 8
PAGES_FREE = [0, 1, 2, 3, 5, 8, 13]
work = Path(tempfile.mkdtemp())
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", work], check=True)
refused = 0
for pages in PAGES_FREE:
    office = Office(work / str(pages), LINES)
    office.redact()
    ids = list(office.reviews())
    (work / "password").write_text(PASSWORD + "\n")
    queue = [*office.queue, *POLICY, "--log", str(office.folder / "logs/desk.log")]
    account = ["account", "add", "Ann Reviewer", "--role", "reviewer", "--password-file", work / "password", "--by", "setup"]
    subprocess.run([PROGRAM, "review", *account, *queue], check=True, stdout=subprocess.DEVNULL)
    desk, host = open_desk([PROGRAM, "serve", "--desk", *queue])
    browser = Browser(host)
    browser.sign_in("Ann Reviewer")

    def deny(review):
        page = browser.ask(f"/reviews/{review}")
        if page[0] != 200:
            return page
        return browser.send(f"/reviews/{review}", f"/reviews/{review}/deny", reason="no paper")

    with (work / "ballast").open("w") as file:
        room = os.statvfs(work)
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - pages * PAGE)
    for review in ids[:3]:
        status, text = deny(review)
        if status not in (303, 503):
            office.fail(f"on a full disk the desk answers {status}: {words(text)}")
        refused += status == 503
    (work / "ballast").unlink()
    for review in ids:
        if office.reviews()[review]["state"] == "denied":
            continue
        status, text = deny(review)
        if status != 303:
            desk.terminate()
            last = desk.communicate()[1].splitlines()[-1]
            office.fail(f"the disk has room again ({pages} pages were free before), and the desk answers {status}: {words(text)}\n{last}")
    desk.terminate()
    if desk.wait(60) != 0:
        office.fail(f"the desk ended with {desk.returncode}")
    if {own["state"] for own in office.reviews().values()} != {"denied"}:
        office.fail("not all are denied")
    office.verify()
    shutil.rmtree(office.folder)
if refused < len(PAGES_FREE):
    raise SystemExit(f"FAILED: the disk was full for {refused} requests only")
print(f"desk: {refused} requests found the disk full ({len(PAGES_FREE)} desks); each desk went on once there was room; all logs whole")
subprocess.run(["umount", "-l", work], check=True)
