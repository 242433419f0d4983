from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mergetui.adapters.shells import Shells
from mergetui.events import CaughtUp, Event, RetestStarted
from mergetui.masking import Mask
from mergetui.model import Candidate, EntryState, Link
from mergetui.outcome import Run
from mergetui.tui.bridge import Bridge
from mergetui.tui.outside import shell
from mergetui.tui.screens.run import RunView
from mergetui.tui.screens.why import WhyView
from mergetui.tui.shelling import greet
from mergetui.tui.under_test import UnderTest, under_test, was_tested_in
from tests.tui.fakes import NOON, World, ago, entry, oid, queue_of
from tests.tui.seat import Seat, play, seated
from tests.worlds.remote import Remote, git_in

LOG = "/logs/r3.log"


def started(commit: str, *branches: str, log: str = LOG) -> RetestStarted:
    return RetestStarted(repo="shop", at=NOON, branches=branches, commit=commit, command="make", log=log)


def caught_up(commit: str, base: str, branch: str = "a") -> CaughtUp:
    link = Link(
        entry="e1",
        branches=(branch,),
        heads=(oid(1),),
        commit=commit,
        tree="t",
        tips=(commit,),
        commits=((),),
    )
    candidate = Candidate(base=base, links=(link,))
    return CaughtUp(repo="shop", at=NOON, branches=(branch,), candidate=candidate)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([], None),
        ([started(oid(5), "a")], UnderTest(commit=oid(5), branches=("a",), base=None)),
        (
            [caught_up(oid(5), oid(9)), started(oid(5), "a")],
            UnderTest(commit=oid(5), branches=("a",), base=oid(9)),
        ),
        (
            [started(oid(5), "b", "a"), started(oid(6), "a", log="/logs/r4.log")],
            UnderTest(commit=oid(5), branches=("b", "a"), base=None),
        ),
        ([started(oid(4), "a"), started(oid(5), "a")], UnderTest(commit=oid(5), branches=("a",), base=None)),
        ([started(oid(4), "a"), started(oid(5), "b")], UnderTest(commit=oid(4), branches=("a",), base=None)),
    ],
    ids=["nothing", "no-base", "base", "batch", "latest", "a-number-that-came-again"],
)
def test_the_commit_is_the_one_that_the_log_is_of(facts: list[Event], expected: UnderTest | None) -> None:
    assert under_test(entry(1, "a", log=LOG), facts) == expected


@pytest.mark.parametrize(
    ("tested", "landed", "expected"),
    [(oid(1), oid(1), oid(1)), (oid(1), None, oid(1)), (None, oid(2), oid(2)), (None, None, None)],
)
def test_of_a_run_it_is_what_was_tested(tested: str | None, landed: str | None, expected: str | None) -> None:
    found = was_tested_in(run(tested_commit=tested, landed_commit=landed))
    assert (found.commit if found else None) == expected


def test_the_greeting_has_nothing_active_in_it() -> None:
    tested = UnderTest(commit=oid(1), branches=("feat/\x1b[31m", "b"), base=oid(2))
    lines = greet(tested, "make \x1b]0;x\x07test", target="main")
    assert not any("\x1b" in line or "\x07" in line for line in lines)
    assert any("feat/␛[31m, b" in line for line in lines)
    assert any(f"{oid(2)}, of main" in line for line in lines)


def test_the_shell_is_the_operators_own(tmp_path: Path) -> None:
    mine = tmp_path / "my shell"
    mine.write_text("#!/bin/sh\n")
    mine.chmod(0o700)
    assert shell({"SHELL": str(mine)}) == [str(mine)]
    assert shell({}) == ["/bin/sh"]
    assert shell({"SHELL": "/none", "PATH": "/bin"}) == "there is no program /none: set $SHELL"


def run(**fields: Any) -> Run:
    plain = Run(
        id="e9.1",
        repo="shop",
        branches=("feat/a",),
        outcome="sent-back",
        started_at=ago(hours=1),
        finished_at=NOON,
    )
    return replace(plain, **fields)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One entry that was tested, and one that was not."""
    log = tmp_path / "r3.log"
    log.write_text("red\n")
    tested = entry(1, "feat/a", state=EntryState.SENT_BACK, log=str(log))
    return World(tmp_path, {"shop": queue_of(tested, entry(2, "feat/b"))})


def remember(world: World, commit: str) -> None:
    log = world.state().entries["e1"].log or ""
    world.wiring.journals["shop"].append(started(commit, "feat/a", log=log))


def mirror(world: World, tmp_path: Path) -> str:
    """The engine's copy, with a commit in it."""
    remote = Remote(tmp_path / "remote.git")
    cache = world.wiring.places.cache / "shop"
    cache.mkdir(parents=True)
    git_in(tmp_path, "clone", "--quiet", "--bare", remote.url, str(cache / "mirror.git"))
    return remote.tip()


def pressed(world: World, told: str, then: Callable[[Seat], object] = bool) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.select("feat/a")
            await seat.press("x")
            await seat.until_said(told)
            then(seat)

    play(scene())


def trees(world: World) -> list[Path]:
    return list((world.wiring.places.cache / "shop").glob("shells/*/0"))


def test_without_a_word_in_the_journal_there_is_no_shell(world: World) -> None:
    pressed(world, "no shell: nothing that was written down tells which commit was tested")


def test_a_commit_that_is_gone_is_told(world: World) -> None:
    remember(world, oid(5))
    pressed(world, "no shell: 0000005 is not in the engine's copy of shop any more")


def test_an_entry_that_was_not_tested_has_a_dimmed_key(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await seat.select("feat/b")
            await seat.press("x")
            await seat.until_said("feat/b has not been tested yet")

    play(scene())


def test_a_terminal_that_cannot_be_handed_over_is_told(world: World, tmp_path: Path) -> None:
    remember(world, mirror(world, tmp_path))
    pressed(world, "no shell: this terminal cannot be handed to another program")
    play(gone(world))


async def gone(world: World) -> None:
    async with seated(world) as seat:
        await seat.until(lambda: not trees(world))


def test_no_program_is_told_before_anything_is_made(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(world, mirror(world, tmp_path))
    monkeypatch.setenv("SHELL", "/none")
    pressed(world, "there is no program /none: set $SHELL")
    assert trees(world) == []


def test_what_was_begun_meanwhile_is_not_interrupted(world: World, tmp_path: Path) -> None:
    remember(world, mirror(world, tmp_path))
    shells = Held(world.wiring.shells("shop"))
    world.wiring.shells = lambda _: shells  # type: ignore[assignment, method-assign, return-value]

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.select("feat/a")
            await seat.press("x")
            await seat.until_said("making a checkout of feat/a")
            await seat.press("x")
            await seat.until_said("a checkout is being made already")
            await seat.press("w")
            await seat.until_asked(WhyView)
            shells.go_on.set()
            await seat.until_said("something else was begun meanwhile")
            await seat.until(lambda: not trees(world))

    play(scene())


class Held:
    """Checkouts that are made when the test says so."""

    def __init__(self, shells: Shells) -> None:
        from threading import Event as Flag

        self._shells = shells
        self.go_on = Flag()

    def sweep(self) -> None:
        self._shells.sweep()

    def check_out(self, commit: str) -> object:
        assert self.go_on.wait(10)
        return self._shells.check_out(commit)


def test_a_console_that_starts_removes_what_a_killed_one_left(world: World) -> None:
    left = world.wiring.places.cache / "shop" / "shells" / "0" / "0"
    left.mkdir(parents=True)
    play(gone(world))


def test_a_read_only_console_removes_nothing_and_opens_none(world: World) -> None:
    left = world.wiring.places.cache / "shop" / "shells" / "0" / "0"
    left.mkdir(parents=True)
    world.bridge = Bridge(world.wiring, read_only=True)
    pressed(world, "read-only")
    assert left.exists()


def test_a_run_of_the_history_has_one_too(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            asked: list[Run] = []
            for shown, told in ((run(tested_commit=oid(4)), ""), (run(), "nothing was retested in this run")):
                seat.app.push_screen(RunView(shown, Mask(), shell=asked.append))
                await seat.until_seen("x shell")
                await seat.press("x")
                await seat.until_said(told)
                await seat.press("escape")
            assert [at.tested_commit for at in asked] == [oid(4)]
            seat.app.push_screen(RunView(run(tested_commit=oid(4)), Mask()))
            await seat.until_seen("Run e9.1")
            assert "x shell" not in seat.screen
            await seat.press("x")
            await seat.until_said("read-only")

    play(scene())


def test_a_run_whose_commit_is_gone_is_told_from_the_history(world: World) -> None:
    from mergetui.events import Ended

    ended = Ended(repo="shop", at=NOON, run=run(tested_commit=oid(4)))
    world.wiring.journals["shop"].append(ended)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("h")
            await seat.until_seen("2 runs")
            await seat.press("enter")
            await seat.until_asked(RunView)
            await seat.press("x")
            await seat.until_said("no shell: 0000004 is not in the engine's copy of shop any more")

    play(scene())
