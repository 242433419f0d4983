"""In the place of an engine where nothing may be changed: none is made, for making one tidies up."""

from mergetui.engine import Engine
from mergetui.ports import Clock
from mergetui.worker import Standing, WorkMode


class IdleEngine(Engine):
    def __init__(self, clock: Clock) -> None:
        super().__init__({}, clock=clock, glance_every={})

    def want(self, name: str, mode: WorkMode | None) -> None:
        """Nothing is done."""

    def finish(self, name: str) -> None:
        """Nothing is done."""

    def standing(self, name: str) -> Standing:  # noqa: ARG002 - as in Engine
        return Standing()
