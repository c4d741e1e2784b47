"""A queue, its logs and its outputs in a folder, for .ci/faults-reviews: takes the steps of a review and checks what came of them."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from reviews import POLICY, PROGRAM, grants, listed, message, records


def values(number):
    """What the message of this number has that a scope lets out, by element; and last what nobody is given."""
    word = "".join(chr(ord("A") + number // 26**place % 26) for place in (2, 1, 0))
    return {"person.name": f"SURNAME{word}X", "license.number": f"D0{number:04}796", None: f"900-12-{number:04}"}


def messages(count):
    """Lines of messages, each with values of its own."""
    for number in range(1, count + 1):
        text = json.dumps(message())
        for old, new in zip(("EXAMPLE", "D08954796", "900-12-3456"), values(number).values()):
            text = text.replace(f'"{old}"', f'"{new}"')
        yield text + "\n"


class Office:
    """In `folder`: queue/, logs/, out/ and in.ndjson. `environment` is added to that of the program."""

    def __init__(self, folder, lines, environment=None):
        self.folder, self.lines, self.environment = Path(folder), lines, environment or {}
        self.errors, self.input = Counter(), self.folder / "in.ndjson"
        for name in ("queue", "logs", "out"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "key").write_bytes(b"k" * 32)
        self.queue = ["--review", str(self.folder / "queue/queue.db"), "--review-key", str(self.folder / "key")]
        self.input.write_text("".join(messages(lines)))

    def fail(self, what):
        kept = tempfile.mkdtemp(prefix="faults-reviews.")
        shutil.copytree(self.folder, kept, dirs_exist_ok=True)
        raise SystemExit(f"FAILED: {what}\nwhat there was is in {kept}")

    def arguments(self, verb, *more, log="desk"):
        of_node = ["--review-node", "node"] if verb in ("export", "redact") else []
        if verb == "backup":
            return [PROGRAM, "review", verb, *more, *self.queue]
        begin = [PROGRAM, verb] if verb == "redact" else [PROGRAM, "review", verb]
        return [*begin, *more, *self.queue, *POLICY, "--log", str(self.folder / f"logs/{log}.log"), *of_node]

    def run(self, verb, *more, may_be=(0,), log="desk"):
        """Gives the status, which must be one of these, and what it printed. Whatever fails says so."""
        done = subprocess.run(self.arguments(verb, *more, log=log), cwd=self.folder, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env={**os.environ, **self.environment})
        what = f"{verb} {more}: status {done.returncode}: {done.stderr[-2000:]} {done.stdout[-2000:]}"
        if done.returncode not in may_be or "panicked" in done.stderr:
            self.fail(what)
        if done.returncode == 1:
            errors = [line for line in done.stderr.splitlines() if re.match(r"(dmv-redact|error)\b.*: ..", line) and ": held: " not in line]
            # A resumed run names what failed in a number alone: its messages were told before.
            if not errors and not ("--resume" in more and re.search(r"[1-9]\d* failed", done.stdout)):
                self.fail(f"no message says why: {what}")
            self.errors.update({self.kind(line) for line in errors})
        return done.returncode, done.stdout

    def kind(self, line):
        """An error without what is of one message."""
        line = line.replace(str(self.folder), "")
        return re.sub(r"\b[0-9a-f]{32}\b|\b0\d{8}\b", "…", re.sub(r"in\.ndjson:\d+", "in.ndjson:…", line))

    def redact(self, out="run.ndjson", may_be=(3,)):
        """Some are held always, so it ends with 3. What was begun goes on: a run that nobody resumes is a fault of the log."""
        begin = ["in.ndjson", "-o", f"out/{out}", "--purpose", "IMM"]
        if (self.folder / f"out/.dmv-redact-{out}/journal.json").exists():
            status, text = self.run("redact", *begin, "--resume", may_be=(1, *may_be), log="run")
            if status != 1 or 1 in may_be:
                return status, text
            # What wasn't put into the queue before it was stopped isn't now: it says so, and "run again".
            self.errors["(resumed) some failed before: run again"] += 1
        return self.run("redact", *begin, may_be=may_be, log="run")

    def approve(self, ids, scope="person.name", by="ROE, J", may_be=(0,), log="desk"):
        return self.run("approve", *ids, "--by", by, *grants(scope), may_be=may_be, log=log)

    def deny(self, ids, by="DOE, J", may_be=(0,), log="desk"):
        return self.run("deny", *ids, "--by", by, "--reason", "no paper", may_be=may_be, log=log)

    def export(self, may_be=(0,)):
        return self.run("export", "-o", "out/sent", may_be=may_be)

    def reviews(self):
        return listed(self.queue)

    def went_out(self):
        """The places of what went out, each with its text, by the number of the message."""
        found, reviews = {}, self.reviews()
        for file in (self.folder / "out").glob("sent*/*.json"):
            found.setdefault(number_of(reviews[file.stem]), []).append((file.name, file.read_text()))
        for run in (self.folder / "out").glob("[!.]*.ndjson"):
            lines = run.read_text().splitlines()
            if len(lines) != self.lines:
                self.fail(f"{run.name} has {len(lines)} lines of {self.lines}")
            for number, line in enumerate(lines, 1):
                if "withheld" not in json.loads(line):
                    found.setdefault(number, []).append((f"{run.name}:{number}", line))
        return found

    def logs(self):
        return [log for log in sorted((self.folder / "logs").glob("*.log")) if log.stat().st_size]

    def steps(self, log=None):
        """What is on record of each review, step by step."""
        found = {}
        for own in [log] if log else self.logs():
            for record in records(own):
                if record["record"] == "desk" and "review" in record:
                    found.setdefault(record["review"], []).append(record)
        return found

    def verify(self):
        """Whether all logs are whole. Gives how many they are."""
        done = subprocess.run([PROGRAM, "log", "verify", *self.logs()], capture_output=True, text=True)
        if done.returncode != 0:
            self.fail(f"log verify: {done.stdout}{done.stderr}")
        return len(self.logs())

    def check_outputs(self):
        """Whatever went out did so once, on record, after an approval, and with what was granted and no more. Gives its numbers."""
        out, steps, on_record = self.went_out(), self.steps(), {}
        for log in self.logs():
            for record in records(log):
                if record["record"] == "message" and record["disposition"] == "redacted":
                    on_record.setdefault(number_of(record), {})[record["review"]] = record
        for number, places in out.items():
            if len(places) != 1:
                self.fail(f"message {number} went out to {[place for place, _ in places]}")
            if len(on_record.get(number, {})) != 1:
                self.fail(f"message {number} went out to {places[0][0]}, and on record are {on_record.get(number)}")
            ((review, record),) = on_record[number].items()
            scope = record["instruments"][0]["specifies"]
            approved = [step for step in steps.get(review, []) if step["step"] == "approved" and step["by"] == record["approved-by"]]
            if scope not in [step["instruments"][0]["specifies"] for step in approved]:
                self.fail(f"message {number} went out on {record}, and was approved by {approved}")
            for element, value in values(number).items():
                is_granted = any(f"{element}.".startswith(f"{own}.") for own in scope)
                if (value in places[0][1]) != is_granted:
                    self.fail(f"message {number} went out with scope {scope}, and has {value}, or lacks it: {places[0][1][:2000]}")
        return set(out)


def number_of(of_message):
    """The number of a message by its identifier, in a review or a record."""
    return int(re.search(r"(\d{9})\.json$", of_message["id"])[1])
