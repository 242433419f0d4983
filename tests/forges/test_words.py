"""What each forge's deliveries mean, from payloads as they are documented."""

from typing import cast

import pytest

from mergetui.integrations import ForgeKind
from mergetui.webhooks.deeds import Deed, Dequeue, Enqueue, LookNow, Merged, Relabelled
from mergetui.webhooks.words import deeds_of, delivery_id, event_of
from tests.forges.signing import altered, event_in, headers_of, recorded, signed_by_gitlab, small

HEAD = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
MERGE = "e5bd3914e2e596debea16f433f57875b5b90bcd6"
SHOP = "acme/shop"
PULL, MERGE_REQUEST = "refs/pull/7/head", "refs/merge-requests/7/head"


def merged(branch: str, commit: str | None = MERGE) -> Merged:
    return Merged(project=SHOP, target="main", branch=branch, number=7, commit=commit)


def labelled(label: str) -> Enqueue:
    return Enqueue(project=SHOP, target="main", branch="feature", label=label)


def unlabelled(label: str) -> Dequeue:
    return Dequeue(project=SHOP, target="main", branch="feature", because="unlabelled", label=label)


def closed(branch: str) -> Dequeue:
    return Dequeue(project=SHOP, target="main", branch=branch, because="closed")


def relabelled(*labels: str) -> Relabelled:
    return Relabelled(project=SHOP, target="main", branch="feature", labels=labels)


GONE = Dequeue(project=SHOP, target=None, branch="feature", because="deleted")


def moved(branch: str) -> LookNow:
    return LookNow(project=SHOP, branch=branch)


RECORDED: dict[str, tuple[Deed, ...]] = {
    "github-merged": (merged("feature"),),
    "github-merged-from-fork": (merged(PULL),),
    "github-closed": (closed("feature"),),
    "github-closed-fork-gone": (closed(PULL),),
    "github-labeled": (labelled("merge"),),
    "github-unlabeled": (unlabelled("merge"),),
    "github-labeled-when-closed": (),
    "github-reopened": (labelled("bug"), labelled("merge")),
    "github-synchronize-from-fork": (moved(PULL),),
    "github-review-requested": (),
    "github-push": (moved("feature"),),
    "github-push-target": (moved("main"),),
    "github-push-deleted": (GONE,),
    "github-push-tag": (),
    "github-delete": (GONE,),
    "github-delete-tag": (),
    "github-ping": (),
    "gitea-merged": (merged("feature"),),
    "gitea-merged-branch-gone": (merged("feature"),),
    "gitea-merged-from-fork": (merged(PULL),),
    "gitea-closed": (closed("feature"),),
    "gitea-label-updated": (relabelled("bug", "merge"),),
    "gitea-label-cleared": (relabelled(),),
    "gitea-label-updated-with-changes": (unlabelled("wip"), labelled("merge")),
    "gitea-synchronized": (moved("feature"),),
    "gitea-push": (moved("feature"),),
    "gitea-delete": (GONE,),
    "gitlab-merged": (merged("feature"),),
    "gitlab-merged-fast-forward": (merged("feature", HEAD),),
    "gitlab-merged-from-fork": (merged(MERGE_REQUEST),),
    "gitlab-closed": (closed("feature"),),
    "gitlab-closed-fork-gone": (closed(MERGE_REQUEST),),
    "gitlab-labelled": (unlabelled("wip"), labelled("merge")),
    "gitlab-opened-with-label": (labelled("merge"),),
    "gitlab-moved": (moved("feature"),),
    "gitlab-test": (),
    "gitlab-push": (moved("feature"),),
    "gitlab-push-deleted": (GONE,),
}


def kind_of(name: str) -> ForgeKind:
    return cast(ForgeKind, name.partition("-")[0])


def heard(name: str, body: bytes | None = None) -> object:
    said = recorded(name) if body is None else body
    kind = kind_of(name)
    return deeds_of(kind, small(headers_of(kind, event_in(name), said)), said)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_delivery_means(name: str) -> None:
    assert heard(name) == RECORDED[name]


@pytest.mark.parametrize("name", [name for name in RECORDED if name.startswith("gitea")])
def test_forgejo_is_understood_as_gitea_is(name: str) -> None:
    body = recorded(name)
    headers = small(headers_of("forgejo", event_in(name), body))
    assert deeds_of("forgejo", headers, body) == RECORDED[name]


def test_what_the_target_got_is_only_what_can_be_a_commit() -> None:
    body = altered("github-merged", "pull_request", "merge_commit_sha", to="--force")
    assert heard("github-merged", body) == (merged("feature", None),)


def test_an_event_that_is_not_known_means_nothing() -> None:
    assert deeds_of("github", {"x-github-event": "star"}, b"not even JSON") == ()


def test_the_event_of_another_forge_is_not_known() -> None:
    assert event_of("github", {"x-gitea-event": "push"}) == ""


def test_gitlab_is_known_again_by_the_id_that_is_signed() -> None:
    headers = small(signed_by_gitlab("Push Hook", b"{}", delivery="signed")) | {
        "idempotency-key": "other",
        "x-gitlab-event-uuid": "shared by all that one action sets off",
    }
    assert delivery_id("gitlab", headers, b"{}") == "signed"


def test_a_delivery_without_an_id_is_known_again_by_its_body() -> None:
    assert delivery_id("github", {}, b"one") == delivery_id("github", {}, b"one")
    assert delivery_id("github", {}, b"one") != delivery_id("github", {}, b"two")
