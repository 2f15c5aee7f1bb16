"""Landing: finds event files in folders and buckets, by name or by pattern."""

from estore.landing.files import FORMATS, SUFFIXES, LandedFile, landed_file, local_path, printable
from estore.landing.places import Found, find_files, list_landing, look, places_in

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Found",
    "LandedFile",
    "find_files",
    "landed_file",
    "list_landing",
    "local_path",
    "look",
    "places_in",
    "printable",
]
