"""Manifest: the newest snapshot, its tables, and checks of its files.

Needs no engine. A reader locks its snapshot, so no publish deletes it.
"""

import fcntl
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from estore.currency import Currency, currency
from estore.errors import Damaged
from estore.settings import Settings

MANIFEST = "manifest.json"
_VERSION = re.compile(r"v[0-9]{6,}")
_HEAL = "`estore publish` writes a new snapshot"


@dataclass(frozen=True)
class Manifest:
    """A snapshot's description, stored in it as manifest.json."""

    version: str
    published_at: str
    as_of_date: str
    tables: dict[str, int]
    tests: dict[str, Any]
    versions: dict[str, str]
    thresholds: dict[str, Any] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)  # table → SHA-256 of its file

    @property
    def currency(self) -> Currency:
        """The currency of all amounts; dollars in older snapshots."""
        return currency(self.thresholds.get("shop_currency", "USD"))


def current_version(settings: Settings) -> Path | None:
    """The folder of the newest snapshot, or None.

    Raises Damaged if CURRENT names a missing snapshot.
    """
    while name := current_name(settings):
        if (folder := settings.published / name).is_dir():
            return folder
        if current_name(settings) == name:  # otherwise a publish happened between the two checks
            raise Damaged(f"{folder} is missing: {_HEAL}")
    return None


def missing_snapshot(settings: Settings) -> str:
    """What to do if CURRENT is missing: nothing was published, or it was deleted."""
    if all_versions(settings.published):
        return f"{settings.published / 'CURRENT'} is missing: {_HEAL}"
    return f"{settings.home}: nothing published yet; run `estore run PATH`"


@contextmanager
def current_snapshot(settings: Settings) -> Iterator[Path | None]:
    """The folder of the newest snapshot, or None; no publish deletes it inside the block.

    Raises Damaged like current_version, and if the manifest is missing.
    """
    while folder := current_version(settings):
        try:
            manifest = (folder / MANIFEST).open("rb")
        except FileNotFoundError:
            if current_version(settings) == folder:
                raise Damaged(f"{folder / MANIFEST} is missing: {_HEAL}") from None
            continue
        with manifest:
            fcntl.flock(manifest, fcntl.LOCK_SH)
            if (folder / MANIFEST).exists():  # otherwise it was deleted before we got the lock
                yield folder
                return
    yield None


@contextmanager
def kept(folder: Path) -> Iterator[Path]:
    """Whether the snapshot still exists; no publish deletes it inside the block."""
    with (folder / MANIFEST).open("rb") as manifest:
        fcntl.flock(manifest, fcntl.LOCK_SH)
        yield folder


def remove_version(folder: Path) -> None:
    """Delete a snapshot unless a reader has it locked; then a later publish deletes it."""
    try:
        with (folder / MANIFEST).open("rb") as manifest:
            fcntl.flock(manifest, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(folder)
    except FileNotFoundError:  # it was damaged
        _remove(folder)
    except BlockingIOError:
        return


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a snapshot; raises Damaged if it cannot be read."""
    path, known = folder / MANIFEST, {one.name for one in fields(Manifest)}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(**{name: value for name, value in entries.items() if name in known})
    except FileNotFoundError:
        raise Damaged(f"{path} is missing: {_HEAL}") from None
    except (ValueError, TypeError, AttributeError) as error:  # invalid JSON, UTF-8 or fields
        raise Damaged(f"{path} is empty or damaged: {_HEAL}") from error


def check_snapshot(folder: Path) -> Manifest:
    """The manifest of a snapshot after checking that its files are unchanged.

    Raises Damaged with the first changed file. Older snapshots have no digests, so their files
    only need to exist.
    """
    manifest = read_manifest(folder)
    for table in manifest.tables:
        path = folder / f"{table}.parquet"
        if "." in table:  # counted but not published
            continue
        if not path.is_file():
            raise Damaged(f"{path} is missing: {_HEAL}")
        noted = manifest.digests.get(table)
        if noted and digest(path) != noted:
            raise Damaged(f"{path} is cut or damaged: {_HEAL}")
    return manifest


def digest(path: Path) -> str:
    """The digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def all_versions(published: Path) -> list[Path]:
    """The folders of all snapshots, oldest first."""
    found = (path for path in published.glob("v*") if _VERSION.fullmatch(path.name))
    return sorted((path for path in found if path.is_dir()), key=version_number)


def version_number(folder: Path) -> int:
    """The number in a snapshot's name."""
    return int(folder.name[1:])


def current_name(settings: Settings) -> str | None:
    """The name in CURRENT, or None; raises Damaged if it is not a snapshot's name."""
    pointer = settings.published / "CURRENT"
    try:
        name = pointer.read_bytes().decode("ascii", "replace").strip()
    except FileNotFoundError:
        return None
    if not _VERSION.fullmatch(name):
        raise Damaged(f"{pointer} is empty or damaged: {_HEAL}")
    return name


def _remove(folder: Path) -> None:
    """Write under a temporary name first: a partial file must not look like a snapshot."""
    doomed = folder.rename(folder.with_name(f"{folder.name}.tmp"))
    shutil.rmtree(doomed)
