from datetime import timedelta

from mergetui.events import CaughtUp, Event, RetestEnded, RetestStarted
from mergetui.model import Candidate, Link
from mergetui.reason import Coded, Reason
from mergetui.results import Flake, Results, flakes
from tests.rules.past import ago

FAILED = Coded(Reason.RETEST_FAILED, "exit code 1")


def tried(
    minutes: float, log: str, reason: Coded | None = None, *, tree: str = "t", command: str = "make test"
) -> list[Event]:
    """A retest of its own commit of the tree."""
    commit = f"c-{log}"
    link = Link(
        entry="e1",
        branches=("a",),
        heads=("h",),
        commit=commit,
        tree=tree,
        tips=(commit,),
        commits=((commit,),),
    )
    at = ago(minutes)
    candidate = Candidate(base="m", links=(link,))
    return [
        CaughtUp(repo="shop", at=at, branches=("a",), candidate=candidate),
        RetestStarted(repo="shop", at=at, branches=("a",), commit=commit, command=command, log=log),
        RetestEnded(repo="shop", at=at, branches=("a",), commit=commit, reason=reason, seconds=60.0, log=log),
    ]


def ledger(*retests: list[Event]) -> tuple[Flake, ...]:
    return flakes([fact for retest in retests for fact in retest])


def test_a_pass_after_a_fail_of_the_same_tree_is_a_flake_with_both_logs() -> None:
    (flake,) = ledger(tried(9, "r1", FAILED), tried(5, "r2"))
    assert (flake.failed.log, flake.failed.reason) == ("r1", FAILED)
    assert (flake.passed.log, flake.passed.reason) == ("r2", None)
    assert (flake.tree, flake.reds, flake.at) == ("t", 1, ago(5))


def test_a_fail_after_a_pass_is_one_too() -> None:
    (flake,) = ledger(tried(9, "r1"), tried(5, "r2", FAILED))
    assert (flake.passed.log, flake.failed.log, flake.at) == ("r1", "r2", ago(5))


def test_the_latest_fail_before_the_pass_is_shown() -> None:
    (flake,) = ledger(tried(9, "r1", FAILED), tried(7, "r2", FAILED), tried(5, "r3"), tried(3, "r4", FAILED))
    assert (flake.failed.log, flake.reds) == ("r2", 3)


def test_another_tree_or_another_command_says_nothing_about_it() -> None:
    assert ledger(tried(9, "r1", FAILED), tried(5, "r2", tree="u")) == ()
    assert ledger(tried(9, "r1", FAILED), tried(5, "r2", command="make check")) == ()


def test_what_was_stopped_or_killed_is_no_verdict() -> None:
    for code in (Reason.INTERRUPTED, Reason.RETEST_KILLED, Reason.DISK_FULL):
        assert ledger(tried(9, "r1", Coded(code, "")), tried(5, "r2")) == ()


def test_flakes_come_in_the_order_in_which_they_came_to_light() -> None:
    found = ledger(
        tried(9, "r1", FAILED), tried(8, "r2", FAILED, tree="u"), tried(5, "r3", tree="u"), tried(4, "r4")
    )
    assert [flake.tree for flake in found] == ["u", "t"]


def passed(*retests: list[Event], minutes: float = 60) -> set[str]:
    results = Results(fact for retest in retests for fact in retest)
    return set(results.passed("make test", now=ago(0), ttl=timedelta(minutes=minutes)))


def test_a_green_tree_is_believed_for_as_long_as_it_may_be() -> None:
    assert passed(tried(59, "r1")) == {"t"}
    assert passed(tried(61, "r1")) == set()


def test_a_tree_that_was_red_last_is_not_believed() -> None:
    assert passed(tried(9, "r1"), tried(5, "r2", FAILED)) == set()
    assert passed(tried(9, "r1", FAILED), tried(5, "r2")) == {"t"}


def test_what_another_command_said_is_not_believed() -> None:
    assert passed(tried(9, "r1", command="make lint")) == set()
