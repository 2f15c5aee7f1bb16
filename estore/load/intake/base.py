"""Intake: one file's lines on their way into raw.events and raw.rejects.

The fast way reads the file once, strictly; the careful one repairs it first where that fails.
Which of them, and the transaction around it, is the loader's to say.
"""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from estore.landing import LandedFile
from estore.load.content import Content, Text, open_bytes
from estore.load.header import Header
from estore.settings import Settings
from estore.sources import Source
from estore.warehouse import Warehouse

#: Told bytes and lines done; lines only where a file's are known before it is read.
OnProgress = Callable[[int, int], None]


class NotWellFormed(Exception):
    """The fast way does not fit this file: undo, and go the careful one."""


class TextIds(Exception):
    """The file has an id that is not of the type (a whole number, a UUID) of all those before."""

    def __init__(self, column: str) -> None:
        self.column = column


class Intake(ABC):
    """Inserts one file's lines. Each way returns (lines counted apart, lines loaded)."""

    #: Whether the bytes of a file are read on this machine, maybe while the engine loads them.
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
        #: What a person should know of the rows that went in.
        self.notes: list[str] = []

    @abstractmethod
    def content(self) -> Content:
        """What the file is known by; raises RefusedFile where it cannot be read."""

    @abstractmethod
    def header(self) -> Header:
        """The file's columns; raises RefusedFile where it is no event file or lacks one."""

    @abstractmethod
    def insert_parquet(self, file_id: int, header: Header) -> tuple[int, int]:
        """The rows of a Parquet file."""

    @abstractmethod
    def insert_csv(self, file_id: int, header: Header, text: Callable[[], Text]) -> tuple[int, int]:
        """The fast way; raises NotWellFormed where one line is not always one row.

        Each way may raise TextIds.

        text: asked for the file's lines at the end; they may be counted meanwhile.
        """

    @abstractmethod
    def insert_repaired(self, file_id: int, header: Header) -> tuple[int, int]:
        """The careful way."""

    def keep_as_text(self, column: str) -> None:
        """From now on this column of ids holds text."""
        raise NotImplementedError(f"{type(self).__name__} keeps ids as text")

    def in_utf8(self, file: LandedFile) -> LandedFile:
        """The file, or a copy of it as UTF-8 where it is written otherwise."""
        if self.source.encoding == "utf-8" or file.format != "csv":
            return file
        self.scratch.mkdir(parents=True, exist_ok=True)
        path = self.scratch / "utf8.csv"
        with open_bytes(file, self.source.encoding) as text, path.open("wb") as copy:
            shutil.copyfileobj(text, copy, 1 << 20)
        return replace(file, uri=str(path), copy=path, compression="none")

    @abstractmethod
    def rejected(self, file_id: int) -> int:
        """Lines refused."""

    @abstractmethod
    def reasons(self, file_id: int) -> dict[str, int]:
        """Lines refused by the kind of reason, most frequent first."""

    @abstractmethod
    def other_event_types(self, file_id: int) -> str | None:
        """The file's types that are not ours, as the ledger keeps them."""

    @abstractmethod
    def recheck_at(self, file_id: int) -> datetime | None:
        """When the first of the rows rejected as too far in the future is so no more."""

    @abstractmethod
    def first_rejected(self, file_id: int, kind: str) -> tuple[str, str]:
        """The reason and the text of the first line refused for this kind of reason."""

    @abstractmethod
    def is_still(self) -> bool:
        """Whether the file is still what was listed, so that what was loaded of it is that."""

    @abstractmethod
    def note_days(self, file_id: int) -> None:
        """Write the UTC days of the file's events to the control tables."""


def blank_note(count: int) -> str:
    """Of rows that are no rows."""
    return f"rows of separators only, not counted: {count:,}"


def twice_note(count: int, source: Source) -> str:
    """Of local times that do not say which instant they are."""
    return (
        f"rows of the hour that came twice in {source.time_zone}, when the clocks were put back: "
        f"{count:,}, taken for the later one"
    )
