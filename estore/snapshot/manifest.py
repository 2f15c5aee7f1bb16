"""Published: which snapshot is the newest, and what it says it is made of. Needs no engine."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from estore.settings import Settings


@dataclass(frozen=True)
class Manifest:
    """What a snapshot is made of; stored beside it as manifest.json."""

    version: str
    published_at: str
    as_of_date: str
    tables: dict[str, int]
    tests: dict[str, Any]
    versions: dict[str, str]
    thresholds: dict[str, Any] = field(default_factory=dict)


def current_version(settings: Settings) -> Path | None:
    """The folder of the newest snapshot, if there is one."""
    pointer = settings.published / "CURRENT"
    return settings.published / pointer.read_text().strip() if pointer.is_file() else None


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a snapshot."""
    return Manifest(**json.loads((folder / "manifest.json").read_text()))
