"""Conditions: checks that SQL of an audience only compares columns of dim_customers.

The engine's own parser reads the text. Only listed kinds of expressions and functions pass, so no
text can read another table, a file or the network, or change anything.
"""

import difflib
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb
import yaml

from estore.build.dbt_project import project_folder
from estore.errors import EstoreError

TABLE = "dim_customers"
#: Kinds of expressions without a name of their own.
_KINDS = {
    "COMPARISON", "CONJUNCTION", "CONSTANT", "OPERATOR", "BETWEEN", "CASE", "CAST", "COLUMN_REF",
    "FUNCTION", "TYPE",
}  # fmt: skip
_FUNCTIONS = {
    "+", "-", "*", "/", "//", "%", "||", "~~", "!~~", "~~*", "!~~*", "like_escape",
    "not_like_escape", "ilike_escape", "abs", "ceil", "ceiling", "coalesce", "concat", "contains",
    "date_diff", "datediff", "date_part", "date_trunc", "day", "dayofweek", "ends_with", "floor",
    "greatest", "ifnull", "isodow", "least", "left", "length", "lower", "mod", "month", "nullif",
    "prefix", "quarter", "right", "round", "starts_with", "strftime", "substr", "substring",
    "suffix", "to_days", "to_months", "to_weeks", "to_years", "trim", "trunc", "upper", "week",
    "weekday", "year",
}  # fmt: skip
_TYPES = {
    "BIGINT", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "FLOAT", "INT", "INTEGER", "INTERVAL",
    "NUMERIC", "SMALLINT", "TEXT", "TIMESTAMP", "VARCHAR",
}  # fmt: skip
_TODAY = ("current_date", "current_timestamp", "today", "now", "get_current_timestamp")


@cache
def columns() -> tuple[str, ...]:
    """The columns of dim_customers, as its description lists them."""
    path = project_folder() / "models" / "marts" / f"{TABLE}.yml"
    (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    return tuple(column["name"] for column in model["columns"])


def check_condition(where: str, said: str) -> None:
    """Raises EstoreError, beginning with said, unless the text is a safe condition."""
    node = _select(f"select 1 from {TABLE} where (\n{where}\n)", said)
    if node["modifiers"] or not node["where_clause"]:
        raise EstoreError(f"{said} must be one condition")
    _check(node["where_clause"], said)


def check_order(order_by: str, said: str) -> None:
    """The same for the text of an order."""
    node = _select(f"select 1 from {TABLE} order by\n{order_by}\n", said)
    if [each["type"] for each in node["modifiers"]] != ["ORDER_MODIFIER"] or node["where_clause"]:
        raise EstoreError(f"{said} must be a list of columns, each with asc or desc")
    for order in node["modifiers"][0]["orders"]:
        if order["expression"]["class"] == "CONSTANT":
            raise EstoreError(f"{said} must name columns, not their positions")
        _check(order["expression"], said)


def _select(sql: str, said: str) -> dict[str, Any]:
    """The tree of a plain select from the table; raises EstoreError for any other statement."""
    with duckdb.connect() as connection:
        try:
            row = connection.execute("select json_serialize_sql(?)", [sql]).fetchone()
        except duckdb.Error as error:
            raise EstoreError(f"{said}: {error}") from error
    parsed = json.loads(row[0]) if row else {"error": True}
    if parsed["error"]:
        raise EstoreError(f"{said} is not valid SQL: {parsed.get('error_message', sql)}")
    statements = parsed["statements"]
    node = statements[0]["node"] if len(statements) == 1 else {}
    is_plain = (
        node.get("type") == "SELECT_NODE"
        and node["from_table"]["type"] == "BASE_TABLE"
        and node["from_table"]["table_name"] == TABLE
        and not node["from_table"]["sample"]
        and not node["cte_map"]["map"]
        and len(node["select_list"]) == 1
        and not any(node[part] for part in ("group_expressions", "group_sets", "having", "sample",
                                            "qualify"))
    )  # fmt: skip
    if not is_plain:
        raise EstoreError(f"{said} may only compare columns of {TABLE}")
    return dict(node)


def _check(tree: Any, said: str) -> None:
    for node in _nodes(tree):
        kind = node["class"]
        if kind == "COLUMN_REF":
            _check_column(node["column_names"], said)
        elif kind == "FUNCTION":
            _check_function(node, said)
        elif kind == "TYPE":
            if node["type_name"].upper() not in _TYPES or node.get("schema"):
                raise EstoreError(f"{said} uses the type {node['type_name']}, which is not allowed")
        elif kind not in _KINDS:
            raise EstoreError(
                f"{said} uses {_WORDS.get(kind, kind.lower())}, which is not allowed: it may only "
                f"compare columns of {TABLE}"
            )


_WORDS = {"SUBQUERY": "a subquery", "WINDOW": "a window function", "STAR": "*",
          "PARAMETER": "a parameter", "LAMBDA": "a lambda",
          "POSITIONAL_REFERENCE": "a position"}  # fmt: skip


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All expressions of a tree."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "class" in node:
                yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _check_column(path: list[str], said: str) -> None:
    *table, name = path
    if not (table or name.lower() not in columns()) or (table == [TABLE] and name in columns()):
        return
    if name.lower() in _TODAY:
        raise EstoreError(f"{said} uses {name}; the day treated as today is as_of_date")
    close = difflib.get_close_matches(name.lower(), columns(), n=1)
    hint = f"did you mean {close[0]}?" if close else "put text in single quotes, as in 'At Risk'."
    raise EstoreError(
        f"{said}: {TABLE} has no column {'.'.join(path)}; {hint} "
        f"`estore tables {TABLE}` lists its columns"
    )


def _check_function(node: dict[str, Any], said: str) -> None:
    name = node["function_name"].lower()
    if name in _TODAY:
        raise EstoreError(f"{said} uses {name}(); the day treated as today is as_of_date")
    is_plain = not (node["schema"] or node["catalog"] or node["filter"] or node["distinct"]
                    or node["order_bys"]["orders"])  # fmt: skip
    if name not in _FUNCTIONS or not is_plain:
        close = difflib.get_close_matches(name, _FUNCTIONS, n=1, cutoff=0.75)
        raise EstoreError(
            f"{said} uses the function {name}(), which is not allowed"
            + (f"; did you mean {close[0]}()?" if close else "")
        )
