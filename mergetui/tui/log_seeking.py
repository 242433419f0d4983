"""The search of a pane: where the next hit is, and where all of them are."""

from collections.abc import Sequence

from mergetui import cleaning
from mergetui.tui.log_file import LogFile
from mergetui.tui.log_search import HitLines, LogSearch


class Seeking:
    """One search at a time, on threads of its own; the pane asks what has become of it."""

    def __init__(self) -> None:
        self._search: LogSearch | None = None
        self._hits: HitLines | None = None
        self._is_sought = False
        self._seen: object = None

    @property
    def is_begun(self) -> bool:
        """There is something that is searched for."""
        return self._search is not None

    @property
    def hits(self) -> Sequence[int]:
        """Lines with what is searched for, as far as they are known."""
        return self._hits.lines if self._hits is not None else ()

    @property
    def note(self) -> str:
        """Whether what is searched for is found, and in how many lines as far as they are known."""
        if self._search is None:
            return ""
        quoted = f"“{cleaning.name(self._search.text)}”"
        if self._hits is not None and self._hits.lines:
            return f"{quoted} in {self._hits.told}"
        is_missing = self._search.over and self._search.found is None
        return f"no {quoted}" if is_missing else f"looking for {quoted}"

    def begin(self, source: LogFile | None, text: str, start: int) -> None:
        """Look from line `start` on; the empty text ends a search."""
        if self._hits is not None:
            self._hits.cancel()
        self._hits = HitLines(source, text) if source is not None and text else None
        self._seek(source, text, start, forward=True)

    def go_on(self, source: LogFile | None, start: int, *, forward: bool) -> None:
        if self._search is not None:
            self._seek(source, self._search.text, start, forward=forward)

    def has_news(self) -> bool:
        """The hits are others than when this was asked before."""
        if self._hits is None or self._hits.lines is self._seen:
            return False
        self._seen = self._hits.lines
        return True

    def has_answer(self) -> bool:
        """The search is over since this was asked before."""
        if not self._is_sought or self._search is None or not self._search.over:
            return False
        self._is_sought = False
        return True

    @property
    def found(self) -> int | None:
        return self._search.found if self._search is not None else None

    def forget(self) -> None:
        self.cancel()
        self._search, self._hits = None, None

    def cancel(self) -> None:
        for running in (self._hits, self._search):
            if running is not None:
                running.cancel()

    def _seek(self, source: LogFile | None, text: str, start: int, *, forward: bool) -> None:
        if self._search is not None:
            self._search.cancel()
        wanted = source is not None and text != ""
        self._search = LogSearch(source, text, start, forward=forward) if source and text else None
        self._is_sought = wanted
