"""Tables that predictions are stored in, and what they hold."""

from dataclasses import dataclass

#: Days for which orders and revenue are predicted; also in transform/macros/predictions.sql.
HORIZONS = (30, 60, 90)

#: Of each cell and horizon; the columns end in the days.
EXPECTED = (
    "orders", "orders_variance", "orders_median", "orders_low", "orders_high",
    "revenue_factor", "revenue_variance", "revenue_low", "revenue_high",
)  # fmt: skip
PARAMETERS = ("r", "alpha", "a", "b", "p", "q", "gamma")
#: Column → type.
FITS = {
    "as_of_date": "date", "observed_days": "bigint", "history_days": "bigint",
    "customer_count": "bigint", "repeat_customer_count": "bigint", "order_cell_count": "bigint",
    "value_cell_count": "bigint", **dict.fromkeys(PARAMETERS, "double"),
    "orders_log_likelihood": "double", "values_log_likelihood": "double",
    "value_fit_error": "double", **{f"orders_error_{days}": "double" for days in HORIZONS},
}  # fmt: skip
CELLS = {
    "as_of_date": "date", "order_day_count": "bigint", "recency_cell": "bigint",
    "age_cell": "bigint", "p_alive": "double", "waiting_days": "double",
    **{f"{name}_{days}": "double" for days in HORIZONS for name in EXPECTED},
}  # fmt: skip
TABLES = {"int_predicted_fits": FITS, "int_predicted_cells": CELLS}


@dataclass(frozen=True)
class Needs:
    """How many customers a fit needs."""

    buyers: int
    repeat_buyers: int
