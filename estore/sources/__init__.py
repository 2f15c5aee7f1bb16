"""Sources: the format of event files: settings, the shop's own SQL, and presets.

A preset is a folder with `preset.toml` and `source.sql`; it needs no Python.
"""

from estore.sources.presets import Preset, all_presets, read_preset
from estore.sources.source import (
    COLUMNS,
    CONSTANTS,
    EARLIEST_DATE,
    EPOCHS,
    OFFSET,
    PLAIN_COLUMNS,
    SETTINGS,
    Query,
    Source,
    check_source,
    is_named,
)

__all__ = [
    "COLUMNS",
    "CONSTANTS",
    "EARLIEST_DATE",
    "EPOCHS",
    "OFFSET",
    "PLAIN_COLUMNS",
    "SETTINGS",
    "Preset",
    "Query",
    "Source",
    "all_presets",
    "check_source",
    "is_named",
    "read_preset",
]
