"""The docs are correct: what they name exists, and what exists is documented."""

import re
from collections import Counter
from pathlib import Path

import click
import pytest
import yaml

from estore.build.thresholds import BATCH
from estore.cli import main
from estore.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    "name", sorted(name for name, command in main.commands.items() if not command.hidden)
)
def test_every_command_is_in_the_readme_and_has_help(name: str) -> None:
    command = main.commands[name]
    assert f"estore {name}" in README
    assert command.help and command.help.strip().endswith(".")
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help or option.name == "form", f"--{option.name} of {name} has no help"


def test_commands_in_the_docs_exist() -> None:
    for page in PAGES:
        for name in re.findall(r"`estore ([a-z-]+)", page.read_text()):
            assert name in main.commands, f"{page.name} names `estore {name}`"


def test_every_setting_is_in_the_example_with_its_default() -> None:
    example = (ROOT / ".env.example").read_text()
    assert len(Settings.model_fields) <= 15
    for name, field in Settings.model_fields.items():
        found = re.search(rf"^#?ESTORE_{name.upper()}=(.*)$", example, re.MULTILINE)
        assert found, f"ESTORE_{name.upper()} is not in .env.example"
        if field.default is not None:
            assert found[1] == str(field.default)
    known = {f"ESTORE_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"ESTORE_[A-Z_]+(?==)", example)) == known


def test_every_threshold_is_described_with_its_default() -> None:
    project = yaml.safe_load((ROOT / "transform" / "dbt_project.yml").read_text())
    page = (ROOT / "docs" / "metrics.md").read_text()
    for name, value in project["vars"].items():
        if name not in BATCH:
            row = re.search(rf"^\| `{name}` \| (.*?) \|", page, re.MULTILINE)
            assert row, f"{name} is not in docs/metrics.md"
            shown = "none" if value is None else str(value).lower()
            if isinstance(value, list):
                shown = "`, `".join(value).lower()
            assert row[1].strip("`").lower() == shown, name


def test_every_table_and_column_is_described() -> None:
    described = {}
    for path in (ROOT / "transform" / "models").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models") or ():
            described[model["name"]] = model
    for sql in (ROOT / "transform" / "models").rglob("*.sql"):
        model = described.pop(sql.stem)
        assert model["description"].startswith("One row per"), sql.stem
        for column in model.get("columns") or ():
            assert column.get("description"), f"{sql.stem}.{column['name']}"
    assert not described, "these described models do not exist"


def test_published_tables_have_enforced_contracts() -> None:
    for folder in ("marts", "metrics", "dashboard"):
        for path in (ROOT / "transform" / "models" / folder).rglob("*.yml"):
            for model in yaml.safe_load(path.read_text())["models"]:
                assert model["config"]["contract"]["enforced"] is True, model["name"]


def test_paths_in_the_docs_exist() -> None:
    for page in PAGES:
        text = page.read_text()
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"
        for path in re.findall(r"`((?:estore|transform|tests|docs|benchmarks)/[\w./-]+)`", text):
            assert (ROOT / path).exists(), f"{page.name} names {path}"


def limit(what: str) -> int:
    """The largest number of lines, as CONTRIBUTING.md states it."""
    found = re.search(
        rf"{what}: (\d+) lines", (ROOT / "CONTRIBUTING.md").read_text(), re.IGNORECASE
    )
    assert found, f"CONTRIBUTING.md states no limit of {what}"
    return int(found[1])


def test_files_stay_as_small_as_contributing_says() -> None:
    files = {
        "a model": (ROOT / "transform" / "models").rglob("*.sql"),
        "a Python module": (ROOT / "estore").rglob("*.py"),
        "the README": [ROOT / "README.md"],
    }
    for what, paths in files.items():
        for path in paths:
            assert len(path.read_text().splitlines()) <= limit(what), f"split {path.name}"


def test_no_folder_of_models_is_too_full_to_read() -> None:
    folders = Counter(sql.parent for sql in (ROOT / "transform" / "models").rglob("*.sql"))
    assert not [str(folder) for folder, models in folders.items() if models > 14]


def test_no_model_asks_which_engine_it_runs_on() -> None:
    for sql in (ROOT / "transform" / "models").rglob("*.sql"):
        assert "target." not in sql.read_text(), sql.name


def test_every_law_that_the_code_names_is_in_the_list() -> None:
    laws = (ROOT / "docs" / "laws.md").read_text()
    listed = {int(number) for number in re.findall(r"^(\d+)\. \*\*", laws, re.MULTILINE)}
    assert listed == set(range(1, len(listed) + 1))
    for path in [*(ROOT / "tests").glob("*.py"), *(ROOT / "docs").rglob("*.md")]:
        for number in re.findall(r"\b[Ll]aw (\d+)\b", path.read_text()):
            assert int(number) in listed, f"{path.name} names law {number}"
    for name in re.findall(r"`(test_\w+\.py)`", laws):
        assert (ROOT / "tests" / name).is_file(), f"laws.md names {name}"


def test_every_model_is_on_the_map_under_its_folder() -> None:
    models = ROOT / "transform" / "models"
    sections = re.split(
        r"^### `", (ROOT / "transform" / "README.md").read_text(), flags=re.MULTILINE
    )
    mapped = {
        (section.partition("`")[0], name)
        for section in sections[1:]
        for name in re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    }
    assert mapped == {
        (str(sql.parent.relative_to(models)), sql.stem) for sql in models.rglob("*.sql")
    }


def test_every_slow_test_exists_and_says_what_covers_it_otherwise() -> None:
    tests = Path(__file__).parent
    for line in (tests / "slow.txt").read_text().splitlines():
        if not line.startswith("#"):
            name, _, said = line.partition("\t")
            file, _, function = name.partition("::")
            assert f"def {function.partition('[')[0]}" in (tests / file).read_text(), name
            others = re.findall(r"test_\w+\.py", said)
            assert said and all((tests / other).is_file() for other in others), line
