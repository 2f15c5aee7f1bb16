"""Repair: the careful way through a CSV file that the fast reader stumbles over.

Every record is read one by one. Those of the right shape go on, with their line numbers, to a
well-formed copy that the fast reader takes; the others are kept as rejects with their text.
"""

import csv
import errno
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from estore.errors import RefusedFile
from estore.landing import LandedFile
from estore.load.header import Header, open_bytes

#: A longer field is no event of a shop; the text of a reject is kept up to this length.
MAX_FIELD = 131_072
MAX_TEXT = 2_000
LINE_COLUMN = "__line_number"


@dataclass(frozen=True)
class Repaired:
    """A well-formed copy with its line numbers; records: all but blank ones and the header."""

    path: Path
    rejects: Path
    records: int
    rejected: int


class _Lines(Iterator[str]):
    """Decodes line by line and keeps the text of the record being read."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self.stream = stream
        self.text: list[str] = []
        self.undecodable = False

    def __next__(self) -> str:
        line = self.stream.readline()
        if not line:
            raise StopIteration
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            self.undecodable = True
            text = line.decode("utf-8", errors="backslashreplace")
        if len(self.text) < 100:
            self.text.append(text)
        return text


def repair(file: LandedFile, header: Header, delimiter: str, folder: Path) -> Repaired:
    """Write the well-formed records of a file and its rejects to two CSVs in the folder.

    Raises RefusedFile where the file cannot be read to its end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    good_path, bad_path = folder / "repaired.csv", folder / "rejects.csv"
    columns = len(header.names)
    records = rejected = 0
    try:
        with (
            open_bytes(file) as stream,
            good_path.open("w", newline="", encoding="utf-8") as good_file,
            bad_path.open("w", newline="", encoding="utf-8") as bad_file,
        ):
            good, bad = csv.writer(good_file), csv.writer(bad_file)
            for number, record, text, reason in _records(stream, delimiter, columns):
                if header.has_line and number == 1:
                    continue
                records += 1
                if reason:
                    rejected += 1
                    bad.writerow([number, text[:MAX_TEXT].rstrip("\r\n"), reason])
                else:
                    good.writerow([number, *record])
    except (EOFError, OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise
        raise RefusedFile(f"is damaged: {error}; copy it again from its source") from error
    return Repaired(good_path, bad_path, records, rejected)


def _records(
    stream: object, delimiter: str, columns: int
) -> Iterator[tuple[int, list[str], str, str | None]]:
    """(number of its first line, fields, text, reason to refuse it) of every record."""
    buffered = io.BufferedReader(stream, 1 << 20)  # type: ignore[arg-type]
    lines = _Lines(buffered)
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line_number = 0
    while True:
        first_line = line_number + 1
        reason = None
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            record, reason = [], f"not CSV: {error}"
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
        line_number += len(lines.text)
        text = "".join(lines.text)
        if reason is None and lines.undecodable:
            reason = "not UTF-8 text"
        elif reason is None and text.strip() and len(record) != columns:
            found = "few" if len(record) < columns else "many"
            reason = f"too {found} columns: {len(record)} instead of {columns}"
        lines.text, lines.undecodable = [], False
        if text.strip():
            yield first_line, record, text.lstrip("\ufeff"), reason
