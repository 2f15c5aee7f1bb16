"""Copies: objects of buckets brought to this machine, one for the load and the next meanwhile."""

import shutil
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from estore.buckets.stores import Listed, Store, open_store, split_uri
from estore.landing import LandedFile
from estore.load.content import Beside


class Copies:
    """Where the load finds the bytes of its files. At most two objects lie here at a time.

    Copies rather than streams, since a load reads a file more than once (docs/decisions/0010).
    """

    def __init__(self, wanted: Sequence[LandedFile], folder: Path) -> None:
        """wanted: the objects that will be asked for, in that order."""
        self.folder = folder
        self._wanted = deque(wanted)
        self._ahead: _Download | None = None
        self._stores: dict[str, Store] = {}
        self._count = 0

    def bring(self, file: LandedFile, on_bytes: Callable[[int], None]) -> LandedFile:
        """The file with its bytes on this machine; on_bytes is told how many have come.

        Raises RefusedFile where they cannot be had, EstoreError where none of the others' can.
        """
        if not file.is_object:
            return file
        download = self._ahead if self._ahead and self._ahead.file == file else self._start(file)
        self._ahead = None
        with suppress(ValueError):
            self._wanted.remove(file)
        copy = download.wait(on_bytes)
        if self._wanted and self._has_room_for(self._wanted[0]):
            self._ahead = self._start(self._wanted[0])
        return copy

    def _start(self, file: LandedFile) -> "_Download":
        self.folder.mkdir(parents=True, exist_ok=True)
        self._count += 1
        scheme = split_uri(file.uri)[0]
        if scheme not in self._stores:
            self._stores[scheme] = open_store(scheme)
        return _Download(file, self._stores[scheme], self.folder / str(self._count))

    def _has_room_for(self, file: LandedFile) -> bool:
        """Beside what the load of the present one spills."""
        return shutil.disk_usage(self.folder).free > 4 * file.bytes


class _Download:
    """An object on its way."""

    def __init__(self, file: LandedFile, store: Store, path: Path) -> None:
        self.file, self.path, self.done = file, path, 0
        _, bucket, key = split_uri(file.uri)
        listed = Listed(key, file.bytes, file.generation)
        self._work = Beside(lambda: store.download(bucket, listed, path, self._note))

    def _note(self, done: int) -> None:
        self.done = done

    def wait(self, on_bytes: Callable[[int], None]) -> LandedFile:
        """The file with its copy; raises what went wrong on the way."""
        while not self._work.has_ended(0.2):
            on_bytes(self.done)
        try:
            self._work.result()
        except BaseException:
            self.path.unlink(missing_ok=True)
            raise
        return replace(self.file, copy=self.path)
