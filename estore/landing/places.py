"""Places: a file, folder, pattern or bucket → its event files."""

import glob
import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from estore.errors import EstoreError
from estore.landing.files import (
    SUFFIXES,
    LandedFile,
    is_data_name,
    is_event_name,
    is_set_aside,
    landed_file,
    local_path,
    printable,
)

_NAMES_SHOWN = 10


@dataclass
class Found:
    """The result of a search: event files, problems, and skipped files.

    problems: a sentence for each place, file or folder that cannot be read. skipped: reason →
    the paths of skipped files that may contain events.
    """

    by_uri: dict[str, LandedFile] = field(default_factory=dict)
    taken: int = 0  # including files found twice
    problems: list[str] = field(default_factory=list)
    skipped: dict[str, list[str]] = field(default_factory=dict)

    @property
    def files(self) -> list[LandedFile]:
        """All files by uri, each once."""
        return [self.by_uri[uri] for uri in sorted(self.by_uri)]

    @property
    def notes(self) -> list[str]:
        """A sentence for each reason why files were skipped."""
        return [
            f"not loaded: {', '.join(map(printable, paths[:_NAMES_SHOWN]))}"
            + (f" and {more:,} more" if (more := len(paths) - _NAMES_SHOWN) > 0 else "")
            + f" ({reason})"
            for reason, paths in sorted(self.skipped.items())
        ]

    @property
    def skipped_count(self) -> int:
        """How many files were skipped."""
        return sum(map(len, self.skipped.values()))

    def add(self, file: LandedFile) -> None:
        """Add a file."""
        self.by_uri[file.uri] = file
        self.taken += 1

    def skip(self, path: str, reason: str | None = None) -> None:
        """Note a skipped file; without a reason, its name gives one."""
        if reason is None:
            name = path.rsplit("/", 1)[-1]
            reason = "names that start with _ are skipped" if is_set_aside(name) else _NO_EVENT_NAME
        self.skipped.setdefault(reason, []).append(path)

    def problem(self, place: str, said: str) -> None:
        """Note a problem with one place."""
        self.problems.append(f"{printable(place)}: {said}")


_NO_EVENT_NAME = f"names must end with {SUFFIXES}"


def list_landing(place: str) -> Found:
    """The files in the landing; it may be empty but must exist.

    Raises EstoreError if it does not exist or nothing in it can be read.
    """
    if "://" not in place and not local_path(place).is_dir():
        raise EstoreError(f"{printable(place)}: folder not found")
    found = Found()
    _look(place, found, may_be_empty=True)
    if found.problems and not found.by_uri:
        raise EstoreError("; ".join(found.problems))
    return found


def look(places: Iterable[str]) -> Found:
    """Search places: files, folders and patterns, on this machine or in a bucket.

    Folders and patterns skip other files, and names that start with a dot or an underscore. A file
    given by name is always taken; the load refuses it if it is not an event file. A place that is
    empty or cannot be read is a problem, but the other places are still searched.
    """
    found = Found()
    for place in places:
        _look(place, found)
    return found


def find_files(places: Iterable[str]) -> list[LandedFile]:
    """The event files at the places, each once; raises EstoreError for any problem."""
    found = look(places)
    if found.problems:
        raise EstoreError("; ".join(found.problems))
    return found.files


def places_in(text: str) -> list[str]:
    """Split one text into places: the text itself if that path exists, otherwise its words.

    Make passes DATA= as one text, and a path may contain spaces and quotes.
    """
    if "://" not in text and _exists(text):
        return [text]
    try:
        return shlex.split(text)
    except ValueError:  # an unmatched quote
        return [text]


def _exists(place: str) -> bool:
    try:
        return os.path.lexists(local_path(place)) or bool(_matches(local_path(place)))
    except (OSError, ValueError):
        return False


def _look(place: str, found: Found, *, may_be_empty: bool = False) -> None:
    before = found.taken, len(found.problems), found.skipped_count
    try:
        if "://" in place:
            _look_in_bucket(place, found)
        else:
            _look_on_this_machine(place, local_path(place), found)
        if not may_be_empty and (found.taken, len(found.problems)) == before[:2]:
            found.problem(place, _nothing_there(found, before[2]))
    except EstoreError as error:
        found.problems.append(str(error))
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        found.problem(str(getattr(error, "filename", None) or place), f"cannot be read: {said}")


def _look_in_bucket(place: str, found: Found) -> None:
    from estore.landing.objects import (
        find_objects,  # the libraries are optional and slow to import
    )

    for file in find_objects(place, found.skip):
        found.add(file)


def _look_on_this_machine(place: str, path: Path, found: Found) -> None:
    if path.is_file():
        found.add(landed_file(path))
        return
    if not path.is_dir() and (os.path.lexists(path) or not glob.has_magic(str(path))):
        found.problem(place, _why_no_file(path))
        return
    for match in _walk(path, found.problem) if path.is_dir() else _matches(path):
        try:
            _take(match, path, found)
        except OSError as error:
            found.problem(str(match), f"cannot be read: {error.strerror}")


def _why_no_file(path: Path) -> str:
    if path.exists():
        return "is neither a file nor a folder"
    return "is a broken link" if path.is_symlink() else "does not exist"


def _take(path: Path, place: Path, found: Found) -> None:
    """Add an event file of a folder or pattern, or note that it is skipped."""
    shown = str(path.relative_to(place)) if path.is_relative_to(place) else str(path)
    if not is_event_name(path.name):
        if is_data_name(path.name) and path.is_file():
            found.skip(shown)
    elif path.is_file():
        with suppress(FileNotFoundError):  # moved since it was listed
            found.add(landed_file(path))
    elif not path.exists():
        if path.is_symlink():
            found.skip(shown, "the link is broken")
    elif not path.is_dir():
        found.skip(shown, "not a file but a pipe or a device")


def _nothing_there(found: Found, before: int) -> str:
    others = ", only files of other kinds" if found.skipped_count > before else ""
    return f"contains no event files{others} ({SUFFIXES})"


def _matches(pattern: Path) -> list[Path]:
    """The paths that match a pattern; an existing folder before it is taken literally."""
    exact = Path(pattern.anchor or ".")
    rest = list(pattern.parts[1:] if pattern.anchor else pattern.parts)
    while rest and os.path.lexists(exact / rest[0]):
        exact /= rest.pop(0)
    found = glob.glob(str(Path(glob.escape(str(exact)), *rest)), recursive=True)  # noqa: PTH207
    return sorted(map(Path, found))


def _walk(folder: Path, problem: Callable[[str, str], None]) -> Iterator[Path]:
    """All files in a folder and its subfolders, including linked ones, in order."""

    def fail(error: OSError) -> None:
        problem(str(error.filename), f"cannot be read: {error.strerror}")

    known = {folder.resolve(), *folder.resolve().parents}
    for parent, folders, names in os.walk(folder, onerror=fail, followlinks=True):
        entered = []
        for name in sorted(folders):
            place = Path(parent, name).resolve()
            if not name.startswith((".", "_")) and place not in known:
                known.add(place)
                entered.append(name)
        folders[:] = entered
        yield from (Path(parent, name) for name in sorted(names))
