"""The landing sensor: each transition of a file, with real runs and a real ledger."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from conftest import Workshop
from orchestrating import Watched, names, watched

from estore.errors import EstoreError
from estore.runlock import run_lock

STATUS = dg.DagsterRunStatus


@pytest.fixture
def landing(workshop: Workshop) -> Iterator[Watched]:
    """An empty, watched landing folder."""
    yield from watched(workshop)


def events(day: int, count: int = 3) -> list[dict[str, str]]:
    start = datetime(2019, 10, day, 12)
    return [{"event_time": f"{start + timedelta(milliseconds=n)} UTC"} for n in range(count)]


def statuses(landing: Watched) -> dict[str, str]:
    return {Path(uri).name: status for uri, status in landing.workshop.query(
        "select uri, status from raw.files order by file_id")}  # fmt: skip


def rows(landing: Watched) -> int:
    ((count,),) = landing.workshop.query("select count(*) from raw.events")
    return int(count)


def test_an_empty_landing_folder_requests_no_run(landing: Watched) -> None:
    assert landing.tick() == []
    assert landing.said == "nothing to load: empty"


def test_all_new_files_are_one_run_and_then_nothing_is_new(landing: Watched) -> None:
    landing.workshop.write("a.csv", events(1))
    landing.workshop.write("b.csv", events(2))

    (request,) = landing.tick()
    assert names(request) == ["a.csv", "b.csv"]
    assert landing.run(request).success

    assert landing.tick() == []
    assert landing.said == "nothing to load: 2 loaded"
    assert rows(landing) == 6


def test_the_listing_is_observed_only_if_it_changed(landing: Watched) -> None:
    landing.workshop.write("a.csv", events(1))
    landing.tick()
    (observation,) = landing.observed
    assert observation.metadata["files"].value == 1
    landing.tick()
    assert landing.observed == []


@pytest.mark.parametrize("status", [STATUS.QUEUED, STATUS.STARTING, STATUS.STARTED])
def test_files_that_a_run_is_loading_are_not_requested_again(
    landing: Watched, status: STATUS
) -> None:
    landing.workshop.write("a.csv", events(1))
    (request,) = landing.tick()
    landing.queue(request, status)
    assert landing.tick() == []
    assert landing.said == "nothing to load: 1 loading"

    landing.workshop.write("b.csv", events(2))
    (another,) = landing.tick()
    assert names(another) == ["b.csv"]


def test_a_file_under_another_name_is_loaded_once(landing: Watched) -> None:
    first = landing.workshop.write("a.csv", events(1))
    landing.run(landing.tick()[0])
    shutil.copy(first, first.with_name("copy.csv"))
    (request,) = landing.tick()
    landing.run(request)
    assert landing.tick() == []
    assert statuses(landing) == {"a.csv": "loaded", "copy.csv": "duplicate"}
    assert rows(landing) == 3


def test_new_content_under_a_known_name_replaces_the_old(landing: Watched) -> None:
    landing.workshop.write("a.csv", events(1))
    landing.workshop.write("b.csv", events(2))
    landing.run(landing.tick()[0])
    landing.workshop.write("a.csv", events(1, count=5))

    (request,) = landing.tick()
    assert names(request) == ["a.csv"]
    landing.run(request)
    assert landing.tick() == []
    assert rows(landing) == 8


def test_withdrawn_rows_stay_out(landing: Watched) -> None:
    landing.workshop.write("a.csv", events(1))
    landing.run(landing.tick()[0])
    landing.workshop.withdraw("a.csv")
    assert landing.tick() == []
    assert landing.said == "nothing to load: 1 withdrawn"
    assert rows(landing) == 0


def test_a_file_that_is_gone_keeps_its_rows_and_reloads_nothing(landing: Watched) -> None:
    landing.workshop.write("a.csv", events(1))
    landing.workshop.write("b.csv", events(2)).touch()
    landing.run(landing.tick()[0])
    (landing.workshop.landing / "b.csv").unlink()
    assert landing.tick() == []
    assert rows(landing) == 6


def test_a_file_deleted_before_its_run_blocks_no_other_file(landing: Watched) -> None:
    landing.workshop.write("a.csv", events(1))
    landing.workshop.write("b.csv", events(2))
    (request,) = landing.tick()
    (landing.workshop.landing / "a.csv").unlink()
    assert landing.run(request).success
    assert rows(landing) == 3


def test_a_refused_file_blocks_no_other_file_and_is_not_retried(landing: Watched) -> None:
    landing.workshop.write("a.csv", events(1))
    (landing.workshop.landing / "bad.csv").write_text("this,is\nno,event\n")
    landing.workshop.write("c.csv", events(3))

    result = landing.run(landing.tick()[0])
    assert result.success
    (check,) = result.get_asset_check_evaluations()
    assert not check.passed
    assert "bad.csv" in str(check.metadata["refused"].value)
    assert rows(landing) == 6

    assert landing.tick() == []
    assert landing.said == "nothing to load: 2 loaded, 1 refused"
    landing.workshop.write("bad.csv", events(2))
    (request,) = landing.tick()
    assert names(request) == ["bad.csv"]
    landing.run(request)
    assert rows(landing) == 9


def test_a_failed_file_is_retried_alone_until_its_last_attempt(landing: Watched) -> None:
    # Enough memory for small files, but not for this one.
    settings = landing.shop.settings
    landing.use(settings.model_copy(update={"memory_limit": "12MB", "threads": 1}))
    landing.workshop.write("a.csv", events(1))
    landing.workshop.write("large.csv", events(2, count=400_000))
    landing.workshop.write("z.csv", events(3))

    (request,) = landing.tick()
    assert names(request) == ["a.csv", "large.csv", "z.csv"]
    result = landing.run(request)
    assert not result.success
    assert "memory" in str(result.get_step_failure_events()[0].step_failure_data.user_failure_data)

    others, alone = landing.tick()
    assert (names(others), names(alone)) == (["z.csv"], ["large.csv"])
    assert landing.run(others).success
    assert not landing.run(alone).success
    assert landing.outbox.waiting() == []

    assert landing.tick() == []
    assert landing.said == "nothing to load: 2 loaded, 1 dead"
    landing.tick()
    (alert,) = landing.outbox.waiting()
    assert alert.subject.endswith("large.csv")
    assert alert.words == "2 runs failed on this file"

    landing.workshop.write("large.csv", events(2))
    (request,) = landing.tick()
    assert landing.run(request).success
    assert rows(landing) == 9


def test_a_busy_lock_is_not_a_failure_of_the_file(landing: Watched) -> None:
    landing.workshop.write("a.csv", events(1))
    (request,) = landing.tick()
    keys = set()
    for _ in range(3):  # more often than a file is retried
        with run_lock(landing.shop.settings.home, "load"):
            result = landing.run(request)
        assert not result.success
        (failed,) = result.get_step_failure_events()
        assert "is writing here" in failed.step_failure_data.user_failure_data.description
        assert (
            len(result.events_for_node("load"))
            and len([event for event in result.all_node_events if event.is_step_up_for_retry]) == 3
        )
        keys.add(request.run_key)
        (request,) = landing.tick()
    assert len(keys) == 3, "a used key starts no run"
    assert landing.run(request).success


def test_a_busy_warehouse_puts_off_the_comparison(landing: Watched) -> None:
    landing.workshop.write("a.csv", events(1))
    landing.run(landing.tick()[0])
    landing.workshop.write("b.csv", events(2))
    with run_lock(landing.shop.settings.home, "build"):
        assert landing.tick() == []
        assert "waiting for the current run" in landing.said
    (request,) = landing.tick()
    assert names(request) == ["b.csv"]


def test_a_missing_landing_folder_fails_the_tick_and_is_reported(landing: Watched) -> None:
    shutil.rmtree(landing.workshop.landing)
    for _ in range(2):
        with pytest.raises(EstoreError, match="folder not found"):
            landing.tick()
    (alert,) = landing.outbox.waiting()
    assert alert.subject == str(landing.workshop.landing)
    assert "ESTORE_LANDING" in alert.what_to_do


def test_a_file_name_that_no_ledger_can_store_is_not_retried_forever(landing: Watched) -> None:
    path = landing.workshop.write("a.csv", events(1))
    path.rename(path.with_name("caf\udce9.csv"))
    for _ in range(2):
        (request,) = landing.tick()
        assert landing.run(request).success
    assert landing.tick() == []
    assert landing.said == "nothing to load: 1 dead"


def test_a_missing_landing_setting_is_reported(workshop: Workshop) -> None:
    for landing in watched(workshop):
        landing.use(landing.shop.settings.model_copy(update={"landing": None}))
        assert landing.tick() == []
        assert "ESTORE_LANDING" in landing.said
