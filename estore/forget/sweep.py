"""Sweep: what is left of people in the files of the home after their rows are gone."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from estore.settings import Settings
from estore.snapshot.manifest import all_versions, current_name, remove_version
from estore.warehouse.duckdb import open_warehouse
from estore.warehouse.quoting import exact_path, quoted

#: What replaces an id in a log.
MARK = "[forgotten]"
#: Larger files are searched in parts of this size.
_PART = 1 << 24


def rewrite_warehouse(settings: Settings) -> None:
    """Copy the warehouse's live rows to a new file: the engine leaves deleted rows in freed parts.

    Needs free disk space for a second copy. A kill leaves either the old or the new file.
    """
    path, copy = settings.warehouse, settings.warehouse.with_suffix(".rewrite")
    for leftover in (copy, copy.with_suffix(".rewrite.wal")):
        leftover.unlink(missing_ok=True)
    with open_warehouse(settings) as connection:
        connection.execute("checkpoint")
    with duckdb.connect(config={"memory_limit": settings.memory_limit,
                                "temp_directory": str(settings.temp)}) as connection:  # fmt: skip
        # The name of the old file's catalog: views refer to it.
        connection.execute(f"attach {quoted(str(path))} as before (read_only)")
        connection.execute(f"attach {quoted(str(copy))} as {path.stem}")
        connection.execute(f"copy from database before to {path.stem}")
        connection.execute(f"checkpoint {path.stem}")
        connection.execute(f"detach {path.stem}")
    with copy.open("rb") as written:
        os.fsync(written.fileno())
    copy.replace(path)


def remove_old_snapshots(settings: Settings) -> list[Path]:
    """Delete all snapshots but the newest; returns those that a reader keeps open."""
    newest = current_name(settings)
    for folder in all_versions(settings.published):
        if folder.name != newest:
            remove_version(folder)
    return [folder for folder in all_versions(settings.published) if folder.name != newest]


def clean_logs(settings: Settings, ids: Sequence[str]) -> None:
    """Replace ids in the text files of the home's logs."""
    for path in _files(settings.home / "logs"):
        content = path.read_bytes()
        changed = _pattern(ids).sub(MARK.encode(), content)
        if changed != content:
            unfinished = path.with_name(f"{path.name}.tmp")
            unfinished.write_bytes(changed)
            unfinished.replace(path)


def clean_records(settings: Settings, ids: Sequence[str]) -> None:
    """Remove people from the records of exported audiences, one Parquet file per export."""
    for path in sorted((settings.home / "audiences").rglob("*.parquet")):
        with duckdb.connect() as connection:
            source = f"read_parquet({exact_path(path)}) where list_contains($ids, user_id)"
            given = {"ids": list(ids)}
            if not connection.execute(f"select 1 from {source} limit 1", given).fetchall():
                continue
            entries = connection.execute(
                f"select decode(key), decode(value) from parquet_kv_metadata({exact_path(path)})"
            ).fetchall()
            metadata = ", ".join(f"{key}: {quoted(value)}" for key, value in entries)
            unfinished = path.with_suffix(".tmp")
            connection.execute(
                f"copy (from read_parquet({exact_path(path)}) "
                "where not list_contains($ids, user_id) order by user_id) "
                f"to {quoted(str(unfinished))} (format parquet, kv_metadata {{{metadata}}})",
                given,
            )
        unfinished.replace(path)


def files_with(settings: Settings, ids: Sequence[str]) -> list[Path]:
    """Other files of the home that contain an id, such as reports that show ids."""
    own = {settings.warehouse, settings.home / "forget.pending.json"}
    return [
        path
        for path in _files(settings.home)
        if path not in own and _contains(path, ids)
    ]  # fmt: skip


def _contains(path: Path, ids: Sequence[str]) -> bool:
    pattern, rest = _pattern(ids), b""
    longest = max(len(person.encode()) for person in ids) + 2
    with path.open("rb") as file:
        while part := file.read(_PART):
            if pattern.search(rest + part):
                return True
            rest = part[-longest:]
    return False


def _pattern(ids: Sequence[str]) -> re.Pattern[bytes]:
    """An id between other characters than letters and digits."""
    either = b"|".join(re.escape(person.encode()) for person in ids)
    return re.compile(rb"(?<![0-9A-Za-z])(?:" + either + rb")(?![0-9A-Za-z])")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
