"""`freeze`: times in which nothing is started and nothing lands."""

from typing import ClassVar, Literal

from msgspec import Struct

from mergetui.checks.check import Answer, Check, CheckView, Pass, Waits
from mergetui.checks.windows import end_of, parse_window, span_at, zone_of


class FreezeWindow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    begins: str
    ends: str
    reason: str


class Freeze(Check, frozen=True, kw_only=True):
    concerns: ClassVar[Literal["entry", "repository"]] = "repository"

    windows: tuple[FreezeWindow, ...]
    zone: str = "UTC"

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if not self.windows:
            raise ValueError("windows = []; allowed: at least one { begins, ends, reason }")
        for window in self.windows:
            parse_window(window.begins, window.ends)
            if not window.reason.strip():
                raise ValueError("reason = ''; allowed: why, for it is what everybody is shown")

    def ask(self, view: CheckView) -> Answer:
        zone = zone_of(self.zone)
        windows = {window: parse_window(window.begins, window.ends) for window in self.windows}
        for said, window in windows.items():
            if span_at(window, zone, view.now):
                return Waits(said.reason, end_of(windows.values(), zone, view.now))
        return Pass()
