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
    """A select of RAW_COLUMNS, `line_number`, `line_text` and `reason` over columns of text."""
    text = {
        column: f"nullif(trim(c{header.ours[column]}), '')" if column in header.ours else "null"
        for column in COLUMNS
    }
    return f"""
with texts as (
    select
        * exclude (event_type),
        {_event_type(shop)} as event_type,
        {_instant(shop)} as instant,
        case when price_text like '%\\_%' escape '\\' then null
            else try_cast(price_text as decimal(18, 3)) end as price,
        case when quantity_text is null then 1
            when regexp_full_match(quantity_text, '[0-9]{{1,9}}([.]0+)?')
                then try_cast(quantity_text as bigint) end as quantity
    from (
        select
            *,
            {text["event_time"]} as time_text,
            {text["event_type"]} as event_type,
            {text["product_id"]} as product_id,
            {text["category_id"]} as category_id,
            {text["category_code"]} as category_code,
            {text["brand"]} as brand,
            {text["price"]} as price_text,
            {text["user_id"]} as user_id,
            {text["user_session"]} as user_session,
            {text["order_id"]} as order_id,
            {text["quantity"]} as quantity_text
        from {relation}
    )
)
select
    instant as event_time, event_type, product_id, category_id, category_code, brand, price,
    user_id, user_session, order_id, quantity,
    {line_number} as line_number,
    {_line(header, shop)} as line_text,
    left(case
        when time_text is null then 'event_time is empty'
        when instant is null then 'event_time not understood: ' || time_text
        when instant > cast($latest as timestamp) then 'event_time lies more than a day in the future: ' || time_text
        {_empty("event_type", "product_id", "user_id", "user_session")}
        when price is null and price_text is not null then 'price not understood: ' || price_text
        when price is null and event_type = 'purchase' then 'price of a purchase is empty'
        when price < 0 then 'price is negative: ' || price_text
        when quantity is null or quantity < 1 then 'quantity not understood: ' || quantity_text
        {_rounded(*ID_COLUMNS)}
    end, 200) as reason
from texts"""  # noqa: E501


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


def _event_type(shop: ShopConfig) -> str:
    """The type in lower case, by our names."""
    cases = "".join(
        f" when {quoted(theirs.lower())} then {quoted(ours.lower())}"
        for theirs, ours in shop.event_types.items()
    )
    return (
        f"case lower(event_type){cases} else lower(event_type) end"
        if cases
        else "lower(event_type)"
    )


def _instant(shop: ShopConfig) -> str:
    """The UTC instant. The real data's own form goes first: a plain cast is five times faster."""
    zone = shop.time_zone
    zoneless = (
        "try_cast(time_text as timestamp)"
        if zone == "UTC"
        else f"timezone('UTC', timezone({quoted(zone)}, try_cast(time_text as timestamp)))"
    )
    day_and_time = "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
    return f"""case
            when time_text like '____-__-__ __:__:__ UTC'
                then try_cast(substr(time_text, 1, 19) as timestamp)
            when regexp_full_match(time_text, '{day_and_time}') then {zoneless}
            when regexp_full_match(time_text, '{day_and_time} ?(Z|UTC|GMT|[+-][0-9]{{2}}(:?[0-9]{{2}})?)')
                then timezone('UTC', try_cast(replace(time_text, 'GMT', 'UTC') as timestamptz))
        end"""  # noqa: E501
