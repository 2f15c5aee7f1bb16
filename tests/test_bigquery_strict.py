"""Strict SQL: Google's own analyzer accepts every statement that is sent to BigQuery.

test_bigquery_parity checks the statements of one shop as they run. This file checks those of other
shops, and the analyzer. `make test-strict` builds it once. It executes nothing, so all checks
take seconds.
"""

import json
import re
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from analyzer import Job, accepted, judged, needs_analyzer
from bigquery_emulator import ROOT, BigQuery
from conftest import ORDINARY
from recording import recording
from test_bigquery import BATCH, compile_project
from test_bigquery import PROJECT as TRANSFORM

from estore import predict
from estore.load.header import match_columns
from estore.load.rows import typed_rows
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.warehouse import open_warehouse
from estore.warehouse.dialect import BIGQUERY

pytestmark = needs_analyzer

#: Settings that differ from the defaults in shops with a shop.toml.
OTHERWISE = {
    "shop_timezone": "Europe/Berlin", "repeated_purchases_are_units": True,
    "exclude_bots": False, "as_of_date": "2019-11-30",
}  # fmt: skip


def test_every_model_is_accepted_with_other_thresholds_and_its_contract(
    bigquery: BigQuery, tmp_path: Path
) -> None:
    """Contracts are declared columns, which the lenient emulator cannot create."""
    settings = Settings(home=tmp_path, target="bigquery", bigquery="my-project.estore")
    with recording() as jobs, open_warehouse(settings) as warehouse:
        predict.prepare(warehouse, tmp_path)
    for number, variables in enumerate((OTHERWISE, {**OTHERWISE, **BATCH, "assume_built": True})):
        folder = tmp_path / str(number)
        folder.mkdir()
        compile_project(folder, variables)
        nodes = json.loads((folder / "manifest.json").read_text())["nodes"]
        jobs += [_as_job(nodes[name], is_first=number == 0) for name in _in_order(nodes)]
    kinds = accepted(jobs)
    print(f"{kinds.total()} statements: {dict(kinds.most_common())}")
    assert kinds["CreateTableAsSelectStmt"] > 30 and kinds["QueryStmt"] > 150


def _in_order(nodes: dict[str, Any]) -> list[str]:
    """Names of nodes, each after the nodes that it reads; unit tests have their own tables."""
    known = {
        name
        for name, node in nodes.items()
        if node.get("compiled_code") or node["resource_type"] == "seed"
    }
    graph = {name: known & set(nodes[name]["depends_on"].get("nodes", ())) for name in known}
    return list(TopologicalSorter(graph).static_order())


def _as_job(node: dict[str, Any], *, is_first: bool) -> Job:
    """The analyzer's job for a node; a node that already exists is only queried."""
    name = f"{node['database']}.{node['schema']}.{node['alias']}"
    if node["resource_type"] == "seed":
        (head, *_) = (TRANSFORM / node["original_file_path"]).read_text().splitlines()
        types = node["config"]["column_types"]
        columns = [
            {"name": column, "type": types.get(column, "string").upper()}
            for column in head.split(",")
        ]
        return {"table": name, "columns": columns}
    sql = node["compiled_code"]
    if node["resource_type"] == "test" or not is_first:
        return {"sql": sql}
    if node["config"]["materialized"] == "view":
        return {"sql": f"create or replace view `{name}` as {sql}"}
    declared = ", ".join(
        f"{column['name']} {column['data_type']}" for column in node["columns"].values()
    )
    columns = f"({declared})" if node["config"]["contract"]["enforced"] else ""
    if columns:  # like dbt: by name, not by position
        sql = f"select {', '.join(node['columns'])} from ({sql})"
    if node["resource_type"] == "snapshot":  # dbt adds the end of a version, and more
        sql = f"select *, cast(null as timestamp) as dbt_valid_to from ({sql})"
    return {"sql": f"create or replace table `{name}` {columns} as {sql}"}


KNOWN = {"table": "p.d.t", "columns": [
    {"name": "day", "type": "DATE"}, {"name": "began", "type": "TIMESTAMP"},
    {"name": "name", "type": "STRING"}, {"name": "number", "type": "INTEGER"},
]}  # fmt: skip
#: Correct SQL → a wrong form that the lenient emulator accepts or that was once in the project.
WRONG = {
    "select 1 = 1": "select 1 = '1a'",
    "select date_add(day, interval 3 day) from `p.d.t`": "select day + to_days(3) from `p.d.t`",
    "select began < timestamp(day) from `p.d.t`": "select began < datetime(day) from `p.d.t`",
    "select name from `p`.`d`.`t`": "select nam from `p`.`d`.`t`",
    "select sum(number) as n from `p.d.t`": "select sum(number) as n from `p.d.other`",
    "select sum(t.number) as number from `p.d.t` as t having sum(t.number) > 1":
        "select sum(number) as number from `p.d.t` having sum(number) > 1",
    "select name as n, cast(null as string) as name from `p.d.t` group by n":
        "select name as n, cast(null as string) as name from `p.d.t` group by name",
    "create table `p.d.u` as select name as n from `p.d.t`; select n from `p.d.u`":
        "create table `p.d.u` as select name as n from `p.d.t`; select name from `p.d.u`",
    "create table `p.d.u` partition by day as select * from `p.d.t`":
        "create table `p.d.u` partition by month as select * from `p.d.t`",
    "create table `p.d.u` (n string) as select name as n from `p.d.t`":
        "create table `p.d.u` (n string) as select number as n from `p.d.t`",
    "begin transaction; insert into `p.d.t` (name) select 'a'; commit transaction":
        "begin transaction; insert into `p.d.t` (name) select 1; commit transaction",
    "merge into `p.d.t` as t using `p.d.t` as s on false when not matched then insert (name) "
    "values (s.name)":
        "merge into `p.d.t` as t using `p.d.t` as s on false when not matched then insert (name) "
        "values (s.number)",
    "update `p.d.t` set number = 1 where name = 'a'": "update `p.d.t` set number = 1",
    "drop view if exists `p.d.v`; select name from `p.d.t`":
        "drop table `p.d.t`; select name from `p.d.t`",
}  # fmt: skip


def test_wrong_sql_is_refused() -> None:
    for right, wrong in WRONG.items():
        accepted([KNOWN, {"sql": right}])
        _, verdict = judged([KNOWN, {"sql": wrong}])
        assert verdict["refused"], wrong
    deleted = judged([KNOWN, {"deleted": "p.d"}, {"sql": "select name from `p.d.t`"}])
    assert "there is no table p.d.t" in deleted[-1]["refused"]


def test_raw_rows_are_typed_as_strictly() -> None:
    """A mapping of names, a delimiter to be quoted, and a zone of the shop's own."""
    shop = ShopConfig(event_types={"it's": "view"}, delimiter="|", time_zone="Europe/Berlin")
    header = match_columns(list(ORDINARY), shop)
    texts = ", ".join(f"'a' as c{position}" for position in range(len(header.names)))
    accepted([{"sql": typed_rows(f"(select {texts})", header, shop, dialect=BIGQUERY)}])


def test_the_pinned_version_is_the_documented_one() -> None:
    pinned = (Path(__file__).parent / "bigquery" / "strict" / "go.mod").read_text()
    (version,) = re.findall(r"^require github.com/goccy/go-googlesql (\S+)", pinned, re.M)
    assert f"go-googlesql {version}" in (ROOT / "docs" / "bigquery.md").read_text()
