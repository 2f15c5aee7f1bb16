"""Runs the project's own SQL of the alerts on tables of sums, without a load and dbt."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from estore.build.dbt_project import DbtProject
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.warehouse import open_warehouse

NO_ALERT = (
    "select '' as kind, '' as subject, timestamp '2000-01-01' as from_at, timestamp '2000-01-01' "
    "as to_at, 0.0 as measured, 0.0 as expected, 0.0 as revenue_amount, '' as severity, "
    "'' as sentence where false"
)
#: Tables that a shop of the zoo provides, and tables that its alerts do not need: products,
#: single sessions, single purchases and users.
GIVEN = {
    "int_event_hours": None,
    "int_session_cells": None,
    "int_order_days": None,
    "int_product_days": "select date '2000-01-01' as event_date, 'p' as product_id where false",
    "stg_repeats": "select date '2000-01-01' as event_date, 'purchase' as event_type, "
    "1 as duplicate_count, 1.0 as price, 1 as quantity where false",
    **dict.fromkeys(
        (
            "int_taxonomy_breaks",
            "int_brand_conflicts",
            "int_bots",
            "int_odd_prices",
            "int_dominant_users",
            "int_nobody_ids",
        ),
        NO_ALERT,
    ),
}
#: The tables to compute, and their inputs.
RESULTS = ("metrics_data_alerts", "metrics_daily_sales", "metrics_detection_limits")


class Detector:
    """Compiles the project once, and runs its alerts on any number of shops."""

    def __init__(self, thresholds: Mapping[str, Any] | None = None) -> None:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(home=Path(folder))
            project = DbtProject(settings, ShopConfig(thresholds=dict(thresholds or {})))
            with open_warehouse(settings):
                result = project.run("compile", "--select", *(f"+{name}" for name in RESULTS))
        nodes = {
            run.node.name: run.node for run in result.result if run.node.resource_type == "model"
        }
        self.order: list[str] = []
        self.sql: dict[str, str] = {}
        for name in RESULTS:
            self._add(name, nodes)

    def _add(self, name: str, nodes: Mapping[str, Any]) -> None:
        if name in self.sql or name in GIVEN:
            return
        node = nodes[name]
        parents = [key.split(".")[-1] for key in node.depends_on.nodes]
        for parent in parents:
            if parent in nodes:
                self._add(parent, nodes)
        sql = node.compiled_code
        for parent in parents:
            if parent in nodes:
                sql = sql.replace(nodes[parent].relation_name, parent)
        self.sql[name] = sql
        self.order.append(name)

    def run(self, tables: Mapping[str, Mapping[str, Any]]) -> duckdb.DuckDBPyConnection:
        """A connection with every table of RESULTS and their inputs."""
        connection = duckdb.connect(config={"threads": 1})
        for name, columns in tables.items():
            connection.register("given", pa.table(dict(columns)))
            connection.execute(f"create table {name} as select * from given")
            connection.unregister("given")
        for name, sql in GIVEN.items():
            if sql and name not in tables:
                connection.execute(f"create table {name} as {sql}")
        for name in self.order:
            connection.execute(f"create table {name} as {self.sql[name]}")
        return connection
