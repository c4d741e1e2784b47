"""Runs a client against the lying server: what is right must come out as it is, everything else must be withheld.

    attack.py (http | tls | frames | stdio) LANGUAGE DRIVER...

HTTP is tried on a Unix socket and on TCP; `tls` needs CERTIFICATES, a folder with `ca.pem`, `other-ca.pem`, `localhost.pem` and
`example.pem`. ONLY is a regular expression for the names of cases. It ends with 1 if the client fails at anything.

A driver calls the client. It reads lines: fields in hexadecimal digits, with tabs between them: the address, the deadline in
milliseconds, the limit, the file of the message, the file of the CA or nothing, then the names and values of attributes. For each it
answers a line: `output` and the output in hexadecimal digits, or `withheld`, the disposition, the reason, the review (`-` for none) and
whatever the error says.
"""

import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import lying_server as lies
from lying_server import Case, Server

TOLD = re.compile(r"withheld ((-|held|withheld) (-|[A-Za-z0-9_.:-]{1,64}) (-|[A-Za-z0-9_.:-]{1,64})) .*")


class Driver:
    def __init__(self, command: list[str], environment: dict[str, str]):
        self.command, self.environment = command, environment
        self.start()

    def start(self) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(self.command, env=self.environment, text=True, **pipes)

    def call(self, fields: list[str], within: float) -> str:
        """A line, or what is none if there isn't one in time."""
        killed = threading.Timer(within + 5, self.process.kill)
        killed.start()
        try:
            self.process.stdin.write("\t".join(field.encode().hex() for field in fields) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        killed.cancel()
        if not line:
            self.end()
            self.start()
        return line.strip("\n")

    def end(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.wait()


class Attack:
    def __init__(self, kind: str, command: list[str], folder: Path):
        self.kind, self.folder = kind, folder
        self.is_http = kind in ("http", "tls")
        self.failures: list[str] = []
        self.ids: list[str] = []
        self.count = self.number = 0
        self.files = {lies.MESSAGE: "message", lies.LARGE_MESSAGE: "large", b"": "empty"}
        for message, name in self.files.items():
            (folder / name).write_bytes(message)
        # Whoever asks a proxy, or is redirected, comes to an honest place.
        self.proxy, self.redirected = (Server(Case("redirected", lies.http), True) for _ in range(2))
        for server in (self.proxy, self.redirected):
            server.listen(socket.create_server(("127.0.0.1", 0)))
        proxy, lies.REDIRECTION[0] = (f"http://127.0.0.1:{each.listening.getsockname()[1]}" for each in (self.proxy, self.redirected))
        names = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        environment = {**os.environ, **dict.fromkeys(names, proxy), "no_proxy": "", "NO_PROXY": "", "NODE_USE_ENV_PROXY": "1"}
        self.driver = Driver(command, environment)

    def attempt(self, case: Case, is_tcp: bool, ca: str = "", wrap=lambda connection: connection) -> None:
        server = Server(case, self.is_http)
        self.number += 1
        if is_tcp:
            listening = socket.create_server(("127.0.0.1", 0))
            address = f"{'https' if ca else 'http'}://{'localhost' if ca else '127.0.0.1'}:{listening.getsockname()[1]}"
        elif self.kind == "stdio":
            listening, address = None, "\n".join([sys.executable, str(Path(__file__).with_name("lying_server.py")), case.name])
        else:
            listening, address = socket.socket(socket.AF_UNIX), str(self.folder / f"{self.number}.sock")
            listening.bind(address)
        if listening:
            server.listen(listening, wrap)
        for call in range(1, case.calls + 1):
            attributes = [part.replace("{}", str(call)) for attribute in case.attributes for part in attribute]
            message = str(self.folder / self.files[case.message])
            begin = time.monotonic()
            line = self.driver.call([address, str(int(case.deadline * 1000)), str(case.limit), message, ca, *attributes], case.within)
            faults = self.judge(case, line, case.output.replace(b"{}", str(call).encode()))
            if time.monotonic() - begin > case.within:
                faults.append(f"it took {time.monotonic() - begin:.1f} s")
            place = "TCP" if is_tcp else self.kind
            self.failures += [f"{place}: {case.name}, call {call}: {fault}" for fault in faults]
        self.count += 1
        if listening:
            listening.close()
            self.failures += [f"{case.name}: {fault}" for fault in self.judge_server(case, server)]

    @staticmethod
    def judge(case: Case, line: str, output: bytes) -> list[str]:
        told = TOLD.fullmatch(line)
        if line == f"output {output.hex()}" and case.expected != "withheld":
            return []
        if told is None or case.expected == "output":
            return [f"it says {line[:200]!r}"]
        if told[1] != case.told and case.expected == "withheld":
            return [f"it tells {told[1]!r} instead of {case.told!r}"]
        return [f"what it says has a value: {line!r}"] if lies.SECRET in line or "JORDAN" in line else []

    def judge_server(self, case: Case, server: Server) -> list[str]:
        faults = list(server.faults)
        self.ids += [id for id in server.requests if not id.startswith("m-")]
        most = case.calls if case.requests is None else case.requests
        if server.connections > most:
            faults.append(f"{server.connections} connections came, {most} may")
        if case.expected == "output" and len(server.requests) != case.calls:
            faults.append(f"{len(server.requests)} requests came instead of {case.calls}")
        if case.is_bounded and server.sent > case.limit + lies.BUFFERS:
            faults.append(f"{server.sent} bytes of the answer were taken")
        return faults

    def attempt_tls(self) -> None:
        folder = Path(os.environ["CERTIFICATES"])

        def wrapped(name: str):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / f"{name}.pem")
            return lambda connection: context.wrap_socket(connection, server_side=True)

        ca = str(folder / "ca.pem")
        slow = [case for case in lies.HTTP_LIES if case.name in ("silence", "drips its head", "drips its body", "takes no message", "body cut")]
        for case in [*lies.HTTP_TRUTHS, *lies.HTTP_REFUSALS, *slow]:
            self.attempt(case, True, ca, wrapped("localhost"))
        for name, trusted, certificate in (("CA", "other-ca.pem", "localhost"), ("name", "ca.pem", "example")):
            server = Case(f"a certificate of another {name}", lies.http, requests=1)
            self.attempt(server, True, str(folder / trusted), wrapped(certificate))
        self.attempt(Case("no TLS", lambda r: b"HTTP/1.1 400 Bad Request\r\n\r\n", after="connection", ends=True), True, ca)
        self.attempt(Case("no handshake", lambda r: iter([lies.FOREVER]), after="connection", requests=1, **lies.SLOW), True, ca)

    def all(self) -> None:
        if self.kind == "tls":
            return self.attempt_tls()
        if self.is_http:
            cases = lies.HTTP_TRUTHS + lies.HTTP_REFUSALS + lies.HTTP_LIES + lies.HTTP_UNSENT
        else:
            cases = lies.FRAME_TRUTHS + lies.FRAME_REFUSALS + lies.FRAME_LIES + lies.FRAME_ODD + lies.FRAME_UNSENT
        if self.kind == "stdio":
            # A child for each takes long, and what a head says is the same on a socket.
            cases = [case for case in cases if not re.match(r"head |twice: |disposition |user |correlation-id |attributes of|\d+ bytes", case.name)]
        for is_tcp in (False, True) if self.is_http else (False,):
            for case in cases:
                if re.search(os.environ.get("ONLY", ""), case.name):
                    self.attempt(case, is_tcp)
            # Nobody is there.
            gone = socket.create_server(("127.0.0.1", 0))
            addresses = [f"http://127.0.0.1:{gone.getsockname()[1]}"] if is_tcp else [str(self.folder / name) for name in ("none", "x" * 2000)]
            gone.close()
            for address in addresses:
                line = self.driver.call([address, "5000", "1000", str(self.folder / "message"), ""], 10)
                self.failures += [f"nobody is there: {fault}" for fault in self.judge(Case("nobody", lies.http), line, b"")]


def main() -> int:
    kind, language, *command = sys.argv[1:]
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        attack = Attack(kind, command, Path(folder))
        attack.all()
        attack.driver.end()
    if len(set(attack.ids)) != len(attack.ids):
        attack.failures.append("two calls have one id")
    if attack.proxy.connections or attack.redirected.connections:
        attack.failures.append("it followed a redirection, or asked a proxy")
    if attack.driver.process.returncode != 0:
        attack.failures.append(f"its driver ended with {attack.driver.process.returncode}")
    for failure in attack.failures:
        print(f"{language}: {kind}: {failure}", file=sys.stderr)
    if not attack.failures:
        print(f"{language}: {kind}: {attack.count} answers, none of them wrongly forwarded or withheld ({time.monotonic() - begin:.0f} s)")
    return 1 if attack.failures or not attack.count else 0


if __name__ == "__main__":
    sys.exit(main())
