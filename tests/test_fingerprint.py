"""All days are rebuilt only if something that they depend on changes."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Workshop

from estore.build import dbt_project
from estore.build.dbt_project import DbtProject
from estore.build.fingerprint import daily_fingerprint, daily_macros, daily_nodes, normalized
from estore.settings import Settings
from estore.shop import ShopConfig


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """The project, parsed."""
    return DbtProject(Settings(home=tmp_path_factory.mktemp("home")), ShopConfig())


@pytest.fixture
def change(project: DbtProject) -> Iterator[Callable[..., bool]]:
    """Edits the manifest and returns whether the days would be rebuilt. Undone at the end."""
    manifest, before = project.manifest, project.daily_fingerprint
    undo: list[tuple[Any, str, str]] = []

    def edit(owner: Any, edited: Callable[[str], str]) -> bool:
        name = "macro_sql" if hasattr(owner, "macro_sql") else "raw_code"
        code = getattr(owner, name)
        undo.append((owner, name, code))
        setattr(owner, name, edited(code))
        rebuilds = daily_fingerprint(manifest, project.thresholds) != before
        setattr(owner, name, code)
        return rebuilds

    yield edit
    for owner, name, code in undo:
        setattr(owner, name, code)


def models(project: DbtProject) -> list[Any]:
    return [node for node in project.manifest.nodes.values() if node.resource_type == "model"]


def macros(project: DbtProject) -> list[Any]:
    return [m for m in project.manifest.macros.values() if m.package_name == "estore"]


def test_only_a_change_of_a_daily_model_rebuilds_the_days(
    project: DbtProject, change: Callable[..., bool]
) -> None:
    rebuilding = {node.name for node in models(project) if change(node, lambda c: c + " limit 1")}
    tagged = {node.name for node in models(project) if "daily" in node.tags}
    assert rebuilding == tagged
    assert {"stg_events", "int_batch_keys", "int_sessions", "int_product_days"} <= rebuilding
    assert not rebuilding & {
        "int_missing_events",
        "metrics_data_alerts",
        "cube_sales",
        "int_buyers",
    }


def test_a_change_of_a_macro_of_the_daily_models_rebuilds_the_days(
    project: DbtProject, change: Callable[..., bool]
) -> None:
    rebuilding = {macro.name for macro in macros(project) if change(macro, lambda c: c + "x")}
    assert {
        "materialization_incremental_duckdb", "replaced_rows", "reaches_batch_days", "session_slot",
        "empty_buying_sessions", "is_incremental", "shop_date", "bigquery__shop_date",
        "generate_schema_name", "replaced_in_place",
    } <= rebuilding  # fmt: skip
    assert not rebuilding & {
        "day_alert", "rfm_scores", "share_columns", "in_words", "wilson_bound", "test_unique_key",
    }  # fmt: skip


def test_every_macro_that_a_daily_model_calls_counts(project: DbtProject) -> None:
    """Counts from the files, line by line, independently of the fingerprint."""
    counted = {macro.name for macro in daily_macros(project.manifest).values()}
    by_name = {macro.name: macro.macro_sql for macro in macros(project)}
    code = [node.raw_code for node in daily_nodes(project.manifest).values()]
    seen: set[str] = set()
    while code:
        text = re.sub(r"\{#.*?#\}", "", code.pop(), flags=re.DOTALL)
        for name, body in by_name.items():
            if name not in seen and re.search(rf"\b{name}\(", text):
                seen.add(name)
                code.append(body.split("%}", 1)[1])
    assert seen <= counted
    assert len(seen) > 20


def test_a_comment_or_white_space_rebuilds_nothing(
    project: DbtProject, change: Callable[..., bool]
) -> None:
    commented: list[Callable[[str], str]] = [
        lambda code: f"-- why it's so\n{code}\n\n",
        lambda code: '{# it\'s "so" #}' + code,
        lambda code: code.replace("\n", "\n    ") + "/* so */",
    ]
    assert not [
        owner.name
        for owner in [*models(project), *macros(project)]
        for comment in commented
        if change(owner, comment)
    ]


def test_quoted_text_is_not_a_comment_and_keeps_its_spaces() -> None:
    assert normalized("select '--  a' -- b\n  , \"{#  #}\"") == "select '--  a' , \"{#  #}\""


def test_only_the_thresholds_of_daily_models_rebuild_the_days(project: DbtProject) -> None:
    rebuilding = {
        name
        for name, value in project.thresholds.items()
        if daily_fingerprint(project.manifest, {**project.thresholds, name: f"other {value}"})
        != project.daily_fingerprint
    }
    assert rebuilding == {
        "shop_timezone", "session_timeout_minutes", "repeated_purchases_are_units",
        "cart_window_days",
    }  # fmt: skip


def test_a_changed_configuration_or_hook_of_a_model_rebuilds_the_days(project: DbtProject) -> None:
    manifest = project.manifest
    sessions = next(node for node in models(project) if node.name == "int_sessions")
    for name, value in (("on_schema_change", "ignore"), ("pre_hook", [])):
        before = getattr(sessions.config, name)
        try:
            setattr(sessions.config, name, value)
            assert daily_fingerprint(manifest, project.thresholds) != project.daily_fingerprint
        finally:
            setattr(sessions.config, name, before)
    sessions.description, original = "Otherwise.", sessions.description
    assert daily_fingerprint(manifest, project.thresholds) == project.daily_fingerprint
    sessions.description = original


def test_a_new_wording_of_an_alert_rebuilds_no_day(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copied = tmp_path / "project"
    shutil.copytree(dbt_project.project_folder(), copied)
    monkeypatch.setattr(dbt_project, "project_folder", lambda: copied)
    workshop.write("a.csv", [{"event_type": "purchase"}])
    workshop.load()
    assert workshop.build().days == 1
    alert = next(copied.rglob("int_odd_prices.sql"))
    assert "have no price" in alert.read_text()
    alert.write_text(alert.read_text().replace("have no price", "lack a price"))
    hours = next(copied.rglob("int_event_hours.sql"))
    hours.write_text("-- a comment\n" + hours.read_text())
    report = workshop.build()
    assert (report.days, report.is_full, report.is_skipped) == (0, False, False)
    hours.write_text(hours.read_text() + "\n-- another\nlimit 1000000\n")
    report = workshop.build()
    assert (report.days, report.is_full) == (1, True)
