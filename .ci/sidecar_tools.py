"""A sidecar from outside, for .ci/sidecar-*: what it is built of, two policies, a corpus with the answers that they give, its
log, and a search for values of messages where none may be (P6)."""

import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATE = "2026-12-01"
RELEASES = ("released", "redacted")
# Characters of a value that is searched for: shorter ones are codes, or stand anywhere by chance.
SHORTEST = 7


def target(folder):
    return Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / folder)


PROGRAM = target("target") / "release/dmv-redact"
LOAD = target("benches/sidecar/target") / "release/sidecar-load"
GENERATE = target("benches/traffic/target") / "release/generate"


def build():
    for package in [[], ["--manifest-path", "benches/sidecar/Cargo.toml"], ["--manifest-path", "benches/traffic/Cargo.toml"]]:
        subprocess.run(["cargo", "build", "--release", "--quiet", *package], cwd=ROOT, check=True)


class Failed(SystemExit):
    """What a script found, on stderr, with status 1."""


def fail(what):
    raise Failed(f"FAILED: {what}")


def disk(path):
    """What the folder's file system is."""
    return subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True, check=True).stdout.strip()


class Work:
    """A folder of its own, on the disk on which things are built: a log that is synced to memory measures nothing."""

    def __enter__(self):
        target("target").mkdir(parents=True, exist_ok=True)
        # Paths of sockets are short.
        self.path = Path(tempfile.mkdtemp(prefix="sc-", dir=os.environ.get("WORK") or target("target"))).resolve()
        if disk(self.path) in ("tmpfs", "ramfs"):
            fail(f"{self.path} is in memory: WORK=FOLDER names one on a disk")
        return self.path

    def __exit__(self, kind, *_):
        if kind is None or not os.environ.get("KEEP"):
            shutil.rmtree(self.path, ignore_errors=True)


# Policies

def policies(folder):
    """Two policies that differ in a visible way: the built-in one, and that without descriptions of persons. Their paths."""
    folder.mkdir()
    for roster in (ROOT / "policies").glob("*.csv"):
        shutil.copy(roster, folder)
    one = (ROOT / "policies/baseline.toml").read_text()
    one, names = re.subn(r'(?m)^name = "baseline"$', 'name = "one"', one)
    assert names == 1
    other = one.replace('name = "one"', 'name = "other"') + """
[[forbid]]
id = "descriptions"
title = "No description of a person"
elements = ["person.eye-color", "person.hair-color", "person.height", "person.weight", "person.sex"]
basis = "so that this policy differs from the other"
"""
    for name, text in [("one.toml", one), ("other.toml", other)]:
        (folder / name).write_text(text)
    return [folder / "one.toml", folder / "other.toml"]


def put(text, path):
    """Writes a file whole, in the place of what was there."""
    new = path.with_name(path.name + ".put")
    new.write_text(text)
    new.rename(path)


# The corpus

def fixtures():
    """Messages of the fixtures that the built-in policy decides, each with what its request says."""
    for case in sorted((ROOT / "fixtures").glob("*/case.toml")):
        described = tomllib.loads(case.read_text())
        if {"policy", "instruments", "approved-by"} & described.keys():
            continue
        message = next(case.parent.glob("message.*"))
        request = {key: described[key] for key in ("requester", "purpose", "reason", "line", "state", "claims") if key in described}
        yield message.read_bytes(), message.suffix, request


def traffic(messages, seed):
    made = subprocess.run([GENERATE, "--class", "mixed", "--messages", str(messages), "--seed", str(seed)],
                          capture_output=True, check=True).stdout
    for line in made.splitlines():
        if line.startswith(b'"'):
            yield json.loads(line).encode(), ".xml", {}
        else:
            yield line, ".json", {}


def corpus(folder, policy_files, messages=400, seed=1):
    """A corpus for sidecar-load: fixtures and traffic, with what `dmv-redact redact` gives by each policy. Its path, and the messages."""
    folder.mkdir()
    groups = {}
    lines = []
    for number, (message, suffix, request) in enumerate([*fixtures(), *traffic(messages, seed)]):
        group = groups.setdefault(json.dumps(request), f"group{len(groups)}")
        (folder / group).mkdir(exist_ok=True)
        file = f"{group}/{number}{suffix}"
        (folder / file).write_bytes(message)
        lines.append({"file": file, "request": request, "date": DATE, "answers": []})
    for policy in policy_files:
        given = {}
        for request, group in groups.items():
            given.update(redacted(folder / group, json.loads(request), policy, folder / f"out-{policy.stem}-{group}"))
        for line in lines:
            line["answers"].append(given[Path(line["file"]).name])
    path = folder / "corpus.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    differing = sum(line["answers"][0] != line["answers"][-1] for line in lines)
    return path, lines, differing


def redacted(folder, request, policy, out):
    """What `redact` gives for each message of a folder."""
    stated = [part for name, value in request.items() if name != "claims" for part in (f"--{name}", value)]
    stated += [part for claim in request.get("claims", []) for part in ("--claim", claim)]
    log = out.with_suffix(".log")
    done = subprocess.run([PROGRAM, "redact", folder, "-o", out, "--policy", policy, "--date", DATE, "--log", log, *stated],
                          capture_output=True, text=True)
    if done.returncode not in (0, 3):
        fail(f"redact by {policy}: {done.stderr}")
    answers = {}
    for record in records(log):
        if record["record"] != "message":
            continue
        name = Path(record["source"]).name
        answer = {"disposition": record["disposition"], "sha256": None}
        if answer["disposition"] in RELEASES:
            answer["sha256"] = hashlib.sha256((out / name).read_bytes()).hexdigest()
        answers[name] = answer
    return answers


# The log

def records(log):
    """The records of a log in their order, without what was left of a line."""
    with open(log, "rb") as file:
        for line in file:
            try:
                yield json.loads(line[line.rindex(b'{"sequence":'):])
            except ValueError:
                continue


def named(log):
    """The records, each with the name of the policy that it says decided."""
    policy = None
    for record in records(log):
        if record["record"] == "start":
            policy = record["policy"]["name"]
        own = record.get("policy")
        yield record, own["name"] if own and record["record"] == "message" else policy


def verify(log):
    done = subprocess.run([PROGRAM, "log", "verify", log], capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"log verify: status {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def received(path):
    """What clients received: correlation id, disposition, digest, place in the corpus."""
    with open(path) as file:
        for line in file:
            id, disposition, digest, at = line.split()
            yield id, disposition, None if digest == "-" else digest, int(at)


def compare(log, files, lines, policy_names):
    """Every answer is on record, with the disposition and by the policy that gave it; the records by policy, and answers."""
    answers = {}
    for path in files:
        for id, disposition, digest, at in received(path):
            if id in answers:
                fail(f"{id}: answered twice")
            answers[id] = (disposition, digest, at)
    found, by_policy, records_read = 0, {name: 0 for name in policy_names}, 0
    for record, policy in named(log):
        if record["record"] != "message":
            continue
        records_read += 1
        by_policy[policy] += 1
        id = record["correlation-id"]
        answer = answers.pop(id, None)
        if answer is None:
            continue
        found += 1
        disposition, digest, at = answer
        if disposition == "stopped":
            expected, of_record = ("withheld", "stopped"), (record["disposition"], record.get("reason"))
        else:
            given = lines[at]["answers"][policy_names.index(policy)]
            expected = (given["disposition"], given["sha256"])
            of_record = (record["disposition"], digest)
            if record["disposition"] != disposition:
                fail(f"{id}: answered as {disposition}, on record as {record['disposition']}")
        if expected != of_record:
            fail(f"{id} (message {at}): the record names policy {policy}, which gives {expected}; answered and on record was {of_record}")
    missing = [id for id, (disposition, _, _) in answers.items()]
    if missing:
        fail(f"{len(missing)} answers aren't on record, such as {missing[0]} ({answers[missing[0]][0]})")
    return found, by_policy, records_read


# Values of messages

def leaves(message):
    """The texts of a message that is XML or JSON."""
    try:
        parsed = json.loads(message)
    except ValueError:
        text = message.decode("utf-8", "replace")
        return {value.strip() for value in re.findall(r">([^<>]+)<", text)}
    found, waiting = set(), [parsed]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, (str, int)):
            found.add(str(value).strip())
    return found


def values(folder, lines):
    """Values of the corpus that no record may have. Not those that are words of a policy, or what a record has by right: the
    requester, days, and numbers so short that they stand in any digest."""
    words = "\n".join(path.read_text() for path in [*(ROOT / "policies").glob("*.*"), *(ROOT / "src").rglob("*.toml")])
    found = set()
    for line in lines:
        for value in leaves((folder / line["file"]).read_bytes()):
            value = value[:60]
            is_day = re.fullmatch(r"\d{4}-?\d\d-?\d\d.*", value)
            is_ori = re.fullmatch(r"[A-Z]{2}[A-Z0-9]{7}", value)
            is_number = re.fullmatch(r"[0-9a-f.]{1,8}", value)
            if len(value) >= SHORTEST and "\n" not in value and not (is_day or is_ori or is_number or value in words):
                found.add(value)
    return found


def search(found, paths, work):
    """Fails if one of these values stands in one of these files."""
    patterns = work / "values"
    patterns.write_text("".join(value + "\n" for value in sorted(found)))
    for path in paths:
        hit = subprocess.run(["grep", "-aFo", "-m", "3", "-f", patterns, path], capture_output=True, text=True)
        if hit.returncode == 0:
            fail(f"P6: {path.name} has values of messages: {hit.stdout.splitlines()[:3]}")
        if hit.returncode != 1:
            fail(f"grep: {hit.stderr}")


# The sidecar

class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=60):
        super().__init__("sidecar", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Sidecar:
    """A sidecar in a folder, with frames, HTTP and the operator's socket there."""

    def __init__(self, folder, policy, more=()):
        self.folder = folder
        self.frames, self.http, self.control = folder / "f", folder / "h", folder / "c"
        self.log, self.stderr = folder / "log.ndjson", folder / "stderr"
        self.command = [PROGRAM, "serve", "--policy", policy, "--log", self.log, "--frames", self.frames,
                        "--http-socket", self.http, "--control", self.control, *more]
        self.process = None

    def start(self):
        with open(self.stderr, "ab") as stderr:
            before = self.stderr.stat().st_size
            self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=stderr)
        begun = time.monotonic()
        while b'"event":"ready"' not in self.stderr.read_bytes()[before:]:
            if self.process.poll() is not None:
                fail(f"the sidecar ended with {self.process.returncode}: {self.stderr.read_bytes()[before:].decode()}")
            if time.monotonic() - begun > 60:
                fail("the sidecar isn't ready after a minute")
            time.sleep(0.005)
        return time.monotonic() - begun

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        if self.process and self.process.poll() is None:
            self.process.kill() if kind else self.process.terminate()
            self.process.wait(60)

    def end(self):
        """Ends it as an operator does. The seconds that it took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        if status != 0:
            fail(f"the sidecar ended with status {status}: {self.stderr.read_text()[-1000:]}")
        return time.monotonic() - begun

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, method, path, body=None, timeout=60):
        """Asks the operator's socket: status, and JSON or text."""
        connection = UnixConnection(self.control, timeout)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        return answer.status, json.loads(text) if text.startswith("{") else text

    def reload(self):
        status, told = self.ask("POST", "/v1/reload")
        if status != 200:
            fail(f"reload: {status} {told}")
        return told["reload"]

    def metrics(self):
        return self.ask("GET", "/metrics")[1]

    def memory(self):
        """Resident memory in KiB."""
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())[1])

    def peak(self):
        return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def processor_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(corpus_file, place, *more):
    """The command of a load on `frames`, `http-socket` or `http`."""
    kind, at = place
    return [LOAD, "--corpus", corpus_file, f"--{kind}", at, "--output", "json", *map(str, more)]


def measured(command):
    """Runs a load, and gives what it measured. Whatever it finds wrong is a failure."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr[-3000:]}")
    return json.loads(done.stdout)


def row(name, told):
    times = "".join(f" {told['microseconds'][at] / 1000:.2f} |" for at in ("p50", "p99", "p99.9", "max"))
    return f"| {name} | {told['messages-a-second']:,.0f} |{times}"


HEADING = "| load | answers/s | p50 ms | p99 ms | p99.9 ms | max ms |\n| --- | --- | --- | --- | --- | --- |"
