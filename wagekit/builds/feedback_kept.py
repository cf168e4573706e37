"""Letters that are made already: those of a run that was interrupted or failed, and those that are published.

They lie with their records in a private folder beside the output, ``<output>.builds/letters``, for its owner alone. A
letter is taken over where it would be made of the same figures, by the same code and libraries, for the same key. What
tells that is a keyed digest (HMAC) under the enterprise's own key: without the key nothing can be found out from it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from wagekit.builds.feedback_worker import Order, Sealed
from wagekit.builds.fingerprints import environment
from wagekit.builds.manifest import build_time, private_folder
from wagekit.files import made_folder, replacing, writing
from wagekit.publish.feedback.figures import Edition
from wagekit.reads import file_digest

_RECORDS = "letters.jsonl"


@dataclass(frozen=True)
class Letter:
    """A letter that is made: code of the enterprise, file, pages, SHA-256 of the file, when, and what of."""

    id: str
    file: str
    pages: int
    sha256: str
    made: str
    fingerprint: str


def fingerprint(order: Order, edition: Edition) -> str:
    """What a letter is made of, as a digest under the enterprise's key: figures, key, code, libraries, font."""
    content = f"{edition!r}\n{order.enterprise!r}\n{environment()}"
    return hmac.new(order.key.encode(), content.encode(), hashlib.sha256).hexdigest()


class Kept:
    """The letters that are kept beside an output. One process at a time may use it.

    Parameters
    ----------
    target : folder of the feedback.

    Raises
    ------
    ReleaseError
        If the private folder can't be written.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        private = made_folder(private_folder(target))
        self.folder = made_folder(private / "letters")
        self._records = private / _RECORDS
        with writing(self.folder):
            private.chmod(0o700)
            for torn in self.folder.glob(".*.part"):
                torn.unlink(missing_ok=True)
        self._letters = {letter.id: letter for letter in _read(self._records)}

    def find(self, order: Order, edition: Edition) -> Letter | None:
        """The letter, if it is made already and as it was; None if it has to be made."""
        letter = self._letters.get(order.enterprise.id)
        if letter is None or not hmac.compare_digest(letter.fingerprint, fingerprint(order, edition)):
            return None
        return letter if self._place(letter) is not None else None

    def remember(self, sealed: Sealed, order: Order, edition: Edition) -> Letter:
        """Record a letter that was just made into :attr:`folder`, so that no other run makes it again."""
        about = asdict(sealed)
        letter = Letter(
            **{name: about[name] for name in ("id", "file", "pages", "sha256")},
            made=build_time().isoformat(),
            fingerprint=fingerprint(order, edition),
        )
        with writing(self._records), self._records.open("a", encoding="utf-8") as stream:
            # A line that a killed process left torn ends here; an empty one is passed over.
            stream.write(f"\n{json.dumps(asdict(letter))}")
        self._letters[letter.id] = letter
        return letter

    def copy(self, letter: Letter, folder: Path) -> None:
        """Put a letter into a folder."""
        place = self._place(letter)
        with writing(folder / letter.file):
            shutil.copyfile(place or self.folder / letter.file, folder / letter.file)

    def clear(self, published: Iterable[Letter]) -> None:
        """Once the letters are published, keep their records and nothing else."""
        with replacing(self._records) as beside:
            beside.write_text("\n".join(json.dumps(asdict(letter)) for letter in published), encoding="utf-8")
        self._records.chmod(0o600)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _place(self, letter: Letter) -> Path | None:
        """Where the file of a letter lies as it was."""
        for folder in (self.folder, self._target):
            if file_digest(folder / letter.file) == letter.sha256:
                return folder / letter.file
        return None


def _read(path: Path) -> list[Letter]:
    """The letters that are recorded; lines that are torn are passed over."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for line in lines:
        try:
            letter = Letter(**json.loads(line))
        except (ValueError, TypeError):
            continue
        if letter.file == f"{letter.id}.pdf" and Path(letter.file).name == letter.file:
            found.append(letter)
    return found
