"""Law 5: kill a run anywhere, and the next one completes to the same tables."""

import os
import random
from collections.abc import Iterator

import pytest
from killing import SCENARIOS, Killing

SEED = int(os.environ.get("ESTORE_TEST_SEED", "1"))


@pytest.fixture(scope="module")
def killing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killing]:
    """The shop, after one undisturbed run."""
    yield Killing(tmp_path_factory.mktemp("killing"))


def kill_and_complete(
    killing: Killing, scenario: str, choice: random.Random, *, most: int, apart: bool
) -> int:
    """Kill a run and the runs that repair it; then complete one. Returns the number of kills."""
    seen: list[str] = []
    while len(seen) < most and not {"findings", "ended"} & {*seen}:
        seen.append(killing.kill(scenario, choice, keep_home=bool(seen)))
        killing.assert_nothing_half_visible(scenario)
    killing.run_again(scenario, apart=apart)
    killing.assert_as_undisturbed(scenario, f"{scenario}, killed in {seen}")
    return len(seen) - seen.count("ended")


def test_killed_over_and_over_a_run_completes_to_the_same_tables(killing: Killing) -> None:
    choice, kills, history = random.Random(SEED), 0, 0
    while kills < 20:
        scenario = SCENARIOS[history % len(SCENARIOS)]
        kills += kill_and_complete(killing, scenario, choice, most=4, apart=history == 1)
        history += 1
    print(f"\n{killing.statistics}")


@pytest.mark.kills
def test_killed_at_many_instants_a_run_completes_to_the_same_tables(
    killing: Killing, capsys: pytest.CaptureFixture[str]
) -> None:
    """One to three kills per completed run; a new process completes every fourth one."""
    choice, wanted = random.Random(SEED), int(os.environ.get("ESTORE_TEST_KILLS", "200"))
    kills = history = 0
    while kills < wanted:
        scenario, most = SCENARIOS[history % len(SCENARIOS)], choice.choice((1, 1, 2, 3))
        apart = history % 12 < 3
        kills += kill_and_complete(killing, scenario, choice, most=most, apart=apart)
        history += 1
        if history % 5 == 0 or kills >= wanted:
            with capsys.disabled():
                print(f"\n{kills} kills, seed {SEED}\n{killing.statistics}", flush=True)
