"""Stores: the parts of Cloud Storage and S3 that estore needs, through fsspec.

The libraries are imported only when a bucket is used.
"""

import base64
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from estore.buckets.error_messages import reporting, reporting_object
from estore.errors import CHANGED, EstoreError, RefusedFile
from estore.settings import bucket_environment

#: Bytes per request: the most that a broken connection loses and that memory holds.
BLOCK = 16 << 20


@dataclass(frozen=True)
class Listed:
    """An object of a bucket; its generation changes with its content."""

    key: str
    bytes: int
    generation: str


def split_uri(uri: str) -> tuple[str, str, str]:
    """gs://bucket/key as (gs, bucket, key); raises EstoreError for other addresses."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme not in _STORES or not bucket:
        raise EstoreError(
            f"{uri}: unsupported address; name a file or folder on this machine, "
            "gs://bucket/folder/ or s3://bucket/folder/"
        )
    return scheme, bucket, key


def open_store(scheme: str) -> "Store":
    """The store for gs or s3; raises EstoreError if its library is not installed."""
    return _store(scheme, bucket_environment(), os.getpid())


@lru_cache(maxsize=4)
def _store(scheme: str, environment: tuple[tuple[str, str], ...], process: int) -> "Store":
    """One store per process and environment: an S3 client takes half a second to create."""
    return _STORES[scheme]()


class Store(ABC):
    """One kind of bucket. Methods raise EstoreError with the fix if they fail."""

    scheme: str
    extra: str
    module: str

    def __init__(self) -> None:
        logging.getLogger(self.module).setLevel(logging.CRITICAL)  # already reported as errors
        try:
            self.library: Any = import_module(self.module)
        except ImportError as error:
            raise EstoreError(
                f"{self.scheme}:// needs more than the base install: "
                f"pip install 'estore-analytics[{self.extra}]'"
            ) from error

    @cached_property
    @abstractmethod
    def files(self) -> Any:
        """The library's file system, which does not cache listings."""

    @abstractmethod
    def _generation(self, info: dict[str, Any]) -> str: ...

    @abstractmethod
    def _blocks(self, path: str, listed: Listed) -> Iterator[bytes]:
        """The object's bytes, all from the listed generation; raises _Changed otherwise."""

    def listed(self, bucket: str, prefix: str) -> list[Listed]:
        """All objects with this key prefix, by key."""
        with reporting(self.scheme, bucket, prefix):
            found = self.files.find(bucket, prefix=prefix, detail=True).values()
        return sorted((self._listed(bucket, info) for info in found), key=lambda one: one.key)

    def find(self, bucket: str, key: str) -> Listed | None:
        """The object with exactly this key, if it exists."""
        with reporting(self.scheme, bucket, key):
            try:
                info = self.files.info(f"{bucket}/{key}")
            except FileNotFoundError:
                return None
        return self._listed(bucket, info) if info["type"] == "file" else None

    def upload(self, path: Path, bucket: str, key: str) -> None:
        """Write a file as an object, replacing an object with this key."""
        with reporting(self.scheme, bucket, key):
            self.files.put_file(str(path), f"{bucket}/{key}")

    def download(
        self, bucket: str, listed: Listed, path: Path, on_bytes: Callable[[int], None]
    ) -> None:
        """Write the object as listed to a path; on_bytes receives the bytes so far.

        Raises RefusedFile if the object is gone, has changed or may not be read, and
        EstoreError if no object can be read. It leaves a partial file at the path.
        """
        done = 0
        with reporting_object(f"{self.scheme}://{bucket}/{listed.key}"), path.open("wb") as output:
            try:
                for block in self._blocks(f"{bucket}/{listed.key}", listed):
                    done += output.write(block)
                    on_bytes(done)
            except (FileNotFoundError, _Changed) as error:
                if self.find(bucket, listed.key):
                    raise RefusedFile(CHANGED) from error
                raise RefusedFile(
                    "no longer exists; it was moved or deleted after listing. Run this again"
                ) from error
            if done != listed.bytes:
                raise RefusedFile(CHANGED)

    def start(self, bucket: str, listed: Listed, size: int) -> bytes:
        """The first bytes of an object as listed."""
        begun = replace(listed, bytes=min(size, listed.bytes))
        with reporting_object(f"{self.scheme}://{bucket}/{listed.key}"):
            try:
                return b"".join(self._blocks(f"{bucket}/{listed.key}", begun))
            except (FileNotFoundError, _Changed) as error:
                raise RefusedFile(CHANGED) from error

    def checksum(self, bucket: str, key: str) -> str | None:
        """The store's checksum of an object: its md5, or crc32c for a composite object."""
        with reporting(self.scheme, bucket, key):
            info = self.files.info(f"{bucket}/{key}")
        kind = next((kind for kind in ("md5Hash", "crc32c") if info.get(kind)), None)
        return f"{kind}:{base64.b64decode(info[kind]).hex()}" if kind else None

    def _listed(self, bucket: str, info: dict[str, Any]) -> Listed:
        key = info["name"].removeprefix(f"{bucket}/")
        return Listed(key, int(info["size"]), self._generation(info))


class _Changed(Exception):
    """The object changed after it was listed."""


class CloudStorage(Store):
    """gs://, with application-default credentials, or an emulator at STORAGE_EMULATOR_HOST."""

    scheme, extra, module = "gs", "bigquery", "gcsfs"

    def __init__(self) -> None:
        super().__init__()
        self.is_emulator = "STORAGE_EMULATOR_HOST" in dict(bucket_environment())

    @cached_property
    def files(self) -> Any:
        return self._connect()

    @cached_property
    def _as_stored(self) -> Any:
        """The raw bytes: an object stored with `Content-Encoding: gzip` stays compressed."""
        return self._connect(auto_decompress=False)

    def _connect(self, **session: Any) -> Any:
        return self.library.GCSFileSystem(
            token="anon" if self.is_emulator else "google_default",
            access="read_only",
            requests_timeout=_gcs_timeout(),
            session_kwargs={"trust_env": True, **session},
            use_listings_cache=False,
            skip_instance_cache=True,
        )

    def _generation(self, info: dict[str, Any]) -> str:
        return str(info["generation"])

    def _blocks(self, path: str, listed: Listed) -> Iterator[bytes]:
        for start in range(0, listed.bytes, BLOCK):
            end = min(start + BLOCK, listed.bytes)
            _, block = self._as_stored.call(
                "GET",
                self._as_stored.url(path),
                headers={"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "gzip"},
                generation=listed.generation,
            )
            yield block


def _gcs_timeout() -> Any:
    from aiohttp import ClientTimeout

    return ClientTimeout(total=None, sock_connect=20, sock_read=60)


class S3(Store):
    """s3://, with the credentials and settings of AWS's own tools."""

    scheme, extra, module = "s3", "s3", "s3fs"

    @cached_property
    def files(self) -> Any:
        return self.library.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)

    def _generation(self, info: dict[str, Any]) -> str:
        return str(info["ETag"]).strip('"')

    def _blocks(self, path: str, listed: Listed) -> Iterator[bytes]:
        try:
            # Every block request requires that the etag is unchanged.
            with self.files.open(path, "rb", block_size=BLOCK, cache_type="none") as stream:
                if self._generation(stream.details) != listed.generation:
                    raise _Changed
                while block := stream.read(BLOCK):
                    yield block
        except self.library.utils.FileExpired as error:
            raise _Changed from error


_STORES: dict[str, type[Store]] = {store.scheme: store for store in (CloudStorage, S3)}
