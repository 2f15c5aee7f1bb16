"""Advice: why a file was refused, and the setting that fixes it."""

import re

from estore.escaping import one_line, shortened

_SHOWN = 60
#: After this, the sentence on a refused file quotes one of its rows.
EXAMPLE = " First example: "
#: A sentence that names an entry of shop.toml.
_SETTING = re.compile(r" = |\[[a-z_]+\]|time_zone|delimiter|decimal|earliest_date")
#: Form of a time → the advice.
_TIMES = (
    (r"\d{9,10}([.]\d+)?", 'These are seconds since 1970: set time_format = "epoch_seconds"'),
    (r"\d{12,13}", 'These are milliseconds since 1970: set time_format = "epoch_milliseconds"'),
    (r"\d{15,16}", 'These are microseconds since 1970: set time_format = "epoch_microseconds"'),
    (r"\d{4}-\d\d-\d\d", 'These are days without a time: set time_format = "%Y-%m-%d"'),
    (r"\d{1,2}[.]\d{1,2}[.]\d{4}", 'The day comes first: set time_format = "%d.%m.%Y"'),
    (r"\d{1,2}[.]\d{1,2}[.]\d{4} \d{1,2}:\d\d",
     'The day comes first: set time_format = "%d.%m.%Y %H:%M"'),
    (r"\d{1,2}[.]\d{1,2}[.]\d{4} \d{1,2}:\d\d:\d\d",
     'The day comes first: set time_format = "%d.%m.%Y %H:%M:%S"'),
    (r"\d{1,2}/\d{1,2}/\d{2,4}.*",
     'State whether the day or the month comes first: time_format = "%d/%m/%Y %H:%M:%S" or '
     '"%m/%d/%Y %H:%M:%S"'),
    (r"\d{4}[/.]\d{1,2}[/.]\d{1,2}.*",
     'Set the format of the times, e.g. time_format = "%Y/%m/%d %H:%M:%S"'),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d([.]\d+)?)? ?\[?[A-Za-z][\w/]+\]?",
     'Define the time zone\'s name under [zone_names], e.g. CET = "+01:00"'),
)  # fmt: skip
_OTHER_TIME = 'Set the format of the times, e.g. time_format = "%d.%m.%Y %H:%M"'
_PRICES = (
    (r"[+-]?[\d. '\u00a0\u202f]*,\d{1,4}", 'The decimal sign is a comma: set decimal = ","'),
    (r"[+-]?\d{1,3}([, '\u00a0\u202f]\d{3})+([.]\d*)?",
     'Thousands are grouped: set decimal = "." (or "," if the comma is the decimal sign)'),
    (r"\D*[\d.,]+\D*", "Export the number without a currency"),
)  # fmt: skip
_OTHER_PRICE = "A price must be a number, e.g. 1035.79; see decimal"
#: Start of a reason → the advice.
_FIXES = {
    "event_time did not exist": "Export times in UTC or with their offset, or check time_zone",
    "event_time is before": "Check time_format, or set earliest_date",
    "event_time is more": "Check time_format and time_zone",
    "price is negative": "Refunds are not supported: remove these rows from the file",
    "price of a purchase is empty": "Export the price of every purchase",
    "quantity not understood": "A quantity must be a whole number of at least 1; see decimal",
    "not ": 'Set the file\'s encoding in shop.toml, e.g. encoding = "windows-1252", or save it as '
    "UTF-8",
    "contains a zero byte": "Export the file again",
    "not CSV": "Double the quotes inside a quoted field",
    "too few columns": "Check that every row has all columns, and check delimiter",
    "too many columns": "Quote fields that contain the delimiter, or check delimiter",
}


def sentence(rejected: int, lines: int, kinds: dict[str, int], reason: str, text: str) -> str:
    """The sentence that says why a file is refused.

    kinds: reason → rows, largest first. reason and text belong to the first row of that kind.
    """
    kind = next(iter(kinds))
    counted = "; ".join(f"{each}: {count:,}" for each, count in list(kinds.items())[:3])
    return (
        f"was not loaded: {rejected:,} of its {lines:,} rows are invalid ({counted})."
        f"{EXAMPLE}{sample(kind, reason, text)}. {advice(kind, reason)}"
    )


def sample(kind: str, reason: str, text: str) -> str:
    """The rejected text in quotes: a field, or the wrong part of a row."""
    value = reason.removeprefix(kind).removeprefix(": ") if ": " in reason else text
    if not value or reason.startswith(("too ", "not CSV")):
        value = text
    if kind.startswith("not ") and "\\x" in text:
        value = text[max(text.index("\\x") - 20, 0) :]
    return f'"{shortened(one_line(value), _SHOWN)}"'


def advice(kind: str, reason: str) -> str:
    """What to do about rows rejected for this reason."""
    fix = _fix(kind, reason)
    is_setting = _SETTING.search(fix) and "shop.toml" not in fix
    return f"{fix} in shop.toml" if is_setting else fix


def _fix(kind: str, reason: str) -> str:
    value = reason.removeprefix(kind).removeprefix(": ")
    if kind == "event_time not understood":
        return _first(_TIMES, value, _OTHER_TIME)
    if kind == "price not understood":
        return _first(_PRICES, value, _OTHER_PRICE)
    if "was rounded" in kind:
        return "Export ids as text or whole numbers: rounding lost digits"
    if kind.endswith("is empty"):
        return f"Map the column with {kind.split()[0]} under [columns]"
    fixes = (fix for start, fix in _FIXES.items() if kind.startswith(start))
    return next(fixes, "Check [columns]")


def _first(forms: tuple[tuple[str, str], ...], value: str, otherwise: str) -> str:
    return next((said for form, said in forms if re.fullmatch(form, value)), otherwise)
