"""A shop's thresholds are accepted, or refused with their name and the fix."""

import json
import re
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import Workshop
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from landing_files import lines, text

from estore.build.builder import Transform
from estore.build.dbt_project import project_folder
from estore.build.state import BuildState
from estore.build.thresholds import allowed, read_thresholds
from estore.cli import main
from estore.errors import EstoreError
from estore.shop import ShopConfig, read_shop
from estore.warehouse import open_warehouse as open_engine

ROOT = Path(__file__).resolve().parents[1]


def read(**own: Any) -> dict[str, Any]:
    return read_thresholds(project_folder(), ShopConfig(thresholds=own), Path("shop.toml"))


def test_a_shop_changes_only_what_it_names() -> None:
    before, after = read(), read(churned_days=99, as_of_date=date(2020, 4, 30))
    assert after == {**before, "churned_days": 99, "as_of_date": "2020-04-30"}
    assert "batch_from" not in before


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"churn_days": 1}, "churn_days: unknown threshold; did you mean churned_days"),
        ({"batch_from": "2020-01-01"}, "batch_from: unknown threshold"),
        ({"shop_timezone": "Mars/Base"}, "not a known time zone; must be an IANA time zone"),
        ({"shop_timezone": "UTC') or ('1'='1"}, "not a known time zone"),
        ({"shop_timezone": ["UTC"]}, "not a known time zone"),
        ({"shop_timezone": "localtime"}, "not a known time zone"),
        ({"shop_timezone": 2}, "not a known time zone"),
        ({"as_of_date": "30.4.2020"}, "as_of_date = '30.4.2020': must be a day, as in 2020-04-30"),
        ({"as_of_date": datetime(2020, 4, 30, 12)}, "must be a day, as in 2020-04-30"),
        ({"as_of_date": 20200430}, "must be a day, as in 2020-04-30"),
        ({"session_timeout_minutes": "30"}, "must be a whole number from 1 to 720"),
        ({"session_timeout_minutes": 0}, "must be a whole number from 1 to 720"),
        ({"session_timeout_minutes": 721}, "must be a whole number from 1 to 720"),
        ({"session_timeout_minutes": 30.5}, "must be a whole number from 1 to 720"),
        ({"churned_days": True}, "must be a whole number from 1 to 3,650"),
        ({"churned_days": -1}, "must be a whole number from 1 to 3,650"),
        ({"churned_days": 10**30}, "must be a whole number from 1 to 3,650"),
        ({"alert_missing_share": 5}, "must be a number from 0 to 1"),
        ({"alert_missing_share": True}, "must be a number from 0 to 1"),
        ({"alert_missing_share": float("nan")}, "must be a number from 0 to 1"),
        ({"anomaly_deviations": float("inf")}, "must be a number from 0.5 to 100"),
        ({"anomaly_deviations": 0}, "must be a number from 0.5 to 100"),
        ({"alert_duplicate_factor": "2"}, "must be a number from 1 to 1,000"),
        ({"nobody_ids": "null"}, "must be a list of texts"),
        ({"nobody_ids": ["null", 3]}, "must be a list of texts"),
        ({"nobody_ids": ["it's"]}, "must be a list of texts without ' in them"),
        ({"nobody_ids": [""]}, "must be a list of texts"),
        ({"rfm_bands": 3}, "must be 5, as the segment rules are made for 5 bands"),
        ({"rfm_bands": 5.0}, "must be 5, as the segment rules are made for 5 bands"),
        ({"churned_days": [1] * 500}, "must be a whole number from 1 to 3,650"),
        ({"churned_days": 40}, "are 30, 45, 40; none may be smaller than the one before"),
        ({"repeated_purchases_are_units": 1}, "must be true or false"),
        ({"leaving_probability": 1.5}, "must be a number from 0 to 1"),
        ({"customers_since": "always"}, 'must be "data": the shop began with the data'),
        ({"customers_since": ["data"]}, 'must be "data"'),
    ],
)
def test_an_impossible_threshold_is_refused(own: dict[str, Any], said: str) -> None:
    with pytest.raises(EstoreError, match=said) as refused:
        read(**own)
    assert str(refused.value).startswith("shop.toml: [thresholds] ")
    assert len(str(refused.value)) < 200


def test_deviations_and_factors_may_have_a_fraction() -> None:
    known = read(anomaly_deviations=3.5, alert_duplicate_factor=1.5, rfm_bands=5, nobody_ids=[])
    assert (known["anomaly_deviations"], known["alert_duplicate_factor"]) == (3.5, 1.5)


def test_every_default_is_allowed() -> None:
    defaults = {name: value for name, value in read().items() if value is not None}
    assert read(**defaults) == read()


def test_the_metrics_page_states_the_range_of_each_threshold() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    page = page.partition("| threshold | allowed |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| ([^|]*) \| ([^|]*) \|$", page, re.MULTILINE))
    by_name: dict[str, str] = {}
    for names, said in rows.items():
        for name in re.findall(r"`(.+?)`", names) or [names]:
            by_name.setdefault(name, said)
    ends = [name for name in by_name if name.startswith("…")]
    for name, default in read().items():
        key = name
        if name not in by_name:
            key = next((end for end in ends if name.endswith(end[1:])), "all others")
        assert by_name[key] == allowed(name, default), name


def test_a_load_refuses_a_shop_toml_that_no_build_would_take(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(text(lines(2)))
    for said, wrong in (
        ("[thresholds] churn_days: unknown threshold", "[thresholds]\nchurn_days = 1"),
        ("rfm_bands = 3: must be 5", "[thresholds]\nrfm_bands = 3"),
        ("unknown entry treshholds", "[treshholds]\nchurned_days = 90"),
    ):
        (tmp_path / "shop.toml").write_text(wrong)
        for arguments in (
            ["load", str(tmp_path / "a.csv")],
            ["load", "--mapping", str(tmp_path / "shop.toml"), str(tmp_path / "a.csv")],
        ):
            result = CliRunner().invoke(main, ["--home", str(tmp_path), *arguments])
            assert (result.exit_code, said in result.stderr) == (3, True), result.output
            assert str(tmp_path / "shop.toml") in result.stderr
    assert not (tmp_path / "warehouse.duckdb").exists()


def test_a_build_names_the_thresholds_that_changed(workshop: Workshop) -> None:
    workshop.write("a.csv", [{}])
    workshop.load()
    with open_engine(workshop.settings) as warehouse, warehouse.transaction():
        kept = Transform(workshop.settings, workshop.shop).project.thresholds
        BuildState(warehouse.control_tables).set(
            "thresholds", json.dumps({**kept, "churned_days": 90})
        )
    transform = Transform(workshop.settings, workshop.shop)
    assert transform.changed_thresholds() == ["churned_days 90 → 60"]


VALUES = st.one_of(
    st.sampled_from([
        "true", "-1", "0", "5", "3.5", "inf", "-inf", "nan", "1e400", "99999999999999999999", '""',
        '"UTC"', '"localtime"', '"\\u0000"', "[]", '["UTC"]', "{}", "{a = 1}", "2020-01-01",
        "2020-01-01T00:00:00Z", "12:00:00", "0x10", "[[[[]]]]",
    ]),
    st.integers().map(str),
    st.text(max_size=8).map(json.dumps),
)  # fmt: skip
PLAIN_FILE = [
    'time_zone = "Europe/Berlin"', 'delimiter = ";"', "earliest_date = 2001-01-01", "[columns]",
    '"Zeit" = "event_time"', "[event_types]", '"Kauf" = "purchase"', "[thresholds]",
    "churned_days = 90", 'shop_timezone = "UTC"', "as_of_date = 2020-04-30", "rfm_bands = 5",
    "alert_missing_share = 0.2", "exclude_bots = true", "[orchestration]", "tries = 2",
]  # fmt: skip


@seed(23)
@settings(max_examples=400, deadline=None, database=None)
@given(st.data())
def test_every_shop_toml_gives_a_config_or_a_message(data: st.DataObject) -> None:
    written = list(PLAIN_FILE)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(written) - 1))
        name = written[at].partition(" = ")[0]
        written[at] = data.draw(
            st.one_of(
                VALUES.map(lambda value, name=name: f"{name} = {value}"),
                st.just(""),
                st.text(max_size=12),
                st.just(written[at] + "\n" + written[at]),
            )
        )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "shop.toml"
        path.write_bytes("\n".join(written).encode("utf-8", "surrogatepass"))
        try:
            read_thresholds(project_folder(), read_shop(path), path)
        except EstoreError as error:
            assert str(path) in str(error)


def test_a_deeply_nested_shop_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text("a = " + "[" * 100_000)
    with pytest.raises(EstoreError, match="not valid TOML"):
        read_shop(tmp_path / "shop.toml")
