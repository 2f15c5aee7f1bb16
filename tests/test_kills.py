"""Law 5: kill a run anywhere, and the next one completes to the same tables."""

import os
import random
from collections.abc import Iterator

import pytest
from killing import SCENARIOS, Killing

SEED = int(os.environ.get("ESTORE_TEST_SEED", "1"))


@pytest.fixture(scope="module")
def killing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killing]:
    """The shop, played once undisturbed."""
    yield Killing(tmp_path_factory.mktemp("killing"))


def test_killed_over_and_over_a_run_completes_to_the_same_tables(killing: Killing) -> None:
    """Twenty kills; also those runs are killed that clear up after a kill."""
    choice = random.Random(SEED)
    for scenario, kills in zip(SCENARIOS, (4, 3, 3), strict=True):
        for again in (False, True):
            seen = []
            for number in range(kills):
                seen.append(killing.kill(scenario, choice, keep_home=number > 0))
                killing.assert_nothing_half_visible(scenario)
            killing.run_again(scenario, apart=again and scenario == "incremental")
            killing.assert_as_undisturbed(scenario, f"{scenario}, killed in {seen}")
    print(f"\n{killing.statistics}")


@pytest.mark.kills
def test_killed_at_many_instants_a_run_completes_to_the_same_tables(
    killing: Killing, capsys: pytest.CaptureFixture[str]
) -> None:
    """One to three kills, then a run that is left alone; every fourth of them in a new process."""
    choice, wanted = random.Random(SEED), int(os.environ.get("ESTORE_TEST_KILLS", "200"))
    done = history = 0
    while done < wanted:
        scenario, seen = SCENARIOS[history % len(SCENARIOS)], []
        for number in range(choice.choice((1, 1, 2, 3))):
            seen.append(killing.kill(scenario, choice, keep_home=number > 0))
            killing.assert_nothing_half_visible(scenario)
        killing.run_again(scenario, apart=history % 12 < 3)
        killing.assert_as_undisturbed(scenario, f"{scenario}, after {done} kills in {seen}")
        done, history = done + len([phase for phase in seen if phase != "ended"]), history + 1
        if history % 5 == 0 or done >= wanted:
            with capsys.disabled():
                print(f"\n{done} kills, seed {SEED}\n{killing.statistics}", flush=True)
