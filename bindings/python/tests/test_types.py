"""The stubs are those of the module, and what uses them is typed."""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def run(*arguments: str, cwd: Path) -> None:
    environment = {**os.environ, "MYPY_CACHE_DIR": os.devnull}
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=cwd, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stubs_are_those_of_the_module(tmp_path: Path) -> None:
    # Exactly what Python can't tell from the outside is allowed: which classes can't be derived from.
    run("mypy.stubtest", "dmv_redact", "--mypy-config-file", str(FOLDER.parent / "pyproject.toml"), cwd=tmp_path)


def test_tests_and_examples_are_typed(tmp_path: Path) -> None:
    options = ["--config-file", str(FOLDER.parent / "pyproject.toml"), "--cache-dir", os.devnull]
    switch = FOLDER.parents[1] / "examples/switch.py"
    run("mypy", *options, str(FOLDER), str(switch), str(FOLDER.parent / "bench.py"), cwd=tmp_path)
