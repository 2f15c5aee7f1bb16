"""Header: which column of a file is which of ours, told before a row is read."""

import csv
import io
import json
import re
from dataclasses import dataclass

from estore.errors import RefusedFile
from estore.escaping import shortened
from estore.landing import FORMATS, LandedFile
from estore.load.content import open_bytes
from estore.shop import COLUMNS, PLAIN_COLUMNS, ShopConfig

_TIME = re.compile(r"\s*\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}")
#: Ids that programs take for numbers.
ID_COLUMNS = ("product_id", "category_id", "user_id", "order_id")
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Header:
    """The columns of a file.

    names: every column of the file in its order; ours: our column → its position there;
    notes: what a person should know of them; has_line: they stand in a line of the file.
    """

    names: tuple[str, ...]
    ours: dict[str, int]
    notes: tuple[str, ...]
    has_line: bool = True


def read_csv_header(file: LandedFile, shop: ShopConfig) -> Header:
    """Find our columns in a CSV file; raises RefusedFile that names the column and the fix."""
    with open_bytes(file) as stream:
        start = stream.read(1 << 16)
    if not start.strip():
        raise RefusedFile("is empty; export it again")
    if b"\0" in start.split(b"\n", 1)[0]:
        raise RefusedFile("is not text but binary; export it as CSV in UTF-8")
    # A cut through a letter at the end of what was read is no fault of the file.
    text = start.decode("utf-8-sig", errors="replace")
    if "\r" in text.split("\n", 1)[0].rstrip("\r\n"):
        raise RefusedFile("ends its lines with CR alone; save it with LF or CRLF line ends")
    lines = io.StringIO(text, newline="\n")
    reader = csv.reader(lines, delimiter=shop.delimiter, skipinitialspace=True)
    try:
        fields = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise RefusedFile(f"has a first line that is not CSV ({error}); mend its header") from error
    known = {*COLUMNS, *shop.columns}
    if any(name in known or name.lower() in COLUMNS for name in fields):
        return match_columns(fields, shop)
    if len(fields) == len(PLAIN_COLUMNS) and _TIME.match(fields[0]):
        ours = {name: position for position, name in enumerate(PLAIN_COLUMNS)}
        return Header(PLAIN_COLUMNS, ours, (), has_line=False)
    raise RefusedFile(_no_header(fields, shop))


def match_columns(fields: list[str], shop: ShopConfig, *, has_line: bool = True) -> Header:
    """Match a header's names to our columns; raises RefusedFile for missing or doubled ones."""
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
    named = shortened(", ".join(name or "(unnamed)" for name in fields), 300)
    missing = [column for column, needed in COLUMNS.items() if needed and column not in ours]
    if missing:
        raise RefusedFile(
            f"has no column {', '.join(map(shop.source_of, missing))}; it has "
            f"{named}. Name the columns that "
            'hold them in shop.toml: [columns] "their name" = "' + missing[0] + '"'
        )
    absent = [
        shop.source_of(column)
        for column in COLUMNS
        if column not in ours and (column in PLAIN_COLUMNS or column in shop.columns.values())
    ]
    notes = []
    if extra:
        notes.append(f"columns kept out: {', '.join(extra)}")
    if absent:
        notes.append(f"columns left empty, as the file lacks them: {', '.join(absent)}")
    return Header(tuple(fields), ours, tuple(notes), has_line)


def check_format(file: LandedFile) -> None:
    """Raises RefusedFile for a name that is no event file's."""
    if file.format == "unknown":
        raise RefusedFile(f"is not an event file by its name; name it {', '.join(FORMATS)}")


def parquet_header(columns: list[tuple[str, str]], shop: ShopConfig) -> Header:
    """The columns of a Parquet file, given as (name, DuckDB's type).

    Raises RefusedFile for missing ones, and for ids that were stored as rounded numbers.
    """
    header = match_columns([name for name, _ in columns], shop, has_line=False)
    for column in ID_COLUMNS:
        kind = columns[header.ours[column]][1] if column in header.ours else None
        if kind in ("DOUBLE", "FLOAT"):
            raise RefusedFile(
                f"stores {header.names[header.ours[column]]} as a rounded number "
                f"({kind}): ids above 2^53 have lost digits. "
                "Write it as a whole number or as text"
            )
    return header


def _no_header(fields: list[str], shop: ShopConfig) -> str:
    if len(fields) == 1:
        for delimiter in _DELIMITERS.replace(shop.delimiter, ""):
            if fields[0].count(delimiter) >= len(PLAIN_COLUMNS) - 2:
                return (
                    f"is not separated by {shop.delimiter!r} but, it seems, by {delimiter!r}; "
                    f"set delimiter = {json.dumps(delimiter)} in shop.toml"
                )
    if _TIME.match(fields[0] if fields else ""):
        return (
            f"has no header and {len(fields)} columns where {len(PLAIN_COLUMNS)} are expected "
            f"({', '.join(PLAIN_COLUMNS)}); add a header line"
        )
    shown = shortened(", ".join(fields), 120)
    return (
        f"has none of the columns {', '.join(PLAIN_COLUMNS)}; its first line is: {shown}. "
        "Add a header line, or map its columns under [columns] in shop.toml"
    )
