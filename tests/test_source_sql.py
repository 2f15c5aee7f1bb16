"""A shop's own SQL: checked before any row is read; it reads one file; no record is lost."""

from pathlib import Path

import pytest
from landing_files import HEADER, Home, line, text

from estore.errors import EstoreError
from estore.shop import ShopConfig, read_shop

PLAIN = "select line_number, * exclude (line_number) from source"
RECORD = '{"t":"2019-10-01 12:00:00 UTC","e":"view","p":"7","u":"1","s":"a","c":3.5}'
JSON_SQL = """
select
    line_number,
    field[1] as event_time, field[2] as event_type, field[3] as product_id, field[4] as user_id,
    field[5] as user_session, field[6] as price
from (
    select line_number, json_extract_string(record, ['t', 'e', 'p', 'u', 's', 'c']) as field
    from source
)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, max_reject_share=1, threads=1)


def shop_with(folder: Path, sql: str, more: str = "") -> ShopConfig:
    (folder / "source.sql").write_text(sql)
    (folder / "shop.toml").write_text(f'{more}\n[source]\nsql = "source.sql"')
    return read_shop(folder / "shop.toml")


# (name, SQL, part of the message)
REFUSED = [
    ("file", "select * from read_csv('/etc/passwd')", "line 1: reads with read_csv()"),
    ("replacement", "select *\nfrom '/etc/passwd'", "line 2: reads /etc/passwd, but only `source`"),
    ("glob", "select * from glob('/*')", "reads with glob()"),
    ("system", "select * from duckdb_settings()", "reads with duckdb_settings()"),
    ("schema", "select *\n\nfrom information_schema.tables", "line 3: reads information_schema"),
    ("subquery", f"{PLAIN}\nwhere brand in (select c0 from lines)", "line 2: reads lines"),
    ("in_cte", "with a as (select * from read_text('/etc/hosts')) select * from a", "read_text()"),
    ("write", "copy (select 1) to '/tmp/x.csv'", "must be one select statement"),
    ("drop", "drop table lines", "must be one select statement"),
    ("setting", "set memory_limit = '1GB'", "must be one select statement"),
    ("two", f"{PLAIN}; select 1", "must be one select statement, not several"),
    ("describe", "select * from (describe source)", "must not describe tables"),
    ("empty", "  ;", "it is empty; write one select"),
    ("syntax", "select line_number\nfrom source\nwhere (", "line 3: syntax error"),
    ("column", "select line_number,\n  colour as brand\nfrom source", "line 2: Referenced column"),
    ("function", "select nofunction(brand) as brand from source", "nofunction does not exist"),
    ("now", f"select * replace (\nnow() as event_time) from ({PLAIN})", "line 2: uses now()"),
    ("random", f"select * replace (random() as price) from ({PLAIN})", "uses random()"),
    ("unknown", f"select *, 1 as discount from ({PLAIN})",
     "returns a column discount, which is none of ours"),
    ("missing", f"select * exclude (price) from ({PLAIN})", "returns no column price; add it"),
    ("no_line", "select * exclude (line_number) from source", "returns no column line_number"),
    ("list", f"select * replace (\n[brand] as brand) from ({PLAIN})",
     "line 2: returns brand as VARCHAR[], not as text"),
    ("boolean", f"select * replace (true as price) from ({PLAIN})", "as BOOLEAN, not as a number"),
    ("line_text", f"select * replace ('a' as line_number) from ({PLAIN})",
     "line_number as VARCHAR"),
    ("null_line", f"select * replace (null::bigint as line_number) from ({PLAIN})",
     "returns rows without line_number"),
    ("cast", f"select * replace (cast(brand as int) as brand) from ({PLAIN})",
     "Could not convert string 'samsung' to INT32"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "said"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED])
def test_sql_that_cannot_be_run_is_refused_with_its_line(
    home: Home, tmp_path: Path, sql: str, said: str
) -> None:
    outcome = home.load_one("a.csv", text([line()]), shop=shop_with(tmp_path, sql))
    assert outcome.status == "refused"
    assert (outcome.error or "").startswith("a.csv cannot be read with source.sql")
    assert said in (outcome.error or "")
    assert not home.events() and not home.rejects()


def test_sql_that_passes_the_check_still_reaches_no_other_file(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estore.load.expansion.query._check_statement", lambda *given: None)
    (tmp_path / "secret.txt").write_text("secret")
    sql = f"select * replace ((select content from read_text('{tmp_path}/secret.txt')) as brand) " \
          f"from ({PLAIN})"  # fmt: skip
    outcome = home.load_one("a.csv", text([line()]), shop=shop_with(tmp_path, sql))
    assert "it must read only `source`" in (outcome.error or "")


def test_a_plain_select_loads_the_same_rows_as_no_sql(home: Home, tmp_path: Path) -> None:
    data = text([line(product_id=str(n), brand='a "b"') for n in range(40)])
    home.load_one("a.csv", data)
    expected = home.events()
    home.withdraw("a.csv")
    home.load_one("b.csv", data + b"\n", shop=shop_with(tmp_path, PLAIN))
    assert home.events() == expected


def test_every_record_without_a_row_is_rejected(home: Home, tmp_path: Path) -> None:
    sql = f"{PLAIN} where product_id <> '2'"
    rows = [line(product_id=each) for each in ("1", "2", "3")]
    outcome = home.load_one("a.csv", text(rows), shop=shop_with(tmp_path, sql))
    assert (outcome.lines, outcome.loaded, outcome.rejected) == (3, 2, 1)
    assert home.rejects() == [(3, rows[1], "source.sql returns no row for this record")]


def test_a_record_may_give_several_rows(home: Home, tmp_path: Path) -> None:
    sql = f"select * exclude (brand), unnest(['a', 'b']) as brand from ({PLAIN})"
    outcome = home.load_one("a.csv", text([line()]), shop=shop_with(tmp_path, sql))
    assert (outcome.lines, outcome.loaded) == (2, 2)


def test_types_that_are_not_kept_are_counted_in_the_ledger(home: Home, tmp_path: Path) -> None:
    rows = [line(), line(event_type=" Scroll", product_id=""), line(event_type="", brand="x")]
    shop = shop_with(tmp_path, PLAIN, 'kept_event_types = ["view"]')
    outcome = home.load_one("a.csv", text(rows), shop=shop)
    assert (outcome.lines, outcome.loaded, outcome.rejected, outcome.ignored) == (3, 1, 1, 1)
    assert home.rejects()[0][2] == "event_type is empty"
    assert home.query("select ignored, ignored_event_types from raw.files") == [
        (1, '{"scroll": 1}')
    ]
    assert "1 rows ignored by type: scroll (1)" in outcome.notes


# (name, lines of the file, reasons by line)
LINES = [
    ("clean", [RECORD, RECORD.replace('"7"', '"8"')], {}),
    ("broken", [RECORD, RECORD[:-1], RECORD], {2: "not JSON"}),
    ("array", ["", RECORD, f"[{RECORD}]"], {3: "not a JSON object"}),
    ("number", [RECORD, "7"], {2: "not a JSON object"}),
    ("text", [RECORD, "hello"], {2: "not JSON"}),
    ("blank_lines", [RECORD, "", "  ", RECORD[:-1]], {4: "not JSON"}),
    ("control", [RECORD, RECORD.replace("view", "vi\x01ew")], {2: "contains a control character"}),
    ("zero", [RECORD, RECORD.replace("view", "vi\0ew")], {2: "contains a zero byte"}),
    ("no_text", [RECORD, RECORD.replace("view", "vi\udcffew")], {2: "not UTF-8 text"}),
    ("cr", [RECORD + "\r", RECORD[:-1] + "\r"], {2: "not JSON"}),
    ("lone_cr", [RECORD[:9] + "\r" + RECORD[9:], RECORD.replace(",", ",\r")],
     {1: "event_time not understood"}),
    ("too_long", [RECORD, '{"a":"' + "x" * 2_100_000 + '"}'], {2: "longer than 2,000,000"}),
    ("nulls", [RECORD, '{"t":null}'], {2: "event_time is empty"}),
    ("nested", [RECORD, RECORD.replace('"7"', '{"id":7}')], {}),
    ("two_records", [RECORD + RECORD, RECORD], {1: "not JSON"}),
    ("deep", [RECORD, '{"t":' + "[" * 50_000 + "]" * 50_000 + "}"], {2: "event_time not under"}),
    ("bom", ["\ufeff" + RECORD, RECORD], {}),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "reasons"), [r[1:] for r in LINES], ids=[r[0] for r in LINES])
def test_a_broken_line_is_rejected_with_its_number_and_nothing_else_is_lost(
    home: Home, tmp_path: Path, rows: list[str], reasons: dict[int, str]
) -> None:
    data = "\n".join(rows).encode("utf-8", "surrogateescape")
    outcome = home.load_one("a.ndjson", data, shop=shop_with(tmp_path, JSON_SQL))
    records = sum(bool(row.strip()) for row in rows)
    assert (outcome.error, outcome.lines, outcome.rejected) == (None, records, len(reasons))
    found = {number: reason for number, _, reason in home.rejects()}
    assert found.keys() == reasons.keys()
    assert all(found[number].startswith(reasons[number]) for number in reasons), found


# (name, file, part of the message)
DOCUMENTS = [
    ("array_broken", "[" + RECORD + ",{]", "is not valid JSON: Malformed JSON"),
    ("array_open", "[" + RECORD + ",", "is not valid JSON"),
    ("empty", " \n", "is empty"),
    ("csv", HEADER + "\n" + line(), "has no JSON object in its first lines"),
]


@pytest.mark.parametrize(
    ("data", "said"), [r[1:] for r in DOCUMENTS], ids=[r[0] for r in DOCUMENTS]
)
def test_a_document_that_is_no_json_is_refused(
    home: Home, tmp_path: Path, data: str, said: str
) -> None:
    shop = shop_with(tmp_path, JSON_SQL) if said.startswith("is not") else ShopConfig()
    outcome = home.load_one("a.json", data.encode(), shop=shop)
    assert outcome.status == "refused" and said in (outcome.error or "")


@pytest.mark.parametrize("data", ["[%s,\n%s]", "[\n %s ,%s\n]\n", "%s\n%s", "{\n%s\n%s"])
def test_json_is_read_as_lines_an_array_or_documents(home: Home, tmp_path: Path, data: str) -> None:
    rows = RECORD, RECORD.replace('"7"', '"8"')
    if data.startswith("{"):
        rows = RECORD[1:], rows[1]
    outcome = home.load_one(
        "a.json", (data % rows).encode(), shop=shop_with(tmp_path, JSON_SQL)
    )  # fmt: skip
    assert (outcome.error, outcome.loaded, outcome.rejected) == (None, 2, 0)
    assert home.products() == ["7", "8"]


def test_json_with_our_keys_needs_no_sql(home: Home, tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text('[columns]\nt = "event_time"\nc = "price"\n')
    row = ('{"t":"2019-10-01 12:00:00 UTC","event_type":"view","product_id":7,"user_id":1,'
           '"user_session":"a","c":3.5,"more":{"x":1}}')  # fmt: skip
    shop = read_shop(tmp_path / "shop.toml")
    outcome = home.load_one("a.jsonl", f"{row}\n{row[:-1]}".encode(), shop=shop)
    assert (outcome.error, outcome.loaded, outcome.rejected) == (None, 1, 1)
    outcome = home.load_one("b.jsonl", row.encode())
    assert "has no column event_time, price; its columns are t, event_type" in str(outcome.error)
    assert "`estore inspect`" in str(outcome.error)


def test_a_tsv_file_is_separated_by_tabs(home: Home) -> None:
    data = text([line()]).replace(b",", b"\t")
    assert home.load_one("a.tsv", data).loaded == 1


def test_a_file_name_with_characters_of_patterns_is_one_file(home: Home, tmp_path: Path) -> None:
    shop = shop_with(tmp_path, PLAIN)
    assert home.load_one("a[1]*?.csv", text([line()]), shop=shop).loaded == 1


# (name, shop.toml, part of the message)
BAD = [
    ("preset", 'preset = "gaa4"', r"preset 'gaa4' is not known; known are ga4, online-retail"),
    ("both", 'preset = "ga4"\nsql = "a.sql"', "preset and sql are both set; keep one"),
    ("no_file", 'sql = "nothing.sql"', r"nothing\.sql cannot be read: No such file"),
    ("columns", 'preset = "ga4"\n[columns]\na = "brand"', "has no effect with preset ga4"),
    ("kept", 'kept_event_types = ["view"]', "kept_event_types needs a preset or sql"),
    ("kept_text", 'preset = "ga4"\nkept_event_types = "view"', "must be a list of names"),
    ("number", "preset = 4", "preset must be text in quotes"),
    ("source", "[source]\nfile = 1", r"\[source\]: unknown entry file"),
]


@pytest.mark.parametrize(("toml", "said"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_wrong_source_in_shop_toml_is_an_error(tmp_path: Path, toml: str, said: str) -> None:
    (tmp_path / "shop.toml").write_text(toml)
    with pytest.raises(EstoreError, match=said):
        read_shop(tmp_path / "shop.toml")
