"""`required-status` and `approved`: what a forge knows of the queued commits."""

from collections.abc import Mapping
from typing import Literal, Protocol, TypeAlias

from mergetui.checks.check import Answer, Check, CheckView, Pass, Refuses, Waits
from mergetui.model import Branch, Oid

StatusWord: TypeAlias = Literal["success", "pending", "failure"]


class ForgeReader(Protocol):
    """One project on its forge. Raises OSError when it does not answer as it should."""

    def statuses(self, commit: Oid) -> Mapping[str, StatusWord]:
        """By context; of several of one name the worst."""

    def approvals(self, branch: Branch, head: Oid, *, target: Branch) -> tuple[str, ...] | None:
        """Who approves of the branch's open request as it is at `head`; None when there is none."""


class ForgeCheck(Check, frozen=True, kw_only=True):
    """A check that needs the forge of its repository."""

    def ask_forge(self, view: CheckView, forge: ForgeReader) -> Answer:
        raise NotImplementedError


class AtForge(Check, frozen=True, kw_only=True):
    """A check, with the forge that it asks."""

    check: ForgeCheck
    forge: ForgeReader

    def ask(self, view: CheckView) -> Answer:
        return self.check.ask_forge(view, self.forge)


class RequiredStatus(ForgeCheck, frozen=True, kw_only=True):
    contexts: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.contexts or not all(self.contexts):
            raise ValueError(f"contexts = {list(self.contexts)}; allowed: names such as 'ci/build'")

    def ask_forge(self, view: CheckView, forge: ForgeReader) -> Answer:
        told = [(head, forge.statuses(head)) for head in view.heads]
        known = [(head, context, states.get(context)) for head, states in told for context in self.contexts]
        failed = next(((head, context) for head, context, state in known if state == "failure"), None)
        if failed is not None:
            return Refuses(f"{failed[1]} failed on {failed[0][:10]}")
        for head, context, state in known:
            if state != "success":
                says = "is not done with" if state == "pending" else "has said nothing of"
                return Waits(f"{context} {says} {head[:10]}")
        return Pass()


class Approved(ForgeCheck, frozen=True, kw_only=True):
    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"count = {self.count}; allowed: 1 or more")

    def ask_forge(self, view: CheckView, forge: ForgeReader) -> Answer:
        for branch, head in zip(view.branches, view.heads, strict=True):
            people = forge.approvals(branch, head, target=view.target)
            if people is None:
                return Waits(f"there is no open request of {branch} at {head[:10]}")
            if len(people) < self.count:
                return Waits(f"{branch} has {len(people)} of {self.count} approvals at {head[:10]}")
        return Pass()
