"""Notifications of a run, and the report that is sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.mailbox import Mailbox, mailbox
from tests.adapters.waiting import eventually
from tests.cli.running import DONE, NO, USAGE, Mergetui, Stop
from tests.worlds.remote import Remote


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture
def told(shop: Mergetui, box: Mailbox) -> Mergetui:
    """A shop whose news go to the mailbox."""
    return tell(shop, box)


def tell(shop: Mergetui, box: Mailbox, *lines: str) -> Mergetui:
    file = shop.directory / "urls"
    file.touch(0o600)
    file.write_text(box.address + "\n")
    shop.config.write_text(
        "\n".join([shop.config.read_text(), "[notify]", f'urls_file = "{file}"', *lines, ""])
    )
    return shop


def test_what_a_run_lands_is_told_before_it_ends(told: Mergetui, remote: Remote, box: Mailbox) -> None:
    remote.propose("feature", a="1")
    told("enqueue", "shop", "feature")
    assert told("run", "--drain").code == DONE
    assert box.texts == [f"feature landed on main of shop as {remote.tip()[:10]}"]


def test_a_service_that_is_down_fails_no_landing(told: Mergetui, remote: Remote, box: Mailbox) -> None:
    box.status = 500
    remote.propose("feature", a="1")
    told("enqueue", "shop", "feature")
    answer = told("run", "--drain")
    assert answer.code == DONE
    assert answer.err.count("a notification could not be sent") == 1
    assert "hunter2" not in answer.err


@pytest.mark.soak
def test_a_forced_lease_and_the_stop_that_follows_are_told_by_the_engine_that_lost_it(
    bare: Mergetui, remote: Remote, box: Mailbox, stop: Stop
) -> None:
    bare.configure(remote.url, retest=stop.once)
    tell(bare, box)
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    with bare.running("run"):
        stop.reached()
        assert bare("lease", "release", "shop", "--reason", "on call", "--yes").code == DONE
        eventually(lambda: len(box.texts) == 2, within=20)
    forced, stopped = box.texts
    assert forced.endswith(": on call")
    assert stopped == "shop stopped advancing: the lease was taken away"


def test_an_address_that_is_none_is_told_before_anything_is_done(shop: Mergetui, remote: Remote) -> None:
    shop.config.write_text(shop.config.read_text() + '[notify]\nurls_env = "SHOP_URLS"\n')
    remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    answer = shop("run", "--drain", SHOP_URLS="nonsense-hunter2")
    assert (answer.code, answer.out) == (USAGE, "")
    assert "line 1 of SHOP_URLS is no address that apprise knows" in answer.err
    assert "hunter2" not in answer.err
    assert remote.tip() == remote.first


def test_a_template_with_an_unknown_field_is_refused(told: Mergetui) -> None:
    told.config.write_text(told.config.read_text() + '[notify.templates]\nlanded = "{branch.__class__}"\n')
    answer = told("status")
    assert answer.code == USAGE
    assert "[notify] templates.landed = '{branch.__class__}' has '{branch.__class__}'; allowed:" in answer.err


def test_the_report_is_sent_and_printed(told: Mergetui, box: Mailbox) -> None:
    answer = told("report", "--notify")
    assert answer.code == DONE
    assert answer.out.startswith("# Hand-over: `shop`, `main`")
    assert box.posts[0]["title"] == "Hand-over"
    assert "# Hand-over: `shop`, `main`" in box.texts[0]


def test_a_report_that_cannot_be_sent_is_printed_all_the_same(told: Mergetui, box: Mailbox) -> None:
    box.status = 500
    answer = told("report", "--notify")
    assert answer.code == NO
    assert answer.out.startswith("# Hand-over")
    assert "could not be sent" in answer.err


def test_without_a_table_the_report_cannot_be_sent(shop: Mergetui) -> None:
    answer = shop("report", "--notify")
    assert answer.code == USAGE
    assert "there is no table [notify]" in answer.err


def test_without_the_library_a_plain_word_says_what_to_install(told: Mergetui, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "apprise.py").write_text("raise ModuleNotFoundError('apprise')")
    answer = told.afresh("run", "--drain", PYTHONPATH=f"{hidden}:{told.environment['PYTHONPATH']}")
    assert answer.code == USAGE
    assert "pip install 'mergetui[notify]'" in answer.err
