"""Configuration into an engine with real adapters; every front end starts here."""

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mergetui.adapters.clock import SystemClock
from mergetui.adapters.slot_pool import SlotPool
from mergetui.config import Config, load
from mergetui.listening import Audience
from mergetui.model import EntryState, Holder, Instant
from mergetui.places import Places, marker
from mergetui.state import RepositoryState

if TYPE_CHECKING:
    from mergetui.adapters.archive import Archive
    from mergetui.adapters.asked_checks import AskedChecks
    from mergetui.adapters.git import RecentCommands
    from mergetui.adapters.halting import Halt
    from mergetui.adapters.journal import FileJournal
    from mergetui.adapters.process import SystemProcesses
    from mergetui.adapters.reproof import Reproof
    from mergetui.adapters.room import DiskRoom
    from mergetui.adapters.sender import Pace, Sender
    from mergetui.adapters.shells import Shells
    from mergetui.adapters.tinydb_store import TinyDBStore
    from mergetui.driver.driver import Driver
    from mergetui.engine import Engine
    from mergetui.events import Event
    from mergetui.git_ports import BranchReader
    from mergetui.masking import Mask
    from mergetui.operations import Desk
    from mergetui.ports import Clock, Emit
    from mergetui.verdict import Knowledge


class Wiring:
    """The real world, put together on demand; one per process.

    What a part needs is loaded with it: a console paints, and a command that reads answers, without the rest.
    """

    def __init__(
        self,
        where: Places,
        config: Config | None = None,
        *,
        clock: "Clock | None" = None,
        me: Holder | None = None,
        commands: "Mapping[str, RecentCommands] | None" = None,
    ) -> None:
        """`commands`: what was run before, by a wiring in whose place this one comes."""
        self.places = where
        self.config = config or load(where.config)
        self.clock: Clock = clock or SystemClock()
        self.slots = SlotPool(self.config.gate.slots)
        self._halt: Halt | None = None
        """Of the engine that was made last."""
        self.commands: dict[str, RecentCommands] = dict(commands or {})
        self.audience = Audience()
        """Hears what engines and desks made from now on do."""
        self._me = me

    @cached_property
    def processes(self) -> "SystemProcesses":
        from mergetui.adapters.process import SystemProcesses, identify

        me = self._me or identify(operator=os.environ.get("MERGETUI_OPERATOR"))
        return SystemProcesses(me, self.clock)

    def store(self, name: str) -> "TinyDBStore":
        from mergetui.adapters.journal import last_token
        from mergetui.adapters.tinydb_store import TinyDBStore

        journal = self.journal(name)
        return TinyDBStore(self.places.of(name), token_floor=lambda: last_token(journal.read()))

    def journal(self, name: str) -> "FileJournal":
        from mergetui.adapters.journal import FileJournal

        return FileJournal(self.places.of(name) / "journal.jsonl")

    def knowledge(self, desk: "Desk", *, lack: str | None = None) -> "Knowledge":
        """What can be read of a repository without holding it; `lack` is why nothing can be written."""
        from mergetui.adapters.logs import output_in
        from mergetui.circumstances import broken_by, slow_span, usual_span
        from mergetui.verdict import Knowledge
        from mergetui.view import policy_of

        state = self.without_the_dead(desk.state())
        testing = (e.log for e in state.entries.values() if e.state is EntryState.TESTING and e.log)
        log = next(testing, None)
        runs = desk.history()
        return Knowledge(
            repository=desk.repository,
            state=state,
            policy=policy_of(desk.repository, self.config.gate),
            now=self.clock.now(),
            holder_is_dead=state.lease is not None and desk.is_dead(state.lease),
            output=output_in(Path(log)) if log else None,
            usual=usual_span(runs),
            slow=slow_span(runs),
            broken=broken_by(desk.facts()),
            lack=lack,
        )

    def without_the_dead(self, state: RepositoryState) -> RepositoryState:
        """Who was killed at work advances nothing, and is in nobody's way."""
        advance = state.advance
        is_over = advance is not None and self.processes.is_dead(advance.holder)
        return replace(state, advance=None) if is_over else state

    def desk(self, name: str, emit: "Emit" = lambda _: None) -> "Desk":
        from mergetui.adapters.occupancy import DirectoryLock
        from mergetui.adapters.remote import AskedRemote
        from mergetui.operations import Desk

        repository = self.config.repository(name)
        return Desk(
            repository,
            store=self.store(name),
            journal=self.journal(name),
            refs=AskedRemote(repository.remote),
            processes=self.processes,
            occupancy=lambda: DirectoryLock(self.places.of(name)),
            clock=self.clock,
            emit=self.audience.after(self._telling_forges(name, emit)),
        )

    def sender(self, pace: "Pace | None" = None) -> "Sender":
        """What tells forges the statuses that wait for them, of all repositories."""
        from mergetui.adapters.status_outlets import make_sender

        return make_sender(self.config, self.places.of, clock=self.clock, pace=pace)

    def _telling_forges(self, name: str, emit: "Emit") -> "Emit":
        """`emit`, with every fact turned into statuses where a forge wants them."""
        repository = self.config.repository(name)
        if repository.forge is None:
            return emit
        from mergetui.adapters.status_listener import StatusListener
        from mergetui.adapters.status_outlets import spool_in, told_forge

        if told_forge(self.config, repository) is None:
            return emit
        spool = spool_in(self.places.of(name))
        return StatusListener(self.journal(name), spool, mask=self.mask(name), then=emit)

    def mask(self, name: str) -> "Mask":
        """What must not be shown of a retest's output: secrets that the repository's settings tell of."""
        from mergetui.adapters.retest import environment
        from mergetui.masking import mask_of

        repository = self.config.repository(name)
        return mask_of(repository.remote, environment(os.environ, repository))

    def room(self, name: str) -> "DiskRoom":
        from mergetui.adapters.room import DiskRoom

        return DiskRoom((self.places.of(name), self.places.cache / name), self.places.logs(name))

    def archive(self, name: str) -> "Archive":
        """What proofs ask git; beside a working engine, for it has a copy of its own."""
        from mergetui.adapters.archive import Archive

        return Archive(self.config.repository(name), self.places.cache / name, self._recent(name))

    def reader(self, name: str) -> "BranchReader":
        """What the engine's copy tells of branches, for people; it may be anybody's engine, or none."""
        from mergetui.adapters.reading import MirrorReader

        return MirrorReader(self.places.cache / name / "mirror.git")

    def shells(self, name: str) -> "Shells":
        """Checkouts for the operator's hands, beside the slots of whatever engine works."""
        from mergetui.adapters.shells import Shells

        return Shells(self.places.cache / name, self._recent(name))

    def reproof(self, name: str, archive: "Archive") -> "Reproof":
        from mergetui.adapters.judging import judge_of
        from mergetui.adapters.process import become_subreaper
        from mergetui.adapters.reproof import Reproof
        from mergetui.adapters.retest import ProcessRetester, environment

        become_subreaper()
        repository = self.config.repository(name)
        return Reproof(
            repository,
            archive,
            # A marker of its own: an engine that starts would take these for what a dead one left.
            ProcessRetester(marker(self.places.of(name) / "verify"), self.clock),
            judge=judge_of(repository, self.room(name), self.mask(name)),
            environment=lambda: environment(os.environ, repository),
            logs=self.places.logs(name),
        )

    def checks(self, name: str) -> "AskedChecks":
        """A ConfigError if one that the repository names is not there, or its settings are not right."""
        from mergetui.adapters.asked_checks import AskedChecks
        from mergetui.adapters.check_reads import MirrorReads
        from mergetui.adapters.check_registry import load_checks

        repository = self.config.repository(name)
        loaded = load_checks(self.config, repository)
        return AskedChecks(repository, loaded, MirrorReads(self.reader(name)), self.clock)

    def driver(self, name: str, emit: "Emit") -> "Driver":
        from mergetui.adapters.halting import NEVER
        from mergetui.adapters.judging import judge_of
        from mergetui.adapters.logs import prune
        from mergetui.adapters.mirror import Mirror
        from mergetui.adapters.occupancy import DirectoryLock
        from mergetui.adapters.retest import ProcessRetester, environment
        from mergetui.driver.driver import Driver
        from mergetui.driver.ports import Ports

        repository = self.config.repository(name)
        prune(self.places.logs(name))
        room, mask = self.room(name), self.mask(name)
        return Driver(
            repository,
            self.config.gate,
            Ports(
                store=self.store(name),
                journal=self.journal(name),
                repo=Mirror(repository, self.places.cache / name, self._recent(name), self._halt or NEVER),
                retester=ProcessRetester(marker(self.places.of(name)), self.clock),
                occupancy=DirectoryLock(self.places.of(name)),
                processes=self.processes,
                room=room,
                slots=self.slots,
                checks=self.checks(name),
                clock=self.clock,
                emit=self._telling_forges(name, emit),
                logs=self.places.logs(name),
                environment=lambda: environment(os.environ, repository),
                mask=mask,
                judge=judge_of(repository, room, mask),
            ),
        )

    def engine(
        self,
        emit: "Emit",
        *,
        changed: Callable[[str], None] = lambda _: None,
        last_key: Callable[[], Instant | None] | None = None,
    ) -> "Engine":
        """The engine of every configured repository; nothing runs before it is started.

        With `last_key`, when its operator last pressed one, auto-advance stops itself as the gate's caps say.
        """
        from mergetui.adapters.halting import Halt
        from mergetui.adapters.process import become_subreaper
        from mergetui.engine import Engine
        from mergetui.vigilance import Vigil

        become_subreaper()
        repos, gate, now = self.config.repos, self.config.gate, self.clock.now
        vigils = {name: Vigil(gate, now=now, last_key=last_key) for name in repos if last_key is not None}

        def hear(event: "Event") -> None:
            if event.repo in vigils:
                vigils[event.repo].hear(event)
            emit(event)

        def stood(name: str) -> None:
            changed(name)
            if (why := engine.standing(name).stopped_itself) is not None:
                self.audience.tell_of_stop(name, why)

        halt = self._halt = Halt()
        engine = Engine(
            {name: self.driver(name, self.audience.after(hear)) for name in repos},
            clock=self.clock,
            glance_every={name: repository.fetch_interval for name, repository in repos.items()},
            changed=stood,
            vigils=vigils,
            sender=self.sender(),
            halt=halt,
        )
        return engine

    def _recent(self, name: str) -> "RecentCommands":
        from mergetui.adapters.git import RecentCommands

        return self.commands.setdefault(name, RecentCommands())


def proven(config: Config) -> Config:
    """The same, or a ConfigError where a repository names a check that is not there or is set up wrongly."""
    for repository in config.repos.values():
        if repository.checks:
            from mergetui.adapters.check_registry import load_checks

            load_checks(config, repository)
    return config
