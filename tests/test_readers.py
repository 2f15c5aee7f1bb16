"""Readers during a run: each query is answered, and readers never make the run fail."""

import subprocess
import sys
import time
from collections import Counter

from click.testing import CliRunner
from conftest import Workshop

from estore import pipeline
from estore.cli import main
from estore.console import Console
from estore.landing import find_files
from estore.synth import SyntheticShop, write_shop

COMMANDS = (["query", "select 1 as one"], ["status"], ["rejects"], ["findings"])
#: Readers in separate processes, almost without pauses.
HAMMER = """
import sys, time
from pathlib import Path
from estore.queries.ask import ask
from estore.settings import Settings
settings = Settings(home=Path(sys.argv[1]))
while True:
    ask(settings, "select 1 as one")
    time.sleep(0.05)
"""


def test_every_reader_gets_an_answer_throughout_a_run(workshop: Workshop) -> None:
    (landed,) = write_shop(
        workshop.landing, SyntheticShop(events=8_000, months=1, seed=5, faults=())
    )
    files = find_files([str(landed)])
    pipeline.run(workshop.settings, workshop.shop, files, Console(quiet=True))
    with landed.open("a") as file:
        file.write("not,an,event\n")
    home = str(workshop.settings.home)

    hammers = [
        subprocess.Popen([sys.executable, "-c", HAMMER, home], stderr=subprocess.PIPE)
        for _ in range(1)
    ]
    run = subprocess.Popen(
        [sys.executable, "-m", "estore.cli", "--home", home, "run", str(landed)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    sources: Counter[str] = Counter()
    try:
        while run.poll() is None:
            for command in COMMANDS:
                answer = CliRunner().invoke(main, ["--home", home, *command])
                assert answer.exit_code == 0, (command, answer.output)
                sources["snapshot" if "a run is writing" in answer.output else "warehouse"] += 1
            time.sleep(0.2)
        for hammer in hammers:
            assert hammer.poll() is None, hammer.communicate()[1]
    finally:
        for process in (*hammers, run):
            process.kill()
        said = run.communicate()[0]
        for hammer in hammers:
            hammer.communicate()
    assert run.returncode == 0, said
    assert ", 1 rejected" in said and "v000002" in said
    assert sources["snapshot"] > 4, sources
    answer = CliRunner().invoke(main, ["--home", home, "rejects"])
    assert "not,an,event" in answer.output
