"""Error reports: the sentence that ends a command, and a log for unexpected errors."""

import errno
import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

from estore.errors import EstoreError, engine_advice
from estore.escaping import one_line, shortened
from estore.home import make_home

#: Bytes after which the error log restarts; the previous log is kept.
LARGEST = 1 << 20


_OF_THE_DISK = {errno.EIO, errno.EROFS, errno.ESTALE, errno.ENODEV, errno.ENXIO}


def in_words(error: Exception) -> str | None:
    """What a person can do about an error; None for our own bug."""
    if isinstance(error, EstoreError):
        return str(error)
    if isinstance(error, MemoryError):
        return engine_advice("Out of Memory")
    if said := engine_advice(str(error)):
        return said
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
        return f"{error.strerror}: a file cannot be written; check the disk, then run this again"
    if isinstance(error, UnicodeEncodeError) and error.encoding == "utf-8":
        return f"{one_line(shortened(error.object, 200))} is not UTF-8; use another name"
    return None


def unexpected(error: Exception, home: Path) -> str:
    """A sentence on our own bug; its traceback is written to the home's logs."""
    path = home / "logs" / "errors.log"
    said = shortened(f"{type(error).__name__}: {error}", 300)
    try:
        _write(path, "".join(traceback.format_exception(error)))
    except OSError as failed:
        return (
            f"unexpected error: {said} ({_place(error)}). The details cannot be written to "
            f"{path}: {failed.strerror}"
        )
    return f"unexpected error: {said}. Please report it with the details in {path}"


def _write(path: Path, text: str) -> None:
    make_home(path.parent.parent)
    path.parent.mkdir(exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST:
        path.replace(path.with_suffix(".log.1"))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, process {os.getpid()}\n{text}\n")


def _place(error: Exception) -> str:
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if "estore" in frame.filename
    ]
    return (
        f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "unknown place"
    )
