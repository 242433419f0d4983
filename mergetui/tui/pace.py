"""How often a log that grows is drawn."""


class Pace:
    """While more than a page is new at every look, every second look is left out: nobody reads so fast."""

    def __init__(self) -> None:
        self._left_out = False

    def leaves_out(self, new: int, *, page: int) -> bool:
        """Whether nothing is drawn at this look, at which so many lines are `new`; never twice in a row."""
        self._left_out = new > page and not self._left_out
        return self._left_out
