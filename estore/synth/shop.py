"""From a shop's size and seed to its files, one a month."""

import gzip
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, cast

import duckdb

from estore.synth.catalogue import CODES, make_catalogue
from estore.synth.chunks import Rows, make_chunks, month_start

FORMATS = ("csv", "csv.gz", "parquet")
MOST_MONTHS = 24
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Names come out of lists, not of joins: a join may put its rows in another order.
SELECT = """
SELECT
    {event_time} AS event_time,
    (['view', 'cart', 'purchase'])[kind + 1] AS event_type,
    product_id,
    category_id,
    getvariable('codes')[code + 1] AS category_code,
    getvariable('brands')[brand + 1] AS brand,
    (cents::DECIMAL(16, 0) * 0.01)::DECIMAL(18, 2) AS price,
    user_id,
    (session_high::UHUGEINT * 18446744073709551616 + session_low)::UUID::VARCHAR AS user_session
FROM chunk
"""
TEXT_TIME = "make_timestamp(time * 1000000)::VARCHAR || ' UTC'"
INSTANT = "make_timestamptz(time * 1000000)"


@dataclass(frozen=True)
class Shop:
    """What to make: `events` rows over `months` whole months from October 2019.

    `format` is `csv`, `csv.gz` or `parquet`; it changes the encoding, never the rows.
    Raises ValueError on a number out of range or an unknown format.
    """

    events: int = 1_000_000
    months: int = 2
    seed: int = 1
    format: str = "csv"

    def __post_init__(self) -> None:
        if self.events < 1:
            raise ValueError(f"events is {self.events}: ask for at least 1.")
        if not 1 <= self.months <= MOST_MONTHS:
            raise ValueError(f"months is {self.months}: ask for 1 to {MOST_MONTHS}.")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}: give 0 or a positive number.")
        if self.format not in FORMATS:
            raise ValueError(f"format is {self.format!r}: choose one of {', '.join(FORMATS)}.")


def write_shop(
    directory: Path, shop: Shop, *, on_progress: Callable[[int], None] | None = None
) -> list[Path]:
    """Write one file a month, `2019-Oct.csv` and on, into `directory`; return their paths.

    The files hold exactly `shop.events` rows in time order. Each appears under its name only when
    complete, and replaces one of that name. `on_progress` is told the rows written so far.
    Raises OSError or duckdb.Error when a file cannot be written.
    """
    return list(write_months(directory, shop, on_progress=on_progress))


def write_months(
    directory: Path, shop: Shop, *, on_progress: Callable[[int], None] | None = None
) -> Iterator[Path]:
    """As write_shop, but each file's path as soon as it is complete.

    The next is made when asked for: a caller short of disk may take away the one before.
    """
    directory.mkdir(parents=True, exist_ok=True)
    catalogue = make_catalogue(shop.events, shop.seed)
    chunks = make_chunks(shop.events, shop.months, shop.seed, catalogue)
    if on_progress:
        chunks = _told(chunks, on_progress)
    write = _write_parquet if shop.format == "parquet" else _write_text
    with duckdb.connect(config={"threads": 1}) as db:
        db.execute("SET VARIABLE codes = $1", [CODES])
        db.execute("SET VARIABLE brands = $1", [catalogue.brand_names])
        for month, of_month in groupby(chunks, key=lambda chunk: chunk[0]):
            path = directory / _file_name(month, shop.format)
            with tempfile.TemporaryDirectory(dir=directory, prefix=f".{path.name}.") as scratch:
                write(db, (rows for _, rows in of_month), Path(scratch), shop.format)
                Path(scratch, "whole").replace(path)
            yield path


def _file_name(month: int, format: str) -> str:
    start = month_start(month)
    return f"{start.year}-{MONTH_NAMES[start.month - 1]}.{format}"


def _told(
    chunks: Iterator[tuple[int, Rows]], on_progress: Callable[[int], None]
) -> Iterator[tuple[int, Rows]]:
    """The chunks; whoever asks for the next one has written those before."""
    written = 0
    for month, rows in chunks:
        yield month, rows
        written += len(rows["time"])
        on_progress(written)


def _write_text(
    db: duckdb.DuckDBPyConnection, chunks: Iterator[Rows], scratch: Path, format: str
) -> None:
    """All chunks as one CSV file, `whole` in the scratch directory; gzipped for `csv.gz`."""
    part = scratch / "part"
    header = "true"
    with _opened(scratch / "whole", format) as whole:
        for rows in chunks:
            _copy(db, rows, part, TEXT_TIME, f"FORMAT csv, HEADER {header}")
            header = "false"
            with part.open("rb") as source:
                shutil.copyfileobj(source, whole, 1 << 20)


@contextmanager
def _opened(path: Path, format: str) -> Iterator[BinaryIO]:
    with path.open("wb") as file:
        if format == "csv.gz":
            # Neither name nor time of day inside: the same rows give the same bytes.
            with gzip.GzipFile("", "wb", 6, file, mtime=0) as zipped:
                yield cast("BinaryIO", zipped)
        else:
            yield file


def _write_parquet(
    db: duckdb.DuckDBPyConnection, chunks: Iterator[Rows], scratch: Path, format: str
) -> None:
    """All chunks as one Parquet file, `whole` in the scratch directory, by way of one a chunk."""
    parts: list[Path] = []
    for rows in chunks:
        parts.append(scratch / f"part{len(parts)}")
        _copy(db, rows, parts[-1], INSTANT, "FORMAT parquet")
    listed = ", ".join(_quoted(part) for part in parts)
    whole = _quoted(scratch / "whole")
    db.execute(f"COPY (FROM read_parquet([{listed}])) TO {whole} (FORMAT parquet)")


def _copy(
    db: duckdb.DuckDBPyConnection, rows: Rows, path: Path, event_time: str, options: str
) -> None:
    db.register("chunk", rows)
    select = SELECT.format(event_time=event_time)
    db.execute(f"COPY ({select}) TO {_quoted(path)} ({options})")


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
