"""Right and wrong use: what an error says, and that nothing goes out with one."""

import copy
import datetime
import pickle
from pathlib import Path
from typing import Any

import pytest

import dmv_redact
from dmv_redact import Filter, Request

CANARY = "JORDAN"


def test_a_message_in_any_buffer(filter: Filter, message: bytes, police: Request) -> None:
    output = filter.redact(message, police).output
    assert output is not None and CANARY.encode() in output
    for same in (bytearray(message), memoryview(message), memoryview(bytearray(message + b"x"))[:-1]):
        assert filter.redact(same, police).output == output


def test_p2_what_is_no_message_or_request_is_a_type_error(filter: Filter, message: bytes, police: Request) -> None:
    wrong: Any
    for wrong in (message.decode(), None, 7, [1, 2], police):
        with pytest.raises(TypeError) as caught:
            filter.redact(wrong, police)
        assert CANARY not in str(caught.value)
    for wrong in (None, "AZ0070000", {"requester": "AZ0070000"}, filter):
        with pytest.raises(TypeError, match="Request"):
            filter.redact(message, wrong)
        with pytest.raises(TypeError):
            filter.redact_batch([message], wrong)
    for wrong in (message, [message.decode()], [None], None):
        with pytest.raises(TypeError):
            filter.redact_batch(wrong, police)
    with pytest.raises(ValueError, match="1 messages and 2 requests"):
        filter.redact_batch([message], [police, police])
    assert filter.redact_batch([], police) == []


def test_p2_a_withheld_message_has_no_output(filter: Filter, message: bytes, police: Request) -> None:
    other = Request(requester="NV0010000", purpose="C")
    for own, request in ((b"", police), (b"<a", police), (message[:-20], police), (message, other)):
        redaction = filter.redact(own, request)
        assert redaction.output is None and not redaction.receipt.releases
        assert redaction.receipt.disposition == "withheld" and redaction.receipt.reason
        assert redaction.receipt.bytes_out == 0
    assert repr(filter.redact(b"", police).receipt) == "<Receipt withheld, empty>"


def test_a_receipt_has_its_fields(filter: Filter, message: bytes, police: Request) -> None:
    receipt = filter.redact(message, police).receipt
    assert (receipt.requester, receipt.correlation_id, receipt.message_type) == ("AZ0070000", "7f3a-1", "DR")
    assert receipt.disposition == "redacted"
    assert (receipt.reason, receipt.detail, receipt.offset) == (None, None, None)
    assert receipt.bytes_in == len(message) > receipt.bytes_out > 0
    assert receipt.rules and receipt.agency_classes and receipt.format
    counts = receipt.elements["person.name"] if "person.name" in receipt.elements else next(iter(receipt.elements.values()))
    assert counts.released + counts.generalized + counts.removed > 0
    assert CANARY not in receipt.to_json() and CANARY not in repr(receipt)


def test_p2_what_a_request_states_is_checked(filter: Filter) -> None:
    options: Any
    for options in (
        {"requester": "AZ"},
        {"requester": ""},
        {"date": "2026-02-30"},
        {"date": "yesterday"},
        {"correlation_id": "a b"},
        {"control_number": "\n"},
        {"approved_by": "a;b"},
        {"instruments": "warrant"},
        {"instruments": ["claim=court-order,number"]},
    ):
        with pytest.raises(dmv_redact.RequestError):
            Request(**options)
    wrong: Any
    for wrong in ({"requester": b"AZ0070000"}, {"purpose": 7}, {"claims": [None]}, {"claims": 7}, {"date": 20261201}):
        with pytest.raises(TypeError):
            Request(**wrong)
    with pytest.raises(TypeError, match="date"):
        Request(date=datetime.datetime(2026, 12, 1))
    with pytest.raises(TypeError):
        Request("AZ0070000")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Request(requestor="AZ0070000")  # type: ignore[call-arg]
    assert Request(date=datetime.date(2026, 12, 1))
    filter.check_request(Request(requester="AZ0070000", purpose="C"))
    with pytest.raises(dmv_redact.RequestError):
        filter.check_request(Request(requester="AZ0070000", purpose="c"))


def test_a_policy_with_errors_says_where(root: Path, tmp_path: Path) -> None:
    policy = b"[policy]\nname = 'mine'\nversion = '1'\n[[permit]]\nid = 'a'\nagencies = ['nobody']\nelemants = []\n"
    with pytest.raises(dmv_redact.ConfigError) as caught:
        Filter(policy_bytes=policy, policy_name="mine.toml")
    error = caught.value
    assert error.file == "mine.toml" and error.line and error.column
    assert "mine.toml:" in str(error) and error.message in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (again.file, again.line, again.column, again.help) == (error.file, error.line, error.column, error.help)

    path = tmp_path / "policy.toml"
    path.write_bytes(policy)
    with pytest.raises(dmv_redact.ConfigError) as caught:
        Filter(policy=path)
    assert caught.value.file == str(path)
    with pytest.raises(dmv_redact.ConfigError) as caught:
        Filter(policy=tmp_path / "missing.toml")
    assert caught.value.line is None and "missing.toml" in str(caught.value)
    assert isinstance(caught.value, dmv_redact.Error)


def test_the_text_of_errors_is_that_of_the_library() -> None:
    policy = b"""[policy]
name = 'own'
version = '1'
purpose = ['C']
[agencies.all]
ori = ['*']
[[permit]]
id = 'a'
agencies = ['all']
elements = ['person.birthdate']
"""
    with pytest.raises(dmv_redact.ConfigError) as caught:
        Filter(policy_bytes=policy, policy_name="own\x1b.toml")
    error = caught.value
    lines = [
        r"own\u{1b}.toml:4:1: unknown key `purpose`; did you mean `purposes`?",
        r"own\u{1b}.toml:10:13: unknown data element `person.birthdate`; did you mean `person.birth-date`?",
    ]
    for one in (error, pickle.loads(pickle.dumps(error))):
        assert str(one) == "\n".join(lines)
        assert [str(further) for further in one.further] == lines[1:]
        assert (one.file, one.line, one.column, one.message) == ("own\x1b.toml", 4, 1, "unknown key `purpose`")
        assert one.help == "did you mean `purposes`?"


def test_p2_options_that_do_not_fit_are_refused(root: Path) -> None:
    wrong: Any
    for wrong in (
        {"policy": "a.toml", "policy_bytes": b""},
        {"policy_bytes": "text"},
        {"rosters": b"x"},
        {"rosters": {"a.csv": "text"}},
        {"catalog": 7},
        {"limits": ["depth"]},
        {"polici": "a.toml"},
    ):
        with pytest.raises(TypeError):
            Filter(**wrong)
    with pytest.raises(ValueError):
        Filter(limits={"depth": -1})
    for wrong in ({"limits": {"dept": 3}}, {"format": "nowhere"}, {"rosters": {"a.csv": b"ori\n"}}, {"token_key": b"short"}):
        with pytest.raises(dmv_redact.ConfigError):
            Filter(**wrong)
    short = Filter(limits={"message-bytes": 10}).redact(b"<a>0123456789</a>", Request())
    assert short.receipt.reason == "limit"


def from_memory(root: Path) -> Filter:
    policies = root / "policies"
    return Filter.from_bytes(
        (root / "tests/corpus/tokens.toml").read_bytes(),
        token_key=b"a key for the corpus, of 32 bytes or more",
        rosters={path.name: path.read_bytes() for path in policies.glob("none*.csv")},
    )


def test_a_filter_from_bytes_can_be_sent_to_other_processes(root: Path, message: bytes, police: Request) -> None:
    own = from_memory(root)
    there = pickle.loads(pickle.dumps(own))
    request = pickle.loads(pickle.dumps(police))
    redactions = [filter.redact(message, request) for filter in (own, there, copy.copy(own), copy.deepcopy(own))]
    assert len({(redaction.output, redaction.receipt.to_json()) for redaction in redactions}) == 1
    assert pickle.loads(pickle.dumps(Filter())).policy_name == Filter().policy_name
    with pytest.raises(TypeError, match="from_bytes"):
        pickle.dumps(Filter(policy=root / "policies/arizona.toml"))
    with pytest.raises(TypeError, match="path"):
        Filter.from_bytes(b"[policy]\nname = 'a'\nversion = '1'\n", catalog=str(root / "schemas/catalog.toml"))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Filter.from_bytes(None)  # type: ignore[arg-type]


def test_receipts_and_results_are_made_by_the_filter_alone() -> None:
    made: Any
    for made in (dmv_redact.Receipt, dmv_redact.Redaction, dmv_redact.RedactedTable, dmv_redact.Duty):
        with pytest.raises(TypeError):
            made()
    with pytest.raises(AttributeError):
        Filter().policy_name = "other"  # type: ignore[misc]
