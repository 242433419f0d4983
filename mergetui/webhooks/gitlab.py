"""What GitLab says; the shapes are those of "Webhook events" in its documentation, only what is needed."""

from msgspec import Struct

from mergetui.webhooks.deeds import Deed, Shapeless
from mergetui.webhooks.requests import Number, Push, Request, read


class Project(Struct, frozen=True):
    path_with_namespace: str


class Commit(Struct, frozen=True):
    id: str


class Label(Struct, frozen=True):
    title: str


class LabelChange(Struct, frozen=True):
    previous: tuple[Label, ...] | None = None
    current: tuple[Label, ...] | None = None


class Changes(Struct, frozen=True):
    labels: LabelChange | None = None


class Attributes(Struct, frozen=True):
    iid: Number
    source_branch: str
    target_branch: str
    source_project_id: int | None
    """None: the fork is gone."""
    target_project_id: int
    state: str
    action: str = ""
    """Not there in what GitLab sends as a test."""
    oldrev: str | None = None
    """There only when the branch has moved."""
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    last_commit: Commit | None = None


class MergeRequestEvent(Struct, frozen=True):
    project: Project
    object_attributes: Attributes
    labels: tuple[Label, ...] | None = None
    changes: Changes | None = None


class PushEvent(Struct, frozen=True):
    ref: str
    after: str
    project: Project


def merge_request(body: bytes) -> tuple[Deed, ...] | Shapeless:
    event = read(body, MergeRequestEvent)
    if isinstance(event, Shapeless):
        return event
    request, said = _request(event), event.object_attributes
    match said.action:
        case "merge":
            last = said.last_commit.id if said.last_commit else None
            return request.merged(said.merge_commit_sha, said.squash_commit_sha, last)
        case "close":
            return request.closed()
        case "open" | "reopen":
            return request.labelled(request.labels)
        case "update":
            return (*_relabelled(event, request), *(request.moved() if said.oldrev else ()))
        case _:
            return ()


def push(body: bytes) -> tuple[Deed, ...] | Shapeless:
    event = read(body, PushEvent)
    if isinstance(event, Shapeless):
        return event
    return Push(project=event.project.path_with_namespace, ref=event.ref, after=event.after).deeds()


def _request(event: MergeRequestEvent) -> Request:
    said = event.object_attributes
    is_ours = said.source_project_id == said.target_project_id
    return Request(
        project=event.project.path_with_namespace,
        target=said.target_branch,
        branch=said.source_branch if is_ours else f"refs/merge-requests/{said.iid}/head",
        number=said.iid,
        is_open=said.state == "opened",
        labels=_titles(event.labels),
    )


def _relabelled(event: MergeRequestEvent, request: Request) -> tuple[Deed, ...]:
    change = event.changes.labels if event.changes else None
    if change is None:
        return ()
    before, now = _titles(change.previous), _titles(change.current)
    removed = request.unlabelled(label for label in before if label not in now)
    return (*removed, *request.labelled(label for label in now if label not in before))


def _titles(labels: tuple[Label, ...] | None) -> tuple[str, ...]:
    return tuple(label.title for label in labels or ())
