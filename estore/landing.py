"""Landing: which event files are there, in a folder, by name or by pattern."""

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from estore.errors import EstoreError

#: suffix → (format, compression); the longest suffix that fits counts.
FORMATS = {
    ".csv": ("csv", "none"),
    ".csv.gz": ("csv", "gzip"),
    ".csv.zst": ("csv", "zstd"),
    ".parquet": ("parquet", "none"),
}


@dataclass(frozen=True)
class LandedFile:
    """A file in the landing; `generation` changes whenever its content may have."""

    uri: str
    format: str
    compression: str
    bytes: int
    generation: str

    @property
    def path(self) -> Path:
        """The file on this machine."""
        return Path(self.uri)

    @property
    def name(self) -> str:
        """The short name for messages."""
        return self.path.name


def landed_file(path: Path) -> LandedFile:
    """Describe one existing file; its format is `unknown` where its suffix is no event file's."""
    suffixes = [suffix for suffix in FORMATS if path.name.lower().endswith(suffix)]
    form, compression = FORMATS[max(suffixes, key=len)] if suffixes else ("unknown", "none")
    stat = path.stat()
    uri = str(path.resolve())
    return LandedFile(uri, form, compression, stat.st_size, f"{stat.st_mtime_ns}-{stat.st_size}")


def find_files(places: Iterable[str]) -> list[LandedFile]:
    """The event files at the places (files, folders, patterns), each once, sorted by path.

    In a folder, or by pattern, other files are passed over, and so are names that begin with a dot
    or an underscore; a file given by name is taken as it is, and refused by the load if it is none.
    Raises EstoreError for a place where there is nothing, or that cannot be read.
    """
    found: dict[str, LandedFile] = {}
    for place in places:
        if "://" in place:
            raise EstoreError(f"{place}: only files on this machine can be loaded; copy them here")
        try:
            files = [landed_file(path) for path in _candidates(Path(place).expanduser())]
        except (OSError, ValueError, RuntimeError) as error:
            said = getattr(error, "strerror", None) or error
            where = getattr(error, "filename", None) or place
            raise EstoreError(f"{printable(str(where))}: cannot be read: {said}") from error
        if not files:
            raise EstoreError(f"{printable(place)}: no event files there ({', '.join(FORMATS)})")
        found.update((file.uri, file) for file in files)
    return [found[uri] for uri in sorted(found)]


def printable(name: str) -> str:
    """A file's name as it can be shown and stored: bytes that are no UTF-8 as escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def _candidates(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    if place.is_dir():
        return [path for path in _walk(place) if _is_event_file(path)]
    matches = glob.glob(str(place), recursive=True)  # noqa: PTH207 (may be absolute)
    return [path for path in map(Path, matches) if _is_event_file(path)]


def _walk(folder: Path) -> Iterator[Path]:
    """Every file in a folder and those below; a folder that cannot be read is an error."""

    def fail(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        yield from (Path(parent, name) for name in names)


def _is_event_file(path: Path) -> bool:
    name = path.name.lower()
    return name.endswith(tuple(FORMATS)) and not name.startswith((".", "_")) and path.is_file()
