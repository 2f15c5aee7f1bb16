"""Errors that a user can mend: each says what is wrong, where, and the fix."""


class EstoreError(Exception):
    """Something a person can act on; shown as one sentence, never as a traceback."""


class Busy(EstoreError):
    """Somebody else writes just now; the same again, later, may well work."""


class NothingLoaded(EstoreError):
    """There is no warehouse yet."""


class Damaged(EstoreError):
    """A file of ours is missing, cut or not readable: which one, and what puts it right."""


class RefusedFile(EstoreError):
    """A file that cannot be loaded as it is. Nothing of it stays; the other files go on."""


#: Of a RefusedFile that was written to meanwhile.
CHANGED = "changed while it was being read; run again once it is complete"


def engine_advice(text: str) -> str | None:
    """What to do about an error of the engine or the system that is the machine's; else None."""
    said = next((line for line in text.splitlines() if any(sign in line for sign in _WANTS)), "")
    if any(sign in said for sign in _DISK):
        return (
            f"the disk is full: {said.strip()}. Free some space, or move everything to a larger "
            "disk and name it with --home (ESTORE_HOME)"
        )
    if said:
        return (
            f"memory ran out: {said.strip()}. Raise ESTORE_MEMORY_LIMIT, or lower ESTORE_THREADS "
            "or ESTORE_CHUNK_ROWS"
        )
    return None


_DISK = ("No space left", "max_temp_directory_size", "File too large", "Disk quota exceeded")
_WANTS = (*_DISK, "Out of Memory", "OutOfMemory", "failed to allocate", "Cannot allocate memory")
