"""Header: matches a file's columns to ours before any row is read."""

import codecs
import csv
import io
import json
import re
from dataclasses import dataclass, field, replace

from estore.errors import RefusedFile
from estore.escaping import shortened
from estore.landing import SUFFIXES, LandedFile
from estore.load.content import Text, open_bytes, separator_byte
from estore.sources import COLUMNS, PLAIN_COLUMNS, Source
from estore.warehouse.dialect import SPACES

_TIME = re.compile(r"\s*\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}")
#: Ids that other programs may treat as numbers.
ID_COLUMNS = ("product_id", "category_id", "user_id", "user_session", "order_id")
_DELIMITERS = ",;\t|"
#: Encodings with zero bytes → their marks, the longer ones first.
_WIDE = {
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}
#: A first line that tells Excel the delimiter.
_NO_TAB = SPACES.replace("\t", "")
_SEPARATOR_LINE = re.compile('"?sep=([^\\w"\\s]|\\t)"?', re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """The columns of a file.

    names: all columns in file order; ours: our column → its position; constants: our column → the
    value of all rows; notes: notes for the user; has_line: the file has a header line; skipped:
    lines before it; is_odd: only the careful way can read the file; binary: our columns that a
    Parquet file stores as bytes; typed: those it stores as numbers or times, which need no format.
    """

    names: tuple[str, ...]
    ours: dict[str, int]
    notes: tuple[str, ...]
    has_line: bool = True
    constants: dict[str, str] = field(default_factory=dict)
    delimiter: str = ","
    skipped: int = 0
    is_odd: bool = False
    binary: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()

    def source_name(self, column: str) -> str:
        """The file's name for one of our columns."""
        return self.names[self.ours[column]]


def read_csv_header(file: LandedFile, shop: Source) -> Header:
    """Find our columns in a CSV file; raises RefusedFile with the column and the fix."""
    head = read_head(file, shop)
    fields, delimiter = list(head.names), head.delimiter
    known = {*COLUMNS, *shop.columns}
    if any(name in known or name.lower() in COLUMNS for name in fields):
        header = match_columns(fields, shop)
    elif len(fields) == len(PLAIN_COLUMNS) and (
        _TIME.match(fields[0]) or (shop.time_format and fields[0][:1].isdigit())
    ):
        ours = {name: position for position, name in enumerate(PLAIN_COLUMNS)}
        header = Header(PLAIN_COLUMNS, ours, (), has_line=False)
    else:
        raise RefusedFile(_no_header(fields, delimiter))
    return replace(header, delimiter=delimiter, skipped=head.skipped, is_odd=head.is_odd)


def read_head(file: LandedFile, shop: Source) -> Header:
    """The names in a CSV file's first line, none of them matched to ours."""
    with open_bytes(file, shop.codec) as stream:
        start = stream.read(1 << 16)
    for name, starts in _WIDE.items():
        if start.startswith(starts):
            raise RefusedFile(
                f"is {name.upper()}; save it as CSV in UTF-8, "
                f'or set encoding = "{name}" in shop.toml'
            )
    if not start.strip(b"\xef\xbb\xbf \t\r\n"):
        raise RefusedFile("is empty; export it again")
    if start[1:40:2] == bytes(20) or start[:40:2] == bytes(20):
        name = "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
        raise RefusedFile(
            "seems to be UTF-16 without a byte order mark; save it as CSV in UTF-8, or set "
            f'encoding = "{name}" in shop.toml'
        )
    if b"\0" in start.split(b"\n", 1)[0]:
        raise RefusedFile("is not text but binary; export it as CSV in UTF-8")
    # The block may end inside a character, which is not a fault of the file.
    text = start.decode("utf-8", errors="replace")
    marks = len(text) - len(text := text.lstrip("\ufeff"))
    skipped, delimiter, text = _after_preamble(text, shop.delimiter)
    if "\r" in text.split("\n", 1)[0].rstrip("\r\n"):
        raise RefusedFile("has CR line ends; save it with LF or CRLF line ends")
    lines = io.StringIO(text, newline="\n")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        fields = [name.strip(SPACES) for name in next(reader, [])]
    except csv.Error as error:
        raise RefusedFile(f"has a first line that is not CSV ({error}); fix its header") from error
    glance = Text(separator_byte(delimiter))
    glance.add(start[: start.rfind(b"\n") + 1] or start)
    is_odd = marks > 1 or skipped > 0 or not glance.is_plain
    return Header(tuple(fields), {}, (), delimiter=delimiter, skipped=skipped, is_odd=is_odd)


def _after_preamble(text: str, delimiter: str) -> tuple[int, str, str]:
    """(lines before the header, the delimiter, the text from the header on).

    Blank lines and Excel's `sep=;`, which states the delimiter, may come before the header.
    """
    skipped = 0
    while text:
        line, end, rest = text.partition("\n")
        if said := _SEPARATOR_LINE.fullmatch(line.strip(_NO_TAB)):
            delimiter = said[1]
        elif not end or line.strip(f"{SPACES}{delimiter}"):
            break
        skipped, text = skipped + 1, rest
    return skipped, delimiter, text.lstrip("\ufeff")


def match_columns(fields: list[str], shop: Source, *, has_line: bool = True) -> Header:
    """Match a header's names to our columns; raises RefusedFile for missing or duplicate ones."""
    mapped = {
        theirs: [named] if isinstance(named, str) else named
        for theirs, named in shop.columns.items()
        if theirs in fields
    }
    taken = {column for columns in mapped.values() for column in columns}
    ours: dict[str, int] = {}
    extra: list[str] = []
    for position, name in enumerate(fields):
        plain = name.lower() if name.lower() in COLUMNS else None
        columns = mapped.get(name) or ([plain] if plain and plain not in taken else [])
        if not columns:
            extra.append(name or "(unnamed)")
        for column in columns:
            if column in ours:
                raise RefusedFile(
                    f"has two columns for {column}; keep one, or map it under [columns] in "
                    "shop.toml"
                )
            ours[column] = position
    named = shortened(", ".join(name or "(unnamed)" for name in fields), 300)
    constants = {
        column: str(value) for column, value in shop.constants.items() if column not in ours
    }
    missing = [
        column
        for column, needed in COLUMNS.items()
        if needed and column not in {**ours, **constants}
    ]
    if missing:
        raise RefusedFile(
            f"has no column {', '.join(map(shop.source_of, missing))}; its columns are "
            f"{named}. Map one of them "
            'in shop.toml: [columns] "their name" = "' + missing[0] + '"'
        )
    absent = [
        shop.source_of(column)
        for column in COLUMNS
        if column not in {**ours, **constants} and (column in PLAIN_COLUMNS or column in shop.ours)
    ]
    notes = []
    if extra:
        notes.append(f"ignored columns: {', '.join(extra)}")
    if absent:
        notes.append(f"missing columns, left empty: {', '.join(absent)}")
    return Header(tuple(fields), ours, tuple(notes), has_line, constants)


def check_format(file: LandedFile) -> None:
    """Raises RefusedFile if the name's suffix is not that of an event file."""
    if file.format == "unknown":
        raise RefusedFile(f"has no event file suffix; use one of {SUFFIXES}")


def parquet_header(columns: list[tuple[str, str]], shop: Source) -> Header:
    """The columns of a Parquet file, given as (name, DuckDB's type).

    Raises RefusedFile for missing columns, and for ids stored as rounded numbers.
    """
    header = match_columns([name for name, _ in columns], shop, has_line=False)
    kinds = {ours: columns[position][1] for ours, position in header.ours.items()}
    for ours, kind in kinds.items():
        named = f"stores {header.source_name(ours)} as"
        if ours in ID_COLUMNS and kind in ("DOUBLE", "FLOAT"):
            raise RefusedFile(
                f"{named} a rounded number ({kind}): ids above 2^53 lose digits. "
                "Export it as a whole number or as text"
            )
        if not is_readable(ours, kind):
            due = due_type(ours)
            raise RefusedFile(f"{named} {kind[:60]}, not as {due}. Export it as {due}")
    binary = tuple(ours for ours, kind in kinds.items() if kind == "BLOB")
    typed = tuple(
        ours
        for ours, kind in kinds.items()
        if kind.startswith("TIMESTAMP" if ours == "event_time" else "")
        and kind not in ("VARCHAR", "BLOB")
    )
    return replace(header, binary=binary, typed=typed)


_DUE = {"event_time": "a time", "price": "a number", "quantity": "a whole number"}


def due_type(ours: str) -> str:
    """What one of our columns must be, in words."""
    return _DUE.get(ours, "text")


def is_readable(ours: str, kind: str) -> bool:
    """Whether a column of this DuckDB type fits: not a list, a struct or a boolean."""
    if kind in ("VARCHAR", "BLOB") or (kind.startswith("ENUM") and not kind.endswith("]")):
        return True
    if ours == "event_time":
        return any(form.fullmatch(kind) for form in (_INSTANT, _NUMBER))
    is_uuid = kind == "UUID" and ours not in _DUE
    return is_uuid or kind == '"NULL"' or _NUMBER.fullmatch(kind) is not None


_INSTANT = re.compile("DATE|TIMESTAMP(_S|_MS|_NS)?( WITH TIME ZONE)?")
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(\d+,\d+\)")


def _no_header(fields: list[str], used: str) -> str:
    if len(fields) == 1:
        for delimiter in _DELIMITERS.replace(used, ""):
            if fields[0].count(delimiter) >= len(PLAIN_COLUMNS) - 2:
                return (
                    f"seems to be separated by {delimiter!r}, not by {used!r}; "
                    f"set delimiter = {json.dumps(delimiter)} in shop.toml"
                )
    if _TIME.match(fields[0] if fields else ""):
        return (
            f"has no header and {len(fields)} columns instead of {len(PLAIN_COLUMNS)} "
            f"({', '.join(PLAIN_COLUMNS)}); add a header line"
        )
    shown = shortened(", ".join(fields), 120)
    return (
        f"has none of the columns {', '.join(PLAIN_COLUMNS)}; its first line is: {shown}. "
        "Add a header line, or map its columns under [columns] in shop.toml"
    )
