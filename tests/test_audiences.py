"""Audiences: their definitions, what a condition may contain, and who is in them."""

import json
from pathlib import Path

import pytest
from conftest import Workshop

from estore.audiences.conditions import check_condition, check_order
from estore.audiences.customers import open_customers
from estore.audiences.definitions import read_definitions
from estore.errors import EstoreError
from estore.settings import Settings


@pytest.mark.parametrize(
    "where",
    [
        "rfm_segment = 'At Risk' and expected_revenue_90d > 50",
        "last_order_date >= as_of_date - 30 -- recent",
        "rfm_segment in ('Lost', 'Champions') and not is_leaving or favorite_brand ilike 's%'",
        "last_order_date between date '2020-01-01' - interval 10 days and as_of_date",
        "coalesce(p_alive, 0) < 0.5 and order_count % 2 = 1 and favorite_category is null",
        "case when order_count > 1 then net_revenue_amount > 9 else dim_customers.is_leaving end",
    ],
)
def test_a_condition_may_compare_columns(where: str) -> None:
    check_condition(where, "where")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("rfm_segmnt = 'x'", "has no column rfm_segmnt; did you mean rfm_segment?"),
        ('rfm_segment = "At Risk"', "put text in single quotes"),
        ("1 = 1) union select 1 from dim_customers where (1 = 1", "may only compare"),
        ("1 = 1) group by (user_id", "may only compare"),
        ("1 = 1) order by (1", "must be one condition"),
        ("1 = 1); drop table dim_customers; select (1", "not valid SQL"),
        ("user_id in (select user_id from raw_rejects)", "a subquery"),
        ("exists (from '/etc/passwd')", "a subquery"),
        ("read_text('/etc/passwd') != ''", "the function read_text()"),
        ("getenv('HOME') = ''", "the function getenv()"),
        ("system.main.lower(user_id) = ''", "the function lower()"),
        ("count(*) over () > 1", "a window function"),
        ("count(*) > 1", "the function count_star()"),
        ("len([x for x in [1]]) > 0", "the function len"),
        ("columns(*) = 1", "uses *"),
        ("$1 = 1", "a parameter"),
        ("user_id::json is null", "the type json"),
        ("last_order_date > current_date", "as_of_date"),
        ("last_order_date > now()", "as_of_date"),
        ("order_count >", "not valid SQL"),
    ],
)
def test_a_condition_can_read_nothing_else(where: str, said: str) -> None:
    with pytest.raises(EstoreError) as refused:
        check_condition(where, "audiences.toml: [win-back] where")
    assert str(refused.value).startswith("audiences.toml: [win-back] where")
    assert said in str(refused.value)


@pytest.mark.parametrize("order_by", ["1", "order_count limit 5", "(select 1)", "order_cout"])
def test_an_order_names_columns(order_by: str) -> None:
    check_order("net_revenue_amount desc nulls last, lower(user_id)", "order_by")
    with pytest.raises(EstoreError):
        check_order(order_by, "order_by")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[win-back]\nwher = 'true'", "unknown entry wher; did you mean where?"),
        ("[win-back]\nlimit = 3", "needs a where"),
        ("[win-back]\nwhere = 'true'\nlimit = 0", "limit must be a whole number of at least 1"),
        ("[win-back]\nwhere = 'true'\ncontrol_share = 1", "control_share must be a number"),
        ("[win-back]\nwhere = 'true'\nschedule = 'daily'", "schedule must be a cron"),
        ("[Win Back]\nwhere = 'true'", "unexpected"),
        ("['Win Back']\nwhere = 'true'", "lower-case letters"),
        ("where = 'true'", "begin an audience with [its-name]"),
        ("[exports]\nphone_country_code = '0049'", "phone_country_code"),
    ],
)
def test_a_wrong_definition_is_reported(tmp_path: Path, toml: str, said: str) -> None:
    (tmp_path / "audiences.toml").write_text(toml)
    with pytest.raises(EstoreError) as refused:
        read_definitions(Settings(home=tmp_path))
    assert str(tmp_path / "audiences.toml") in str(refused.value)
    assert said in str(refused.value) or "not valid TOML" in str(refused.value)


def test_ten_audiences_are_ready_and_own_ones_replace_them(published_home: Workshop) -> None:
    settings = published_home.settings
    (settings.home / "audiences.toml").write_text(
        "[lost]\nwhere = \"order_count > 1\"\n[all]\nwhere = 'order_count >= 1'\nlimit = 7\n"
    )
    definitions = read_definitions(settings)
    assert len(definitions.audiences) == 11
    with open_customers(settings, definitions) as customers:
        sizes = customers.sizes(list(definitions.audiences.values()))
        (rows,) = (customers.rows(definitions.named("all"), ["user_id", "favorite_brand"]),)
    assert sizes["all"] == 1 and rows == [("501", "samsung")]
    assert sizes["lost"] == 0 == sizes["open-carts"]
    assert sum(sizes.values()) == 2  # the customer's own segment and `all`
    with pytest.raises(EstoreError, match="did you mean champions"):
        definitions.named("champion")


@pytest.mark.parametrize(
    ("where", "said"), [("order_count = 'a'", "Could not convert"), ("order_count", "no condition")]
)
def test_a_condition_that_fails_on_the_data_names_its_audience(
    published_home: Workshop, where: str, said: str
) -> None:
    settings = published_home.settings
    (settings.home / "audiences.toml").write_text(f"[mine]\nwhere = {json.dumps(where)}\n")
    definitions = read_definitions(settings)
    with open_customers(settings, definitions) as customers, pytest.raises(EstoreError) as refused:
        customers.sizes(list(definitions.audiences.values()))
    assert "[mine] where" in str(refused.value) and said in str(refused.value)


def test_the_connection_can_read_nothing_but_the_customers(published_home: Workshop) -> None:
    settings = published_home.settings
    secret = settings.home / "secret.csv"
    secret.write_text("a\n1\n")
    with open_customers(settings, read_definitions(settings)) as customers:
        for sql in (f"select * from '{secret}'", "set enable_external_access = true"):
            with pytest.raises(Exception, match=r"disabled|locked|Cannot|does not exist"):
                customers.connection.execute(sql)
