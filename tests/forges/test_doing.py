"""Which repositories a deed concerns, and what is done there."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import pytest
from msgspec.structs import replace

from mergetui.model import EntryState
from mergetui.repository import Repository
from mergetui.webhooks.deeds import Deed, Delivery, Dequeue, Enqueue, LookNow, Merged, Relabelled
from mergetui.webhooks.doing import Later, Settled, carry_out, concerned, do
from tests.forges.fakes import FakeDoer, queued

MERGED = Merged(project="acme/shop", target="main", branch="feature", number=7, commit="1" * 40)
LABELLED = Enqueue(project="acme/shop", target="main", branch="feature", label="merge")
UNLABELLED = Dequeue(
    project="acme/shop", target="main", branch="feature", because="unlabelled", label="merge"
)
CLOSED = Dequeue(project="acme/shop", target="main", branch="feature", because="closed")
DELETED = Dequeue(project="acme/shop", target=None, branch="feature", because="deleted")
MOVED = LookNow(project="acme/shop", branch="feature")

SHOP = Repository(name="shop", remote="/shop", forge="hub", project="acme/shop", label="merge")
STABLE = replace(SHOP, name="stable", target="stable")
PLAIN = replace(SHOP, name="plain", label=None)


def relabelled(*labels: str) -> Relabelled:
    return Relabelled(project="acme/shop", target="main", branch="feature", labels=labels)


def names(deed: Deed, *repositories: Repository) -> list[str]:
    return [repository.name for repository, _ in concerned(deed, forge="hub", repositories=repositories)]


@pytest.mark.parametrize("deed", [MERGED, LABELLED, UNLABELLED, CLOSED, DELETED, MOVED, relabelled()])
@pytest.mark.parametrize(
    "other",
    [
        replace(SHOP, forge="lab"),
        replace(SHOP, forge=None),
        replace(SHOP, project=None),
        replace(SHOP, project="acme/shop2"),
    ],
)
def test_a_project_that_is_not_ours_concerns_nobody(deed: Deed, other: Repository) -> None:
    assert names(deed, other) == []


@pytest.mark.parametrize("deed", [MERGED, LABELLED, UNLABELLED, CLOSED, relabelled("merge")])
def test_a_request_concerns_only_the_repository_of_its_target(deed: Deed) -> None:
    assert names(deed, STABLE, SHOP) == ["shop"]


@pytest.mark.parametrize("deed", [DELETED, MOVED])
def test_a_branch_concerns_every_target_of_its_project(deed: Deed) -> None:
    assert names(deed, STABLE, SHOP) == ["stable", "shop"]


def test_a_project_may_be_written_in_capitals() -> None:
    assert names(MERGED, replace(SHOP, project="Acme/Shop")) == ["shop"]


@pytest.mark.parametrize("deed", [LABELLED, UNLABELLED, relabelled("merge")])
def test_labels_say_nothing_where_none_is_configured(deed: Deed) -> None:
    assert names(deed, PLAIN) == []


@pytest.mark.parametrize("deed", [replace(LABELLED, label="bug"), replace(UNLABELLED, label="bug")])
def test_another_label_says_nothing(deed: Deed) -> None:
    assert names(deed, SHOP) == []


def done(deed: Deed, doer: FakeDoer) -> list[str]:
    [(_, meant)] = concerned(deed, forge="hub", repositories=[SHOP])
    do(meant, doer)
    return doer.done


SAID = f"merged feature {'1' * 40} by hub@box"


def test_a_merge_is_told_to_who_waits_for_it() -> None:
    doer = FakeDoer(awaited=("feature",))
    assert do(MERGED, doer) == Settled("merged, they say: feature")
    assert doer.done == [SAID]


def test_after_a_merge_that_nobody_waits_for_the_target_is_looked_at() -> None:
    doer = FakeDoer()
    do(MERGED, doer)
    assert doer.done == [SAID, "look now"]


def test_the_label_queues_a_request() -> None:
    assert done(LABELLED, FakeDoer()) == ["enqueue feature"]


@pytest.mark.parametrize("deed", [UNLABELLED, CLOSED, DELETED])
def test_a_queued_entry_is_taken_out(deed: Deed) -> None:
    assert done(deed, FakeDoer(queued("feature"))) == ["dequeue feature"]


@pytest.mark.parametrize("deed", [UNLABELLED, CLOSED, DELETED, MOVED])
def test_a_branch_that_is_not_queued_concerns_nobody(deed: Deed) -> None:
    assert done(deed, FakeDoer(queued("other"))) == []


@pytest.mark.parametrize("state", [EntryState.AWAITING_MERGE, EntryState.LANDING])
def test_a_branch_that_is_deleted_by_its_merge_is_left_to_the_refs(state: EntryState) -> None:
    assert done(DELETED, FakeDoer(queued("feature", state=state))) == ["look now"]


def test_a_request_that_is_closed_unmerged_waits_no_more() -> None:
    entry = queued("feature", state=EntryState.AWAITING_MERGE)
    assert done(CLOSED, FakeDoer(entry)) == ["dequeue feature"]


def test_a_queued_branch_that_moves_is_looked_at() -> None:
    assert done(MOVED, FakeDoer(queued("feature"))) == ["look now"]


def test_the_target_that_moves_is_looked_at() -> None:
    assert done(replace(MOVED, branch="main"), FakeDoer()) == ["look now"]


Queued = Literal["by the forge", "by a person", "not"]
ENTRIES = {"by the forge": [queued("feature", by=FakeDoer.me)], "by a person": [queued("feature")], "not": []}


@pytest.mark.parametrize(
    ("labels", "is_queued", "follows"),
    [
        (("bug", "merge"), "not", ["enqueue feature"]),
        (("bug", "merge"), "by a person", []),
        (("bug",), "by the forge", ["dequeue feature"]),
        ((), "by the forge", ["dequeue feature"]),
        (("bug",), "by a person", []),
        (("bug",), "not", []),
    ],
)
def test_labels_of_which_one_has_changed(
    labels: Sequence[str], is_queued: Queued, follows: list[str]
) -> None:
    assert done(relabelled(*labels), FakeDoer(*ENTRIES[is_queued])) == follows


def delivery(*deeds: Deed) -> Delivery:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Delivery(forge="hub", event="push", id="d-1", received_at=at, deeds=deeds)


def test_a_remote_that_is_away_puts_a_delivery_off() -> None:
    away = FakeDoer(unreachable=True)
    outcome = carry_out(delivery(LABELLED), repositories=[SHOP], doer_at=lambda _: away)
    assert outcome == Later("shop: the remote cannot be reached")


def test_everything_that_follows_is_told() -> None:
    doer = FakeDoer(queued("feature"))
    outcome = carry_out(delivery(LABELLED, MOVED), repositories=[SHOP], doer_at=lambda _: doer)
    assert outcome == Settled("shop: queued: feature; shop: feature has moved; looks at the remote")


def test_a_delivery_of_another_project_does_nothing() -> None:
    outcome = carry_out(delivery(MERGED), repositories=[], doer_at=lambda _: FakeDoer())
    assert outcome == Settled("it concerns no repository")
