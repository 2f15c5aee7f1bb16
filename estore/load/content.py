"""Content: a file's bytes, what it is known by, and how many lines it has."""

import errno
import gzip
import io
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Generic, TypeVar

import numpy as np
import xxhash
from backports import zstd

from estore.errors import RefusedFile
from estore.landing import LandedFile

Result = TypeVar("Result")

_BLOCK = 1 << 22
_NEWLINE = ord("\n")
#: First bytes of files that are often given a wrong name → what they are, and the fix.
_KINDS = {
    b"\x1f\x8b": ("gzip", "name it .csv.gz"),
    b"\x28\xb5\x2f\xfd": ("zstd", "name it .csv.zst"),
    b"PAR1": ("parquet", "name it .parquet"),
    b"PK\x03\x04": ("zip", "unpack it, or save the workbook as CSV"),
    b"\xff\xfe": ("UTF-16", "save it as CSV in UTF-8"),
    b"\xfe\xff": ("UTF-16", "save it as CSV in UTF-8"),
}


@dataclass(frozen=True)
class Content:
    """content_hash: of the bytes as they lie; text: None where it is not read here."""

    content_hash: str
    text: "Text | None"


@dataclass
class Text:
    """How many lines a text has, and whether a zero byte, which no text has, is among them."""

    lines: int = 0
    has_zero: bool = False
    _ends_open: bool = False

    def add(self, block: bytes) -> None:
        """Count one more block, not an empty one; numpy counts five times as fast as bytes."""
        values = np.frombuffer(block, dtype=np.uint8)
        self.lines += int(np.count_nonzero(values == _NEWLINE)) - self._ends_open
        self._ends_open = bool(values[-1] != _NEWLINE)
        self.lines += self._ends_open
        self.has_zero = self.has_zero or bool(values.min() == 0)


def read_content(file: LandedFile) -> Content:
    """Hash the file as it lies; of an uncompressed CSV also count the lines.

    At the speed of the disk, and the engine finds the file in the page cache. Raises RefusedFile
    for a file that cannot be read, or is plainly something else than its name says.
    """
    digest, text = xxhash.xxh3_128(), Text()
    check_kind(file)
    try:
        with file.path.open("rb", buffering=0) as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                text.add(block)
    except OSError as error:
        raise _unreadable(error) from error
    is_plain = (file.format, file.compression) == ("csv", "none")
    return Content(digest.hexdigest(), text if is_plain else None)


def read_text(file: LandedFile) -> Text:
    """Count the lines of a CSV file; raises RefusedFile where a checksum does not hold.

    DuckDB does not compare gzip's checksum: a flipped bit would pass as data.
    """
    text = Text()
    with open_bytes(file) as stream:
        while block := stream.read(_BLOCK):
            text.add(block)
    return text


def guess_lines(file: LandedFile) -> int:
    """How many lines an uncompressed file has if they go on as they begin; for a progress bar."""
    with open_bytes(file) as stream:
        start = stream.read(1 << 16)
    return start.count(b"\n") * file.bytes // max(len(start), 1)


class Beside(Generic[Result]):
    """Work in a thread of its own, while the engine loads."""

    def __init__(self, work: Callable[[], Result]) -> None:
        self._results: list[Result] = []
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), name="beside", daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], Result]) -> None:
        try:
            self._results.append(work())
        except BaseException as error:  # handed to the caller's thread
            self._failure = error

    def has_ended(self, seconds: float) -> bool:
        """Whether it ends within so many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> Result:
        """Waits for it; raises what it raised."""
        self._thread.join()
        if self._failure:
            raise self._failure
        return self._results[0]


@contextmanager
def open_bytes(file: LandedFile) -> Iterator[IO[bytes]]:
    """The uncompressed bytes of a CSV file; reading raises RefusedFile where it is damaged."""
    try:
        raw = file.path.open("rb")
    except OSError as error:
        raise _unreadable(error) from error
    with raw:
        plain: Any = raw
        if file.compression == "gzip":
            plain = gzip.GzipFile(fileobj=raw)
        elif file.compression == "zstd":
            plain = zstd.ZstdFile(raw)
        with plain:
            yield io.BufferedReader(_Told(plain), 1 << 20)


class _Told(io.RawIOBase):
    """Passes bytes on, and says what is wrong with the file where they cannot be read."""

    def __init__(self, plain: Any) -> None:
        self.plain = plain

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return int(self.plain.readinto(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError) as error:
            raise RefusedFile(f"is damaged: {error}; copy it again from its source") from error
        except OSError as error:
            raise _unreadable(error) from error


def _unreadable(error: OSError) -> Exception:
    """What stands in the file's way; a want of the machine's is no fault of the file."""
    if error.errno in (errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC):
        return error
    said = error.strerror or str(error)
    return RefusedFile(f"cannot be read: {said}; is it still there, and yours to read?")


def check_kind(file: LandedFile) -> None:
    """Raises RefusedFile for a file that is plainly something else than its name says."""
    try:
        with file.path.open("rb", buffering=0) as stream:
            start = stream.read(8)
    except OSError as error:
        raise _unreadable(error) from error
    named = file.compression if file.compression != "none" else file.format
    for mark, (kind, fix) in _KINDS.items():
        if start.startswith(mark) and kind != named:
            raise RefusedFile(f"is named as {named} but is {kind}; {fix}")
