"""The sensor of the transforms combines loads and drops none."""

from collections.abc import Iterator

import dagster as dg
import pytest
from conftest import Workshop
from orchestrating import Watched, queued, watched

from estore.orchestration.failures import PASSING_TAG

STATUS = dg.DagsterRunStatus


@pytest.fixture
def shop(workshop: Workshop) -> Iterator[Watched]:
    """A watched shop."""
    yield from watched(workshop)


@dg.op(config_schema={"fails": dg.Field(bool, default_value=False)})
def nothing(context: dg.OpExecutionContext) -> None:
    """Replaces the transforms: only their times and results are needed here."""
    if context.op_config["fails"]:
        raise dg.Failure("the lock is held")


@dg.job(name="transform")
def transform() -> None:
    nothing()


def fail(shop: Watched, **tags: str) -> str:
    """Transforms that fail; their run id."""
    result = transform.execute_in_process(
        instance=shop.instance, raise_on_error=False, tags=tags,
        run_config={"ops": {"nothing": {"config": {"fails": True}}}},
    )  # fmt: skip
    return str(result.run_id)


def load(shop: Watched, name: str, *, fails: bool = False) -> str:
    """Load a file by the sensor's run; its run id."""
    shop.workshop.write(name, [{"user_session": name}])
    (request,) = shop.tick()
    if fails:
        request.run_config["ops"]["load"]["config"]["files"] = ["missing-*.csv"]
    result = shop.run(request)
    assert result.success is not fails
    return str(result.run_id)


def asked(shop: Watched) -> str | None:
    answer = shop.follow()
    return answer.run_key if isinstance(answer, dg.RunRequest) else None


def test_without_a_load_nothing_is_built(shop: Watched) -> None:
    assert shop.follow() == "no load has ended yet"


def test_a_load_starts_the_transforms_once(shop: Watched) -> None:
    run_id = load(shop, "a.csv")
    assert asked(shop) == asked(shop) == run_id, "Dagster starts one run for a key"
    transform.execute_in_process(instance=shop.instance)
    assert shop.follow() == "nothing was loaded since the transforms last began"


def test_loads_that_ended_in_the_meantime_start_one_run(shop: Watched) -> None:
    load(shop, "a.csv")
    last = load(shop, "b.csv")
    assert asked(shop) == last


@pytest.mark.parametrize("status", [STATUS.QUEUED, STATUS.STARTING])
def test_a_run_that_has_not_begun_includes_later_loads(shop: Watched, status: STATUS) -> None:
    load(shop, "a.csv")
    waiting = queued(shop.instance, transform, status)
    load(shop, "b.csv")
    assert "queued run will build" in str(shop.follow())
    # It starts, and ends, after the second load.
    shop.instance.delete_run(waiting.run_id)
    transform.execute_in_process(instance=shop.instance)
    assert asked(shop) is None


def test_a_load_that_ended_after_the_transforms_began_is_not_dropped(shop: Watched) -> None:
    load(shop, "a.csv")
    transform.execute_in_process(instance=shop.instance)
    last = load(shop, "b.csv")
    assert asked(shop) == last


def test_a_load_that_failed_may_have_loaded_files_before(shop: Watched) -> None:
    run_id = load(shop, "a.csv", fails=True)
    assert asked(shop) == run_id


def test_blocked_transforms_are_requested_until_they_begin(shop: Watched) -> None:
    run_id = load(shop, "a.csv")
    kept_out = [fail(shop, **{PASSING_TAG: "Busy"}) for _ in range(2)]
    assert asked(shop) == f"{run_id}-{kept_out[-1]}", "a used key starts no run"
    # An error that no retry can fix waits for a person or for the next load.
    fail(shop)
    assert asked(shop) is None
