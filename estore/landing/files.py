"""Event files: what describes one, and which names are an event file's."""

import os
from dataclasses import dataclass, field
from pathlib import Path

#: suffix → (format, compression); the longest suffix that fits counts.
FORMATS = {
    ".csv": ("csv", "none"),
    ".csv.gz": ("csv", "gzip"),
    ".csv.zst": ("csv", "zstd"),
    ".parquet": ("parquet", "none"),
}

#: Endings of other files that hold data: a note names those that are passed over.
_DATA = (
    "tsv", "tab", "txt", "dat", "json", "jsonl", "ndjson", "avro", "orc", "arrow", "feather", "xml",
    "xls", "xlsx", "xlsm", "xlsb", "ods", "numbers", "sqlite", "db", "duckdb", "sql",
    "zip", "7z", "rar", "tar", "tgz", "gz", "bz2", "xz", "zst", "lz4", "br", "lzo", "sz", "snappy",
    "part", "partial", "tmp", "crdownload", "filepart",
)  # fmt: skip
#: What `estore synth` writes next to its event files.
_NO_DATA = ("truth.json",)


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


def is_data_name(name: str) -> bool:
    """Whether a file that is passed over may hold events, by its name without the folder."""
    plain = name.lower()
    if name.startswith(".") or plain in _NO_DATA:
        return False
    is_named_so = any(f"{suffix}." in plain for suffix in (".csv", ".parquet"))
    return is_named_so or is_set_aside(name) or plain.rpartition(".")[2] in _DATA


def is_set_aside(name: str) -> bool:
    """Whether an event file's name begins with an underscore, which keeps it out of folders."""
    return name.startswith("_") and format_of(name)[0] != "unknown"


def local_path(place: str) -> Path:
    """A place on this machine; ~ is the home folder unless a file of that very name is there."""
    path = Path(place)
    try:
        return path if os.path.lexists(path) else path.expanduser()
    except (RuntimeError, ValueError, OSError):  # ~nobody, a zero byte
        return path


def printable(name: str) -> str:
    """A file's name as it can be shown and stored: bytes that are no UTF-8 as escapes."""
    return name.encode("utf-8", "backslashreplace").decode()
