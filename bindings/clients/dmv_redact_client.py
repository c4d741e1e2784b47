"""Asks a dmv-redact sidecar over HTTP. A file to copy; it needs nothing but Python 3.9 or later.

    client = Client("/run/dmv-redact/http.sock")  # or "http://127.0.0.1:8080", or "https://host:8443" with an ssl.SSLContext
    output = client.redact(message, requester="AZ0070000", purpose="C", claim=["one", "another"])
    # Forward the output; forward nothing if it raises Withheld.

A connection and a deadline for each call; no retry, no redirect, no proxy. Threads may share a client.
"""

import hashlib
import re
import secrets
import socket
import time
from urllib.parse import urlsplit

WORD = "[A-Za-z0-9_.:-]{1,64}"


class Withheld(Exception):
    """Nothing may go out. `disposition`, `reason` and `review` are what the sidecar says, or None."""

    def __init__(self, why, disposition=None, reason=None, review=None):
        super().__init__(why)
        self.disposition, self.reason, self.review = disposition, reason, review


class Client:
    def __init__(self, address, deadline=10.0, limit=16 << 20, tls=None):
        """The deadline is in seconds, the limit in bytes of output."""
        self.url = urlsplit(address if "://" in address else "unix://localhost")
        if self.url.scheme not in ("unix", "http", "https") or (self.url.scheme == "https" and not tls):
            raise ValueError("neither a path, nor http://HOST:PORT, nor https://HOST:PORT with an SSLContext")
        self.address, self.deadline, self.limit, self.tls = address, deadline, limit, tls

    def redact(self, message, **attributes):
        """The output for a message. Attributes are named as the protocol's headers. `review` asks for a held message; `message` is empty."""
        id = attributes.setdefault("correlation_id", secrets.token_hex(16))
        review = attributes.pop("review", None)
        path = "/v1/redact" if review is None else f"/v1/reviews/{review}/deliver"
        fields = [(name, value) for name, values in attributes.items() for value in ([values] if isinstance(values, str) else values)]
        # Nothing that could end a header, or be changed in one.
        is_sound = all(re.fullmatch("[a-z][a-z_]*", name) and re.fullmatch("[!-~]([ -~]*[!-~])?", value) for name, value in fields)
        if not is_sound or not re.fullmatch(WORD, id) or not re.fullmatch(WORD, id if review is None else review):
            raise Withheld("an attribute can't be sent")
        head = f"POST {path} HTTP/1.1\r\nhost: {self.url.netloc}\r\nconnection: close\r\ncontent-length: {len(message)}\r\n"
        head += "".join(f"dmv-{name.replace('_', '-')}: {value}\r\n" for name, value in fields)
        try:
            answer = self._exchange(head.encode() + b"\r\n" + message)
        except OSError:
            answer = b""
        end = max(answer.find(b"\r\n\r\n", 0, 65536), 0)
        (status, *lines), body = answer[:end].decode("latin-1").split("\r\n"), answer[end + 4 :]
        if not re.fullmatch(r"HTTP/1\.1 [0-9]{3}( [\t -~]*)?", status) or not all(re.fullmatch(r"[!-9;-~]+:[\t -~]*", line) for line in lines):
            raise Withheld("no answer in time, or none of HTTP/1.1")

        def once(name):
            values = [line.partition(":")[2].strip() for line in lines if line.lower().startswith(name + ":")]
            return values[0] if len(values) == 1 else None if values else ""

        disposition, words = once("dmv-disposition"), (once("dmv-reason"), once("dmv-review"))
        is_own = once("dmv-correlation-id") == id
        # A sidecar states the length: an answer in chunks or in gzip was changed on its way.
        is_whole = once("content-length") == str(len(body)) and once("transfer-encoding") == once("content-encoding") == ""
        is_same = 0 < len(body) <= self.limit and once("dmv-sha256") == hashlib.sha256(body).hexdigest()
        if status[9:12] == "200" and disposition in ("released", "redacted") and is_own and is_whole and is_same:
            return body
        if is_own and disposition in ("held", "withheld"):
            raise Withheld(disposition, disposition, *(word if re.fullmatch(WORD, word or "") else None for word in words))
        raise Withheld(f"no release, with status {status[9:12]}")

    def _exchange(self, request):
        end = time.monotonic() + self.deadline

        def left():
            if time.monotonic() >= end:
                raise TimeoutError
            return max(end - time.monotonic(), 0.001)

        family, place = socket.AF_UNIX, self.address
        if self.url.scheme != "unix":
            family, _, _, _, place = socket.getaddrinfo(self.url.hostname, self.url.port, type=socket.SOCK_STREAM)[0]
        answer, connection = bytearray(), socket.socket(family)
        try:
            connection.settimeout(left())
            connection.connect(place)
            if self.url.scheme == "https":
                connection.settimeout(left())
                connection = self.tls.wrap_socket(connection, server_hostname=self.url.hostname)
            connection.settimeout(left())
            connection.sendall(request)
            while len(answer) <= self.limit + 65536:
                connection.settimeout(left())
                part = connection.recv(65536)
                if not part:
                    return bytes(answer)
                answer += part
            return b""
        finally:
            connection.close()
