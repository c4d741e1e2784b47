"""examples/switch.py forwards no original: not when it is killed, nor with a broken policy, nor with a full disk."""

import json
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

SWITCH = Path(__file__).resolve().parents[2] / "examples/switch.py"
POLICY = SWITCH.parents[2] / "policies/example-state.toml"
#: What the policy lets nobody of these have, and the message holds.
SECRET = b"900-12-3456"


def frame(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def question(message: bytes, number: int = 1, **known: Any) -> bytes:
    stated = {"requester": "AZ0070000", "purpose": "C", "id": f"7f3a-{number}", **known}
    return frame(json.dumps(stated).encode()) + frame(message)


def frames(data: bytes) -> list[bytes]:
    found = []
    while len(data) >= 4 and len(data) >= 4 + (length := struct.unpack(">I", data[:4])[0]):
        found.append(data[4 : 4 + length])
        data = data[4 + length :]
    return found


def command(policy: Path | str, log: Path | str, *options: str) -> list[str]:
    return [sys.executable, str(SWITCH), "--policy", str(policy), "--log", str(log), *options]


def run(policy: Path | str, log: Path | str, sent: bytes) -> tuple[int, bytes, bytes]:
    done = subprocess.run(command(policy, log), input=sent, capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module", autouse=True)
def the_secret_is_in_the_message() -> None:
    from conftest import MESSAGE

    assert SECRET in MESSAGE


def verify(program: Path, log: Path) -> str:
    done = subprocess.run([program, "log", "verify", log], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_it_forwards_what_may_go_out(message: bytes, program: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    sent = (
        question(message)
        + question(message, 2, requester="NV0010000")
        + question(b"<not a message", 3)
        + question(message, 4, requester="no ORI")
        + question(message, 5, purpose=7)
        + frame(b"not JSON") + frame(message)
        + frame(b"[]") + frame(message)
        + question(message, 6)
    )
    status, out, errors = run(POLICY, log, sent)
    assert (status, errors) == (0, b"")
    answers = frames(out)
    told = [json.loads(own)["disposition"] for own in answers[::2]]
    assert told == ["redacted"] + ["withheld"] * 6 + ["redacted"]
    outputs = answers[1::2]
    assert outputs[0] == outputs[7] and b"JORDAN" in outputs[0] and outputs[1:7] == [b""] * 6
    assert SECRET not in out
    verify(program, log)


@pytest.mark.parametrize("text", ["", "[policy", "[policy]\nname = 'a'\nversion = '1'\n[[permit]]\nid = 'x'\n"])
def test_p2_with_a_broken_policy_nothing_goes_out(message: bytes, tmp_path: Path, text: str) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(text)
    status, out, errors = run(policy, tmp_path / "log", question(message) * 3)
    assert status == 1 and out == b"" and b"policy.toml" in errors and SECRET not in errors
    status, out, errors = run(tmp_path / "none.toml", tmp_path / "log", question(message))
    assert status == 1 and out == b""


def test_p12_with_a_full_disk_nothing_goes_out(message: bytes, tmp_path: Path) -> None:
    status, out, errors = run(POLICY, "/dev/full", question(message) * 3)
    assert status == 1 and out == b"" and SECRET not in errors
    # A link to it, as a disk that was full from the start.
    link = tmp_path / "log"
    link.symlink_to("/dev/full")
    status, out, errors = run(POLICY, link, question(message) * 3)
    assert status == 1 and out == b"" and SECRET not in errors


def test_p12_with_a_disk_that_fills_up_each_output_is_on_record(message: bytes, tmp_path: Path) -> None:
    log = tmp_path / "log"
    limited = "import resource, signal, sys, runpy; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    sent = b"".join(question(message, number) for number in range(100))
    done = subprocess.run([sys.executable, "-c", limited, *command(POLICY, log)[1:]], input=sent, capture_output=True, timeout=60)
    assert done.returncode == 1 and SECRET not in done.stdout + done.stderr
    answers = frames(done.stdout)
    recorded = log.read_text()
    assert 0 < len(answers) // 2 < 100
    for told in answers[::2]:
        assert json.loads(told)["id"] in recorded


def test_a_frame_that_is_cut_off_is_not_forwarded(message: bytes, tmp_path: Path) -> None:
    whole = question(message)
    for cut in (2, 40, len(whole) - 1):
        status, out, errors = run(POLICY, tmp_path / "log", whole + whole[:cut])
        assert status == 1 and len(frames(out)) == 2 and SECRET not in out + errors
    status, out, _ = run(POLICY, tmp_path / "log", b"\xff\xff\xff\xff" + message)
    assert status == 1 and out == b""


def test_p12_killed_it_has_forwarded_only_what_is_on_record(message: bytes, program: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    received = 0
    for turn in range(8):
        path = tmp_path / f"socket-{turn}"
        process = subprocess.Popen(command(POLICY, log, "--socket", str(path)), stderr=subprocess.PIPE)
        answered = bytearray()
        deadline = time.monotonic() + 30
        while not path.exists():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.01)
        with socket.socket(socket.AF_UNIX) as line:
            while line.connect_ex(str(path)) != 0:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            line.settimeout(30)

            def asks() -> None:
                try:
                    for number in range(5000):
                        line.sendall(question(message, turn * 5000 + number))
                except OSError:
                    pass

            asking = threading.Thread(target=asks)
            asking.start()
            killing = threading.Timer(0.05 + 0.03 * turn, process.send_signal, [signal.SIGKILL])
            killing.start()
            try:
                while data := line.recv(1 << 16):
                    answered += data
            except OSError:
                pass
            asking.join()
            killing.join()
        assert process.wait(timeout=30) == -signal.SIGKILL
        assert process.stderr is not None
        assert SECRET not in bytes(answered) + process.stderr.read()
        process.stderr.close()
        recorded = log.read_text(errors="replace")
        for told in frames(bytes(answered))[::2]:
            assert f'"{json.loads(told)["id"]}"' in recorded
            received += 1
    assert received > 0
    # The next one declares what the killed ones left.
    assert run(POLICY, log, question(message, 999_999))[0] == 0
    verify(program, log)
