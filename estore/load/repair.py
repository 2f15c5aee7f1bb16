"""Repair: the careful way through a CSV file that the fast reader stumbles over.

Every record is read one by one. Those of the right shape go on, with their line numbers, to a
well-formed copy that the fast reader takes; the others are kept as rejects with their text.
"""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from estore.landing import LandedFile
from estore.load.content import open_bytes
from estore.load.header import Header

#: A longer record is no event of a shop; the fast reader's own limit.
MAX_RECORD = 2_000_000
#: The text of a reject is kept up to this length.
MAX_TEXT = 2_000


@dataclass(frozen=True)
class Repaired:
    """A well-formed copy with its line numbers; records: all but blank ones and the header."""

    path: Path
    rejects: Path
    records: int
    rejected: int


class _Line(NamedTuple):
    """A line of the file; fault: why no record can come of it."""

    number: int
    text: str
    fault: str | None


class _Record(NamedTuple):
    """A record of the file, by the number of its first line; reason: why it is refused."""

    line_number: int
    text: str
    reason: str | None


def repair(file: LandedFile, header: Header, delimiter: str, folder: Path) -> Repaired:
    """Write the well-formed records of a file and its rejects to two CSVs in the folder.

    Raises RefusedFile where the file cannot be read to its end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    good_path, bad_path = folder / "repaired.csv", folder / "rejects.csv"
    records = rejected = 0
    with (
        open_bytes(file) as stream,
        good_path.open("w", newline="", encoding="utf-8") as good_file,
        bad_path.open("w", newline="", encoding="utf-8") as bad_file,
    ):
        bad = _writer(bad_file, ",")
        for number, text, reason in _records(stream, delimiter, len(header.names)):
            if header.has_line and number == 1:
                continue
            records += 1
            if reason:
                rejected += 1
                bad.writerow([number, text[:MAX_TEXT], reason])
            else:
                good_file.write(f"{number}{delimiter}{text}\n")
    return Repaired(good_path, bad_path, records, rejected)


def _records(stream: IO[bytes], delimiter: str, columns: int) -> Iterator[_Record]:
    """Every record but blank lines.

    A quote that is opened and not closed swallows the lines after it. So of a record that makes
    no sense only the first line is refused, and the others are read again by themselves.
    """
    csv.field_size_limit(MAX_RECORD)
    lines = _Lines(stream)
    while line := lines.next():
        plain = line.text.rstrip("\r\n")
        if (
            plain.count(delimiter) == columns - 1
            and '"' not in plain
            and "\r" not in plain
            and not line.fault
        ):
            yield _Record(line.number, plain, None)
            continue
        lines.put_back([line])
        lines.read.clear()
        try:
            # A reader for each record: an error would leave its state in the next one.
            fields, reason = next(_reader(lines, delimiter)), None
        except csv.Error as error:
            fields, reason = [], f"not CSV: {error}"
        if len(fields) == columns + 1 and not fields[-1]:
            fields.pop()  # a separator at the end of the line, which the fast reader forgives
        if not reason and len(fields) != columns:
            found = "few" if len(fields) < columns else "many"
            reason = f"too {found} columns: {len(fields)} instead of {columns}"
        read = lines.read.copy()
        if len(read) > 1 and (reason or _hold_a_record(read[1:], delimiter, columns)):
            lines.put_back(read[1:])
            read, reason = read[:1], _UNCLOSED
        text = "".join(line.text for line in read).rstrip("\r\n")
        if reason == "not CSV: unexpected end of data":
            reason = _UNCLOSED
        if len(text) > MAX_RECORD:
            reason = _TOO_LONG
        reason = next((line.fault for line in read if line.fault), reason)
        if text.strip():
            yield _Record(line.number, text if reason else _rewritten(fields, delimiter), reason)


def _rewritten(fields: list[str], delimiter: str) -> str:
    buffer = io.StringIO(newline="")
    _writer(buffer, delimiter).writerow(fields)
    return buffer.getvalue().removesuffix("\n")


def _writer(output: IO[str], delimiter: str) -> Any:
    return csv.writer(output, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)


def _hold_a_record(lines: list[_Line], delimiter: str, columns: int) -> bool:
    """Whether what looks like the rest of a quoted field is records by themselves."""
    for line in lines:
        with suppress(csv.Error):
            if len(next(_reader([line.text], delimiter), [])) == columns:
                return True
    return False


def _reader(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)


_UNCLOSED = "not CSV: a quote is opened but not closed"
_TOO_LONG = f"longer than {MAX_RECORD:,} characters"


class _Lines(Iterator[str]):
    """Decodes line by line; `read` are those since it was last cleared. Some can be put back."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.number = stream, 0
        self.ahead: deque[_Line] = deque()
        self.read: list[_Line] = []

    def __next__(self) -> str:
        line = self.next()
        if line is None:
            raise StopIteration
        self.read.append(line)
        return line.text

    def next(self) -> _Line | None:
        """The next line; None at the end."""
        return self.ahead.popleft() if self.ahead else self._next_line()

    def put_back(self, lines: list[_Line]) -> None:
        """Read these again before any other."""
        self.ahead.extendleft(reversed(lines))

    def _next_line(self) -> _Line | None:
        line = self.stream.readline(MAX_RECORD)
        if not line:
            return None
        self.number += 1
        fault, rest = None, line
        while len(rest) == MAX_RECORD and not rest.endswith(b"\n"):
            fault, rest = _TOO_LONG, self.stream.readline(MAX_RECORD)
        if fault:
            line = line[:MAX_TEXT]
        try:
            text = line.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError:
            fault = fault or "not UTF-8 text"
            text = line.decode("utf-8", errors="backslashreplace")
        if "\0" in text:
            fault, text = fault or "holds a zero byte", text.replace("\0", "\\x00")
        return _Line(self.number, text, fault)
