"""Inspection: loads a file's first rows into memory, to show what a load would do."""

import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from estore.errors import EstoreError, RefusedFile
from estore.inspection.proposal import better, first_proposal, missing_columns, preset_of
from estore.inspection.shape import BYTES, RECORDS, Shape, shape_of
from estore.landing import LandedFile, landed_file
from estore.load import load_files
from estore.load.expansion.expansion import sample_of
from estore.load.loader import Outcome
from estore.load.rows import read_parquet
from estore.settings import Settings
from estore.shop import ShopConfig, shop_of
from estore.sources import COLUMNS, Source
from estore.warehouse.duckdb import SCHEMA, DuckDBWarehouse
from estore.warehouse.quoting import quoted

_EVENTS = 5
_REJECTS = 5
_TRIES = 3


@dataclass
class Inspection:
    """The result for one file. entries: those of the proposed shop.toml; outcome: that of the
    sample; events: the first rows as they would be loaded; rejects: the first rejected rows as
    (line number, text, reason); questions: what only a person can decide; error: why it cannot be
    loaded at all.
    """

    file: LandedFile
    shape: Shape | None = None
    preset: str | None = None
    entries: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome | None = None
    events: list[tuple[Any, ...]] = field(default_factory=list)
    rejects: list[tuple[Any, ...]] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    error: str | None = None


def inspect_files(
    files: Sequence[LandedFile], settings: Settings, shop: ShopConfig | None = None
) -> list[Inspection]:
    """Inspect files; nothing is written outside of a temporary folder, which is removed.

    shop: the shop.toml to load the samples with; None: the one that is proposed.
    """
    found = []
    with tempfile.TemporaryDirectory(prefix="estore-inspect-") as folder:
        for number, file in enumerate(files):
            found.append(_inspect(file, settings, shop, Path(folder) / str(number)))
    return found


def _inspect(
    file: LandedFile, settings: Settings, shop: ShopConfig | None, folder: Path
) -> Inspection:
    result = Inspection(file)
    try:
        if file.is_object:
            raise RefusedFile("is in a bucket; copy it here first, or copy its first rows")
        result.shape = shape = shape_of(file)
        result.preset = preset_of(shape)
        result.entries = first_proposal(shape)
        (folder / "landing").mkdir(parents=True)
        sample = _sample(file, shape, folder / "landing")
        if missing := missing_columns(shape, result.entries):
            result.error = (
                f"no column for {', '.join(missing)} was found: map one under [columns] in "
                "shop.toml, or set a value under [constants]"
            )
            return result
        reasons = _load(result, sample, shop or shop_of(result.entries), settings, folder)
        for _ in range(_TRIES):
            entries, result.questions = better(result.entries, reasons)
            if entries == result.entries or shop:
                break
            attempt = replace(result, entries=entries)
            reasons = _load(attempt, sample, shop_of(entries), settings, folder)
            if not _is_better(attempt, result):  # a few odd rows do not set the format of all
                break
            result = attempt
    except (RefusedFile, EstoreError) as error:
        result.error = str(error)
    return result


def _is_better(attempt: Inspection, result: Inspection) -> bool:
    """Whether more rows would be loaded, or as many, with fewer times that are not understood."""

    def value(each: Inspection) -> tuple[int, int]:
        outcome = each.outcome
        if outcome is None:
            return 0, 0
        return outcome.loaded, -outcome.reasons.get("event_time not understood", 0)

    return value(attempt) > value(result)


def _load(
    result: Inspection, sample: Path, shop: ShopConfig, settings: Settings, folder: Path
) -> list[str]:
    """Load the sample into memory; returns the reasons of its rejected rows."""
    inner = settings.model_copy(
        update={"home": folder / "home", "max_reject_share": 1.0, "target": "duckdb"}
    )
    with duckdb.connect(config={"memory_limit": settings.memory_limit}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set threads = 1")
        connection.execute(SCHEMA)
        warehouse = DuckDBWarehouse(connection)
        # The patterns of [[source]] blocks are those of the real file.
        source = shop.source_for(result.file.uri)
        plain = ShopConfig(**{**vars(source), "thresholds": {}, "orchestration": {}})
        (outcome,) = load_files(warehouse, [landed_file(sample)], plain, inner).outcomes
        result.outcome = outcome
        result.error = outcome.error
        result.events = connection.execute(
            f"select {', '.join(COLUMNS)} from raw.events order by event_time, rowid "
            f"limit {_EVENTS}"
        ).fetchall()
        rows = connection.execute(
            "select line_number, line_text, reason from raw.rejects order by line_number"
        ).fetchall()
    result.rejects = rows[:_REJECTS]
    return [reason for *_, reason in rows]


def _sample(file: LandedFile, shape: Shape, folder: Path) -> Path:
    """A copy of the file's first records."""
    if shape.format == "parquet":
        path = folder / "sample.parquet"
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (from {read_parquet(file.path)} limit {RECORDS}) to {quoted(str(path))} "
                "(format parquet)"
            )
        return path
    if shape.format == "csv":
        path = folder / ("sample.csv" if ".tsv" not in file.name.lower() else "sample.tsv")
        path.write_bytes(_whole_lines(shape))
        return path
    path = folder / "sample.ndjson"
    start = shape.sample.lstrip(b"\xef\xbb\xbf \t\r\n")
    is_lines = False
    with suppress(ValueError, RecursionError):
        is_lines = isinstance(json.loads(start.partition(b"\n")[0]), dict)
    if is_lines or shape.encoding == "utf-16":
        path.write_bytes(_whole_lines(shape))
    else:
        typed = replace(file, format="json", compression=shape.compression)
        records = sample_of(typed, Source(encoding=shape.encoding))
        path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    return path


def _whole_lines(shape: Shape) -> bytes:
    """The first complete records: a quoted field is not cut."""
    lines = shape.sample.splitlines(keepends=True)
    if len(lines) <= RECORDS and len(shape.sample) < BYTES:
        return shape.sample
    if shape.encoding == "utf-16":
        return shape.sample[: len(shape.sample) // 2 * 2]
    end = min(RECORDS + 1, len(lines) - 1)
    start = b"".join(lines[:end])
    while shape.format == "csv" and start.count(b'"') % 2 and end < len(lines) - 1:
        start, end = start + lines[end], end + 1
    return start
