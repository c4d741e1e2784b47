"""The blocks of code of docs/python.md and of the wheel's page, in order, each in a folder of its own."""

import os
from pathlib import Path
from typing import Any

import pytest


def blocks(page: str) -> list[str]:
    return [block.split("\n```")[0] for block in page.split("\n```python\n")[1:]]


@pytest.mark.parametrize("page", ["docs/python.md", "bindings/python/README.md"])
def test_the_code_of_a_page_runs(root: Path, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("policies", "fixtures"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "key").write_bytes(os.urandom(32).hex().encode())
    monkeypatch.chdir(tmp_path)
    text = (root / page).read_text()
    found = blocks(text)
    assert found and text.count("```python") == len(found)
    names: dict[str, Any] = {}
    for block in found:
        exec(compile(block, page, "exec"), names)
