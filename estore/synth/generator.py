"""Generator: writes a shop's files, one per month, and its truth from a size and a seed."""

import gzip
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from pathlib import Path
from typing import BinaryIO, cast

import duckdb
import numpy as np

from estore.synth import calibration as real
from estore.synth.catalog import CODES, Catalog, make_catalog
from estore.synth.chunks import Life, month_start
from estore.synth.customers import Behavior
from estore.synth.faults import (
    ALL_FAULTS,
    TIMED,
    USUAL_FAULTS,
    Fault,
    Rows,
    Tracker,
    bot_sizes,
    place_faults,
)
from estore.synth.truth import shop_truth

FORMATS = ("csv", "csv.gz", "parquet")
MOST_MONTHS = 24
MOST_KNOWN = 0.9
TRUTH = "truth.json"
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Names come from lists, not from joins, because a join may reorder rows.
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
class SyntheticShop:
    """The shop to generate: `events` rows over `months` full months from October 2019.

    `format` is `csv`, `csv.gz` or `parquet`; it changes the encoding, never the rows. `faults`
    names tracking faults (`estore.synth.ALL_FAULTS`; none: a clean shop); a fault adds or removes
    rows. `known_customers`: the share of the first day's orders by customers who ordered before
    the data start; others of them return later. Raises ValueError on a number out of range or an
    unknown name.
    """

    events: int = 1_000_000
    months: int = 2
    seed: int = 1
    format: str = "csv"
    faults: tuple[str, ...] = USUAL_FAULTS
    behavior: Behavior = field(default_factory=Behavior)
    known_customers: float = 0

    def __post_init__(self) -> None:
        if self.events < 1:
            raise ValueError(f"events is {self.events}: use at least 1.")
        if not 1 <= self.months <= MOST_MONTHS:
            raise ValueError(f"months is {self.months}: use 1 to {MOST_MONTHS}.")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}: use 0 or a positive number.")
        if self.format not in FORMATS:
            raise ValueError(f"format is {self.format!r}: choose one of {', '.join(FORMATS)}.")
        if not 0 <= self.known_customers <= MOST_KNOWN:
            raise ValueError(
                f"known customers are {self.known_customers}: use 0 to {MOST_KNOWN}, their share "
                "of the first day's orders."
            )
        for name in self.faults:
            if name not in ALL_FAULTS:
                raise ValueError(f"unknown fault {name!r}: choose from {', '.join(ALL_FAULTS)}.")

    @property
    def days(self) -> int:
        """The number of days of its months."""
        return (month_start(self.months) - month_start(0)).days

    def placed_faults(self) -> list[Fault]:
        """The faults with their own days."""
        start = month_start(0)
        midnight = int(datetime(start.year, start.month, start.day, tzinfo=UTC).timestamp())
        kinds = set(self.faults)
        if not bot_sizes(self.events, self.seed):
            kinds.discard("bots")
        return place_faults(kinds, midnight, self.days, self.seed)


def write_shop(
    directory: Path, shop: SyntheticShop, *, on_progress: Callable[[int], None] | None = None
) -> list[Path]:
    """Write one file per month, from `2019-Oct.csv`, into `directory`; return the paths.

    A clean shop's files contain exactly `shop.events` rows in time order. Late and repeated rows
    have extra files, `2019-Oct.late.csv` and `2019-Oct.again.csv`. A file gets its name only when
    complete, and replaces an existing one. `truth.json` comes last. `on_progress` receives the
    rows written so far. Raises OSError or duckdb.Error if a file cannot be written.
    """
    return list(write_months(directory, shop, on_progress=on_progress))


def write_months(
    directory: Path, shop: SyntheticShop, *, on_progress: Callable[[int], None] | None = None
) -> Iterator[Path]:
    """Like write_shop, but yields each file's path when it is complete.

    It makes the next file on request, so a caller with little disk space may delete the last one.
    """
    directory.mkdir(parents=True, exist_ok=True)
    spend = shop.behavior.spend
    catalog = make_catalog(shop.events, shop.seed, shop.faults, spend=spend)
    placed = shop.placed_faults()
    life = Life(
        shop.events,
        shop.months,
        shop.seed,
        catalog,
        behavior=shop.behavior,
        known_customers=shop.known_customers,
        bots=next((fault for fault in placed if fault.kind == "bots"), None),
        has_odd_ids="session-ids" in shop.faults,
    )
    chunks = _with_progress(life.chunks(), on_progress or (lambda rows: None))
    tracker = Tracker(placed)
    write = _write_parquet if shop.format == "parquet" else _write_text
    with duckdb.connect(config={"threads": 1}) as db:
        db.execute("SET VARIABLE codes = $1", [CODES])
        db.execute("SET VARIABLE brands = $1", [catalog.brand_names])
        for month, of_month in groupby(chunks, key=lambda chunk: chunk[0]):
            with tempfile.TemporaryDirectory(dir=directory, prefix=".synth.") as scratch:
                extra = _ExtraFiles(Path(scratch))
                whole = (rows for _, chunk in of_month for rows in extra.own(tracker, chunk, life))
                for name, rows in chain([("", whole)], extra.files()):
                    path = directory / _file_name(month, name, shop.format)
                    write(db, rows, Path(scratch), shop.format)
                    Path(scratch, "whole").replace(path)
                    yield path
    _write_truth(directory / TRUTH, shop, life, placed, catalog)


class _ExtraFiles:
    """A month's rows for extra files, stored on disk until those are written."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.parts: dict[str, list[Path]] = {"late": [], "again": []}

    def own(self, tracker: Tracker, chunk: Rows, life: Life) -> Iterator[Rows]:
        """The rows for the month's own file."""
        for name, rows in tracker.files(chunk):
            life.tally.count_lines(rows, are_known=name == "again")
            if not name:
                yield rows
                continue
            part = self.scratch / f"{name}{len(self.parts[name])}.npz"
            np.savez(part, **rows)  # type: ignore[arg-type]  # its names are not options
            self.parts[name].append(part)

    def files(self) -> Iterator[tuple[str, Iterator[Rows]]]:
        """Name and chunks of each extra file, after the month's own file is written."""
        for name, parts in self.parts.items():
            if parts:
                yield name, (dict(np.load(part)) for part in parts)


def _write_truth(
    path: Path, shop: SyntheticShop, life: Life, placed: list[Fault], catalog: Catalog
) -> None:
    faults = [fault.as_record() for fault in placed]
    faults += [_lasting(name, shop, catalog) for name in shop.faults if name not in TIMED]
    truth = shop_truth(life.tally, life.customers, int(life.crowd.sizes.sum()), life.months, faults)
    size = {"events": shop.events, "months": shop.months, "seed": shop.seed}
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_text(json.dumps({"shop": size, **truth}, indent=2) + "\n")
    unfinished.replace(path)


def _lasting(name: str, shop: SyntheticShop, catalog: Catalog) -> dict[str, object]:
    """A record of a fault on all days or after a change, with its products if it has any."""
    first = month_start(real.NEW_TAXONOMY if name == "taxonomy-break" else 0)
    end = month_start(shop.months)
    record: dict[str, object] = {
        "fault": name,
        "from_date": str(first),
        "to_date": str(end - timedelta(days=1)),
    }
    products = {
        "taxonomy-break": catalog.category_id[0] != catalog.category_id[1],
        "zero-prices": catalog.is_unpriced,
        "price-cap": catalog.cents(0) == catalog.most_cents,
    }
    if name in products:
        record["product_ids"] = sorted(catalog.product_id[products[name]].tolist())
    return record


def _file_name(month: int, name: str, format: str) -> str:
    start = month_start(month)
    parts = [f"{start.year}-{MONTH_NAMES[start.month - 1]}", name, format]
    return ".".join(part for part in parts if part)


def _with_progress(
    chunks: Iterator[tuple[int, Rows]], on_progress: Callable[[int], None]
) -> Iterator[tuple[int, Rows]]:
    """The chunks; a request for the next one means that the earlier ones are written."""
    written = 0
    for month, rows in chunks:
        yield month, rows
        written += len(rows["time"])
        on_progress(written)


def _write_text(
    db: duckdb.DuckDBPyConnection, chunks: Iterator[Rows], scratch: Path, format: str
) -> None:
    """All chunks as one CSV file in the scratch directory, gzipped for `csv.gz`."""
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
            # No file name and no time inside, so the same rows give the same bytes.
            with gzip.GzipFile("", "wb", 6, file, mtime=0) as zipped:
                yield cast("BinaryIO", zipped)
        else:
            yield file


def _write_parquet(
    db: duckdb.DuckDBPyConnection, chunks: Iterator[Rows], scratch: Path, format: str
) -> None:
    """All chunks as one Parquet file in the scratch directory, through one file per chunk."""
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
