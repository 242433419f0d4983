"""The landing primitive, usable alone: put changes on top of a remote's target and push, all or nothing."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from filelock import FileLock
from msgspec import Struct

from mergetui.adapters.applying import Added, AlreadyThere, Conflicted, Unrelated, add
from mergetui.adapters.files import remove
from mergetui.adapters.git import PATIENCE, REMOTE_TIMEOUT, Git, GitError, Identity
from mergetui.adapters.pushing import SHOWS_NO_BRANCH, fast_forward
from mergetui.git_ports import Published, PushRefused, TargetHasMoved, Undecided
from mergetui.model import Change, Oid
from mergetui.naming import full_ref
from mergetui.outcome import (
    Applied,
    ApplyResult,
    ChangeOutcome,
    Conflict,
    Contended,
    Invalid,
    Pushed,
    PushResult,
    Refused,
    Unreachable,
)
from mergetui.reason import Reason
from mergetui.repository import Strategy

MAX_ATTEMPTS = 10

_SEEN = "refs/mergetui/seen/"
"""Where the remote's refs are kept in the checkout, apart from the user's own remote-tracking refs."""
_HEX = re.compile(r"[0-9a-f]{7,64}")
_LEFTOVERS = ("rebase-merge", "rebase-apply", "sequencer", "index.lock", "HEAD.lock")
"""What an operation that was killed leaves in a checkout; nobody else works in it while we do."""
_ASKS = 5
"""How often the remote is asked what became of a push that it did not answer."""


class _Resolved(Struct, frozen=True):
    base: Oid
    changes: tuple[tuple[Change, tuple[tuple[str, Oid], ...]], ...]
    """Each change with its revisions: the name that was given, and the commit that it means."""


class GitPusher:
    """Pushes changes to `target` of `remote` from a checkout that belongs to it while it works.

    Nothing of the checkout's uncommitted content is kept; its branches are not touched. Calls on one
    checkout wait for each other, across threads and processes.
    """

    def __init__(
        self,
        checkout: Path | str,
        *,
        remote: str = "origin",
        target: str = "main",
        max_attempts: int = MAX_ATTEMPTS,
        strategy: Strategy = "rebase",
        identity: Identity | None = None,
    ) -> None:
        if max_attempts < 1:
            raise ValueError(f"max_attempts is {max_attempts}; at least 1 is allowed")
        if strategy not in ("rebase", "squash", "merge"):
            raise ValueError(f"strategy is {strategy!r}; allowed are rebase, squash and merge")
        if not remote or remote.startswith("-"):
            raise ValueError(f"remote is {remote!r}; a remote's name or address is allowed")
        self.checkout = Path(checkout)
        self.remote = remote
        self.target = target
        self.max_attempts = max_attempts
        self.strategy = strategy
        self._git = Git(self.checkout, identity=identity)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "GitPusher":
        """Settings from `MERGETUI_PUSHER_CHECKOUT`, `_REMOTE`, `_TARGET`, `_MAX_ATTEMPTS`, `_STRATEGY`.

        A ValueError names the variable that is missing or wrong.
        """
        said = {
            key: environ[name]
            for key in ("checkout", "remote", "target", "max_attempts", "strategy")
            if (name := f"MERGETUI_PUSHER_{key.upper()}") in environ
        }
        attempts = said.pop("max_attempts", str(MAX_ATTEMPTS))
        if not attempts.isdigit():
            raise ValueError(f"MERGETUI_PUSHER_MAX_ATTEMPTS is {attempts!r}; a whole number is allowed")
        if "checkout" not in said:
            raise ValueError("MERGETUI_PUSHER_CHECKOUT is not set; it names the checkout to work in")
        return cls(max_attempts=int(attempts), **said)  # type: ignore[arg-type]

    def apply(self, changes: list[Change] | tuple[Change, ...]) -> ApplyResult:
        """The dry run: what `push` would push now. The remote is only read."""
        try:
            with self._alone():
                return self._apply(changes)
        except (GitError, OSError) as error:
            return Invalid(str(error))

    def push(self, changes: list[Change] | tuple[Change, ...]) -> PushResult:
        """Land every change, in order, or none; never raises.

        The whole cycle is run again when the target moved, at most `max_attempts` times.
        """
        try:
            with self._alone():
                return self._push(changes)
        except (GitError, OSError) as error:
            return Invalid(str(error))

    def publish(self, applied: Applied) -> PushResult:
        """Push what `apply` made, and nothing else: `Contended` when the target has moved since."""
        try:
            with self._alone():
                return self._publish(applied) or Contended(1)
        except (GitError, OSError) as error:
            return Invalid(str(error))

    def _push(self, changes: list[Change] | tuple[Change, ...]) -> PushResult:
        for _ in range(self.max_attempts):
            applied = self._apply(changes)
            if not isinstance(applied, Applied):
                return applied
            published = self._publish(applied)
            if published is not None:
                return published
        return Contended(self.max_attempts)

    def _publish(self, applied: Applied) -> Pushed | Refused | Unreachable | None:
        """None: the target has moved."""
        if applied.commit == applied.base:
            return Pushed(applied.outcomes, applied.base)
        for _ in range(_ASKS):
            # The same push again is how a lost answer is asked for: landing twice is no change.
            said = fast_forward(
                self._git, self.remote, target=full_ref(self.target), commit=applied.commit, base=applied.base
            )
            match said:
                case Published(tip=tip):
                    return Pushed(applied.outcomes, tip)
                case TargetHasMoved():
                    return None
                case PushRefused(reason=reason):
                    return Refused(reason.detail)
                case _:
                    continue
        assert isinstance(said, Undecided | Unreachable)
        return Unreachable(said.detail if isinstance(said, Undecided) else said.message)

    def _apply(self, changes: list[Change] | tuple[Change, ...]) -> ApplyResult:
        if not changes or any(not change.revisions for change in changes):
            told = "nothing to push: name at least one change, and in each at least one revision"
            return Invalid(told, Reason.NOTHING_TO_LAND)
        resolved = self._resolve(changes)
        if not isinstance(resolved, _Resolved):
            return resolved
        self._reset(resolved.base)
        return self._apply_all(resolved)

    def _apply_all(self, resolved: _Resolved) -> ApplyResult:
        tip, outcomes = resolved.base, list[ChangeOutcome]()
        for change, revisions in resolved.changes:
            commits: tuple[Oid, ...] = ()
            for name, revision in revisions:
                added = add(self._git, revision, label=name, onto=tip, strategy=self.strategy)
                match added:
                    case Added():
                        tip, commits = added.commit, (*commits, *added.commits)
                    case AlreadyThere():
                        continue
                    case Conflicted(paths=paths):
                        self._reset(resolved.base)
                        return Conflict(change, paths)
                    case Unrelated():
                        self._reset(resolved.base)
                        return Invalid(
                            f"{name} has no history in common with {self.target}", Reason.UNRELATED_HISTORY
                        )
            outcomes.append(ChangeOutcome(change, "committed" if commits else "already-existed", commits))
        self._git.tell("checkout", "--quiet", "--force", "--detach", tip)
        return Applied(tuple(outcomes), resolved.base, tip, self._git.tell("rev-parse", f"{tip}^{{tree}}"))

    def _resolve(self, changes: list[Change] | tuple[Change, ...]) -> _Resolved | Invalid | Unreachable:
        asked = {name for change in changes for name in change.revisions}
        fetched = self._fetch(sorted(name for name in asked if _is_other_ref(name)))
        if isinstance(fetched, Invalid | Unreachable):
            return fetched
        base = fetched.get(full_ref(self.target))
        if base is None:
            return Invalid(f"the remote has no branch {self.target!r} to push to")
        oids = {name: self._commit_of(name, fetched) for name in asked}
        unknown = sorted(name for name, oid in oids.items() if oid is None)
        if unknown:
            return Invalid(f"unknown on the remote: {', '.join(unknown)}", Reason.BRANCH_GONE)
        known = {name: oid for name, oid in oids.items() if oid is not None}
        pairs = tuple((change, tuple((name, known[name]) for name in change.revisions)) for change in changes)
        return _Resolved(base, pairs)

    def _fetch(self, others: list[str]) -> Mapping[str, Oid] | Invalid | Unreachable:
        """The remote's branches, and the refs named in full, as they are now."""
        specs = ["+refs/heads/*:" + _SEEN + "heads/*"]
        fetch = ("fetch", "--quiet", "--no-tags", "--prune", "--no-write-fetch-head")
        ran = self._git.ask(*fetch, self.remote, *specs, timeout=REMOTE_TIMEOUT, patience=PATIENCE)
        if not ran.ok:
            return Unreachable(ran.said)
        for ref in others:
            # One by one, for a ref that is missing would fail the others.
            spec = f"+{ref}:{_SEEN}{ref.removeprefix('refs/')}"
            if not self._git.ask(*fetch, self.remote, spec, timeout=REMOTE_TIMEOUT, patience=PATIENCE).ok:
                return Invalid(f"unknown on the remote: {ref}", Reason.BRANCH_GONE)
        rows = self._git.tell("for-each-ref", "--format=%(objectname) %(refname)", _SEEN).splitlines()
        if not rows:
            return Unreachable(SHOWS_NO_BRANCH)
        pairs = (row.split(" ", 1) for row in rows)
        return {"refs/" + ref.removeprefix(_SEEN): oid for oid, ref in pairs}

    def _commit_of(self, name: str, seen: Mapping[str, Oid]) -> Oid | None:
        oid = seen.get(name) or seen.get(f"refs/heads/{name}")
        if oid is None and _HEX.fullmatch(name):
            oid = name
        if oid is None:
            return None
        found = self._git.ask("rev-parse", "--quiet", "--verify", f"{oid}^{{commit}}")
        if not found.ok and len(name) >= 40:
            self._git.ask("fetch", "--quiet", "--no-tags", self.remote, oid, timeout=REMOTE_TIMEOUT)
            found = self._git.ask("rev-parse", "--quiet", "--verify", f"{oid}^{{commit}}")
        return found.out.strip() if found.ok else None

    def _reset(self, tip: Oid) -> None:
        """The checkout stands at `tip`, clean, whatever state it was left in."""
        # Removed by hand, for `--quit` refuses state that a kill has left half written.
        directory = self._git_directory()
        for leftover in _LEFTOVERS:
            remove(directory / leftover)
        self._git.tell("checkout", "--quiet", "--force", "--detach", tip)
        self._git.tell("clean", "--quiet", "-ffdx")

    def _alone(self) -> FileLock:
        if not self.checkout.is_dir():
            raise GitError(f"the checkout {self.checkout} is not a directory")
        directory = self._git_directory()
        with suppress(FileExistsError):
            directory.joinpath("mergetui.lock").touch(mode=0o600, exist_ok=False)
        return FileLock(directory / "mergetui.lock")

    def _git_directory(self) -> Path:
        return Path(self._git.tell("rev-parse", "--absolute-git-dir"))


def _is_other_ref(name: str) -> bool:
    return name.startswith("refs/") and not name.startswith("refs/heads/")
