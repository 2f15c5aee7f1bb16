"""Transfer: bytes of objects and files on their way to a load job."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from google.api_core.exceptions import GoogleAPICallError

from estore.buckets.error_messages import reporting_object
from estore.buckets.stores import Listed, open_store, split_uri
from estore.escaping import shortened
from estore.landing import LandedFile
from estore.load.content import open_bytes


def listed(file: LandedFile) -> tuple[str, Listed]:
    """An object's bucket and its listing."""
    _, bucket, key = split_uri(file.uri)
    return bucket, Listed(key, file.bytes, file.generation)


@contextmanager
def object_stream(file: LandedFile) -> Iterator[IO[bytes]]:
    """An object that is read only in part."""
    _, bucket, key = split_uri(file.uri)
    with reporting_object(file.uri), open_store("gs").files.open(f"{bucket}/{key}", "rb") as stream:
        yield stream


@contextmanager
def plain(file: LandedFile, folder: Path) -> Iterator[IO[bytes]]:
    """A form that load jobs accept: gzip as it is, zstd unpacked into the folder."""
    path = file.path
    if file.compression == "zstd":
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "unpacked.csv"
        with open_bytes(file) as packed, path.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, 1 << 20)
    with path.open("rb") as stream:
        yield stream


def said(error: Exception) -> str:
    """An error in a few words."""
    text = error.message if isinstance(error, GoogleAPICallError) else str(error)
    return shortened(str(text), 200)
