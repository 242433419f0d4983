"""What an operator does to a repository, from any process; the engine that works on it sees the result.

Commands are changes of the stored state, not messages: whoever works on the repository looks at the
state before every decision, so there is nothing to deliver and nothing to lose.
"""

from mergetui.operations.answers import NotQueued, NotReleased, Queued, Released
from mergetui.operations.desk import Desk

__all__ = ["Desk", "NotQueued", "NotReleased", "Queued", "Released"]
