"""Repair: the careful way to read a CSV file that the fast reader cannot read.

It reads every record one by one. Valid records go, with their line numbers, to a well-formed
copy for the fast reader; the others become rejected rows with their text.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from estore.landing import LandedFile
from estore.load.content import open_bytes
from estore.load.header import Header
from estore.warehouse.dialect import SPACES

#: A longer record is not an event; this is also the fast reader's limit.
MAX_RECORD = 2_000_000
#: The text of a rejected row is cut at this length.
MAX_TEXT = 2_000
#: A record with more lines has a quote that was never closed.
MAX_LINES = 1_000
#: Separates a line's number from its text; JSON never contains it.
MARK = "\x01"
#: A mark instead of a reason: all fields of the row are empty, as in a blank line.
BLANK = "blank"


@dataclass(frozen=True)
class Repaired:
    """A well-formed copy with line numbers; records excludes blank ones and the header.

    blank: records of separators only.
    """

    path: Path
    rejects: Path
    records: int
    rejected: int
    blank: int


class _Line(NamedTuple):
    """A line of the file; fault: why it cannot be part of a record."""

    number: int
    text: str
    fault: str | None


class _Record(NamedTuple):
    """A record, by the number of its first line; reason: why it is rejected, or BLANK."""

    line_number: int
    text: str
    reason: str | None


def repair(file: LandedFile, header: Header, folder: Path) -> Repaired:
    """Write the well-formed records of a file and its rejects to two CSVs in the folder.

    Raises RefusedFile if the file cannot be read to its end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    good_path, bad_path = folder / "repaired.csv", folder / "rejects.csv"
    records = rejected = blank = 0
    delimiter, first = header.delimiter, header.skipped + 1 + header.has_line
    with (
        open_bytes(file) as stream,
        good_path.open("w", newline="", encoding="utf-8") as good_file,
        bad_path.open("w", newline="", encoding="utf-8") as bad_file,
    ):
        bad = csv.writer(bad_file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for number, text, reason in _records(stream, delimiter, len(header.names)):
            if number < first:
                continue
            if reason == BLANK:
                blank += 1
                continue
            records += 1
            if reason:
                rejected += 1
                bad.writerow([number, text[:MAX_TEXT], reason])
            else:
                good_file.write(f"{number}{delimiter}{text}\n")
    return Repaired(good_path, bad_path, records, rejected, blank)


def number_lines(file: LandedFile, folder: Path) -> Repaired:
    """Write every line with its number, and the lines that are no text, to two CSVs in the folder.

    The numbered lines have MARK after the number. Blank lines are left out. Raises RefusedFile if
    the file cannot be read to its end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    good_path, bad_path = folder / "repaired.csv", folder / "rejects.csv"
    records = rejected = 0
    with (
        open_bytes(file) as stream,
        good_path.open("w", newline="", encoding="utf-8") as good_file,
        bad_path.open("w", newline="", encoding="utf-8") as bad_file,
    ):
        bad = csv.writer(bad_file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        lines = _Lines(stream)
        while line := lines.next():
            text = line.text.rstrip("\r\n")
            if not text.strip():
                lines.pass_blank()
                continue
            records += 1
            if fault := line.fault or ("contains a control character" if MARK in text else None):
                rejected += 1
                bad.writerow([line.number, text[:MAX_TEXT], fault])
            else:
                good_file.write(f"{line.number}{MARK}{text.replace(chr(13), ' ')}\n")
    return Repaired(good_path, bad_path, records, rejected, 0)


def _records(stream: IO[bytes], delimiter: str, columns: int) -> Iterator[_Record]:
    """All records except empty lines.

    An unclosed quote swallows the lines after it. So only the first line of a malformed record
    is rejected, and the other lines are read again on their own.
    """
    lines, grammar = _Lines(stream), _Grammar(delimiter, columns)
    while line := lines.next():
        text = line.text.rstrip("\r\n")
        if line.fault:
            yield _Record(line.number, text, line.fault)
        elif not text.strip(SPACES):
            lines.pass_blank()
        elif grammar.is_plain(text):
            yield _Record(line.number, text, None)
        else:
            lines.put_back([line])
            record, rest = _odd_record(lines, grammar)
            lines.put_back(rest)
            yield record


def _odd_record(lines: "_Lines", grammar: "_Grammar") -> tuple[_Record, list["_Line"]]:
    """A record that may span several lines, and the lines that do not belong to it."""
    fields = Fields(grammar)
    read: list[_Line] = []
    length = 0
    while len(read) < MAX_LINES and (line := lines.next()):
        read.append(line)
        length += len(line.text)
        if line.fault or length > MAX_RECORD or not fields.add(line.text):
            break
    first = read[0]
    reason = fields.fault()
    if len(read) > 1 and (reason or _hold_a_record(read[1:], grammar)):
        return _Record(first.number, first.text.rstrip("\r\n"), _UNCLOSED), read[1:]
    text = "".join(line.text for line in read).rstrip("\r\n")
    if length > MAX_RECORD:
        reason = _TOO_LONG
    if reason and not text.strip(f'{grammar.delimiter}{SPACES}"') and not fields.is_open:
        return _Record(first.number, text, BLANK), []
    return _Record(first.number, text if reason else fields.rewritten(), reason), []


def _hold_a_record(lines: list["_Line"], grammar: "_Grammar") -> bool:
    """Whether the apparent rest of a quoted field is really records of its own."""
    for line in lines:
        if line.text.count(grammar.delimiter) >= grammar.columns - 1:
            fields = Fields(grammar)
            fields.add(line.text)
            if not fields.fault():
                return True
    return False


class _Grammar:
    """The patterns of fields: plain or quoted, with doubled quotes inside and blanks around."""

    def __init__(self, delimiter: str, columns: int) -> None:
        self.delimiter, self.columns = delimiter, columns
        d = re.escape(delimiter)
        blanks = " *" if delimiter != " " else ""
        field = f'(?:"(?:[^"\r]|"")*"|[^"\r{d}]*)'
        self._plain_row = re.compile(f"{field}(?:{d}{field}){{{columns - 1}}}")
        self.opening = re.compile(f'{blanks}"')
        self.inside = re.compile('(?:[^"]|"")*')
        self.closing = re.compile(f'"{blanks}(?=({d})|[\r\n]*$)')
        self.unquoted = re.compile(f"[^{d}\r\n]*")

    def is_plain(self, text: str) -> bool:
        """Whether every CSV reader reads the line in the same way."""
        if '"' in text:
            return bool(self._plain_row.fullmatch(text))
        return text.count(self.delimiter) == self.columns - 1 and "\r" not in text


class Fields:
    """The fields of one record; its lines are added one by one."""

    def __init__(self, grammar: _Grammar) -> None:
        self.grammar = grammar
        self.fields: list[str] = []
        self.is_open = False
        self._error: str | None = None

    def add(self, text: str) -> bool:
        """Add a line; true if the record continues on the next line."""
        grammar, at, quoted = self.grammar, 0, self.is_open
        while True:
            if not quoted and (opened := grammar.opening.match(text, at)):
                at, quoted = opened.end(), True
                self.fields.append("")
            if quoted:
                inside = grammar.inside.match(text, at)
                assert inside
                self.fields[-1] += inside[0].replace('""', '"')
                at = inside.end()
                self.is_open = at == len(text)
                if self.is_open:
                    return True
                found = grammar.closing.match(text, at)
                if not found:
                    self._error = "not CSV: text follows a closing quote"
                    return False
                at, quoted = found.end(), False
            else:
                plain = grammar.unquoted.match(text, at)
                assert plain
                self.fields.append(plain[0])
                at = plain.end()
            if not text.startswith(grammar.delimiter, at):
                if text[at:].strip("\r\n"):
                    self._error = "not CSV: a CR within the line"
                return False
            at += 1

    def fault(self) -> str | None:
        """Why the lines so far are not a valid record."""
        if self._error or self.is_open:
            return self._error or _UNCLOSED
        found, columns = len(self.fields), self.grammar.columns
        if found == columns + 1 and not self.fields[-1]:
            return None  # many programs write one separator at the end of the line
        if found != columns:
            which = "few" if found < columns else "many"
            return f"too {which} columns: {found} instead of {columns}"
        return None

    def rewritten(self) -> str:
        """The record in a form that every CSV reader accepts."""
        fields = self.fields[: self.grammar.columns]
        return self.grammar.delimiter.join(
            '"' + field.replace('"', '""') + '"'
            if _NEEDS_QUOTES.search(field) or self.grammar.delimiter in field
            else field
            for field in fields
        )


_UNCLOSED = "not CSV: a quote is opened but not closed"
_TOO_LONG = f"longer than {MAX_RECORD:,} characters"


_NEEDS_QUOTES = re.compile('["\r\n]')


class _Lines:
    """Decodes line by line. Lines can be put back."""

    def __init__(self, stream: IO[bytes]) -> None:
        # An io.BufferedReader; its declared type lacks peek.
        self.stream: Any = stream
        self.number = 0
        self.ahead: deque[_Line] = deque()

    def next(self) -> _Line | None:
        """The next line; None at the end."""
        return self.ahead.popleft() if self.ahead else self._next_line()

    def put_back(self, lines: list[_Line]) -> None:
        """Read these again before any other."""
        self.ahead.extendleft(reversed(lines))

    def pass_blank(self) -> None:
        """Skip the blank lines that follow, a block at a time: there may be millions."""
        while not self.ahead and (block := self.stream.peek()):
            end = block.rfind(b"\n", 0, len(block) - len(block.lstrip(b" \t\r\n"))) + 1
            if not end:
                return
            self.number += block.count(b"\n", 0, end)
            self.stream.read(end)

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
            text = line.decode()
        except UnicodeDecodeError:
            fault = fault or "not UTF-8 text"
            text = line.decode("utf-8", errors="backslashreplace")
        if "\0" in text:
            fault, text = fault or "contains a zero byte", text.replace("\0", "\\x00")
        return _Line(self.number, text.lstrip("\ufeff") if self.number == 1 else text, fault)
