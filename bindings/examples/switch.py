"""A message switch: takes responses from a Unix socket, or from stdin, and forwards what the policy lets the requester have.

    switch.py --policy POLICY --log LOG [--socket PATH]

A frame is a length (4 bytes, the highest first) and so many bytes. In comes a pair of them: what the switch knows of the
request, as JSON (requester, purpose, claims, id), then the response. Out goes a pair for each: the disposition and the
reason, as JSON, then the output, of length 0 unless something may go out.

An original is never forwarded. What fails withholds the message: the answer says so and is empty. When the log fails, or a
frame is broken, the switch ends, and whoever is connected gets no more answers.
"""

import argparse
import json
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO

import dmv_redact

MAX_FRAME = 16 << 20


def read_frame(source: BinaryIO) -> bytes | None:
    """The next frame; None at the end. A frame that is cut off, or too long, is an error: nothing after it can be trusted."""
    head = source.read(4)
    if not head:
        return None
    length = struct.unpack(">I", head)[0] if len(head) == 4 else MAX_FRAME + 1
    if length > MAX_FRAME or len(frame := source.read(length)) < length:
        raise EOFError("a frame is cut off, or too long")
    return frame


def write_frames(sink: BinaryIO, *frames: bytes) -> None:
    for frame in frames:
        sink.write(struct.pack(">I", len(frame)) + frame)
    sink.flush()


def request_of(known: dict[str, Any]) -> dmv_redact.Request:
    """What the switch vouches for. None of it comes from the message."""
    return dmv_redact.Request(
        requester=known["requester"],
        purpose=known.get("purpose"),
        claims=known.get("claims", []),
        correlation_id=known["id"],
    )


def answer(filter: dmv_redact.Filter, log: dmv_redact.DisclosureLog, known: bytes, message: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        request = request_of(json.loads(known))
        redaction = filter.redact(message, request)
    except (dmv_redact.Error, ValueError, KeyError, TypeError, AttributeError):
        # No request, or a fault of the library: there is no disclosure to record.
        return {"disposition": "withheld", "reason": "failed"}, b""
    # The record first. If it can't be written, this raises, and nothing goes out.
    log.append("line 1", None, request, redaction)
    receipt = redaction.receipt
    return {"id": receipt.correlation_id, "disposition": receipt.disposition, "reason": receipt.reason}, redaction.output or b""


def serve(filter: dmv_redact.Filter, log: dmv_redact.DisclosureLog, source: BinaryIO, sink: BinaryIO) -> None:
    while (known := read_frame(source)) is not None:
        message = read_frame(source)
        if message is None:
            raise EOFError("a request without a response")
        told, output = answer(filter, log, known, message)
        write_frames(sink, json.dumps(told).encode(), output)


def main() -> int:
    arguments = argparse.ArgumentParser(description="Redacts and forwards responses.")
    arguments.add_argument("--policy", required=True)
    arguments.add_argument("--log", required=True)
    arguments.add_argument("--socket", type=Path)
    options = arguments.parse_args()
    try:
        filter = dmv_redact.Filter(policy=options.policy)
        with dmv_redact.DisclosureLog(options.log, filter, service="switch.py") as log:
            if options.socket is None:
                serve(filter, log, sys.stdin.buffer, sys.stdout.buffer)
                return 0
            with socket.socket(socket.AF_UNIX) as listening:
                os.umask(0o077)
                listening.bind(str(options.socket))
                listening.listen()
                while True:
                    connection, _ = listening.accept()
                    with connection, connection.makefile("rb") as source, connection.makefile("wb") as sink:
                        try:
                            serve(filter, log, source, sink)
                        except (EOFError, ConnectionError) as error:
                            print(f"switch.py: {error}", file=sys.stderr)
    except (dmv_redact.Error, OSError, EOFError) as error:
        print(f"switch.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
