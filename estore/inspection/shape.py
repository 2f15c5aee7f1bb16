"""Shape: a file's format, encoding, separator and columns, from its first rows."""

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
from backports import zstd

from estore.errors import RefusedFile
from estore.escaping import shortened
from estore.landing import LandedFile
from estore.load.expansion.expansion import sample_of
from estore.load.rows import read_parquet
from estore.sources import Source
from estore.tables import plain

#: Bytes and records that are looked at.
BYTES, RECORDS = 1 << 21, 1_000
_EXAMPLES = 3
_DELIMITERS = ",;\t|"
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True)
class Shape:
    """What a file looks like. columns: name → kind and examples; sample: the bytes of its start.

    notes: what differs from the file's name or is unusual.
    """

    format: str  # csv, json or parquet
    compression: str
    encoding: str = "utf-8"
    delimiter: str = ","
    columns: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    fields: int = 0  # of the first line
    sample: bytes = b""
    notes: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """Format, compression, encoding and separator."""
        said = {"csv": "CSV", "json": "JSON", "parquet": "Parquet"}[self.format]
        if self.compression != "none":
            said += f", compressed with {self.compression}"
        if self.format != "parquet":
            said += f", {self.encoding.upper().replace('WINDOWS', 'Windows')}"
        if self.format == "csv":
            name = _NAMES.get(self.delimiter, repr(self.delimiter))
            said += f", columns separated by {name}"
        return said


def shape_of(file: LandedFile) -> Shape:
    """Look at a file's start; raises RefusedFile if it is no data that can be read."""
    start = _start(file.path, 1 << 12)
    if not start:
        raise RefusedFile("is empty; export it again")
    if start.startswith(b"PAR1"):
        return _of_parquet(file)
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise RefusedFile("is a zip file or a workbook; unpack it, or save the workbook as CSV")
    compression, sample = _unpacked(file)
    encoding, text = _decoded(sample)
    if "\0" in text[:1_000]:
        raise RefusedFile("is not text but binary; export it as CSV, JSON or Parquet")
    form = "json" if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[") else "csv"
    notes = []
    if file.format not in ("unknown", form) or file.compression != compression:
        name = form + {"none": "", "gzip": ".gz", "zstd": ".zst"}[compression]
        notes.append(f"its name does not fit: rename it so that it ends with .{name}")
    elif file.format == "unknown":
        notes.append(f"rename it so that it ends with .{form}")
    shape = Shape(form, compression, encoding, sample=sample, notes=tuple(notes))
    if form == "json":
        records = sample_of(
            replace(file, format="json", compression=compression), Source(encoding=encoding)
        )
        return replace(shape, columns=_columns(records))
    return _of_csv(shape, text, len(sample) < BYTES)


def _of_csv(shape: Shape, text: str, is_all: bool) -> Shape:
    lines = text.lstrip("\ufeff").splitlines(keepends=True)
    while lines and not lines[0].strip():
        lines.pop(0)
    if not is_all:
        lines = lines[:-1]
    head = lines[0] if lines else ""
    delimiter = max(_DELIMITERS, key=lambda each: (head.count(each), -_DELIMITERS.index(each)))
    rows: list[list[str]] = []
    try:
        reader = csv.reader(io.StringIO("".join(lines[: RECORDS + 1])), delimiter=delimiter)
        rows = [row for row in reader if row]
    except csv.Error:
        rows = [line.rstrip("\r\n").split(delimiter) for line in lines[: RECORDS + 1]]
    names = [name.strip() or "(unnamed)" for name in rows[0]] if rows else []
    records = [dict(zip(names, row, strict=False)) for row in rows[1:]]
    columns = _columns(records, names)
    return replace(shape, delimiter=delimiter, columns=columns, fields=head.count(delimiter) + 1)


def _of_parquet(file: LandedFile) -> Shape:
    try:
        with duckdb.connect() as connection:
            cursor = connection.execute(f"from {read_parquet(file.path)} limit {RECORDS}")
            kinds = [(column[0], str(column[1])) for column in cursor.description or ()]
            rows = cursor.fetchall()
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        raise RefusedFile(f"is not a Parquet file: {said}; export it again") from error
    names = [name for name, _ in kinds]
    found = _columns([dict(zip(names, row, strict=True)) for row in rows], names)
    columns = {name: (kind.lower()[:60], found[name][1]) for name, kind in kinds}
    return Shape("parquet", "none", columns=columns)


def _columns(
    records: list[dict[str, Any]], names: list[str] | None = None
) -> dict[str, tuple[str, list[str]]]:
    """Name → kind and examples."""
    listed = names or list(dict.fromkeys(name for record in records for name in record))
    found = {}
    for name in listed:
        values = [record.get(name) for record in records]
        texts = [_text(value) for value in values if value not in (None, "")]
        found[name] = (_kind(values, texts), list(dict.fromkeys(texts))[:_EXAMPLES])
    return found


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=plain)
    return str(value)


#: Pattern of every value → its kind in words.
_KINDS = (
    (r"\d{10}", "whole number, perhaps seconds since 1970"),
    (r"\d{13}", "whole number, perhaps milliseconds since 1970"),
    (r"\d{16}", "whole number, perhaps microseconds since 1970"),
    (r"[+-]?\d+", "whole number"),
    (r"[+-]?\d*[.]\d+|[+-]?\d+", "number"),
    (r"[+-]?\d{1,3}([.]\d{3})*,\d+|[+-]?\d+(,\d+)?", "number with a decimal comma"),
    (r"[+-]?\d{1,3}(,\d{3})*([.]\d+)?", "number with thousands separators"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d.*", "time"),
    (r"\d{4}-\d\d-\d\d", "day"),
    (r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}.*", "day or time"),
)


def _kind(values: list[Any], texts: list[str]) -> str:
    if not texts:
        return "empty"
    if any(isinstance(value, list) for value in values):
        return "list"
    if any(isinstance(value, dict) for value in values):
        return "object"
    return next(
        (kind for pattern, kind in _KINDS if all(re.fullmatch(pattern, each) for each in texts)),
        "text",
    )


def _start(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(size)
    except OSError as error:
        raise RefusedFile(f"cannot be read: {error.strerror}") from error


def _unpacked(file: LandedFile) -> tuple[str, bytes]:
    """(compression, the first bytes unpacked), by the file's content, not by its name."""
    start = _start(file.path, 4)
    try:
        if start.startswith(b"\x1f\x8b"):
            with gzip.open(file.path) as packed:
                return "gzip", packed.read(BYTES)
        if start.startswith(b"\x28\xb5\x2f\xfd"):
            with zstd.open(file.path) as packed:
                return "zstd", packed.read(BYTES)
    except (EOFError, OSError, zlib.error, zstd.ZstdError) as error:
        raise RefusedFile(f"is damaged: {error}; copy it again from its source") from error
    return "none", _start(file.path, BYTES)


def _decoded(sample: bytes) -> tuple[str, str]:
    """(encoding, text) of a file's start, which may end within a character."""
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", sample.decode("utf-16", errors="ignore")
    try:
        return "utf-8", codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return "windows-1252", sample.decode("windows-1252", errors="replace")


def shown(text: str) -> str:
    """An example in a table."""
    return shortened(text, 40)
