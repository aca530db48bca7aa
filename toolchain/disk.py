"""Why nothing can be written: a full disk, a folder of somebody else, one mounted read-only."""

import errno
from pathlib import Path

from toolchain.places import ROOT, cache_folder

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM}


def in_words(error: OSError) -> str:
    """Return what is wrong with the disk, and what helps."""
    place = Path(str(error.filename or ROOT))
    if error.errno in _FULL:
        return f"the disk of {place} is full. Make room on it, and run this again"
    if error.errno == errno.EROFS:
        return f"{place} can't be written: it is mounted read-only. {_helps(place)}"
    if error.errno in _FORBIDDEN:
        return f"{place} can't be written: {_whose(place)}. {_helps(place)}"
    return f"{place}: {error.strerror or error}"


def _helps(place: Path) -> str:
    cache = cache_folder()
    if place.is_relative_to(cache) or cache.is_relative_to(place):
        return "Name a cache folder of your own: LYTICS_ML_CACHE=FOLDER"
    return "Use a clone of this project in a folder of your own"


def _whose(place: Path) -> str:
    for folder in (place, *place.parents):
        try:
            return f"{folder} belongs to {folder.owner()}"
        except (OSError, KeyError):
            continue
    return "it belongs to somebody else"
