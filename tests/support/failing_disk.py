"""A disk that fails once: at a write, fsync, rename, mkdir or removal by our own code."""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import estore

OURS = str(Path(estore.__file__).parent)
LIBRARY = str(Path(os.__file__).parent)
CALLS = ("fsync", "rename", "replace", "mkdir", "unlink", "rmdir", "open")
WRITING = set("wax+")


@dataclass
class Disk:
    """Counts operations. Operation number `fails_at` (from 0) raises an OSError with this errno."""

    fails_at: int | None = None
    error: int = errno.EIO
    moments: list[str] = field(default_factory=list)

    def happens(self, what: str) -> bool:
        """Whether this operation must fail."""
        self.moments.append(what)
        return len(self.moments) - 1 == self.fails_at

    def fail(self) -> OSError:
        """The error as the operating system raises it."""
        return OSError(self.error, os.strerror(self.error))


@contextmanager
def failing(disk: Disk) -> Iterator[Disk]:
    """Send all writes of our code to this disk."""
    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, _watched(disk, name, getattr(os, name)))
        opened = io.open

        def open_torn(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            found = opened(file, mode, *arguments, **options)
            if WRITING & set(mode) and _is_ours() and disk.happens(f"write {file}"):
                _tear(found, disk)
            return found

        patch.setattr(io, "open", open_torn)
        yield disk


def _watched(disk: Disk, name: str, real: Any) -> Any:
    def call(*arguments: Any, **options: Any) -> Any:
        is_reading = name == "open" and not arguments[1] & (os.O_WRONLY | os.O_RDWR)
        if not is_reading and _is_ours() and disk.happens(f"{name} {arguments[0]}"):
            raise disk.fail()
        return real(*arguments, **options)

    return call


def _tear(file: Any, disk: Disk) -> None:
    """Write half of the data, then fail."""
    write = file.write

    def write_half(content: Any) -> None:
        write(content[: len(content) // 2])
        file.flush()
        raise disk.fail()

    file.write = write_half


def _is_ours() -> bool:
    """Whether our own code called this, directly or through the standard library."""
    frame = sys._getframe(2)
    while frame and frame.f_code.co_filename.startswith((LIBRARY, __file__, "<frozen")):
        if "site-packages" in frame.f_code.co_filename:
            return False
        frame = frame.f_back  # type: ignore[assignment]
    return bool(frame) and frame.f_code.co_filename.startswith(OURS)
