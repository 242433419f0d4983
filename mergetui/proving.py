"""Whether what the gate promises of a landing is true, from the journal and git alone.

The journal says what was done and what it rested on; git says what is there now. Pure: git's answers come in.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from mergetui.landings import Landing
from mergetui.model import Branch, Instant, Oid
from mergetui.outcome import Run

ClaimName: TypeAlias = Literal["in-target", "tree", "tested", "base", "token", "retest"]

NOTHING_PROMISED = "it landed without a retest: nothing was promised"

_NOT_THERE = "the target does not have the commit"


class Claim(Struct, frozen=True):
    claim: ClaimName
    holds: bool | None
    """None: nothing was promised, or it cannot be asked; information, not a failure."""
    detail: str


class Proof(Struct, frozen=True):
    """One landed run, claim by claim."""

    run: Run
    claims: tuple[Claim, ...]

    @property
    def holds(self) -> bool:
        return not self.failures

    @property
    def failures(self) -> tuple[Claim, ...]:
        return tuple(claim for claim in self.claims if claim.holds is False)

    def with_claim(self, claim: Claim) -> "Proof":
        return replace(self, claims=(*self.claims, claim))


class Commit(Struct, frozen=True):
    tree: Oid
    parents: tuple[Oid, ...]


class Arrival(Struct, frozen=True, kw_only=True):
    """A commit on the target's first-parent line; author and subject are as their author wrote them."""

    commit: Oid
    author: str
    at: Instant | None
    """None: the commit has a date that no calendar has."""
    subject: str


class Question(Struct, frozen=True, kw_only=True):
    """What git has to be asked for the proofs."""

    commits: tuple[Oid, ...]
    """Every commit that is said to have landed."""
    since: tuple[Oid, ...]
    """The bases, oldest landing first: the target's line is wanted from the first that it contains."""


class History(Struct, frozen=True, kw_only=True):
    """What git says of the target, as the remote has it now."""

    target: Branch
    tip: Oid | None
    """None: the remote has no such branch."""
    commits: Mapping[Oid, Commit]
    """Those of the question that the target contains."""
    line: tuple[Arrival, ...]
    """The first-parent line, newest first."""


def question(told: Sequence[Landing]) -> Question:
    bases = (landing.run.base for landing in told if landing.run.base)
    named = (commit for landing in told for commit in (*landing.chain, landing.commit) if commit)
    return Question(commits=tuple(dict.fromkeys(named)), since=tuple(dict.fromkeys(bases)))


def prove(told: Sequence[Landing], history: History) -> tuple[Proof, ...]:
    """One proof per landing, in the same order."""
    rivals = _landed_on(told, history)
    return tuple(
        Proof(
            landing.run,
            (
                _in_target(landing, history),
                _tree(landing, history),
                _tested(landing),
                _base(landing, history, rivals),
                _token(landing),
            ),
        )
        for landing in told
    )


def past_the_gate(work: Set[Oid], history: History) -> tuple[Arrival, ...]:
    """What stands on the target's line and is no work of the gate, newest first.

    `work` is from a journal that was read after the remote: landings go on meanwhile.
    """
    return tuple(arrival for arrival in history.line if arrival.commit not in work)


def _landed_on(told: Sequence[Landing], history: History) -> Mapping[Oid | None, set[Oid]]:
    """By base: what the target has of that which was landed on it."""
    landed: dict[Oid | None, set[Oid]] = {}
    for landing in told:
        if landing.commit in history.commits:
            landed.setdefault(landing.run.base, set()).add(landing.commit)
    return landed


def _in_target(landing: Landing, history: History) -> Claim:
    if landing.commit in history.commits:
        return _holds("in-target", f"{history.target} contains {landing.commit}")
    stands = f"which stands at {history.tip}" if history.tip else "which the remote does not have"
    return _fails("in-target", f"expected {landing.commit} in {history.target}, {stands}")


def _tree(landing: Landing, history: History) -> Claim:
    known = history.commits.get(landing.commit)
    if known is None:
        return _says_nothing("tree", _NOT_THERE)
    told = {
        "tested": landing.run.tested_tree,
        "landed": landing.run.landed_tree,
        "caught up": landing.candidate.tree if landing.candidate else None,
    }
    others = [f"{tree} was {what}" for what, tree in told.items() if tree not in (None, known.tree)]
    if others:
        return _fails("tree", f"{landing.commit} has tree {known.tree}, but {', '.join(others)}")
    if landing.run.tested_tree is None:
        return _says_nothing("tree", NOTHING_PROMISED)
    return _holds("tree", f"{known.tree} was tested and landed")


def _tested(landing: Landing) -> Claim:
    tested, start = landing.run.tested_commit, landing.start
    if tested is None:
        return _says_nothing("tested", NOTHING_PROMISED)
    if start is None:
        return _fails("tested", f"the journal does not tell when the landing of {tested} started")
    if tested != (start.vouched_by or landing.made):
        return _fails("tested", f"expected a green retest of {landing.made}, {tested} was tested")
    if start.retest is not None:
        return _fails("tested", f"expected a green retest of {tested}, {start.retest}")
    if start.reduced is not None and landing.run.emergency is None:
        return _fails("tested", f"{tested} was no emergency, and only their command ran: {start.reduced}")
    same = " as the same tree" if tested != landing.made else ""
    by = f" by the command for emergencies, {start.reduced}" if start.reduced is not None else ""
    return _holds("tested", f"{tested} was green{same} before it landed{by}")


def _base(landing: Landing, history: History, rivals: Mapping[Oid | None, set[Oid]]) -> Claim:
    base, commit = landing.run.base, landing.commit
    if commit not in history.commits:
        return _says_nothing("base", _NOT_THERE)
    if landing.made != commit:
        return _says_nothing("base", f"somebody else merged {landing.made} as {commit}")
    wrong = _wrong_start(landing) or _wrong_chain(landing, history)
    if wrong:
        return _fails("base", wrong)
    others = sorted(rivals.get(base, set()) - {commit})
    if others:
        return _fails("base", f"expected {commit} alone to land on {base}, so did {', '.join(others)}")
    return _holds("base", f"{base} was the tip: {len(landing.chain)} of its commits stand on it")


def _wrong_start(landing: Landing) -> str | None:
    base, start = landing.run.base, landing.start
    if start is not None and start.base != base:
        return f"expected base {base}, the landing started from {start.base}"
    if not landing.chain or landing.chain[-1] != landing.commit:
        return f"the journal has no catch-up that leads from {base} to {landing.commit}"
    told = [commit for change in landing.run.changes for commit in change.commits]
    foreign = [commit for commit in told if commit not in landing.chain]
    return f"{foreign[0]} is said to have landed, but no catch-up made it" if foreign else None


def _wrong_chain(landing: Landing, history: History) -> str | None:
    """Each commit must have the one before it as its first parent, and no other parent but a queued head."""
    before = landing.run.base
    for link in landing.links:
        for head, commits in zip(link.heads, link.commits, strict=False):
            for commit in commits:
                first, *merged = _parents(commit, history)
                if first != before:
                    return f"expected {commit} to stand on {before}, found {first}"
                if foreign := [parent for parent in merged if parent != head]:
                    return f"expected {commit} to merge {head}, found {foreign[0]}"
                before = commit
    return None


def _token(landing: Landing) -> Claim:
    token, start = landing.run.token, landing.start
    if start is None:
        return _fails("token", f"the journal does not tell when the landing under #{token} started")
    if start.token != token:
        return _fails("token", f"expected #{token}, the landing started under #{start.token}")
    if start.authority is not None:
        return _fails("token", f"expected #{token} to be current, but {start.authority}")
    return _holds("token", f"#{token} was current")


def _parents(commit: Oid, history: History) -> tuple[Oid, ...]:
    known = history.commits.get(commit)
    return known.parents if known and known.parents else ("nothing",)


def _holds(claim: ClaimName, detail: str) -> Claim:
    return Claim(claim, holds=True, detail=detail)


def _fails(claim: ClaimName, detail: str) -> Claim:
    return Claim(claim, holds=False, detail=detail)


def _says_nothing(claim: ClaimName, detail: str) -> Claim:
    return Claim(claim, holds=None, detail=detail)
