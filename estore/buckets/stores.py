"""Stores: Cloud Storage and S3, each as little as is needed of it, through fsspec.

The libraries are imported when a bucket is named, never before.
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

from estore.buckets.error_messages import told, told_of_object
from estore.errors import CHANGED, EstoreError, RefusedFile
from estore.settings import bucket_environment

#: Bytes asked for at a time: what is lost when a connection breaks, and what memory holds.
BLOCK = 16 << 20


@dataclass(frozen=True)
class Listed:
    """An object of a bucket; generation: another one for another content."""

    key: str
    bytes: int
    generation: str


def split_uri(uri: str) -> tuple[str, str, str]:
    """gs://bucket/key as (gs, bucket, key); raises EstoreError for what is no such address."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme not in _STORES or not bucket:
        raise EstoreError(
            f"{uri}: cannot be loaded from; name a file or folder on this machine, "
            "gs://bucket/folder/ or s3://bucket/folder/"
        )
    return scheme, bucket, key


def open_store(scheme: str) -> "Store":
    """The store behind gs or s3; raises EstoreError where its library is not installed."""
    return _store(scheme, bucket_environment(), os.getpid())


@lru_cache(maxsize=4)
def _store(scheme: str, environment: tuple[tuple[str, str], ...], process: int) -> "Store":
    """One for a process and its environment: a client of S3 takes half a second to make."""
    return _STORES[scheme]()


class Store(ABC):
    """One kind of bucket. What a method cannot do it raises as EstoreError, with what to do."""

    scheme: str
    extra: str
    module: str

    def __init__(self) -> None:
        logging.getLogger(self.module).setLevel(logging.CRITICAL)  # told as errors, once
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
        """The library's file system, which remembers no listing."""

    @abstractmethod
    def _generation(self, info: dict[str, Any]) -> str: ...

    @abstractmethod
    def _blocks(self, path: str, listed: Listed) -> Iterator[bytes]:
        """The bytes of the object, all of the generation listed; raises _Changed."""

    def listed(self, bucket: str, prefix: str) -> list[Listed]:
        """All objects whose key begins so, by key."""
        with told(self.scheme, bucket, prefix):
            found = self.files.find(bucket, prefix=prefix, detail=True).values()
        return sorted((self._listed(bucket, info) for info in found), key=lambda one: one.key)

    def find(self, bucket: str, key: str) -> Listed | None:
        """The object of exactly this key, if it is there."""
        with told(self.scheme, bucket, key):
            try:
                info = self.files.info(f"{bucket}/{key}")
            except FileNotFoundError:
                return None
        return self._listed(bucket, info) if info["type"] == "file" else None

    def download(
        self, bucket: str, listed: Listed, path: Path, on_bytes: Callable[[int], None]
    ) -> None:
        """Write the object, as it was when it was listed, to a path; on_bytes is told how far.

        Raises RefusedFile for an object that is gone, has changed, or may not be read, and
        EstoreError where no other could be read either. Nothing is undone at the path.
        """
        done = 0
        with told_of_object(f"{self.scheme}://{bucket}/{listed.key}"), path.open("wb") as output:
            try:
                for block in self._blocks(f"{bucket}/{listed.key}", listed):
                    done += output.write(block)
                    on_bytes(done)
            except (FileNotFoundError, _Changed) as error:
                if self.find(bucket, listed.key):
                    raise RefusedFile(CHANGED) from error
                raise RefusedFile(
                    "is no longer there; was it moved after it was listed? Run again"
                ) from error
            if done != listed.bytes:
                raise RefusedFile(CHANGED)

    def start(self, bucket: str, listed: Listed, size: int) -> bytes:
        """The first bytes of an object, as it was when it was listed."""
        begun = replace(listed, bytes=min(size, listed.bytes))
        with told_of_object(f"{self.scheme}://{bucket}/{listed.key}"):
            try:
                return b"".join(self._blocks(f"{bucket}/{listed.key}", begun))
            except (FileNotFoundError, _Changed) as error:
                raise RefusedFile(CHANGED) from error

    def checksum(self, bucket: str, key: str) -> str | None:
        """What the store keeps of an object's bytes: its md5, or the crc32c of a composite one."""
        with told(self.scheme, bucket, key):
            info = self.files.info(f"{bucket}/{key}")
        kind = next((kind for kind in ("md5Hash", "crc32c") if info.get(kind)), None)
        return f"{kind}:{base64.b64decode(info[kind]).hex()}" if kind else None

    def _listed(self, bucket: str, info: dict[str, Any]) -> Listed:
        key = info["name"].removeprefix(f"{bucket}/")
        return Listed(key, int(info["size"]), self._generation(info))


class _Changed(Exception):
    """The object is no longer what was listed."""


class CloudStorage(Store):
    """gs://, with application-default credentials, or an emulator's by STORAGE_EMULATOR_HOST."""

    scheme, extra, module = "gs", "bigquery", "gcsfs"

    def __init__(self) -> None:
        super().__init__()
        self.is_emulator = "STORAGE_EMULATOR_HOST" in dict(bucket_environment())

    @cached_property
    def files(self) -> Any:
        return self._connect()

    @cached_property
    def _as_stored(self) -> Any:
        """The same for bytes: an object that was stored with `Content-Encoding: gzip` stays so."""
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
    """s3://, with the credentials and settings that AWS's own tools use."""

    scheme, extra, module = "s3", "s3", "s3fs"

    @cached_property
    def files(self) -> Any:
        return self.library.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)

    def _generation(self, info: dict[str, Any]) -> str:
        return str(info["ETag"]).strip('"')

    def _blocks(self, path: str, listed: Listed) -> Iterator[bytes]:
        try:
            # It asks for every block on the condition that the etag is still the same.
            with self.files.open(path, "rb", block_size=BLOCK, cache_type="none") as stream:
                if self._generation(stream.details) != listed.generation:
                    raise _Changed
                while block := stream.read(BLOCK):
                    yield block
        except self.library.utils.FileExpired as error:
            raise _Changed from error


_STORES: dict[str, type[Store]] = {store.scheme: store for store in (CloudStorage, S3)}
