"""A world in which several candidates run side by side."""

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from mergetui.model import Entry, EntryState
from mergetui.state import Advance
from tests.rules.rails import Rail
from tests.tui.bygone import remember
from tests.tui.fakes import NOON, TIP, World, ago, entry, holder, lease, queue_of

A, AB, ABC = "feat/a", "feat/a feat/b", "feat/a feat/b feat/c"
LOGS: Mapping[str, str] = {
    A: "collected 212 items\nof a alone ....... [ 41%]\n",
    AB: "collected 214 items\nof a and b ... [ 12%]\n",
    ABC: "collected 220 items\nof all three\n",
}


class Boarding:
    """`feat/a`, `feat/b` and `feat/c` are under test one after the other; `feat/d` waits."""

    def __init__(self, directory: Path, *, logs: Path | None = None) -> None:
        self.rail = Rail(now=NOON, logs=str(logs or directory), base=TIP)
        for line, text in LOGS.items():
            Path(self.rail.log(line)).write_text(text)
        tested = (self._tested(number, line) for number, line in enumerate(LOGS, start=1))
        waits = entry(4, "feat/d", behind=3)
        advance = Advance(holder=holder("ana"), mode="auto", since=ago(hours=1))
        state = queue_of(*tested, waits, lease=lease(), advance=advance)
        self.world = World(directory, {"shop": state, "api": queue_of()})
        for minutes, line in zip((4, 2, 1), LOGS, strict=True):
            self.tell(self.rail.built(line, ago=60 * minutes), self.rail.started(line, ago=60 * minutes))

    def tell(self, *facts: object) -> None:
        remember(self.world, facts)  # type: ignore[arg-type]

    def enter(self, branch: str, state: EntryState) -> None:
        def step(entries: Mapping[str, Entry]) -> dict[str, Entry]:
            return {
                key: replace(one, state=state, state_since=NOON) if one.branch == branch else one
                for key, one in entries.items()
            }

        self.world.change(lambda stored: replace(stored, entries=step(stored.entries)))

    def _tested(self, number: int, line: str) -> Entry:
        branch, log = line.rsplit(maxsplit=1)[-1], self.rail.log(line)
        return entry(number, branch, state=EntryState.TESTING, state_since=ago(minutes=4), log=log)
