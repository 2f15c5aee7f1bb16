"""Rows: the SQL that types one file's lines and says why one is refused (DuckDB).

One statement does it all; text goes in, typed columns and `reason` (null: the line is good) come
out. Nothing is guessed: what cannot be read exactly is refused with its reason.
"""

from estore.load.header import Header
from estore.load.repair import LINE_COLUMN
from estore.shop import COLUMNS, ShopConfig

#: Our columns in raw.events, typed.
RAW_COLUMNS = (
    "event_time", "event_type", "product_id", "category_id", "category_code", "brand", "price",
    "user_id", "user_session", "order_id", "quantity",
)  # fmt: skip


def quoted(text: str) -> str:
    """Text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def csv_relation(
    path: str, header: Header, delimiter: str, compression: str, *, repaired: bool = False
) -> str:
    """The file's columns as text. Positions, not names: names in a file may repeat or be empty."""
    columns = [f"c{position}" for position in range(len(header.names))]
    if repaired:
        columns.insert(0, LINE_COLUMN)
        delimiter, compression = ",", "none"
    types = ", ".join(f"{quoted(column)}: 'VARCHAR'" for column in columns)
    has_header = header.has_line and not repaired
    return (
        f"read_csv({quoted(path)}, columns = {{{types}}}, auto_detect = false, "
        f"header = {has_header}, delim = {quoted(delimiter)}, quote = '\"', escape = '\"', "
        f"nullstr = '', compression = {quoted(compression)}, strict_mode = true, "
        "null_padding = false, ignore_errors = false)"
    )


def parquet_relation(path: str, header: Header) -> str:
    """The columns of a Parquet file as text, in the positions of the header."""
    columns = ", ".join(
        f"cast({identifier(name)} as varchar) as c{position}"
        for position, name in enumerate(header.names)
    )
    return f"(select {columns} from read_parquet({quoted(path)}))"


def typed_rows(relation: str, header: Header, shop: ShopConfig) -> str:
    """A select of RAW_COLUMNS, `line_text` and `reason` over a relation of text columns."""
    text = {
        column: f"nullif(trim(c{header.ours[column]}), '')"
        if column in header.ours
        else "null"
        for column in COLUMNS
    }
    fields = ", ".join(f"coalesce(c{index}, '')" for index in range(len(header.names)))
    return f"""
with texts as (
    select
        * exclude (event_type),
        {_event_type(shop)} as event_type,
        {_instant(shop)} as instant,
        case when price_text like '%\\_%' escape '\\' or price_text like '%x%' then null
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
    concat_ws(',', {fields}) as line_text,
    case
        when time_text is null then 'event_time is empty'
        when instant is null then 'event_time not understood: ' || time_text
        when instant > cast($latest as timestamp) then 'event_time lies more than a day in the future: ' || time_text
        when event_type is null then 'event_type is empty'
        when product_id is null then 'product_id is empty'
        when user_id is null then 'user_id is empty'
        when user_session is null then 'user_session is empty'
        when price is null and price_text is not null then 'price not understood: ' || price_text
        when price is null and event_type = 'purchase' then 'price of a purchase is empty'
        when price < 0 then 'price is negative: ' || price_text
        when quantity is null or quantity < 1 then 'quantity not understood: ' || quantity_text
        when category_id like '%e+%' or category_id like '%.%'
            then 'category_id was rounded by the program that wrote it: ' || category_id
    end as reason{f", {LINE_COLUMN}" if LINE_COLUMN in relation else ""}
from texts"""  # noqa: E501


def _event_type(shop: ShopConfig) -> str:
    """The type in lower case, by our names."""
    cases = "".join(
        f" when {quoted(theirs.lower())} then {quoted(ours.lower())}"
        for theirs, ours in shop.event_types.items()
    )
    return f"case lower(event_type){cases} else lower(event_type) end" if cases else "lower(event_type)"


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
