"""What a console shows of a repository that another engine works on."""

from pathlib import Path

import pytest

from mergetui.state import Advance
from mergetui.tui.bridge import Bridge
from tests.tui.fakes import NOON, World, entry, holder, queue_of
from tests.tui.seat import Seat, play, seated


def worked_on(tmp_path: Path, *, by: str = "joe", mode: str = "auto") -> World:
    advance = Advance(holder=holder(by, 77), mode=mode, since=NOON)  # type: ignore[arg-type]
    return World(tmp_path, {"shop": queue_of(entry(1, "feat/a"), advance=advance), "api": queue_of()})


@pytest.mark.parametrize(
    ("by", "mode", "told"),
    [
        ("joe", "auto", "auto by joe ▸ shop  "),
        ("joe", "step", "step by joe ▸ shop  "),
        ("ana", "auto", "auto by ana pid 77 ▸ shop  "),
    ],
)
def test_the_top_bar_names_who_else_advances_a_repository(
    tmp_path: Path, by: str, mode: str, told: str
) -> None:
    async def scene() -> None:
        async with seated(worked_on(tmp_path, by=by, mode=mode)) as seat:
            await seat.until_seen(told)
            assert "auto off" not in seat.screen

    play(scene())


def test_a_read_only_console_names_them_too(tmp_path: Path) -> None:
    world = worked_on(tmp_path)
    world.bridge = Bridge(world.wiring, read_only=True)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.until_seen("auto by joe ▸ shop")
            await seat.until_seen("read-only")

    play(scene())


def test_what_this_console_advances_is_told_before_what_others_do(tmp_path: Path) -> None:
    world = worked_on(tmp_path)
    world.engine.want("api", "auto")

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.until_seen("auto ▸ api   auto by joe ▸ shop")

    play(scene())


@pytest.mark.parametrize("mode", ["auto", "step"])
def test_the_repository_pane_names_them_in_full(tmp_path: Path, mode: str) -> None:
    told = f"{mode} by joe@buildbox pid 77"

    async def scene() -> None:
        async with seated(worked_on(tmp_path, mode=mode)) as seat:
            await seat.until_seen(told)
            await seat.press("}")
            await seat.until(lambda: told not in seat.screen)

    play(scene())


def heights(seat: Seat) -> tuple[int, int]:
    return tuple(seat.main.query_one(f"#{pane}").outer_size.height for pane in ("repositories", "lease"))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("many", "size", "expected"),
    [
        (1, (120, 40), (8, 30)),
        (10, (200, 60), (13, 45)),
        (11, (120, 25), (14, 9)),
        (12, (120, 40), (29, 9)),
    ],
)
def test_few_repositories_leave_the_room_to_the_lease(
    tmp_path: Path, many: int, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    world = World(tmp_path, {f"repo-{number}": queue_of() for number in range(many)})

    async def scene() -> None:
        async with seated(world, size=size) as seat:
            await seat.until(lambda: heights(seat) == expected)

    play(scene())


@pytest.mark.parametrize(("key", "place"), [("1", 0), ("3", 1)])
def test_a_pane_of_the_side_has_all_rows_when_it_is_zoomed(tmp_path: Path, key: str, place: int) -> None:
    async def scene() -> None:
        async with seated(worked_on(tmp_path)) as seat:
            await seat.press(key, "z")
            await seat.until(lambda: heights(seat)[place] == 38)

    play(scene())
