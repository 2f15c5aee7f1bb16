"""Agreement: checks that two warehouses have the same marts and metrics, row for row."""

from pathlib import Path

import duckdb

HELPERS = ("rfm_segments",)  # seeds, not results
#: Parts that the plain pipeline leaves out, because they take more than an afternoon: tables, and
#: endings of columns (intervals, and columns that depend on the alerts).
BEYOND_PLAIN = (
    "metrics_data_alerts",
    "metrics_repeat_curve",
    "metrics_detection_limits",
    "dim_customers",  # a join of tables that are compared
    "fct_open_carts",
    "metrics_cart_recovery",
    "metrics_affinity",
    "metrics_next_purchase",
    "metrics_cohort_ltv",
    "metrics_lifecycle",
    "metrics_revenue_drivers",
    "metrics_weekday_hours",
    "dim_customer_predictions",
    "metrics_predicted_value",
    "metrics_prediction_backtest",
    "metrics_prediction_fit",
    # Views of one grain of a table that is compared.
    "metrics_churn_monthly",
    "metrics_churn_overall",
    "metrics_conversion_rates_daily",
    "metrics_conversion_rates_overall",
)
COLUMNS_BEYOND_PLAIN = (
    "_low",
    "_high",
    "_design_effect",  # the clusters behind the intervals
    "has_missing_sales",
    "missing_revenue_amount",
    "rfm_segment_before",
    "is_left_censored",
    "is_leaving",
    "usual_interval_days",
    "repeat_customer_count",
    "leaving_count",
    "leaving_revenue_amount",
)
#: Columns of the daily sales that depend on which days are comparable.
COMPARISONS = (
    "is_complete",
    "last_week_revenue_amount",
    "revenue_change_rate",
    "comparable_day_count",
    "expected_revenue_amount",
    "revenue_deviation",
    "is_revenue_anomaly",
)


def fingerprints(warehouse: Path, *, skipped: tuple[str, ...] = ()) -> dict[str, str]:
    """For each mart and metric, its number of rows and the sum of their hashes, in any order.

    Values are compared as text, floats to nine digits; columns in the order of their names.
    """
    found = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        tables = connection.execute("""
            select schema_name || '.' || table_name, table_name
            from (select schema_name, table_name from duckdb_tables()
                  union all select schema_name, view_name from duckdb_views())
            where schema_name in ('marts', 'metrics')
            order by 1
        """).fetchall()
        for table, name in tables:
            if name not in (*HELPERS, *BEYOND_PLAIN, *skipped):
                row = connection.execute(
                    f"select count(*), sum(hash({', '.join(columns(connection, table))}))"
                    f" from {table}"
                ).fetchone()
                found[name] = f"{row[0]} rows, {row[1]}" if row else ""
    return found


def columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """A table's columns as comparable text."""
    described = connection.execute(f"describe {table}").fetchall()
    beyond = COMPARISONS if table.endswith("metrics_daily_sales") else ()
    return [
        f"cast({f'round({name}, 9)' if kind in ('DOUBLE', 'FLOAT') else name} as varchar)"
        for name, kind, *_ in sorted(described)
        if not name.endswith(COLUMNS_BEYOND_PLAIN) and name not in beyond
    ]


def disagreements(ours: dict[str, str], plain: dict[str, str]) -> list[str]:
    """Tables of the plain pipeline that are missing in ours or have different rows."""
    return [name for name, digest in sorted(plain.items()) if ours.get(name) != digest]
