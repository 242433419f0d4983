"""What was looked at, what was found there, and what helps."""

from enum import StrEnum

from msgspec import Struct


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Good to know; nothing has to be done, or mergetui does it by itself."""
    WARN = "warn"
    """It goes on, and somebody should look."""
    MEND = "mend"
    """Something does not work, or is not safe, before this is mended."""


class Finding(Struct, frozen=True, kw_only=True):
    about: str
    """What was looked at, in a word that scripts may rely on."""
    subject: str
    """Whose it is: a repository's name or a path; empty for what belongs to the machine."""
    level: Level
    says: str
    mend: str = ""
    """The command that mends it where there is one, else what to do; empty when there is nothing to do."""


class Topic(Struct, frozen=True):
    """One thing that is looked at."""

    about: str
    subject: str = ""

    def ok(self, says: str) -> Finding:
        return self._found(Level.OK, says)

    def note(self, says: str, mend: str = "") -> Finding:
        return self._found(Level.NOTE, says, mend)

    def warn(self, says: str, mend: str = "") -> Finding:
        return self._found(Level.WARN, says, mend)

    def mend(self, says: str, mend: str) -> Finding:
        return self._found(Level.MEND, says, mend)

    def _found(self, level: Level, says: str, mend: str = "") -> Finding:
        return Finding(about=self.about, subject=self.subject, level=level, says=says, mend=mend)
