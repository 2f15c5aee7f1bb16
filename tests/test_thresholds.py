"""A shop's thresholds: taken as they are, or refused with the name and the fix."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from estore.build.dbt_project import project_folder
from estore.build.thresholds import read_thresholds
from estore.errors import EstoreError
from estore.shop import ShopConfig


def read(**own: Any) -> dict[str, Any]:
    return read_thresholds(project_folder(), ShopConfig(thresholds=own), Path("shop.toml"))


def test_a_shop_changes_only_what_it_names() -> None:
    before, after = read(), read(churned_days=99, as_of_date=date(2020, 4, 30))
    assert after == {**before, "churned_days": 99, "as_of_date": "2020-04-30"}
    assert "built_from" not in before


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"churn_days": 1}, "churn_days: not known; there are .*churned_days"),
        ({"built_from": "2020-01-01"}, "built_from: not known"),
        ({"shop_timezone": "Mars/Base"}, "not a known time zone; use a name such as"),
        ({"shop_timezone": "UTC') or ('1'='1"}, "not a known time zone"),
        ({"as_of_date": "30.4.2020"}, "as_of_date = '30.4.2020': Invalid isoformat"),
        ({"session_timeout_minutes": "30"}, "must be a number"),
        ({"session_timeout_minutes": 0}, "must be 1 or more, 720 at most"),
        ({"session_timeout_minutes": 721}, "must be 1 or more, 720 at most"),
        ({"session_timeout_minutes": 30.5}, "must be a whole number"),
        ({"churned_days": True}, "must be a number"),
        ({"churned_days": -1}, "must be 0 or more"),
        ({"churned_days": 40}, "are 30, 45, 40; none may be smaller than the one before"),
        ({"repeated_purchases_are_units": 1}, "must be true or false"),
        ({"rfm_bands": 10}, "must be 1 or more, 9 at most"),
    ],
)
def test_a_threshold_that_cannot_be_is_refused(own: dict[str, Any], said: str) -> None:
    with pytest.raises(EstoreError, match=said) as refused:
        read(**own)
    assert str(refused.value).startswith("shop.toml: [thresholds] ")
