import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.events import MouseScrollUp
from textual.pilot import Pilot

from mergetui.tui.log_file import LogFile
from mergetui.tui.log_search import HitLines
from mergetui.tui.widgets.log_pane import LogPane
from mergetui.tui.widgets.strips import headed
from tests.tui.test_cleaning import HOSTILE, MARKUP
from tests.tui.until import shown, until

SIZE = (60, 14)
PAGE = SIZE[1] - 2


class Watching(App[None]):
    """Nothing but a log pane, and what it says."""

    def __init__(self, path: Path | None, **options: Any) -> None:
        super().__init__()
        self.path = path
        self.options = options
        self.said: list[object] = []

    def compose(self) -> ComposeResult:
        yield LogPane(empty="no retest yet: press s to step")

    def on_mount(self) -> None:
        self.pane.show_log(self.path, **self.options)

    @property
    def pane(self) -> LogPane:
        return self.query_one(LogPane)

    def on_log_pane_follow_changed(self, message: LogPane.FollowChanged) -> None:
        self.said.append(message.following)

    def on_log_pane_line_chosen(self, message: LogPane.LineChosen) -> None:
        self.said.append(message.text)


class Desk:
    """A pane on a growing file, the keys in front of it, and the eyes."""

    def __init__(self, app: Watching, pilot: Pilot[None], path: Path) -> None:
        self.app, self.pane, self.pilot, self.path = app, app.pane, pilot, path

    def rows(self) -> list[str]:
        return [self.pane.render_line(row).text.rstrip() for row in range(self.pane.page)]

    def row_of(self, text: str) -> str:
        return next(row for row in self.rows() if text in row)

    def styles_of(self, text: str) -> list[Style]:
        strips = (self.pane.render_line(row) for row in range(self.pane.page))
        return [segment.style or Style() for strip in strips for segment in strip if text in segment.text]

    @property
    def title(self) -> str:
        return str(self.pane._border_title)

    @property
    def subtitle(self) -> str:
        return str(self.pane._border_subtitle or "")

    @property
    def screen(self) -> str:
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def grow(self, *lines: str) -> None:
        with self.path.open("a", encoding="utf-8", errors="surrogateescape") as file:
            file.writelines(f"{line}\n" for line in lines)
        total = self.path.read_bytes().count(b"\n")
        await self.until(lambda: self.pane.line_total == total)

    async def until(self, fact: Callable[[], bool]) -> None:
        await shown(self.pilot, fact)


def numbered(first: int, last: int) -> list[str]:
    return [f"line {number}" for number in range(first, last)]


@asynccontextmanager
async def sitting(path: Path, *lines: str, **options: Any) -> AsyncIterator[Desk]:
    app = Watching(path, **options)
    async with app.run_test(size=SIZE) as pilot:
        desk = Desk(app, pilot, path)
        await desk.grow(*lines)
        yield desk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "run.log"
    path.touch()
    return path


def play(scene: Coroutine[object, object, None]) -> None:
    asyncio.run(scene)


def test_it_follows_the_end(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 12_804), title="feat/cart") as desk:
            assert desk.rows()[-1] == " line 12803"
            assert desk.title == "feat/cart · following · 12,804"
            await desk.grow("one more")
            assert desk.rows()[-1] == " one more"
            assert "one more" in desk.screen

    play(scene())


def test_a_rush_is_followed_to_its_end(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, "one") as desk:
            await desk.grow(*numbered(1, 5_000))
            assert desk.rows()[-1] == " line 4999"

    play(scene())


def test_what_was_told_of_one_entry_is_not_told_of_the_next_that_has_no_log() -> None:
    async def scene() -> None:
        async with Watching(None, title="feat/cart").run_test(size=SIZE) as pilot:
            assert isinstance(pilot.app, Watching)
            pane = pilot.app.pane
            pane.tell_progress(lambda _: "4m12s")
            assert str(pane._border_title) == "feat/cart · 4m12s"
            pane.retitle("fix/login", empty="no retest yet")
            assert str(pane._border_title) == "fix/login"

    play(scene())


def test_other_colours_are_those_of_the_lines_too(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 30)) as desk:
            await desk.press("k")
            before = desk.styles_of("line 28")
            desk.app.theme = "textual-light"
            await desk.until(lambda: desk.styles_of("line 28") != before)
            dark, light = before[0].bgcolor, desk.styles_of("line 28")[0].bgcolor
            assert dark != light

    play(scene())


@pytest.mark.sampled("up", "pageup", "g")
@pytest.mark.parametrize("key", ["k", "up", "pageup", "ctrl+u", "g", "home"])
def test_an_upward_move_stops_following(path: Path, key: str) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 100)) as desk:
            await desk.press(key)
            assert not desk.pane.following
            assert "following" not in desk.title
            assert desk.app.said == [False]

    play(scene())


def test_the_mouse_wheel_stops_following(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 100)) as desk:
            await desk.pilot._post_mouse_events([MouseScrollUp], LogPane, offset=(5, 5))
            await desk.until(lambda: not desk.pane.following)

    play(scene())


@pytest.mark.parametrize("key", ["j", "down", "pagedown", "ctrl+d"])
def test_a_downward_move_at_the_end_goes_on_following(path: Path, key: str) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 100)) as desk:
            await desk.press(key)
            assert desk.pane.following

    play(scene())


@pytest.mark.parametrize("key", ["k", "ctrl+u", "g"])
def test_what_the_reader_looks_at_does_not_move_when_lines_come(path: Path, key: str) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 100)) as desk:
            await desk.press(key)
            before = desk.rows()
            await desk.grow(*numbered(100, 1_304))
            assert desk.rows() == before
            assert desk.subtitle == "+1,204 new"

    play(scene())


def test_lines_the_reader_scrolls_to_are_new_no_more(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 100)) as desk:
            await desk.press("k")
            await desk.grow(*numbered(100, 130))
            await desk.press("pagedown")
            assert desk.subtitle == f"+{30 - PAGE} new"
            await desk.press("pagedown", "pagedown")
            assert desk.subtitle == ""
            assert not desk.pane.following

    play(scene())


@pytest.mark.parametrize("key", ["F", "end", "G"])
def test_following_is_resumed_at_the_end(path: Path, key: str) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 100)) as desk:
            await desk.press("g")
            await desk.grow(*numbered(100, 200))
            await desk.press(key)
            assert desk.rows()[-1] == " line 199"
            assert desk.subtitle == ""
            assert desk.app.said == [False, True]
            await desk.grow("more")
            assert desk.rows()[-1] == " more"

    play(scene())


def test_keys_move_the_cursor_and_the_page(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 100)) as desk:
            await desk.press("g")
            assert desk.rows()[0] == "▸line 0"
            await desk.press("j", "j", "k", "down")
            assert desk.rows()[2] == "▸line 2"
            await desk.press("ctrl+d")
            assert (desk.rows()[0], desk.pane.current) == (f" line {PAGE // 2}", PAGE // 2 + 2)
            await desk.press("pagedown", "pageup", "ctrl+u")
            assert desk.rows()[2] == "▸line 2"
            assert desk.title == "line 3 of 100"

    play(scene())


def test_errors_are_marked_and_visited_in_turn(path: Path) -> None:
    async def scene() -> None:
        lines = numbered(0, 300)
        lines[40], lines[200] = "E   assert one", "FAILED two"
        async with sitting(path, *lines) as desk:
            await desk.press("E")
            assert desk.pane.current == 40
            assert desk.row_of("assert one") == "✗E   assert one"
            assert " line 39" in desk.rows()
            await desk.press("E")
            assert desk.pane.current == 200
            await desk.press("E")
            assert desk.pane.current == 40

    play(scene())


def test_an_error_at_the_edge_is_shown_with_what_follows(path: Path) -> None:
    async def scene() -> None:
        lines = numbered(0, 100)
        lines[PAGE - 1] = "E   at the edge"
        async with sitting(path, *lines) as desk:
            await desk.press("g", "E")
            assert desk.row_of("at the edge").startswith("✗")
            assert f" line {PAGE + 3}" in desk.rows()

    play(scene())


def test_it_stands_at_the_first_error(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 50), "E   first", *numbered(51, 100), "E   second") as desk:
            desk.pane.stand_at_first_error()
            await desk.pilot.pause()
            assert desk.pane.current == 50
            assert desk.row_of("first").startswith("✗")
            assert not desk.pane.following

    play(scene())


def test_it_stands_at_an_error_that_is_read_a_little_later(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 50)) as desk:
            desk.pane.stand_at_first_error()
            await desk.grow(*numbered(50, 80), "E   late", *numbered(81, 120))
            assert desk.pane.current == 80

    play(scene())


def test_a_reader_who_moves_is_not_taken_to_the_error(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 50)) as desk:
            desk.pane.stand_at_first_error()
            await desk.press("g")
            await desk.grow("E   late")
            assert desk.pane.current == 0

    play(scene())


def test_a_search_goes_from_hit_to_hit_and_around(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 100), title="t") as desk:
            await desk.press("g")
            desk.pane.search("LINE 5".lower())
            await desk.until(lambda: desk.pane.current == 5)
            await desk.press("n")
            await desk.until(lambda: desk.pane.current == 50)
            await desk.press("N")
            await desk.until(lambda: desk.pane.current == 5)
            await desk.press("N")
            await desk.until(lambda: desk.pane.current == 59)
            await desk.until(lambda: desk.subtitle == "“line 5” in 11 lines")
            assert all(style.reverse for style in desk.styles_of("line 5"))

    play(scene())


def test_a_search_counts_what_still_comes(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 10)) as desk:
            desk.pane.search("line 1")
            await desk.until(lambda: desk.subtitle == "“line 1” in 1 line")
            await desk.grow("line 10")
            await desk.until(lambda: "“line 1” in 2 lines" in desk.subtitle)

    play(scene())


def test_a_search_with_very_many_hits_counts_to_its_cap(path: Path) -> None:
    path.write_text("hit\n" * 40)
    log = LogFile(path)
    hits = HitLines(log, "hit", cap=16)
    until(lambda: hits.told == "over 16 lines")
    hits.cancel()
    log.close()


def test_a_search_without_a_hit_says_so(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 100)) as desk:
            desk.pane.search("[/nothing\x1b")
            await desk.until(lambda: desk.subtitle == "no “[/nothing␛”")
            assert desk.pane.following
            desk.pane.search("")
            assert desk.subtitle == ""

    play(scene())


@pytest.mark.sampled("[[]@click*", "[[]/]")
@pytest.mark.parametrize("text", MARKUP)
def test_what_looks_like_markup_is_shown_as_it_is(path: Path, text: str) -> None:
    async def scene() -> None:
        async with sitting(path, f"a {text} b", title=text) as desk:
            assert desk.rows()[0] == f" a {text} b"
            assert desk.title == f"{text} · following · 1"
            assert f"a {text} b" in desk.screen
            await desk.press("enter")
            assert desk.app.said == [f"a {text} b"]

    play(scene())


def test_nothing_hostile_reaches_the_screen(path: Path) -> None:
    async def scene() -> None:
        hostile = [text.encode(errors="surrogatepass").decode(errors="replace") for text in HOSTILE]
        async with sitting(path, *hostile, title="".join(HOSTILE)) as desk:
            assert desk.pane.line_total >= len(hostile)
            for number in range(desk.pane.line_total):
                desk.pane.move_to(number)
                assert all(row.isprintable() for row in desk.rows())
                assert desk.pane.current_text().isprintable()
            await desk.press("g")
            assert desk.screen.replace("\n", "").isprintable()

    play(scene())


def test_colours_are_shown(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, "\x1b[1;32mgreen\x1b[0m plain \x1b[38;5;200mpink\x1b[8mseen") as desk:
            (green,), (pink,), (seen,) = map(desk.styles_of, ("green", "pink", "seen"))
            assert (green.bold, green.color and green.color.number) == (True, 2)
            assert pink.color is not None
            assert pink.color.number == 200
            assert not seen.conceal

    play(scene())


def test_without_colours_the_log_keeps_its_emphasis(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with sitting(path, "\x1b[1;30;40mdark\x1b[0m plain") as desk:
            (dark,), (plain,) = map(desk.styles_of, ("dark", "plain"))
            assert dark == plain + Style(bold=True)

    monkeypatch.setenv("NO_COLOR", "1")
    play(scene())


def test_a_log_that_has_not_been_read_yet_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shut, read = threading.Event(), LogFile._read_on
    monkeypatch.setattr(LogFile, "_read_on", lambda log: shut.wait(10) and read(log))

    async def scene() -> None:
        async with sitting(path) as desk:
            assert "reading ..." in desk.screen
            shut.set()
            await desk.until(lambda: "no retest yet" in desk.screen)

    play(scene())


def test_a_long_line_is_cut_with_an_ellipsis_and_read_sideways(path: Path) -> None:
    async def scene() -> None:
        line = "".join(f"{column:04d}" for column in range(50))
        async with sitting(path, line) as desk:
            assert desk.rows()[0].startswith(" 00000001")
            assert desk.rows()[0].endswith("…")
            await desk.press("right", ">")
            assert desk.rows()[0].startswith(f" …{line[17:50]}")
            await desk.press("<", "left", "left")
            assert desk.rows()[0].startswith(" 00000001")
            await desk.press("enter")
            assert desk.app.said == [line]

    play(scene())


def test_an_unfinished_line_is_drawn_anew_as_it_grows(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, "first") as desk:
            for dots in (".", "..", "..."):
                path.write_text(f"first\n{dots}")
                await desk.until(lambda dots=dots: desk.rows()[1] == f" {dots}")  # type: ignore[misc]

    play(scene())


def test_a_file_that_starts_anew_is_followed_from_its_start(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 100)) as desk:
            path.write_text("fresh\n")
            await desk.until(lambda: desk.pane.line_total == 1)
            assert desk.rows()[0] == " fresh"
            assert desk.pane.following

    play(scene())


def test_another_log_takes_the_place_of_the_first(path: Path, tmp_path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 100)) as desk:
            await desk.press("g")
            desk.path = tmp_path / "other.log"
            desk.pane.show_log(desk.path, title="other")
            await desk.grow("hello")
            assert desk.rows()[0] == " hello"
            assert desk.title == "other · following · 1"

    play(scene())


def test_without_lines_the_owner_says_what_to_press(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path) as desk:
            said = "no retest yet: press s to step"
            await desk.until(lambda: said in (desk.rows()[at].strip() for at in (PAGE // 2 - 1, PAGE // 2)))
            desk.pane.show_log(None, empty="nothing [/here]")
            await desk.pilot.pause()
            assert any(row.strip() == "nothing [/here]" for row in desk.rows())
            await desk.press("k", "g", "E", "n", "N", "enter", "pageup", "F", "right")
            assert "nothing [/here]" in desk.screen

    play(scene())


def test_a_log_can_be_given_before_the_pane_is_mounted(path: Path) -> None:
    class Ready(App[None]):
        def compose(self) -> ComposeResult:
            yield pane

    async def scene() -> None:
        async with Ready().run_test(size=SIZE) as pilot:
            await shown(pilot, lambda: pane.line_total == 100)
            assert pane.render_line(pane.page - 1).text.rstrip() == " line 99"

    path.write_text("\n".join(numbered(0, 100)))
    pane = LogPane()
    pane.show_log(path)
    play(scene())


def test_a_narrow_pane_shortens_its_title_but_not_the_place(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 1_000), title="feature/" + "long" * 30) as desk:
            assert desk.title.endswith("… · following · 1,000")
            assert "following · 1,000" in desk.screen

    play(scene())


def test_a_long_title_is_cut_before_the_progress_is_dropped(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 10), title="4 Retest · feature/" + "long" * 30) as desk:
            desk.pane.tell_progress(lambda _: "3s of about 7s (95% under 11s)")
            assert desk.title == "4 Retest · feature/… · 3s of about 7s · following · 10"

    play(scene())


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (90, "4 Retest · feature/long-name · 18% · 3s of about 7s (95% under 11s) · 9 lines"),
        (61, "4 Retest · feature/long-name · 18% · 3s of about 7s · 9 lines"),
        (55, "4 Retest · feature/lo… · 18% · 3s of about 7s · 9 lines"),
        (45, "4 Retest · feature/long… · 18% · 3s · 9 lines"),
        (35, "4 Retest · feature/long-… · 9 lines"),
    ],
)
def test_what_gives_way_on_the_border(width: int, told: str) -> None:
    progress = "18% · 3s of about 7s (95% under 11s)"
    assert headed("4 Retest · feature/long-name", progress, "9 lines", width) == told


def test_what_the_last_one_took_gives_way_too() -> None:
    told = headed("4 Retest · feature/long-name", "3s, ~11s last time", "following · 10", 48)
    assert told == "4 Retest · feature/long-n… · 3s · following · 10"


def test_what_is_over_is_followed_no_more(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 10), title="feat/x") as desk:
            desk.pane.retitle("passed · feat/x", empty="", over=True)
            assert desk.title == "passed · feat/x · 10 lines"

    play(scene())


def test_a_narrow_pane_leaves_out_what_is_in_brackets_of_the_progress(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 10), title="4 Retest · feat/x") as desk:
            desk.pane.tell_progress(lambda _: "3s of about 7s (95% under 11s)")
            assert desk.title == "4 Retest · feat/x · 3s of about 7s · following · 10"

    play(scene())


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("E", "no line here is an error"),
        ("n", "/ searches first"),
        ("apostrophe", "no line is marked: m marks one"),
    ],
)
def test_a_key_that_finds_nothing_says_so(path: Path, key: str, told: str) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 10)) as desk:
            await desk.press(key)
            assert [toast.message for toast in desk.app._notifications] == [told]

    play(scene())


@pytest.mark.parametrize("key", ["m", "y", "o", "enter"])
def test_a_key_that_needs_a_log_says_that_there_is_none(key: str) -> None:
    async def scene() -> None:
        async with Watching(None).run_test() as pilot:
            await pilot.press(key)
            assert [toast.message for toast in pilot.app._notifications] == ["there is no log here yet"]

    play(scene())


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light"])
def test_it_is_drawn_in_every_kind_of_theme(path: Path, theme: str) -> None:
    async def scene() -> None:
        async with sitting(path, "E   \x1b[31mred", "plain") as desk:
            desk.app.theme = theme
            await desk.press("g")
            assert desk.row_of("red") == "✗E   red"
            assert "plain" in desk.screen

    play(scene())


def strip_of(desk: Desk) -> str:
    return "".join(row[-1] if len(row) == SIZE[0] - 3 else " " for row in desk.rows())


def test_the_strip_stands_for_the_whole_log(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 120)) as desk:
            assert strip_of(desk) == " " * PAGE
            await desk.grow(*numbered(120, 600), "E   red", *numbered(601, 1_200))
            assert strip_of(desk) == "      ✗     "
            await desk.press("g", "m")
            assert strip_of(desk) == "●     ✗     "
            desk.pane.search("line 1199")
            await desk.until(lambda: strip_of(desk) == "●     ✗    ·")

    play(scene())


def test_marks_are_set_taken_back_and_jumped_between(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 400)) as desk:
            await desk.press("g", "m", "j", "j", "m")
            assert desk.row_of("line 2").startswith("●line 2")
            await desk.press("G", "apostrophe")
            assert desk.pane.current == 0
            await desk.press("apostrophe")
            assert desk.pane.current == 2
            await desk.press("m", "apostrophe", "apostrophe")
            assert desk.pane.current == 0

    play(scene())


def test_marks_go_with_the_file(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, *numbered(0, 40)) as desk:
            await desk.press("g", "m")
            path.write_text("anew\n")
            await desk.until(lambda: desk.rows()[0] == "▸anew")
            assert desk.pane._marks == []

    play(scene())


def test_hits_are_found_also_in_what_comes_later_and_thinned(path: Path) -> None:
    path.write_text("".join(f"needle {n}\n" if n % 2 else "hay\n" for n in range(200)))
    log = LogFile(path, poll=0.001)
    hits = HitLines(log, "needle", cap=32)
    try:
        until(lambda: len(hits.lines) > 0)
        with path.open("a") as file:
            file.write("hay\n" * 99 + "a needle\n")
        until(lambda: bool(hits.lines) and hits.lines[-1] == 299)
        assert len(hits.lines) <= 32
        assert all(line % 2 for line in hits.lines)
    finally:
        hits.cancel()
        log.close()


def test_a_line_is_copied_whole_and_without_colours(path: Path) -> None:
    async def scene() -> None:
        async with sitting(path, "\x1b[31mred\x1b[0m " + "x" * 9_000) as desk:
            await desk.press("g", "y")
            assert desk.app.clipboard == "red " + "x" * 9_000

    play(scene())


class Beside(Watching):
    """As if its terminal could be handed over."""

    @contextmanager
    def suspend(self) -> Iterator[None]:
        yield


@pytest.mark.parametrize(
    ("key", "read_only", "opened"),
    [("o", False, True), ("O", False, True), ("o", True, True), ("O", True, False)],
)
def test_a_program_of_the_operators_gets_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, key: str, read_only: bool, opened: bool
) -> None:
    note = path.with_name("note")
    for variable in ("PAGER", "EDITOR"):
        monkeypatch.setenv(variable, f"sh -c 'cat \"$1\" > {note}' sh")

    async def scene() -> None:
        app = Beside(path)
        async with app.run_test(size=SIZE) as pilot:
            app.pane._read_only = read_only
            path.write_text("hello\n")
            await shown(pilot, lambda: app.pane.line_total == 1)
            await pilot.press(key)
            await pilot.pause()

    play(scene())
    assert note.exists() is opened


def test_without_such_a_program_it_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", "no-such-pager -x")

    async def scene() -> None:
        async with sitting(path, "x") as desk:
            await desk.press("o")
            assert "there is no program no-such-pager: set $PAGER" in [
                each.message for each in desk.app._notifications
            ]

    play(scene())
