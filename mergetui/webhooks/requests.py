"""A pull or merge request as every forge can tell it, and the deeds that follow from what happened to it."""

import re
from collections.abc import Iterable
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from mergetui.model import Branch
from mergetui.webhooks.deeds import Deed, Dequeue, Enqueue, LookNow, Merged, Shapeless

Number = Annotated[int, Meta(ge=1, lt=10**18)]
S = TypeVar("S", bound=Struct)

_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH = "refs/heads/"


class Request(Struct, frozen=True, kw_only=True):
    project: str
    target: Branch
    branch: Branch
    number: int
    is_open: bool
    labels: tuple[str, ...] = ()

    def merged(self, *commits: str | None) -> tuple[Deed, ...]:
        """`commits` is where the forge may say what the target got; the first that is one counts."""
        return (
            Merged(
                project=self.project,
                target=self.target,
                branch=self.branch,
                number=self.number,
                commit=next((commit for commit in commits if _is_commit(commit)), None),
            ),
        )

    def closed(self) -> tuple[Deed, ...]:
        return (Dequeue(project=self.project, target=self.target, branch=self.branch, because="closed"),)

    def labelled(self, labels: Iterable[str]) -> tuple[Deed, ...]:
        """Nothing for a request that is closed: there is nothing left to land."""
        if not self.is_open:
            return ()
        return tuple(
            Enqueue(project=self.project, target=self.target, branch=self.branch, label=label)
            for label in dict.fromkeys(labels)
        )

    def unlabelled(self, labels: Iterable[str]) -> tuple[Deed, ...]:
        return tuple(
            Dequeue(
                project=self.project,
                target=self.target,
                branch=self.branch,
                because="unlabelled",
                label=label,
            )
            for label in dict.fromkeys(labels)
        )

    def moved(self) -> tuple[Deed, ...]:
        return (LookNow(project=self.project, branch=self.branch),)


class Push(Struct, frozen=True, kw_only=True):
    project: str
    ref: str
    after: str

    def deeds(self) -> tuple[Deed, ...]:
        """Nothing for a tag; a branch without a commit is gone."""
        if not self.ref.startswith(_BRANCH):
            return ()
        branch = self.ref.removeprefix(_BRANCH)
        if self.after.strip("0"):
            return (LookNow(project=self.project, branch=branch),)
        return deleted(self.project, branch)


def deleted(project: str, branch: Branch) -> tuple[Deed, ...]:
    return (Dequeue(project=project, target=None, branch=branch, because="deleted"),)


def read(body: bytes, shape: type[S]) -> S | Shapeless:
    """`body` as JSON of that shape; of a key that is there twice the last counts."""
    try:
        return msgspec.json.decode(body, type=shape)
    except RecursionError:
        return Shapeless("it is nested too deeply")
    except (msgspec.MsgspecError, UnicodeError, ValueError) as error:
        return Shapeless(str(error))


def _is_commit(text: str | None) -> bool:
    return text is not None and _OID.fullmatch(text) is not None and text.strip("0") != ""
