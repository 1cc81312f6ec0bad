"""Tables in Parquet files, of which only the columns that are read are unpacked."""

import io
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from cxmon.errors import SourceError
from cxmon.sources.files.opening import too_large
from cxmon.sources.files.table import CHUNK, Aside, Piece, Table

_FIELD = 8  # Bytes that a field takes at least once it is unpacked, however well its column is packed.


def read_parquet(metric: str, name: str, stream: io.BufferedReader, *, most_bytes: int) -> Table:
    """The table in `stream`. The size is that of the columns that are read."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra, though the board brings it along.
        from pyarrow import parquet  # noqa: PLC0415
    except ModuleNotFoundError:
        raise SourceError(f"{metric}: {name} is a Parquet file; pip install 'cxmon[parquet]' to read those") from None
    try:
        file = parquet.ParquetFile(stream)
    except (pa.ArrowException, OSError):
        raise EOFError from None
    header = [field.name for field in file.schema_arrow]
    return Table(header=header, line=1, pieces=partial(_pieces, metric, name, file, most_bytes))


def _pieces(
    metric: str,
    name: str,
    file: Any,
    most_bytes: int,
    places: Sequence[int],
    aside: Aside,  # noqa: ARG001 - rows have one width.
) -> Iterator[Piece]:
    import pyarrow as pa  # noqa: PLC0415

    names = [file.schema_arrow.names[i] for i in places]
    for field in (file.schema_arrow.field(i) for i in places):
        if pa.types.is_nested(field.type):
            raise SourceError(f"{metric}: {name}: the column {field.name!r} holds {field.type}, not single values")
    if file.metadata.num_rows * _FIELD * max(1, len(set(names))) > most_bytes:
        raise too_large(name, most_bytes)
    first = 1
    try:
        for batch in file.iter_batches(batch_size=CHUNK, columns=sorted(set(names))):
            columns = {one: _fields(batch.column(one)) for one in set(names)}
            yield range(first, first + batch.num_rows), [columns[one] for one in names]
            first += batch.num_rows
    except pa.ArrowException:
        raise EOFError from None


def _fields(column: Any) -> list[object]:
    """Python values; instants with a zone as epoch seconds, since they need no zone any more."""
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_timestamp(column.type):
        unit = "s" if column.type.tz else "us"
        column = column.cast(pa.timestamp(unit, column.type.tz), safe=False)
        column = column.cast(pa.int64()) if column.type.tz else column
    elif pa.types.is_duration(column.type):
        column = column.cast(pa.duration("us"), safe=False)
    found: list[object] = column.to_pylist()
    return found
