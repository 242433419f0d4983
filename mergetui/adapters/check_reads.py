"""What checks read of commits: from the engine's mirror, with git's time limit and a bound on files."""

from mergetui.checks import Changes
from mergetui.git_ports import BranchReader
from mergetui.model import Oid

MOST_FILES = 10_000


class MirrorReads:
    """The `Reads` of a check; whoever is asked in another thread may read here."""

    def __init__(self, reader: BranchReader) -> None:
        self._reader = reader

    def changes(self, base: Oid, head: Oid) -> Changes:
        files = self._reader.files(base, head)
        if files is None:
            raise OSError(f"git cannot tell what {head[:10]} changes since {base[:10]}")
        return Changes(files[:MOST_FILES], is_cut=len(files) > MOST_FILES)

    def behind(self, tip: Oid, head: Oid) -> int:
        distance = self._reader.distance(tip, head)
        if distance is None:
            raise OSError(f"git cannot tell how far {head[:10]} is behind {tip[:10]}")
        return distance.behind
