"""Landing: which event files are there, in a folder, by name or by pattern."""

import glob
from collections.abc import Iterable
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
    """Describe one existing file; raises EstoreError for a suffix that is not an event file's."""
    suffixes = [suffix for suffix in FORMATS if path.name.lower().endswith(suffix)]
    if not suffixes:
        raise EstoreError(
            f"{path}: not an event file by its name; name it {', '.join(FORMATS)}"
        )
    form, compression = FORMATS[max(suffixes, key=len)]
    stat = path.stat()
    uri = str(path.resolve())
    return LandedFile(uri, form, compression, stat.st_size, f"{stat.st_mtime_ns}-{stat.st_size}")


def find_files(places: Iterable[str]) -> list[LandedFile]:
    """The event files at the places (files, folders, patterns), each once, sorted by path.

    In a folder, or by pattern, other files are passed over; a file given by name must be one.
    Raises EstoreError for a place where there is nothing.
    """
    found: dict[str, LandedFile] = {}
    for place in places:
        if "://" in place:
            raise EstoreError(f"{place}: only files on this machine can be loaded; copy them here")
        path = Path(place).expanduser()
        if path.is_file():
            candidates = [path]
        elif path.is_dir():
            candidates = _event_files(path.rglob("*"))
        else:
            candidates = _event_files(Path(name) for name in glob.glob(str(path), recursive=True))
        if not candidates:
            raise EstoreError(f"{place}: no event files there ({', '.join(FORMATS)})")
        for candidate in candidates:
            file = landed_file(candidate)
            found[file.uri] = file
    return [found[uri] for uri in sorted(found)]


def _event_files(paths: Iterable[Path]) -> list[Path]:
    return [
        path
        for path in paths
        if path.name.lower().endswith(tuple(FORMATS))
        and not path.name.startswith((".", "_"))
        and path.is_file()
    ]
