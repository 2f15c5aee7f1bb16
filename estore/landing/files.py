"""Event files: their description, and which names are event files."""

import os
from dataclasses import dataclass, field
from pathlib import Path

#: suffix → (format, compression); the longest matching suffix wins.
FORMATS = {
    ".csv": ("csv", "none"),
    ".csv.gz": ("csv", "gzip"),
    ".csv.zst": ("csv", "zstd"),
    ".parquet": ("parquet", "none"),
    **{
        f".{name}{ending}": (form, compression)
        for name, form in (("tsv", "csv"), ("json", "json"), ("ndjson", "json"), ("jsonl", "json"))
        for ending, compression in (("", "none"), (".gz", "gzip"), (".zst", "zstd"))
    },
}

#: The same in words.
SUFFIXES = ".csv, .tsv, .json, .ndjson, .jsonl (also with .gz or .zst), .parquet"

#: Suffixes of other data files: a note names the skipped ones.
_DATA = (
    "tab", "txt", "dat", "avro", "orc", "arrow", "feather", "xml",
    "xls", "xlsx", "xlsm", "xlsb", "ods", "numbers", "sqlite", "db", "duckdb", "sql",
    "zip", "7z", "rar", "tar", "tgz", "gz", "bz2", "xz", "zst", "lz4", "br", "lzo", "sz", "snappy",
    "part", "partial", "tmp", "crdownload", "filepart",
)  # fmt: skip
#: What `estore synth` writes next to its event files.
_NO_DATA = ("truth.json",)


@dataclass(frozen=True)
class LandedFile:
    """A file in the landing; `generation` changes whenever its content may have changed.

    uri: an absolute path, gs://bucket/key or s3://bucket/key. generation: date and size of a
    file, the generation of a gs:// object, the etag of an s3:// object. copy: the path of an
    object's local copy, once there is one.
    """

    uri: str
    format: str
    compression: str
    bytes: int
    generation: str
    copy: Path | None = field(default=None, compare=False)

    @property
    def is_object(self) -> bool:
        """Whether it is in a bucket, not on this machine."""
        return "://" in self.uri

    @property
    def path(self) -> Path:
        """The path on this machine; for an object, that of its copy."""
        return self.copy or Path(self.uri)

    @property
    def name(self) -> str:
        """The short name for messages."""
        return self.uri.rsplit("/", 1)[-1]


def landed_file(path: Path) -> LandedFile:
    """Describe one existing file; its format is `unknown` if the suffix is not supported."""
    stat = path.stat()
    generation = f"{stat.st_mtime_ns}-{stat.st_size}"
    return LandedFile(str(path.resolve()), *format_of(path.name), stat.st_size, generation)


def format_of(name: str) -> tuple[str, str]:
    """(format, compression) by a file's name; `unknown` if the suffix is not supported."""
    suffixes = [suffix for suffix in FORMATS if name.lower().endswith(suffix)]
    return FORMATS[max(suffixes, key=len)] if suffixes else ("unknown", "none")


def is_event_name(name: str) -> bool:
    """Whether a file name is that of an event file and not hidden."""
    is_format = format_of(name)[0] != "unknown" and name.lower() not in _NO_DATA
    return is_format and not name.startswith((".", "_"))


def is_data_name(name: str) -> bool:
    """Whether a skipped file may contain events, by its file name."""
    plain = name.lower()
    if name.startswith(".") or plain in _NO_DATA:
        return False
    is_named_so = any(f"{suffix}." in plain for suffix in (".csv", ".parquet"))
    return is_named_so or is_set_aside(name) or plain.rpartition(".")[2] in _DATA


def is_set_aside(name: str) -> bool:
    """Whether an event file's name starts with an underscore, so folders skip it."""
    return name.startswith("_") and format_of(name)[0] != "unknown"


def local_path(place: str) -> Path:
    """A local path; ~ is the home folder unless a file with that exact name exists."""
    path = Path(place)
    try:
        return path if os.path.lexists(path) else path.expanduser()
    except (RuntimeError, ValueError, OSError):  # an unknown ~user, a zero byte
        return path


def printable(name: str) -> str:
    """A file name that can be shown and stored: non-UTF-8 bytes become escapes."""
    return name.encode("utf-8", "backslashreplace").decode()
