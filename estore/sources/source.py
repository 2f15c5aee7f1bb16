"""Source: the format of event files, from the shop's `shop.toml`."""

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any
from zoneinfo import available_timezones

#: Our columns in the order of a file without a header; True: required.
COLUMNS = {
    "event_time": True,
    "event_type": True,
    "product_id": True,
    "category_id": False,
    "category_code": False,
    "brand": False,
    "price": True,
    "user_id": True,
    "user_session": True,
    "order_id": False,
    "quantity": False,
}
#: The columns of a file without a header, in this order.
PLAIN_COLUMNS = tuple(COLUMNS)[:9]
#: Columns that may have one value for all rows of a file.
CONSTANTS = (
    "event_type", "product_id", "category_id", "category_code", "brand", "price", "quantity",
)  # fmt: skip
#: Epoch formats → units per second.
EPOCHS = {"epoch_seconds": 1, "epoch_milliseconds": 1_000, "epoch_microseconds": 1_000_000}
#: Python's text encodings that no program writes files in.
_NO_FILE_ENCODINGS = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"}
#: Allowed parts of a time_format: those of strptime that both engines read in the same way.
TIME_PARTS = "YymdHIMSfpbBz%"
#: No online shop is older than this.
EARLIEST_DATE = "1995-01-01"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")


@dataclass(frozen=True)
class Query:
    """The SQL of a source: one select over `source`, which is the file.

    name: for messages. reads: json, columns or lines; None: by the file's format. required and
    optional: columns that a file must and may have. supersedes: start of a final file's name →
    start of the name of the provisional file that it replaces.
    """

    name: str
    text: str
    reads: str | None = None
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    supersedes: Mapping[str, str] = field(default_factory=dict)

    def early_name(self, name: str) -> str | None:
        """The name, without its suffix, of the provisional file that a file supersedes."""
        stem = name.partition(".")[0]
        pairs = self.supersedes.items()
        return next((early + stem[len(final) :] for final, early in pairs
                     if stem.startswith(final) and not stem.startswith(early)), None)  # fmt: skip

    def final_name(self, name: str) -> str | None:
        """The name, without its suffix, of the file that supersedes a provisional file."""
        stem = name.partition(".")[0]
        pairs = self.supersedes.items()
        return next(
            (final + stem[len(early) :] for final, early in pairs if stem.startswith(early)), None
        )

    @property
    def identity(self) -> str:
        """The name and a hash of the SQL, for the ledger."""
        return f"{self.name} {sha256(self.text.encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class Source:
    """The file format of one source; all empty by default."""

    columns: dict[str, str | list[str]] = field(default_factory=dict)  # source column → ours
    constants: dict[str, str | int | float] = field(default_factory=dict)  # our column → value
    event_types: dict[str, str] = field(default_factory=dict)  # source name → ours
    time_zone: str = "UTC"  # for times without a zone
    zone_names: dict[str, str] = field(default_factory=dict)  # at the end of a time → zone
    time_format: str | None = None
    decimal: str | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    earliest_date: str = EARLIEST_DATE  # a row of an earlier UTC day is rejected
    preset: str = ""  # a folder in estore/sources
    sql: str = ""  # a file with a select over the event file
    kept_event_types: list[str] | None = None  # rows of other types are ignored; None: none
    query: Query | None = None  # that of the preset or the sql

    @property
    def ours(self) -> dict[str, str]:
        """Our mapped columns → the source's names."""
        return {
            column: theirs
            for theirs, named in self.columns.items()
            for column in ([named] if isinstance(named, str) else named)
        }

    def source_of(self, column: str) -> str:
        """The source's name of one of our columns."""
        return self.ours.get(column, column)

    @property
    def codec(self) -> str:
        """Python's name of the encoding; one name for all spellings of UTF-8."""
        return codec_name(self.encoding) or "utf-8"


#: The entries of shop.toml.
SETTINGS = tuple(name for name in Source.__dataclass_fields__ if name != "query")


def is_named(uri: str, patterns: Iterable[str]) -> bool:
    """Whether a file's name matches a pattern; a pattern with a slash matches the path's end."""
    parts = uri.split("/")
    return any(
        fnmatchcase("/".join(parts[-1 - pattern.count("/") :]), pattern) for pattern in patterns
    )


def codec_name(encoding: str) -> str | None:
    """Python's name of a text encoding; None if it is not known."""
    try:
        found = codecs.lookup(encoding)
    except (LookupError, ValueError):
        return None
    is_text = getattr(found, "_is_text_encoding", True) and found.name not in _NO_FILE_ENCODINGS
    return found.name.removesuffix("-sig") if is_text else None


def check_source(source: Mapping[str, Any]) -> None:
    """Raises ValueError with the entry and the fix; source: name → value."""
    for table in ("columns", "constants", "event_types", "zone_names"):
        if not isinstance(source[table], dict):
            raise ValueError(f"[{table}] must be a table of name = value lines")
    for entry in ("time_zone", "delimiter", "encoding", "decimal", "time_format", "preset", "sql"):
        if source[entry] is not None and not isinstance(source[entry], str):
            raise ValueError(f"{entry} must be text in quotes")
    _check_query(source)
    _check_columns(source["columns"])
    for theirs, ours in source["event_types"].items():
        if not isinstance(ours, str) or not ours:
            raise ValueError(f"[event_types] {theirs!r} must be set to a name in quotes")
    types = [name.lower() for name in source["event_types"]]
    _check_twice("event_types", "entries are, but for capitals, named", types)
    _check_constants(source["constants"])
    _check_times(source)
    first = str(source["earliest_date"])
    if not _DAY.fullmatch(first) or not _is_day(first):
        raise ValueError(
            f"earliest_date = {source['earliest_date']!r} must be a day, as in 1995-01-01"
        )
    delimiter, decimal = source["delimiter"], source["decimal"]
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\r\n\0 ':
        raise ValueError(f"delimiter {delimiter!r} must be one character such as ; or \\t")
    if decimal not in (None, ".", ","):
        raise ValueError(f'decimal {decimal!r} must be "." or ","')
    if not codec_name(source["encoding"]):
        raise ValueError(
            f"encoding {source['encoding']!r} is not known; use a name such as windows-1252, "
            "windows-1251, iso-8859-2, shift_jis, gbk or utf-16"
        )


def _check_query(source: Mapping[str, Any]) -> None:
    kept = source["kept_event_types"]
    if kept is not None and not (isinstance(kept, list) and all(isinstance(x, str) for x in kept)):
        raise ValueError('kept_event_types must be a list of names, as in ["view", "purchase"]')
    if source["preset"] and source["sql"]:
        raise ValueError("preset and sql are both set; keep one")
    if source["query"] and source["columns"]:
        raise ValueError(
            f"[columns] has no effect with {source['query'].name}: rename the columns in the SQL, "
            "or remove one of them"
        )
    if kept is not None and not source["query"]:
        raise ValueError("kept_event_types needs a preset or sql; rows of other files are all kept")


def _check_columns(columns: dict[str, Any]) -> None:
    for theirs, named in columns.items():
        for ours in named if isinstance(named, list) and named else [named]:
            if not isinstance(ours, str) or not ours:
                raise ValueError(
                    f"[columns] {theirs!r} must be set to a name in quotes, or to a list of them"
                )
            if ours not in COLUMNS:
                raise ValueError(
                    f"[columns] {theirs!r} is mapped to {ours!r}, which is none of ours; "
                    f"choose from {_names(COLUMNS)}"
                )
    mapped = [
        ours
        for named in columns.values()
        for ours in (named if isinstance(named, list) else [named])
    ]
    _check_twice("columns", "columns are mapped to", mapped)


def _check_constants(constants: dict[str, Any]) -> None:
    for ours, value in constants.items():
        if ours not in CONSTANTS:
            raise ValueError(
                f"[constants] {ours!r} cannot be the same in all rows; "
                f"choose from {_names(CONSTANTS)}"
            )
        if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
            raise ValueError(f"[constants] {ours!r} must be set to text in quotes or a number")


def _check_times(source: Mapping[str, Any]) -> None:
    # The engine does not know the machine's own "localtime".
    zones = available_timezones() - {"localtime"}
    if source["time_zone"] not in zones:
        raise ValueError(
            f"time_zone {source['time_zone']!r} is not known; use a name such as Europe/Berlin"
        )
    for name, zone in source["zone_names"].items():
        if not isinstance(zone, str) or not (zone in zones or OFFSET.fullmatch(zone)):
            raise ValueError(
                f'[zone_names] {name!r} must be set to an offset such as "+01:00", or to a name '
                'such as "Europe/Berlin"'
            )
        if not name.strip():
            raise ValueError("[zone_names] has an entry without a name")
    written = source["time_format"]
    if written is None or written in EPOCHS:
        return
    parts = re.findall("%(.?)", written)
    if unknown := [part for part in parts if part not in TIME_PARTS or not part]:
        raise ValueError(
            f"time_format {written!r} has %{unknown[0]}, which is not known; known are "
            f"{', '.join(f'%{part}' for part in TIME_PARTS)}, or {', '.join(EPOCHS)}"
        )
    kinds = {"month" if part in "mbB" else "year" if part in "Yy" else part for part in parts}
    if not {"year", "month", "d"} <= kinds:
        raise ValueError(
            f"time_format {written!r} must contain a year, a month and a day, as in "
            f'"%d.%m.%Y %H:%M"; or be one of {", ".join(EPOCHS)}'
        )
    if "'" in written or "\\" in written:
        raise ValueError(f"time_format {written!r} must not contain quotes or backslashes")


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _check_twice(table: str, said: str, names: Iterable[str]) -> None:
    counted = Counter(names)
    if twice := [name for name, count in counted.items() if count > 1]:
        raise ValueError(f"[{table}] two {said} {_names(twice)}; keep one")


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
