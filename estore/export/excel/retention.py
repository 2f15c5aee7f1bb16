"""Retention: monthly cohorts by month since the first order, colored by rate."""

from typing import Any

from estore.export.captions import caption
from estore.export.source import Source

_NEEDS = (
    "cohort_grain", "cohort_start", "period_index", "customer_count", "is_complete",
    "retention_rate",
)  # fmt: skip
_TOP = 3


def write_retention(writer: Any, source: Source) -> None:
    """One row a cohort, one column a month. A month that is not complete is empty."""
    if not source.has("metrics_retention", *_NEEDS):
        return
    rows = source.query(
        "select cohort_start, period_index, customer_count, "
        "case when is_complete then retention_rate end as retention_rate "
        "from metrics_retention where cohort_grain = 'month' order by cohort_start, period_index"
    )
    sheet = writer.start(
        "Retention", "Which share of customers orders again, by month since the first order?",
        writer.period(),
    )  # fmt: skip
    cohorts = {row["cohort_start"]: row["customer_count"] for row in rows}
    last = max([row["period_index"] for row in rows], default=0)
    cells = {(row["cohort_start"], row["period_index"]): row["retention_rate"] for row in rows}
    columns = [("cohort_start", "DATE"), ("customer_count", "BIGINT")]
    columns += [(f"month_{number}_rate", "DOUBLE") for number in range(last + 1)]
    table = [
        [start, customers, *(cells.get((start, number)) for number in range(last + 1))]
        for start, customers in cohorts.items()
    ]
    note = "Share of the cohort's customers with an order in this month after the first order."
    writer.table(
        sheet, _TOP, columns, table, {name: note for name, _ in columns if "rate" in name}
    )  # fmt: skip
    sheet.set_column(2, last + 2, max(len(caption(columns[-1][0])) + 4, 10))
    if table and last:
        sheet.conditional_format(
            _TOP + 1, 3, _TOP + len(table), last + 2,
            {"type": "2_color_scale", "min_color": "#ffffff", "max_color": "#5b9bd5"},
        )  # fmt: skip
