"""Request: whom to forget, noted in the home until it is done, so that a kill loses nothing."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from estore.errors import EstoreError
from estore.escaping import one_line, shortened
from estore.settings import Settings

#: An id longer than this is a mistake, such as a file's text in place of ids.
LONGEST_ID = 200


def read_ids(path: Path) -> list[str]:
    """One id per line; blank lines do not count. Raises EstoreError that names the line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise EstoreError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise EstoreError(f"{path} is not UTF-8; save it again as UTF-8 text") from error
    ids = []
    for number, line in enumerate(lines, 1):
        if not (person := line.strip()):
            continue
        if "," in person or ";" in person or "\t" in person:
            raise EstoreError(
                f"{path}, line {number}: {shortened(one_line(person), 60)} is not one id; "
                "write one user id per line and no other columns"
            )
        ids.append(person)
    return ids


def cleaned(ids: Iterable[str]) -> list[str]:
    """The ids, each once, in order; raises EstoreError without any, or for an impossible one."""
    people = list(dict.fromkeys(person.strip() for person in ids if person.strip()))
    if not people:
        raise EstoreError("name at least one user id, or a file with one id per line (--file)")
    if long := next((person for person in people if len(person) > LONGEST_ID), None):
        raise EstoreError(
            f"{shortened(one_line(long), 60)} is longer than {LONGEST_ID} characters, "
            "so it is not a user id"
        )
    return people


@dataclass(frozen=True)
class Request:
    """People to forget. is_rewritten: only old snapshots that a reader kept open are left."""

    ids: list[str]
    is_rewritten: bool = False


def pending(settings: Settings) -> Request | None:
    """The request that did not end, if any; raises EstoreError if it cannot be read."""
    path = _path(settings)
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Request(cleaned(stored["ids"]), bool(stored["is_rewritten"]))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, AttributeError, KeyError, EstoreError) as error:
        raise EstoreError(
            f"{path} is damaged. Delete it and repeat `estore forget` for the same ids"
        ) from error


def note(settings: Settings, request: Request) -> None:
    """Store a request, on disk before this returns."""
    path = _path(settings)
    unfinished = path.with_suffix(".tmp")
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(asdict(request), file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def done(settings: Settings) -> None:
    """Delete the request."""
    _path(settings).unlink(missing_ok=True)


def _path(settings: Settings) -> Path:
    return settings.home / "forget.pending.json"
