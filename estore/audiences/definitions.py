"""Definitions: the audiences of the home's audiences.toml, and ten ready ones."""

import csv
import difflib
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from estore.audiences.conditions import check_condition, check_order
from estore.build.dbt_project import project_folder
from estore.errors import EstoreError
from estore.settings import Settings

#: Formats of an export.
FORMATS = ("csv", "google-ads", "meta", "klaviyo", "mailchimp")
#: The table of audiences.toml with the settings of all exports.
EXPORTS = "exports"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


@dataclass(frozen=True)
class Audience:
    """One audience. where and order_by: SQL over the columns of dim_customers."""

    name: str
    where: str
    order_by: str = ""
    limit: int | None = None
    control_share: float = 0.1
    cooldown_days: int = 0
    seed: str = ""
    description: str = ""
    schedule: str = ""
    format: str = "csv"
    only_new: bool = False
    is_ready: bool = False


@dataclass(frozen=True)
class ExportSettings:
    """Settings of all exports: where contacts are, and where scheduled files go."""

    contacts: Path | None = None
    suppress: Path | None = None
    phone_country_code: str = ""
    folder: str = ""


@dataclass(frozen=True)
class Definitions:
    """All audiences by name, ready ones last, and the settings of exports."""

    path: Path
    audiences: dict[str, Audience]
    exports: ExportSettings

    def named(self, name: str) -> Audience:
        """An audience by name; raises EstoreError with the nearest name."""
        if name in self.audiences:
            return self.audiences[name]
        raise EstoreError(
            f"no audience is named {name}{_nearest(name, self.audiences) or '.'} "
            f"`estore audience list` lists them; {self.path} defines your own"
        )


def read_definitions(settings: Settings) -> Definitions:
    """The audiences of a home; raises EstoreError with the file, the table and the fix."""
    path = settings.home / "audiences.toml"
    entries = _entries(path)
    exports = _export_settings(path, settings.home, entries.pop(EXPORTS, {}))
    own = {name: _audience(path, name, table) for name, table in entries.items()}
    ready = {each.name: each for each in ready_audiences() if each.name not in own}
    return Definitions(path, {**own, **ready}, exports)


def ready_audiences() -> list[Audience]:
    """One audience for the recommended action of each segment, and one for open carts."""
    rules = project_folder() / "seeds" / "rfm_segments.csv"
    with rules.open(newline="", encoding="utf-8") as file:
        found = [
            Audience(
                name=re.sub(r"[^a-z0-9]+", "-", rule["segment"].lower()),
                where="rfm_segment = '" + rule["segment"].replace("'", "''") + "'",
                description=rule["recommended_action"],
                is_ready=True,
            )
            for rule in csv.DictReader(file)
        ]
    return [
        *found,
        Audience(
            name="open-carts",
            where="open_cart_amount > 0",
            order_by="open_cart_amount desc",
            description="Remind them of the products in their cart",
            is_ready=True,
        ),
    ]


def _entries(path: Path) -> dict[str, Any]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EstoreError(f"{path}: not valid TOML: {error}") from error
    except OSError as error:
        raise EstoreError(f"{path}: cannot be read: {error.strerror}") from error
    for name, table in entries.items():
        if not isinstance(table, dict):
            raise EstoreError(
                f"{path}: {name} must be in a table; begin an audience with [its-name]"
            )
    return entries


def _audience(path: Path, name: str, table: dict[str, Any]) -> Audience:
    said = f"{path}: [{name}]"
    if not _NAME.fullmatch(name):
        raise EstoreError(
            f"{said}: a name has only lower-case letters, digits, - and _, and at most 60"
        )
    known = [each.name for each in fields(Audience) if each.name not in ("name", "is_ready")]
    _check_known(said, table, known)
    if not isinstance(table.get("where"), str) or not table["where"].strip():
        raise EstoreError(f"{said} needs a where, as in where = \"rfm_segment = 'At Risk'\"")
    for entry, (kinds, is_allowed, expected) in _ALLOWED.items():
        value = table.get(entry)
        if value is None:
            continue
        is_kind = isinstance(value, kinds) and (kinds is bool or not isinstance(value, bool))
        if not is_kind or not is_allowed(value):
            raise EstoreError(f"{said} {entry} must be {expected}")
    check_condition(table["where"], f"{said} where")
    if table.get("order_by"):
        check_order(table["order_by"], f"{said} order_by")
    return Audience(name=name, **table)


_ALLOWED: dict[str, tuple[Any, Any, str]] = {
    "where": (str, lambda value: True, "text"),
    "order_by": (str, lambda value: True, "text, as in \"net_revenue_amount desc\""),
    "limit": (int, lambda value: value >= 1, "a whole number of at least 1"),
    "control_share": (
        int | float, lambda value: 0 <= value <= 0.9, "a number from 0 to 0.9; 0.1 holds out 10 %",
    ),
    "cooldown_days": (int, lambda value: 0 <= value <= 3650, "a whole number from 0 to 3650"),
    "seed": (str, lambda value: True, "text"),
    "description": (str, lambda value: True, "text"),
    "schedule": (
        str, lambda value: len(value.split()) == 5, 'a cron expression, as in "0 6 * * 1"',
    ),
    "format": (str, lambda value: value in FORMATS, "one of " + ", ".join(FORMATS)),
    "only_new": (bool, lambda value: True, "true or false"),
}  # fmt: skip


def _export_settings(path: Path, home: Path, table: dict[str, Any]) -> ExportSettings:
    said = f"{path}: [{EXPORTS}]"
    _check_known(said, table, [each.name for each in fields(ExportSettings)])
    for entry, value in table.items():
        if not isinstance(value, str):
            raise EstoreError(f"{said} {entry} must be text")
    code = table.get("phone_country_code", "").removeprefix("+")
    if code and not re.fullmatch(r"[1-9]\d{0,2}", code):
        raise EstoreError(f'{said} phone_country_code must be a country code, as in "49"')

    def place(entry: str) -> Path | None:
        """A path relative to the home; by default the file of this name in it, if it exists."""
        if entry in table:
            return home / Path(table[entry]).expanduser()
        usual = home / f"{entry}.csv"
        return usual if usual.is_file() else None

    return ExportSettings(place("contacts"), place("suppress"), code, table.get("folder", ""))


def _check_known(said: str, table: dict[str, Any], known: list[str]) -> None:
    for entry in table:
        if entry not in known:
            raise EstoreError(
                f"{said} has an unknown entry {entry}{_nearest(entry, known)}; "
                f"known are {', '.join(known)}"
            )


def _nearest(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
