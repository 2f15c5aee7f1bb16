"""Exports of audiences: contacts, formats, control groups, records, and crashes at any point."""

import csv
import hashlib
import json
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from estore.audiences import exports
from estore.audiences.contacts import Contact, Suppressed, email_of, phone_of
from estore.audiences.definitions import Audience, read_definitions
from estore.audiences.formats import IDS, csv_text, format_named
from estore.audiences.groups import Candidate, History, assign, is_control
from estore.audiences.records import Member, Records
from estore.cli import main
from estore.errors import EstoreError
from estore.settings import Settings

EVERYONE = Audience("everyone", "order_count >= 0", control_share=0)
SECRET = "ann@example.com"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home whose snapshot has only customers: c01 to c40."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(home=tmp_path / "home")
    publish_customers(settings, [f"c{number:02d}" for number in range(1, 41)], "2020-01-31")
    (settings.home / "audiences.toml").write_text(
        "[everyone]\nwhere = 'order_count >= 0'\ncontrol_share = 0.25\n"
    )
    return settings


def publish_customers(settings: Settings, user_ids: list[str], as_of: str) -> None:
    """A snapshot with these customers."""
    version = settings.published / "v000001"
    version.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select unnest(?::varchar[]) as user_id, 2 as order_count, "
            f"10.5::decimal(18, 3) as net_revenue_amount, date '{as_of}' as as_of_date) "
            f"to '{version / 'dim_customers.parquet'}'",
            [user_ids],
        )
    manifest = {
        "version": "v000001", "published_at": "x", "as_of_date": as_of, "tests": {},
        "tables": {"dim_customers": len(user_ids)}, "versions": {},
    }  # fmt: skip
    (version / "manifest.json").write_text(json.dumps(manifest))
    (settings.published / "CURRENT").write_text("v000001\n")


def run(settings: Settings, *arguments: str) -> str:
    done = CliRunner().invoke(main, ["--home", str(settings.home), "audience", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def exported(settings: Settings, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(settings, "export", "everyone", "--json", *arguments))
    return found


def ids(path: str | Path) -> set[str]:
    with Path(path).open(newline="") as file:
        return {row["user_id"] for row in csv.DictReader(file)}


def results(settings: Settings, number: int) -> dict[str, tuple[str, str]]:
    records = Records(settings)
    export = records.exports("everyone")[number - 1]
    return {each.user_id: (each.change, each.result) for each in records.members(export)}


# --- Contacts and formats ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "email"),
    [
        (" Ann@Example.COM ", "ann@example.com"), ("ann", ""), ("a@b", ""), ("=1+1@b.de", ""),
        ("+x@b.de", ""), ("a b@c.de", ""), ('"a"@c.de', ""), ("é@c.fr", "é@c.fr"),
    ],
)  # fmt: skip
def test_an_address_is_normalized_or_unusable(text: str, email: str) -> None:
    assert email_of(text) == email


@pytest.mark.parametrize(
    ("text", "code", "phone"),
    [
        ("+49 170 123-4567", "", "491701234567"), ("0049 (0)170 1234567", "", "491701234567"),
        ("0170/1234567", "49", "491701234567"), ("0170/1234567", "", ""), ("(650) 253-0000", "1",
        "16502530000"), ("12", "49", ""), ("call me", "49", ""), ("=1+2", "49", ""),
    ],
)  # fmt: skip
def test_a_number_is_international_or_unusable(text: str, code: str, phone: str) -> None:
    assert phone_of(text, code) == phone


def test_each_format_has_the_columns_and_hashes_of_its_service() -> None:
    contact = Contact("jane.doe@gmail.com", "16502530000", has_consent=True)

    def cells(name: str) -> list[str]:
        return format_named(name, has_contacts=True).cells("c1", contact, "lost")

    def sha(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    assert cells("google-ads") == [sha("janedoe@gmail.com"), sha("+16502530000")]
    assert cells("meta") == [sha("jane.doe@gmail.com"), sha("16502530000")]
    assert cells("klaviyo") == ["jane.doe@gmail.com", "+16502530000", "c1"]
    assert cells("mailchimp") == ["jane.doe@gmail.com", "+16502530000", "lost"]
    assert cells("csv") == ["c1", "jane.doe@gmail.com", "+16502530000"]
    # published test value of SHA-256
    assert sha("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    no_address = Contact("", "1650253", has_consent=True)
    assert format_named("meta", has_contacts=True).cells("c1", no_address, "")[0] == ""


def test_no_cell_runs_as_a_formula_and_a_number_stays_importable() -> None:
    text = csv_text(("user_id", "phone"), [["=cmd()", "+4917012"], ["-1", "@x"], ["a\r=b", "+1=2"]])
    rows = list(csv.reader(text.splitlines(keepends=True)))
    assert rows[1:3] == [["'=cmd()", "+4917012"], ["'-1", "'@x"]]
    assert "'+1=2" in text
    assert "=cmd()" in csv_text(("a",), [["=cmd()"]], raw=True).splitlines()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("user_id,email\nc01,a@b.de\n", "line 1: column consent not found"),
        ("user_id,consent\nc01,yes\n", "line 1: column email or phone not found"),
        ("user_id,email,consent\nc01,a@b.de,maybe\n", "line 2: consent must be yes or no"),
        ("user_id,email,consent\nc01,,yes\nc01,,no\n", "line 3: this user_id is also on line 2"),
        ("user_id,email,consent\n,a@b.de,yes\n", "line 2: user_id is empty"),
        ("user_id,email,consent\nc01,ann@example.com,yes,more\n", "line 2: has more fields"),
        ("user_id,email,consent\n\xff", "not UTF-8"),
    ],
)
def test_wrong_contacts_are_refused_without_showing_one(
    home: Settings, content: str, said: str
) -> None:
    Path("contacts.csv").write_bytes(content.encode("latin-1"))
    done = CliRunner().invoke(
        main,
        ["--home", str(home.home), "audience", "export", "everyone", "--contacts", "contacts.csv"],
    )
    assert done.exit_code == 3 and said in done.output
    assert "@" not in done.output
    assert not list(home.home.rglob("*.tmp")) and not Records(home).exports("everyone")


def test_people_without_consent_or_suppressed_are_left_out_of_both_groups(home: Settings) -> None:
    lines = ["user_id;email;phone;consent"]
    lines += [f"c{number:02d};C{number}@x.de;;yes" for number in range(1, 31)]
    lines += ["c31;;;yes", "c32;a@x.de;;no", "c33;b@x.de;;"]
    (home.home / "contacts.csv").write_text("\n".join(lines))
    Path("suppress.csv").write_text("email\n C30@X.de\n")

    found = exported(home, "--suppress", "suppress.csv", "--format", "mailchimp")

    assert found["left_out"] == {
        "suppressed": 1, "no_contact": 7, "no_consent": 2, "unusable": 1, "cooldown": 0,
        "not_new": 0,
    }  # fmt: skip
    assert found["exported"] + found["control"] == 29
    with Path(found["file"]).open() as file:
        emails = {row["Email Address"] for row in csv.DictReader(file)}
    groups = results(home, 1)
    assert emails == {
        f"c{number}@x.de" for number in range(1, 30)
        if groups[f"c{number:02d}"][1] == "exported"
    }  # fmt: skip
    for path in home.home.rglob("*"):  # nothing of the contacts stays in the home
        if path.is_file() and path.name != "contacts.csv":
            assert b"@x.de" not in path.read_bytes().lower(), path
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or "audiences/" not in str(path)


def test_a_format_of_addresses_needs_contacts(home: Settings) -> None:
    done = CliRunner().invoke(
        main, ["--home", str(home.home), "audience", "export", "everyone", "--format", "meta"]
    )
    assert done.exit_code == 3 and "--contacts" in done.output


# --- Control groups and who is new ---------------------------------------------------------------


def test_a_person_stays_in_the_control_group_and_audiences_draw_their_own() -> None:
    people = [f"u{number}" for number in range(4_000)]

    def drawn(name: str, share: float, seed: str = "") -> set[str]:
        audience = Audience(name, "true", control_share=share, seed=seed)
        return {person for person in people if is_control(audience, person)}

    tenth = drawn("a", 0.1)
    assert 0.08 < len(tenth) / len(people) < 0.12
    assert tenth == drawn("a", 0.1) and tenth < drawn("a", 0.3)
    assert len(tenth & drawn("b", 0.1)) < 0.25 * len(tenth)
    assert drawn("b", 0.1, seed="a") == tenth and not drawn("a", 0)


def draw(
    audience: Audience, people: str, history: History, day: int, *, only_new: bool = False
) -> dict[str, tuple[str, str]]:
    candidates = [Candidate(person, 1, Decimal(1)) for person in people]
    members = assign(
        audience, candidates, history, date(2020, 1, day), IDS, None, Suppressed(),
        only_new=only_new,
    )  # fmt: skip
    return {each.user_id: (each.change, each.result) for each in members}


def history(assigned: dict[str, int], **members: str) -> History:
    rows = {
        person: Member(person, "left" if result == "left" else "entered", result, 1, Decimal(1))
        for person, result in members.items()
    }
    return History(rows, {person: date(2020, 1, day) for person, day in assigned.items()})


def test_members_enter_stay_leave_and_come_back() -> None:
    before = history({"a": 1, "b": 1, "d": 1}, a="exported", b="control", c="no_consent", d="left")
    assert draw(EVERYONE, "acde", before, 2) == {
        "a": ("stayed", "exported"), "c": ("stayed", "exported"), "d": ("entered", "exported"),
        "e": ("entered", "exported"), "b": ("left", "left"),
    }  # fmt: skip


def test_only_new_leaves_out_those_who_had_their_turn() -> None:
    before = history({"a": 1, "b": 1, "d": 1}, a="exported", b="control", c="no_consent", d="left")
    found = draw(EVERYONE, "abcde", before, 2, only_new=True)
    assert {person for person, (_, result) in found.items() if result == "exported"} == set("cde")
    assert found["a"] == ("stayed", "not_new") == found["b"]


def test_the_cooldown_ends_after_its_days_and_takes_no_place_of_the_limit() -> None:
    audience = Audience("x", "true", control_share=0, cooldown_days=7, limit=2)
    before = history({"a": 1}, a="exported")
    assert draw(audience, "abcd", before, 7) == {
        "a": ("stayed", "cooldown"), "b": ("entered", "exported"), "c": ("entered", "exported"),
    }  # fmt: skip
    assert draw(audience, "abcd", before, 8)["a"] == ("stayed", "exported")


# --- The files -----------------------------------------------------------------------------------


def test_the_control_group_is_held_out_and_the_next_export_knows_who_moved(home: Settings) -> None:
    first = exported(home)
    groups = results(home, 1)
    control = {person for person, (_, result) in groups.items() if result == "control"}
    assert first["control"] == len(control) > 3
    assert ids(first["file"]) == groups.keys() - control
    assert stat.S_IMODE(Path(first["file"]).stat().st_mode) == 0o600

    publish_customers(home, [f"c{number:02d}" for number in range(11, 46)], "2020-02-29")
    second = exported(home, "--only-new", "--out", "new.csv")
    assert (second["entered"], second["stayed"], second["left"]) == (5, 30, 10)
    assert second["left_out"]["not_new"] == 30
    assert ids("new.csv") <= {f"c{number}" for number in range(41, 46)}
    again = {person for person, (_, result) in results(home, 2).items() if result == "control"}
    assert not again & ids("new.csv")
    assert "2 of everyone" in run(home, "export", "everyone").replace("export 3", "export 2")


@pytest.mark.parametrize("where", ["_write_private", "complete_export", "_place_file"])
def test_a_crash_leaves_a_complete_export_or_none(
    home: Settings, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    class Crash(BaseException):
        pass

    calls = []

    def crash(*arguments: Any) -> Any:
        calls.append(arguments)
        if where != "complete_export" or len(calls) > 1:
            raise Crash
        return None

    definitions = read_definitions(home)
    request = exports.Request(definitions.named("everyone"), "csv", "out.csv")
    with monkeypatch.context() as patched, pytest.raises(Crash):
        patched.setattr(exports, where, crash)
        exports.export_audience(home, definitions, request)
    decided = (home.home / "audiences" / "pending.json").exists()
    assert decided is (where != "_write_private")

    done = exports.export_audience(home, definitions, request)

    assert done.export.number == (2 if decided else 1)
    assert Records(home).exports("everyone")[-1] == done.export
    assert ids("out.csv") == {
        person for person, (_, result) in results(home, done.export.number).items()
        if result == "exported"
    }  # fmt: skip
    assert not [path for path in home.home.rglob("*") if path.suffix in (".tmp", ".json")
                and "audiences/" in str(path)]  # fmt: skip


def test_a_second_export_at_the_same_time_is_refused(home: Settings) -> None:
    with Records(home).alone():
        done = CliRunner().invoke(
            main, ["--home", str(home.home), "audience", "export", "everyone"]
        )
    assert done.exit_code == 3 and "another export is in progress" in done.output


def test_a_damaged_record_is_named(home: Settings) -> None:
    exported(home)
    path = Records(home).file("everyone", 1)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(EstoreError, match=r"000001\.parquet.*cannot be read"):
        Records(home).exports("everyone")
