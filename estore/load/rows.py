"""Rows: the SQL that types one file's lines and says why one is refused (DuckDB).

One statement does it all; text goes in, typed columns and `reason` (null: the line is good) come
out. Nothing is guessed: what cannot be read exactly is refused with its reason.
"""

import re
from pathlib import Path

from estore.load.header import Header
from estore.load.repair import MAX_RECORD, MAX_TEXT
from estore.shop import COLUMNS, ShopConfig
from estore.warehouse.duckdb import exact_path, quoted

#: Our columns in raw.events, typed.
RAW_COLUMNS = (
    "event_time", "event_type", "product_id", "category_id", "category_code", "brand", "price",
    "user_id", "user_session", "order_id", "quantity",
)  # fmt: skip
#: Ids that programs take for numbers.
ID_COLUMNS = ("product_id", "category_id", "user_id", "order_id")


def csv_relation(path: str | Path, header: Header, delimiter: str, compression: str) -> str:
    """The file's columns as text. Positions, not names: names in a file may repeat or be empty."""
    return _read_csv(
        path, _columns(header), f"header = {header.has_line}, delim = {quoted(delimiter)}, "
        f"compression = {quoted(compression)}"
    )  # fmt: skip


def repaired_relation(path: Path, header: Header, delimiter: str) -> str:
    """The same of a repaired copy, with `line_number`."""
    return _read_csv(path, ["line_number", *_columns(header)], _repaired(delimiter))


def rejects_relation(path: Path) -> str:
    """Lines that the repair refused."""
    return _read_csv(path, ["line_number", "line_text", "reason"], _repaired(","))


def parquet_relation(path: str | Path, header: Header) -> str:
    """The columns of a Parquet file as text, in the positions of the header."""
    columns = _columns(header)
    texts = ", ".join(f"cast({column} as varchar) as {column}" for column in columns)
    return f"(select {texts} from {read_parquet(path)} as file ({', '.join(columns)}))"


def read_parquet(path: str | Path) -> str:
    """The table of a Parquet file; a folder named `brand=x` adds no column to it."""
    return f"read_parquet({exact_path(path)}, hive_partitioning = false)"


def numbered(relation: str, first: int) -> str:
    """The relation with `line_number`, which counts from the number of its first row."""
    return f"(select *, row_number() over () + {first - 1} as line_number from {relation})"


def typed_rows(
    relation: str, header: Header, shop: ShopConfig, *, line_number: str = "null"
) -> str:
    """A select of RAW_COLUMNS, `line_number`, `line_text` and `reason` over columns of text.

    What few lines need stands inside a case: it is computed for these alone, which halves the cost.
    """
    columns = {name: f"c{position}" for name, position in header.ours.items()}
    texts = {
        name: _text(columns[name]) if name in columns else "null"
        for name in ("product_id", "category_id", "category_code", "brand", "user_id",
                     "user_session", "order_id")
    }  # fmt: skip
    trimmed = {
        name: f"nullif(trim({columns[name]}), '')" if name in columns else "cast(null as varchar)"
        for name in COLUMNS
    }
    return f"""
with typed as (
    select
        *,
        {_instant(columns["event_time"], trimmed["event_time"], shop)} as instant,
        {_event_type(columns["event_type"], trimmed["event_type"], shop)} as event_type,
        {", ".join(f"{text} as {name}" for name, text in texts.items())},
        {_price(columns.get("price", "null"), trimmed["price"])} as price,
        {_quantity(trimmed["quantity"])} as quantity
    from {relation}
)
select
    instant as event_time, event_type, product_id, category_id, category_code, brand, price,
    user_id, user_session, order_id, quantity,
    {line_number} as line_number,
    {_line(header, shop)} as line_text,
    left(case
        when instant is null
            then coalesce('event_time not understood: ' || {trimmed["event_time"]}, 'event_time is empty')
        when instant > cast($latest as timestamp)
            then 'event_time lies more than a day in the future: ' || {trimmed["event_time"]}
        {_empty("event_type", "product_id", "user_id", "user_session")}
        when price is null and {trimmed["price"]} is not null
            then 'price not understood: ' || {trimmed["price"]}
        when price is null and event_type = 'purchase' then 'price of a purchase is empty'
        when price < 0 then 'price is negative: ' || {trimmed["price"]}
        when quantity is null or quantity < 1 then 'quantity not understood: ' || {trimmed["quantity"]}
        {_rounded(*ID_COLUMNS)}
    end, 200) as reason
from typed"""  # noqa: E501


def _text(column: str) -> str:
    """Trimmed; null where nothing is left. Few values have a space of any kind."""
    may_need_it = (
        f"{column} < '!' or contains({column}, ' ') or strlen({column}) > length({column})"
    )
    return f"case when {may_need_it} then nullif(trim({column}), '') else {column} end"


def _price(column: str, trimmed: str) -> str:
    """Exact to a tenth of a cent. The engine would read 1_000 as a number."""
    number = "try_cast({} as decimal(18, 3))"
    return (
        f"case when not contains({column}, '_') "
        f"then coalesce({number.format(column)}, {number.format(trimmed)}) end"
    )


def _quantity(trimmed: str) -> str:
    return (
        f"case when {trimmed} is null then 1 "
        f"when regexp_full_match({trimmed}, '[0-9]{{1,9}}([.]0+)?') "
        f"then try_cast({trimmed} as bigint) end"
    )


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
    """A line break in a quoted field confuses a reader that is not told how lines end."""
    return (
        f"header = false, delim = {quoted(delimiter)}, new_line = '\\n', "
        f"max_line_size = {8 * MAX_RECORD}"
    )


def _line(header: Header, shop: ShopConfig) -> str:
    """The line's fields as CSV again."""
    special = quoted(f'["\r\n{re.escape(shop.delimiter)}]')
    fields = (
        f"case when regexp_matches({column}, {special}) "
        f"then '\"' || replace({column}, '\"', '\"\"') || '\"' else coalesce({column}, '') end"
        for column in _columns(header)
    )
    return f"left(concat_ws({quoted(shop.delimiter)}, {', '.join(fields)}), {MAX_TEXT})"


def _empty(*columns: str) -> str:
    """What sorts before the first visible sign begins with a tab or the like."""
    return " ".join(
        f"when {column} is null then '{column} is empty' "
        f"when {column} < '!' then '{column} begins with an invisible character'"
        for column in columns
    )


def _rounded(*columns: str) -> str:
    """2.1e+18 and 501.0 come of a program that took an id for a decimal number."""
    return " ".join(
        f"when (contains({column}, '.') or contains({column}, '+')) "
        f"and regexp_full_match({column}, '[0-9]+[.]0+|[0-9]+([.][0-9]+)?[eE][+][0-9]+') "
        f"then '{column} was rounded by the program that wrote it: ' || {column}"
        for column in columns
    )


def _event_type(column: str, trimmed: str, shop: ShopConfig) -> str:
    """The type in lower case, by our names."""
    cases = "".join(
        f" when {quoted(theirs.lower())} then {quoted(ours.lower())}"
        for theirs, ours in shop.event_types.items()
    )
    if cases:
        return f"case lower({trimmed}){cases} else lower({trimmed}) end"
    usual = f"{column} in ('view', 'cart', 'purchase')"
    return f"case when {usual} then {column} else lower({trimmed}) end"


def _instant(column: str, trimmed: str, shop: ShopConfig) -> str:
    """The UTC instant. The real data's own form goes first: a plain cast is five times faster."""
    zone = shop.time_zone
    zoneless = (
        f"try_cast({trimmed} as timestamp)"
        if zone == "UTC"
        else f"timezone('UTC', timezone({quoted(zone)}, try_cast({trimmed} as timestamp)))"
    )
    day_and_time = "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
    return f"""case
            when {column} like '____-__-__ __:__:__ UTC' then try_cast({column} as timestamp)
            when regexp_full_match({trimmed}, '{day_and_time}') then {zoneless}
            when regexp_full_match({trimmed}, '{day_and_time} ?(Z|UTC|GMT|[+-][0-9]{{2}}(:?[0-9]{{2}})?)')
                then timezone('UTC', try_cast(replace({trimmed}, 'GMT', 'UTC') as timestamptz))
        end"""  # noqa: E501
