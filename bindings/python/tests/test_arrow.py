"""Columns in and tables out, with pyarrow and polars."""

from typing import Any

import polars
import pyarrow
import pytest

from dmv_redact import Filter, Request

KINDS = [
    pyarrow.binary(),
    pyarrow.large_binary(),
    pyarrow.binary_view(),
    pyarrow.string(),
    pyarrow.large_string(),
    pyarrow.string_view(),
]


@pytest.fixture
def base() -> Request:
    return Request(requester="AZ0070000", purpose="C")


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_each_type_of_messages(filter: Filter, message: bytes, base: Request, kind: Any) -> None:
    output = filter.redact(message, base).output
    text = pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind) or kind == pyarrow.string_view()
    values = [value.decode() if text else value for value in (message, b"", message)]
    array = pyarrow.array([values[0], None, values[1], values[2]], kind)
    expected = [output, None, None, output]
    chunks = pyarrow.chunked_array([array, array.slice(1, 0), array.slice(1)])
    empty = pyarrow.chunked_array([], kind)
    for column, outputs in (
        (array, expected),
        (array.slice(1), expected[1:]),
        (chunks, expected + expected[1:]),
        (empty, []),
        (array.slice(0, 0), []),
    ):
        table = pyarrow.table(filter.redact_arrow(column, base))
        table.validate(full=True)
        assert table.column("output").to_pylist() == outputs
        assert table.column("output").type == pyarrow.large_binary()
        assert [reason is None for reason in table.column("reason").to_pylist()] == [own is not None for own in outputs]
    null = pyarrow.table(filter.redact_arrow(array, base)).to_pylist()[1]
    assert null["disposition"] == "withheld" and null["reason"] == "empty" and null["bytes_in"] == 0


@pytest.mark.parametrize("kind", [polars.Binary, polars.String])
def test_a_series_of_polars(filter: Filter, message: bytes, base: Request, kind: Any) -> None:
    value = message.decode() if kind == polars.String else message
    series = polars.Series([value, None] * 10, dtype=kind)
    done = polars.DataFrame(filter.redact_arrow(series, base, receipts=True))
    assert done["output"].to_list() == [filter.redact(message, base).output, None] * 10
    assert done["receipt"][0] == filter.redact(message, base).receipt.to_json()
    frame = polars.DataFrame({"message": series, "ori": ["AZ0070000", None] * 10, "claims": [[], ["approved"]] * 10})
    done = polars.DataFrame(
        filter.redact_arrow(frame["message"], requester=frame["ori"], claims=frame["claims"])
    )
    assert done["reason"].to_list()[1] == "requester-missing"


def test_a_table_goes_out_by_each_way(filter: Filter, message: bytes, base: Request) -> None:
    done = filter.redact_arrow(pyarrow.array([message, None]), base, receipts=True)
    assert len(done) == 2 and repr(done) == "<RedactedTable 2 rows>"
    batch = pyarrow.record_batch(done)
    batch.validate(full=True)
    assert batch.schema == pyarrow.schema(done) == pyarrow.table(done).schema
    assert batch.schema.names[:3] == ["output", "disposition", "reason"] and batch.schema.names[-1] == "receipt"
    assert pyarrow.RecordBatchReader.from_stream(done).read_all() == pyarrow.table(done)
    # A capsule that nobody takes is freed.
    for _ in range(100):
        done.__arrow_c_array__()
        done.__arrow_c_stream__()
        done.__arrow_c_schema__()
    row = batch.to_pylist()[0]
    receipt = filter.redact(message, base).receipt
    for name in ("disposition", "format", "message_type", "requester", "bytes_in", "bytes_out", "unmapped", "image_bytes"):
        assert row[name] == getattr(receipt, name), name
    # It outlives what it was made of.
    del done
    assert batch.column("output")[0].as_py()


def test_the_columns_of_requests(filter: Filter, message: bytes) -> None:
    rows = {
        "requester": ["AZ0070000", "NV0010000", None, "AZ", "AZ0070000", "AZ0070000", "AZ0070000"],
        "purpose": ["C", "C", "C", "C", "nonsense", None, "C"],
        "claims": [[], [], [], [], [], None, [None]],
        "date": ["2026-12-01"] * 7,
        "correlation_id": ["1", "2", "3", "4", "5", "6", "7"],
    }
    texts = pyarrow.list_(pyarrow.string())
    columns = {name: pyarrow.array(own, texts if name == "claims" else pyarrow.string()) for name, own in rows.items()}
    table = pyarrow.table(filter.redact_arrow(pyarrow.array([message] * 7), **columns))
    assert table.column("reason").to_pylist() == [
        None,
        "requester-mismatch",
        "requester-missing",
        "requester-invalid",
        "purpose-unknown",
        None,
        "claim-unknown",
    ]
    for column, value, reason in (("date", "soon", "date-invalid"), ("date", None, "date-invalid"), ("correlation_id", "a b", "attribute-unknown")):
        columns = {"requester": pyarrow.array(["AZ0070000"]), column: pyarrow.array([value], pyarrow.string())}
        table = pyarrow.table(filter.redact_arrow(pyarrow.array([message]), **columns))
        assert table.column("reason").to_pylist() == [reason] and table.column("output").to_pylist() == [None]
    not_utf8 = pyarrow.array([b"\xff\xff"]).cast(pyarrow.binary())
    assert pyarrow.table(filter.redact_arrow(pyarrow.array([message]), requester=not_utf8)).column("reason")[0].as_py() == "requester-invalid"
    large = pyarrow.array([["approved"]], pyarrow.large_list(pyarrow.large_string()))
    sliced = pyarrow.array([["nonsense"], ["approved"]], pyarrow.list_(pyarrow.string_view())).slice(1)
    base = Request(requester="AZ0070000", purpose="C")
    for claims in (large, sliced):
        assert pyarrow.table(filter.redact_arrow(pyarrow.array([message]), base, claims=claims)).column("reason").to_pylist() == [None]


def test_p2_what_does_not_fit_is_refused(filter: Filter, message: bytes, base: Request) -> None:
    column, wrong = pyarrow.array([message]), None
    record: Any = pyarrow.record_batch({"message": column})
    for wrong in (
        [message],
        message,
        None,
        pyarrow.array([1, 2]),
        pyarrow.array(["a"]).dictionary_encode(),
        pyarrow.nulls(1),
        pyarrow.array([[message]]),
        record,
        pyarrow.table(record),
        polars.Series([1.5]),
        polars.DataFrame({"message": [message]}),
    ):
        with pytest.raises(TypeError) as caught:
            filter.redact_arrow(wrong, base)  # type: ignore[arg-type]
        assert "messages" in str(caught.value) and "JORDAN" not in str(caught.value)
    for name in ("requester", "purpose", "claims", "date", "correlation_id"):
        with pytest.raises(TypeError, match=name):
            filter.redact_arrow(column, Request(), **{name: pyarrow.array([1])})
        with pytest.raises(ValueError, match=name):
            two: list[Any] = [[], []] if name == "claims" else ["a", "b"]
            kind = pyarrow.list_(pyarrow.string()) if name == "claims" else pyarrow.string()
            filter.redact_arrow(column, Request(), **{name: pyarrow.array(two, kind)})
    with pytest.raises(ValueError, match="requester"):
        filter.redact_arrow(column, base, requester=pyarrow.array(["AZ0070000"]))
    with pytest.raises(TypeError, match="request"):
        filter.redact_arrow(column)
    with pytest.raises(TypeError, match="source"):
        filter.redact_arrow(column, base, source="archive")


class Stream:
    """A stream that fails, and says a value."""

    def __init__(self, message: bytes) -> None:
        self.message = message

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        schema = pyarrow.schema({"message": pyarrow.binary()})

        def batches() -> Any:
            yield pyarrow.record_batch([pyarrow.array([self.message])], schema)
            raise ValueError(self.message)

        return pyarrow.RecordBatchReader.from_batches(schema, batches()).__arrow_c_stream__(requested_schema)


def test_p6_an_error_of_a_stream_repeats_no_value(filter: Filter, message: bytes, base: Request) -> None:
    with pytest.raises(TypeError) as caught:
        filter.redact_arrow(Stream(message), base)
    assert "JORDAN" not in str(caught.value)
    for taken in (pyarrow.array([message]),):
        capsules = taken.__arrow_c_array__()

        class Again:
            def __arrow_c_array__(self, requested_schema: object = None) -> object:
                return capsules

        assert len(filter.redact_arrow(Again(), base)) == 1  # type: ignore[arg-type]
        # Whoever gives the same capsules again gives nothing.
        with pytest.raises(TypeError):
            filter.redact_arrow(Again(), base)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [pyarrow.binary(), pyarrow.large_binary(), pyarrow.string()], ids=str)
@pytest.mark.parametrize("offsets", [[0, 2**30, 10], [0, -1, 10], [10, 5, 10]], ids=str)
def test_p8_offsets_that_lead_elsewhere_are_refused(filter: Filter, base: Request, kind: Any, offsets: list[int]) -> None:
    size = 8 if kind == pyarrow.large_binary() else 4
    table = b"".join(offset.to_bytes(size, "little", signed=True) for offset in offsets)
    array = pyarrow.Array.from_buffers(kind, 2, [None, pyarrow.py_buffer(table), pyarrow.py_buffer(b"0123456789")])
    with pytest.raises(TypeError, match="can't be read"):
        filter.redact_arrow(array, base)
    with pytest.raises(TypeError, match="can't be read"):
        filter.redact_arrow(pyarrow.array([b"{}", b"{}"]), base, purpose=array)


def test_p8_views_that_lead_elsewhere_are_refused(filter: Filter, base: Request) -> None:
    for buffer, offset in ((1, 0), (0, 5), (0, -1), (-1, 0)):
        view = b"".join(number.to_bytes(4, "little", signed=True) for number in (20, 0, buffer, offset))
        buffers = [None, pyarrow.py_buffer(view), pyarrow.py_buffer(bytes(20))]
        with pytest.raises(TypeError, match="can't be read"):
            filter.redact_arrow(pyarrow.Array.from_buffers(pyarrow.binary_view(), 1, buffers), base)
