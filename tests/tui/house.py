"""A repository whose retest stands still until a test lets it go on, and a console on it."""

import sys
from collections.abc import Sequence
from pathlib import Path

from mergetui.adapters.journal import FileJournal
from mergetui.config_file import add_repository
from mergetui.events import Ended, Event, LeaseForced, RetestStarted
from mergetui.model import Lease
from mergetui.operations import Desk, Queued
from mergetui.places import places
from mergetui.wiring import Wiring
from tests.worlds.remote import Remote

OPERATOR = "ana"


class House:
    """`feature` is queued; its retest says `line one`, waits for `go_on`, and says `line two`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.remote = Remote(directory / "remote.git")
        self.remote.propose("feature", {"inner/file": "1\n"})
        self._go = directory / "go"
        self.places = places(config=directory / "mergetui.toml", state_dir=directory / "state", environ={})
        waits = f'echo line one; until [ -e "{self._go}" ]; do sleep 0.02; done; echo line two'
        self.places.config.write_text('[gate]\nlease_ttl = "3s"\n')
        add_repository(self.places.config, "shop", {"remote": self.remote.url, "retest": waits})
        answers = self.desk.enqueue([("feature",)])
        assert isinstance(answers, list)
        assert isinstance(answers[0], Queued)

    @property
    def command(self) -> Sequence[str]:
        where = ("--config", str(self.places.config), "--state-dir", str(self.places.state))
        return (sys.executable, "-m", "mergetui", *where)

    @property
    def desk(self) -> Desk:
        return Wiring(self.places).desk("shop")

    def go_on(self) -> None:
        """The retest ends, and is green."""
        self._go.touch()

    def facts(self) -> Sequence[Event]:
        return FileJournal(self.places.of("shop") / "journal.jsonl").read()

    def under_test(self) -> str | None:
        return next((fact.commit for fact in self.facts() if isinstance(fact, RetestStarted)), None)

    def endings(self) -> list[str]:
        return [fact.run.outcome for fact in self.facts() if isinstance(fact, Ended)]

    def lease(self) -> Lease | None:
        return self.desk.state().lease

    def was_released(self) -> bool:
        return any(isinstance(fact, LeaseForced) for fact in self.facts())

    def trees_of_shells(self) -> list[Path]:
        return list((self.places.cache / "shop").glob("shells/*/0"))
