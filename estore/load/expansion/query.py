"""Query: checks a source's SQL before any row is read.

It must be one select over `source`, without any other table, without functions that read, and with
a result that is the same each time. Errors name the line of the SQL.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from estore.errors import RefusedFile
from estore.escaping import one_line, shortened
from estore.load.header import due_type, is_readable
from estore.sources import COLUMNS, Query

#: The file's own line (or record) numbers, which the SQL must return.
LINE_NUMBER = "line_number"
_TABLE_FUNCTIONS = {"unnest", "range", "generate_series", "json_each", "json_tree"}
#: Functions whose result is not the same each time, or depends on the machine.
_UNSTABLE = {
    "now", "today", "current_date", "current_time", "current_timestamp", "get_current_timestamp",
    "get_current_time", "transaction_timestamp", "current_localtimestamp", "current_localtime",
    "random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "setseed", "nextval", "currval",
    "current_setting", "getvariable", "getenv", "txid_current", "version",
}  # fmt: skip


def check_query(
    connection: duckdb.DuckDBPyConnection, query: Query, constants: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """The (name, type) of each column that the SQL returns, without line_number.

    connection: has the empty relation `source`. Raises RefusedFile with the line and the fix.
    """
    _check_statement(connection, query)
    try:
        described = connection.execute(f"describe {select(query)}").fetchall()
    except duckdb.Error as error:
        raise RefusedFile(failure(query, error)) from error
    columns = [(name, kind) for name, kind, *_ in described]
    _check_columns(query, columns, constants)
    return [(name, kind) for name, kind in columns if name != LINE_NUMBER]


def select(query: Query) -> str:
    """The SQL as a statement, without its last semicolon; it starts on the first line."""
    return f"from ({_text(query)}\n) as expanded"


def failure(query: Query, error: duckdb.Error) -> str:
    """An error of the engine in words, with the line of the SQL."""
    said = str(error)
    first = re.sub(r"^[\w ]+ Error: ", "", said.splitlines()[0])
    found = re.search(r"^LINE (\d+):", said, re.MULTILINE)
    if "enable_external_access" in said or "operations are disabled" in said:
        first = "it must read only `source`, which is the file"
    where = f" line {found[1]}" if found else ""
    return f"cannot be read with {query.name}{where}: {shortened(one_line(first), 300)}"


def _text(query: Query) -> str:
    return query.text.strip().rstrip(";").rstrip()


def _check_statement(connection: duckdb.DuckDBPyConnection, query: Query) -> None:
    text = _text(query)
    if not text:
        raise RefusedFile(f"cannot be read with {query.name}: it is empty; write one select")
    # The serialized tree of more than one statement holds all of them.
    row = connection.execute("select json_serialize_sql(?)", [text]).fetchone()
    tree = json.loads(row[0]) if row else {}
    if tree.get("error"):
        said = tree["error_message"]
        if "Only SELECT" in said:
            raise _refused(query, "must be one select statement that returns our columns")
        raise _refused(query, said, int(tree.get("position") or 0))
    if len(tree["statements"]) != 1:
        raise _refused(query, "must be one select statement, not several")
    names = {"source"}
    nodes = list(_nodes(tree))
    for node in nodes:
        if isinstance(parts := node.get("cte_map"), dict):
            names |= {entry["key"].lower() for entry in parts["map"]}
    for node in nodes:
        _check_node(query, node, names)


def _check_node(query: Query, node: dict[str, Any], names: set[str]) -> None:
    kind, at = node.get("type"), node.get("query_location") or 0
    if kind == "BASE_TABLE":
        named = [node.get("catalog_name"), node.get("schema_name"), node.get("table_name")]
        shown = ".".join(filter(None, named))
        if shown.lower() not in names:
            raise _refused(query, f"reads {shown}, but only `source` (the file) can be read", at)
    elif kind == "SHOW_REF":
        raise _refused(query, "must not describe tables", at)
    elif kind == "TABLE_FUNCTION":
        name = node["function"].get("function_name", "")
        if name.lower() not in _TABLE_FUNCTIONS:
            raise _refused(query, f"reads with {name}(), but only `source` can be read", at)
    elif node.get("class") == "FUNCTION" and node.get("function_name", "").lower() in _UNSTABLE:
        name = node["function_name"]
        raise _refused(query, f"uses {name}(), whose result is not the same each time", at)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _check_columns(
    query: Query, columns: list[tuple[str, str]], constants: Mapping[str, Any]
) -> None:
    names = [name for name, _ in columns]
    for name, kind in columns:
        if name == LINE_NUMBER:
            if kind not in ("BIGINT", "INTEGER", "UBIGINT", "HUGEINT"):
                raise _refused(query, f"returns line_number as {kind}; return source.line_number")
        elif name not in COLUMNS:
            known = ", ".join([LINE_NUMBER, *COLUMNS])
            raise _refused(
                query, f"returns a column {name}, which is none of ours; choose from {known}",
                _place(query, name),
            )  # fmt: skip
        elif not is_readable(name, kind):
            raise _refused(
                query, f"returns {name} as {shortened(kind, 60)}, not as {due_type(name)}",
                _place(query, name),
            )  # fmt: skip
    required = [LINE_NUMBER, *(name for name, needed in COLUMNS.items() if needed)]
    if missing := [name for name in required if name not in {*names, *constants}]:
        raise _refused(query, f"returns no column {', '.join(missing)}; add it to the last select")


def _place(query: Query, column: str) -> int:
    """The position of a column's last mention."""
    found = list(re.finditer(rf"\b{re.escape(column)}\b", _text(query)))
    return found[-1].start() if found else 0


def _refused(query: Query, said: str, position: int = 0) -> RefusedFile:
    line = _text(query).count("\n", 0, position) + 1
    where = f" line {line}" if position else ""
    return RefusedFile(f"cannot be read with {query.name}{where}: {said}")
