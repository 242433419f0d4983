"""What is kept is done: in order, again when it could not be, and not for ever."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mergetui.adapters.clock import SystemClock
from mergetui.webhooks.deeds import Delivery, LookNow
from mergetui.webhooks.doing import Later, Outcome, Settled
from mergetui.webhooks.spool import Spool
from mergetui.webhooks.worker import PATIENCE, Worker
from tests.adapters.waiting import eventually

CLOCK = SystemClock()


class Works:
    """A worker on a real spool, whose deeds are a function of the test's."""

    def __init__(self, path: Path, carry_out: Callable[[Delivery], Outcome]) -> None:
        self.spool = Spool(path)
        self.waiting = self.spool.open() or []
        self.done: list[str] = []
        self.told: list[Outcome] = []
        self._carry_out = carry_out
        self.worker = Worker(
            self.spool,
            self._do,
            clock=CLOCK,
            tell=lambda _, outcome: self.told.append(outcome),
            first_pause=0.01,
        )

    def keep(self, *ids: str, project: str = "acme/shop", age: timedelta = timedelta()) -> None:
        for each in ids:
            deeds = (LookNow(project=project, branch="feature"),)
            at = CLOCK.now() - age
            said = Delivery(forge="hub", event="push", id=each, received_at=at, deeds=deeds)
            spooled = self.spool.keep(said)
            assert spooled is not None
            self.worker.add(spooled)

    def left(self) -> int:
        return len(list((self.spool.directory / "waiting").iterdir()))

    def is_empty(self) -> bool:
        return self.left() == 0

    def _do(self, delivery: Delivery) -> Outcome:
        outcome = self._carry_out(delivery)
        self.done += [delivery.id] * isinstance(outcome, Settled)
        return outcome


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Callable[[Callable[[Delivery], Outcome]], Works]]:
    made: list[Works] = []

    def make(carry_out: Callable[[Delivery], Outcome]) -> Works:
        made.append(Works(tmp_path, carry_out))
        made[-1].worker.start(made[-1].waiting)
        return made[-1]

    yield make
    for each in made:
        each.worker.stop()
        each.spool.close()


Make = Callable[[Callable[[Delivery], Outcome]], Works]


def settle(_: Delivery) -> Outcome:
    return Settled("done")


def failing(*times: object) -> Callable[[Delivery], Outcome]:
    """Puts off, or raises, what stands there; afterwards everything is done."""
    left = list(times)

    def carry_out(_: Delivery) -> Outcome:
        trouble = left.pop(0) if left else Settled("done")
        if isinstance(trouble, Exception):
            raise trouble
        assert isinstance(trouble, Later | Settled)
        return trouble

    return carry_out


def test_deliveries_are_done_in_the_order_of_their_arrival(works: Make) -> None:
    at_work = works(settle)
    at_work.keep(*(f"d-{number}" for number in range(50)))
    eventually(at_work.is_empty)
    assert at_work.done == [f"d-{number}" for number in range(50)]


@pytest.mark.parametrize("trouble", [Later("away"), OSError("full"), KeyError("defect")], ids=repr)
def test_what_could_not_be_done_is_tried_again(works: Make, trouble: object) -> None:
    at_work = works(failing(trouble, trouble))
    at_work.keep("first")
    eventually(at_work.is_empty)
    assert at_work.done == ["first"]


def test_what_is_put_off_is_not_overtaken_in_its_project(tmp_path: Path) -> None:
    at_work = Works(tmp_path, failing(Later("away")))
    at_work.keep("first", "second")
    at_work.worker.start([])
    eventually(at_work.is_empty)
    at_work.worker.stop()
    assert at_work.done == ["first", "second"]


def test_what_is_put_off_keeps_back_no_other_project(works: Make) -> None:
    at_work = works(lambda d: Later("away") if d.id == "first" else Settled("done"))
    at_work.keep("first")
    at_work.keep("second", project="acme/other")
    eventually(lambda: at_work.done == ["second"])
    assert at_work.left() == 1


def test_what_could_not_be_done_for_a_day_is_given_up_and_said_to_be(works: Make) -> None:
    at_work = works(lambda _: Later("away"))
    at_work.keep("first", age=PATIENCE)
    eventually(at_work.is_empty)
    assert at_work.told == [Settled("given up after 1 day: away")]


def test_what_is_left_when_it_stops_is_done_by_the_next_one(tmp_path: Path) -> None:
    first = Works(tmp_path, lambda _: Later("away"))
    first.worker.start([])
    first.keep("first", "second")
    eventually(lambda: first.told)
    first.worker.stop()
    first.spool.close()
    second = Works(tmp_path, settle)
    second.worker.start(second.waiting)
    eventually(second.is_empty)
    second.worker.stop()
    assert second.done == ["first", "second"]
