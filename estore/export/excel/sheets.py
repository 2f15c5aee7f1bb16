"""Sheets: which question each sheet answers, from which table, with which chart."""

from dataclasses import dataclass
from typing import Literal

#: Rows of long lists, such as products; the other exports have all.
MOST_LISTED = 10_000


@dataclass(frozen=True)
class Chart:
    """A native chart over columns of the sheet. `second`: columns on the right axis, as a line."""

    title: str
    kind: Literal["line", "column", "bar"]
    by: str
    values: tuple[str, ...]
    second: tuple[str, ...] = ()
    most: int = 1_000  # rows from the top


@dataclass(frozen=True)
class Sheet:
    """One question. `sql` selects its columns; `table` and `needs`: what a snapshot must have."""

    name: str
    question: str
    table: str
    needs: tuple[str, ...]
    sql: str
    charts: tuple[Chart, ...] = ()
    most: int = MOST_LISTED


def _columns(*names: str) -> str:
    return ", ".join(names)


_SALES = (
    "order_date", "revenue_amount", "order_count", "buyer_count", "average_order_amount",
    "first_order_count", "repeat_order_count", "last_week_revenue_amount", "revenue_change_rate",
    "expected_revenue_amount", "is_complete", "is_revenue_anomaly",
)  # fmt: skip
_MONTHS = (
    "month_start", "revenue_amount", "order_count", "first_order_count", "complete_day_count",
    "day_count", "complete_day_revenue_amount", "last_month_revenue_amount",
)  # fmt: skip
_CONVERSION = (
    "session_start_date", "session_count", "sessions_with_view", "sessions_with_cart",
    "sessions_with_purchase", "view_to_cart_rate", "cart_to_purchase_rate",
    "view_to_purchase_rate", "cart_abandonment_rate",
)  # fmt: skip
_SEGMENTS = (
    "rfm_segment", "customer_count", "customer_rate", "revenue_amount", "revenue_rate",
    "order_count", "average_order_amount", "mean_revenue_amount", "median_revenue_amount",
    "leaving_count", "category_type", "recommended_action",
)  # fmt: skip
_CHURN = (
    "cohort_start", "customer_count", "observed_count", "repeated_count", "churned_count",
    "churn_rate", "churn_rate_low", "churn_rate_high", "is_left_censored",
)  # fmt: skip
_LIFETIME = (
    "bucket_start_amount", "bucket_end_amount", "customer_count", "customer_rate",
    "revenue_amount", "revenue_rate",
)  # fmt: skip
_PRODUCTS = (
    "view_count", "cart_add_count", "purchase_count", "item_count", "revenue_amount",
    "view_to_purchase_rate", "cart_to_purchase_rate",
)  # fmt: skip
_CUSTOMERS = (
    "customer_rank", "user_id", "revenue_amount", "order_count", "first_order_date",
    "last_order_date", "rfm_segment", "activity_status",
)  # fmt: skip
_ALERTS = (
    "severity", "kind", "subject", "from_date", "to_date", "measured", "expected",
    "revenue_amount", "sentence",
)  # fmt: skip


def _performance(level: str, question: str, *names: str) -> Sheet:
    plural = {"category": "Categories", "brand": "Brands", "product": "Products"}[level]
    shown = plural.lower()
    return Sheet(
        plural, question, "metrics_product_performance", ("level", "name", *names, *_PRODUCTS),
        f"select {_columns('name', *names, *_PRODUCTS)} from metrics_product_performance "
        f"where level = '{level}' order by revenue_amount desc, name",
        (Chart(f"Top {shown} by revenue", "bar", "name", ("revenue_amount",), most=15),),
    )  # fmt: skip


SHEETS = (
    Sheet(
        "Sales", "How much does the shop sell each day?", "metrics_daily_sales", _SALES,
        f"select {_columns(*_SALES)}, "
        "case when is_complete then revenue_amount end as complete_revenue_amount, "
        "(select average_order_target from snapshot_info) as average_order_target "
        "from metrics_daily_sales order by order_date",
        (
            Chart("Revenue of complete days", "line", "order_date", ("complete_revenue_amount",)),
            Chart("Average order value and its target", "line", "order_date",
                  ("average_order_amount", "average_order_target")),
        ),
        most=100_000,
    ),
    Sheet(
        "Months", "How much does the shop sell each month?", "sales_months", (),
        f"select {_columns(*_MONTHS)} from sales_months order by month_start",
        # The first and the last month may be partial, so their totals do not compare.
        (Chart("Revenue per complete day, by month", "column", "month_start",
               ("complete_day_revenue_amount",)),),
    ),
    Sheet(
        "Funnel", "Where do sessions leave?", "funnel_stages", (),
        "select stage, session_count from funnel_stages order by stage_number",
        (Chart("Sessions that reach each stage", "column", "stage", ("session_count",)),),
    ),
    Sheet(
        "Conversion", "How do conversion rates develop?", "metrics_conversion_rates_daily",
        _CONVERSION,
        f"select {_columns(*_CONVERSION)} from metrics_conversion_rates_daily order by 1",
        (Chart("Conversion rates by day", "line", "session_start_date",
               ("view_to_cart_rate", "view_to_purchase_rate")),),
        most=100_000,
    ),
    Sheet(
        "Segments", "Who are the customers?", "metrics_rfm_segments", _SEGMENTS,
        f"select {_columns(*_SEGMENTS)} from metrics_rfm_segments "
        "order by revenue_amount desc, rfm_segment",
        (
            Chart("Revenue by segment", "bar", "rfm_segment", ("revenue_amount",)),
            Chart("Customers by segment", "bar", "rfm_segment", ("customer_count",)),
        ),
    ),
    Sheet(
        "Churn", "Which share of new customers does not reorder?", "metrics_churn_monthly",
        _CHURN, f"select {_columns(*_CHURN)} from metrics_churn_monthly order by 1",
        (Chart("Churn rate by month of the first order", "column", "cohort_start",
               ("churn_rate",)),),
    ),
    Sheet(
        "Lifetime value", "How much do customers spend in total?", "metrics_ltv_distribution",
        _LIFETIME, f"select {_columns(*_LIFETIME)} from metrics_ltv_distribution order by 1",
        (Chart("Customers and their combined revenue by lifetime value", "column",
               "bucket_start_amount", ("customer_count",), ("revenue_amount",), most=50),),
    ),
    _performance("category", "Which categories sell?"),
    _performance("brand", "Which brands sell?"),
    _performance("product", "Which products sell?", "category_code", "brand"),
    Sheet(
        "Top customers", "Who are the top customers by revenue?", "top_customers", _CUSTOMERS,
        f"select {_columns(*_CUSTOMERS)} from top_customers order by customer_rank",
        (Chart("Revenue of the top customers", "bar", "customer_rank", ("revenue_amount",)),),
    ),
    Sheet(
        "Data quality", "Which days have data issues?", "metrics_data_alerts", _ALERTS,
        f"select {_columns(*_ALERTS)} from metrics_data_alerts order by from_at, kind, subject",
    ),
)  # fmt: skip
