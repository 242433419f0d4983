"""Makes the pictures of this directory: the real console on the demo's sandbox, driven by its keys.

python screenshots/make.py [DIRECTORY]
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from mergetui.demo.story import NAME, set_up
from mergetui.model import EntryState
from mergetui.tui.app import Console
from mergetui.tui.bridge import Bridge
from mergetui.tui.themes import LIGHT

HERE = Path(__file__).parent
SIZES = ((120, 40), (200, 60), (80, 24))
PATIENCE = 60.0


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    target.mkdir(parents=True, exist_ok=True)
    os.environ["SHOP_PACE"] = "0.4"
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    os.environ["MERGETUI_OPERATOR"] = "ana"
    with tempfile.TemporaryDirectory(prefix="mergetui-") as directory:
        asyncio.run(_tour(Path(directory) / "demo", target))


async def _tour(directory: Path, target: Path) -> None:
    bridge = Bridge(set_up(directory).wiring)
    console = Console(bridge)
    async with console.run_test(size=SIZES[0]) as pilot:
        await _until(pilot, lambda: bool(bridge.desk(NAME).state().seen))
        await _modal(pilot, target, "step", "s")
        await _modal(pilot, target, "why", "w")
        await pilot.press("a")
        await _until(pilot, lambda: _is_testing(bridge, "feat/search"))
        await _until(pilot, lambda: _lines(bridge) > 8)
        for width, height in SIZES:
            await pilot.resize_terminal(width, height)
            await _picture(pilot, target / f"main-{width}x{height}.svg")
        await pilot.resize_terminal(*SIZES[0])
        await _light(pilot, target)
        await _modal(pilot, target, "enqueue", "e", wait=1.0)
        await _modal(pilot, target, "pause", "p")
        await _until(pilot, lambda: bridge.desk(NAME).state().lease is not None)
        await _modal(pilot, target, "force-release", "f")
        await _modal(pilot, target, "help", "question_mark")
        await _until(pilot, lambda: bridge.desk(NAME).state().advance is None or _sent_back(bridge) >= 3)
        await _picture(pilot, target / "queue.svg")
        await pilot.press("a")
        await _until(pilot, lambda: bridge.desk(NAME).state().advance is None)
        console.exit()


async def _light(pilot: Pilot[None], target: Path) -> None:
    dark = pilot.app.theme
    pilot.app.theme = LIGHT.name
    await _picture(pilot, target / "light.svg")
    pilot.app.theme = dark


async def _modal(pilot: Pilot[None], target: Path, name: str, key: str, *, wait: float = 0.2) -> None:
    await pilot.press(key)
    await pilot.pause(wait)
    await _picture(pilot, target / f"{name}.svg")
    await pilot.press("escape")
    await pilot.pause()


async def _picture(pilot: Pilot[None], path: Path) -> None:
    await pilot.pause(0.3)
    pilot.app.save_screenshot(path.name, str(path.parent))
    print(path)


async def _until(pilot: Pilot[None], is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "the console did not come that far"
        await pilot.pause(0.05)


def _is_testing(bridge: Bridge, branch: str) -> bool:
    entries = bridge.desk(NAME).state().entries.values()
    return any(e.branch == branch and e.state is EntryState.TESTING for e in entries)


def _lines(bridge: Bridge) -> int:
    entries = bridge.desk(NAME).state().entries.values()
    logs = [Path(e.log) for e in entries if e.log and e.state is EntryState.TESTING]
    return sum(log.read_bytes().count(b"\n") for log in logs if log.exists())


def _sent_back(bridge: Bridge) -> int:
    entries = bridge.desk(NAME).state().entries.values()
    return sum(e.state is EntryState.SENT_BACK for e in entries)


if __name__ == "__main__":
    main()
