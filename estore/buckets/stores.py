"""Stores: Cloud Storage and S3, each as little as is needed of it, through fsspec.

The libraries are imported when a bucket is named, never before.
"""

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from estore.buckets.faults import told
from estore.errors import EstoreError
from estore.settings import has_storage_emulator


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
    """The store behind gs or s3; raises EstoreError without its library or credentials."""
    return _STORES[scheme]()


class Store(ABC):
    """One kind of bucket. Every method raises EstoreError that says what to do."""

    scheme: str
    extra: str
    module: str

    def __init__(self) -> None:
        logging.getLogger(self.module).setLevel(logging.CRITICAL)  # told as errors, once
        try:
            library = import_module(self.module)
        except ImportError as error:
            raise EstoreError(
                f"{self.scheme}:// needs more than the base install: "
                f"pip install 'estore-analytics[{self.extra}]'"
            ) from error
        with told(f"{self.scheme}://"):
            self.files = self._connect(library)

    @abstractmethod
    def _connect(self, library: Any) -> Any:
        """The library's file system, which remembers no listing."""

    @abstractmethod
    def _generation(self, info: dict[str, Any]) -> str: ...

    def listed(self, bucket: str, prefix: str) -> list[Listed]:
        """All objects whose key begins so, by key."""
        with told(f"{self.scheme}://{bucket}/{prefix}"):
            found = self.files.find(bucket, prefix=prefix, detail=True).values()
        return sorted((self._listed(bucket, info) for info in found), key=lambda one: one.key)

    def find(self, bucket: str, key: str) -> Listed | None:
        """The object of exactly this key, if it is there."""
        with told(f"{self.scheme}://{bucket}/{key}"):
            try:
                info = self.files.info(f"{bucket}/{key}")
            except FileNotFoundError:
                return None
        return self._listed(bucket, info) if info["type"] == "file" else None

    def _listed(self, bucket: str, info: dict[str, Any]) -> Listed:
        key = info["name"].removeprefix(f"{bucket}/")
        return Listed(key, int(info["size"]), self._generation(info))


class CloudStorage(Store):
    """gs://, with application-default credentials, or an emulator's by STORAGE_EMULATOR_HOST."""

    scheme, extra, module = "gs", "bigquery", "gcsfs"

    def _connect(self, library: Any) -> Any:
        return library.GCSFileSystem(
            token="anon" if has_storage_emulator() else "google_default",
            access="read_only",
            use_listings_cache=False,
            skip_instance_cache=True,
        )

    def _generation(self, info: dict[str, Any]) -> str:
        return str(info["generation"])


class S3(Store):
    """s3://, with the credentials and settings that AWS's own tools use."""

    scheme, extra, module = "s3", "s3", "s3fs"

    def _connect(self, library: Any) -> Any:
        return library.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)

    def _generation(self, info: dict[str, Any]) -> str:
        return str(info["ETag"]).strip('"')


_STORES: dict[str, type[Store]] = {store.scheme: store for store in (CloudStorage, S3)}
