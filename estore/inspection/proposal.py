"""Proposal: the entries of shop.toml for a file, found by loading its first rows."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from estore.errors import EstoreError
from estore.inspection.shape import Shape
from estore.sources import COLUMNS, all_presets

#: Our column → names that other systems use for it, without spaces, hyphens and underscores.
_SYNONYMS = {
    "event_time": "timestamp time ts date datetime createdat eventtimestamp occurredat zeitpunkt "
    "datum orderdate",
    "event_type": "event type eventname action eventtype",
    "product_id": "product item itemid sku article articleid productid artikel artikelnr",
    "category_code": "category categoryname kategorie",
    "brand": "vendor manufacturer marke",
    "price": "unitprice itemprice productprice preis value",
    "user_id": "user customer customerid visitor visitorid userid clientid kunde kundennr email",
    "user_session": "session sessionid visit visitid",
    "order_id": "order orderid transactionid transaction invoice bestellung bestellnr ordernumber",
    "quantity": "qty count menge anzahl",
}
#: Pattern of a time that was not understood → its format. None: the day or the month may be first.
_TIMES: tuple[tuple[str, str | None], ...] = (
    (r"\d{9,10}([.]\d+)?", "epoch_seconds"),
    (r"\d{12,13}", "epoch_milliseconds"),
    (r"\d{15,16}", "epoch_microseconds"),
    (r"\d{4}-\d\d-\d\d", "%Y-%m-%d"),
    (r"\d{4}/\d{1,2}/\d{1,2}", "%Y/%m/%d"),
    (r"\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d\d", "%Y/%m/%d %H:%M"),
    (r"\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d\d:\d\d", "%Y/%m/%d %H:%M:%S"),
    (r"\d{1,2}[.]\d{1,2}[.]\d{4}", "%d.%m.%Y"),
    (r"\d{1,2}[.]\d{1,2}[.]\d{4} \d{1,2}:\d\d", "%d.%m.%Y %H:%M"),
    (r"\d{1,2}[.]\d{1,2}[.]\d{4} \d{1,2}:\d\d:\d\d", "%d.%m.%Y %H:%M:%S"),
    (r"\d{1,2}/\d{1,2}/\d{4}", None),
    (r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d", None),
    (r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d", None),
)


def first_proposal(shape: Shape) -> dict[str, Any]:
    """The entries that follow from the file's form and columns alone."""
    entries: dict[str, Any] = {}
    if shape.encoding != "utf-8":
        entries["encoding"] = shape.encoding
    if shape.format == "csv" and shape.delimiter != ",":
        entries["delimiter"] = shape.delimiter
    if preset := preset_of(shape):
        entries.pop("delimiter", None) if not all_presets()[preset].required else None
        return entries if preset == "rees46" else {"preset": preset, **entries}
    return {**entries, **_mapped(shape)}


def preset_of(shape: Shape) -> str | None:
    """The preset whose columns the file has."""
    for preset in all_presets().values():
        if shape.format == "csv" and preset.fields and preset.fields == shape.fields:
            return preset.name
        reads = "json" if shape.format == "json" or preset.reads == "json" else "columns"
        if shape.format == "csv" and preset.reads == "json":
            continue
        is_form = preset.name == "rees46" or preset.reads == reads
        if is_form and preset.fits(shape.columns, preset.reads):
            return preset.name
    return None


def missing_columns(shape: Shape, entries: Mapping[str, Any]) -> list[str]:
    """Our required columns that neither the file nor the proposal provides."""
    if "preset" in entries or preset_of(shape):
        return []
    mapped = {
        ours
        for named in entries.get("columns", {}).values()
        for ours in ([named] if isinstance(named, str) else named)
    }
    held = mapped | set(entries.get("constants", {})) | {name.lower() for name in shape.columns}
    return [name for name, needed in COLUMNS.items() if needed and name not in held]


def better(entries: dict[str, Any], reasons: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The entries with the settings that the reasons of rejected rows ask for, and open questions.

    reasons: those of the rows that the sample rejects.
    """
    found, open_questions = dict(entries), []
    times = _values(reasons, "event_time not understood")
    if times and "time_format" not in found:
        for pattern, form in _TIMES:
            if not all(re.fullmatch(pattern, each) for each in times):
                continue
            if form is None:
                form = _day_or_month(times)
            if form:
                found["time_format"] = form
            else:
                rest = times[0].partition(" ")[2]
                clock = {0: "", 1: " %H:%M", 2: " %H:%M:%S"}[rest.count(":")]
                open_questions.append(
                    f"is {times[0].partition(' ')[0]} day/month or month/day? Set time_format = "
                    f'"%d/%m/%Y{clock}" or "%m/%d/%Y{clock}"'
                )
            break
    numbers = _values(reasons, "price not understood") + _values(reasons, "quantity not understood")
    numbers = [each for each in numbers if re.search(r"\d", each)]
    if numbers and "decimal" not in found:
        if all(re.fullmatch(r"[+-]?[\d. '\u00a0\u202f]*,\d{1,4}", each) for each in numbers):
            found["decimal"] = ","
        elif all(re.fullmatch(r"[+-]?\d{1,3}([, ]\d{3})+([.]\d*)?", each) for each in numbers):
            found["decimal"] = "."
    return found, open_questions


def _day_or_month(times: list[str]) -> str | None:
    """The format of 31/12/2019 or 12/31/2019; None if no value tells them apart."""
    parts = [re.split(r"[/ ]", each) for each in times]
    rest = times[0].partition(" ")[2]
    clock = {0: "", 1: " %H:%M", 2: " %H:%M:%S"}[rest.count(":")]
    if any(int(part[0]) > 12 for part in parts):
        return f"%d/%m/%Y{clock}"
    if any(int(part[1]) > 12 for part in parts):
        return f"%m/%d/%Y{clock}"
    return None


def _values(reasons: list[str], kind: str) -> list[str]:
    start = f"{kind}: "
    return [each.removeprefix(start).strip() for each in reasons if each.startswith(start)]


def _mapped(shape: Shape) -> dict[str, Any]:
    """[columns] and [constants] for a file whose columns have other names."""
    plain = {re.sub(r"[\s_-]", "", name.lower()): name for name in shape.columns}
    ours = {name for name in COLUMNS if name in {each.lower() for each in shape.columns}}
    columns: dict[str, Any] = {}
    for column, names in _SYNONYMS.items():
        theirs = next((plain[name] for name in names.split() if name in plain), None)
        if theirs and column not in ours and theirs not in columns:
            columns[theirs] = column
            ours.add(column)
    entries: dict[str, Any] = {}
    if "event_type" not in ours and "order_id" in ours:
        entries["constants"] = {"event_type": "purchase"}
    user = next((name for name, each in columns.items() if each == "user_id"), None)
    if "user_session" not in ours and "user_id" in ours:
        # Without a session id, sessions follow from the pauses of the user.
        columns[user or "user_id"] = ["user_id", "user_session"]
    return {"columns": columns, **entries} if columns else entries


def as_toml(entries: Mapping[str, Any], *, files: str | None = None) -> str:
    """Entries as the text of shop.toml; files: as a [[source]] block for these files."""
    lines = ["[[source]]", f"files = {_value(files)}"] if files else []
    tables = []
    for name, value in entries.items():
        if isinstance(value, Mapping):
            tables.append("")
            tables.append(f"[{'source.' if files else ''}{name}]")
            tables += [f"{_value(key)} = {_value(each)}" for key, each in value.items()]
        else:
            lines.append(f"{name} = {_value(value)}")
    return "\n".join([*lines, *tables]).strip("\n") + "\n"


def _value(value: Any) -> str:
    """Text, numbers and lists are the same in TOML and JSON."""
    return json.dumps(value, ensure_ascii=False)


def save(path: Path, text: str) -> None:
    """Write a new shop.toml; raises EstoreError if there is one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise EstoreError(
            f"{path} exists already; add the entries to it, or move it away"
        ) from error
    except OSError as error:
        raise EstoreError(f"{path} cannot be written: {error.strerror}") from error
