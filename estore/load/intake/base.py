"""Intake: loads one file's rows into raw.events and raw.rejects.
The fast way reads the file once, strictly; the careful way repairs it first if that fails.
The loader chooses the way and holds the transaction.
"""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from estore.landing import LandedFile
from estore.load.content import Content, Text, open_bytes
from estore.load.expansion import Expansion
from estore.load.header import Header
from estore.settings import Settings
from estore.sources import Source
from estore.warehouse import Warehouse

#: Receives bytes and lines done; lines only if they are known before the file is read.
OnProgress = Callable[[int, int], None]


class NotWellFormed(Exception):
    """The fast way does not fit this file: undo it and use the careful way."""


class TextIds(Exception):
    """The file has an id whose type differs from the whole numbers or UUIDs loaded before."""

    def __init__(self, column: str) -> None:
        self.column = column


class Intake(ABC):
    """Inserts one file's rows. Each way returns (rows counted separately, rows loaded)."""

    #: Whether this machine reads the file's bytes, maybe while the engine loads them.
    reads_here = True

    def __init__(
        self,
        warehouse: Warehouse,
        file: LandedFile,
        source: Source,
        settings: Settings,
        on_progress: OnProgress,
    ) -> None:
        self.warehouse, self.file, self.source = warehouse, file, source
        self.connection = warehouse.control_tables
        self.on_progress = on_progress
        self.expected_lines = 0
        self.scratch = settings.temp / "repair"
        self.settings = settings
        self.ignored: Mapping[str, int] = {}  # event type → rows that the source does not keep
        #: Notes for the user on the loaded rows.
        self.notes: list[str] = []

    @abstractmethod
    def content(self) -> Content:
        """The file's hash and text; raises RefusedFile if it cannot be read."""

    @abstractmethod
    def header(self) -> Header:
        """The file's columns; raises RefusedFile if one is missing or it is not an event file."""

    @property
    def is_expanded(self) -> bool:
        """Whether SQL turns the file into rows of our columns, on this machine."""
        return self.source.query is not None or self.file.format == "json"

    @abstractmethod
    def insert_expanded(self, file_id: int, header: Header) -> tuple[int, int]:
        """Load a file through its source's SQL."""

    @abstractmethod
    def insert_parquet(self, file_id: int, header: Header) -> tuple[int, int]:
        """Load the rows of a Parquet file."""

    @abstractmethod
    def insert_csv(self, file_id: int, header: Header, text: Callable[[], Text]) -> tuple[int, int]:
        """Load the fast way; raises NotWellFormed if a line is not always one row.

        Each way may raise TextIds.

        text: returns the file's lines at the end; another thread may count them until then.
        """

    @abstractmethod
    def insert_repaired(self, file_id: int, header: Header) -> tuple[int, int]:
        """Load the careful way."""

    def keep_as_text(self, column: str) -> None:
        """Change this id column to text."""
        raise NotImplementedError(f"{type(self).__name__} keeps ids as text")

    def in_utf8(self, file: LandedFile) -> LandedFile:
        """The file, or a UTF-8 copy if it has another encoding."""
        if self.source.codec == "utf-8" or file.format == "parquet":
            return file
        self.scratch.mkdir(parents=True, exist_ok=True)
        path = self.scratch / "utf8.csv"
        with open_bytes(file, self.source.codec) as text, path.open("wb") as copy:
            shutil.copyfileobj(text, copy, 1 << 20)
        return replace(file, uri=str(path), copy=path, compression="none")

    def open_expansion(self, file: LandedFile) -> Expansion:
        """The expansion of the file, which is on this machine."""
        return Expansion(self.in_utf8(file), self._in_utf8_source(), self.settings, self.scratch)

    def _in_utf8_source(self) -> Source:
        return replace(self.source, encoding="utf-8")

    @abstractmethod
    def rejected(self, file_id: int) -> int:
        """The number of rejected rows."""

    @abstractmethod
    def reasons(self, file_id: int) -> dict[str, int]:
        """Rejected rows by kind of reason, most frequent first."""

    @abstractmethod
    def other_event_types(self, file_id: int) -> str | None:
        """The file's unknown event types, in the ledger's form."""

    @abstractmethod
    def recheck_at(self, file_id: int) -> datetime | None:
        """When the first row rejected as too far in the future becomes valid."""

    @abstractmethod
    def first_rejected(self, file_id: int, kind: str) -> tuple[str, str]:
        """The reason and the text of the first row rejected for this kind of reason."""

    @abstractmethod
    def is_still(self) -> bool:
        """Whether the file is still the one that was listed and loaded."""

    @abstractmethod
    def note_days(self, file_id: int) -> None:
        """Write the UTC days of the file's events to the control tables."""


def blank_note(count: int) -> str:
    """A note on blank rows."""
    return f"blank rows (separators only), not counted: {count:,}"


def twice_note(count: int, source: Source) -> str:
    """A note on ambiguous local times."""
    return (
        f"rows in the hour that occurs twice in {source.time_zone} when clocks go back: {count:,}; "
        "they count as the later hour"
    )
