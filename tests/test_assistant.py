"""`estore mcp`: an assistant's questions, asked by the SDK's own client over stdio."""

import asyncio
import json
import sys
from typing import Any

import pytest
from dashboard_shop import shop_of_the_run

from estore.assistant import answers as limits
from estore.assistant.answers import Answers
from estore.assistant.server import make_server
from estore.errors import EstoreError
from estore.export.source import open_source
from estore.settings import Settings
from estore.snapshot.manifest import current_name


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return shop_of_the_run(tmp_path_factory)


@pytest.fixture(scope="module")
def answers(shop: Settings) -> Any:
    opened = Answers(shop, with_ids=False)
    yield opened
    opened.close()


def test_the_sdks_client_gets_answers_over_stdio(shop: Settings) -> None:
    from mcp import Client, StdioServerParameters

    command = ["-m", "estore.cli", "--home", str(shop.home), "mcp"]

    async def ask() -> dict[str, Any]:
        server = StdioServerParameters(command=sys.executable, args=command)
        async with Client(server) as client:
            listed = (await client.list_tools()).tools
            return {
                "instructions": client.instructions,
                "read_only": {tool.name: tool.annotations.read_only_hint for tool in listed},
                "findings": await client.call_tool("findings", {}),
                "rows": await client.call_tool(
                    "query", {"sql": "select count(*) as days from metrics_daily_sales"}
                ),
                "refused": await client.call_tool("query", {"sql": "drop table top_customers"}),
            }

    found = asyncio.run(ask())
    assert "Call `findings` first" in found["instructions"]
    assert found["read_only"] == dict.fromkeys(
        ("findings", "tables", "columns", "definitions", "alerts", "query"), True
    )
    assert "orders" in found["findings"].content[0].text
    rows = json.loads(found["rows"].content[0].text)
    with open_source(shop, with_ids=False) as source:
        assert rows["rows"] == [{"days": source.tables["metrics_daily_sales"].rows}]
    assert found["refused"].is_error and "one SELECT statement" in found["refused"].content[0].text


def test_tables_columns_and_definitions_are_described(answers: Answers) -> None:
    tables = {one["table"]: one for one in answers.tables()}
    assert tables["metrics_churn"]["description"].startswith("One row per")
    columns = {one["name"]: one for one in answers.columns("metrics.metrics_churn")["columns"]}
    assert columns["churn_rate"]["kind"] == "DOUBLE"
    assert "churned_count" in columns["churn_rate"]["description"]
    assert {"table": "metrics_churn", "column": "churn_rate"}.items() <= {
        **next(one for one in answers.definitions("churned_count ÷")
               if one["table"] == "metrics_churn")
    }.items()  # fmt: skip
    with pytest.raises(EstoreError, match="no table is named nothing"):
        answers.columns("nothing")
    assert all(alert["sentence"] for alert in answers.alerts())


@pytest.mark.parametrize("sql", [
    "drop table top_customers", "select 1; select 2", "set memory_limit = '1TB'", "install httpfs",
    "copy top_customers to '/tmp/x.csv'", "attach 'x.duckdb'", "select * from '/etc/passwd'",
    "from read_text('/etc/passwd')", "from glob('/*')", "select * from read_csv('http://127.0.0.1')",
    "from dim_customers", "from read_parquet('{published}/dim_customers.parquet')",
    "from main.top_customers", "from exported.top_customers", "create table x as select 1", "",
])  # fmt: skip
def test_only_a_select_over_the_published_tables_is_answered(answers: Answers, sql: str) -> None:
    published = answers.settings.published / (current_name(answers.settings) or "")
    with pytest.raises(EstoreError):
        answers.query(sql.replace("{published}", str(published)))
    assert answers.query("select 1 as one")["rows"] == [{"one": 1}]


def test_a_query_is_limited_in_rows_time_and_text(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = answers.query("select range as n, repeat('x y', 5000) as text from range(5000)")
    assert len(found["rows"]) == limits.MOST_ROWS and found["is_cut"]
    assert len(found["rows"][0]["text"]) <= limits.LONGEST
    monkeypatch.setattr(limits, "SECONDS", 1)
    with pytest.raises(EstoreError, match="ended after 1 seconds"):
        answers.query("select count(*) from range(1000000000000)")
    with pytest.raises(EstoreError, match="metrics_churn"):
        answers.query("from metrics_chrun")


def test_no_id_is_answered_unless_requested(shop: Settings, answers: Answers) -> None:
    sql = "select user_id from top_customers order by customer_rank"
    assert {row["user_id"] for row in answers.query(sql)["rows"]} == {None}
    with open_source(shop, with_ids=True) as source:
        customers = [row["user_id"] for row in source.query(sql)]
    opened = Answers(shop, with_ids=True)
    try:
        assert [row["user_id"] for row in opened.query(sql)["rows"]] == customers
    finally:
        opened.close()
    views = answers.query("select count(*) as n from duckdb_tables() where schema_name <> 'shop'")
    assert views["rows"] == [{"n": 0}], "no other copy is left in the memory"


def test_the_missing_library_is_named(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    with pytest.raises(EstoreError, match=r"pip install 'estore-analytics\[mcp\]'"):
        make_server(answers)
