"""Content: what a file is known by, and how many lines it has, in one read beside the load."""

import gzip
import zlib
from dataclasses import dataclass

import xxhash

from estore.errors import RefusedFile
from estore.landing import LandedFile

_BLOCK = 1 << 22


@dataclass(frozen=True)
class Content:
    """content_hash: of the bytes as they lie; lines: of text, None where not counted here."""

    content_hash: str
    lines: int | None


def read_content(file: LandedFile) -> Content:
    """Hash the file as it lies; in an uncompressed CSV also count its lines.

    At the speed of the disk, and DuckDB then finds the file in the page cache.
    """
    digest = xxhash.xxh3_128()
    lines, last = 0, b"\n"
    with file.path.open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            lines += block.count(b"\n")
            last = block[-1:]
    lines += last != b"\n"
    is_plain = (file.format, file.compression) == ("csv", "none")
    return Content(digest.hexdigest(), lines if is_plain else None)


def count_compressed_lines(file: LandedFile) -> int:
    """Count the lines of a compressed CSV; raises RefusedFile where its checksum does not hold.

    DuckDB does not compare gzip's checksum: a flipped bit would pass as data.
    """
    from estore.load.header import open_bytes

    lines, last = 0, b"\n"
    try:
        with open_bytes(file) as stream:
            while block := stream.read(_BLOCK):
                lines += block.count(b"\n")
                last = block[-1:]
    except (EOFError, OSError, gzip.BadGzipFile, zlib.error, ValueError) as error:
        raise RefusedFile(f"is damaged: {error}; copy it again from its source") from error
    return lines + (last != b"\n")
