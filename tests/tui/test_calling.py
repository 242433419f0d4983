"""Calling the operator from a terminal that is not looked at."""

import os
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from mergetui.actions import Wait, Why
from mergetui.integrations import CHANNELS, Channel
from mergetui.model import EntryState
from mergetui.reason import Coded, Reason
from mergetui.state import Pause, RepositoryState
from mergetui.tui.calling import BELL, POP_TITLE, PUSH_TITLE, Caller
from mergetui.tui.messages import PictureTaken
from mergetui.worker import Standing
from tests.tui.fakes import NOON, World, entry, queue_of
from tests.tui.seat import play, seated
from tests.tui.stopping_console import SEEN
from tests.worlds.terminal_bytes import Terminal, kinds, pieces

STOPPED = Standing(stopped_itself="3 entries in a row were sent back by the retest (a, b, c)")
NOTIFIED = (
    "\x1b]9;shop stopped advancing: 3 entries in a row were sent back by the retest (a, b, c)\a",
    BELL,
)


def state(*, held: Sequence[str] = (), pause: Pause | None = None) -> RepositoryState:
    reason = Coded(Reason.REMOTE_UNREACHABLE, "no route")
    entries = [
        entry(number, branch, state=EntryState.HELD, reason=reason) for number, branch in enumerate(held)
    ]
    return queue_of(entry(99, "feat/waits"), *entries, pause=pause)


class Listener:
    """What a terminal is sent when the pictures of one repository come one after the other."""

    def __init__(
        self, directory: Path, channels: Sequence[Channel] = ("bell", "osc9"), **environ: str
    ) -> None:
        self._directory = directory
        self.sent: list[str] = []
        self._caller = Caller(self.sent.append, channels, environ)

    def see(self, standing: Standing, seen: RepositoryState) -> tuple[str, ...]:
        """What is sent for this picture."""
        world, before = World(self._directory, {"shop": seen}), len(self.sent)
        world.engine.standings["shop"] = standing
        taken = PictureTaken(world.bridge.picture("shop"))
        self._caller.notice(taken, {"shop": taken})
        return tuple(self.sent[before:])


def test_auto_that_stopped_itself_calls_once(tmp_path: Path) -> None:
    listener = Listener(tmp_path)
    assert listener.see(Standing("auto"), state()) == ()
    assert listener.see(STOPPED, state()) == NOTIFIED
    assert listener.see(STOPPED, state()) == ()
    assert listener.see(Standing("auto"), state()) == ()
    assert listener.see(STOPPED, state()) == NOTIFIED


def test_what_was_so_when_the_console_began_calls_nobody(tmp_path: Path) -> None:
    listener = Listener(tmp_path)
    assert listener.see(STOPPED, state(held=["feat/a"])) == ()


@pytest.mark.parametrize(
    ("standing", "seen", "text"),
    [
        (
            Standing("auto"),
            state(held=["feat/a"]),
            "shop: feat/a is held: remote unreachable: no route",
        ),
        (
            Standing("auto"),
            state(held=["feat/a", "feat/b", "feat/c"]),
            "shop: feat/a is held: remote unreachable: no route · and 2 more",
        ),
        (
            Standing("auto", Wait(why=Why.NO_ROOM, detail="/var is full")),
            state(),
            "shop: nothing can be written: /var is full",
        ),
        (
            Standing("auto", Wait(why=Why.UNDECIDED), ending="the remote could not be reached for 15m"),
            state(),
            "shop: the remote has not said what became of a push: the remote could not be reached for 15m",
        ),
        (
            Standing("auto"),
            state(pause=Pause(by="mergetui", reason="main was rewound", at=NOON)),
            "shop paused itself: main was rewound",
        ),
    ],
)
def test_what_waits_for_an_operator_calls(
    tmp_path: Path, standing: Standing, seen: RepositoryState, text: str
) -> None:
    listener = Listener(tmp_path)
    listener.see(Standing("auto"), state())
    assert listener.see(standing, seen) == (f"\x1b]9;{text}\a", BELL)


def test_what_waits_for_somebody_else_calls_nobody(tmp_path: Path) -> None:
    listener = Listener(tmp_path)
    listener.see(Standing("auto"), state())
    back = entry(1, "feat/a", state=EntryState.SENT_BACK, reason=Coded(Reason.CONFLICT, "a.py"))
    by_a_person = Pause(by="ana@buildbox", reason="freeze", at=NOON)
    assert listener.see(Standing("auto"), queue_of(back, pause=by_a_person)) == ()
    assert listener.see(Standing("auto", Wait(why=Why.TESTING)), queue_of()) == ()


@pytest.mark.parametrize(
    ("channels", "sent"), [([], ()), (["bell"], NOTIFIED[1:]), (["osc9"], NOTIFIED[:1]), (["title"], None)]
)
def test_only_what_is_configured_is_sent(
    tmp_path: Path, channels: list[Channel], sent: tuple[str, ...] | None
) -> None:
    listener = Listener(tmp_path, channels)
    listener.see(Standing("auto"), state())
    title = "\x1b]2;mergetui · shop stopped · landing 0 · waiting 1\a"
    assert listener.see(STOPPED, state()) == ((title,) if sent is None else sent)


def test_tmux_hands_a_notification_on_and_keeps_the_title(tmp_path: Path) -> None:
    listener = Listener(tmp_path, CHANNELS, TMUX="/tmp/tmux-0/default,1,0")
    assert listener.see(Standing("auto"), state()) == ("\x1b]2;mergetui · landing 0 · waiting 1\a",)
    notification, bell, title = listener.see(STOPPED, state())
    assert notification == f"\x1bPtmux;\x1b{NOTIFIED[0]}\x1b\\"
    assert bell == BELL
    assert title.startswith("\x1b]2;")


def test_the_title_is_sent_when_it_changes(tmp_path: Path) -> None:
    listener = Listener(tmp_path, ["title"])
    flying = entry(1, "feat/a", state=EntryState.TESTING)
    assert listener.see(Standing("auto"), queue_of()) == ("\x1b]2;mergetui · landing 0 · waiting 0\a",)
    assert listener.see(Standing("auto"), queue_of()) == ()
    assert listener.see(Standing("auto"), queue_of(flying, entry(2, "feat/b"))) == (
        "\x1b]2;mergetui · landing 1 · waiting 1\a",
    )


@example(text="0" * 120 + "\u0300" * 45, in_tmux=False)
@given(text=st.text(min_size=1, max_size=300), in_tmux=st.booleans())
def test_nothing_in_a_text_is_a_code_to_the_terminal(
    tmp_path_factory: pytest.TempPathFactory, text: str, in_tmux: bool
) -> None:
    listener = Listener(tmp_path_factory.getbasetemp(), CHANNELS, **({"TMUX": "x"} if in_tmux else {}))
    listener.see(Standing("auto"), state())
    pause = Pause(by="mergetui", reason=text, at=NOON)
    sent = listener.see(Standing(stopped_itself=text), state(held=[text], pause=pause))
    assert len(sent) == 3
    told = sent[0].removeprefix("\x1bPtmux;\x1b").removesuffix("\x1b\\")
    [notification] = pieces(told.encode())
    assert notification.kind == "OSC 9"
    assert kinds(told[4:-1].encode()) == {"text"}
    assert len(told) < 200


def test_a_hostile_name_gets_no_code_out_and_the_terminal_has_its_title_back(tmp_path: Path) -> None:
    environment = {**os.environ, "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"}
    environment.pop("TMUX", None)
    command = [sys.executable, "-m", "tests.tui.stopping_console", str(tmp_path)]
    with closing(Terminal(command, cwd=Path.cwd(), env=environment)) as console:
        console.until("2 queued")
        console.press("a")
        console.until("stopped advancing")
        console.press_until("q", console.has_ended)
        sent = console.end()
    found = pieces(sent)
    notifications = [piece.raw.decode() for piece in found if piece.kind == "OSC 9"]
    assert notifications == [
        f"\x1b]9;shop stopped advancing: nobody knows {SEEN} · and 1 more\a",
    ]
    titles = [piece.raw.decode() for piece in found if piece.kind == "OSC 2"]
    assert titles[0] == "\x1b]2;mergetui · landing 0 · waiting 2\a"
    assert titles[-1] == "\x1b]2;mergetui · shop stopped · landing 0 · waiting 1 · held 1\a"
    stack = [piece.raw.decode() for piece in found if piece.kind == "CSI t"]
    assert stack == [PUSH_TITLE, POP_TITLE]
    assert sent.rindex(POP_TITLE.encode()) > sent.rindex(b"\x1b]2;")
    assert not {"OSC 52", "OSC 0", "DCS"} & kinds(sent)
    assert not {kind for kind in kinds(sent) if kind.startswith(("C1", "unseen"))}
    assert b"\a" in b"".join(piece.raw for piece in found if piece.kind == "C0 07")


def test_a_stopped_repository_says_so_and_its_key_resumes_it(tmp_path: Path) -> None:
    async def scene() -> None:
        world = World(tmp_path, {"shop": state(), "api": queue_of()})
        async with seated(world) as seat:
            seat.world.engine.standings["shop"] = STOPPED
            told = "3 entries in a row were sent back by the retest (a, b, c)"
            await seat.until_seen(f"! shop stopped advancing: {told} · a resumes")
            await seat.until_seen("a resume auto")
            await seat.press("a")
            await seat.until(lambda: seat.world.engine.wanted == [("shop", "auto")])
            await seat.until_said("shop: advances by itself again")
            await seat.until(lambda: "stopped" not in seat.screen)
            await seat.until_seen("a auto off")

    play(scene())


def test_in_a_narrow_console_the_key_that_resumes_is_not_cut(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(World(tmp_path, {"shop": state()}), size=(80, 24)) as seat:
            seat.world.engine.standings["shop"] = STOPPED
            await seat.until_seen("a resumes")
            line = next(line for line in seat.screen.splitlines() if "stopped advancing" in line)
            assert line.rstrip().endswith("… · a resumes")

    play(scene())


def test_all_that_stopped_are_resumed_at_once_and_nothing_else_is_switched(tmp_path: Path) -> None:
    async def scene() -> None:
        world = World(tmp_path, {name: queue_of() for name in ("api", "docs", "shop", "web")})
        async with seated(world) as seat:
            standings = seat.world.engine.standings
            standings["api"], standings["docs"], standings["shop"] = STOPPED, STOPPED, Standing("auto")
            await seat.until_seen("docs stopped advancing")
            await seat.press("A")
            await seat.until(lambda: seat.world.engine.wanted == [("api", "auto"), ("docs", "auto")])
            await seat.until(lambda: "stopped" not in seat.screen)
            await seat.press("A")
            await seat.until(lambda: len(seat.world.engine.wanted) == 5)
            assert {mode for _, mode in seat.world.engine.wanted[2:]} == {None}

    play(scene())


def test_one_that_is_about_to_stop_says_so_and_the_same_key_lets_it_go_on(tmp_path: Path) -> None:
    async def scene() -> None:
        flying = entry(1, "feat/a", state=EntryState.TESTING, state_since=NOON)
        async with seated(World(tmp_path, {"shop": queue_of(flying)})) as seat:
            seat.world.engine.standings["shop"] = Standing("auto", ending="nobody pressed a key")
            await seat.until_seen("shop stops after what runs: nobody pressed a key · a goes on")
            await seat.until_seen("auto ▸ shop (ending)")
            await seat.press("a")
            await seat.until(lambda: seat.world.engine.wanted == [("shop", "auto")])

    play(scene())


def test_the_engine_knows_when_a_key_was_pressed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with seated(World(tmp_path)) as seat:
            last_key = seat.world.wiring.last_key
            assert last_key is not None
            assert last_key() is None
            seat.world.clock.pass_by(timedelta(hours=7))
            await seat.press("w")
            assert last_key() == NOON + timedelta(hours=7)
            seat.world.clock.pass_by(timedelta(hours=1))
            await seat.press("j")
            assert last_key() == NOON + timedelta(hours=8)
            seat.world.clock.pass_by(timedelta(hours=1))
            await seat.pilot.click(offset=(5, 5))
            assert last_key() == NOON + timedelta(hours=9)

    play(scene())


def test_the_console_calls_through_its_terminal(tmp_path: Path) -> None:
    async def scene() -> None:
        world = World(tmp_path, {"shop": state()})
        config = world.wiring.config
        assert config.console.notify == CHANNELS
        async with seated(world) as seat:
            sent: list[str] = []
            driver = seat.app._driver
            assert driver is not None
            driver.write = sent.append  # type: ignore[method-assign, assignment]
            seat.world.change(lambda known: replace(known, entries=state(held=["feat/a"]).entries))
            await seat.until(lambda: BELL in sent)
            assert "\x1b]9;shop: feat/a is held: remote unreachable: no route\a" in sent
            assert "\x1b]2;mergetui · landing 0 · waiting 1 · held 1\a" in sent

    play(scene())
