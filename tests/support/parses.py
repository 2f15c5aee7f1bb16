"""Keeps dbt's parse of the project between test runs, because it takes ten seconds.

A parse is stored under the content of the project. Processes that tests start parse it themselves.
"""

import hashlib
import os
import pickle
import re
from argparse import Namespace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dbt.contracts.graph.manifest import Manifest
from dbt.flags import get_flags, set_from_args

FOLDER = Path(__file__).resolve().parents[2] / ".pytest_cache" / "parses"
#: Stored parses; each branch has its own project.
KEPT = 6
#: Datasets of the emulator differ only in this number, so their names are equally long.
DATASET = re.compile(r"(?<=\.shop_)\d{4}")
NUMBER = re.compile(rb"(?<=shop_)\d{4}")


class StoredParses(dict[str, Any]):
    """The parses of this process, and those of earlier ones."""

    def __contains__(self, key: object) -> bool:
        if not super().__contains__(key) and (path := _file(str(key))).is_file():
            try:
                stored = path.read_bytes()
            except FileNotFoundError:  # another process removes old files
                return False
            if dataset := DATASET.search(str(key)):
                stored = NUMBER.sub(dataset[0].encode(), stored)
            super().__setitem__(str(key), _restored(pickle.loads(stored)))
        return super().__contains__(key)

    def __setitem__(self, key: str, manifest: Any) -> None:
        super().__setitem__(key, manifest)
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = _file(key)
        unfinished = path.with_suffix(f".{os.getpid()}")
        # The rest are locks and look-up tables, which it creates when first needed.
        parts = {name: part for name, part in vars(manifest).items() if not name.startswith("_")}
        unfinished.write_bytes(pickle.dumps(parts))
        unfinished.replace(path)
        for old in sorted(FOLDER.glob("*.pickle"), key=_age)[KEPT:]:
            old.unlink(missing_ok=True)


def _restored(parts: dict[str, Any]) -> Manifest:
    if not hasattr(get_flags(), "SEND_ANONYMOUS_USAGE_STATS"):  # a parse sets dbt's flags
        set_from_args(Namespace(), {})
    manifest = Manifest()
    for name, part in parts.items():
        setattr(manifest, name, part)
    return manifest


def _file(key: str) -> Path:
    libraries = [f"{name} {version(name)}" for name in ("dbt-core", "dbt-duckdb", "dbt-bigquery")]
    name = hashlib.sha256(f"{DATASET.sub('', key)} {libraries}".encode()).hexdigest()
    return FOLDER / f"{name}.pickle"


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
