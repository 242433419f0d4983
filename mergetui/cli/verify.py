"""`mergetui verify`: what is proven of every landing, and what is not."""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from mergetui.cleaning import name as clean
from mergetui.cleaning import redact
from mergetui.cli.engine import stop_on_signals
from mergetui.cli.session import AGAIN, BROKEN, DONE, INTERRUPTED, NO, Failure, Session
from mergetui.landings import Landing, find, landings, work_of_the_gate
from mergetui.model import Branch, Oid
from mergetui.outcome import Unreachable
from mergetui.proving import Arrival, Claim, History, Proof, past_the_gate, prove, question

if TYPE_CHECKING:
    from mergetui.adapters.archive import Archive

_SHORT = 10
_SHOWN = 20
"""Commits past the gate that are printed; the JSON has all."""


class _Found(Struct, frozen=True, kw_only=True):
    """What was found out about one repository."""

    name: str
    target: Branch
    tip: Oid | None
    told: tuple[Landing, ...]
    proofs: tuple[Proof, ...]
    past: tuple[Arrival, ...]
    unreadable: int

    @property
    def holds(self) -> bool:
        return all(proof.holds for proof in self.proofs)


def verify(session: Session, repo: str | None, retests: Sequence[str]) -> int:
    archives = {name: session.wiring.archive(name) for name in session.names(repo)}
    found = [_prove(session, name, archive) for name, archive in archives.items()]
    chosen = _chosen(found, retests)
    with stop_on_signals() as stopping:
        claims = {
            name: _retest(session, name, commits, archive=archives[name], stopping=stopping)
            for name, commits in chosen.items()
        }
    found = [_with_retests(known, claims.get(known.name, {})) for known in found]
    holds = all(known.holds for known in found)
    session.answer(
        {"repos": [_fields(known) for known in found], "holds": holds},
        *(line for known in found for line in _lines(known)),
    )
    if stopping.is_set():
        return INTERRUPTED
    return DONE if holds else NO


def _prove(session: Session, name: str, archive: "Archive") -> _Found:
    from mergetui.adapters.git import GitError

    journal = session.wiring.journal(name)
    told = landings(journal.read())
    try:
        history = archive.answer(question(told))
    except GitError as error:
        raise Failure(f"{name}: {clean(str(error))}", code="system", exit_code=BROKEN) from error
    if isinstance(history, Unreachable):
        raise _unreachable(name, history)
    if not isinstance(history, History):
        raise _busy(name)
    return _Found(
        name=name,
        target=history.target,
        tip=history.tip,
        told=told,
        proofs=prove(told, history),
        past=past_the_gate(work_of_the_gate(journal.read()), history),
        unreadable=journal.unreadable_lines(),
    )


def _chosen(found: Sequence[_Found], words: Sequence[str]) -> dict[str, tuple[Oid, ...]]:
    """By repository: the commits that the words name, each once."""
    chosen: dict[str, tuple[Oid, ...]] = {}
    for word in words:
        named = {(known.name, landing.commit) for known in found for landing in find(known.told, word)}
        if len(named) != 1:
            raise _not_one(word, sorted(commit for _, commit in named))
        [(name, commit)] = named
        chosen[name] = tuple(dict.fromkeys((*chosen.get(name, ()), commit)))
    return chosen


def _retest(
    session: Session, name: str, commits: Sequence[Oid], *, archive: "Archive", stopping: threading.Event
) -> dict[Oid, Claim]:
    command = session.wiring.config.repository(name).retest
    if command is None:
        raise Failure(f"[repos.{name}] has no retest command", code="config")
    reproof = session.wiring.reproof(name, archive)
    claims: dict[Oid, Claim] = {}
    with archive.alone_at_retests() as alone:
        if not alone:
            raise _busy(name)
        for commit in commits:
            if stopping.is_set():
                break
            if not session.as_json:
                session.tell(f"{name}: testing {commit[:_SHORT]} again, log {reproof.log_of(commit)}")
            claims[commit] = reproof.retest(commit, command=command, stopping=stopping.wait)
    return claims


def _with_retests(known: _Found, claims: Mapping[Oid, Claim]) -> _Found:
    return replace(known, proofs=tuple(_with_retest(proof, claims) for proof in known.proofs))


def _with_retest(proof: Proof, claims: Mapping[Oid, Claim]) -> Proof:
    claim = claims.get(proof.run.landed_commit or "")
    return proof.with_claim(claim) if claim else proof


def _fields(known: _Found) -> dict[str, Any]:
    return {
        "name": known.name,
        "target": known.target,
        "tip": known.tip,
        "proofs": [
            {
                "run": proof.run.id,
                "branches": proof.run.branches,
                "landed_commit": proof.run.landed_commit,
                "claims": proof.claims,
            }
            for proof in known.proofs
        ],
        "past_the_gate": known.past,
        "unreadable_lines": known.unreadable,
    }


def _lines(known: _Found) -> list[str]:
    lines = [f"{known.name}  {clean(known.target)} {_short(known.tip)}  {_summary(known.proofs)}"]
    for proof in known.proofs:
        told = {"retest"} | ({"tested"} if proof.run.emergency is not None else set())
        shown = [claim for claim in proof.claims if claim.holds is False or claim.claim in told]
        if shown:
            mark = "✓" if proof.holds else "✗"
            branches = clean(" + ".join(proof.run.branches))
            lines.append(f"  {mark} {branches} {_short(proof.run.landed_commit)}, run {clean(proof.run.id)}")
        lines += [f"      {claim.claim}: {clean(redact(claim.detail))}" for claim in shown]
    if known.past:
        lines.append(f"  {_count(len(known.past), 'commit')} went past the gate:")
        lines += [_arrival(arrival) for arrival in known.past[:_SHOWN]]
        lines += [f"      and {left} more"] if (left := len(known.past) - _SHOWN) > 0 else []
    if known.unreadable:
        lines.append(f"  {_count(known.unreadable, 'line')} of the journal cannot be read")
    return lines


def _summary(proofs: Sequence[Proof]) -> str:
    if not proofs:
        return "nothing has landed yet"
    failed = sum(not proof.holds for proof in proofs)
    untested = sum(proof.run.tested_commit is None for proof in proofs)
    parts = [f"{_count(len(proofs), 'landing')}, {f'{failed} not proven' if failed else 'all proven'}"]
    if untested:
        parts.append(f"{untested} without a retest, of which nothing was promised")
    return ", ".join(parts)


def _arrival(arrival: Arrival) -> str:
    at = f"{arrival.at:%Y-%m-%d %H:%M:%S}" if arrival.at else "without a date"
    return f"      {arrival.commit[:_SHORT]}  {at}  {clean(arrival.author)}: {clean(arrival.subject)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _short(commit: Oid | None) -> str:
    return clean(commit[:_SHORT]) if commit else "is gone"


def _unreachable(name: str, answer: Unreachable) -> Failure:
    return Failure(
        f"the remote of {name} cannot be reached: {clean(answer.message)}",
        code="remote-unreachable",
        hint="nothing was proven; try again",
        exit_code=AGAIN,
    )


def _busy(name: str) -> Failure:
    return Failure(f"another process verifies {name}", code="busy", hint="try again", exit_code=AGAIN)


def _not_one(word: str, commits: Sequence[Oid]) -> Failure:
    if not commits:
        told, hint = (
            f"--retest {word!r}: no such landing",
            "a branch that landed, or four digits of its commit",
        )
    else:
        told, hint = (
            f"--retest {word!r} names several landings",
            ", ".join(commit[:_SHORT] for commit in commits),
        )
    return Failure(clean(told), code="not-found", hint=hint, exit_code=NO)
