"""Header: which column of a file is which of ours, told before a row is read."""

import csv
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import zstandard

from estore.errors import RefusedFile
from estore.landing import LandedFile
from estore.shop import COLUMNS, PLAIN_COLUMNS, ShopConfig

_TIME = re.compile(r"\s*\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}")
_OTHER_DELIMITERS = ";\t|"


@dataclass(frozen=True)
class Header:
    """The columns of a file.

    names: every column of the file in its order; ours: our column → its position there;
    extra: columns that are kept out; absent: optional columns of ours that the file lacks.
    """

    names: tuple[str, ...]
    ours: dict[str, int]
    extra: tuple[str, ...]
    absent: tuple[str, ...]
    has_line: bool
    byte_order_mark: bool = False


@contextmanager
def open_bytes(file: LandedFile) -> Iterator[IO[bytes]]:
    """The uncompressed bytes of a CSV file."""
    with file.path.open("rb") as raw:
        if file.compression == "gzip":
            with gzip.GzipFile(fileobj=raw) as plain:
                yield plain  # type: ignore[misc]
        elif file.compression == "zstd":
            with zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True) as plain:
                yield plain
        else:
            yield raw


def read_csv_header(file: LandedFile, shop: ShopConfig) -> Header:
    """Find our columns in a CSV file; raises RefusedFile that names the column and the fix."""
    try:
        with open_bytes(file) as stream:
            start = stream.read(1 << 16)
    except (OSError, EOFError, zstandard.ZstdError) as error:
        raise RefusedFile(
            f"cannot be read as {file.compression}: {error}; copy or compress it again"
        ) from error
    if not start.strip():
        raise RefusedFile("is empty; export it again")
    if b"\0" in start:
        raise RefusedFile("is not text but binary; export it as CSV in UTF-8")
    marked = start.startswith(b"\xef\xbb\xbf")
    # A cut through a letter at the end of what was read is no fault of the file.
    text = start.decode("utf-8-sig", errors="replace")
    first = next(csv.reader(io.StringIO(text, newline=""), delimiter=shop.delimiter), [])
    fields = [name.strip() for name in first]
    known = {*COLUMNS, *shop.columns}
    if any(name in known or name.lower() in COLUMNS for name in fields):
        return match_columns(fields, shop, byte_order_mark=marked)
    if len(fields) == len(PLAIN_COLUMNS) and _TIME.match(fields[0]):
        ours = {name: position for position, name in enumerate(PLAIN_COLUMNS)}
        return Header(PLAIN_COLUMNS, ours, (), ("order_id", "quantity"), False, marked)
    raise RefusedFile(_no_header(fields, shop))


def match_columns(
    fields: list[str], shop: ShopConfig, *, has_line: bool = True, byte_order_mark: bool = False
) -> Header:
    """Match the names of a header to our columns; raises RefusedFile for missing or doubled ones."""
    mapped = {theirs: ours for theirs, ours in shop.columns.items() if theirs in fields}
    ours: dict[str, int] = {}
    extra: list[str] = []
    for position, name in enumerate(fields):
        plain = name.lower() if name.lower() in COLUMNS else None
        column = mapped.get(name) or (plain if plain not in mapped.values() else None)
        if column is None:
            extra.append(name or "(unnamed)")
        elif column in ours:
            raise RefusedFile(
                f"has two columns for {column}; keep one, or map it under [columns] in shop.toml"
            )
        else:
            ours[column] = position
    missing = [column for column, needed in COLUMNS.items() if needed and column not in ours]
    if missing:
        raise RefusedFile(
            f"has no column {', '.join(map(shop.source_of, missing))}; it has "
            f"{', '.join(name or '(unnamed)' for name in fields)}. Name the columns that "
            'hold them in shop.toml: [columns] "their name" = "' + missing[0] + '"'
        )
    absent = tuple(column for column in COLUMNS if column not in ours)
    return Header(tuple(fields), ours, tuple(extra), absent, has_line, byte_order_mark)


def _no_header(fields: list[str], shop: ShopConfig) -> str:
    if len(fields) == 1:
        for delimiter in _OTHER_DELIMITERS:
            if fields[0].count(delimiter) >= len(PLAIN_COLUMNS) - 2:
                return (
                    f"is not separated by {shop.delimiter!r} but, it seems, by {delimiter!r}; "
                    f"set delimiter = {delimiter!r} in shop.toml"
                )
    if _TIME.match(fields[0] if fields else ""):
        return (
            f"has no header and {len(fields)} columns where {len(PLAIN_COLUMNS)} are expected "
            f"({', '.join(PLAIN_COLUMNS)}); add a header line"
        )
    shown = ", ".join(fields)[:120]
    return (
        f"has none of the columns {', '.join(PLAIN_COLUMNS)}; its first line is: {shown}. "
        "Add a header line, or map its columns under [columns] in shop.toml"
    )
