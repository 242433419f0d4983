import stat
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergetui.config import Config, load, parse
from mergetui.config_file import add_repository, remove_repository
from mergetui.config_tables import ConfigError, setting_names
from mergetui.config_values import parse_duration, parse_size
from mergetui.integrations import CHANNELS, ConsoleSettings
from mergetui.repository import Gate, Repository

FILE = Path("mergetui.toml")
SHOP = '[repos.shop]\nremote = "git@example.org:shop.git"\n'


def parsed(text: str, **environ: str) -> Config:
    return parse(text, path=FILE, environ=environ)


def refusal(text: str, **environ: str) -> str:
    with pytest.raises(ConfigError) as refused:
        parsed(text, **environ)
    return str(refused.value)


@pytest.mark.fault(24)
def test_a_file_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert load(tmp_path / "none.toml", {}) == Config(path=tmp_path / "none.toml")


def test_an_empty_file_has_the_defaults_and_no_repository() -> None:
    assert parsed("") == Config(path=FILE, gate=Gate(), repos={}, keys={})


def test_a_repository_needs_no_more_than_a_remote() -> None:
    assert parsed(SHOP).repos == {"shop": Repository(name="shop", remote="git@example.org:shop.git")}


def test_every_key_of_the_contract_is_understood() -> None:
    text = """
        [gate]
        lease_ttl = "90s"
        max_retries = 0
        max_deferrals = 20
        max_contention = 10
        auto_stop_red = 0
        auto_stop_remote = "never"
        auto_stop_unattended = "8h"
        [console]
        notify = ["bell", "title"]
        [repos.shop]
        remote = "git@example.org:shop.git"
        target = "trunk"
        enabled = false
        retest = "make test"
        retest_timeout = "1h30m"
        retest_silence = "500ms"
        retest_output_limit = "200MB"
        env = { TZ = "UTC" }
        env_pass = ["CI_CACHE_DIR"]
        fetch_interval = "1d"
        batch = 3
        parallel = 2
        strategy = "squash"
        update_branch = false
        landing = "push"
        clean = "keep-ignored"
        [keys]
        quit = "ctrl+x"
    """
    assert parsed(text) == Config(
        path=FILE,
        gate=Gate(
            max_retries=0,
            auto_stop_red=0,
            auto_stop_remote=None,
            auto_stop_unattended=timedelta(hours=8),
        ),
        console=ConsoleSettings(notify=("bell", "title")),
        repos={
            "shop": Repository(
                name="shop",
                remote="git@example.org:shop.git",
                target="trunk",
                enabled=False,
                retest="make test",
                retest_timeout=timedelta(hours=1, minutes=30),
                retest_silence=timedelta(milliseconds=500),
                retest_output_limit=200_000_000,
                env={"TZ": "UTC"},
                env_pass=("CI_CACHE_DIR",),
                fetch_interval=timedelta(days=1),
                batch=3,
                parallel=2,
                strategy="squash",
                update_branch=False,
                clean="keep-ignored",
            )
        },
        keys={"quit": "ctrl+x"},
    )


@pytest.mark.fault(24)
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[repo.shop]", "unknown key 'repo'; did you mean 'repos'?"),
        ("[zzz]", "unknown key 'zzz'; allowed: checks, console, forges, gate, keys, metrics, "),
        ('[gate]\nlease_tll = "9s"', "[gate] unknown key 'lease_tll'; did you mean 'lease_ttl'?"),
        (SHOP + 'retset = "make"', "[repos.shop] unknown key 'retset'; did you mean 'retest'?"),
        ("[forges.hub]", "[forges.hub] 'kind' is missing; allowed: github, gitea, forgejo, gitlab"),
        ('[forges.hub]\nkind = "svn"', "[forges.hub] kind = 'svn'; allowed: 'github', "),
        ('[forges.hub]\nkind = "gitea"', "[forges.hub] 'api' is missing; every gitea has an address of"),
        ('[forges.hub]\nkind = "github"\nlink = "x"', "[forges.hub] link = 'x'; allowed: an http or https"),
        ('[forges.hub]\nkind = "github"\nname = "x"', "[forges.hub] unknown key 'name'; "),
        ('[forges."a/b"]\nkind = "github"', "[forges.a/b] is not a name for a forge; allowed: "),
        (SHOP + 'forge = "hub"', "[repos.shop] forge = 'hub'; configured: none; add a table [forges.NAME]"),
        (
            SHOP + 'forge = "hub"\n[forges.hub]\nkind = "github"',
            "[repos.shop] 'project' is missing; it is what the forge calls the repository",
        ),
        ("[metrics]\nport = 0", "[metrics] port = 0; allowed: a port from 1 to 65535"),
        ('[metrics]\ntextfile = "/x/y"', "[metrics] textfile = '/x/y'; allowed: a path to NAME.prom"),
        ("[notify]", "[notify] 'urls_env' or 'urls_file' is missing; it names what has the addresses"),
        (
            '[notify]\nlimit = "20"',
            "[notify] limit = '20'; allowed: from 1 to 1000 per s, m, h or d, such as",
        ),
        ('[notify]\nlimit = "0/h"', "[notify] limit = '0/h'; allowed: from 1 to 1000 per s, m, h or d"),
        ('[notify]\non = ["landd"]', "[notify] on = ['landd']; allowed: a list of 'landed', 'sent-back'"),
        ('[notify]\nurls = "x"', "[notify] unknown key 'urls'; did you mean 'urls_"),
        (
            SHOP + 'checks = ["size", "size"]',
            "[repos.shop] checks = ['size', 'size']; allowed: each check once",
        ),
        (SHOP + 'checks = ["../x"]', "[repos.shop] checks = ['../x']; allowed: names of checks"),
        ('[checks."a/b"]', "[checks.a/b] is not a name for a check; allowed: "),
        ("[checks.size]\nkind = 3", "[checks.size] kind = 3; allowed: a text in quotes"),
        ('[checks.size]\ntimeout = "soon"', "[checks.size] timeout = 'soon'; allowed: a duration such as"),
        (SHOP + 'name = "shop"', "[repos.shop] unknown key 'name'; "),
        ("[gate]\nlease_ttl = 90", "[gate] lease_ttl = 90; allowed: a duration such as '90s'"),
        ("[gate]\nmax_retries = -1", "[gate] max_retries = -1; allowed: a whole number from 0 to 1000"),
        ("[gate]\nmax_contention = 0", "[gate] max_contention = 0; allowed: a whole number from 1 to 1000"),
        ("[gate]\nmax_retries = true", "[gate] max_retries = True; allowed: a whole number from 0"),
        (SHOP + 'enabled = "yes"', "[repos.shop] enabled = 'yes'; allowed: true or false"),
        (SHOP + "retest = 3", "[repos.shop] retest = 3; allowed: a text in quotes"),
        (SHOP + 'retest = " "', "[repos.shop] retest = ' '; allowed: a shell command"),
        (SHOP + 'emergency_retest = ""', "[repos.shop] emergency_retest = ''; allowed: a shell command"),
        (SHOP + "batch = 1001", "[repos.shop] batch = 1001; allowed: a whole number from 1 to 1000"),
        (SHOP + "batch = 1.5", "[repos.shop] batch = 1.5; allowed: a whole number from 1 to 1000"),
        (SHOP + 'strategy = "ff"', "[repos.shop] strategy = 'ff'; allowed: 'rebase', 'squash', 'merge'"),
        (SHOP + 'env_pass = ["A", 1]', "[repos.shop] env_pass = ['A', 1]; allowed: a list of texts"),
        (SHOP + "env = { TZ = 1 }", "[repos.shop] env = {'TZ': 1}; allowed: a table of texts"),
        (SHOP + 'env = { "" = "1" }', "[repos.shop] env = {'': '1'}; allowed: a table of texts"),
        (SHOP + 'target = "+main"', "[repos.shop] target = '+main'; a branch must not start with '+'"),
        (
            SHOP + 'landing = "external"\nbatch = 2',
            "[repos.shop] landing = 'external' with batch = 2 and parallel = 1; allowed: 1 and 1",
        ),
        (
            SHOP + 'target = "refs/pull/7/head"',
            "[repos.shop] target = 'refs/pull/7/head'; a request's ref is",
        ),
        (SHOP + 'landing = "pull"', "[repos.shop] landing = 'pull'; allowed: 'push', 'external'"),
        ("[repos.shop]", "[repos.shop] 'remote' is missing; it is the address that git fetches from"),
        ('[repos.shop]\nremote = ""', "[repos.shop] remote = ''; allowed: an https, ssh or file address"),
        ('[repos.shop]\nremote = "--upload-pack=x"', "[repos.shop] remote = '--upload-pack=x'; allowed: "),
        ('[repos.shop]\nremote = "ext::sh -c x"', "[repos.shop] remote = 'ext::sh -c x'; allowed: "),
        ('[repos.shop]\nremote = "a\\u001bb"', "[repos.shop] remote = 'a\\x1bb'; allowed: "),
        ('[repos."../x"]\nremote = "r"', "[repos.../x] is not a name for a repository; allowed: 1 to 64"),
        ("[gate]\nauto_stop_red = -1", "[gate] auto_stop_red = -1; allowed: a whole number from 0 to 1000"),
        (
            "[gate]\nauto_stop_remote = 0",
            "[gate] auto_stop_remote = 0; allowed: a duration such as '90s', '30m' or '1h30m', or 'never'",
        ),
        (
            '[gate]\nauto_stop_unattended = "x"',
            "[gate] auto_stop_unattended = 'x'; allowed: a duration such as",
        ),
        ("[console]\nnotfy = []", "[console] unknown key 'notfy'; did you mean 'notify'?"),
        (
            '[console]\nnotify = ["siren"]',
            "[console] notify = ['siren']; allowed: a list of 'bell', 'osc9', 'title'; [] for none",
        ),
        ('[console]\nnotify = [["bell"]]', "[console] notify = [['bell']]; allowed: a list of texts"),
        ("console = 3", "console = 3; allowed: a table [console]"),
        ("gate = 3", "gate = 3; allowed: a table [gate]"),
        ("repos = 3", "repos = 3; allowed: a table [repos]"),
        ("repos.shop = 3", "repos.shop = 3; allowed: a table [repos.shop]"),
        ("keys = 3", "keys = 3; allowed: a table [keys]"),
        ("= 1", "this is not TOML: "),
        ("[gate]\n[gate]", "this is not TOML: "),
    ],
)
def test_what_is_wrong_is_refused_by_file_table_key_and_value(text: str, told: str) -> None:
    assert refusal(text).startswith(f"{FILE}: {told}")


@pytest.mark.fault(24)
def test_one_target_is_kept_by_one_repository() -> None:
    told = "[repos.b] has the remote and target of [repos.a]; a target is kept by one repository alone"
    text = '[repos.a]\nremote = "r"\n[repos.b]\nremote = "r"\n'
    assert refusal(text) == f"{FILE}: {told}"
    assert set(parsed(text + 'target = "next"').repos) == {"a", "b"}


def test_a_repository_that_is_not_configured_is_refused_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"no repository 'shpo' in mergetui.toml; configured: shop"):
        parsed(SHOP).repository("shpo")


@pytest.mark.fault(24)
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'[repos.shop]\nremote = "\xff"\n')
    for path in (tmp_path, latin):
        with pytest.raises(ConfigError, match=f"^{path} cannot be read: "):
            load(path, {})


DURATIONS = {
    "90s": timedelta(seconds=90),
    "1h30m": timedelta(minutes=90),
    "500ms": timedelta(milliseconds=500),
    "1.5h": timedelta(minutes=90),
    " 2d ": timedelta(days=2),
    "366d": timedelta(days=366),
}


@pytest.mark.parametrize(("text", "length"), DURATIONS.items())
def test_a_duration_is_a_sum_of_units(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.fault(24)
@pytest.mark.parametrize(
    "text", ["", "90", "s", "-1s", "1 s", "1w", "0s", "367d", "999999999d1d", "٣s", 90, None, True, 1.5]
)
def test_anything_else_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"), [("200MB", 200_000_000), ("1 gb", 10**9), ("5", 5), ("7B", 7), (9, 9), ("1KB", 1000)]
)
def test_a_size_is_a_number_of_bytes(text: object, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1", "1.5MB", "0", "0GB", 0, -1, True, None, 1.5, "1TB"])
def test_anything_else_is_no_size(text: object) -> None:
    with pytest.raises(ValueError, match="a size such as '200MB' or a number of bytes"):
        parse_size(text)


SPANS = st.builds("{}{}".format, st.integers(0, 10**9 - 1), st.sampled_from(("ms", "s", "m", "h", "d")))


@given(st.text(max_size=20) | st.lists(SPANS, min_size=1, max_size=4).map("".join))
def test_a_duration_is_understood_or_refused(text: str) -> None:
    length = timedelta(days=1)
    with suppress(ValueError):
        length = parse_duration(text)
    assert timedelta() < length <= timedelta(days=366)


@pytest.mark.parametrize(
    ("variable", "value", "field"),
    [
        ("MERGETUI_REPOS__SHOP__RETEST", "make check", ("retest", "make check")),
        ("MERGETUI_REPOS__SHOP__ENABLED", "false", ("enabled", False)),
        ("MERGETUI_REPOS__SHOP__BATCH", "4", ("batch", 4)),
        ("MERGETUI_REPOS__SHOP__RETEST_TIMEOUT", "5m", ("retest_timeout", timedelta(minutes=5))),
        ("MERGETUI_REPOS__SHOP__RETEST_OUTPUT_LIMIT", "1KB", ("retest_output_limit", 1000)),
        ("MERGETUI_REPOS__SHOP__ENV", "TZ=UTC,A=b=c", ("env", {"TZ": "UTC", "A": "b=c"})),
        ("MERGETUI_REPOS__SHOP__ENV_PASS", "A, B", ("env_pass", ("A", "B"))),
    ],
)
def test_the_environment_stands_above_the_file(variable: str, value: str, field: tuple[str, object]) -> None:
    name, expected = field
    assert getattr(parsed(SHOP, **{variable: value}).repos["shop"], name) == expected


def test_the_environment_alone_may_configure() -> None:
    config = parsed("", MERGETUI_REPOS__SHOP__REMOTE="r", MERGETUI_GATE__LEASE_TTL="30s", HOME="/root")
    assert config.gate.lease_ttl == timedelta(seconds=30)
    assert config.repos == {"shop": Repository(name="shop", remote="r")}


@pytest.mark.parametrize(
    ("text", "value", "channels"),
    [
        ("", None, CHANNELS),
        ("[console]\nnotify = []", None, ()),
        ("", "", ()),
        ("[console]\nnotify = []", "bell, osc9", ("bell", "osc9")),
    ],
)
def test_how_the_console_calls_is_chosen(text: str, value: str | None, channels: tuple[str, ...]) -> None:
    environ = {"MERGETUI_CONSOLE__NOTIFY": value} if value is not None else {}
    assert parsed(text, **environ).console.notify == channels


def test_a_variable_finds_the_repository_whatever_its_name_is_written_with() -> None:
    config = parsed('[repos."my.shop-2"]\nremote = "r"\n', MERGETUI_REPOS__MY_SHOP_2__BATCH="2")
    assert config.repos["my.shop-2"].batch == 2


@pytest.mark.fault(24)
@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"MERGETUI_GATE__LEASE_TTL": "soon"}, "[gate] lease_ttl = 'soon'; allowed: a duration"),
        ({"MERGETUI_GATE__LEASE_TLL": "9s"}, "[gate] unknown key 'lease_tll'; did you mean 'lease_ttl'?"),
        ({"MERGETUI_REPOS__SHOP__BATCH": "two"}, "[repos.shop] batch = 'two'; allowed: a whole number"),
        ({"MERGETUI_REPOS__SHOP__BATCH": "²"}, "[repos.shop] batch = '²'; allowed: a whole number"),
        ({"MERGETUI_REPOS__SHOP__ENV": ""}, "[repos.shop] env = ''; allowed: a table of texts"),
        ({"MERGETUI_REPOS__OTHER__BATCH": "2"}, "[repos.other] 'remote' is missing"),
    ],
)
def test_the_environment_is_checked_like_the_file(environ: Mapping[str, str], told: str) -> None:
    assert refusal(SHOP, **environ).startswith(f"{FILE}: {told}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gate = 3", "gate = 3; allowed: a table [gate]"),
        ("repos = 3", "repos = 3; allowed: a table [repos]"),
        ("repos.shop = 3", "repos.shop = 3; allowed: a table [repos.shop]"),
    ],
)
def test_a_table_that_is_none_is_refused_also_under_a_variable(text: str, told: str) -> None:
    environ = {"MERGETUI_GATE__LEASE_TTL": "9s", "MERGETUI_REPOS__SHOP__BATCH": "2"}
    assert refusal(text, **environ) == f"{FILE}: {told}"


def test_every_setting_of_a_repository_has_a_name() -> None:
    assert "name" not in setting_names()
    assert {"remote", "target", "retest", "batch", "parallel"} <= set(setting_names())


COMMENTED = """\
# ours
[gate]
lease_ttl = "90s"  # renewed every third of it

[repos.shop]  # the shop
remote = "git@example.org:shop.git"
"""


def test_comments_survive_a_repository_that_is_added_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "mergetui.toml"
    path.write_text(COMMENTED)
    added = add_repository(path, "bank", {"remote": "r", "retest": "make", "batch": 2})
    assert path.read_text().startswith(COMMENTED)
    assert added == load(path, {})
    assert added.repos["bank"] == Repository(name="bank", remote="r", retest="make", batch=2)
    assert remove_repository(path, "bank") == load(path, {})
    assert path.read_text().rstrip() == COMMENTED.rstrip()


def test_the_first_repository_makes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "mergetui.toml"
    add_repository(path, "shop", {"remote": "r"})
    assert set(load(path, {}).repos) == {"shop"}
    assert list(path.parent.glob("*.tmp")) == []


def test_a_linked_configuration_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "link.toml"
    real.write_text(COMMENTED)
    link.symlink_to(real)
    add_repository(link, "bank", {"remote": "r"})
    assert link.is_symlink()
    assert set(load(real, {}).repos) == {"shop", "bank"}


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("shop", {"remote": "r"}, r"\[repos.shop\] is there already; edit it, or remove it first"),
        ("bank", {}, r"\[repos.bank\] 'remote' is missing"),
        ("bank", {"remote": "git@example.org:shop.git"}, r"has the remote and target of \[repos.shop\]"),
        (
            "bank",
            {"remote": "r", "retset": "x"},
            r"\[repos.bank\] unknown key 'retset'; did you mean 'retest'",
        ),
        ("bank", {"remote": "r", "landing": "external", "parallel": 2}, "allowed: 1 and 1"),
        ("a/b", {"remote": "r"}, "is not a name for a repository"),
    ],
)
def test_nothing_is_written_that_could_not_be_loaded(
    tmp_path: Path, name: str, settings: Mapping[str, object], told: str
) -> None:
    path = tmp_path / "mergetui.toml"
    path.write_text(COMMENTED)
    with pytest.raises(ConfigError, match=told):
        add_repository(path, name, settings)
    assert path.read_text() == COMMENTED
    assert list(tmp_path.glob("*.tmp")) == []


def test_a_wrong_file_is_refused_before_it_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "mergetui.toml"
    path.write_text("[gate]\nlease_tll = 1\n")
    with pytest.raises(ConfigError, match="unknown key 'lease_tll'"):
        add_repository(path, "bank", {"remote": "r"})
    assert path.read_text() == "[gate]\nlease_tll = 1\n"


def test_a_repository_that_is_not_there_cannot_be_removed(tmp_path: Path) -> None:
    path = tmp_path / "mergetui.toml"
    path.write_text(COMMENTED)
    with pytest.raises(ConfigError, match=r"there is no \[repos.bank\]; configured: shop"):
        remove_repository(path, "bank")
    assert path.read_text() == COMMENTED


def test_a_configuration_that_cannot_be_read_is_refused_by_name_before_it_is_changed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"^{tmp_path} cannot be read: "):
        add_repository(tmp_path, "shop", {"remote": "r"})


def test_a_configuration_that_only_its_owner_may_read_stays_so(tmp_path: Path) -> None:
    """A remote's address may have a token in it."""
    path = tmp_path / "mergetui.toml"
    path.touch(mode=0o600)
    add_repository(path, "shop", {"remote": "https://token@example.org/shop.git"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
