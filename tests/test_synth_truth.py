"""The synthetic shop's faults and truth: its truth file matches its event files."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from estore.landing import find_files
from estore.synth import ALL_FAULTS, TRUTH, Behavior, SyntheticShop, chunks, write_shop

SHOP = SyntheticShop(events=260_000, months=3, seed=5, faults=ALL_FAULTS)
KEY = "event_time, event_type, product_id, user_id, user_session"


def made(folder: Path, shop: SyntheticShop) -> tuple[duckdb.DuckDBPyConnection, dict[str, Any]]:
    """The rows of all its files as `events`, with the file's name, and its truth."""
    paths = [str(path) for path in write_shop(folder, shop)]
    db = duckdb.connect()
    db.execute(
        "create table events as select * replace "
        "(strptime(event_time, '%Y-%m-%d %H:%M:%S UTC') as event_time), parse_filename(filename) "
        "as file from read_csv($paths, filename = true, types = {'event_time': 'varchar'})",
        {"paths": paths},
    )
    return db, json.loads((folder / TRUTH).read_text())


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return made(tmp_path_factory.mktemp("faulty"), SHOP)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Any:
    shop = SyntheticShop(events=SHOP.events, months=SHOP.months, seed=SHOP.seed, faults=())
    return made(tmp_path_factory.mktemp("clean"), shop)


def number(db: duckdb.DuckDBPyConnection, sql: str) -> Any:
    ((value,),) = db.execute(sql).fetchall()
    return value


def lasting(truth: dict[str, Any], name: str) -> tuple[datetime, datetime]:
    """Start and end of a fault."""
    (fault,) = (fault for fault in truth["faults"] if fault["fault"] == name)
    begin, end = (datetime.fromisoformat(fault[key]) for key in ("from_at", "to_at"))
    return begin, end


def within(truth: dict[str, Any], name: str) -> str:
    begin, end = lasting(truth, name)
    return f"event_time >= '{begin}' and event_time < '{end}'"


@pytest.mark.parametrize("shop", ["faulty", "clean"])
def test_the_truth_file_counts_what_the_files_contain(
    shop: str, request: pytest.FixtureRequest
) -> None:
    db, truth = request.getfixturevalue(shop)
    assert truth["files"]["rows"] == number(db, "select count(*) from events")
    distinct = number(db, f"select count(*) from (select distinct {KEY} from events)")
    assert truth["files"]["events"] == distinct
    assert truth["files"]["duplicates"] == truth["files"]["rows"] - distinct


def test_the_truth_file_of_a_clean_shop_matches_its_rows(clean: Any) -> None:
    db, truth = clean
    db.execute(f"create temp table once as select distinct {KEY}, price from events")
    happened = truth["happened"]
    assert happened["users"] >= number(db, "select count(distinct user_id) from once")
    assert happened["sessions"] == number(db, "select count(distinct user_session) from once")
    sales = "from once where event_type = 'purchase'"
    assert happened["orders"] == number(db, f"select count(distinct user_session) {sales}")
    assert happened["buyers"] == number(db, f"select count(distinct user_id) {sales}")
    assert happened["purchases"] == number(db, f"select count(*) {sales}")
    revenue = number(db, f"select sum(price)::double {sales}")
    assert happened["revenue_amount"] == pytest.approx(revenue, abs=0.001)
    db.execute(
        "create temp table held as select bool_or(event_type = 'view') as has_view, "
        "bool_or(event_type = 'cart') as has_cart, "
        "bool_or(event_type = 'purchase') as has_purchase "
        "from once group by user_session"
    )
    stated = truth["conversion"]
    for name in [name for name in stated if name.startswith("with_")]:
        stages = " and ".join(f"has_{stage}" for stage in name[5:].split("_and_"))
        assert stated[name] == number(db, f"select count(*) from held where {stages}"), name
    assert stated["view_to_cart_rate"] == round(
        stated["with_view_and_cart"] / stated["with_view"], 6
    )


def test_repeat_customers_match_the_rows_except_around_midnight(clean: Any) -> None:
    db, truth = clean
    rows = db.execute(
        "with orders as (select user_id, min(event_time)::date as day from events "
        "where event_type = 'purchase' group by user_id, user_session), "
        "buyers as (select user_id, min(day) as first, min_by(day, day, 2)[2] as second "
        "from orders group by user_id) "
        "select strftime(first, '%Y-%m'), count(*), count_if(second - first <= 30) "
        "from buyers group by 1 order by 1"
    ).fetchall()
    for cohort, (month, buyers, repeated) in zip(truth["repeat"], rows, strict=True):
        assert cohort["cohort"] == month
        assert cohort["customers"] == pytest.approx(buyers, rel=0.02)
        if month != "2019-12":  # with at least 30 days of history
            assert cohort["within_30_days"]["repeated"] == pytest.approx(repeated, rel=0.03)


def test_customers_reorder_with_the_stated_probability(clean: Any) -> None:
    """Four standard errors: eight such shares are compared here."""
    _, truth = clean
    compared = 0
    for cohort in truth["repeat"]:
        for window in (cohort[f"within_{days}_days"] for days in (30, 60, 90)):
            chance, observed = window["probability"], window["observed"]
            if observed > 30:
                error = (chance * (1 - chance) / observed) ** 0.5
                assert abs(window["repeated"] / observed - chance) < 4 * error
                compared += 1
    assert compared >= 4


def test_no_event_of_a_type_is_written_during_its_outage(faulty: Any) -> None:
    db, truth = faulty
    for name, missing, left in [
        ("purchase-outage", "('purchase')", "('view', 'cart')"),
        ("view-outage", "('view', 'cart')", "('purchase')"),
    ]:
        during = f"select count(*) from events where {within(truth, name)} and event_type in "
        assert number(db, during + missing) == 0
        assert number(db, during + left) > 0
    assert number(db, f"select count(*) from events where {within(truth, 'missing-day')}") == 0


def test_purchases_are_doubled_carts_lost_and_prices_zero_in_their_days(faulty: Any) -> None:
    db, truth = faulty
    doubled = f"event_type = 'purchase' and {within(truth, 'doubled-purchases')}"
    written = f"select count(*) as lines from events where {doubled} group by {KEY}"
    assert number(db, f"select min(lines) from ({written})") >= 2
    carts = f"where event_type = 'cart' and {within(truth, 'unlogged-carts')}"
    begin, end = lasting(truth, "unlogged-carts")
    usual = number(db, "select count_if(event_type = 'cart') / count(*) from events")
    share = number(
        db,
        f"select (select count(*) from events {carts}) / count(*) from events "
        f"where event_time >= '{begin}' and event_time < '{end}'",
    )
    assert 0.2 * usual < share < 0.5 * usual
    unpriced = f"event_type = 'purchase' and {within(truth, 'unpriced-purchases')}"
    assert number(db, f"select max(price) from events where {unpriced}") == 0


def test_late_and_duplicate_rows_have_their_own_file(faulty: Any) -> None:
    db, truth = faulty
    late = number(db, f"select distinct file from events where {within(truth, 'late-file')}")
    assert late.endswith(".late.csv")
    files = db.execute(
        f"select file, count(distinct ({KEY})) from events "
        f"where {within(truth, 'overlapping-file')} group by file order by file"
    ).fetchall()
    assert [file.split(".", 1)[1] for file, _ in files] == ["again.csv", "csv"]
    assert files[0][1] == files[1][1] > 1000


def test_ids_are_rarely_shared_or_kept_and_bots_browse_for_hours(faulty: Any) -> None:
    db, _ = faulty
    shared = number(
        db,
        "select count(*) from (select user_session from events group by user_session "
        "having count(distinct user_id) > 1)",
    )
    kept = number(
        db,
        "select count(*) from (select user_session from events group by user_session "
        "having max(event_time) - min(event_time) > interval 10 days)",
    )
    assert 1 <= shared <= 30 and 5 <= kept <= 200
    bots = db.execute(
        "select count(*) from events group by user_id, user_session having count(*) > 500"
    ).fetchall()
    assert len(bots) == 1


def test_products_are_renamed_from_december_on(faulty: Any, clean: Any) -> None:
    changed = (
        "select avg((of_autumn <> of_december)::int) from (select "
        "min(category_id) filter (event_time < '2019-12-01') as of_autumn, "
        "min(category_id) filter (event_time >= '2019-12-01') as of_december "
        "from events group by product_id) where of_autumn > 0 and of_december > 0"
    )
    assert number(faulty[0], changed) > 0.6 > 0.4 > number(clean[0], changed)
    code = (
        "select mode(category_code) from events where event_time >= '2019-12-01' and product_id in "
        "(select product_id from events where category_code = 'electronics.smartphone' "
        "and event_time < '2019-12-01')"
    )
    assert number(faulty[0], code) == "construction.tools.light"
    assert number(clean[0], code) == "electronics.smartphone"
    (stated,) = (fault for fault in faulty[1]["faults"] if fault["fault"] == "taxonomy-break")
    moved = faulty[0].execute(
        "select product_id from events group by 1 having count(distinct category_id) > 1"
    )
    assert {product for (product,) in moved.fetchall()} <= set(stated["product_ids"])
    assert stated["from_date"] == "2019-12-01"


def test_prices_are_cut_off_at_a_cap(faulty: Any, clean: Any) -> None:
    dearest = "select count(distinct product_id) from events where price = 1499"
    assert (
        number(faulty[0], dearest) > 5
        and number(faulty[0], "select max(price) from events") == 1499
    )
    assert number(clean[0], dearest) < 3


def test_the_same_seed_gives_the_same_faulty_bytes_in_chunks_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = SyntheticShop(events=9_000, months=2, seed=3, faults=ALL_FAULTS)
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        write_shop(folder, shop)
    first, again = ({path.name: path.read_bytes() for path in f.iterdir()} for f in folders)
    assert first == again and len(first) == 5
    assert {file.name for file in find_files([str(folders[0])])} == first.keys() - {TRUTH}


def test_a_side_file_is_complete_if_its_day_has_many_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 100)
    db, truth = made(
        tmp_path, SyntheticShop(events=20_000, months=1, seed=3, faults=("late-file",))
    )
    assert truth["files"]["rows"] == number(db, "select count(*) from events") == 20_000
    late = f"from events where {within(truth, 'late-file')}"
    assert number(db, f"select count(distinct file) {late}") == 1
    assert number(db, f"select count(*) {late}") > 200


def test_each_behavior_setting_changes_what_it_names(tmp_path: Path) -> None:
    def truth(name: str, **behavior: Any) -> dict[str, Any]:
        shop = SyntheticShop(events=60_000, months=3, faults=(), behavior=Behavior(**behavior))
        write_shop(tmp_path / name, shop)
        return json.loads((tmp_path / name / TRUTH).read_text())

    usual, dear = truth("usual"), truth("dear", spend=2.0)
    paid = [stated["happened"]["revenue_amount"] for stated in (usual, dear)]
    assert paid[1] == pytest.approx(2 * paid[0], rel=0.01)
    eager = truth("eager", buying=1.5, filling=0.5)
    buying = [stated["conversion"]["view_to_purchase_rate"] for stated in (usual, eager)]
    assert buying[1] == pytest.approx(1.5 * buying[0], rel=0.12)
    assert eager["conversion"]["cart_to_purchase_rate"] > 0.65
    loyal = truth("loyal", repeat_hazards=(0.5, 2.0), drop_out=0.5)
    october, november = (cohort["within_30_days"]["probability"] for cohort in loyal["repeat"][:2])
    assert october < usual["repeat"][0]["within_30_days"]["probability"] < november
    assert loyal["lifetime"][1] == {"share": 0.85, "daily_hazard": 0.006, "drop_out": 0.25}


def test_the_repeat_probability_follows_its_formula() -> None:
    """Geometric gaps and a probability to leave; the draws differ by at most 0.0001."""
    behavior = Behavior(repeat_hazards=(1.5,))
    expected = 0.15 * 0.94 * (1 - 0.7**30) + 0.85 * 0.5 * (1 - 0.982**30)
    assert behavior.repeating(0, 30) == pytest.approx(expected, abs=2e-4)
    assert np.all(behavior.gaps(0, 0) >= 1)


@pytest.mark.parametrize(
    "wrong", [{"buying": -1}, {"drop_out": 3}, {"repeat_hazards": (1, 9)}, {"repeat_hazards": ()}]
)
def test_the_error_of_a_wrong_behavior_names_the_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"{next(iter(wrong))} is .*: use 0 to"):
        Behavior(**wrong)


def test_known_customers_have_their_share_of_the_first_day_and_return_less_over_time(
    tmp_path: Path,
) -> None:
    shop = SyntheticShop(events=260_000, months=3, seed=5, faults=(), known_customers=0.5)
    _, truth = made(tmp_path / "half", shop)
    known = truth["known_customers"]
    assert known["share_of_first_day_orders"] == 0.5
    new = sum(cohort["customers"] for cohort in truth["repeat"])
    assert known["customers"] + new == truth["happened"]["buyers"]
    assert 0.02 * new < known["customers"] < new
    assert known["back_within_90_days"] < known["customers"], "not all return in 92 days"
    # New customers behave as before: the truth of cohorts excludes known customers.
    for cohort in truth["repeat"]:
        window = cohort["within_30_days"]
        chance, observed = window["probability"], window["observed"]
        if observed > 30:
            error = (chance * (1 - chance) / observed) ** 0.5
            assert abs(window["repeated"] / observed - chance) < 4 * error


def test_a_shop_without_known_customers_has_none_and_a_share_is_a_share(clean: Any) -> None:
    _, truth = clean
    assert truth["known_customers"]["customers"] == 0
    for wrong in (-0.1, 1):
        with pytest.raises(ValueError, match="known customers"):
            SyntheticShop(known_customers=wrong)


@pytest.mark.parametrize(
    ("events", "months", "behavior"),
    [
        (200_000, 2, Behavior()),
        (200_000, 2, Behavior(buying=3, filling=2)),
        # On its small days customers are due more often than sessions buy by themselves.
        (60_000, 6, Behavior(repeat_hazards=(2.0,))),
    ],
)
def test_conversion_comes_from_the_chances_that_are_stated(
    tmp_path: Path, events: int, months: int, behavior: Behavior
) -> None:
    shop = SyntheticShop(
        events=events, months=months, seed=8, format="parquet", faults=(), behavior=behavior
    )
    write_shop(tmp_path, shop)
    stated = json.loads((tmp_path / "truth.json").read_text())["conversion"]
    for first, then in (("view", "cart"), ("cart", "purchase"), ("view", "purchase")):
        chance = stated["chances"][f"{first}_to_{then}_rate"]
        spread = (chance * (1 - chance) / stated[f"with_{first}"]) ** 0.5
        realized = stated[f"{first}_to_{then}_rate"]
        assert abs(realized - chance) < 3.5 * spread
        assert realized != chance, "a chance is not what happened"
