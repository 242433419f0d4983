"""What the operator's keys do: a question where one is needed, a command, a word on what came of it."""

import os
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App

from mergetui import cleaning
from mergetui.model import Entry
from mergetui.tui import desk_work
from mergetui.tui.autos import Autos, in_flight_here
from mergetui.tui.availability import Ground
from mergetui.tui.bound_keys import bound_keys
from mergetui.tui.bridge import Bridge, Picture
from mergetui.tui.clipboard import copy
from mergetui.tui.configuring import Configuring
from mergetui.tui.desk_work import Done
from mergetui.tui.errands import Errands
from mergetui.tui.following import ending
from mergetui.tui.outside import EDITOR, PAGER, Program, open_outside
from mergetui.tui.shelling import Shelling
from mergetui.tui.stepping import Stepping
from mergetui.tui.undoing import PATIENCE, Undoing

if TYPE_CHECKING:
    from mergetui.tui.past import Past
    from mergetui.tui.screens.emergency import Sent
    from mergetui.tui.screens.enqueue import Chosen
    from mergetui.tui.screens.force_release import Agreed
    from mergetui.tui.screens.pause import PauseChoice


_EVERYWHERE = "every repository"


class Operator:
    """`look_now` asks for a new picture after a command.

    Each screen is loaded when it is asked for: the console opens without.
    """

    def __init__(self, app: App[Any], bridge: Bridge, look_now: Callable[[], object]) -> None:
        self._app = app
        self._bridge = bridge
        self._look_now = look_now
        self._errands = Errands(app.call_later)
        self._shelling = Shelling(app, bridge, self._errands, self._failed)
        self._stepping = Stepping(app, bridge, self._errands, warn=self.warn, begun=look_now)
        self.autos = Autos(bridge, self.say)
        self.undoing = Undoing(bridge.now)
        self.configuring = Configuring(app, bridge, self._errands, self)

    @cached_property
    def _past(self) -> "Past":
        from mergetui.tui.past import Past

        return Past(self._app, self._bridge, shell=None if self._bridge.read_only else self._shelling.at_run)

    def perform(self, act: str, ground: Ground, pictures: Iterable[Picture]) -> None:
        """What `act` means for `ground`; the caller has seen that it can act."""
        everywhere: dict[str, Callable[[], object]] = {
            "undo": self._undo,
            "auto_all": lambda: self._auto_all(pictures),
            "pause_all": lambda: self._pause_all(list(pictures)),
            "add_repository": self.configuring.add,
            "sandbox": self.configuring.sandbox,
        }
        if act in everywhere:
            everywhere[act]()
        elif ground.picture is not None:
            self._perform_here(act, ground.picture, ground.entries)

    def tidy_up(self) -> None:
        """Remove what consoles left that were killed."""
        if not self._bridge.read_only:
            self._shelling.sweep()

    def show_entry(self, picture: Picture, entry: str) -> None:
        from mergetui.tui.screens.entry import EntryView

        desk, reader = self._bridge.desk(picture.name), self._bridge.reader(picture.name)
        self._app.push_screen(EntryView(picture, entry, reader, desk.facts))

    def say(self, text: str, *, timeout: float = 5) -> None:
        """In place of what was said before: a key pressed ten times says one thing."""
        self._app.clear_notifications()
        self._app.notify(text, markup=False, timeout=timeout)

    def warn(self, text: str) -> None:
        """In place of what was said before, as well."""
        self._app.clear_notifications()
        self._app.notify(text, severity="warning", markup=False, timeout=8)

    def _perform_here(self, act: str, picture: Picture, entries: tuple[Entry, ...]) -> None:
        desk = self._bridge.desk(picture.name)
        commands: dict[str, Callable[[], Done]] = {
            "dequeue": partial(desk_work.dequeue, desk, entries),
            "approve": partial(desk_work.approve, desk, entries),
            "move_up": partial(desk_work.move, desk, entries, -1),
            "move_down": partial(desk_work.move, desk, entries, 1),
            "raise": partial(desk_work.prioritise, desk, entries, 1),
            "lower": partial(desk_work.prioritise, desk, entries, -1),
        }
        talks: dict[str, Callable[[], object]] = {
            "step": lambda: self._stepping.show(picture),
            "auto": lambda: self._auto(picture),
            "pause": lambda: self._pause(picture),
            "enqueue": lambda: self._enqueue(picture),
            "retry": lambda: self._order(picture.name, partial(desk_work.retry, desk, entries), asks=True),
            "settings": lambda: self.configuring.settings(picture.name),
            "force_release": lambda: self._force_release(picture),
            "emergency": lambda: self._emergency(picture, entries[0]),
            "log": lambda: self._show_log(picture, entries[0]),
            "pager": lambda: self._open(PAGER, entries[0]),
            "editor": lambda: self._open(EDITOR, entries[0]),
            "shell": lambda: self._shelling.at_entry(picture.name, entries[0]),
            "copy": lambda: self._copy(entries),
            "commands": lambda: self._commands(picture.name),
            "history": lambda: self._past.history(picture.name),
            "flakes": lambda: self._past.flakes(picture.name),
            "statistics": lambda: self._past.statistics(picture.name),
            "train": lambda: self._past.train(picture),
            "report": lambda: self._past.report(picture.name),
        }
        if act in commands:
            self._order(picture.name, commands[act])
        else:
            talks[act]()

    def _order(self, name: str, command: Callable[[], Done], *, asks: bool = False) -> None:
        """Run a command off the event loop; `asks` the remote, so that nothing else waits behind it."""
        lane = f"{name} remote" if asks else name
        self._errands.run(lane, command, partial(self._done, name), lambda told: self._failed(name, told))

    def _done(self, name: str, done: Done) -> None:
        self._look_now()
        if done.undo is None:
            (self.say if done.fine else self.warn)(done.says)
            return
        self.undoing.offer(name, done.says, done.undo)
        told = f"{done.says} · {bound_keys(self._app).shown('undo')} takes it back"
        if done.fine:
            self.say(told, timeout=PATIENCE.total_seconds())
        else:
            self.warn(told)

    def _failed(self, name: str, told: str) -> None:
        text = cleaning.name(cleaning.redact(f"{name}: {told}"))
        self._app.notify(text, severity="error", markup=False, timeout=12)

    def _undo(self) -> None:
        offer = self.undoing.take()
        if offer is None:
            return

        self._order(offer.repository, lambda: desk_work.taken_back(offer.says, offer.back))

    def _auto(self, picture: Picture) -> None:
        self.autos.toggle(picture)
        self._look_now()

    def _auto_all(self, pictures: Iterable[Picture]) -> None:
        self.autos.toggle_all(pictures)
        self._look_now()

    def _pause(self, picture: Picture) -> None:
        if picture.state.pause is not None:
            self._resume(picture.name, [picture])
        else:
            self._ask_for_pause(picture.name, [picture])

    def _pause_all(self, pictures: list[Picture]) -> None:
        """All that are not paused; when all are, they are resumed."""
        going = [picture for picture in pictures if picture.state.pause is None]
        if going:
            self._ask_for_pause(_EVERYWHERE, going)
        elif pictures:
            self._resume(_EVERYWHERE, pictures)

    def _resume(self, lane: str, pictures: list[Picture]) -> None:
        desks = [self._bridge.desk(picture.name) for picture in pictures]
        self._order(lane, partial(desk_work.resume, desks))

    def _ask_for_pause(self, title: str, pictures: list[Picture]) -> None:
        from mergetui.tui.screens.pause import PauseForm

        def answered(choice: "PauseChoice | None") -> None:
            if choice is not None:
                until = self._bridge.now() + choice.until if choice.until is not None else None
                desks = [self._bridge.desk(picture.name) for picture in pictures]
                pause = partial(desk_work.pause, desks, choice.reason)
                self._order(title, partial(pause, until=until, now=choice.now))

        running = any(entry.state.in_flight for p in pictures for entry in p.state.entries.values())
        self._app.push_screen(PauseForm(title, running), answered)

    def _enqueue(self, picture: Picture) -> None:
        from mergetui.tui.screens.enqueue import EnqueuePicker

        desk, queued = self._bridge.desk(picture.name), picture.state.entries.values()

        def answered(chosen: "Chosen | None") -> None:
            if chosen is not None:
                stacks = [chosen.branches] if chosen.stack else [(branch,) for branch in chosen.branches]
                command = partial(desk_work.enqueue, desk, stacks, chosen.priority)
                self._order(picture.name, command, asks=True)

        taken = frozenset(branch for entry in queued for branch in entry.branches)
        tip = picture.state.seen.tip if picture.state.seen else None
        reader, now = self._bridge.reader(picture.name), self._bridge.now()
        picker = EnqueuePicker(picture.name, desk.branches, taken, reader=reader, tip=tip, now=now)
        self._app.push_screen(picker, answered)

    def _force_release(self, picture: Picture) -> None:
        """The lease that is shown is the only one that can be released by the answer."""
        from mergetui.tui.lease_sight import lease_sight
        from mergetui.tui.reading import Source
        from mergetui.tui.screens.force_release import ForceRelease

        lease = picture.state.lease
        if lease is None:
            return
        desk, mask = self._bridge.desk(picture.name), self._bridge.mask(picture.name)

        def answered(agreed: "Agreed | None") -> None:
            if agreed is not None:
                release = partial(
                    desk_work.force_release, desk, agreed.lease, agreed.reason, stale=agreed.stale
                )
                self._order(picture.name, lambda: release(now=self._bridge.now()), asks=True)

        question = ForceRelease(
            lease,
            stale=picture.lease_is_stale,
            now=self._bridge.now,
            latest=Source(partial(lease_sight, desk, mask), object),
        )
        self._app.push_screen(question, answered)

    def _emergency(self, picture: Picture, entry: Entry) -> None:
        from mergetui.tui.hurry import hurry
        from mergetui.tui.screens.emergency import EmergencyQuestion

        desk, mask = self._bridge.desk(picture.name), self._bridge.mask(picture.name)

        def answered(sent: "Sent | None") -> None:
            if sent is not None:
                send = partial(desk_work.emergency, desk, entry.branch, sent.reason)
                self._order(picture.name, partial(send, through_pause=sent.through_pause), asks=True)

        self._app.push_screen(EmergencyQuestion(hurry(picture, entry, mask)), answered)

    def _show_log(self, picture: Picture, entry: Entry) -> None:
        from mergetui.tui.screens.log_view import LogView

        ended, mask = ending(entry, picture.train), self._bridge.mask(picture.name)
        titled = f"{ended} · {entry.branch}" if ended else entry.branch
        over, read_only = not entry.state.in_flight, self._bridge.read_only
        self._app.push_screen(LogView(_path(entry), titled, mask, read_only=read_only, over=over))

    def _copy(self, entries: tuple[Entry, ...]) -> None:
        text = " ".join(cleaning.name(entry.branch) for entry in entries)
        copy(self._app, text, os.environ)
        self.say(f"copied: {text}")

    def _open(self, program: Program, entry: Entry) -> None:
        path = _path(entry)
        if path is not None:
            told = open_outside(self._app, program, path, os.environ, secure=self._bridge.read_only)
            if told is not None:
                self.warn(told)

    def _commands(self, name: str) -> None:
        from mergetui.tui.screens.text_view import TextView

        lines = [f"$ {cleaning.redact(line)}" for line in self._bridge.commands(name)]
        nothing = [f"this console has run no git command on {name} yet"]
        self._app.push_screen(TextView(f"Git commands · {name}", lines or nothing))


def running(pictures: Iterable[Picture]) -> list[Picture]:
    """The repositories where this console's own engine is at work on an entry."""
    return [picture for picture in pictures if in_flight_here(picture)]


def _path(entry: Entry) -> Path | None:
    return Path(entry.log) if entry.log is not None else None
