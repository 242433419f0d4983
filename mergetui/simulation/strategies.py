"""The strategies that are compared, each over the same trace and slots."""

from enum import StrEnum
from typing import assert_never

from msgspec import Struct

from mergetui.simulation.classic import play_fixed_batch, play_oracle
from mergetui.simulation.planned import Setting, play
from mergetui.simulation.traces import Trace
from mergetui.simulation.world import Played


class Strategy(StrEnum):
    ORACLE = "oracle"
    SERIAL = "serial"
    BATCH = "batch"
    SPECULATION = "speculation"
    OURS = "ours"


WORDS = {
    Strategy.ORACLE: "knows every answer: one retest for each change, on those that will be ahead of it",
    Strategy.SERIAL: "one change, one retest at a time",
    Strategy.BATCH: "a fixed batch, one at a time, halved when it is red (bors)",
    Strategy.SPECULATION: "every change on those ahead of it, side by side (Zuul)",
    Strategy.OURS: "the plan of mergetui, with a setting for these slots",
}


_FEW = 16
"""With more slots a red batch costs more than it spares: the changes behind it are too many."""


class Field(Struct, frozen=True, kw_only=True):
    """What all strategies have in common."""

    slots: int
    batch: int = 1
    """Of the fixed batch."""
    ours: Setting


def for_slots(slots: int) -> Setting:
    """What does best where 2 of 100 changes are red, as far as was tried (docs/simulator.md)."""
    return Setting(batch=4 if slots <= _FEW else 1, parallel=slots, hedge=True)


def played(strategy: Strategy, trace: Trace, field: Field) -> Played:
    retries = field.ours.retries
    match strategy:
        case Strategy.ORACLE:
            return play_oracle(trace, slots=field.slots)
        case Strategy.SERIAL:
            return play(trace, Setting(retries=retries), slots=field.slots)
        case Strategy.BATCH:
            return play_fixed_batch(trace, batch=field.batch)
        case Strategy.SPECULATION:
            return play(trace, Setting(parallel=field.slots, retries=retries), slots=field.slots)
        case Strategy.OURS:
            return play(trace, field.ours, slots=field.slots)
        case _:
            assert_never(strategy)
