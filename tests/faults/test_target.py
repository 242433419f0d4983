"""A target that is rewound, deleted or renamed under the gate: nothing lands again, and people are told."""

from collections.abc import Callable

import pytest

from mergetui.actions import Why
from mergetui.events import PauseBegun, RetestStarted
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote

pytestmark = [pytest.mark.soak, pytest.mark.fault(4)]


def paused_for(gate: TestGate) -> str:
    """Why the drained gate has paused itself."""
    assert gate.drain().why is Why.PAUSED
    pause = gate.state().pause
    assert pause is not None
    assert (pause.by, len(gate.facts(PauseBegun))) == ("mergetui", 1)
    return pause.reason


def rewound(remote: Remote) -> None:
    remote.point("main", remote.first)


def deleted(remote: Remote) -> None:
    remote.rename("main", "parked")
    remote.delete("parked")


def renamed(remote: Remote) -> None:
    remote.rename("main", "trunk")


CHANGES = [
    (rewound, "main was rewound from"),
    (deleted, "has no branch main"),
    (renamed, "has no branch main"),
]
every_change = pytest.mark.parametrize(
    ("change", "told"), CHANGES, ids=[change.__name__ for change, _ in CHANGES]
)
Change = Callable[[Remote], None]


@pytest.fixture
def landed(remote: Remote, gate: TestGate) -> TestGate:
    """`bad` has landed, and `next` is queued, which has nothing of it."""
    remote.propose("next", {"next": "1"})
    remote.propose("bad", bad="1")
    gate.enqueue("bad")
    gate.drain()
    gate.enqueue("next")
    return gate


@every_change
def test_before_anything_starts_it_is_paused_with_the_reason(
    change: Change, told: str, remote: Remote, landed: TestGate
) -> None:
    change(remote)
    before, started = remote.refs(), len(landed.facts(RetestStarted))
    assert told in paused_for(landed)
    assert remote.refs() == before
    assert len(landed.facts(RetestStarted)) == started


@every_change
def test_during_a_retest_it_is_paused_and_the_retest_lands_nothing(
    change: Change, told: str, remote: Remote, landed: TestGate
) -> None:
    after: dict[str, str] = {}

    def meanwhile() -> None:
        change(remote)
        after.update(remote.refs())

    landed.when(RetestStarted, meanwhile)
    assert told in paused_for(landed)
    assert remote.refs() == after
    assert landed.landed() == ["bad"]
    assert landed.is_queued("next")


@every_change
def test_while_no_engine_runs_it_is_noticed_by_the_next_one(
    change: Change, told: str, remote: Remote, landed: TestGate
) -> None:
    change(remote)
    before = remote.refs()
    assert told in paused_for(TestGate(remote, landed.directory))
    assert remote.refs() == before


def test_with_an_empty_queue_it_is_noticed_too(remote: Remote, gate: TestGate) -> None:
    remote.push(b="1")
    gate.drain()
    rewound(remote)
    assert "main was rewound" in paused_for(gate)


def test_what_an_administrator_took_away_does_not_come_back_after_the_resume(
    remote: Remote, landed: TestGate
) -> None:
    rewound(remote)
    landed.drain()
    landed.desk.resume()
    landed.drain()
    assert landed.landed() == ["bad", "next"]
    assert set(remote.files()) == {"README", "next"}
    assert len(landed.facts(PauseBegun)) == 1


def test_a_target_that_is_there_again_goes_on_after_the_resume(remote: Remote, landed: TestGate) -> None:
    renamed(remote)
    landed.drain()
    remote.rename("trunk", "main")
    landed.desk.resume()
    landed.drain()
    assert landed.landed() == ["bad", "next"]
    assert set(remote.files()) == {"README", "bad", "next"}


def test_a_resume_while_the_target_is_still_missing_pauses_again_and_makes_no_branch(
    remote: Remote, landed: TestGate
) -> None:
    renamed(remote)
    landed.drain()
    landed.desk.resume()
    assert landed.drain().why is Why.PAUSED
    assert not remote.has("main")
    assert len(landed.facts(PauseBegun)) == 2


def test_a_rewind_to_what_the_gate_has_never_seen_is_one_too(remote: Remote, landed: TestGate) -> None:
    remote.root("main", other="1")
    assert "main was rewound" in paused_for(landed)
    assert set(remote.files()) == {"other"}
