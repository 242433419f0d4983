"""A console in a terminal of its own whose auto-advance stops at once: `python -m ... DIRECTORY`."""

import sys
from pathlib import Path

from mergetui.model import EntryState
from mergetui.queueing import put
from mergetui.tui.app import Console
from mergetui.worker import Standing, WorkMode
from tests.tui.fakes import World, entry, queue_of

HOSTILE = "feat/x\x1b]52;c;aGk=\x07\x1b\\\x9d2;pwned\x9c\x9b2J\u202e\r\n4;3;"
SEEN = "feat/x␛]52;c;aGk=␇␛\\‹U+009D›2;pwned‹U+009C›‹U+009B›2J‹U+202E›␍␊4;3;"


def main(directory: Path) -> None:
    world = World(directory, {"shop": queue_of(entry(1, HOSTILE), entry(2, "feat/b"))})

    def want(name: str, _: WorkMode | None) -> None:
        world.engine.standings[name] = Standing(stopped_itself=f"nobody knows {HOSTILE}")
        held = entry(1, HOSTILE, state=EntryState.HELD)
        world.change(lambda state: put(state, held))

    world.engine.want = want  # type: ignore[method-assign, assignment]
    Console(world.bridge).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
