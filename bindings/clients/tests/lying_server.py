"""A sidecar that lies, in HTTP and in frames: what it answers, case by case. `attack.py` runs clients against it.

    lying_server.py CASE    is a child that answers frames on stdin and stdout as the case does

It sends what no library would, so it works on raw sockets.
"""

import hashlib
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# Bytes that a client which decodes text, or ends lines, would change.
OUTPUT = b"<name>JORDAN</name>\r\n\r\n\x00\xff\n"
# In each message and in each body of a lie that has room; never in what a client tells.
SECRET = "900-12-3456"
LIMIT = 1 << 20
LARGE = bytes(range(256)) * (LIMIT // 256)
MESSAGE = f"<person><name>JORDAN</name><ssn>{SECRET}</ssn></person>\n".encode()
# More than sockets buffer.
LARGE_MESSAGE = MESSAGE * 300_000 + LARGE + b"</end>"
FOREVER = 60.0
# What sockets buffer of an endless answer, beside what a client takes.
BUFFERS = 24 << 20


@dataclass
class Request:
    """Attributes are named as in headers, without `dmv-`, and as in frames' `request` and beside it."""

    attributes: list[tuple[str, object]]
    message: bytes
    path: str
    number: int  # of the requests of its case, from 1

    @property
    def id(self) -> str:
        return str(dict(self.attributes).get("correlation-id", "none"))


@dataclass
class Case:
    """`answer` gives bytes, or pieces: bytes and seconds to pause."""

    name: str
    answer: Callable[[Request], bytes | Iterator[bytes | float]]
    # `output`: exactly that comes out. `withheld`: nothing. `either`: one of the two. `{}` in output and attributes is the number of the call.
    expected: str = "withheld"
    told: str = "- - -"  # disposition, reason, review
    output: bytes = OUTPUT
    after: str = "request"  # when it answers: after `request`, `head` or `connection`
    ends: bool | None = None  # closes after its answer; HTTP does, frames don't
    calls: int = 1
    attributes: tuple[tuple[str, str], ...] = (("requester", "AZ0070000"), ("purpose", "C"))
    message: bytes = MESSAGE
    limit: int = LIMIT
    deadline: float = 30.0
    within: float = 15.0  # seconds in which a call ends
    is_bounded: bool = True  # the client takes hardly more of the answer than its limit
    requests: int | None = None  # that may come; left out, one for each call


# A client ends these by its deadline alone.
SLOW = {"deadline": 0.6, "within": 5.0}


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def drip(data: bytes) -> Iterator[bytes | float]:
    """A byte at a time, in less than the deadline."""
    for byte in data:
        yield bytes([byte])
        yield 0.05


def in_pieces(data: bytes) -> Iterator[bytes | float]:
    for byte in data:
        yield bytes([byte])
        yield 0.0003


def endless(start: bytes, piece: bytes) -> Iterator[bytes | float]:
    yield start
    end = time.monotonic() + FOREVER
    while time.monotonic() < end:
        yield piece


# HTTP


def http(
    r: Request, body: bytes = OUTPUT, status: str = "200 OK", more: str = "", first: str = "", sent: bytes | None = None, **changed
) -> bytes:
    """An answer that is right but for what is changed: `None` leaves a header out, `sent` is the body on the wire."""
    fields = {
        "content-length": len(body), "connection": "close", "dmv-disposition": "redacted", "dmv-sha256": digest(body),
        "dmv-correlation-id": r.id, **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    head = f"HTTP/1.1 {status}\r\n{first}" + "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None) + more
    return head.encode("latin-1") + b"\r\n" + (body if sent is None else sent)


def refusal(r: Request, status: str, disposition: str | None = None, **changed) -> bytes:
    return http(r, b'{"error": "it says so to people"}', status, dmv_disposition=disposition, dmv_sha256=None, **changed)


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


CHUNKED = {"content_length": None, "transfer_encoding": "chunked"}
WHOLE_CHUNKS = chunked(OUTPUT[:7], OUTPUT[7:]) + b"0\r\n\r\n"
# The case that a redirection leads to, put in by `attack.py`.
REDIRECTION = [""]


def http_attributes(r: Request) -> bytes:
    wanted = [("claim", "one"), ("claim", "two"), ("line", "7"), ("user", 'J. "X\\Y" DOE'), ("correlation-id", "m-1"), ("date", "2026-01-02")]
    return http(r) if sorted(r.attributes) == sorted(wanted) and r.path == "/v1/redact" else refusal(r, "400 Bad Request")


def http_review(r: Request) -> bytes:
    return http(r) if r.path == "/v1/reviews/77c0/deliver" and not r.message and len(r.attributes) == 1 else refusal(r, "404 Not Found")


ATTRIBUTES = (("claim", "one"), ("claim", "two"), ("line", "7"), ("user", 'J. "X\\Y" DOE'), ("correlation-id", "m-1"), ("date", "2026-01-02"))

HTTP_TRUTHS = [
    Case("redacted", http, "output"),
    Case("released", lambda r: http(r, dmv_disposition="released"), "output"),
    Case("three calls", lambda r: http(r, b"output %d" % r.number), "output", output=b"output {}", calls=3),
    Case("1 MiB of every byte", lambda r: http(r, LARGE), "output", output=LARGE),
    Case("a large message, too", lambda r: http(r, r.message[-LIMIT:]), "output", output=LARGE_MESSAGE[-LIMIT:], message=LARGE_MESSAGE),
    Case("in pieces", lambda r: in_pieces(http(r)), "output"),
    Case("other headers", lambda r: http(r, first="Server: x\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\n", more="X-Y:\r\n"), "output"),
    Case("capital letters", lambda r: http(r).replace(b"dmv-d", b"DMV-D").replace(b"content-l", b"Content-L"), "output"),
    Case("no phrase", lambda r: http(r, status="200 "), "output"),
    Case("attributes", http_attributes, "output", attributes=ATTRIBUTES),
    Case("a held message", http_review, "output", attributes=(("review", "77c0"),), message=b""),
]
HTTP_REFUSALS = [
    Case("403 held", lambda r: refusal(r, "403 Forbidden", "held", dmv_reason="review", dmv_review="77c0"), told="held review 77c0"),
    Case("403 withheld", lambda r: refusal(r, "403 Forbidden", "withheld", dmv_reason="purpose-unknown"), told="withheld purpose-unknown -"),
    Case("429", lambda r: refusal(r, "429 Too Many Requests", "withheld", dmv_reason="rate"), told="withheld rate -"),
    Case("503", lambda r: refusal(r, "503 Service Unavailable", retry_after="1"), requests=1),
    Case("503 without an id", lambda r: refusal(r, "503 Service Unavailable", dmv_correlation_id=None), requests=1),
    Case("400", lambda r: refusal(r, "400 Bad Request")),
    # What a refusal tells is of the request, or isn't told: the review of another would be delivered in its place.
    Case("refusal of another", lambda r: refusal(r, "403 Forbidden", "held", dmv_review="77c0", dmv_correlation_id="m-2")),
    # What is told may go into a log, so it is a word.
    Case("reason with a value", lambda r: refusal(r, "403 Forbidden", "withheld", dmv_reason=f"for {SECRET} JORDAN"), told="withheld - -"),
    Case("reason too long", lambda r: refusal(r, "403 Forbidden", "withheld", dmv_reason="a" * 65), told="withheld - -"),
    Case("two reasons", lambda r: refusal(r, "403 Forbidden", "withheld", dmv_reason="a", more="dmv-reason: b\r\n"), told="withheld - -"),
    Case("another disposition", lambda r: refusal(r, "403 Forbidden", "Withheld", dmv_reason="review")),
]
HTTP_LIES = [
    Case("digest of another body", lambda r: http(r, dmv_sha256=digest(b"another"))),
    Case("digest wrong at its end", lambda r: http(r, dmv_sha256=digest(OUTPUT)[:-1] + "g")),
    Case("digest cut", lambda r: http(r, dmv_sha256=digest(OUTPUT)[:-1])),
    Case("no digest", lambda r: http(r, dmv_sha256=None)),
    Case("empty digest", lambda r: http(r, dmv_sha256="")),
    Case("digest in capitals", lambda r: http(r, dmv_sha256=digest(OUTPUT).upper())),
    Case("digest twice", lambda r: http(r, more=f"dmv-sha256: {digest(OUTPUT)}\r\n")),
    Case("digest twice, wrong first", lambda r: http(r, first=f"dmv-sha256: {digest(b'')}\r\n")),
    Case("digest twice, wrong last", lambda r: http(r, more=f"dmv-sha256: {digest(b'')}\r\n")),
    Case("empty body, its digest", lambda r: http(r, b"")),
    Case("empty body, nothing stated", lambda r: http(r, b"", dmv_sha256=None)),
    Case("no disposition", lambda r: http(r, dmv_disposition=None)),
    Case("a refusal's body with 200", lambda r: refusal(r, "200 OK")),
    Case("200 and no header", lambda r: b"HTTP/1.1 200 OK\r\n\r\n" + OUTPUT),
    Case("200 and a length", lambda r: b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
    *(
        Case(f"disposition {value!r}", lambda r, value=value: http(r, dmv_disposition=value))
        for value in ("", "Released", "RELEASED", "unreleased", "releasedx", "released, held", "released, released", "released; q=0", '"released"')
    ),
    Case("held", lambda r: http(r, dmv_disposition="held"), told="held - -"),
    Case("withheld", lambda r: http(r, dmv_disposition="withheld"), told="withheld - -"),
    Case("withheld, the original", lambda r: http(r, r.message, dmv_disposition="withheld"), told="withheld - -"),
    Case("disposition twice", lambda r: http(r, more="dmv-disposition: redacted\r\n")),
    Case("released and withheld", lambda r: http(r, dmv_disposition="released", more="dmv-disposition: withheld\r\n")),
    Case("withheld and released", lambda r: http(r, dmv_disposition="withheld", more="dmv-disposition: released\r\n")),
    Case("released and WITHHELD", lambda r: http(r, more="DMV-DISPOSITION: withheld\r\n")),
    Case("disposition over two lines", lambda r: http(r, dmv_disposition="released\r\n held")),
    Case("disposition in a trailer", lambda r: http(r, dmv_disposition=None, trailer="dmv-disposition",
         sent=chunked(OUTPUT) + b"0\r\ndmv-disposition: released\r\n\r\n", **CHUNKED)),
    *(
        Case(status, lambda r, status=status: http(r, status=status), deadline=2.0)
        for status in (
            "201 Created", "202 Accepted", "203 Non-Authoritative Information", "204 No Content", "206 Partial Content", "304 Not Modified",
            "404 Not Found", "500 Internal Server Error", "503 Service Unavailable", "299 Fine", "000 Nothing", "2000 OK", "20 OK", "+200 OK",
        )
    ),
    *(
        Case(status, lambda r, status=status: http(r, status=status, location=REDIRECTION[0]), requests=1)
        for status in ("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect")
    ),
    Case("401 asks for a password", lambda r: http(r, status="401 Unauthorized", www_authenticate='Basic realm="x"'), requests=1),
    Case("407 asks for a password", lambda r: http(r, status="407 Proxy Authentication Required", proxy_authenticate="Basic"), requests=1),
    Case("408 asks for another try", lambda r: http(r, status="408 Request Timeout"), requests=1),
    Case("421 asks for another try", lambda r: http(r, status="421 Misdirected Request"), requests=1),
    Case("403 released", lambda r: http(r, status="403 Forbidden", dmv_disposition="released")),
    Case("403 withheld, the original", lambda r: http(r, r.message, "403 Forbidden", dmv_disposition="withheld"), told="withheld - -"),
    Case("100 alone", lambda r: http(r, status="100 Continue"), **SLOW),
    Case("100 before the answer", lambda r: b"HTTP/1.1 100 Continue\r\n\r\n" + http(r), "either"),
    Case("100 before a refusal", lambda r: b"HTTP/1.1 100 Continue\r\n\r\n" + http(r, status="403 Forbidden")),
    Case("100 with all of it before a 403",
         lambda r: http(r, status="100 Continue", sent=b"") + http(r, status="403 Forbidden", dmv_disposition=None)),
    Case("100 for ever", lambda r: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), **SLOW),
    Case("101", lambda r: http(r, status="101 Switching Protocols"), **SLOW),
    Case("103 alone", lambda r: http(r, status="103 Early Hints"), **SLOW),
    Case("another protocol", lambda r: http(r).replace(b"HTTP/1.1", b"ICY/1.1", 1), deadline=2.0),
    Case("HTTP/0.9", lambda r: OUTPUT),
    Case("no id", lambda r: http(r, dmv_correlation_id=None)),
    Case("another id", lambda r: http(r, dmv_correlation_id="m-2")),
    Case("longer id", lambda r: http(r, dmv_correlation_id=r.id + "0")),
    Case("id in capitals", lambda r: http(r, dmv_correlation_id="M-1"), attributes=(("correlation-id", "m-1"),)),
    Case("id twice", lambda r: http(r, more=f"dmv-correlation-id: {r.id}\r\n")),
    Case("id twice, another first", lambda r: http(r, first="dmv-correlation-id: m-2\r\n")),
    Case("id twice, another last", lambda r: http(r, more="dmv-correlation-id: m-2\r\n")),
    Case("body cut", lambda r: http(r, sent=OUTPUT[:-1])),
    Case("body cut, its digest", lambda r: http(r, sent=OUTPUT[:-1], dmv_sha256=digest(OUTPUT[:-1]))),
    Case("body cut, open", lambda r: http(r, sent=OUTPUT[:-1]), ends=False, **SLOW),
    Case("body beyond the length", lambda r: http(r, content_length=len(OUTPUT) - 1)),
    # A client may read as much as the length says, and close.
    Case("garbage after the body", lambda r: http(r, sent=OUTPUT + b"x"), "either"),
    Case("two answers", lambda r: http(r) + http(r, b"another"), "either"),
    Case("a refusal, then an answer", lambda r: refusal(r, "403 Forbidden", "withheld") + http(r), told="withheld - -"),
    Case("length 0", lambda r: http(r, content_length=0)),
    Case("length of garbage", lambda r: http(r, content_length="many")),
    Case("negative length", lambda r: http(r, content_length=-1)),
    Case("length of 4 GiB", lambda r: http(r, content_length=1 << 32)),
    Case("length of 2^64", lambda r: http(r, content_length=(1 << 64) + len(OUTPUT))),
    Case("two lengths", lambda r: http(r, more="content-length: 3\r\n")),
    # A sidecar states the length.
    Case("until it closes", lambda r: http(r, content_length=None)),
    Case("chunks", lambda r: http(r, sent=WHOLE_CHUNKS, **CHUNKED)),
    Case("chunks, and their digest", lambda r: http(r, WHOLE_CHUNKS, transfer_encoding="chunked")),
    Case("chunks cut", lambda r: http(r, sent=WHOLE_CHUNKS[:12], **CHUNKED)),
    Case("no last chunk", lambda r: http(r, sent=chunked(OUTPUT), **CHUNKED)),
    Case("chunk of garbage", lambda r: http(r, sent=b"zz\r\n" + OUTPUT, **CHUNKED)),
    Case("chunk of 2^64", lambda r: http(r, sent=b"ffffffffffffffff\r\n" + OUTPUT, **CHUNKED)),
    Case("chunks and a length", lambda r: http(r, sent=WHOLE_CHUNKS, transfer_encoding="chunked")),
    Case("gzip, its digest", lambda r: http(r, b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + OUTPUT, content_encoding="gzip")),
    Case("gzip that is none", lambda r: http(r, content_encoding="gzip")),
    Case("coding br", lambda r: http(r, content_encoding="br")),
    Case("transfer-encoding gzip", lambda r: http(r, transfer_encoding="gzip")),
    Case("answered before the request", lambda r: http(r), after="connection"),
    Case("answered before the request, its id", http, "either", after="connection", attributes=(("correlation-id", "none"),)),
    Case("answered before the message", http, after="head", message=LARGE_MESSAGE, **SLOW),
    Case("answered before the message, closed", http, after="head", message=LARGE_MESSAGE, ends=True),
    Case("takes no message", lambda r: iter([FOREVER]), after="head", message=LARGE_MESSAGE, **SLOW),
    Case("silence", lambda r: iter([FOREVER]), requests=1, **SLOW),
    Case("drips its head", lambda r: drip(http(r)), requests=1, **SLOW),
    Case("drips its body", lambda r: (piece for part in (http(r, sent=b""), *map(bytes, zip(OUTPUT))) for piece in (part, 0.05)), requests=1, **SLOW),
    Case("silence after the answer", http, "either", ends=False, **SLOW),
    Case("endless body", lambda r: endless(http(r, content_length=1 << 40, sent=b""), LARGE)),
    Case("endless body, no length", lambda r: endless(http(r, content_length=None, sent=b""), LARGE)),
    Case("endless chunks", lambda r: endless(http(r, sent=b"", **CHUNKED), chunked(LARGE))),
    Case("endless after the body", lambda r: endless(http(r), LARGE), "either"),
    Case("endless header", lambda r: endless(b"HTTP/1.1 200 OK\r\nx: ", LARGE)),
    Case("endless headers", lambda r: endless(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n" * 10000)),
    Case("endless status", lambda r: endless(b"HTTP/1.1 200 ", LARGE.replace(b"\r", b""))),
    # Node.js skips them, until the deadline.
    Case("endless spaces", lambda r: endless(b"HTTP/1.1 200 OK\r\nx:", b" " * LIMIT), is_bounded=False, **SLOW),
    Case("a head of 12 MiB", lambda r: http(r, first="x: y\r\n" * 2_000_000), "either", limit=64 << 20, within=5.0),
    Case("a byte more than may be", lambda r: http(r, LARGE + b"x")),
    Case("garbage", lambda r: b"\x16\x03\x01" + r.message + b"\r\n\r\n"),
    Case("the original alone", lambda r: r.message),
    Case("garbage between headers", lambda r: http(r, first=f"{SECRET}\r\n")),
    Case("space before a colon", lambda r: http(r, first="dmv-disposition : held\r\n")),
    Case("no name of a header", lambda r: http(r, first=": x\r\n")),
    Case("head cut", lambda r: http(r)[: -len(OUTPUT) - 2]),
    Case("nothing", lambda r: b"", requests=1),
    Case("closed at once", lambda r: b"", after="connection", ends=True),
]


# What can't be in a header as it is: not even a connection may come.
HTTP_UNSENT = [
    Case(f"attribute {name!r} {value!r:.80}", http, attributes=((name, value), *more), requests=0)
    for name, value, *more in (
        ("requester", "AZ0070000\r\ndmv-claim: one"), ("requester", "AZ0070000\ndmv-claim: one"), ("requester", "AZ0070000\rx"),
        ("requester", "AZ0070000\n"), ("requester", "AZ0070000\r\n\r\nPOST / HTTP/1.1"), ("user", "JOS\u00c9"), ("user", "\u4e0a"),
        # Its last byte is that of a line feed.
        ("user", "A\u010ax"), ("user", "A\x01"), ("user", "A\tB"), ("user", "A\x7f"), ("user", "A\0"), ("user", ""), ("user", " A"), ("user", "A "),
        ("x: y\r\ndmv-claim", "one"), ("claim:one\r\nx", "y"), ("user ", "A"), ("User", "A"), ("", "A"),
        ("correlation-id", "a b"), ("correlation-id", "a" * 65), ("correlation-id", ""), ("correlation-id", "a\n"),
        ("review", ""), ("review", "../../health?"), ("review", "a/b"), ("review", "a HTTP/1.1\r\nx: y"),
        ("review", "77c0", ("correlation-id", "a b")),
    )
]

# Frames


def frame(r: Request, body: bytes = OUTPUT, head: str | bytes | None = None, lengths: tuple[int, int] | None = None, **changed) -> bytes:
    """An answer that is right but for what is changed. `head` is all of the head; `*` stands for the right members."""
    members = {"disposition": "redacted", "sha256": digest(body), "correlation-id": r.id}
    right = json.dumps(members)[1:-1]
    members.update({name.replace("_", "-"): value for name, value in changed.items()})
    if head is None:
        head = json.dumps({name: value for name, value in members.items() if value is not None})
    head = head if isinstance(head, bytes) else head.replace("*", right).encode()
    return struct.pack(">II", *(lengths or (len(head), len(body)))) + head + body


def with_head_of(r: Request, length: int) -> bytes:
    shortest = len(frame(r, head='{"x":"",*}')) - 8 - len(OUTPUT)
    return frame(r, head='{"x":"~",*}'.replace("~", "a" * (length - shortest)))


def no(r: Request, **changed) -> bytes:
    return frame(r, b"", sha256=None, **changed)


def frame_attributes(r: Request) -> bytes:
    wanted = {"claims": ["one", "two"], "line": "7", "user": 'J. "X\\Y" DOE', "correlation-id": "m-1", "date": "2026-01-02"}
    return frame(r) if dict(r.attributes) == wanted else no(r, disposition="withheld", reason="wrong")


def frame_review(r: Request) -> bytes:
    return frame(r) if dict(r.attributes) == {"review": "77c0", "correlation-id": r.id} and not r.message else no(r, disposition="withheld")


FRAME_TRUTHS = [
    Case("redacted", frame, "output"),
    Case("released", lambda r: frame(r, disposition="released"), "output"),
    Case("three calls", lambda r: frame(r, b"output %d" % r.number), "output", output=b"output {}", calls=3),
    Case("1 MiB of every byte", lambda r: frame(r, LARGE), "output", output=LARGE),
    Case("a large message, too", lambda r: frame(r, r.message[-LIMIT:]), "output", output=LARGE_MESSAGE[-LIMIT:], message=LARGE_MESSAGE),
    *(
        Case(f"{length} bytes", lambda r, length=length: frame(r, LARGE[:length]), "output", output=LARGE[:length])
        for length in (1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000)
    ),
    Case("in pieces", lambda r: in_pieces(frame(r)), "output"),
    Case("white space", lambda r: frame(r, head=" \t{\r\n * } \n".replace("*", '"x" : "y" ,\n*')), "output"),
    Case("another member", lambda r: frame(r, head='{"x":"y",*}'), "output"),
    # A client may know no more members than the protocol has.
    Case("many members", lambda r: frame(r, head="{" + "".join(f'"x{i}":"y",' for i in range(2000)) + "*}"), "either"),
    Case("as long a head as may be", lambda r: with_head_of(r, 65536), "output"),
    Case("attributes", frame_attributes, "output", attributes=ATTRIBUTES),
    Case("a held message", frame_review, "output", attributes=(("review", "77c0"),), message=b""),
]
FRAME_REFUSALS = [
    Case("held", lambda r: no(r, disposition="held", reason="review", review="77c0"), told="held review 77c0"),
    Case("withheld", lambda r: no(r, disposition="withheld", reason="purpose-unknown"), told="withheld purpose-unknown -"),
    Case("withheld, no reason", lambda r: no(r, disposition="withheld"), told="withheld - -"),
    Case("error", lambda r: no(r, disposition=None, error='it "says" so to JOSÉ')),
    Case("error without an id", lambda r: frame(r, b"", head='{"error":"no"}')),
    Case("refusal of another", lambda r: no(r, disposition="held", review="77c0", correlation_id="m-2")),
    Case("reason with a value", lambda r: no(r, disposition="withheld", reason=f"for {SECRET} JORDAN"), told="withheld - -"),
    Case("reason too long", lambda r: no(r, disposition="withheld", reason="a" * 65), told="withheld - -"),
    Case("reason of 60 KB", lambda r: no(r, disposition="withheld", reason="a" * 60000), told="withheld - -"),
    Case("another disposition", lambda r: no(r, disposition="Withheld", reason="review")),
    Case("refused three times", lambda r: no(r, disposition="withheld", reason="rate"), told="withheld rate -", calls=3),
]
FRAME_LIES = [
    Case("digest of another body", lambda r: frame(r, sha256=digest(b"another"))),
    Case("digest wrong at its end", lambda r: frame(r, sha256=digest(OUTPUT)[:-1] + "g")),
    Case("digest cut", lambda r: frame(r, sha256=digest(OUTPUT)[:-1])),
    Case("digest and more", lambda r: frame(r, sha256=digest(OUTPUT) + "0")),
    Case("no digest", lambda r: frame(r, sha256=None)),
    Case("empty digest", lambda r: frame(r, sha256="")),
    Case("digest is a number", lambda r: frame(r, sha256=0)),
    Case("digest in capitals", lambda r: frame(r, sha256=digest(OUTPUT).upper())),
    Case("empty body, its digest", lambda r: frame(r, b"")),
    Case("no disposition", lambda r: frame(r, disposition=None)),
    *(
        Case(f"disposition {value!r}", lambda r, value=value: frame(r, disposition=value))
        for value in ("", "Released", "unreleased", "releasedx", "released, held", "released\0", True, 1, ["released"], {"disposition": "released"})
    ),
    Case("disposition null", lambda r: frame(r).replace(b'"redacted"', b'null      ')),
    Case("disposition deeper", lambda r: frame(r, disposition=None, receipt={"disposition": "redacted"})),
    Case("all of it deeper", lambda r: frame(r, head='{"receipt":{*}}')),
    Case("all of it in a text", lambda r: frame(r, head=json.dumps({"x": frame(r)[8 : -len(OUTPUT)].decode()}))),
    Case("held, with a body", lambda r: frame(r, disposition="held", reason="review"), told="held review -"),
    Case("withheld, the original", lambda r: frame(r, r.message, disposition="withheld"), told="withheld - -"),
    Case("error, with a body", lambda r: frame(r, head='{"error":"no"}')),
    *(
        Case(f"twice: {head}", lambda r, head=head: frame(r, head=head))
        for head in (
            '{*,"disposition":"redacted"}', '{"disposition":"held",*}', '{*,"disposition":"held"}', r'{"d\u0069sposition":"held",*}',
            r'{*,"dispositio\u006E":"held"}', '{"sha256":"0",*}', '{*,"sha256":"0"}', '{"correlation-id":"m-2",*}', '{*,"correlation-id":"m-2"}',
            '{"x":"1",*,"x":"2"}',
        )
    ),
    Case("no id", lambda r: frame(r, correlation_id=None)),
    Case("another id", lambda r: frame(r, correlation_id="m-2")),
    Case("longer id", lambda r: frame(r, correlation_id=r.id + "0")),
    Case("id is a list", lambda r: frame(r, correlation_id=[r.id])),
    # An answer too many must not come to the next request.
    Case("each answer twice", lambda r: frame(r, f"output {r.id}".encode()) * 2, "either", output=b"output m-{}", calls=4,
         attributes=(("correlation-id", "m-{}"),)),
    Case("garbage after the answer", lambda r: frame(r) + b"garbage!", "either", calls=3, **SLOW),
    *(
        Case(f"head {name}", lambda r, head=head: frame(r, head=head))
        for name, head in (
            ("empty", b""), ("of garbage", b"garbage"), ("of nothing", "{}"), ("an array", "[{*}]"), ("a text", '"{}"'), ("a number", "1"),
            ("cut", "{*"),
            ("with a comma too many", "{*,}"), ("with a comma first", "{,*}"), ("with more after it", "{*}{}"), ("with a zero after it", "{*}\0"),
            ("with a comment", "{//x\n*}"), ("without a colon", '{"x" "y",*}'), ("without a value", '{"x":,*}'), ("without a comma", '{"x":"y" *}'),
            ("with a bare name", '{x:"y",*}'), ("with single quotes", "{'x':'y',*}"), ("with a line break in a text", '{"x":"\n",*}'),
            ("with a zero in a text", '{"x":"\0",*}'), ("with a bad escape", r'{"x":"\x",*}'), ("with NaN", '{"x":NaN,*}'), ("with 01", '{"x":01,*}'),
            ("with True", '{"x":True,*}'), ("with a bracket too few", '{"x":["y",*}'), ("too deep", '{"x":' + "[" * 30000 + "]" * 30000 + ",*}"),
            ("with a mark first", "\ufeff{*}"), ("in UTF-16", '{"x":"y"}'.encode("utf-16")), ("not in UTF-8", b'{"x":"\xff"}'),
        )
    ),
    Case("right head but for UTF-8", lambda r: frame(r, head=frame(r, head='{"x":"@",*}')[8 : -len(OUTPUT)].replace(b"@", b"\xff"))),
    Case("right head in UTF-16", lambda r: frame(r, head=frame(r)[8 : -len(OUTPUT)].decode().encode("utf-16"))),
    Case("head too long", lambda r: with_head_of(r, 65537)),
    Case("head of 4 GiB", lambda r: frame(r, lengths=(0xFFFFFFFF, len(OUTPUT)))),
    Case("body of 4 GiB", lambda r: frame(r, lengths=(len(frame(r)) - 8 - len(OUTPUT), 0xFFFFFFFF))),
    Case("a byte more than may be", lambda r: frame(r, LARGE + b"x")),
    Case("endless body", lambda r: endless(frame(r, b"", lengths=(len(frame(r, b"")) - 8, 0xFFFFFFFF)), LARGE)),
    Case("body cut", lambda r: frame(r)[:-1], ends=True),
    Case("body cut, open", lambda r: frame(r)[:-1], **SLOW),
    Case("body cut, its digest", lambda r: frame(r, sha256=digest(OUTPUT[:-1]))[:-1], ends=True),
    Case("body beyond the length", lambda r: frame(r, lengths=(len(frame(r)) - 8 - len(OUTPUT), len(OUTPUT) - 1))),
    Case("head cut short", lambda r: frame(r)[:40], ends=True),
    Case("lengths cut", lambda r: frame(r)[:7], ends=True),
    Case("answered before the request", lambda r: frame(r), after="connection"),
    Case("answered before the message", frame, after="head", message=LARGE_MESSAGE, **SLOW),
    Case("takes no message", lambda r: iter([FOREVER]), after="head", message=LARGE_MESSAGE, **SLOW),
    Case("silence", lambda r: iter([FOREVER]), requests=1, **SLOW),
    Case("drips its head", lambda r: drip(frame(r)), requests=1, **SLOW),
    Case("drips its body", lambda r: (p for part in (frame(r)[: -len(OUTPUT)], *map(bytes, zip(OUTPUT))) for p in (part, 0.05)), requests=1, **SLOW),
    Case("HTTP", http, ends=True),
    Case("the original alone", lambda r: r.message, ends=True),
    Case("nothing", lambda r: b"", ends=True, requests=1),
    Case("closed at once", lambda r: b"", after="connection", ends=True),
]
# A frame escapes what a header can't have. What no attribute may be is refused, or comes as it is; it never becomes anything else.
FRAME_ODD = [
    Case(f"user {value!r}", lambda r, value=value: frame(r) if dict(r.attributes)["user"] == value and len(r.attributes) == 2 else b"", "either",
         attributes=(("user", value),), told="- - -", ends=None)
    for value in ('"', "\\", 'A","purpose":"C', 'A\\","purpose":"C', "A\nB", "A\x01", "A\x7f", "", "JOS\u00c9", "\u4e0a", "\\u0022")
]
FRAME_UNSENT = [
    Case(f"correlation-id {value!r}", frame, attributes=(("correlation-id", value),), requests=0) for value in ("", "a b", "a\n", "a" * 65, '"')
] + [Case("attributes of 64 KiB", frame, attributes=(("user", "\\" * 40000),), requests=0)]


# The server


def read(receive: Callable[[int], bytes], length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        piece = receive(min(length - len(data), 1 << 16))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def read_http(receive: Callable[[int], bytes]) -> tuple[list[tuple[str, object]], int, str]:
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        head += read(receive, 1)
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    names = [name for name, _ in fields]
    method, path, version = first.split(" ")
    if (method, version) != ("POST", "HTTP/1.1") or names.count("content-length") != 1 or names.count("host") != 1:
        raise ValueError(f"the request has {first!r} and {sorted(names)}")
    if names.count("dmv-correlation-id") != 1 or {"transfer-encoding", "expect", "content-type", "accept-encoding", "upgrade"} & set(names):
        raise ValueError(f"the request has {sorted(names)}")
    return [(name[4:], value) for name, value in fields if name.startswith("dmv-")], int(dict(fields)["content-length"]), path


def read_frame(receive: Callable[[int], bytes]) -> tuple[list[tuple[str, object]], int, str]:
    head_length, length = struct.unpack(">II", read(receive, 8))
    if head_length > 65536:
        raise ValueError("the head is too long")
    head = json.loads(read(receive, head_length).decode(), object_pairs_hook=_object)
    request = head.pop("request")
    if not {"date", "source", "review"} >= head.keys() or request.keys() & head.keys():
        raise ValueError(f"the head has {sorted(head)}")
    return [*request.items(), *head.items()], length, ""


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(members)) != len(members):
        raise ValueError("the head has a member twice")
    return dict(members)


class Server:
    """A case: what came, and what was wrong with it."""

    def __init__(self, case: Case, is_http: bool):
        self.case, self.is_http = case, is_http
        self.requests: list[str] = []
        self.faults: list[str] = []
        self.connections = self.sent = 0

    def listen(self, listening: socket.socket, wrap=lambda connection: connection) -> None:
        self.listening = listening
        listening.listen(16)
        threading.Thread(target=self._accept, args=(wrap,), daemon=True).start()

    def _accept(self, wrap) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._converse, args=(connection, wrap), daemon=True).start()

    def _converse(self, connection: socket.socket, wrap) -> None:
        try:
            connection = wrap(connection)
            while self.exchange(connection.recv, connection.sendall):
                pass
            connection.shutdown(socket.SHUT_WR)
            # Else what it hasn't read would reset the connection, and what it said be lost.
            if self.case.after == "request" or self.case.ends is None:
                while connection.recv(1 << 16):
                    pass
        except (OSError, EOFError):
            pass
        except ValueError as error:
            self.faults.append(str(error))
        finally:
            connection.close()

    def exchange(self, receive: Callable[[int], bytes], send: Callable[[bytes], None]) -> bool:
        case = self.case
        request = Request([("correlation-id", "none")], b"", "", len(self.requests) + 1)
        if case.after != "connection":
            attributes, length, path = (read_http if self.is_http else read_frame)(receive)
            request = Request(attributes, b"", path, len(self.requests) + 1)
            self.requests.append(request.id)
            if case.after == "request":
                request.message = read(receive, length)
        answer = case.answer(request)
        for piece in [answer] if isinstance(answer, bytes) else answer:
            if isinstance(piece, bytes):
                send(piece)
                self.sent += len(piece)
            else:
                time.sleep(piece)
        ends = case.ends if case.ends is not None else self.is_http and case.after != "head"
        if not ends and (self.is_http or case.after == "head"):
            time.sleep(FOREVER)
        return not ends and case.after == "request" and answer != b""


def child(name: str) -> None:
    """Frames on stdin and stdout."""
    (case,) = [case for case in FRAME_TRUTHS + FRAME_REFUSALS + FRAME_LIES + FRAME_ODD if case.name == name]
    server = Server(case, is_http=False)

    def send(data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    try:
        while server.exchange(sys.stdin.buffer.raw.read, send):
            pass
    except (OSError, EOFError):
        pass


if __name__ == "__main__":
    child(sys.argv[1])
