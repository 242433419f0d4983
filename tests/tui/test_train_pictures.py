"""The train as it is drawn."""

import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mergetui.tui.app import Console
from mergetui.tui.widgets.log_pane import LogPane
from tests.rules.rails import RED
from tests.tui.boarding import AB, ABC, Boarding
from tests.tui.until import shown

Compare = Callable[..., bool]
SIZES = [(80, 24), (120, 40), (200, 60)]


def drawn(*keys: str, text: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Wait for the pictures, the log and the percentages, press `keys`, and wait for `text`."""

    async def ready(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, Console)
        await shown(pilot, lambda: len(app.main.taken) == 2)
        await shown(pilot, lambda: app.main.query_one(LogPane).line_total > 1)
        await shown(pilot, lambda: "12%" in _text(app))
        await pilot.press(*keys)
        await shown(pilot, lambda: text in _text(app))

    return ready


def _text(app: Console) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@pytest.fixture
def eventful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    """`feat/b` is red behind `feat/a`: the third was thrown away, and goes on without it."""
    monkeypatch.chdir(tmp_path)
    # Where the plugin keeps its report; what else begins with TEXTUAL is kept from the tests.
    monkeypatch.setenv("TEXTUAL_SNAPSHOT_TEMPDIR", str(tmp_path))
    boarding = Boarding(tmp_path, logs=Path())
    rail, without = boarding.rail, "feat/a feat/c"
    boarding.tell(rail.ended(AB, RED, ago=40), rail.stopped(ABC, "a shorter candidate is red", ago=40))
    for line, ago, text in ((without, 35, "[ 12%]"), (f"{without} feat/d", 20, "[  7%]")):
        Path(rail.log(line)).write_text(f"collected 215 items\nwithout b .. {text}\n")
        boarding.tell(rail.built(line, ago=ago), rail.started(line, ago=ago))
    boarding.tell(rail.spared("feat/old", "e" * 40, ago=600))
    app = Console(boarding.world.bridge)
    app.animation_level = "none"
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "UTC")
        time.tzset()
        yield app
    time.tzset()


@pytest.mark.sampled("*(80, 24)")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_train_above_its_log(snap_compare: Compare, eventful: Console, size: tuple[int, int]) -> None:
    ready = drawn("right_square_bracket", text="without b")
    assert snap_compare(eventful, terminal_size=size, run_before=ready)


@pytest.mark.sampled("*(80, 24)")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_whole_train(snap_compare: Compare, eventful: Console, size: tuple[int, int]) -> None:
    ready = drawn("T", "j", text="for feat/a + feat/b is red")
    assert snap_compare(eventful, terminal_size=size, run_before=ready)
