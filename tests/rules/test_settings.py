"""A repository's settings as text: what a form shows, and what it writes."""

import re
from pathlib import Path

import pytest

from mergetui.config import load, overrides, twin_of
from mergetui.config_file import ConfigChangedError, add_repository, change_repository
from mergetui.config_tables import ConfigError, refused_setting, setting_names
from mergetui.naming import name_from
from mergetui.repository import Repository
from mergetui.settings import HELP, Setting, Sheet, changes, sheet_of

PATH = Path("/c.toml")
OURS = """\
# ours
[repos.shop]  # the shop
remote = "git@example.org:shop.git"  # where
retest = "make test"
batch = 4  # many
env = { TZ = "UTC" }
env_pass = ["A", "B"]

# about api
[repos.api]
remote = "git@example.org:api.git"
"""


def sheet(text: str = OURS, name: str = "shop", **environ: str) -> Sheet:
    return sheet_of(name, path=PATH, seen=text, environ=environ)


def setting(key: str, text: str = OURS, **environ: str) -> Setting:
    return next(known for known in sheet(text, **environ).settings if known.key == key)


@pytest.mark.parametrize(
    ("key", "text", "default", "source"),
    [
        ("remote", "git@example.org:shop.git", "", "file"),
        ("retest", "make test", "", "file"),
        ("batch", "4", "1", "file"),
        ("env", "TZ=UTC", "", "file"),
        ("env_pass", "A,B", "", "file"),
        ("retest_timeout", "", "30m", "default"),
        ("retest_output_limit", "", "200MB", "default"),
        ("enabled", "", "true", "default"),
        ("strategy", "", "rebase", "default"),
    ],
)
def test_a_value_is_shown_with_where_it_comes_from(key: str, text: str, default: str, source: str) -> None:
    assert setting(key) == Setting(key=key, text=text, default=default, source=source)


def test_what_the_environment_says_cannot_be_changed_in_the_form() -> None:
    shown = setting("batch", MERGETUI_REPOS__SHOP__BATCH="8")
    assert (shown.text, shown.source) == ("8", "MERGETUI_REPOS__SHOP__BATCH")
    assert shown.locked == "set by MERGETUI_REPOS__SHOP__BATCH, which stands above the file"
    assert changes(sheet(MERGETUI_REPOS__SHOP__BATCH="8"), {"batch": "2"}) == {}


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("retest", 'retest = """\nmake\ntest"""'),
        ("retest", 'retest = "make \\u202E"'),
        ("env", 'env = { NOTE = "a,b" }'),
        ("env_pass", 'env_pass = ["A,B"]'),
    ],
)
def test_what_one_line_cannot_say_is_left_to_the_file(key: str, written: str) -> None:
    text = f'[repos.shop]\nremote = "x"\n{written}\n'
    assert setting(key, text).locked is not None
    assert changes(sheet(text), {key: "other"}) == {}


@pytest.mark.parametrize(
    ("texts", "written"),
    [
        ({}, {}),
        ({"batch": "4"}, {}),
        ({"batch": " 4 "}, {}),
        ({"batch": "2"}, {"batch": 2}),
        ({"batch": ""}, {"batch": None}),
        ({"batch": "1"}, {"batch": None}),
        ({"retest_timeout": "1800s"}, {"retest_timeout": None}),
        ({"retest_timeout": "5m", "enabled": "false"}, {"retest_timeout": "5m", "enabled": False}),
        ({"env": "TZ=UTC,A=b=c"}, {"env": {"TZ": "UTC", "A": "b=c"}}),
        ({"env": ""}, {"env": None}),
        ({"env_pass": "A, C"}, {"env_pass": ["A", "C"]}),
    ],
)
def test_only_what_was_changed_is_written(texts: dict[str, str], written: dict[str, object]) -> None:
    assert changes(sheet(), texts) == written


def test_what_is_no_value_is_refused_before_anything_is_written() -> None:
    with pytest.raises(ConfigError, match="a whole number"):
        changes(sheet(), {"batch": "many"})


def test_a_repository_that_only_the_environment_makes_has_no_form() -> None:
    with pytest.raises(ConfigError, match=r"no \[repos.docs\]"):
        sheet(name="docs", MERGETUI_REPOS__DOCS__REMOTE="/x")


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("remote", "ext::sh -c x", "allowed: an https, ssh or file address"),
        ("target", "-f", "a branch must not start with '-'"),
        ("batch", "0", "allowed: a whole number from 1 to 1000"),
        ("retest_timeout", "soon", "allowed: a duration"),
        ("strategy", "octopus", "allowed: 'rebase', 'squash', 'merge'"),
        ("landing", "internal", "allowed: 'push', 'external'"),
        ("retest", "  ", "allowed: a shell command"),
    ],
)
def test_a_field_is_refused_in_the_words_of_the_configuration(key: str, text: str, told: str) -> None:
    refusal = refused_setting(key, text, path=PATH)
    assert refusal is not None
    assert told in refusal
    assert str(PATH) not in refusal


def test_the_variable_is_found_as_the_configuration_finds_it() -> None:
    environ = {"MERGETUI_REPOS__MY_SHOP__BATCH": "3", "MERGETUI_REPOS__NEW__REMOTE": "/x", "HOME": "/"}
    found = [(over.repository, over.key, over.value) for over in overrides(environ, ["my-shop"])]
    assert found == [("my-shop", "batch", "3"), ("new", "remote", "/x")]


def test_a_twin_is_known_however_its_address_is_written() -> None:
    repos = {"shop": Repository(name="shop", remote="git@example.org:shop.git")}
    assert twin_of("https://example.org/shop", "main", repos) == "shop"
    assert twin_of("https://example.org/shop", "stable", repos) is None


@pytest.mark.parametrize(
    ("remote", "name"),
    [
        ("git@example.org:team/shop.git", "shop"),
        ("https://example.org/team/shop/", "shop"),
        ("/srv/git/shop.git", "shop"),
        ("example.org:shop", "shop"),
        ("https://example.org/my shop!.git", "my-shop-"),
        ("https://example.org/[b]x", "-b-x".lstrip("-")),
        ("/..", ""),
        ("", ""),
    ],
)
def test_a_remote_suggests_a_name(remote: str, name: str) -> None:
    assert name_from(remote) == name


def test_every_setting_has_its_line_of_help_and_the_documentation_has_the_same() -> None:
    assert set(HELP) == set(setting_names())
    page = Path(__file__).parents[2].joinpath("docs", "configuration.md").read_text(encoding="utf-8")
    for key, says in HELP.items():
        found = re.search(rf"^{key} = (?:\S+|\{{.*\}}|\".*\")\s+# (.*)$", page, re.MULTILINE)
        assert found, key
        assert found[1] == says


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "c.toml"
    path.write_text(OURS)
    return path


def change(path: Path, **settings: object) -> str:
    change_repository(path, "shop", settings, seen=path.read_text())
    return path.read_text()


def test_a_change_touches_its_own_lines_alone(path: Path) -> None:
    assert change(path, retest="make check", batch=2) == OURS.replace("make test", "make check").replace(
        "batch = 4 ", "batch = 2 "
    )


def test_a_new_key_stands_in_its_own_table_and_not_below_the_next_ones_comment(path: Path) -> None:
    added = 'env_pass = ["A", "B"]\nretest_timeout = "5m"\n\n# about api\n'
    assert change(path, retest_timeout="5m") == OURS.replace('env_pass = ["A", "B"]\n\n# about api\n', added)


def test_what_is_default_again_leaves_the_file(path: Path) -> None:
    without = [line for line in OURS.splitlines(keepends=True) if not line.startswith(("batch", "env "))]
    assert change(path, batch=None, env=None) == "".join(without)


@pytest.mark.parametrize(
    "text",
    [
        '[repos]\nshop.remote = "x" # c\nshop.batch = 3\n',
        '[repos]\nshop = { remote = "x", batch = 3 } # c\n',
        '[repos.shop]\nremote = "x" # c\n[repos.shop.env]\nA = "1" # d\n\n# k\n[keys]\nstep = "f5"\n',
        '[repos.shop]\nremote = "x" # c\n[repos.api]\nremote = "y"\n[repos.shop.env]\nA = "1" # d\n',
        '[repos.shop]\r\nremote = "x" # c\r\n\r\n# k\r\n',
    ],
)
def test_however_a_table_is_written_it_is_changed_and_keeps_its_comments(path: Path, text: str) -> None:
    path.write_bytes(text.encode())
    change_repository(path, "shop", {"batch": 2, "env": {"A": "2", "B": "3"}}, seen=text)
    changed = load(path, {}).repos["shop"]
    assert (changed.remote, changed.batch, changed.env) == ("x", 2, {"A": "2", "B": "3"})
    assert all(note in path.read_bytes().decode() for note in re.findall("# .", text))
    change_repository(path, "shop", {"batch": None, "env": None}, seen=path.read_bytes().decode())
    assert load(path, {}).repos["shop"] == Repository(name="shop", remote="x")
    assert all(note in path.read_bytes().decode() for note in re.findall("# .", text) if note != "# d")


def test_a_file_that_somebody_else_changed_is_left_alone(path: Path) -> None:
    path.write_text(OURS + "# theirs\n")
    with pytest.raises(ConfigChangedError):
        change_repository(path, "shop", {"batch": 2}, seen=OURS)
    assert path.read_text() == OURS + "# theirs\n"


@pytest.mark.parametrize(
    ("settings", "environ"),
    [
        ({"remote": "git@example.org:api.git"}, {}),
        ({"batch": 0}, {}),
        ({"retest_timeout": "5m"}, {"MERGETUI_REPOS__SHOP__BATCH": "none"}),
    ],
    ids=["a twin", "no value", "not with this environment"],
)
def test_what_could_not_be_loaded_is_not_written(
    path: Path, settings: dict[str, object], environ: dict[str, str]
) -> None:
    with pytest.raises(ConfigError):
        change_repository(path, "shop", settings, seen=OURS, environ=environ)
    assert path.read_text() == OURS


def test_a_repository_that_is_not_there_is_not_changed(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no \[repos.docs\]"):
        change_repository(path, "docs", {"batch": 2}, seen=OURS)


def test_a_repository_that_the_environment_makes_wrong_is_not_added(path: Path) -> None:
    environ = {"MERGETUI_REPOS__NEW__BATCH": "none"}
    with pytest.raises(ConfigError):
        add_repository(path, "new", {"remote": "/x"}, environ=environ)
    assert path.read_text() == OURS
