"""Presets: the samples in tests/samples, written by hand from public schemas, load completely."""

import json
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest
from landing_files import Home, gz, zst

from estore.shop import ShopConfig, read_shop, with_preset
from estore.sources import all_presets

SAMPLES = Path(__file__).parent / "samples"
DOCS = Path(__file__).resolve().parents[1] / "docs" / "sources"
FILES = {path.name.partition(".")[0]: path for path in SAMPLES.iterdir()}
# preset → (rows, loaded, rejected, ignored types)
EXPECTED: dict[str, tuple[int, int, int, dict[str, int]]] = {
    "ga4": (13, 6, 2, {"view_item_list": 2, "page_view": 1, "refund": 1, "session_start": 1}),
    "shopify-orders": (9, 6, 1, {"refund": 1, "removed": 1}),
    "woocommerce-orders": (6, 3, 1, {"order pending": 1, "refund": 1}),
    "segment": (13, 6, 2, {"product list viewed": 2, "cancel": 1, "page": 1, "refund": 1}),
    "online-retail": (7, 3, 1, {"adjustment": 1, "refund": 1, "stock": 1}),
    "retailrocket": (5, 4, 1, {}),
    "rees46": (4, 3, 1, {}),
    "snowplow": (10, 5, 1, {"list_view": 2, "page_view": 1, "refund": 1}),
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, max_reject_share=1, threads=1)


def preset(name: str) -> ShopConfig:
    return with_preset(ShopConfig(), name)


def load(home: Home, name: str) -> Any:
    return home.load_one(FILES[name].name, FILES[name].read_bytes(), shop=preset(name))


@pytest.mark.parametrize("name", sorted(all_presets()))
def test_every_row_of_a_sample_is_loaded_rejected_or_ignored(home: Home, name: str) -> None:
    outcome = load(home, name)
    ((types, source),) = home.query("select ignored_event_types, source from raw.files")
    lines, loaded, rejected, ignored = EXPECTED[name]
    assert (outcome.error, outcome.lines, outcome.loaded) == (None, lines, loaded)
    assert (outcome.rejected, outcome.ignored) == (rejected, sum(ignored.values()))
    assert json.loads(types or "{}") == ignored
    assert (source or "").startswith(f"preset {name} ") or name == "rees46"
    assert all(number for number, _, _ in home.rejects()), "a rejected row names its line"
    assert lines == loaded + rejected + outcome.ignored


def test_every_preset_has_a_sample_a_page_and_the_address_of_its_schema() -> None:
    for name, each in all_presets().items():
        assert name in FILES and name in EXPECTED
        assert each.schema.startswith("https://")
        page = (DOCS / f"{name}.md").read_text()
        assert each.schema in page
        for part in each.unknown:
            assert part in page.replace("\n", " "), f"{name}.md does not say: {part}"


def purchases(home: Home) -> list[tuple[Any, ...]]:
    return home.query(
        "select product_id::varchar, price, quantity, order_id, user_id::varchar from raw.events "
        "where event_type = 'purchase' order by order_id, product_id, event_time"
    )


def test_a_ga4_purchase_gives_a_row_per_item_in_its_session(home: Home) -> None:
    load(home, "ga4")
    assert purchases(home) == [
        ("SKU1", Decimal("19.5"), 2, "T-1", "11.22"), ("SKU2", Decimal(5), 1, "T-1", "11.22"),
    ]  # fmt: skip
    rows = home.query("select event_time, user_id::varchar, user_session::varchar from raw.events "
                      "where event_type = 'view' order by 1")  # fmt: skip
    assert rows == [
        (datetime(2023, 11, 14, 11, 6, 42), "11.22", "11.22-1700000001"),
        (datetime(2023, 11, 14, 11, 6, 48), "c-7", "c-7"),  # signed in, without a session id
    ]


@pytest.mark.parametrize("is_final_first", [False, True])
def test_a_final_ga4_file_replaces_the_provisional_one(home: Home, is_final_first: bool) -> None:
    early, final = "events_intraday_20231114.json", "events_20231114.json.gz"
    data = FILES["ga4"].read_bytes()
    home.write(early, b"\n".join(data.splitlines()[:5]).replace(b"SKU1", b"SKU8"))
    home.write(final, gz(data))
    for name in (final, early) if is_final_first else (early, final):
        home.load(name, shop=preset("ga4"))
    home.load(shop=preset("ga4"))
    assert home.products() == ["SKU1"] * 4 + ["SKU2", "Tee (not set)"]
    assert home.statuses() == {final: "loaded"}
    home.load("events_intraday_20231114.json", shop=preset("ga4"))
    assert "SKU8" not in home.products()


@pytest.mark.parametrize("pack", ["parquet", "array", "gz", "zst", "utf-16"])
def test_a_ga4_export_gives_the_same_rows_in_every_form(
    home: Home, tmp_path: Path, pack: str
) -> None:
    load(home, "ga4")
    expected, data = home.events(), FILES["ga4"].read_bytes()
    other = Home(tmp_path / "other", max_reject_share=1)
    shop = preset("ga4")
    if pack == "parquet":
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (select * replace (event_timestamp::bigint as event_timestamp) from "
                f"read_json('{FILES['ga4']}')) to '{other.landing}/a.parquet' (format parquet)"
            )
        other.load_one("a.parquet", shop=shop)
    elif pack == "array":
        lines = data.decode().splitlines()
        other.load_one("a.json", f"[{','.join(lines)}]".encode(), shop=shop)
    elif pack == "utf-16":
        shop = ShopConfig(**{**vars(shop), "encoding": "utf-16"})
        other.load_one("a.ndjson", data.decode().encode("utf-16"), shop=shop)
    else:
        other.load_one(f"a.ndjson.{pack}", {"gz": gz, "zst": zst}[pack](data), shop=shop)
    assert other.events() == expected


def test_a_shopify_order_has_its_fields_in_its_first_row_only(home: Home) -> None:
    load(home, "shopify-orders")
    ann, bob = (sha256(text.encode()).hexdigest() for text in ("ann@example.com", "+1 555 0100"))
    assert purchases(home) == [
        ("Sticker", Decimal(5), 1, "#1001", ann), ("TEE-B", Decimal(20), 2, "#1001", ann),
        ("TEE-R", Decimal(20), 1, "#1002", bob), ("TEE-B", Decimal(20), 1, "#1003", ann),
        ("MUG", Decimal(8), 1, "#1005", ann), ("MUG", Decimal(8), 1, "#1005", ann),
    ]  # fmt: skip
    times = home.query("select count(distinct event_time) from raw.events where order_id = '#1005'")
    assert times == [(2,)], "two equal rows of an order are not duplicates"
    assert not home.query("select 1 from raw.events where contains(user_id::varchar, '@')")


def test_a_woocommerce_price_is_that_of_one_piece_before_discounts(home: Home) -> None:
    load(home, "woocommerce-orders")
    guest = sha256(b"bob@example.com").hexdigest()
    assert purchases(home) == [
        ("32", Decimal(20), 1, "501", "7"), ("HOOD", Decimal(20), 2, "501", "7"),
        ("CAP", Decimal(10), 3, "502", guest),
    ]  # fmt: skip


def test_a_segment_order_gives_a_row_per_product(home: Home) -> None:
    load(home, "segment")
    assert purchases(home) == [
        ("1", Decimal("10.5"), 2, "o1", "u1"), ("2", Decimal("10.5"), 1, "o1", "u1"),
    ]  # fmt: skip
    rows = home.query("select user_id::varchar, user_session::varchar from raw.events "
                      "where event_type in ('view', 'cart') order by event_time")  # fmt: skip
    assert rows == [("a1", "a1"), ("u1", "77"), ("u2", "u2")]


def test_an_invoice_without_a_customer_is_a_customer_of_its_own(home: Home) -> None:
    load(home, "online-retail")
    assert [(order, user) for *_, order, user in purchases(home)] == [
        ("489434", "13085"), ("489434", "13085"), ("489435", "invoice 489435"),
    ]  # fmt: skip


def test_a_snowplow_transaction_has_its_order_and_products(home: Home) -> None:
    load(home, "snowplow")
    assert purchases(home) == [
        ("p1", Decimal(15), 1, "t9", "u9"), ("p2", Decimal(5), 3, "t9", "u9"),
    ]  # fmt: skip


def test_settings_of_the_shop_add_to_those_of_a_preset(home: Home, tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(
        'preset = "ga4"\nkept_event_types = ["view", "list"]\n[event_types]\n'
        'view_item_list = "list"\n'
    )
    shop = read_shop(tmp_path / "shop.toml")
    home.load_one("a.ndjson", FILES["ga4"].read_bytes(), shop=shop)
    types = home.query("select event_type, count(*) from raw.events group by 1 order by 1")
    assert types == [("list", 2), ("view", 2)]


def test_a_preset_refuses_a_file_of_another_source(home: Home) -> None:
    outcome = home.load_one("a.csv", FILES["rees46"].read_bytes(), shop=preset("shopify-orders"))
    assert outcome.status == "refused" and "it has no Name, Created at" in str(outcome.error)
    outcome = home.load_one("b.ndjson", FILES["segment"].read_bytes(), shop=preset("ga4"))
    assert "is not a file of preset ga4: it has no event_timestamp" in str(outcome.error)
