"""Objects: a folder, a pattern or a single object of a bucket → the event files that are meant."""

import re
from collections.abc import Callable

from estore.buckets.stores import Listed, Store, open_store, split_uri
from estore.errors import EstoreError
from estore.landing.files import LandedFile, format_of, is_data_name, is_event_name

_MAGIC = re.compile(r"[*?\[]")


def find_objects(
    place: str, pass_over: Callable[[str], None] = lambda key: None
) -> list[LandedFile]:
    """The event files at gs://bucket/… or s3://bucket/…; none where there is nothing.

    A key that is there exactly is taken as it is; of folders and patterns, event files by name.
    pass_over: called with the key of each other object that may hold events.
    Raises EstoreError, with what to do, where the place cannot be listed.
    """
    scheme, bucket, key = split_uri(place)
    store = open_store(scheme)
    return [
        LandedFile(
            f"{scheme}://{bucket}/{found.key}", *format_of(found.key), found.bytes, found.generation
        )
        for found in _meant(store, bucket, key, pass_over)
    ]


def _meant(store: Store, bucket: str, key: str, pass_over: Callable[[str], None]) -> list[Listed]:
    if magic := _MAGIC.search(key):
        folder = key[: magic.start()].rpartition("/")[0]
        listed = store.listed(bucket, key[: magic.start()])
        exactly = [found for found in listed if found.key == key]
        matches = _pattern(key).match
        matching = [found for found in listed if matches(found.key)]
        return exactly or _event_files(matching, folder, pass_over)
    if key and not key.endswith("/"):
        if one := store.find(bucket, key):
            return [one]
        key += "/"
    return _event_files(store.listed(bucket, key), key, pass_over)


def _event_files(
    listed: list[Listed], folder: str, pass_over: Callable[[str], None]
) -> list[Listed]:
    """Those that the folder of that name shows: nothing hidden, neither file nor folder."""
    taken = []
    for found in listed:
        *folders, name = found.key.removeprefix(folder).split("/")
        if any(part.startswith((".", "_")) for part in folders):
            continue
        if is_event_name(name):
            taken.append(found)
        elif is_data_name(name):
            pass_over(found.key)
    return taken


def _pattern(key: str) -> re.Pattern[str]:
    """As in the names of files: `*` stays within a folder, `**/` reaches those below."""
    from fsspec.utils import glob_translate

    try:
        return re.compile(glob_translate(key))
    except (ValueError, re.error) as error:
        raise EstoreError(f"{key}: is no pattern that can be understood: {error}") from error
