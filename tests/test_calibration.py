"""The synthetic shop's shares against the published ones of the real shop; the docs show both."""

from pathlib import Path

import pytest

from benchmarks.calibration import Measure, measured, measures, write_picture

ALL = {f"{each.panel}: {each.name}": each for each in measures()}


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    return {f"{each.panel}: {each.name}": value for each, value in measured()}


@pytest.mark.parametrize("name", ALL)
def test_a_share_is_the_published_one_within_its_tolerance(
    found: dict[str, float], name: str
) -> None:
    assert found[name] == pytest.approx(ALL[name].published, abs=ALL[name].tolerance)


def test_the_picture_shows_every_panel(tmp_path: Path) -> None:
    rows: list[tuple[Measure, float]] = [(each, each.published) for each in measures()]
    write_picture(rows, tmp_path / "a.svg")
    write_picture(rows, tmp_path / "b.svg")
    drawn = (tmp_path / "a.svg").read_text()
    assert drawn == (tmp_path / "b.svg").read_text()
    assert drawn.count('<g id="axes_') == len({each.panel for each in measures()}) == 8
