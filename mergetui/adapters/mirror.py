"""The engine's own copy of one repository: a bare mirror, a worktree for catch-up, slots for retests.

After a surprise they are disposed of and made anew, never repaired: a repair has to guess what a killed
git left behind, and guesses wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from mergetui.adapters.applying import Added, AlreadyThere, Conflicted, Unrelated, add
from mergetui.adapters.durable import make_directory
from mergetui.adapters.files import remove
from mergetui.adapters.git import (
    FIRST_FETCH_TIMEOUT,
    PATIENCE,
    REMOTE_TIMEOUT,
    Git,
    GitError,
    Ran,
    RecentCommands,
    allowed_protocols,
)
from mergetui.adapters.halting import NEVER, Halt
from mergetui.adapters.merges import find_merge
from mergetui.adapters.pushing import SHOWS_NO_BRANCH, Replace, ask_refs, fast_forward, judge, push_command
from mergetui.adapters.room import prove as prove_room
from mergetui.adapters.slots import Slot
from mergetui.git_ports import (
    BranchesMoved,
    BranchHasMoved,
    BranchMove,
    Clash,
    Published,
    PublishResult,
    Seen,
)
from mergetui.model import Branch, Candidate, Entry, Link, Oid
from mergetui.naming import full_ref, is_task_branch
from mergetui.outcome import Unreachable
from mergetui.reason import Coded, Reason
from mergetui.repository import Repository

T = TypeVar("T")

_REMOTE = "origin"
_SHORT_QUESTION = 5.0
"""Seconds; the answer only tells whose fault it was that a fetch failed."""


class Mirror:
    """The `Repo` port on real git. The caller holds the repository: nobody else works in `directory`."""

    def __init__(
        self,
        repository: Repository,
        directory: Path,
        commands: RecentCommands | None = None,
        halt: Halt = NEVER,
    ) -> None:
        self._repository = repository
        self._directory = directory
        self._bare = directory / "mirror.git"
        self._worktree = directory / "catch-up"
        protocols = allowed_protocols(repository.remote)
        self._git = Git(self._bare, commands=commands, protocols=protocols, halt=halt)
        self._target = full_ref(repository.target)
        self.copies = 0

    def fetch(self, branches: Sequence[Branch]) -> Seen | Unreachable:
        self._make_mirror()
        fetched = self._fetch(branches)
        if fetched.ok:
            return self._seen(branches)
        # A remote that kept us waiting is not asked again: what it has to do with the fetch is known.
        if fetched.timed_out or not self._answers():
            return Unreachable(fetched.said)
        prove_room(self._directory)
        # The remote answers, there is room, and the fetch fails all the same: the mirror is damaged.
        self._dispose_of_everything()
        self._make_mirror()
        again = self._fetch(branches)
        return self._seen(branches) if again.ok else Unreachable(again.said)

    def is_ancestor(self, commit: Oid, of: Oid) -> bool:
        return self._git.ask("merge-base", "--is-ancestor", commit, of).ok

    def authors(self, commits: Sequence[Oid]) -> Mapping[Oid, str]:
        if not commits:
            return {}
        listing = ("log", "--no-walk=unsorted", "--ignore-missing", "--format=%H %an")
        rows = self._git.tell(*listing, *commits).splitlines()
        return dict(row.split(" ", 1) for row in rows)

    def behind(self, commit: Oid, tip: Oid) -> int:
        ran = self._git.ask("rev-list", "--count", f"{commit}..{tip}")
        return int(ran.out) if ran.ok else 0

    def catch_up(self, entry: Entry, *, onto: Oid) -> Link | Clash:
        try:
            return self._afresh_after_a_surprise(lambda: self._catch_up(entry, onto=onto))
        except GitError:
            if not self._is_damaged():
                raise
        self._dispose_of_everything()
        self._make_mirror()
        self._fetch(entry.branches)
        return self._catch_up(entry, onto=onto)

    def branch_moves(self, candidate: Candidate) -> tuple[BranchMove, ...]:
        # Here, before anything is on its way: a mirror that was made anew has lost what was made in it.
        self._git.tell("cat-file", "-e", f"{candidate.commit}^{{commit}}")
        # A merge commit has the author's head in it: forges see that without a push to the branch.
        if not self._repository.update_branch or self._repository.strategy == "merge":
            return ()
        return tuple(
            BranchMove(branch, head, tip)
            for link in candidate.links
            for branch, head, tip, commits in zip(
                link.branches, link.heads, link.tips, link.commits, strict=True
            )
            if is_task_branch(branch) and commits and tip != head
        )

    def push_branches(self, moves: Sequence[BranchMove]) -> BranchesMoved | BranchHasMoved | Unreachable:
        updates = [Replace(full_ref(move.branch), move.after, move.before) for move in moves]
        if not moves or self._git.ask(*push_command(_REMOTE, updates), timeout=REMOTE_TIMEOUT).ok:
            return BranchesMoved(tuple(moves))
        seen = ask_refs(self._git, _REMOTE, [update.ref for update in updates])
        if isinstance(seen, Unreachable):
            return seen
        at = {move: seen.at.get(full_ref(move.branch)) for move in moves}
        # A branch that stayed where it was is not in the way: the target decides whether it may land.
        gone = [move.branch for move in moves if at[move] not in (move.before, move.after)]
        if gone:
            return BranchHasMoved(tuple(gone))
        return BranchesMoved(tuple(move for move in moves if at[move] == move.after))

    def publish(self, candidate: Candidate) -> PublishResult:
        return fast_forward(
            self._git, _REMOTE, target=self._target, commit=candidate.commit, base=candidate.base
        )

    def what_became_of(self, candidate: Candidate) -> PublishResult:
        return judge(
            self._git, _REMOTE, target=self._target, commit=candidate.commit, base=candidate.base, ran=None
        )

    def find_merge(self, candidate: Candidate, tip: Oid) -> Published | None:
        return find_merge(self._git, candidate, tip)

    def check_out(self, commit: Oid, *, slot: int) -> Path:
        checkout = Slot(self._directory / "slots", slot, self._bare, self._git)
        try:
            return checkout.check_out(commit, clean=self._repository.clean)
        except GitError:
            # The commit was made here and goes with the mirror: it has to be caught up again.
            if self._is_damaged():
                self._dispose_of_everything()
            raise

    def dispose(self) -> None:
        for doomed in (self._worktree, self._directory / "slots", self._bare / "worktrees"):
            remove(doomed)

    def _answers(self) -> bool:
        # Not asked from within the mirror, for git does not get far in a damaged one.
        outside, address = self._git.at(self._directory), self._repository.remote
        answer = ask_refs(outside, address, [self._target], timeout=_SHORT_QUESTION)
        return not isinstance(answer, Unreachable)

    def _fetch(self, branches: Sequence[Branch]) -> Ran:
        requests = [f"+{_stem(b)}/*:{_stem(b)}/*" for b in branches if not is_task_branch(b)]
        return self._git.ask(
            "fetch",
            "--quiet",
            "--no-tags",
            "--prune",
            "--no-write-fetch-head",
            _REMOTE,
            "+refs/heads/*:refs/heads/*",
            *sorted(set(requests)),
            timeout=FIRST_FETCH_TIMEOUT if self._is_empty() else REMOTE_TIMEOUT,
            patience=PATIENCE,
        )

    def _is_empty(self) -> bool:
        heads = self._bare / "refs" / "heads"
        return not (self._bare / "packed-refs").exists() and not (heads.is_dir() and any(heads.iterdir()))

    def _seen(self, branches: Sequence[Branch]) -> Seen | Unreachable:
        refs = {full_ref(branch): branch for branch in branches}
        rows = self._git.tell("for-each-ref", "--format=%(objectname) %(refname)", self._target, *refs)
        found = {ref: oid for oid, ref in (row.split(" ", 1) for row in rows.splitlines())}
        heads = {branch: found[ref] for ref, branch in refs.items() if ref in found}
        if not found and not self._git.tell("for-each-ref", "--count=1", "refs/heads"):
            return Unreachable(SHOWS_NO_BRANCH)
        return Seen(tip=found.get(self._target), heads=heads)

    def _catch_up(self, entry: Entry, *, onto: Oid) -> Link | Clash:
        git = self._git.at(self._make_worktree())
        tips, commits = list[Oid](), list[tuple[Oid, ...]]()
        tip, was_empty = onto, True
        for branch, head in zip(entry.branches, entry.heads, strict=True):
            added = add(git, head, label=branch, onto=tip, strategy=self._repository.strategy)
            match added:
                case Added():
                    tip = added.commit
                    commits.append(added.commits)
                case AlreadyThere():
                    was_empty = was_empty and added.was_empty
                    commits.append(())
                case Conflicted(paths=paths):
                    return Clash(Coded(Reason.CONFLICT, _conflict(branch, entry, paths)))
                case Unrelated():
                    return Clash(_unrelated(branch, self._repository.target))
            tips.append(tip)
        if tip == onto:
            return Clash(_nothing(was_empty, self._repository.target))
        tree = git.tell("rev-parse", f"{tip}^{{tree}}")
        return Link(
            entry=entry.id,
            branches=entry.branches,
            heads=entry.heads,
            commit=tip,
            tree=tree,
            tips=tuple(tips),
            commits=tuple(commits),
        )

    def _make_mirror(self) -> None:
        address = ("config", f"remote.{_REMOTE}.url", self._repository.remote)
        # Git says so when the directory is too damaged to be a repository.
        if self._bare.is_dir() and not self._is_shallow() and self._git.ask(*address).ok:
            return
        prove_room(self._directory)
        self._dispose_of_everything()
        self.copies += 1
        make_directory(self._bare)
        self._git.at(self._directory).tell("init", "--quiet", "--bare", str(self._bare))
        self._git.tell(*address)

    def _make_worktree(self) -> Path:
        if not (self._worktree / ".git").is_file():
            remove(self._worktree)
            self._git.tell("worktree", "prune")
            tip = self._git.tell("rev-parse", self._target)
            make_directory(self._worktree)
            self._git.tell("worktree", "add", "--quiet", "--force", "--detach", str(self._worktree), tip)
        return self._worktree

    def _afresh_after_a_surprise(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except GitError:
            self.dispose()
            return work()

    def _is_damaged(self) -> bool:
        """Whether an object cannot be read; a fetch that brings nothing new does not notice."""
        return self._is_shallow() or not self._git.ask("fsck", "--no-dangling", "--no-progress").ok

    def _is_shallow(self) -> bool:
        """Whether histories end where they do not; no fetch of ours makes it so."""
        return (self._bare / "shallow").exists()

    def _dispose_of_everything(self) -> None:
        self.dispose()
        remove(self._bare)


def _stem(request: Branch) -> str:
    return request.rsplit("/", 1)[0]


def _conflict(branch: Branch, entry: Entry, paths: Sequence[str]) -> str:
    return ", ".join(paths) if len(entry.branches) == 1 else f"{branch}: {', '.join(paths)}"


def _unrelated(branch: Branch, target: Branch) -> Coded:
    return Coded(Reason.UNRELATED_HISTORY, f"{branch} has no history in common with {target}")


def _nothing(was_empty: bool, target: Branch) -> Coded:
    if was_empty:
        return Coded(Reason.NOTHING_TO_LAND, "the branch changes nothing")
    return Coded(Reason.ALREADY_LANDED, f"{target} has all of it")
