"""Snapshots: keeps the newest published version in memory while the server runs.

It reads each version once, so answers need no file and no engine, and a version may be deleted
while it is shown.
"""

import logging
import pickle
import subprocess
import sys
import threading
from pathlib import Path

from estore.dashboard.shown import Shown
from estore.errors import Damaged
from estore.settings import Settings
from estore.snapshot.manifest import current_version

log = logging.getLogger(__name__)


#: A version's folder and the identity of its manifest.
Identity = tuple[str, int, int, int] | None


class Snapshots:
    """The newest version; `refresh` checks for a newer one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.shown: Shown | None = None
        self._looking = threading.Lock()
        self._identity: Identity = None
        self._said = ""

    def refresh(self) -> None:
        """Show the version that CURRENT names; keep the previous one if it cannot be read.

        A version may be deleted while it is read; then the next check finds a newer one.
        """
        with self._looking:
            try:
                folder = current_version(self.settings)
            except Damaged as error:
                self._say(str(error))
                return
            identity = _identity(folder) if folder else None
            if folder is None or (self.shown and identity == self._identity):
                return
            read = subprocess.run(
                [sys.executable, "-m", "estore.dashboard.reading", str(folder)], capture_output=True
            )
            if read.returncode == 0:
                shown: Shown = pickle.loads(read.stdout)
                self.shown, self._identity, self._said = shown, identity, ""
            else:
                said = read.stderr.decode(errors="replace").strip().splitlines()
                self._say(f"{folder} cannot be shown: {said[-1] if said else 'no reason given'}")

    def _say(self, why: str) -> None:
        """Log once why the newest version is not shown."""
        if why != self._said:
            self._said = why
            log.error(why)


def _identity(folder: Path) -> Identity:
    """A version's identity; a recreated or restored home reuses version names."""
    try:
        manifest = (folder / "manifest.json").stat()
    except OSError:
        return None
    return folder.name, manifest.st_dev, manifest.st_ino, manifest.st_mtime_ns
