"""Known customers: the file of first orders from before the data, which customers_since names."""

from pathlib import Path
from typing import Any

import pytest
from conftest import Workshop

from estore import pipeline
from estore.build.known_customers import known_file
from estore.build.thresholds import read_thresholds
from estore.console import Console
from estore.errors import EstoreError
from estore.findings import findings
from estore.shop import ShopConfig
from estore.snapshot.reader import open_snapshot

PROJECT = Path(__file__).resolve().parents[1] / "transform"


def read(folder: Path, written: str | bytes, name: str = "known.csv") -> Any:
    content = written if isinstance(written, bytes) else written.encode()
    (folder / "known.csv").write_bytes(content)
    shop = ShopConfig(thresholds={"customers_since": name})
    return read_thresholds(PROJECT, shop, folder / "shop.toml")["customers_since"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("user_id,since\nu,2019-01-01", 'known.csv: column "first_order_date" not found in the fi'),
        ("", 'known.csv: column "user_id" not found in the first row; write user_id,first_order_d'),
        ("user_id,first_order_date\n", "known.csv: no rows; add customers, or remove customers_s"),
        ("user_id,first_order_date\nu,2019-01-01\nv,1.2.2019",
         "known.csv: row 3, column \"first_order_date\": '1.2.2019' is not a day; write it as 20"),
        ("user_id,first_order_date\nu,2019-02-30", "row 2, column \"first_order_date\": '2019-02"),
        ("user_id,first_order_date\nu,20190201", "'20190201' is not a day"),
        ("user_id,first_order_date\n ,2019-01-01", 'row 2, column "user_id": must be the id of'),
        ("user_id,first_order_date\nu,2019-01-01,x", "row 2: 3 fields, but the first row has 2;"),
        ('user_id,first_order_date\n"u,2019-01-01', "known.csv: row 2: unexpected end of data;"),
        (b"user_id,first_order_date\n\xff,2019-01-01", "known.csv: not UTF-8: invalid start byte"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_row_column_and_fix(
    tmp_path: Path, written: str | bytes, said: str
) -> None:
    with pytest.raises(EstoreError) as refused:
        read(tmp_path, written)
    assert said in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for name in ("other.csv", "~no-such-user/other.csv", "\0.csv"):
        with pytest.raises(EstoreError, match=r"shop\.toml: \[thresholds\] customers_since"):
            read(tmp_path, "", name)
    with pytest.raises(EstoreError, match=r"must be .*or a \.csv file with user_id"):
        read(tmp_path, "", "known.txt")


def test_a_changed_file_changes_the_threshold_and_a_renamed_column_order_is_read(
    tmp_path: Path,
) -> None:
    first = read(tmp_path, "user_id,first_order_date\nu,2019-01-01\n")
    assert first.startswith("known.csv (1 customers, ")
    again = read(tmp_path, "\ufeffname,First_Order_Date,USER_ID\r\nAnn,2019-01-02,u\r\n\r\n")
    assert again.startswith("known.csv (1 customers, ") and again != first
    assert known_file("known.csv", tmp_path / "shop.toml") == tmp_path / "known.csv"


def test_known_customers_are_in_no_cohort_and_have_no_first_time_order(workshop: Workshop) -> None:
    """40 customers are known, 40 are new; each orders on 1 January and 40 on 1 February, too."""
    workshop.write(
        "a.csv",
        [
            {"event_type": "purchase", "user_id": f"u{n}", "user_session": f"{n}-{day}",
             "event_time": f"{day} 12:00:00 UTC", "price": "10"}
            for n in range(80) for day in ("2020-01-01", "2020-02-01")
            if day == "2020-01-01" or n % 2
        ] + [{"user_id": "x", "event_time": "2020-06-01 12:00:00 UTC"}],
    )  # fmt: skip
    workshop.load()
    workshop.settings.home.mkdir(exist_ok=True)
    known = workshop.settings.home / "known.csv"
    asked = """
        select
            (select (customer_count, repeated_count, is_left_censored)
             from metrics.metrics_churn_overall),
            (select sum(first_order_count) from metrics.metrics_daily_sales),
            (select max((customer_count, active_count)) from metrics.metrics_retention
             where cohort_grain = 'month' and period_index = 1),
            (select max((customer_count, is_left_censored)) from metrics.metrics_repeat_curve
             where cohort_grain = 'overall'),
            (select bool_or(is_left_censored) from metrics.metrics_rfm_migration),
            (select count(*) from marts.dim_users where customer_since_date = '2019-05-01')
    """
    found = []
    # Without a file, with one of 40 customers, and with one more customer in it.
    for size in (0, 40, 41):
        if size:
            listed = [f"u{n},2019-05-01" for n in range(size)]
            known.write_text("\n".join(["user_id,first_order_date", *listed, "y,2019-05-01"]))
        since = {"customers_since": "known.csv"} if size else {}
        workshop.shop = ShopConfig(thresholds=since)
        pipeline.build(workshop.settings, workshop.shop, Console(quiet=True))
        found += workshop.query(asked)
    assert found == [
        ((80, 40, True), 80, (80, 40), (80, True), True, 0),
        ((40, 20, False), 40, (40, 20), (40, False), True, 40),
        ((39, 20, False), 39, (39, 20), (39, False), True, 41),
    ]
    with open_snapshot(workshop.settings) as (snapshot, manifest):
        said = [each for each in findings.key_findings(snapshot, manifest) if each.topic == "Churn"]
    assert "of 39 customers did not reorder" in said[0].sentence
    assert said[0].caveat == "customers with an earlier order in known.csv are left out"
