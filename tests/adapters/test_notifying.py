"""Notifications that reach a real service on loopback."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mergetui.adapters.notifying import Notifier, Service
from mergetui.config_tables import ConfigError
from mergetui.events import Event, LeaseForced, LeaseLost
from mergetui.integrations import Notify, Rate
from mergetui.listening import Audience
from tests.adapters.mailbox import Mailbox, mailbox
from tests.adapters.waiting import eventually
from tests.gate.gate import PushedClock
from tests.rules.build import NOW
from tests.rules.past import ended, forced

Start = Callable[..., Notifier]
LOST = LeaseLost(repo="shop", at=NOW, token=4)
TAKEN = forced(0, "on call")


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture
def clock() -> PushedClock:
    return PushedClock()


@pytest.fixture
def start(box: Mailbox, clock: PushedClock) -> Iterator[Start]:
    """A notifier that sends to the mailbox."""
    started: list[Notifier] = []

    def begin(
        *, forced: Callable[[str, int], LeaseForced | None] = lambda *_: None, **settings: object
    ) -> Notifier:
        notify = Notify(**{"urls_env": "URLS", **settings})  # type: ignore[arg-type]
        service = Service(notify, {"URLS": f"# the team\n\n{box.address}\n"})
        notifier = Notifier(notify, service.send, clock=clock, target=lambda _: "main", forced=forced)
        notifier.start()
        started.append(notifier)
        return notifier

    yield begin
    for notifier in started:
        notifier.stop()


def landed(branch: str) -> Event:
    return ended(0, branch, landed_commit="c0ffee")


def test_a_landing_reaches_the_service(start: Start, box: Mailbox) -> None:
    start().hear(landed("feat/x"))
    assert eventually(lambda: box.texts) == ["feat/x landed on main of shop as c0ffee"]


def test_only_what_is_asked_for_is_told(start: Start, box: Mailbox) -> None:
    notifier = start(on=("auto-stopped",))
    notifier.hear(landed("feat/x"))
    notifier.hear_of_stop("shop", "the remote is away")
    notifier.stop()
    assert box.texts == ["shop stopped advancing: the remote is away"]


def test_a_hostile_name_arrives_as_text(start: Start, box: Mailbox) -> None:
    start(templates={"landed": "{branch}"}).hear(landed("{repo}\x1b[2J@here\u202e"))
    assert eventually(lambda: box.texts) == ["{repo}␛[2J＠here‹U+202E›"]


def test_what_is_too_much_is_told_in_one_message_when_the_clock_says_so(
    start: Start, box: Mailbox, clock: PushedClock
) -> None:
    notifier = start(limit=Rate(2, timedelta(hours=1)))
    for number in range(5):
        notifier.hear(landed(f"b{number}"))
    eventually(lambda: len(box.texts) == 2 and notifier._throttle.surplus.total() == 3)
    clock.ahead = timedelta(hours=1)
    assert eventually(lambda: box.texts[2:]) == ["and 3 more: 3 landed"]


def test_at_the_end_what_was_too_much_is_told(start: Start, box: Mailbox) -> None:
    notifier = start(limit=Rate(1, timedelta(hours=1)))
    for number in range(3):
        notifier.hear(landed(f"b{number}"))
    notifier.stop()
    assert box.texts[1:] == ["and 2 more: 2 landed"]


def test_a_service_that_is_slow_keeps_nobody_waiting(start: Start, box: Mailbox) -> None:
    notifier = start()
    box.gate.clear()
    began = time.monotonic()
    for number in range(100):
        notifier.hear(landed(f"b{number}"))
    assert time.monotonic() - began < 0.1
    assert box.texts == []
    box.gate.set()


def test_failures_are_told_once_without_the_address_until_it_works_again(
    start: Start, box: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    notifier = start()
    box.status = 500
    notifier.hear(landed("a"))
    notifier.hear(landed("b"))
    eventually(lambda: len(box.posts) == 2)
    box.status = 200
    notifier.hear(landed("c"))
    eventually(lambda: len(box.posts) == 3)
    box.status = 500
    notifier.hear(landed("d"))
    notifier.stop()
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert said == ["a notification could not be sent; further failures are not told"] * 2
    assert "hunter2" not in caplog.text


def test_a_lease_that_another_process_took_is_told_with_who_and_why(start: Start, box: Mailbox) -> None:
    start(forced=lambda *_: TAKEN).hear(LOST)
    assert eventually(lambda: box.texts)[0].endswith("took the lease of shop from joe＠ci pid 9: on call")


def test_a_lease_that_was_taken_here_is_told_once(start: Start, box: Mailbox) -> None:
    notifier = start(forced=lambda *_: TAKEN)
    notifier.hear(TAKEN)
    notifier.hear(LOST)
    notifier.stop()
    assert len(box.texts) == 1


def test_a_lease_that_nobody_took_is_not_told(start: Start, box: Mailbox) -> None:
    notifier = start()
    notifier.hear(LOST)
    notifier.stop()
    assert box.texts == []


def test_what_cannot_be_made_stops_nothing(
    start: Start, box: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise OSError("the journal is gone")

    notifier = start(forced=broken)
    notifier.hear(LOST)
    notifier.hear(landed("a"))
    notifier.stop()
    assert len(box.texts) == 1
    assert "could not be made" in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("json://ok\nnonsense-hunter2", r"line 2 of URLS is no address that apprise knows"),
        ("# only a comment", r"URLS has no address in it"),
        ("", r"URLS is not set"),
    ],
)
def test_addresses_that_cannot_be_used_are_told_without_them(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as told:
        Service(Notify(urls_env="URLS"), {"URLS": text})
    assert "hunter2" not in str(told.value)


def test_a_file_of_addresses_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "urls"
    file.write_text("json://localhost")
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by others"):
        Service(Notify(urls_file=str(file)), {})


def test_a_listener_that_fails_keeps_nothing_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def hear(self, fact: Event) -> None:
            raise RuntimeError(fact)

        def hear_of_stop(self, repository: str, why: str) -> None:
            raise RuntimeError(repository, why)

    class Ear:
        heard: list[object] = []  # noqa: RUF012 - one test's

        def hear(self, fact: Event) -> None:
            self.heard.append(fact)

        def hear_of_stop(self, repository: str, why: str) -> None:
            self.heard.append((repository, why))

    audience, shown = Audience(), list[Event]()
    audience.join(Broken())
    audience.join(Ear())
    audience.after(shown.append)(LOST)
    audience.tell_of_stop("shop", "why")
    assert shown == [LOST]
    assert Ear.heard == [LOST, ("shop", "why")]
    assert caplog.text.count("a listener failed") == 2
