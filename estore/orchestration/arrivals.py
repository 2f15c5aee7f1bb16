"""Arrivals: what each file in the landing is, by the ledger and the runs so far. Plain logic."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from estore.landing import LandedFile
from estore.reading import Known

#: uri and generation: one content of one path.
Content: TypeAlias = tuple[str, str]
SETTLED = {
    "loaded": "loaded",
    "duplicate": "loaded",
    "withdrawn": "withdrawn",
    "refused": "refused",
}


class FileState(StrEnum):
    """Of a content that lies in the landing."""

    LOADED = "loaded"  # or it holds the rows of another file that is
    WITHDRAWN = "withdrawn"  # a person took its rows back
    REFUSED = "refused"  # it cannot be used as it is; another content of its name may
    LOADING = "loading"  # a run that has it is queued or under way
    NEW = "new"
    REPLACED = "replaced"  # new content under a known name
    FAILED = "failed"  # a run ended before it was loaded; there are tries left
    DEAD = "dead"  # no tries left: a person must look


@dataclass(frozen=True)
class Attempt:
    """A run that was given contents, in the order in which it takes them."""

    contents: tuple[Content, ...]
    is_under_way: bool = False
    has_succeeded: bool = False
    may_pass: bool = False  # what ended it was no file's fault


@dataclass
class Arrivals:
    """Files by state."""

    states: dict[LandedFile, FileState] = field(default_factory=dict)

    def files(self, *states: FileState) -> list[LandedFile]:
        """The files in these states, in their order."""
        return [file for file, state in self.states.items() if state in states]

    def batches(self) -> list[list[LandedFile]]:
        """What to load: all new content as one, and alone each that has failed before."""
        fresh = self.files(FileState.NEW, FileState.REPLACED)
        return [*([fresh] if fresh else []), *([file] for file in self.files(FileState.FAILED))]

    def __str__(self) -> str:
        counts = Counter(self.states.values())
        return (
            ", ".join(f"{counts[state]} {state}" for state in FileState if counts[state]) or "empty"
        )


def content(file: LandedFile) -> Content:
    """What a file is known by until it is read."""
    return file.uri, file.generation


def arrivals(
    listing: Sequence[LandedFile], ledger: Iterable[Known], attempts: Iterable[Attempt], tries: int
) -> Arrivals:
    """The state of every listed file. tries: runs that a content is given at most."""
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
    """Runs that failed over a content. A run takes its files in order, each by itself: one that
    failed did so over the first that is not settled. One that succeeded should have settled all."""
    failed: Counter[Content] = Counter()
    for attempt in attempts:
        left = [one for one in attempt.contents if one in pending]
        if attempt.is_under_way or attempt.may_pass:
            continue
        failed.update(left if attempt.has_succeeded else left[:1])
    return failed
