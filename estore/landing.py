"""Landing: which event files are there, in a folder or a bucket, by name or by pattern."""

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
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
    """A file in the landing; `generation` changes whenever its content may have.

    uri: an absolute path, or gs://bucket/key, s3://bucket/key. generation: of a file its date and
    size, of a gs:// object its generation, of an s3:// one its etag. copy: where the bytes of an
    object lie on this machine, once they do.
    """

    uri: str
    format: str
    compression: str
    bytes: int
    generation: str
    copy: Path | None = field(default=None, compare=False)

    @property
    def is_object(self) -> bool:
        """Whether it lies in a bucket, not on this machine."""
        return "://" in self.uri

    @property
    def path(self) -> Path:
        """The file on this machine; of an object, its copy."""
        return self.copy or Path(self.uri)

    @property
    def name(self) -> str:
        """The short name for messages."""
        return self.uri.rsplit("/", 1)[-1]


def landed_file(path: Path) -> LandedFile:
    """Describe one existing file; its format is `unknown` where its suffix is no event file's."""
    stat = path.stat()
    generation = f"{stat.st_mtime_ns}-{stat.st_size}"
    return LandedFile(str(path.resolve()), *format_of(path.name), stat.st_size, generation)


def format_of(name: str) -> tuple[str, str]:
    """(format, compression) by a file's name; `unknown` where its suffix is no event file's."""
    suffixes = [suffix for suffix in FORMATS if name.lower().endswith(suffix)]
    return FORMATS[max(suffixes, key=len)] if suffixes else ("unknown", "none")


def is_event_name(name: str) -> bool:
    """Whether a name without its folder is an event file's, and not hidden."""
    return format_of(name)[0] != "unknown" and not name.startswith((".", "_"))


def list_landing(place: str) -> list[LandedFile]:
    """The event files in the landing, by uri; it may be empty, but must be there.

    Raises EstoreError where it is not, or cannot be read.
    """
    is_bucket = "://" in place
    if not is_bucket and not Path(place).expanduser().is_dir():
        raise EstoreError(f"{printable(place)}: there is no such folder")
    files = _in_bucket(place) if is_bucket else _on_this_machine(place)
    return sorted(files, key=lambda file: file.uri)


def find_files(places: Iterable[str]) -> list[LandedFile]:
    """The event files at the places (files, folders, patterns), each once, sorted by uri.

    A place is one of this machine, or of a bucket: gs://bucket/…, s3://bucket/….
    In a folder, or by pattern, other files are passed over, and so are names that begin with a dot
    or an underscore; a file given by name is taken as it is, and refused by the load if it is none.
    Raises EstoreError for a place where there is nothing, or that cannot be read.
    """
    found: dict[str, LandedFile] = {}
    for place in places:
        files = _in_bucket(place) if "://" in place else _on_this_machine(place)
        if not files:
            raise EstoreError(f"{printable(place)}: no event files there ({', '.join(FORMATS)})")
        found.update((file.uri, file) for file in files)
    return [found[uri] for uri in sorted(found)]


def _in_bucket(place: str) -> list[LandedFile]:
    from estore.buckets import find_objects  # its libraries are optional, and slow to import

    return find_objects(place)


def _on_this_machine(place: str) -> list[LandedFile]:
    try:
        return [landed_file(path) for path in _candidates(Path(place).expanduser())]
    except (OSError, ValueError, RuntimeError) as error:
        said = getattr(error, "strerror", None) or error
        where = getattr(error, "filename", None) or place
        raise EstoreError(f"{printable(str(where))}: cannot be read: {said}") from error


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
    return is_event_name(path.name) and path.is_file()
