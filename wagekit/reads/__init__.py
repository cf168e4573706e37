"""What a report reads: said to a file while its notebook runs, so that a build knows what it depends on.

Where the environment variable ``WAGEKIT_READS`` names a file, everything of wagekit that hands out data appends a line
about it (:func:`record`), and after :func:`watch` so does every other file that Python opens. What can be read
unseen, by a compiled library, over the network or by another program, is said as well; such a notebook can't be taken
over from an earlier build and is run each time. :func:`recorded` gives the whole back, :func:`unseen` the reasons.

A digest is taken of what is handed out, at that moment and before it is used. So what changes while a report is made
gives a digest that is no longer true, and the report is made again: a wrong decision costs time, never a stale number.
"""

from wagekit.reads.records import (
    FOLDER,
    Part,
    Read,
    file_digest,
    folder_digest,
    record,
    record_file,
    recorded,
    recording,
    unrecorded,
    unseen,
)
from wagekit.reads.watching import watch

__all__ = [
    "FOLDER",
    "Part",
    "Read",
    "file_digest",
    "folder_digest",
    "record",
    "record_file",
    "recorded",
    "recording",
    "unrecorded",
    "unseen",
    "watch",
]
