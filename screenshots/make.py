"""Makes the pictures of this directory: the real console on the demo's sandbox, driven by its keys.

python screenshots/make.py [DIRECTORY]
"""

import asyncio
import os
import subprocess  # noqa: TID251 - an author of the sandbox, who has git of his own
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from textual.pilot import Pilot

from mergetui.demo.story import NAME, Stage, set_up
from mergetui.model import EntryState, Priority
from mergetui.places import Places
from mergetui.tui.app import Console
from mergetui.tui.bridge import Bridge
from mergetui.tui.themes import LIGHT
from mergetui.wiring import Wiring

HERE = Path(__file__).parent
SIZES = ((120, 40), (200, 60), (80, 24))
BOARD, SCREEN = (120, 40), (110, 30)
PATIENCE = 240.0
FLAKY = "fix/rates"
FLAKE = """\
commit refs/heads/{branch}
committer Tom Okafor <tom@shop.example> now
data <<END
Ask for the rates of today
END
from refs/heads/main^0
M 100644 inline tests/test_rates.py
data <<END
from pathlib import Path

from tests import ShopTest


def seconds_until_the_rates_came():
    asked = Path({mark!r})
    first, _ = not asked.exists(), asked.touch()
    return 3.4 if first else 0.2


class Rates(ShopTest):
    def test_the_rates_come_within_a_second(self):
        self.assertLess(seconds_until_the_rates_came(), 1)
END
"""


def main() -> None:
    target = (Path(sys.argv[1]) if len(sys.argv) > 1 else HERE).absolute()
    target.mkdir(parents=True, exist_ok=True)
    os.environ["SHOP_PACE"] = "0.15"
    # Whoever makes them may sit at a terminal of sixteen colours, or have a theme of their own.
    os.environ["TERM"] = "xterm-256color"
    os.environ.pop("TEXTUAL_THEME", None)
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    os.environ["MERGETUI_OPERATOR"] = "ana"
    with tempfile.TemporaryDirectory(prefix="mergetui-") as directory:
        # What the console suggests for a new repository is the checkout that it is started in.
        os.chdir(directory)
        asyncio.run(_welcome(Path(directory) / "nothing", target))
        asyncio.run(_tour(_with_a_flake(set_up(Path(directory) / "demo")), target))


async def _welcome(directory: Path, target: Path) -> None:
    where = Places(config=directory / "mergetui.toml", state=directory, cache=directory / "cache")
    console = Console(Bridge(Wiring(where)))
    async with console.run_test(size=SIZES[2]) as pilot:
        await _until(pilot, lambda: console.main.is_running)
        await _picture(pilot, target / "welcome.svg")
        await pilot.press("R")
        await pilot.pause(0.5)
        for text in ("api", "git@example.org:team/api.git", "main", "make test"):
            await pilot.press("ctrl+u", *text, "down")
        await _picture(pilot, target / "add-repository.svg")
        console.exit()


async def _tour(wiring: Wiring, target: Path) -> None:
    bridge = Bridge(wiring)
    console = Console(bridge)
    async with console.run_test(size=BOARD) as pilot:
        await _until(pilot, lambda: bool(bridge.desk(NAME).state().seen))
        await _before(pilot, target)
        await pilot.press("a")
        await _until(pilot, lambda: _is_testing(bridge, "feat/search"))
        await _until(pilot, lambda: _lines(bridge) > 8)
        await _meanwhile(pilot, target)
        await _modal(pilot, target, "enqueue", "e", wait=1.0)
        await _modal(pilot, target, "pause", "p")
        await _until(pilot, lambda: bridge.desk(NAME).state().lease is not None)
        await _modal(pilot, target, "force-release", "f")
        await _modal(pilot, target, "help", "question_mark")
        await _until(pilot, lambda: _sent_back(bridge) >= 3)
        await _picture(pilot, target / "queue.svg")
        await _until(pilot, lambda: _has_ended(bridge))
        await pilot.press("a")
        await _after(pilot, target)
        await _until(pilot, lambda: bridge.desk(NAME).state().advance is None)
        console.exit()


async def _before(pilot: Pilot[None], target: Path) -> None:
    await pilot.pause(2.0)
    await _modal(pilot, target, "step", "s")
    await _modal(pilot, target, "why", "w")
    await pilot.resize_terminal(*SCREEN)
    await _modal(pilot, target, "forecast", "c", *["right"] * 7, wait=6.0)
    await _modal(pilot, target, "entry", "j", "j", "enter", wait=2.0)
    await _modal(pilot, target, "settings", "S", *["down"] * 3, wait=0.5)
    await pilot.resize_terminal(*BOARD)


async def _meanwhile(pilot: Pilot[None], target: Path) -> None:
    await pilot.press("g")
    for width, height in SIZES:
        await pilot.resize_terminal(width, height)
        await _picture(pilot, target / f"main-{width}x{height}.svg")
    await pilot.resize_terminal(*BOARD)
    dark = pilot.app.theme
    pilot.app.theme = LIGHT.name
    await _picture(pilot, target / "light.svg")
    pilot.app.theme = dark


async def _after(pilot: Pilot[None], target: Path) -> None:
    await pilot.resize_terminal(*SCREEN)
    for name, key in (("history", "h"), ("statistics", "t"), ("report", "H")):
        pilot.app.clear_notifications()
        await _modal(pilot, target, name, key, wait=0.6)
    await _modal(pilot, target, "flakes", "L", "tab", "E")


async def _modal(pilot: Pilot[None], target: Path, name: str, *keys: str, wait: float = 0.2) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause(0.3)
    await pilot.pause(wait)
    await _picture(pilot, target / f"{name}.svg")
    await pilot.press("escape")
    await pilot.pause()


async def _picture(pilot: Pilot[None], path: Path) -> None:
    await pilot.pause(0.3)
    svg = pilot.app.export_screenshot()
    # Without it some viewers leave out spaces at the start of a text.
    path.write_text(svg.replace("<svg ", '<svg xml:space="preserve" ', 1))
    print(path)


async def _until(pilot: Pilot[None], is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "the console did not come that far"
        await pilot.pause(0.05)


def _with_a_flake(stage: Stage) -> Wiring:
    """The same sandbox, with a branch whose test is red the first time, and a retest that is tried again."""
    places, sandbox = stage.wiring.places, stage.sandbox
    history = FLAKE.format(branch=FLAKY, mark=str(sandbox.directory / "asked"))
    subprocess.run(
        ["git", "fast-import", "--quiet", "--date-format=now"],
        cwd=sandbox.remote,
        input=history.encode(),
        check=True,
    )
    with places.config.open("a") as config:
        config.write("retries = 1\n")
    wiring = Wiring(places)
    wiring.desk(NAME).enqueue([(FLAKY,)], priority=Priority.HIGH)
    return wiring


def _entries(bridge: Bridge) -> Sequence[tuple[str, EntryState, str | None]]:
    return [(e.branch, e.state, e.log) for e in bridge.desk(NAME).state().entries.values()]


def _is_testing(bridge: Bridge, wanted: str) -> bool:
    return any(branch == wanted and state is EntryState.TESTING for branch, state, _ in _entries(bridge))


def _lines(bridge: Bridge) -> int:
    logs = [Path(log) for _, state, log in _entries(bridge) if log and state is EntryState.TESTING]
    return sum(log.read_bytes().count(b"\n") for log in logs if log.exists())


def _sent_back(bridge: Bridge) -> int:
    return sum(state is EntryState.SENT_BACK for _, state, _ in _entries(bridge))


def _has_ended(bridge: Bridge) -> bool:
    return all(state.needs_a_person for _, state, _ in _entries(bridge))


if __name__ == "__main__":
    main()
