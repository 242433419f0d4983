"""The settings form and the form of a new repository: what is typed, what is shown, what the file becomes."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from textual import events
from textual.widgets import Input

from mergetui.config import load, read
from mergetui.config_file import add_repository, change_repository
from mergetui.config_tables import setting_names
from mergetui.masking import Mask
from mergetui.outcome import Unreachable
from mergetui.settings import HELP, sheet_of
from mergetui.tui.screens.add_repository import Added, AddForm
from mergetui.tui.screens.form import DiscardQuestion
from mergetui.tui.screens.settings import Anew, Saved, SettingsForm
from tests.tui.asking import HOSTILE, Hands, asking, play

OURS = """\
# ours
[repos.shop]  # the shop
remote = "git@example.org:shop.git"  # where
retest = "make test"

# about api
[repos.api]
remote = "git@example.org:api.git"
"""
OID = "a" * 40


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "c.toml"
    path.write_text(OURS)
    return path


def settings(path: Path, typed: Mapping[str, str] | None = None, **environ: str) -> SettingsForm:
    sheet = sheet_of("shop", path=path, seen=read(path), environ=environ)
    save = partial(change_repository, path, "shop", seen=sheet.seen)
    return SettingsForm(sheet, save, Mask(), typed)


def adding(
    path: Path,
    heads: Mapping[str, str] | Unreachable | None = None,
    suggested: str = "",
) -> AddForm:
    answer = {"main": OID} if heads is None else heads

    def save(name: str, texts: Mapping[str, str]) -> None:
        add_repository(path, name, texts)

    return AddForm(load(path, {}), ask=lambda _: answer, save=save, suggested=suggested)


def scene(
    form: SettingsForm | AddForm, act: Callable[[Hands], object], size: tuple[int, int] = (80, 24)
) -> None:
    async def played() -> None:
        async with asking(form, size) as hands:
            await act(hands)  # type: ignore[misc]

    play(played())


async def fill(hands: Hands, key: str, text: str) -> None:
    """Go there, empty it, paste."""
    field = hands.modal.query_one(f"#field-{key}", Input)
    field.focus()
    field.clear()
    field.post_message(events.Paste(text))
    await hands.pilot.pause()


def shown_of(hands: Hands, key: str) -> str:
    field = hands.modal.query_one(f"#field-{key}", Input)
    return field.render_line(0).text[: field.scrollable_content_region.width].rstrip()


def test_a_value_that_is_cut_ends_with_an_ellipsis(path: Path) -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "retest", "0123456789" * 20)
        await hands.pilot.pause()
        assert shown_of(hands, "retest").lstrip().startswith("…")
        assert shown_of(hands, "retest").endswith("89")
        await hands.press("home")
        assert shown_of(hands, "retest").lstrip().startswith("0123456789")
        assert shown_of(hands, "retest").endswith("…")
        await hands.press("down")
        assert shown_of(hands, "retest").endswith("…")
        assert "…" not in shown_of(hands, "remote")

    scene(settings(path), act)


@pytest.mark.sampled("40")
@pytest.mark.parametrize("width", [40, 60])
def test_a_narrow_form_keeps_room_for_its_values_and_for_how_to_leave(path: Path, width: int) -> None:
    async def act(hands: Hands) -> None:
        await hands.until(lambda: "esc leave" in " ".join(hands.screen.split()).replace("│ │ ", ""))
        field = hands.modal.query_one("#field-remote", Input)
        assert field.scrollable_content_region.width >= 10

    scene(settings(path), act, size=(width, 20))


def test_a_hint_that_is_cut_ends_with_an_ellipsis(path: Path) -> None:
    async def act(hands: Hands) -> None:
        await hands.until(lambda: shown_of(hands, "remote").strip().startswith("git@exa"))
        assert shown_of(hands, "remote").endswith("…")

    scene(adding(path), act, size=(44, 20))


def test_an_ellipsis_does_not_hide_the_cursor(path: Path) -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "retest", "0123456789" * 20)
        field = hands.modal.query_one("#field-retest", Input)
        await hands.press("end")
        await hands.until(lambda: field.scroll_offset.x > 150)
        await hands.press(*["left"] * (field.cursor_position - int(field.scroll_offset.x)))
        assert 0 < field.cursor_position == field.scroll_offset.x
        assert "…" not in shown_of(hands, "retest")[:-1]

    scene(settings(path), act)


def test_a_changed_setting_is_saved_and_every_other_byte_stays(path: Path) -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "retest", "make check")
        await fill(hands, "batch", "4")
        await hands.press("ctrl+s")
        await hands.until(lambda: hands.answers == [Saved(("retest", "batch"))])

    scene(settings(path), act)
    assert path.read_text() == OURS.replace('retest = "make test"\n', 'retest = "make check"\nbatch = 4\n')


def test_a_wrong_value_is_told_as_it_is_typed_and_not_saved(path: Path) -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "batch", "many")
        assert "batch = 'many'; allowed: a whole number" in hands.screen
        hands.modal.query_one("#field-remote").focus()
        await hands.press("ctrl+s")
        assert "batch = 'many'; allowed: a whole number" in hands.screen
        assert hands.focus == "field-batch"
        assert hands.answers == []

    scene(settings(path), act)
    assert path.read_text() == OURS


def test_settings_that_do_not_go_together_are_refused_on_saving(path: Path) -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "remote", "git@example.org:api.git")
        await hands.press("ctrl+s")
        await hands.until(lambda: "has the remote and target of" in hands.screen)
        assert hands.answers == []

    scene(settings(path), act)
    assert path.read_text() == OURS


def test_a_file_that_was_changed_meanwhile_is_kept_and_what_was_typed_too(path: Path) -> None:
    theirs = OURS.replace("make test", "make all")

    async def act(hands: Hands) -> None:
        await fill(hands, "batch", "4")
        path.write_text(theirs)
        await hands.press("ctrl+s")
        await hands.until(lambda: "changed by somebody else" in hands.screen)
        await hands.press("ctrl+s")
        assert path.read_text() == theirs
        await hands.press("ctrl+r")
        assert hands.answers == [Anew({"batch": "4"})]

    scene(settings(path), act)

    async def again(hands: Hands) -> None:
        await hands.press("ctrl+s")
        await hands.until(lambda: hands.answers == [Saved(("batch",))])

    scene(settings(path, typed={"batch": "4"}), again)
    assert path.read_text() == theirs.replace('"make all"\n', '"make all"\nbatch = 4\n')


def test_the_environment_is_named_where_it_decides(path: Path) -> None:
    async def act(hands: Hands) -> None:
        hands.modal.query_one("#field-retest").focus()
        await hands.pilot.pause()
        assert "set by MERGETUI_REPOS__SHOP__RETEST" in hands.screen
        await hands.type("x")
        await hands.press("ctrl+s")
        assert "nothing was changed" in hands.screen

    scene(settings(path, MERGETUI_REPOS__SHOP__RETEST="make other"), act)


@pytest.mark.soak
def test_every_setting_can_be_reached_in_a_small_terminal(path: Path) -> None:
    async def act(hands: Hands) -> None:
        await hands.press(*["down"] * (len(setting_names()) - 1))
        last = setting_names()[-1]
        assert hands.focus == f"field-{last}"
        assert f"{last}  " in hands.screen
        assert HELP[last][:50] in hands.screen

    scene(settings(path), act, (60, 20))


def test_a_setting_with_choices_shows_the_next_one_when_asked(path: Path) -> None:
    async def act(hands: Hands) -> None:
        hands.modal.query_one("#field-clean").focus()
        await hands.pilot.pause()
        assert "what a warm checkout loses" in hands.screen
        await hands.press("space")
        assert "keep-ignored" in hands.modal.query_one("#field-clean", Input).value

    scene(settings(path), act, (60, 20))


def test_leaving_asks_when_something_was_typed(path: Path) -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "batch", "4")
        await hands.press("escape")
        assert isinstance(hands.app.screen, DiscardQuestion)
        assert hands.focus == "stay"
        await hands.press("escape")
        assert hands.app.screen is hands.modal
        await fill(hands, "batch", "")
        await hands.press("escape")
        assert hands.answers == [None]

    scene(settings(path), act)


def test_what_was_typed_is_discarded_by_a_choice_of_its_own(path: Path) -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "batch", "4")
        await hands.press("escape")
        await hands.decide("discard")
        await hands.until(lambda: hands.answers == [None])

    scene(settings(path), act)
    assert path.read_text() == OURS


def test_secrets_are_shown_on_demand_only(path: Path) -> None:
    path.write_text('[repos.shop]\nremote = "https://joe:hunter22@example.org/x.git"\n')

    async def act(hands: Hands) -> None:
        assert "hunter22" not in hands.screen
        await hands.press("ctrl+o")
        assert "hunter22" in hands.screen

    scene(settings(path), act)


def test_hostile_values_are_shown_as_text_and_never_written_back(path: Path) -> None:
    path.write_text(
        f"[repos.shop]\nremote = 'x'\nretest = '{HOSTILE.replace(chr(27), '')}'\n", encoding="utf-8"
    )

    async def act(hands: Hands) -> None:
        assert "[/bold][31m[@click=app.exit]x‹U+202E›gnp" in hands.screen

    scene(settings(path), act, (120, 40))


def test_a_repository_is_added_with_what_its_remote_suggests(path: Path) -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "remote", "/srv/docs.git")
        await hands.press("ctrl+t")
        await hands.until(lambda: "✓ reachable; branches: master, feat/x" in hands.screen)
        await fill(hands, "retest", "make docs")
        await hands.press("ctrl+s")
        await hands.until(lambda: hands.answers == [Added("docs")])

    scene(adding(path, {"master": OID, "feat/x": OID}), act)
    added = '\n[repos.docs]\nremote = "/srv/docs.git"\ntarget = "master"\nretest = "make docs"\n'
    assert path.read_text() == OURS + added


@pytest.mark.sampled("typed0-*", "typed3-*")
@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"name": "shop"}, "there is a repository shop already"),
        ({"name": "-x"}, "allowed: 1 to 64 letters"),
        ({"remote": "https://example.org/api"}, "api keeps that target of that remote already"),
        ({"remote": "ext::x"}, "allowed: an https, ssh or file address"),
        ({"name": "docs", "remote": "/x", "target": "a..b"}, "must not contain '..'"),
        ({"name": "docs"}, "remote: it is required"),
        ({"remote": "/.."}, "name: it is required"),
    ],
)
def test_what_cannot_be_added_is_told(path: Path, typed: dict[str, str], told: str) -> None:
    async def act(hands: Hands) -> None:
        for key, text in typed.items():
            await fill(hands, key, text)
        await hands.press("ctrl+s")
        await hands.until(lambda: told in hands.screen)
        assert hands.answers == []

    scene(adding(path), act)
    assert path.read_text() == OURS


@pytest.mark.parametrize(
    ("heads", "told"),
    [
        (Unreachable("https://joe:pw@host: no route"), "✗ cannot be reached: https://***@host: no route"),
        ({"trunk": OID, HOSTILE: OID}, "✗ no branch main: name the target."),
    ],
)
def test_a_remote_that_does_not_fit_is_told_and_can_still_be_added(
    path: Path, heads: Mapping[str, str] | Unreachable, told: str
) -> None:
    async def act(hands: Hands) -> None:
        await fill(hands, "remote", "/srv/docs.git")
        await hands.press("ctrl+t")
        await hands.until(lambda: told in hands.screen)
        await hands.press("ctrl+s")
        await hands.until(lambda: hands.answers == [Added("docs")])

    scene(adding(path, heads), act)


def test_a_remote_that_does_not_answer_holds_nothing_up(path: Path) -> None:
    answered = Event()

    def ask(_: str) -> Mapping[str, str]:
        answered.wait()
        return {"main": OID}

    async def act(hands: Hands) -> None:
        await fill(hands, "remote", "/srv/docs.git")
        await hands.press("ctrl+t")
        await fill(hands, "remote", "/srv/other.git")
        answered.set()
        await hands.until(lambda: "was changed meanwhile" in hands.screen)

    scene(AddForm(load(path, {}), ask=ask, save=lambda *_: None), act)


def test_the_checkout_that_one_stands_in_is_suggested_and_not_counted_as_typed(path: Path) -> None:
    async def act(hands: Hands) -> None:
        assert "docs  " in hands.screen
        assert hands.focus == "field-retest"
        await hands.press("escape")
        assert hands.answers == [None]

    scene(adding(path, suggested="git@example.org:team/docs.git"), act)
