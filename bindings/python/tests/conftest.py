"""What the tests share: the repository, some messages, a filter."""

import os
from pathlib import Path

import pytest

import dmv_redact

ROOT = Path(__file__).resolve().parents[3]
MESSAGE = (ROOT / "fixtures/dr-in-state-police/message.xml").read_bytes()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run what takes minutes, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if "slow" in item.keywords and not config.getoption("--slow"):
            item.add_marker(pytest.mark.skip(reason="slow: --slow runs it"))


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def message() -> bytes:
    """A response for AZ0070000, with JORDAN in it."""
    return MESSAGE


@pytest.fixture(scope="session")
def filter() -> dmv_redact.Filter:
    return dmv_redact.Filter()


@pytest.fixture
def police() -> dmv_redact.Request:
    return dmv_redact.Request(requester="AZ0070000", purpose="C", correlation_id="7f3a-1")


@pytest.fixture(scope="session")
def program() -> Path:
    """The command line, which verifies a log."""
    return Path(os.environ["BINARIES"]) / "dmv-redact"
