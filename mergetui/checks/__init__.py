"""What must hold before an entry is caught up and before it lands; this is all that a check has to import."""

from mergetui.checks.check import Answer, Changes, Check, CheckView, Pass, Reads, Refuses, Waits
from mergetui.forecasting import FileChange

__all__ = [
    "Answer",
    "Changes",
    "Check",
    "CheckView",
    "FileChange",
    "Pass",
    "Reads",
    "Refuses",
    "Waits",
]
