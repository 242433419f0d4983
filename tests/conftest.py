import gc
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

import pytest

from tests.cli.forking import Forking
from tests.cli.running import clean_environment
from tests.worlds.forge import TOKEN, TestForge
from tests.worlds.remote import Remote


class Length(Protocol):
    def __call__(self, *, short: int, full: int) -> int: ...


_PLUGINS = ("TEXTUAL_SNAPSHOT_TEMPDIR",)
"""Set by a plugin for its own tests."""
_INHERITED = ("GIT_", "MERGETUI_", "TEXTUAL", "NO_COLOR", "FORCE_COLOR", "SSL_CERT_")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full-length", action="store_true", help="soak runs as long as docs/reliability.md tells of them"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a family that is sampled, the members that no pattern names are left to the soak runs."""
    families: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sampled"):
            families[item.nodeid.partition("[")[0]].append(item)
    for name, members in families.items():
        slow = [member for member in members if not _is_of_the_sample(member)]
        for member in slow:
            member.add_marker(pytest.mark.soak)
        if len(slow) == len(members) > 1:
            raise pytest.UsageError(f"{name}: no member is of its sample")


def _is_of_the_sample(member: pytest.Item) -> bool:
    sample = member.get_closest_marker("sampled")
    assert sample is not None
    parameters = member.name.partition("[")[2].removesuffix("]")
    return any(fnmatchcase(parameters, pattern) for pattern in sample.args)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the garbage collector need not walk it again and again."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What soak runs measured, as `record_property("figure", ...)`."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    figures = [
        (report.nodeid, said) for report in reports for key, said in report.user_properties if key == "figure"
    ]
    if figures:
        terminalreporter.section("figures")
    for test, said in figures:
        terminalreporter.line(f"{test.rpartition('::')[2]}: {said}")


@pytest.fixture
def length(request: pytest.FixtureRequest) -> Length:
    """How long a soak run goes on: `length(short=50, full=2000)`."""
    is_full = bool(request.config.getoption("--full-length"))
    return lambda *, short, full: full if is_full else short


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the environment and of the git config of whoever runs the tests reaches them."""
    inherited = [n for n in os.environ if n.startswith(_INHERITED) or n.upper().endswith("_PROXY")]
    for name in [n for n in inherited if n not in _PLUGINS]:
        monkeypatch.delenv(name)
    # A terminal of sixteen colours would have another theme.
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    # To read all that this machine trusts takes longer than most tests; here is nobody to be trusted.
    monkeypatch.setenv("SSL_CERT_DIR", str(Path(__file__).parent))


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Remote:
    """What `remote` is a copy of."""
    return Remote(tmp_path_factory.mktemp("untouched") / "remote.git")


@pytest.fixture
def remote(tmp_path: Path, untouched: Remote) -> Remote:
    return Remote(tmp_path / "remote.git", like=untouched)


@pytest.fixture(scope="session")
def forking() -> Iterator[Forking]:
    with closing(Forking(clean_environment())) as forking:
        yield forking


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestForge]:
    """It speaks as GitHub does; its token is in the environment."""
    monkeypatch.setenv("MERGE_TOKEN", TOKEN)
    forge = TestForge("github")
    yield forge
    forge.go_down()
