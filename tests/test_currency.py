"""Money has the shop's currency everywhere."""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from conftest import Workshop

from estore import pipeline
from estore.build.dbt_project import project_folder
from estore.build.thresholds import read_thresholds
from estore.console import Console
from estore.currency import currency
from estore.errors import EstoreError
from estore.findings.findings import as_text, key_findings
from estore.shop import ShopConfig
from estore.snapshot.reader import open_snapshot

CODES = ["USD", "EUR", "JPY", "KWD", "BRL", "XAF", "HUF", "UZS"]
NUMBERS = Path(__file__).parents[1] / "estore" / "dashboard" / "web" / "src" / "numbers.js"


@pytest.mark.parametrize(
    ("code", "whole", "exact"),
    [
        ("USD", "$1,234", "$1,234.50"), ("EUR", "€1,234", "€1,234.50"), ("JPY", "¥1,234", "¥1,234"),
        ("KWD", "KWD\xa01,234", "KWD\xa01,234.500"), ("BRL", "R$1,234", "R$1,234.50"),
        ("UZS", "UZS\xa01,234", "UZS\xa01,234.50"),
    ],
)  # fmt: skip
def test_an_amount_has_the_symbol_and_the_digits_of_its_currency(code, whole, exact) -> None:
    assert currency(code).amount(1234.5) == whole
    assert currency(code).amount(1234.5, exact=True) == exact


def test_a_negative_amount_has_its_sign_first_and_an_amount_rounded_to_zero_has_none() -> None:
    assert currency("USD").amount(-3) == "-$3"
    assert currency("USD").amount(-0.2) == "$0"


@pytest.mark.parametrize("wrong", ["usd", "US", "XYZ", "€", "", 840, True, ["EUR"]])
def test_an_unknown_currency_is_refused_with_the_fix(wrong: object) -> None:
    shop = ShopConfig(thresholds={"shop_currency": wrong})
    with pytest.raises(EstoreError, match=r"shop_currency = .*ISO 4217 code such as EUR"):
        read_thresholds(project_folder(), shop, Path("shop.toml"))


def test_dbt_uses_the_default_currency_by_default() -> None:
    variables = yaml.safe_load((project_folder() / "dbt_project.yml").read_text())["vars"]
    default = currency(variables["shop_currency"])
    assert (variables["currency_symbol"], variables["currency_digits"]) == (
        default.symbol, default.digits,
    )  # fmt: skip


def test_findings_caveats_and_alerts_write_money_in_the_currency_of_the_shop(
    open_workshop: Callable[..., Workshop],
) -> None:
    workshop = open_workshop(shop=ShopConfig(thresholds={"shop_currency": "KWD"}))
    capped = [{"product_id": f"{n}", "price": "1499.505", "user_id": f"{n}"} for n in range(40)]
    below = [{"product_id": f"{n}", "price": f"{n}", "user_id": f"{n}"}
             for n in range(1000, 1100, 10)]  # fmt: skip
    workshop.write("a.csv", [{"event_type": "purchase", "user_session": "s", **row}
                             for row in capped + below])  # fmt: skip
    workshop.load()
    pipeline.build(workshop.settings, workshop.shop, Console(quiet=True))

    with open_snapshot(workshop.settings) as (snapshot, manifest):
        said = as_text(key_findings(snapshot, manifest), manifest)
    assert "KWD\xa070,430 from 50 orders, KWD\xa01,408.604 each" in said
    assert "at KWD\xa01,499.505, the highest price" in said
    assert "$" not in said


@pytest.mark.skipif(not shutil.which("node"), reason="no node on this machine")
def test_the_page_writes_a_currency_as_the_findings_do(tmp_path: Path) -> None:
    script = tmp_path / "write.mjs"
    script.write_text(
        f"import {{ full, payIn }} from {json.dumps(NUMBERS.as_uri())};\n"
        f"const currencies = {json.dumps([asdict(currency(code)) for code in CODES])};\n"
        "console.log(JSON.stringify(currencies.map((currency) => {\n"
        "  payIn(currency);\n"
        "  return [full(1234567, 'money'), full(12.3456, 'money', true)];\n"
        "})));\n"
    )
    ran = subprocess.run(["node", script], capture_output=True, text=True, check=True)

    written = [
        [currency(code).amount(1234567), currency(code).amount(12.3456, exact=True)]
        for code in CODES
    ]
    assert json.loads(ran.stdout) == written
