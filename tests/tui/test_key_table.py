"""Every key has a name, and what is said of keys is said of those that are bound."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.keys import _normalize_key_list

import mergetui
from mergetui.tui.key_table import DEFAULT_KEYS, DEFAULTS, Bound, faults
from mergetui.tui.screens.step import StepPreview
from mergetui.worker import Standing
from tests.tui.bygone import busy_past, remember
from tests.tui.fakes import World, entry, queue_of
from tests.tui.seat import play, seated

PLAIN = {"Deliberate", "Choice", "Acknowledge", "RunningRetest", "QuitQuestion", "Prompt"} | {
    *("Field", "LockedField", "Form", "AddForm", "SettingsForm", "DiscardQuestion")
}
"""Fields, buttons and boxes: their keys are those of every form."""


def bound_in_code() -> Iterator[tuple[str, Binding]]:
    root = Path(mergetui.__file__).parents[1]
    for path in sorted(root.glob("mergetui/tui/**/*.py")):
        module = importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))
        for name, thing in vars(module).items():
            if isinstance(thing, type) and thing.__module__ == module.__name__ and "BINDINGS" in vars(thing):
                yield from ((name, binding) for binding in vars(thing)["BINDINGS"])


@pytest.mark.parametrize(("where", "binding"), bound_in_code())
def test_every_key_is_in_the_table(where: str, binding: Binding) -> None:
    assert where in PLAIN or binding.id is not None
    keys = DEFAULT_KEYS.keys(binding.id) if binding.id else ()
    assert where in PLAIN or ",".join(keys) == _normalize_key_list(binding.key)


def test_the_table_has_no_key_that_nobody_binds() -> None:
    assert {binding.id for _, binding in bound_in_code() if binding.id} == set(DEFAULTS)


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_every_name_is_in_the_documentation(name: str) -> None:
    assert f"`{name}`" in Path("docs/configuration.md").read_text()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("step", "s"),
        ("raise", "+"),
        ("help", "?"),
        ("back", "esc"),
        ("list.open", "enter"),
        ("list.half-down", "^d"),
        ("log.next-mark", "'"),
        ("picker.up", "↑"),
        ("palette", ":"),
    ],
)
def test_a_key_is_shown_as_it_is_printed(name: str, shown: str) -> None:
    assert DEFAULT_KEYS.shown(name) == shown


@pytest.mark.parametrize("key", ["", ",", "ctrl++", "ctrl+", "nonsense key", "€", " x , y "])
def test_whatever_is_written_under_keys_can_be_shown(key: str) -> None:
    assert Bound({"step": key}).shown("step")


def test_what_is_said_names_the_keys_that_are_bound() -> None:
    bound = Bound({"step": "f5", "log.follow": "ctrl+f,x"})
    assert bound.say("{step} does one step, {log.follow} follows, {auto} goes on") == (
        "f5 does one step, ^f follows, a goes on"
    )
    assert bound.act_of("s") == "f5"


@pytest.mark.parametrize(
    ("remapped", "expected"),
    [
        ({}, []),
        ({"step": "f5", "history.log": "L", "log.pager": "b"}, []),
        ({"atuo": "o"}, ["[keys] knows no atuo; did you mean auto?"]),
        ({"zzz": "o"}, ["[keys] knows no zzz: ? shows the keys"]),
        ({"auto": "d"}, ["[keys] gives one key to several: auto and dequeue, in the queue"]),
        ({"auto": "d", "dequeue": "a"}, []),
        ({"step": "j"}, ["[keys] gives one key to several: step and list.down, in the queue"]),
        ({"history.log": "1"}, ["[keys] gives one key to several: history.log and history.landed"]),
        ({"statistics.next": "j"}, ["[keys] gives one key to several: dialog.down and statistics.next"]),
        ({"log.left": "l"}, ["[keys] gives one key to several: log and log.left, in the retest"]),
    ],
)
def test_what_is_wrong_with_the_keys_is_told(remapped: dict[str, str], expected: list[str]) -> None:
    told = list(faults(remapped))
    assert len(told) >= len(expected) if expected else told == []
    assert all(any(line.startswith(start) for line in told) for start in expected)


KEYS = {"step": "f5", "auto": "f6", "undo": "f7", "enqueue": "f8", "force_release": "f9", "why": "x"}


def test_words_on_the_main_screen_follow_the_keys(tmp_path: Path) -> None:
    async def scene() -> None:
        states = {"shop": queue_of(entry(1, "feat/a")), "api": queue_of()}
        async with seated(World(tmp_path, states, keys=KEYS)) as seat:
            await seat.until_seen("not tested yet: f5 does one step, f6 goes on by itself")
            await seat.until_seen("auto-advance is off · press f6")
            await seat.press("d")
            await seat.until_said("f7 takes it back")
            await seat.until_seen("queue is empty: f8 enqueues a branch")
            await seat.press("f7", "x")
            await seat.until_seen("f6 auto-advance")
            await seat.press("escape", "f5")
            await seat.until_seen("f5 do it")

    play(scene())


def test_the_banner_names_the_keys_that_are_bound(tmp_path: Path) -> None:
    world = World(tmp_path, {"shop": queue_of(), "api": queue_of()}, keys={"auto": "f6", "pause": "f9"})
    world.engine.standings["shop"] = Standing(stopped_itself="the lease was taken away")
    world.wiring.desk("api").pause("freeze")

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.until_seen("the lease was taken away · f6 resumes")
            await seat.until_seen("freeze · f9 resumes")

    play(scene())


def test_a_named_key_may_be_written_in_capitals(tmp_path: Path) -> None:
    world = World(tmp_path, {"shop": queue_of(entry(1, "feat/a"))}, keys={"step": "F5"})

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("f5")
            await seat.until_asked(StepPreview)

    play(scene())


def test_keys_of_inner_screens_are_remapped_and_shown(tmp_path: Path) -> None:
    keys = {"history.log": "L", "history.landed": "f1", "history.close": "f2", "statistics.month": "9"}
    world = remember(World(tmp_path, {"shop": queue_of()}, keys=keys), busy_past())

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("h")
            await seat.until_seen("17 runs")
            assert "L log" in seat.screen
            await seat.press("f1")
            await seat.until_seen("7 of 17 runs · landed")
            await seat.press("L")
            await seat.until_said("nothing was retested in this run")
            await seat.press("f2", "f2")
            await seat.until(lambda: seat.app.screen is seat.main)
            await seat.press("t")
            await seat.until_seen("1 2 9 span")
            await seat.press("9")
            await seat.until_seen("▸ 30 d")

    play(scene())


@pytest.mark.parametrize("key", ["h", "l"])
def test_history_and_log_are_the_same_keys_in_every_pane(tmp_path: Path, key: str) -> None:
    titles = {"h": "History · shop", "l": "following"}

    async def scene() -> None:
        async with seated(World(tmp_path)) as seat:
            await seat.until_seen("tests/test_cart.py")
            await seat.press("4", key)
            await seat.until(lambda: seat.app.screen is not seat.main)
            await seat.until_seen(titles[key])

    play(scene())
