"""Asks a dmv-redact sidecar in frames. A file to copy; it needs nothing but Python 3.9 or later, on Unix.

    client = FramesClient("/run/dmv-redact/frames.sock")  # or a child: ["dmv-redact", "serve", "--stdio", ...]
    output = client.redact(message, requester="AZ0070000", purpose="C", claims=["one", "another"])
    # Forward the output; forward nothing if it raises Withheld.

A connection for each call, but a child answers many; it is ended after an answer that isn't right, and by `close`. A deadline for each
call; no retry. One thread at a time.
"""

import hashlib
import json
import re
import secrets
import socket
import struct
import subprocess
import time

WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
BESIDE = ("date", "source", "receipt", "review")


class Withheld(Exception):
    """Nothing may go out. `disposition`, `reason` and `review` are what the sidecar says, or None."""

    def __init__(self, why, disposition=None, reason=None, review=None):
        super().__init__(why)
        self.disposition, self.reason, self.review = disposition, reason, review


class FramesClient:
    def __init__(self, address, deadline=10.0, limit=16 << 20):
        """The deadline is in seconds, the limit in bytes of output."""
        self.address, self.deadline, self.limit = address, deadline, limit
        self.connection = self.child = None

    def redact(self, message, **attributes):
        """The output for a message. Attributes are named as the protocol's members. `review` asks for a held message; `message` is empty."""
        id = attributes.setdefault("correlation_id", secrets.token_hex(16))
        members = {name.replace("_", "-"): value for name, value in attributes.items()}
        request = {name: members.pop(name) for name in BESIDE if name in members}
        head = json.dumps({"request": members, **request}).encode()
        if not WORD.fullmatch(id) or len(head) > 65536:
            raise Withheld("an attribute can't be sent")
        try:
            answer, body = self._exchange(struct.pack(">II", len(head), len(message)) + head + message)
        except Exception:
            answer, body = {}, b""
        is_own = answer.get("correlation-id") == id
        if not is_own or self.child is None:
            self.close()
        disposition = answer.get("disposition")
        is_same = body != b"" and answer.get("sha256") == hashlib.sha256(body).hexdigest()
        if is_own and is_same and disposition in ("released", "redacted"):
            return body
        if is_own and disposition in ("held", "withheld"):
            words = [answer.get(name) for name in ("reason", "review")]
            raise Withheld(disposition, disposition, *(word if isinstance(word, str) and WORD.fullmatch(word) else None for word in words))
        raise Withheld("no right answer in time")

    def close(self):
        """Ends the connection, or the child."""
        if self.connection:
            self.connection.close()
        if self.child:
            self.child.terminate()
            try:
                self.child.wait(1)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.connection = self.child = None

    def _exchange(self, request):
        end = time.monotonic() + self.deadline

        def before_end():
            if time.monotonic() >= end:
                raise TimeoutError
            self.connection.settimeout(max(end - time.monotonic(), 0.001))
            return self.connection

        def read(length):
            data = bytearray()
            while len(data) < length:
                part = before_end().recv(min(length - len(data), 65536))
                if not part:
                    raise EOFError
                data += part
            return bytes(data)

        if self.connection is None and isinstance(self.address, str):
            self.connection = socket.socket(socket.AF_UNIX)
            before_end().connect(self.address)
        elif self.connection is None:
            self.connection, other = socket.socketpair()
            with other:
                self.child = subprocess.Popen(self.address, stdin=other, stdout=other)
        before_end().sendall(request)
        head_length, length = struct.unpack(">II", read(8))
        if head_length > 65536 or length > self.limit:
            raise ValueError
        answer = json.loads(read(head_length).decode(), object_pairs_hook=_object, parse_constant=_refused)
        if not isinstance(answer, dict):
            raise ValueError
        return answer, read(length)


def _object(members):
    if len(dict(members)) != len(members):
        raise ValueError("a member is there twice")
    return dict(members)


def _refused(constant):
    raise ValueError(f"{constant} is no JSON")
