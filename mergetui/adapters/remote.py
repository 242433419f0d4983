"""Asking a remote for its branches, without a copy of the repository."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mergetui.adapters.git import Git, allowed_protocols
from mergetui.adapters.pushing import SHOWS_NO_BRANCH, Refs, ask_refs
from mergetui.model import Branch, Oid
from mergetui.naming import full_ref
from mergetui.outcome import Unreachable

_PATIENCE = 15.0
"""Seconds; a person waits for the answer."""


class AskedRemote:
    """The `RemoteRefs` port by git-ls-remote(1)."""

    def __init__(self, remote: str) -> None:
        self._remote = remote
        self._git = Git(Path("/"), protocols=allowed_protocols(remote))

    def heads(self, branches: Sequence[Branch]) -> Mapping[Branch, Oid] | Unreachable:
        answer = ask_refs(self._git, self._remote, [full_ref(b) for b in branches], timeout=_PATIENCE)
        if not isinstance(answer, Refs):
            return answer
        return {b: answer.at[full_ref(b)] for b in branches if full_ref(b) in answer.at}

    def all_heads(self) -> Mapping[Branch, Oid] | Unreachable:
        ran = self._git.ask("ls-remote", "--quiet", "--heads", self._remote, timeout=_PATIENCE)
        if not ran.ok:
            return Unreachable(ran.said)
        if not ran.out:
            return Unreachable(SHOWS_NO_BRANCH)
        rows = (line.split("\t", 1) for line in ran.out.splitlines() if "\t" in line)
        return {ref.removeprefix("refs/heads/"): oid for oid, ref in rows}
