"""Calls dmv_redact_client.py, or with `frames` dmv_redact_frames.py, for attack.py and corpus.py."""

import ssl
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
IS_FRAMES = sys.argv[1:] == ["frames"]
if IS_FRAMES:
    from dmv_redact_frames import FramesClient, Withheld
else:
    from dmv_redact_client import Client, Withheld


def new_client(address, deadline, limit, ca):
    if IS_FRAMES:
        return FramesClient(address.split("\n") if "\n" in address else address, int(deadline) / 1000, int(limit))
    return Client(address, int(deadline) / 1000, int(limit), ssl.create_default_context(cafile=ca) if ca else None)


last, client = None, None
for line in sys.stdin:
    address, deadline, limit, message, ca, *attributes = [bytes.fromhex(field).decode() for field in line.rstrip("\n").split("\t")]
    # Calls of one case share a client.
    if (address, deadline, limit, ca) != last:
        if IS_FRAMES and client:
            client.close()
        last, client = (address, deadline, limit, ca), new_client(address, deadline, limit, ca)
    request = {}
    for name, value in zip(attributes[::2], attributes[1::2]):
        name = name.replace("-", "_")
        if IS_FRAMES and name == "claim":
            request.setdefault("claims", []).append(value)
        else:
            request[name] = [request[name], value] if name in request else value
    try:
        print("output", client.redact(Path(message).read_bytes(), **request).hex(), flush=True)
    except Withheld as withheld:
        print("withheld", withheld.disposition or "-", withheld.reason or "-", withheld.review or "-", withheld, flush=True)
if IS_FRAMES and client:
    client.close()
