"""A mutated shop.toml is read or refused in one sentence, and so is the file that it describes."""

import random
from pathlib import Path

import pytest
from landing_files import HEADER, Home, line, text

from estore.build.dbt_project import read_checked_shop
from estore.errors import EstoreError

SHOP = """time_zone = "Europe/Berlin"
time_format = "%Y-%m-%d %H:%M:%S UTC"
decimal = ","
delimiter = ";"
encoding = "utf-8"
earliest_date = 1995-01-01

[columns]
"event_time" = "event_time"
"x" = ["order_id", "brand"]

[event_types]
"gekauft" = "purchase"

[constants]
category_code = "a.b"
quantity = 2

[zone_names]
CET = "+01:00"

[[source]]
files = ["web/*.csv", "other-*.csv"]
decimal = "."
event_types = { seen = "view" }

[thresholds]
shop_timezone = "Europe/Berlin"
churned_days = 90
nobody_ids = ["null"]
repeated_purchases_are_units = false
"""
VALUES = (
    "1", "-1", "0", "1.5", "nan", "inf", "-inf", "1e400", "9" * 30, "true", "[]", "[[]]", '["a"]',
    "[1, 2]", "{}", "{ a = 1 }", "{ a = { b = [] } }", "1979-05-27", "1979-05-27T07:32:00Z",
    "07:32:00", '""', '" "', '"x"', "'\\'", r'"\u0000"', r'"\u001b[2J"', '"\\n"', '"%"', '"%%"',
    '"%z"', '"%f"', '"%Y%m%d"', '"epoch_seconds"', '"utf-16"', '"gbk"', '"idna"', '"€"', '"\t"',
    '"UTC"', '"+14:00"', '"../x"', '"event_time"', '"purchase"', '"${x}"', '"{{ x }}"', '"\'"',
)  # fmt: skip
TOKENS = (*VALUES, "=", "[", "]", "[[source]]", "[columns]", "[thresholds]", '"', "'", "#", "\n",
          ",", ".", "{", "}", "\ufeff", "\r", "\0", "\x85", "a.b.c = 1\n")  # fmt: skip


def mutated(choice: random.Random) -> bytes:
    """The shop.toml with one to three changes."""
    content = SHOP
    for _ in range(choice.randint(1, 3)):
        lines = content.split("\n")
        at = choice.randrange(len(lines))
        kind = choice.randrange(6)
        if kind < 3 and " = " in lines[at]:
            lines[at] = f"{lines[at].partition(' = ')[0]} = {choice.choice(VALUES)}"
        elif kind == 3:
            del lines[at]
        elif kind == 4:
            lines.insert(at, choice.choice(lines))
        else:
            place = choice.randint(0, len(lines[at]))
            lines[at] = lines[at][:place] + choice.choice(TOKENS) + lines[at][place:]
        content = "\n".join(lines)
    data = content.encode()
    return data if choice.random() > 0.03 else data.replace(b"e", b"\xe9", 1)


@pytest.mark.parametrize("count", [60, pytest.param(3_100, marks=pytest.mark.long)])
def test_no_shop_file_ends_in_a_traceback(tmp_path: Path, count: int) -> None:
    home, choice = Home(tmp_path, max_reject_share=1.0), random.Random(count)
    path = tmp_path / "shop.toml"
    rows = [line(price="1,5").replace(",", ";"), line(event_type="gekauft", price="x")]
    data, read = text(rows, HEADER.replace(",", ";")), 0
    for number in range(count):
        path.write_bytes(mutated(choice))
        try:
            shop = read_checked_shop(path)
        except EstoreError as error:
            assert str(error).startswith(f"{path}: "), error
            assert len(str(error)) < 1_000
            continue
        read += 1
        name = choice.choice(("day.csv", "other-1.csv"))
        outcome = home.load_one(name, data + b"\n" * number, shop=shop)
        assert outcome.status in ("loaded", "refused", "duplicate"), outcome
    assert count / 20 < read < count * 19 / 20
