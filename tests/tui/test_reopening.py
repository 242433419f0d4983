"""A changed configuration taken over: the console ends, and another one opens in its place."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual import events
from textual.widgets import Input

from mergetui.config_file import add_repository
from mergetui.integrations import Metrics
from mergetui.model import EntryState
from mergetui.outside import outside
from mergetui.places import Places
from mergetui.state import RepositoryState
from mergetui.tui.app import Console
from mergetui.tui.availability import Ground, why_not
from mergetui.tui.reopening import WAITS, Reopen
from mergetui.tui.screens.add_repository import AddForm
from mergetui.tui.screens.pause import PauseForm
from mergetui.tui.screens.quit import QuitQuestion
from mergetui.tui.screens.settings import SettingsForm
from mergetui.tui.start import run_console
from mergetui.wiring import Wiring
from mergetui.worker import Standing
from tests.adapters.scraping import free_port, scrape
from tests.tui.fakes import World
from tests.tui.seat import Seat, play, seated
from tests.worlds.remote import Remote, git_in

_NOWHERE = Metrics()
Scene = Callable[[Seat], Awaitable[object]]


@pytest.fixture
def where(tmp_path: Path) -> Places:
    return Places(config=tmp_path / "c.toml", state=tmp_path / "state", cache=tmp_path / "cache")


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "remote.git")


class Evening:
    """One console after the other, each with a scene of its own; then nobody opens any more."""

    def __init__(self, where: Places, *scenes: Scene, metrics: Metrics = _NOWHERE) -> None:
        self.scenes = list(scenes)
        wiring = Wiring(where)
        with outside(wiring, metrics) as follow:
            self.code = run_console(wiring, run=self.run, follow=follow)
        assert self.scenes == []

    def run(self, console: Console) -> None:
        asyncio.run(self._play(console, self.scenes.pop(0)))

    async def _play(self, console: Console, scene: Scene) -> None:
        console.animation_level = "none"
        async with console.run_test(size=(120, 40), notifications=True) as pilot:
            seat = Seat(console, pilot, None)  # type: ignore[arg-type]
            await seat.until(lambda: console.main.is_running)
            await scene(seat)
            async with asyncio.timeout(10):
                while console.is_running and console.return_code is None:
                    await asyncio.sleep(0.005)


def queued(where: Places) -> list[tuple[object, ...]]:
    entries = Wiring(where).store("shop").read().entries.values()
    return [(entry.id, entry.branches, entry.heads, entry.state, entry.rank) for entry in entries]


async def leave(seat: Seat) -> None:
    seat.main.run_act("quit")


async def save(seat: Seat, **texts: str) -> None:
    seat.main.run_act("settings")
    await seat.until_asked(SettingsForm)
    await fill(seat, texts)
    await seat.press("ctrl+s")
    await seat.until(lambda: not isinstance(seat.app.screen, SettingsForm))


async def fill(seat: Seat, texts: dict[str, str]) -> None:
    for key, text in texts.items():
        field = seat.app.screen.query_one(f"#field-{key}", Input)
        field.clear()
        field.post_message(events.Paste(text))
    await seat.pilot.pause()


def test_saved_settings_hold_for_the_next_console_and_the_queue_is_as_it_was(
    where: Places, remote: Remote
) -> None:
    add_repository(where.config, "shop", {"remote": remote.url, "retest": "true"})
    add_repository(where.config, "zoo", {"remote": remote.url, "target": "other"})
    remote.propose("feat/x", a="1")
    Wiring(where).desk("shop").enqueue([("feat/x",)])
    before = queued(where)

    async def change(seat: Seat) -> None:
        await seat.until(lambda: len(seat.main.taken) == 2)
        seat.main.select_repository("zoo")
        await seat.pilot.pause()
        await save(seat, batch="2")

    async def look(seat: Seat) -> None:
        await seat.until(lambda: len(seat.main.taken) == 2)
        await seat.until_said("zoo: saved batch")
        picture = seat.main.picture
        assert picture is not None
        assert (picture.name, picture.repository.batch) == ("zoo", 2)
        assert [p.standing.mode for p in seat.main.pictures] == [None, None]
        await leave(seat)

    assert Evening(where, change, look).code == 0
    assert queued(where) == before


@pytest.mark.soak
def test_the_next_console_still_shows_the_git_commands_that_were_run(where: Places, remote: Remote) -> None:
    add_repository(where.config, "shop", {"remote": remote.url, "retest": "true"})
    before: list[str] = []

    async def change(seat: Seat) -> None:
        await seat.until(lambda: len(seat.main.taken) == 1)
        before.extend(seat.main._bridge.commands("shop"))
        await save(seat, batch="2")

    async def look(seat: Seat) -> None:
        await seat.until_said("shop: saved batch")
        assert before
        assert seat.main._bridge.commands("shop")[: len(before)] == tuple(before)
        await leave(seat)

    assert Evening(where, change, look).code == 0


@pytest.mark.soak
def test_a_running_retest_is_waited_for_and_auto_goes_on_in_the_next_console(
    where: Places, remote: Remote, tmp_path: Path
) -> None:
    wait = f"until [ -e {tmp_path}/go ]; do sleep 0.02; done"
    add_repository(where.config, "shop", {"remote": remote.url, "retest": wait})
    for branch in ("feat/x", "feat/y"):
        remote.propose(branch, {branch[-1]: "1"})
        Wiring(where).desk("shop").enqueue([(branch,)])

    async def change(seat: Seat) -> None:
        await seat.until(lambda: len(seat.main.taken) == 1)
        seat.main.run_act("auto")
        await seat.until(lambda: EntryState.TESTING in seat.main.taken["shop"].listed.tally)
        await save(seat, retest="true")
        await seat.until_said("taken over when the retest has ended")
        assert seat.app.then is None
        (tmp_path / "go").touch()

    async def look(seat: Seat) -> None:
        await seat.until(lambda: len(seat.main.taken) == 1 and not seat.main.taken["shop"].queue)
        assert seat.main.pictures[0].standing.mode == "auto"
        await leave(seat)

    Evening(where, change, look)
    history = Wiring(where).desk("shop").history()
    assert [(run.branches, run.outcome) for run in history] == [
        (("feat/x",), "landed"),
        (("feat/y",), "landed"),
    ]


def test_the_first_repository_is_added_from_the_checkout_and_shown(
    where: Places, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = tmp_path / "checkout" / "deep"
    checkout.mkdir(parents=True)
    git_in(checkout.parent, "init", "--quiet")
    git_in(checkout.parent, "remote", "add", "origin", remote.url)
    monkeypatch.chdir(checkout)

    async def add(seat: Seat) -> None:
        assert "No repository is configured yet." in seat.screen
        await seat.press("R")
        await seat.until_asked(AddForm)
        await fill(seat, {"retest": "true"})
        await seat.press("ctrl+s")

    async def look(seat: Seat) -> None:
        await seat.until(lambda: seat.main.picture is not None)
        await seat.until_said("remote is added")
        assert "queue is empty: e enqueues a branch" in seat.screen
        await leave(seat)

    Evening(where, add, look)
    assert where.config.read_text() == f'[repos.remote]\nremote = "{remote.url}"\nretest = "true"\n'


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path / "tmp"


def test_a_visit_to_the_sandbox_comes_back(where: Places, elsewhere: Path) -> None:
    async def visit(seat: Seat) -> None:
        await seat.press("D")

    async def look(seat: Seat) -> None:
        await seat.until(lambda: len(seat.main.taken["shop"].queue) > 5 if seat.main.taken else False)
        await leave(seat)

    async def back(seat: Seat) -> None:
        assert "No repository is configured yet." in seat.screen
        await seat.until_said("the sandbox stays in")
        await leave(seat)

    Evening(where, visit, look, back)
    assert not where.config.exists()
    assert len(list(elsewhere.iterdir())) == 1


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A retest runs here, on auto."""
    (tmp_path / "c.toml").write_text('[repos.shop]\nremote = "git@example.org:shop.git"\n')
    world = World(tmp_path)
    world.engine.standings["shop"] = Standing("auto")
    return world


def end_the_retest(world: World) -> None:
    def end(state: RepositoryState) -> RepositoryState:
        return replace(state, entries={k: e for k, e in state.entries.items() if not e.state.in_flight})

    world.change(end)


def test_nothing_new_is_begun_while_a_retest_is_waited_for(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await save(seat, batch="2")
            await seat.until_said("taken over when the retest has ended")
            assert world.engine.wanted == []
            seat.main.run_act("auto_all")
            await seat.until_said(WAITS)
            end_the_retest(world)
            await seat.until(lambda: seat.app.then is not None)
            then = seat.app.then
            assert isinstance(then, Reopen)
            assert (then.opening.auto, then.opening.selected) == (("shop",), "shop")
            assert then.config.repos["shop"].batch == 2
            assert ("api", "auto") not in world.engine.wanted
            await seat.until(lambda: world.engine.stopped)

    play(scene())


def test_what_is_being_typed_is_not_lost_by_the_reopening(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await save(seat, batch="2")
            await seat.until_said("taken over when the retest has ended")
            seat.main.run_act("pause")
            await seat.until_asked(PauseForm)
            seat.app.screen.query_one("#pause-reason", Input).value = "release freeze"
            end_the_retest(world)
            await seat.until(lambda: world.engine.wanted == [("shop", None)])
            seat.main.tick()
            await seat.pilot.pause()
            assert seat.app.then is None
            await seat.press("escape")
            seat.main.tick()
            await seat.until(lambda: seat.app.then is not None)

    play(scene())


def test_a_file_that_cannot_be_loaded_leaves_the_console_as_it_was(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await save(seat, batch="2")
            await seat.until_said("taken over when the retest has ended")
            world.wiring.places.config.write_text("[repos.shop\n")
            end_the_retest(world)
            await seat.until_said("the configuration was not taken over")
            assert world.engine.wanted[-1] == ("shop", "auto")
            assert seat.app.then is None
            assert not world.engine.stopped
            assert not seat.main.ground.reopening

    play(scene())


@pytest.mark.soak
def test_who_quits_while_settings_wait_is_not_reopened(world: World) -> None:
    async def scene() -> None:
        async with seated(world) as seat:
            await save(seat, batch="2")
            await seat.until_said("taken over when the retest has ended")
            seat.main.run_act("quit")
            await seat.until_asked(QuitQuestion)
            seat.app.screen.dismiss("wait")
            await seat.pilot.pause()
            end_the_retest(world)
            await seat.until(lambda: world.engine.stopped)
            assert seat.app.then is None

    play(scene())


def test_the_sandbox_is_for_those_who_have_nothing_yet() -> None:
    assert why_not("sandbox", Ground(unconfigured=True)) is None
    assert why_not("sandbox", Ground()) == "mergetui demo opens one beside your repositories"
    assert why_not("add_repository", Ground(unconfigured=True)) is None
    assert why_not("enqueue", Ground(unconfigured=True)) == "no repository is configured: R adds one"
    assert [why_not(act, Ground(reopening=True)) for act in ("step", "settings")] == [WAITS, WAITS]


@pytest.mark.soak
def test_counts_go_on_in_the_next_console_and_a_new_repository_is_told_too(
    where: Places, remote: Remote
) -> None:
    port = free_port()
    add_repository(where.config, "shop", {"remote": remote.url, "retest": "true"})
    remote.propose("feat/x", a="1")
    Wiring(where).desk("shop").enqueue([("feat/x",)])

    def landings(repo: str) -> float:
        return scrape(port)("mergetui_landings_total", repo=repo)

    async def land(seat: Seat) -> None:
        await seat.until(lambda: len(seat.main.taken) == 1)
        seat.main.run_act("auto")
        await seat.until(lambda: landings("shop") == 1)
        seat.main.run_act("auto")
        add_repository(where.config, "zoo", {"remote": remote.url, "target": "other"})
        await save(seat, batch="2")

    async def look(seat: Seat) -> None:
        await seat.until(lambda: len(seat.main.taken) == 2)
        assert (landings("shop"), landings("zoo")) == (1, 0)
        await leave(seat)

    assert Evening(where, land, look, metrics=Metrics(port=port)).code == 0
