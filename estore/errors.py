"""Errors that a user can fix: each says what is wrong, where, and how to fix it."""


class EstoreError(Exception):
    """An error that a person can fix; shown as one sentence, never as a traceback."""


class Busy(EstoreError):
    """Another process is writing; a later retry may work."""


class NothingLoaded(EstoreError):
    """There is no warehouse yet."""


class Damaged(EstoreError):
    """A file of ours is missing, truncated or unreadable: which one, and the fix."""


class RefusedFile(EstoreError):
    """A file that cannot be loaded. None of its rows are kept; the other files are loaded."""


#: The reason for a file that changed during the load.
CHANGED = "changed while it was being read; run again once it is complete"


def engine_advice(text: str) -> str | None:
    """What to do about an error caused by the machine; None for any other error."""
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
