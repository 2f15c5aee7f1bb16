"""Content: a file's bytes, their hash, and the number of lines."""

import codecs
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
_NEWLINE, _QUOTE = ord("\n"), ord('"')
_AFTER_FIELD = (_NEWLINE, ord("\r"))
#: A line of MAX_RECORD bytes contains at least one aligned part of this length.
_LONG = 1 << 19
#: A compressed file may unpack to this many bytes, or to this multiple of its own size.
_UNPACKED, _RATIO = 256 << 20, 200
#: First bytes of files that often have a wrong suffix → their format, and the fix.
_KINDS = {
    b"\x1f\x8b": ("gzip", "name it .csv.gz"),
    b"\x28\xb5\x2f\xfd": ("zstd", "name it .csv.zst"),
    b"PAR1": ("parquet", "name it .parquet"),
    b"PK\x03\x04": ("zip", "unpack it, or save the workbook as CSV"),
}


@dataclass(frozen=True)
class Content:
    """A file's hash over its stored bytes, and its text; None if the text is not read here."""

    content_hash: str
    text: "Text | None"


@dataclass
class Text:
    """Quick statistics of a CSV file: the number of lines, and whether its quoting is plain.

    lines includes the header and blank lines. is_plain: every quote opens or closes a complete
    field, and there is no zero byte or overlong line. separators counts those outside quotes.
    """

    separator: int = ord(",")
    lines: int = 0
    separators: int = 0
    is_plain: bool = True
    _quotes: int = 0
    _last: int = _NEWLINE

    def add(self, block: bytes) -> None:
        """Count one more block, which is not empty; numpy is five times as fast as bytes."""
        if not self.lines:
            block = block.removeprefix(codecs.BOM_UTF8) or b" "
        values = np.frombuffer(block, dtype=np.uint8)
        self.lines += int(np.count_nonzero(values == _NEWLINE)) - (self._last != _NEWLINE)
        self.lines += block[-1] != _NEWLINE
        if self.is_plain:
            self.is_plain = b"\0" not in block and not _has_long_line(block)
        if self._quotes % 2 or b'"' in block:
            self._add_quoted(values)
        else:
            self.separators += int(np.count_nonzero(values == self.separator))
            self.is_plain = self.is_plain and (self._last != _QUOTE or self._may_follow(block[0]))
        self._last = block[-1]

    def _add_quoted(self, values: "np.ndarray[Any, Any]") -> None:
        """Every second quote closes; a doubled quote closes a field and opens it again."""
        around = np.concatenate((np.array([self._last], dtype=np.uint8), values))
        at = np.flatnonzero(around[1:] == _QUOTE)
        opens = (np.arange(len(at)) + self._quotes) % 2 == 0
        before = around[at[opens]]
        closed = at[~opens] + 1
        if self._last == _QUOTE and self._quotes % 2 == 0:
            closed = np.append(closed, 0)  # the last byte of the previous block
        after = around[closed[closed + 1 < len(around)] + 1]
        is_plain = np.isin(before, [self.separator, _NEWLINE, _QUOTE]).all()
        is_plain = is_plain and np.isin(after, [self.separator, *_AFTER_FIELD, _QUOTE]).all()
        self.is_plain = bool(self.is_plain and is_plain)
        separators = np.flatnonzero(values == self.separator)
        quotes_before = np.searchsorted(at, separators) + self._quotes
        self.separators += int(np.count_nonzero(quotes_before % 2 == 0))
        self._quotes += len(at)

    def _may_follow(self, byte: int) -> bool:
        return byte in (self.separator, *_AFTER_FIELD)


def _has_long_line(block: bytes) -> bool:
    """Whether a line may be too long for an event: a long part has no line end."""
    return any(
        block.find(b"\n", start, start + _LONG) < 0
        for start in range(0, len(block) - _LONG + 1, _LONG)
    )


def read_content(file: LandedFile, separator: str = ",") -> Content:
    """Hash the file's stored bytes; for an uncompressed CSV, also count the lines.

    It runs at disk speed, and the engine then finds the file in the page cache. Raises RefusedFile
    if the file cannot be read or its format does not match its name.
    """
    digest, text = xxhash.xxh3_128(), Text(separator_byte(separator))
    check_kind(file)
    is_plain = (file.format, file.compression) == ("csv", "none")
    try:
        with file.path.open("rb", buffering=0) as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                if is_plain:
                    text.add(block)
    except OSError as error:
        raise _unreadable(error) from error
    return Content(digest.hexdigest(), text if is_plain else None)


def read_text(file: LandedFile, separator: str = ",") -> Text:
    """Count the lines of a CSV file; raises RefusedFile if a checksum does not match.

    DuckDB does not check gzip's checksum: a flipped bit would pass as data.
    """
    text = Text(separator_byte(separator))
    with open_bytes(file) as stream:
        while block := stream.read(_BLOCK):
            text.add(block)
    return text


def last_byte(file: LandedFile) -> bytes:
    """The last byte that is not blank; raises RefusedFile if a checksum does not match."""
    last = b""
    with open_bytes(file) as stream:
        while block := stream.read(_BLOCK):
            last = block.rstrip()[-1:] or last
    return last


def count_lines(file: LandedFile) -> int | None:
    """The number of lines; None if a line is blank, overlong, or has a lone CR or a zero byte.

    Raises RefusedFile if a checksum does not match.
    """
    count, last, size = 0, b"\n", 0
    with open_bytes(file) as stream:
        while block := stream.read(_BLOCK):
            if block.find(b"\r") >= 0 or last.endswith(b"\r"):
                seen = last + block
                if b"\n\r\n" in seen or seen.count(b"\r", 0, -1) != seen.count(b"\r\n"):
                    return None
            ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == _NEWLINE)
            is_blank = (np.diff(ends) == 1).any() or (last.endswith(b"\n") and block[:1] == b"\n")
            if is_blank or block.find(b"\0") >= 0 or _has_long_line(block):
                return None
            count, size = count + len(ends), size + len(block)
            last = (last + block[-2:])[-2:]
    return count + (size > 0 and not last.endswith(b"\n"))


def separator_byte(separator: str) -> int:
    """The separator's byte. For a multibyte separator, a byte that UTF-8 never contains."""
    return ord(separator) if separator.isascii() else 0xFF


def guess_lines(file: LandedFile) -> int:
    """Estimate the lines of an uncompressed file from its start, for a progress bar."""
    with open_bytes(file) as stream:
        start = stream.read(1 << 16)
    return start.count(b"\n") * file.bytes // max(len(start), 1)


class BackgroundTask(Generic[Result]):
    """Background work in its own thread, while the engine loads."""

    def __init__(self, work: Callable[[], Result]) -> None:
        self._results: list[Result] = []
        self._failure: BaseException | None = None
        self._thread = threading.Thread(
            target=self._run, args=(work,), name="background", daemon=True
        )
        self._thread.start()

    def _run(self, work: Callable[[], Result]) -> None:
        try:
            self._results.append(work())
        except BaseException as error:  # re-raised in the caller's thread
            self._failure = error

    def has_ended(self, seconds: float) -> bool:
        """Whether the work ends within this many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> Result:
        """Wait for the result; raises what the work raised."""
        self._thread.join()
        if self._failure:
            raise self._failure
        return self._results[0]


@contextmanager
def open_bytes(file: LandedFile, encoding: str = "utf-8") -> Iterator[IO[bytes]]:
    """The uncompressed bytes of a CSV file as UTF-8; encoding: Python's name of the file's own.

    Reading raises RefusedFile if the file is damaged.
    """
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
            most = max(_UNPACKED, _RATIO * file.bytes) if file.compression != "none" else None
            stream: IO[bytes] = io.BufferedReader(_Checked(plain, most), 1 << 20)
            if encoding != "utf-8":
                recoded: Any = _Recoded(stream, encoding)
                stream = io.BufferedReader(recoded, 1 << 20)
            yield stream


_INVALID = "estore-invalid"
codecs.register_error(_INVALID, lambda error: ("\udcff", getattr(error, "end", 0)))


class _Recoded(io.RawIOBase):
    """Text of another encoding as UTF-8. Invalid bytes stay invalid, so their row is rejected."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self.stream, self.waiting, self.encoding = stream, b"", encoding
        # Invalid bytes of UTF-16 and UTF-32 may look like text.
        errors = _INVALID if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        self.decoder = codecs.getincrementaldecoder(encoding)(errors)

    def _decoded(self, block: bytes) -> str:
        try:
            return self.decoder.decode(block, not block)
        except UnicodeError as error:  # only a mark at the start has no replacement
            name = self.encoding
            raise RefusedFile(
                f"has no byte order mark of {name}; remove encoding from shop.toml if the file is "
                f'UTF-8, or set "{name}-le" or "{name}-be"'
            ) from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.waiting:
            block = self.stream.read(1 << 20)
            text = self._decoded(block)
            self.waiting = text.encode("utf-8", "surrogateescape")
            if not block:
                break
        count = min(len(buffer), len(self.waiting))
        buffer[:count], self.waiting = self.waiting[:count], self.waiting[count:]
        return count


class _Checked(io.RawIOBase):
    """Passes bytes on, and reports what is wrong if they cannot be read.

    most: the largest number of bytes allowed; None: no limit.
    """

    def __init__(self, plain: Any, most: int | None) -> None:
        self.plain, self.most, self.done = plain, most, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            count = int(self.plain.readinto(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError) as error:
            raise RefusedFile(f"is damaged: {error}; copy it again from its source") from error
        except OSError as error:
            raise _unreadable(error) from error
        self.done += count
        if self.most and self.done > self.most:
            raise RefusedFile(
                f"unpacks to more than {_RATIO} times its size ({self.done >> 20:,} MB so far), "
                "which is unusual for event data. Check it; if it is correct, unpack it first"
            )
        return count


def _unreadable(error: OSError) -> Exception:
    """Why the file cannot be read; a shortage on the machine is not the file's fault."""
    if error.errno in (errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC):
        return error
    said = error.strerror or str(error)
    return RefusedFile(f"cannot be read: {said}. Check that it exists and that you may read it")


def check_kind(file: LandedFile) -> None:
    """Raises RefusedFile if the file's format does not match its name."""
    try:
        with file.path.open("rb", buffering=0) as stream:
            start = stream.read(8)
    except OSError as error:
        raise _unreadable(error) from error
    named = file.compression if file.compression != "none" else file.format
    for mark, (kind, fix) in _KINDS.items():
        if start.startswith(mark) and kind != named:
            raise RefusedFile(f"has the name of a {named} file but is {kind}; {fix}")
