"""A published snapshot of the size of a shop with millions of customers, without its events.

A small synthetic shop is loaded and built, so every table has its real form. Then counts and
amounts are multiplied, products repeated, and the cubes filled: at this size, nearly
every combination has sales every day.
"""

import json
from pathlib import Path

import duckdb

from estore import pipeline
from estore.console import Console
from estore.errors import EstoreError
from estore.landing import find_files
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.snapshot.manifest import current_version, read_manifest
from estore.synth import SyntheticShop, write_shop
from estore.warehouse.quoting import exact_path, quoted

MONTHS = 7  # October to April: 213 days
#: Overall counts, and amounts that are not sums: they do not grow with the customers.
FIXED = ("product_count", "line_count", "period_index", "failure_count")
FIXED_STARTS = ("p25_", "median_", "p75_", "mean_", "average_", "bucket_")
PRODUCTS = 386_299
CUBES = ("cube_sales", "cube_sessions", "cube_products")


def make_large_snapshot(home: Path, *, customers: int = 2_000_000, events: int = 1_000_000) -> Path:
    """Run a shop with this many events in a home, publish it enlarged, and return the version."""
    settings = Settings(home=home)
    landing = home / "landing"
    write_shop(
        landing, SyntheticShop(events=events, months=MONTHS, seed=1, format="parquet", faults=())
    )
    pipeline.run(settings, ShopConfig(), find_files([str(landing)]), Console(quiet=True))
    source = current_version(settings)
    if source is None:
        raise EstoreError(f"{settings.home}: the run published no snapshot")
    target = settings.published / "v000900"
    unfinished = settings.published / "v000900.tmp"
    unfinished.mkdir()
    with duckdb.connect() as connection:
        for path in source.glob("*.parquet"):
            connection.execute(f"create view {path.stem} as from read_parquet({exact_path(path)})")
        times = customers / _one(connection, "select sum(customer_count) from metrics_rfm_segments")
        for path in source.glob("*.parquet"):
            connection.execute(
                f"copy ({_enlarged(connection, path.stem, times)}) "
                f"to {quoted(str(unfinished / path.name))} (format parquet)"
            )
    manifest = vars(read_manifest(source)) | {"version": target.name, "digests": {}}
    (unfinished / "manifest.json").write_text(json.dumps(manifest))
    unfinished.rename(target)
    (settings.published / "CURRENT").write_text(target.name + "\n")
    return target


def _enlarged(connection: duckdb.DuckDBPyConnection, table: str, times: float) -> str:
    if table == "cube_sales":
        return _filled_sales(times)
    if table in CUBES:
        return _filled(connection, table, times)
    columns = [name for name, *_ in connection.execute(f"describe {table}").fetchall()]
    grown = ", ".join(f"{_grown(name, times)} as {name}" for name in columns if _grows(name))
    every = f"select * {f'replace ({grown})' if grown else ''} from {table}"
    if table == "top_customers" or table.startswith("raw_"):
        return f"from {table}"
    if table == "metrics_product_performance":
        return f"""
            {every} where level <> 'product'
            union all by name
            select * replace (name || '-' || copy as name)
            from {table}, range(1 + {PRODUCTS} // (select count(*) from {table})) as copies (copy)
            where level = 'product'
        """
    return every


def _filled(connection: duckdb.DuckDBPyConnection, table: str, times: float) -> str:
    """Every day has every combination of any day, with its usual counts on average."""
    types = {
        name: kind for name, kind, *_ in connection.execute(f"describe {table}").fetchall()
    }  # the day, the other dimensions, the measures
    day, *names = [name for name, kind in types.items() if kind in ("DATE", "VARCHAR")]
    measures = {name: kind for name, kind in types.items() if name not in (day, *names)}
    means = ", ".join(f"sum({name}) / (select count(*) from days) as {name}" for name in measures)
    noise = f"(0.6 + (hash({day}, {', '.join(names)}) % 1000) / 1250.0)"
    drawn = ", ".join(
        f"cast(floor(mean.{name} * {times} * {noise}"
        f" + {0 if kind.startswith('DECIMAL') else f'(hash({day}, {name!r}) % 1000) / 1000.0'})"
        f" as {kind}) as {name}"
        for name, kind in measures.items()
    )
    return f"""
        with days as (select distinct {day} from {table}),
        mean as (select {", ".join(names)}, {means} from {table} group by all)
        select {day}, {", ".join(f"mean.{name}" for name in names)}, {drawn} from days, mean
        where mean.{next(iter(measures))} * {times} > (hash({day}, {", ".join(names)}) % 97) / 97.0
        order by all
    """


def _filled_sales(times: float) -> str:
    """Category, brand and segment are independent; each order has rows of one kind."""
    return f"""
        with days as (select distinct order_date from cube_sales),
        pairs as (
            select category, brand, sum(order_count) as orders, sum(revenue_amount) as revenue
            from cube_sales where category <> '*' and brand <> '*' group by all
        ),
        segments as (
            select rfm_segment, sum(order_count) / sum(sum(order_count)) over () as share,
                sum(first_order_count) / sum(order_count) as first_share
            from cube_sales where category = '*' and brand = '*' group by all
        ),
        expected as (
            select *, orders * {times} * share / (select count(*) from days)
                * (0.6 + (hash(order_date, category, brand, rfm_segment) % 1000) / 1250.0) as drawn
            from days, pairs, segments
        ),
        cells as (
            select order_date, category, brand, rfm_segment,
                floor(drawn + (hash(category, rfm_segment, order_date) % 1000) / 1000.0) as sold,
                sold * first_share as firsts,
                sold * revenue / orders as revenue
            from expected
        )
        select order_date, coalesce(category, '*') as category, coalesce(brand, '*') as brand,
            rfm_segment, cast(sum(sold) as bigint) as order_count,
            cast(sum(firsts) as bigint) as first_order_count,
            cast(sum(sold) as bigint) as buyer_count,
            cast(sum(sold) * 1.17 as bigint) as item_count,
            cast(sum(revenue) as decimal(18, 3)) as revenue_amount
        from cells
        where sold >= 1
        group by order_date, rfm_segment, cube (category, brand)
        order by all
    """


def _grows(name: str) -> bool:
    is_sum = name.endswith(("_count", "_amount")) or name.startswith("sessions_with_")
    return is_sum and name not in FIXED and not name.startswith(FIXED_STARTS)


def _grown(name: str, times: float) -> str:
    return f"{name} * {round(times)}"


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> float:
    row = connection.execute(sql).fetchone()
    return float(row[0]) if row else 0.0
