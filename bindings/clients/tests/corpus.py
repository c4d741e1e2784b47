"""Runs a client against the real sidecar: what fixtures/corpus.tsv says must come out, and what is held must come once it is approved.

    corpus.py (http | frames | stdio) LANGUAGE DRIVER...

PROGRAM is dmv-redact. SERVED is the folder of a sidecar that decides by the policy of Massachusetts: `http.sock`, `frames.sock`, the
queue `queue.db` and its key `key`, and in `address` where it answers HTTP on TCP. With `stdio` the client runs a sidecar of its own. It
ends with 1 if the client fails at anything. The drivers are those of attack.py.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from attack import TOLD, Driver

ROOT = Path(__file__).resolve().parents[3]
POLICY = "policies/massachusetts.toml"
COLUMNS = "policy key message requester purpose claim instrument date disposition output receipt".split()
ATTRIBUTES = ("requester", "purpose", "claim", "instrument", "date")

# Lines of each disposition.
EACH = 5

# What is held without a grant, and what goes out with it.
HELD = "fixtures/dr-ice/message.xml"


class Corpus:
    def __init__(self, kind: str, command: list[str], own: Path):
        self.own, self.program, self.served = own, os.environ["PROGRAM"], Path(os.environ["SERVED"])
        self.failures: list[str] = []
        self.count = 0
        text = (ROOT / "fixtures/corpus.tsv").read_text().splitlines()[1:]
        self.lines = [line for line in (dict(zip(COLUMNS, text.split("\t"))) for text in text) if line["policy"] == POLICY]
        # No client of frames here knows an instrument.
        self.sendable = [line for line in self.lines if kind == "http" or line["instrument"] == "-"]
        self.queue = ["--review", str(self.served / "queue.db"), "--review-key", str(self.served / "key"), "--policy", "massachusetts"]
        self.log = str(own / "child.log")
        child = [self.program, "serve", "--stdio", "--log", self.log, *self.queue]
        self.addresses = {
            "http": [str(self.served / "http.sock"), (self.served / "address").read_text().strip()],
            "frames": [str(self.served / "frames.sock")],
            "stdio": ["\n".join(["sh", "-c", 'exec "$@" 2>"$0"', str(own / "told"), *child])],
        }[kind]
        # Nobody is there: a client that asks a proxy gets nothing.
        proxy = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
        self.driver = Driver(command, {**os.environ, **proxy, "no_proxy": "", "NO_PROXY": ""})

    def call(self, address: str, message: Path, attributes: dict[str, str]) -> str:
        pairs = [part for pair in attributes.items() for part in pair]
        self.count += 1
        return self.driver.call([address, "20000", str(1 << 20), str(message), "", *pairs], 25)

    def expect(self, what: str, said: str, disposition: str, output: str) -> str:
        """The review of what is held."""
        told = TOLD.fullmatch(said)
        if disposition in ("released", "redacted"):
            is_right = said.startswith("output ") and hashlib.sha256(bytes.fromhex(said[7:])).hexdigest() == output
        else:
            is_right = told is not None and told[2] == disposition and told[3] != "-" and (told[4] != "-") == (disposition == "held")
        if not is_right:
            self.failures.append(f"{what}: it says {said[:200]!r} instead of {disposition}")
        return told[4] if told else "-"

    def ask(self, address: str, line: dict[str, str]) -> str:
        said = self.call(address, ROOT / line["message"], {name: line[name] for name in ATTRIBUTES if line[name] != "-"})
        return self.expect(" ".join(line[name] for name in COLUMNS[2:8]), said, line["disposition"], line["output"])

    def deliver(self, address: str) -> None:
        of_agency = [line for line in self.lines if line["message"] == HELD and line["requester"] == "VTICE0900"]
        held, granted = (next(line for line in of_agency if line["disposition"] == each) for each in ("held", "redacted"))
        review = self.ask(address, held)
        (self.own / "empty").write_bytes(b"")
        asked = lambda: self.call(address, self.own / "empty", {"review": review})
        self.expect("a review that waits", asked(), "held", "")
        grants = ["--claim", granted["claim"], "--instrument", granted["instrument"]]
        approve = [self.program, "review", "approve", review, "--by", "ROE, J", *grants, *self.queue, "--log", str(self.own / "desk.log")]
        done = subprocess.run(approve, capture_output=True, text=True)
        if done.returncode != 0:
            self.failures.append(f"{approve}: {done.stderr}")
        self.expect("a review that was approved", asked(), granted["disposition"], granted["output"])

    def all(self) -> None:
        for address in self.addresses:
            for disposition in ("released", "redacted", "held", "withheld"):
                some = [line for line in self.sendable if line["disposition"] == disposition][:EACH]
                if not some:
                    self.failures.append(f"the corpus has nothing {disposition}")
                for line in some:
                    self.ask(address, line)
            self.deliver(address)


def main() -> int:
    kind, language, *command = sys.argv[1:]
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        corpus = Corpus(kind, command, Path(folder))
        corpus.all()
        corpus.driver.end()
        if kind == "stdio":
            verified = subprocess.run([corpus.program, "log", "verify", corpus.log], capture_output=True, text=True)
            if verified.returncode != 0:
                corpus.failures.append(f"the log of its child: {verified.stdout}{verified.stderr}")
    if corpus.driver.process.returncode != 0:
        corpus.failures.append(f"its driver ended with {corpus.driver.process.returncode}")
    for failure in corpus.failures:
        print(f"{language}: {kind}: {failure}", file=sys.stderr)
    if not corpus.failures:
        print(f"{language}: {kind}: {corpus.count} answers of the sidecar as the corpus has them ({time.monotonic() - begin:.0f} s)")
    return 1 if corpus.failures else 0


if __name__ == "__main__":
    sys.exit(main())
