"""Sheets: the worksheets and dashboards of the workbook, as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Calculation:
    """A calculated field. `form`: money, rate or count; a boolean or text has none."""

    name: str
    caption: str
    formula: str
    form: str
    description: str
    kind: str = "real"  # real, boolean, string


@dataclass(frozen=True)
class Used:
    """A field on a shelf. `how`: sum, none, or a date part such as day, week or month."""

    field: str
    how: str = "none"


@dataclass(frozen=True)
class Worksheet:
    """One chart over one table. `where`: column → the value that it must have."""

    name: str
    table: str
    mark: str
    columns: tuple[Used, ...] = ()
    rows: tuple[Used, ...] = ()
    color: Used | None = None
    size: Used | None = None
    label: tuple[Used, ...] = ()
    detail: tuple[Used, ...] = ()
    tooltip: tuple[Used, ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    sort: tuple[str, str] | None = None  # a dimension, and the measure by which it falls


@dataclass(frozen=True)
class Dashboard:
    """Worksheets on one page: (worksheet, x, y, width, height) in percent."""

    name: str
    zones: tuple[tuple[str, int, int, int, int], ...]


#: Table → fields that are computed from sums, so that they are right for any selection.
CALCULATIONS: dict[str, tuple[Calculation, ...]] = {
    "metrics_daily_sales": (
        Calculation(
            "aov", "Average order value (AOV)", "SUM([revenue_amount]) / SUM([order_count])",
            "money", "Revenue divided by orders.",
        ),
        Calculation(
            "week_over_week", "Change from one week before",
            "SUM(IF NOT ISNULL([last_week_revenue_amount]) THEN [revenue_amount] END) "
            "/ SUM([last_week_revenue_amount]) - 1",
            "rate", "Compares days of which both are complete and neither has missing sales.",
        ),
        Calculation(
            "aov_target", "AOV target", "MIN({target})", "money",
            "The threshold average_order_target.",
        ),
        Calculation(
            "meets_target", "Meets the AOV target",
            "SUM([revenue_amount]) / SUM([order_count]) >= {target}", "",
            "Whether the average order value is at least the threshold average_order_target.",
            "boolean",
        ),
    ),
    "sales_months": (
        Calculation(
            "month_over_month", "Change from the month before",
            "SUM(IF NOT ISNULL([last_month_revenue_amount]) THEN [revenue_amount] END) "
            "/ SUM([last_month_revenue_amount]) - 1",
            "rate", "Compares months of which both are complete.",
        ),
    ),
    "metrics_conversion_rates_daily": (
        Calculation(
            "view_to_cart", "View to cart rate",
            "SUM([sessions_with_view_and_cart]) / SUM([sessions_with_view])", "rate",
            "Sessions with a view that added to cart, divided by sessions with a view.",
        ),
        Calculation(
            "view_to_purchase", "View to purchase rate",
            "SUM([sessions_with_view_and_purchase]) / SUM([sessions_with_view])", "rate",
            "Sessions with a view that bought, divided by sessions with a view.",
        ),
    ),
    "metrics_churn": (
        Calculation(
            "churn", "Churn rate", "SUM([churned_count]) / SUM([observed_count])", "rate",
            "Customers without a second order within the window, divided by customers who were "
            "observed for the full window.",
        ),
    ),
    "metrics_rfm_segments": (
        Calculation(
            "customer_share", "Share of customers",
            "SUM([customer_count]) / SUM([total_customer_count])", "rate",
            "Customers in the segment, divided by all customers.",
        ),
        Calculation(
            "revenue_share", "Share of revenue",
            "SUM([revenue_amount]) / SUM([total_revenue_amount])", "rate",
            "Revenue of the segment, divided by all revenue.",
        ),
        Calculation(
            "revenue_per_customer", "Revenue per customer",
            "SUM([revenue_amount]) / SUM([customer_count])", "money",
            "Revenue divided by customers.",
        ),
    ),
}  # fmt: skip

_COMPLETE = (("is_complete", "true"),)
_SEGMENT = Used("rfm_segment")
WORKSHEETS = (
    Worksheet(
        "Revenue by day and change from one week before", "metrics_daily_sales", "Line",
        (Used("order_date", "day"),), (Used("revenue_amount", "sum"), Used("week_over_week")),
        where=_COMPLETE,
    ),
    Worksheet(
        "Average order value by week and its target", "metrics_daily_sales", "Bar",
        (Used("order_date", "week"),), (Used("aov"),), color=Used("meets_target"),
        tooltip=(Used("aov_target"),), where=_COMPLETE,
    ),
    Worksheet(
        "Revenue by month and change from the month before", "sales_months", "Bar",
        (Used("month_start", "month"),), (Used("revenue_amount", "sum"), Used("month_over_month")),
        tooltip=(Used("complete_day_count", "sum"), Used("day_count", "sum")),
    ),
    Worksheet(
        "Sessions that reach each stage", "funnel_stages", "Bar",
        (Used("session_count", "sum"),), (Used("stage"),), label=(Used("session_count", "sum"),),
        sort=("stage", "session_count"),
    ),
    Worksheet(
        "Conversion by week", "metrics_conversion_rates_daily", "Line",
        (Used("session_start_date", "week"),), (Used("view_to_cart"), Used("view_to_purchase")),
    ),
    Worksheet(
        "Customers and combined revenue by lifetime value", "metrics_ltv_distribution", "Bar",
        (Used("bucket_start_amount"),), (Used("customer_count", "sum"),
                                         Used("revenue_amount", "sum")),
    ),
    Worksheet(
        "Churn by week of the first order", "metrics_churn", "Line",
        (Used("cohort_start", "week"),), (Used("churn"),),
        tooltip=(Used("observed_count", "sum"), Used("churned_count", "sum")),
        where=(("cohort_grain", '"week"'),),
    ),
    Worksheet(
        "Top customers by revenue", "top_customers", "Bar",
        (Used("revenue_amount", "sum"),), (Used("customer_rank"),), color=_SEGMENT,
        label=(Used("revenue_amount", "sum"),), detail=(Used("user_id"),),
        tooltip=(Used("order_count", "sum"),),
    ),
    Worksheet(
        "Revenue by segment", "metrics_rfm_segments", "Square",
        color=Used("category_type"), size=Used("revenue_amount", "sum"),
        label=(_SEGMENT, Used("revenue_amount", "sum"), Used("recommended_action")),
        tooltip=(Used("revenue_share"),),
    ),
    Worksheet(
        "Customers by segment", "metrics_rfm_segments", "Circle",
        color=Used("revenue_per_customer"), size=Used("customer_count", "sum"),
        label=(_SEGMENT, Used("customer_count", "sum")),
    ),
    Worksheet(
        "Share of customers and of revenue by segment", "metrics_rfm_segments", "Bar",
        (Used("customer_share"), Used("revenue_share")), (_SEGMENT,),
        sort=("rfm_segment", "revenue_amount"),
    ),
)  # fmt: skip

DASHBOARDS = (
    Dashboard("Sales and AOV", (
        ("Revenue by day and change from one week before", 0, 0, 60, 50),
        ("Average order value by week and its target", 60, 0, 40, 50),
        ("Revenue by month and change from the month before", 0, 50, 40, 50),
        ("Sessions that reach each stage", 40, 50, 30, 50),
        ("Conversion by week", 70, 50, 30, 50),
    )),
    Dashboard("Churn and lifetime value", (
        ("Customers and combined revenue by lifetime value", 0, 0, 60, 50),
        ("Top customers by revenue", 60, 0, 40, 100),
        ("Churn by week of the first order", 0, 50, 60, 50),
    )),
    Dashboard("Segments by revenue", (("Revenue by segment", 0, 0, 100, 100),)),
    Dashboard("Segments by customers", (
        ("Customers by segment", 0, 0, 50, 100),
        ("Share of customers and of revenue by segment", 50, 0, 50, 100),
    )),
)  # fmt: skip
