"""Arrivals: the state of each landed file, from the ledger and past runs. Plain logic."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from estore.landing import LandedFile
from estore.reading import Known

#: uri and generation identify one content of one path.
Content: TypeAlias = tuple[str, str]
SETTLED = {
    "loaded": "loaded",
    "duplicate": "loaded",
    "withdrawn": "withdrawn",
    "refused": "refused",
}


class FileState(StrEnum):
    """The state of a content in the landing."""

    LOADED = "loaded"  # or another loaded file has the same rows
    WITHDRAWN = "withdrawn"  # a person removed its rows
    REFUSED = "refused"  # it cannot be loaded; new content with this name may be
    LOADING = "loading"  # a run with it is queued or in progress
    NEW = "new"
    REPLACED = "replaced"  # new content under a known name
    FAILED = "failed"  # a run ended before it was loaded; tries are left
    DEAD = "dead"  # no tries left: a person must look


@dataclass(frozen=True)
class Attempt:
    """A run with its contents, in the order in which it loads them."""

    contents: tuple[Content, ...]
    is_under_way: bool = False
    has_succeeded: bool = False
    may_pass: bool = False  # no file caused the failure


@dataclass
class Arrivals:
    """Files by state."""

    states: dict[LandedFile, FileState] = field(default_factory=dict)

    def files(self, *states: FileState) -> list[LandedFile]:
        """The files in these states, in order."""
        return [file for file, state in self.states.items() if state in states]

    def batches(self) -> list[list[LandedFile]]:
        """The runs to start: one for all new content, and one per content that failed before."""
        fresh = self.files(FileState.NEW, FileState.REPLACED)
        return [*([fresh] if fresh else []), *([file] for file in self.files(FileState.FAILED))]

    def __str__(self) -> str:
        counts = Counter(self.states.values())
        return (
            ", ".join(f"{counts[state]} {state}" for state in FileState if counts[state]) or "empty"
        )


def content(file: LandedFile) -> Content:
    """A file's identity before it is read."""
    return file.uri, file.generation


def arrivals(
    listing: Sequence[LandedFile], ledger: Iterable[Known], attempts: Iterable[Attempt], tries: int
) -> Arrivals:
    """The state of every listed file. tries: the maximum number of runs for one content."""
    entries = {(known.uri, known.generation): known.status for known in ledger}
    names = {uri for uri, _ in entries}
    pending = {content(file) for file in listing if entries.get(content(file)) not in SETTLED}
    attempts = list(attempts)
    under_way = {one for attempt in attempts if attempt.is_under_way for one in attempt.contents}
    failed = _tries(attempts, pending)

    def state(file: LandedFile) -> FileState:
        one = content(file)
        if one not in pending:
            return FileState(SETTLED[entries[one]])
        if one in under_way:
            return FileState.LOADING
        if failed[one]:
            return FileState.DEAD if failed[one] >= tries else FileState.FAILED
        return FileState.REPLACED if file.uri in names else FileState.NEW

    return Arrivals({file: state(file) for file in listing})


def _tries(attempts: Iterable[Attempt], pending: set[Content]) -> Counter[Content]:
    """Runs that failed on a content. A run loads files one by one in order, so a failed run stopped
    at the first unsettled file. A successful run should have settled all."""
    failed: Counter[Content] = Counter()
    for attempt in attempts:
        left = [one for one in attempt.contents if one in pending]
        if attempt.is_under_way or attempt.may_pass:
            continue
        failed.update(left if attempt.has_succeeded else left[:1])
    return failed
