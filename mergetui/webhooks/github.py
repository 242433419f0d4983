"""What GitHub says; Gitea and Forgejo say it in nearly the same words.

The shapes are those of "Webhook events and payloads" in GitHub's documentation and of
`modules/structs/hook.go` in Gitea and Forgejo: only the fields that are needed.
"""

from msgspec import Struct

from mergetui.webhooks.deeds import Deed, Relabelled, Shapeless
from mergetui.webhooks.requests import Number, Push, Request, deleted, read


class Project(Struct, frozen=True):
    full_name: str


class End(Struct, frozen=True):
    ref: str
    repo: Project | None = None
    """None: the fork is gone."""
    label: str | None = None


class Label(Struct, frozen=True):
    name: str


class PullRequest(Struct, frozen=True):
    head: End
    base: End
    state: str
    merged: bool | None = None
    merge_commit_sha: str | None = None
    labels: tuple[Label, ...] | None = None


class Changes(Struct, frozen=True):
    added_labels: tuple[Label, ...] | None = None
    removed_labels: tuple[Label, ...] | None = None


class PullRequestEvent(Struct, frozen=True):
    action: str
    number: Number
    pull_request: PullRequest
    repository: Project
    label: Label | None = None
    changes: Changes | None = None


class PushEvent(Struct, frozen=True):
    ref: str
    after: str
    repository: Project


class DeleteEvent(Struct, frozen=True):
    ref: str
    ref_type: str
    repository: Project


def pull_request(body: bytes) -> tuple[Deed, ...] | Shapeless:
    event = read(body, PullRequestEvent)
    if isinstance(event, Shapeless):
        return event
    request = _request(event)
    match event.action:
        case "closed":
            said = event.pull_request
            return request.merged(said.merge_commit_sha) if said.merged else request.closed()
        case "opened" | "reopened":
            return request.labelled(request.labels)
        case "labeled" if event.label is not None:
            return request.labelled([event.label.name])
        case "unlabeled" if event.label is not None:
            return request.unlabelled([event.label.name])
        case "label_updated" | "label_cleared":
            return _relabelled(event, request)
        case "synchronize" | "synchronized":
            return request.moved()
        case _:
            return ()


def push(body: bytes) -> tuple[Deed, ...] | Shapeless:
    event = read(body, PushEvent)
    if isinstance(event, Shapeless):
        return event
    return Push(project=event.repository.full_name, ref=event.ref, after=event.after).deeds()


def delete(body: bytes) -> tuple[Deed, ...] | Shapeless:
    event = read(body, DeleteEvent)
    if isinstance(event, Shapeless):
        return event
    return deleted(event.repository.full_name, event.ref) if event.ref_type == "branch" else ()


def _request(event: PullRequestEvent) -> Request:
    return Request(
        project=event.repository.full_name,
        target=event.pull_request.base.ref,
        branch=_branch(event),
        number=event.number,
        is_open=event.pull_request.state == "open",
        labels=_names(event.pull_request.labels),
    )


def _branch(event: PullRequestEvent) -> str:
    """What the gate calls it: a fork's branch is only to be had as the request's ref."""
    head = event.pull_request.head
    ours = event.repository.full_name.casefold()
    if head.repo is None or head.repo.full_name.casefold() != ours:
        return f"refs/pull/{event.number}/head"
    # Gitea puts the request's ref there when the branch is gone, and keeps its name in the label.
    return head.label if head.ref.startswith("refs/") and head.label else head.ref


def _relabelled(event: PullRequestEvent, request: Request) -> tuple[Deed, ...]:
    changes = event.changes
    if changes is not None and (changes.added_labels or changes.removed_labels):
        removed = request.unlabelled(_names(changes.removed_labels))
        return (*removed, *request.labelled(_names(changes.added_labels)))
    if not request.is_open:
        return ()
    return (
        Relabelled(
            project=request.project, target=request.target, branch=request.branch, labels=request.labels
        ),
    )


def _names(labels: tuple[Label, ...] | None) -> tuple[str, ...]:
    return tuple(label.name for label in labels or ())
