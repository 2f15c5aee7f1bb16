"""Rows: the SQL that converts one file's rows to types and says why a row is rejected.
One statement reads text and returns typed columns and `reason` (null for a valid row). It never
guesses: a value that cannot be read exactly rejects its row, with a reason.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from estore.clock_changes import gap_hours
from estore.load.header import ID_COLUMNS, Header
from estore.load.repair import BLANK, MAX_RECORD, MAX_TEXT
from estore.sources import COLUMNS, EPOCHS, Source
from estore.warehouse.dialect import DUCKDB, Dialect
from estore.warehouse.quoting import exact_path, quoted

#: Reasons that a wrong clock can cause.
AHEAD, BEFORE = "event_time is more than a day in the future", "event_time is before"


def csv_relation(path: str | Path, header: Header, compression: str) -> str:
    """The file's columns as text, by position: names may repeat or be empty."""
    return _read_csv(
        path, _columns(header), f"header = {header.has_line}, delim = {quoted(header.delimiter)}, "
        f"compression = {quoted(compression)}"
    )  # fmt: skip


def repaired_relation(path: Path, header: Header) -> str:
    """The columns of a repaired copy as text, with `line_number`."""
    return _read_csv(path, ["line_number", *_columns(header)], _repaired(header.delimiter))


def rejects_relation(path: Path) -> str:
    """The rows that the repair rejected."""
    return _read_csv(path, ["line_number", "line_text", "reason"], _repaired(","))


def parquet_relation(path: str | Path, header: Header) -> str:
    """The columns of a Parquet file as text, by position."""
    columns = _columns(header)
    binary = {f"c{header.ours[name]}" for name in header.binary}
    texts = ", ".join(
        # Bytes that are not text stay visible.
        f"coalesce(try(decode({column})), '\ufffd' || nullif({column}::varchar, '')) as {column}"
        if column in binary
        else f"cast({column} as varchar) as {column}"
        for column in columns
    )
    return f"(select {texts} from {read_parquet(path)} as file ({', '.join(columns)}))"


def not_text(header: Header) -> dict[str, str]:
    """The source's column → SQL for whether its bytes are not text."""
    return {
        header.source_name(name): f"starts_with(c{header.ours[name]}, '\ufffd')"
        for name in header.binary
    }


def read_parquet(path: str | Path) -> str:
    """A Parquet file as a table; a folder named `brand=x` adds no column to it."""
    return f"read_parquet({exact_path(path)}, hive_partitioning = false)"


def numbered(relation: str, first: int) -> str:
    """The relation with `line_number`, counted from `first`."""
    return f"(select *, row_number() over () + {first - 1} as line_number from {relation})"


def typed_rows(
    relation: str,
    header: Header,
    source: Source,
    *,
    line_number: str = "null",
    dialect: Dialect = DUCKDB,
    id_types: Mapping[str, str] | None = None,
) -> str:
    """A select of RAW_COLUMNS, `line_number`, `line_text` and `reason` over text columns.

    The reason is BLANK, which means none, if all columns of the row are blank.

    id_types: id column → its type, if that is not text; a valid id of another type becomes null
    without a reason.
    What only a few rows need is inside a case, so only these compute it, which halves the cost: the
    engine tries both sides of an `and` on all rows.
    """
    columns = {name: f"c{position}" for name, position in header.ours.items()}
    columns |= {name: dialect.quoted(value) for name, value in header.constants.items()}
    nothing = f"cast(null as {dialect.text_type})"
    trimmed = {
        name: dialect.trimmed(columns[name]) if name in columns else nothing for name in COLUMNS
    }
    texts = {
        name: trimmed[name]
        for name in ("product_id", "category_id", "category_code", "brand", "user_id",
                     "user_session", "order_id")
    }  # fmt: skip
    texts |= {
        name: dialect.compact(kind, columns[name], texts[name])
        for name, kind in (id_types or {}).items()
    }
    # The text of an id, for closer checks.
    ids = {name: trimmed[name] for name in id_types or {}}
    numbers = {
        name: dialect.plain_number(trimmed[name], source.decimal)
        for name in ("price", "quantity")
        if source.decimal and name in header.ours and name not in header.typed
    }
    if "event_time" in header.typed:
        source = replace(source, time_format=None)
    price = numbers.get("price", columns.get("price", nothing))
    quantity = numbers.get("quantity", trimmed["quantity"])
    event_time = columns["event_time"]
    return f"""
with typed as (
    select
        *,
        {dialect.instant(event_time, trimmed["event_time"], source)} as instant,
        {event_type_of(columns["event_type"], trimmed["event_type"], source, dialect)} as event_type,
        {", ".join(f"{text} as {name}" for name, text in texts.items())},
        {dialect.price(price, numbers.get("price", trimmed["price"]))} as price,
        {_quantity(trimmed["quantity"], quantity, dialect)} as quantity
    from {relation}
)
select
    instant as event_time, event_type, product_id, category_id, category_code, brand, price,
    user_id, user_session, order_id, quantity,
    {line_number} as line_number,
    {_line(header, dialect)} as line_text,
    left(case
        when case when instant is null then {is_blank(header, dialect)} end then '{BLANK}'
        {_skipped(trimmed["event_time"], source, dialect)}
        when instant is null
            then coalesce('event_time not understood: ' || {trimmed["event_time"]}, 'event_time is empty')
        when instant > {dialect.latest()}
            then '{AHEAD}: ' || {trimmed["event_time"]}
        when instant < timestamp '{source.earliest_date} 00:00:00+00:00'
            then '{BEFORE} {source.earliest_date}: ' || {trimmed["event_time"]}
        {_empty(ids, "event_type", "product_id", "user_id", "user_session")}
        when case when price is null then {trimmed["price"]} is not null end
            then 'price not understood: ' || {trimmed["price"]}
        when price is null and event_type = 'purchase' then 'price of a purchase is empty'
        when price < 0 then 'price is negative: ' || {trimmed["price"]}
        when quantity is null or quantity < 1 then 'quantity not understood: ' || {trimmed["quantity"]}
        {_rounded(dialect, ids, *ID_COLUMNS)}
    end, 200) as reason
from typed"""  # noqa: E501


def is_blank(header: Header, dialect: Dialect = DUCKDB) -> str:
    """Whether all fields of a row are empty."""
    return f"coalesce({', '.join(dialect.trimmed(each) for each in _columns(header))}) is null"


def _quantity(trimmed: str, number: str, dialect: Dialect) -> str:
    return (
        f"case when {trimmed} is null then 1 "
        f"when {dialect.is_like(number, '[0-9]{1,9}([.]0*)?')} "
        f"then {dialect.whole(number)} end"
    )


def _skipped(trimmed: str, source: Source, dialect: Dialect) -> str:
    """The reason for a local time that the clocks skipped."""
    written = source.time_format or ""
    if not gap_hours(source.time_zone) or written in EPOCHS or "%z" in written:
        return ""
    return (
        f"when instant is null and {dialect.local(trimmed, source.time_format)} is not null "
        f"then 'event_time did not exist in {source.time_zone}, because clocks went forward: ' "
        f"|| {trimmed}"
    )


def twice(
    header: Header, source: Source, first: datetime, last: datetime, dialect: Dialect = DUCKDB
) -> str | None:
    """SQL for whether a row's local time occurred twice; None if the file has no such days."""
    written = source.time_format or ""
    if source.time_zone == "UTC" or written in EPOCHS or "%z" in written:
        return None
    trimmed = dialect.trimmed(f"c{header.ours['event_time']}")
    return dialect.is_in(dialect.local(trimmed, source.time_format), source.time_zone, first, last)


def _columns(header: Header) -> list[str]:
    return [f"c{position}" for position in range(len(header.names))]


def _read_csv(path: str | Path, columns: list[str], options: str) -> str:
    types = ", ".join(f"{column}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv({exact_path(path)}, columns = {{{types}}}, {options}, auto_detect = false, "
        "quote = '\"', escape = '\"', nullstr = '', strict_mode = true, null_padding = false, "
        "ignore_errors = false, hive_partitioning = false)"
    )


def _repaired(delimiter: str) -> str:
    """Reader options. Without new_line, a line break in a quoted field confuses the reader."""
    return (
        f"header = false, delim = {quoted(delimiter)}, new_line = '\\n', "
        f"max_line_size = {8 * MAX_RECORD}"
    )


def _line(header: Header, dialect: Dialect) -> str:
    """The row's fields as CSV text."""
    quote, doubled = dialect.quoted('"'), dialect.quoted('""')
    special = f'["\r\n{re.escape(header.delimiter)}]'
    fields = (
        f"case when {dialect.has(column, special)} "
        f"then concat({quote}, replace({column}, {quote}, {doubled}), {quote}) "
        f"else coalesce({column}, '') end"
        for column in _columns(header)
    )
    between = f" || {dialect.quoted(header.delimiter)} || "
    return f"left({between.join(fields)}, {MAX_TEXT})"


def _empty(ids: Mapping[str, str], *columns: str) -> str:
    """The reasons for an empty id, and for one that starts with an invisible character."""
    return " ".join(
        f"when {_unless_compact(column, ids)}{text} is null then '{column} is empty' "
        f"when {_unless_compact(column, ids)}{text} < '!' "
        f"then '{column} starts with an invisible character'"
        for column in columns
        for text in [ids.get(column, column)]
    )


def _rounded(dialect: Dialect, ids: Mapping[str, str], *columns: str) -> str:
    """The reason for ids such as 2.1e+18, 2,1E18, 2,1×10^18 and 501.0, which a program rounded.

    7E5 and 12e3456 may be real ids; some programs write a round number as 2e18.
    """
    pattern = (
        "[+-]?[0-9]+[.,]0*|[+-]?([0-9]+[.,][0-9]*|[.,][0-9]+)([eE]|[×x·]10\\^)[+-]?[0-9]+"
        "|[+-]?[0-9]+[eE][+][0-9]+"
        "|[0-9][eE](1[5-9]|2[0-9])"
    )
    return " ".join(
        f"when {_unless_compact(column, ids)}"
        f"({dialect.contains(text, '.')} or {dialect.contains(text, ',')} "
        f"or {dialect.contains(text, '+')} or length({text}) = 4) "
        f"and {dialect.is_like(text, pattern)} "
        f"then '{column} was rounded by the program that wrote it: ' || {text}"
        for column in columns
        for text in [ids.get(column, column)]
    )


def _unless_compact(column: str, ids: Mapping[str, str]) -> str:
    """A condition that skips ids already converted: they have no fault."""
    return f"{column} is null and " if column in ids else ""


def event_type_of(column: str, trimmed: str, source: Source, dialect: Dialect) -> str:
    """The event type in lower case, mapped to our names."""
    cases = "".join(
        f" when {dialect.quoted(theirs.lower())} then {dialect.quoted(ours.lower())}"
        for theirs, ours in source.event_types.items()
    )
    if cases:
        return f"case lower({trimmed}){cases} else lower({trimmed}) end"
    usual = f"{column} in ('view', 'cart', 'purchase')"
    return f"case when {usual} then {column} else lower({trimmed}) end"
