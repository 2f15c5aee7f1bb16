"""Files in a landing folder: one bad path blocks no other, and no file is skipped silently."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from landing_files import line, lines, text

from estore.build.dbt_project import DbtProject
from estore.cli import main
from estore.errors import EstoreError
from estore.landing import SUFFIXES, list_landing, look, places_in
from estore.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DAY = text(lines(3))
OTHER = text([line(user_id="7")])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "day.csv").write_bytes(DAY)
    monkeypatch.chdir(landing)
    return landing


def estore(folder: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(main, ["--home", str(folder.parent / "home"), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def names(*places: str) -> list[str]:
    return [file.name for file in look(places).files]


def test_a_file_whose_name_begins_with_a_tilde_is_that_file(folder: Path) -> None:
    (folder / "~$oct.csv").write_bytes(OTHER)
    result = estore(folder, "load", "day.csv", "~$oct.csv")
    assert result.exit_code == 0
    assert "~$oct.csv: loaded, 1 row" in result.stderr
    assert "withdrawn" in estore(folder, "withdraw", "~$oct.csv").stdout


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("absent.csv", "absent.csv: does not exist"),
        ("~no-such-user/day.csv", "~no-such-user/day.csv: does not exist"),
        ("empty", "empty: contains no event files (.csv,"),
        ("others", "others: contains no event files, only files of other kinds (.csv,"),
        ("20??.csv", "20??.csv: contains no event files (.csv,"),
        ("dead.csv", "dead.csv: is a broken link"),
        ("pipe", "pipe: is neither a file nor a folder"),
        ("x" * 5000, "cannot be read: File name too long"),
        ("gone://bucket/a.csv", "gone://bucket/a.csv: unsupported address"),
    ],
)
def test_one_bad_path_is_named_and_the_others_are_loaded(
    folder: Path, place: str, said: str
) -> None:
    (folder / "empty").mkdir()
    (folder / "others").mkdir()
    (folder / "others" / "a.txt").write_bytes(DAY)
    (folder / "dead.csv").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    result = estore(folder, "load", place, "day.csv")
    assert result.exit_code == 1
    assert said in result.stderr
    assert "day.csv: loaded, 3 rows" in result.stderr
    alone = estore(folder, "load", place)
    assert alone.exit_code == 3
    assert alone.stderr.startswith("error: ")
    assert said in alone.stderr


def test_an_unreadable_folder_does_not_block_other_folders(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "closed").mkdir()
    scan = os.scandir

    def refuse(path: str) -> object:  # root may list every folder
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = list_landing(str(folder))
    assert [file.name for file in found.files] == ["day.csv"]
    assert found.problems == [f"{folder / 'closed'}: cannot be read: Permission denied"]
    (folder / "day.csv").unlink()
    with pytest.raises(EstoreError, match="closed: cannot be read: Permission denied"):
        list_landing(str(folder))


def test_ignored_files_that_may_contain_events_are_named(folder: Path) -> None:
    for name in ("a.csv.zip", "b.txt", "c.csv.bz2", "d.avro", "e.xlsx", "f.csv.part", "G.XML.GZ",
                 "below/h.txt", "_old.csv", ".hidden.csv", "README.md", "truth.json"):  # fmt: skip
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(DAY)
    (folder / "dead.csv").symlink_to("nowhere")
    (folder / "self.csv").symlink_to("self.csv")
    os.mkfifo(folder / "pipe.csv")
    found = look([str(folder)])
    assert [file.name for file in found.files] == ["day.csv"]
    assert found.notes == [
        "not loaded: G.XML.GZ, a.csv.zip, b.txt, c.csv.bz2, d.avro, e.xlsx, f.csv.part, "
        f"below/h.txt (names must end with {SUFFIXES})",
        "not loaded: _old.csv (names that start with _ are skipped)",
        "not loaded: pipe.csv (not a file but a pipe or a device)",
        "not loaded: dead.csv, self.csv (the link is broken)",
    ]
    result = estore(folder, "load", str(folder))
    assert result.exit_code == 0
    assert "a.csv.zip" in result.stderr
    for number in range(20):
        (folder / f"{number:02}.txt").write_bytes(DAY)
    assert any("and 18 more (names must" in note for note in look([str(folder)]).notes)


def test_linked_folders_are_followed_and_none_twice(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "more.csv").write_bytes(OTHER)
    (folder / "linked").symlink_to(elsewhere)
    (folder / "again").symlink_to(elsewhere)
    (elsewhere / "loop").symlink_to(folder)
    (folder / "up").symlink_to("..")
    (folder / "same.csv").symlink_to("day.csv")
    assert names(str(folder)) == ["more.csv", "day.csv"]


def test_a_file_that_two_places_name_is_one_file_and_no_problem(folder: Path) -> None:
    found = look(["day.csv", str(folder), "*.csv", "./day.csv"])
    assert ([file.name for file in found.files], found.problems) == (["day.csv"], [])


def test_a_pattern_below_a_folder_with_brackets_finds_its_files(folder: Path) -> None:
    (folder / "y[2019]").mkdir()
    (folder / "y[2019]" / "in.csv").write_bytes(DAY)
    assert names("y[2019]/*.csv") == ["in.csv"]
    assert names(str(folder / "y[2019]" / "i?.csv")) == ["in.csv"]


@pytest.mark.parametrize(
    "name", ["plain.csv", "it's mine.csv", 'a "b".csv', "da$ta.csv", "$(touch x).csv", "a*b.csv",
             "back\\slash.csv", "a#b;c.csv", "ünï.csv", "100%.csv"],
)  # fmt: skip
def test_make_passes_a_path_as_it_is_written(folder: Path, name: str) -> None:
    (folder / name).write_bytes(OTHER)
    (folder / "a-b.csv").write_bytes(DAY)
    for data, expected in ((str(folder / name), [name]), (f"{folder}/*.csv", None)):
        made = subprocess.run(
            ["make", "--no-print-directory", "-o", ".venv/.base", "-f", str(ROOT / "Makefile"),
             "run", f"DATA={data}", r"COMMAND=printf '%s\n'"],
            cwd=folder, capture_output=True, text=True, check=True,
        )  # fmt: skip
        *_, option, passed = made.stdout.splitlines()
        assert (option, passed) == ("--data", data)
        found = names(*places_in(passed))
        assert found == expected or (expected is None and {"day.csv", name} <= set(found))
    assert not (folder / "x").exists()


def test_a_text_with_several_paths_is_split_unless_it_is_a_path_itself(folder: Path) -> None:
    (folder / "my file.csv").write_bytes(OTHER)
    assert names(*places_in("my file.csv")) == ["my file.csv"]
    assert names(*places_in("day.csv 'my file.csv'")) == ["day.csv", "my file.csv"]
    assert names(*places_in(shlex.join(["day.csv", "my file.csv"]))) == ["day.csv", "my file.csv"]
    assert places_in("it's absent.csv") == ["it's absent.csv"]
    assert estore(folder, "run", "--data", "absent.csv").exit_code == 3


@pytest.mark.parametrize("name", ["a?b", "a#b", "a\\b"])
def test_a_home_that_the_engine_cannot_open_is_refused_before_anything_is_written(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = CliRunner().invoke(main, ["--home", str(folder / name), "load", "day.csv"])
    assert result.exit_code == 3
    assert result.stderr.startswith("error: ESTORE_HOME (--home): ")
    assert f"contains {name[1]}, which" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (folder / name).exists()
    (folder / name).mkdir()
    monkeypatch.chdir(folder / name)  # a home in a folder with such a name
    assert CliRunner().invoke(main, ["load", "../day.csv"]).exit_code == 3
    assert list((folder / name).iterdir()) == []


def test_a_home_may_be_named_with_a_tilde_that_no_shell_has_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("ESTORE_HOME", "~/shop")
    assert Settings().home == folder / "shop"


def test_files_that_dbt_leaves_in_the_project_change_no_fingerprint(folder: Path) -> None:
    project = folder / "transform"
    for name in ("models/a.sql", "models/a.yml", "macros/m.sql", "seeds/s.csv", "tests/t.sql"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("select 1")
    (project / "dbt_project.yml").write_text("vars: {declining_days: 1, at_risk_days: 2, "
                                             "churned_days: 3}")  # fmt: skip

    def fingerprint() -> str:
        made = DbtProject.__new__(DbtProject)
        made.folder, made.thresholds = project, {}
        return made.fingerprint

    before = fingerprint()
    for name in ("target/compiled/models/a.yml", "logs", "dbt_packages/x/models"):
        (project / name).mkdir(parents=True)
    (project / "target/compiled/models/a.yml/unique.sql").write_text("select 2")
    (project / "dbt_packages/x/models/b.sql").write_text("select 2")
    (project / "models/.#a.sql").symlink_to("editor@machine")
    (project / "models/.a.sql").write_text("half")
    assert fingerprint() == before
    (project / "models/a.sql").write_text("select 2")
    assert fingerprint() != before
