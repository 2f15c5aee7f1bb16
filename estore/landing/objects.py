"""Objects: a folder, a pattern or one object of a bucket → its event files."""

import re
from collections.abc import Callable

from estore.buckets.stores import Listed, Store, open_store, split_uri
from estore.errors import EstoreError
from estore.landing.files import LandedFile, format_of, is_data_name, is_event_name

_MAGIC = re.compile(r"[*?\[]")


def find_objects(place: str, skip: Callable[[str], None] = lambda key: None) -> list[LandedFile]:
    """The event files at gs://bucket/… or s3://bucket/…; empty if there are none.

    An exact key is taken as it is; folders and patterns give event files by suffix.
    skip: called with the key of each other object that may contain events.
    Raises EstoreError with the fix if the place cannot be listed.
    """
    scheme, bucket, key = split_uri(place)
    store = open_store(scheme)
    return [
        LandedFile(
            f"{scheme}://{bucket}/{found.key}", *format_of(found.key), found.bytes, found.generation
        )
        for found in _meant(store, bucket, key, skip)
    ]


def _meant(store: Store, bucket: str, key: str, skip: Callable[[str], None]) -> list[Listed]:
    if magic := _MAGIC.search(key):
        folder = key[: magic.start()].rpartition("/")[0]
        listed = store.listed(bucket, key[: magic.start()])
        exactly = [found for found in listed if found.key == key]
        matches = _pattern(key).match
        matching = [found for found in listed if matches(found.key)]
        return exactly or _event_files(matching, folder, skip)
    if key and not key.endswith("/"):
        if one := store.find(bucket, key):
            return [one]
        key += "/"
    return _event_files(store.listed(bucket, key), key, skip)


def _event_files(listed: list[Listed], folder: str, skip: Callable[[str], None]) -> list[Listed]:
    """The keys that the folder shows: no hidden files or folders."""
    taken = []
    for found in listed:
        *folders, name = found.key.removeprefix(folder).split("/")
        if any(part.startswith((".", "_")) for part in folders):
            continue
        if is_event_name(name):
            taken.append(found)
        elif is_data_name(name):
            skip(found.key)
    return taken


def _pattern(key: str) -> re.Pattern[str]:
    """A pattern as a regular expression: `*` stays within a folder, `**/` includes subfolders."""
    from fsspec.utils import glob_translate

    try:
        return re.compile(glob_translate(key))
    except (ValueError, re.error) as error:
        raise EstoreError(f"{key}: invalid pattern: {error}") from error
