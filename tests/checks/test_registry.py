"""Which checks there are, how they are loaded, and what is refused."""

import re
import sys
from pathlib import Path

import pytest

from mergetui.adapters.check_registry import BUILT_IN, LoadedCheck, load_checks
from mergetui.checks import Refuses
from mergetui.checks.size import Size
from mergetui.config import parse
from mergetui.config_tables import ConfigError
from mergetui.wiring import proven
from tests.rules.test_checks import seen
from tests.worlds.distributions import Shelf

PATH = Path("/c.toml")
PAGE = Path(__file__).parents[2] / "docs" / "checks.md"
YES = """
from mergetui.checks import Check, Pass

class Yes(Check, frozen=True, kw_only=True):
    def ask(self, view):
        return Pass()
"""


def loaded(text: str, *names: str) -> tuple[LoadedCheck, ...]:
    """The checks of a repository that names these."""
    listed = ", ".join(f'"{name}"' for name in names)
    config = parse(f'[repos.shop]\nremote = "r"\nchecks = [{listed}]\n{text}', path=PATH, environ={})
    return load_checks(config, config.repos["shop"])


def test_a_check_has_its_settings_and_its_time() -> None:
    (known,) = loaded('[checks.size]\nlines = 400\ntimeout = "2s"', "size")
    assert known == LoadedCheck(name="size", check=Size(lines=400), seconds=2.0, origin="built in")


def test_a_table_with_another_name_says_its_kind() -> None:
    small, huge = loaded(
        '[checks.small]\nkind = "size"\nlines = 9\n[checks.huge]\nkind = "size"\nfiles = 99', "small", "huge"
    )
    assert (small.name, small.check) == ("small", Size(lines=9))
    assert (huge.name, huge.check) == ("huge", Size(files=99))


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_is_built_in_is_there(name: str) -> None:
    with pytest.raises(ConfigError, match=f"\\[checks.{name}\\] unknown key 'nonsense'"):
        loaded(f"[checks.{name}]\nnonsense = 1", name)


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        ("", "sizze", "[repos.shop] checks has 'sizze'; there are: approved, behind, "),
        (
            '[checks.small]\nkind = "sizze"',
            "small",
            "[checks.small] kind = 'sizze'; there are: approved, behind, ",
        ),
        ('[checks.size]\nlines = "many"', "size", "[checks.size] lines = 'many'; allowed: int | null"),
        (
            "[checks.size]\nline = 3",
            "size",
            "[checks.size] unknown key 'line'; allowed: files, kind, lines, ",
        ),
        ("", "size", "[checks.size] 'lines' or 'files' is missing"),
        ("", "behind", "[checks.behind] 'commits' is missing; allowed: int"),
        ("", "approved", "[repos.shop] 'forge' is missing; the check 'approved' asks it"),
        ("[checks.approved]\ncount = 0", "approved", "[checks.approved] count = 0; allowed: 1 or more"),
        (
            "[checks.required-status]\ncontexts = []",
            "required-status",
            "[checks.required-status] contexts = []; allowed: names such as 'ci/build'",
        ),
        ("[checks.behind]\ncommits = -1", "behind", "[checks.behind] commits = -1; allowed: 0 or more"),
        (
            '[checks.freeze]\nwindows = [{ begins = "18:00", ends = "19:00", reason = "x", zone = "UTC" }]',
            "freeze",
            "allowed: Object contains unknown field `zone` - at `$[0]`",
        ),
        (
            '[checks.freeze]\nzone = "Mars"\nwindows = [{ begins = "18:00", ends = "19:00", reason = "x" }]',
            "freeze",
            "[checks.freeze] zone = 'Mars'; allowed: an IANA time zone",
        ),
    ],
)
def test_what_is_wrong_is_refused_by_file_table_key_and_value(text: str, name: str, told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)) as refused:
        loaded(text, name)
    assert str(refused.value).startswith("/c.toml: ")


def test_what_another_distribution_brings_is_named_and_told_as_its_own(shelf: Shelf) -> None:
    shelf.bring("kind", YES, yes="Yes")
    (known,) = loaded("", "yes")
    assert known.origin == "kind 1.0"
    with pytest.raises(ConfigError, match=r"there are: approved, behind, .*yes"):
        loaded("", "no")


def test_only_what_a_repository_names_is_loaded(shelf: Shelf) -> None:
    shelf.bring("kind", YES, yes="Yes")
    shelf.bring("broken", "raise RuntimeError('not today')", broken="Broken")
    loaded("[checks.size]\nlines = 1\n[checks.broken]", "size", "yes")
    assert "kind" in sys.modules
    assert "broken" not in sys.modules


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("raise RuntimeError('not today')", "of odd 1.0 cannot be loaded: RuntimeError: not today"),
        ("", "of odd 1.0 cannot be loaded: AttributeError: "),
        ("Yes = 3", "of odd 1.0 is 3; allowed: a subclass of mergetui.checks.Check"),
    ],
)
def test_what_does_not_load_is_refused_with_whose_it_is(shelf: Shelf, source: str, told: str) -> None:
    shelf.bring("odd", source, yes="Yes")
    with pytest.raises(ConfigError, match=re.escape(told)):
        loaded("", "yes")


def test_two_of_one_name_are_refused(shelf: Shelf) -> None:
    shelf.bring("one", YES, yes="Yes")
    shelf.bring("two", YES, yes="Yes")
    with pytest.raises(ConfigError, match=r"'yes' is brought by (one 1.0 and two 1.0|two 1.0 and one 1.0)"):
        loaded("", "yes")


def test_nobody_takes_the_place_of_what_is_built_in(shelf: Shelf) -> None:
    shelf.bring("kind", YES, size="Yes")
    (known,) = loaded("[checks.size]\nlines = 3", "size")
    assert known.check == Size(lines=3)


def test_the_check_of_the_documentation_works_as_it_stands_there(shelf: Shelf) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (point,) = re.findall(r'^(no-drafts) = "drafts:(\w+)"$', PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    shelf.bring("drafts", source, **{point[0].replace("-", "_"): point[1]})
    (known,) = loaded("", "no-drafts")
    assert known.check.ask(seen(branches=("wip/a",))) == Refuses("wip/a is a draft")
    assert len([line for line in source.splitlines() if line.strip()]) <= 10


@pytest.mark.parametrize(
    "block", re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[:1]
)
def test_the_settings_of_the_documentation_are_right(block: str) -> None:
    config = parse(block, path=PATH, environ={})
    names = [known.name for known in load_checks(config, config.repos["shop"])]
    assert names == ["freeze", "size", "paths"]


def test_a_configuration_is_proven_with_the_checks_that_its_repositories_name() -> None:
    good = parse('[repos.shop]\nremote = "r"\n[checks.nonsense]\nx = 1', path=PATH, environ={})
    assert proven(good) is good
    bad = parse('[repos.shop]\nremote = "r"\nchecks = ["nonsense"]\n[checks.nonsense]', path=PATH, environ={})
    with pytest.raises(ConfigError, match="kind = 'nonsense'; there are: "):
        proven(bad)
