"""Assets: the files of the built page, compressed at build time."""

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from estore.dashboard.encodings import best_encoding

STATIC = Path(__file__).parent / "static"
#: Suffix of the compressed copy → its content encoding, the smaller first.
ENCODINGS = {".br": "br", ".gz": "gzip"}


@dataclass(frozen=True)
class Asset:
    """A file in the form that is sent."""

    body: bytes
    media_type: str
    encoding: str | None


class Assets:
    """The files of a folder by name; no other path gives a file."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._files = {
            path.name: path.read_bytes() for path in sorted(folder.glob("*")) if path.is_file()
        }

    def get(self, name: str, accepted: str) -> Asset | None:
        """A file, compressed if the browser accepts it; None if it does not exist."""
        if name not in self._files or name.endswith((".html", *ENCODINGS)):
            return None
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        offered = {
            encoding: name + ending
            for ending, encoding in ENCODINGS.items() if name + ending in self._files
        }  # fmt: skip
        encoding = best_encoding(accepted, list(offered))
        return Asset(self._files[offered[encoding] if encoding else name], media_type, encoding)

    def text(self, name: str) -> str:
        """A file's text; empty if the page was not built."""
        return self._files.get(name, b"").decode("utf-8")

    @cached_property
    def hash(self) -> str:
        """A hash of all files: browsers may cache them forever under it."""
        digest = hashlib.blake2b(digest_size=8)
        for name, body in self._files.items():
            digest.update(name.encode() + b"\0" + body)
        return digest.hexdigest()
