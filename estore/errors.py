"""Errors that a user can mend: each says what is wrong, where, and the fix."""


class EstoreError(Exception):
    """Something a person can act on; shown as one sentence, never as a traceback."""


class RefusedFile(EstoreError):
    """A file that cannot be loaded as it is. Nothing of it stays; the other files go on."""
