"""Metrics over real HTTP on loopback, and in a file."""

import logging
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from mergetui.adapters.prometheus import Exporter, TextFile
from mergetui.config_tables import ConfigError
from mergetui.events import Event, LeaseGranted, RetestEnded
from mergetui.measures import COUNTED, SEEN
from mergetui.ports import StoreError
from mergetui.reason import Coded, Reason
from mergetui.state import RepositoryState
from tests.adapters.scraping import fetch, free_port, parse, scrape
from tests.rules.build import NOW, entry, state

STORED = {"shop": state(entry("a"), entry("b"))}


def read(name: str) -> RepositoryState:
    if name in STORED:
        return STORED[name]
    raise StoreError(f"{name} is damaged")


def exporter(*repos: str) -> Exporter:
    return Exporter(repos or ("shop",), read=read, busy=lambda _: 3, now=lambda: NOW)


def granted(repo: str = "shop") -> Event:
    return LeaseGranted(repo=repo, at=NOW, token=1, branches=("feat/secret-name",))


@pytest.fixture
def told() -> Exporter:
    return exporter()


@pytest.fixture
def port(told: Exporter) -> Iterator[int]:
    port = free_port()
    close = told.serve("127.0.0.1", port)
    yield port
    close()


def test_every_measure_is_told_with_its_kind_and_help(port: int) -> None:
    text = fetch(port)
    kinds = parse(text).kinds
    families = {one.name.removesuffix("_total"): one.kind for one in (*COUNTED, *SEEN)}
    assert kinds == families
    assert [one.name for one in (*COUNTED, *SEEN) if f"# HELP {one.name} {one.help}\n" not in text] == []


def test_the_labels_are_those_that_are_written_down(port: int) -> None:
    seen = scrape(port)
    plain = [one for one in (*COUNTED, *SEEN) if one.kind != "histogram"]
    wanted = {one.name: {"repo", one.label} - {None} for one in plain}
    assert {name: seen.labels(name) for name in wanted} == wanted


def test_what_is_heard_is_in_the_next_scrape(told: Exporter, port: int) -> None:
    assert scrape(port)("mergetui_lease_grants_total", repo="shop") == 0
    told.hear(granted())
    told.hear(granted())
    assert scrape(port)("mergetui_lease_grants_total", repo="shop") == 2


def test_a_histogram_is_cumulative_and_ends_with_its_count(told: Exporter, port: int) -> None:
    red = Coded(Reason.RETEST_FAILED, "")
    for seconds in (5.0, 45.0, 1e6):
        told.hear(
            RetestEnded(
                repo="shop", at=NOW, branches=("a",), commit="c", reason=red, seconds=seconds, log="l"
            )
        )
    seen = scrape(port)
    bounds = [seen("mergetui_retest_seconds_bucket", repo="shop", le=le) for le in ("10.0", "60.0", "+Inf")]
    assert bounds == [1, 2, 3]
    assert seen("mergetui_retest_seconds_count", repo="shop") == 3
    assert seen("mergetui_retest_seconds_sum", repo="shop") == 1_000_050


def test_gauges_are_read_when_they_are_asked_for(port: int) -> None:
    seen = scrape(port)
    assert seen("mergetui_queue_depth", repo="shop", state="queued") == 2
    assert seen("mergetui_slots_busy", repo="shop") == 3


def test_a_state_that_cannot_be_read_hides_no_other(told: Exporter, port: int) -> None:
    told.follow(["broken", "shop"])
    seen = scrape(port)
    assert seen("mergetui_state_readable", repo="broken") == 0
    assert seen("mergetui_state_readable", repo="shop") == 1
    assert seen("mergetui_queue_depth", repo="shop", state="queued") == 2


def test_a_repository_that_is_not_followed_any_more_is_not_told(told: Exporter, port: int) -> None:
    told.follow(["docs"])
    assert 'repo="shop"' not in fetch(port)
    assert scrape(port)("mergetui_landings_total", repo="docs") == 0


def test_no_branch_is_told(told: Exporter, port: int) -> None:
    told.hear(granted())
    assert "secret-name" not in fetch(port)


def test_a_port_that_is_taken_is_told_plainly(port: int) -> None:
    with pytest.raises(ConfigError, match=f"metrics cannot be served on 127.0.0.1 port {port}: Address alre"):
        exporter().serve("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_told_plainly() -> None:
    with pytest.raises(ConfigError, match=r"metrics cannot be served on 192\.0\.2\.1 port"):
        exporter().serve("192.0.2.1", free_port())


def test_only_loopback_listens(port: int) -> None:
    with socket.socket() as beside:
        beside.bind(("127.0.0.2", port))


def test_a_closed_port_is_free_again() -> None:
    port = free_port()
    exporter().serve("127.0.0.1", port)()
    exporter().serve("127.0.0.1", port)()


def test_the_text_file_is_whole_and_readable_by_the_node_exporter(tmp_path: Path) -> None:
    told, path = exporter(), tmp_path / "mergetui.prom"
    path.symlink_to(tmp_path / "elsewhere")
    file = TextFile(path, told.text)
    file.start()
    told.hear(granted())
    file.stop()
    assert parse(path.read_text())("mergetui_lease_grants_total", repo="shop") == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    # By rename: what had the name before is not written into.
    assert [known.name for known in tmp_path.iterdir()] == ["mergetui.prom"]


def test_a_text_file_that_cannot_be_written_is_told_at_the_start(tmp_path: Path) -> None:
    file = TextFile(tmp_path / "missing" / "x.prom", lambda: b"")
    with pytest.raises(ConfigError, match=r"metrics cannot be written to .*x\.prom: No such file"):
        file.start()


def test_a_text_file_that_cannot_be_written_later_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "metrics"
    directory.mkdir()
    file = TextFile(directory / "x.prom", lambda: b"")
    file.start()
    (directory / "x.prom").unlink()
    directory.rmdir()
    with caplog.at_level(logging.ERROR):
        file._try_to_write()
        file.stop()
    assert len(caplog.records) == 1
    assert "No such file" in caplog.text
