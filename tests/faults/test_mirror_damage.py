"""A mirror that is shallow, torn or full of leftovers: made anew once, and what lands is still exact."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mergetui.adapters.git import Git, GitError
from mergetui.adapters.mirror import Mirror
from mergetui.events import Broken, CatchUpStarted, CaughtUp, RetestEnded, RetestStarted
from mergetui.model import Candidate, Entry, Link
from mergetui.reason import Reason
from mergetui.repository import Repository
from tests.gate.gate import TestGate
from tests.worlds.remote import Remote, git_in

pytestmark = [pytest.mark.soak, pytest.mark.fault(22)]

Damage = Callable[[Path], object]
Stage = type[CatchUpStarted] | type[CaughtUp] | type[RetestStarted]


def mirror_of(gate: TestGate) -> Path:
    return gate.directory / "cache" / "shop" / "mirror.git"


def objects(mirror: Path) -> list[Path]:
    """Packs, their indexes and loose objects; writable."""
    found = [path for path in (mirror / "objects").rglob("*") if path.is_file()]
    for path in found:
        path.chmod(0o600)
    return found


def pack(mirror: Path) -> Path:
    git_in(mirror, "repack", "-adq")
    return next(path for path in objects(mirror) if path.suffix == ".pack")


def truncated_pack(mirror: Path) -> None:
    torn = pack(mirror)
    torn.write_bytes(torn.read_bytes()[: torn.stat().st_size // 2])


def empty_pack(mirror: Path) -> None:
    pack(mirror).write_bytes(b"")


def pack_without_its_index(mirror: Path) -> None:
    pack(mirror).with_suffix(".idx").unlink()


def zeroed_loose_objects(mirror: Path) -> None:
    for path in objects(mirror):
        path.write_bytes(bytes(path.stat().st_size))


def no_objects(mirror: Path) -> None:
    for path in objects(mirror):
        path.unlink()


def no_head(mirror: Path) -> None:
    (mirror / "HEAD").unlink()


def empty_head(mirror: Path) -> None:
    (mirror / "HEAD").write_text("")


def no_refs(mirror: Path) -> None:
    git_in(mirror, "pack-refs", "--all")
    (mirror / "packed-refs").unlink()


def torn_packed_refs(mirror: Path) -> None:
    git_in(mirror, "pack-refs", "--all")
    (mirror / "packed-refs").write_text("nonsense")


def torn_ref(mirror: Path) -> None:
    (mirror / "refs" / "heads" / "main").write_bytes(bytes(41))


def refs_to_objects_that_are_gone(mirror: Path) -> None:
    (mirror / "refs" / "heads" / "main").write_text("1" * 40 + "\n")


def torn_config(mirror: Path) -> None:
    (mirror / "config").write_bytes(b"[core\0")


def empty_config(mirror: Path) -> None:
    (mirror / "config").write_bytes(b"")


def stale_locks(mirror: Path) -> None:
    for lock in ("HEAD", "config", "packed-refs", "shallow", "refs/heads/main", "refs/heads/feature"):
        (mirror / f"{lock}.lock").touch()


def shallow(mirror: Path) -> None:
    (mirror / "shallow").write_text(git_in(mirror, "rev-parse", "refs/heads/main") + "\n")


def borrows_from_nowhere(mirror: Path) -> None:
    (mirror / "objects" / "info").mkdir(exist_ok=True)
    (mirror / "objects" / "info" / "alternates").write_text("/nowhere/objects\n")


def half_made_worktree(mirror: Path) -> None:
    (mirror.parent / "catch-up" / ".git").write_text("")
    (mirror / "worktrees" / "catch-up" / "index.lock").touch()


def worktree_without_its_repository(mirror: Path) -> None:
    for name in ("HEAD", "commondir", "gitdir", "index"):
        (mirror / "worktrees" / "catch-up" / name).unlink()


def torn_blobs(mirror: Path) -> None:
    """What a check of the connectivity alone does not see."""
    kinds = git_in(mirror, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)")
    for name in (row.split()[1] for row in kinds.splitlines() if row.startswith("blob")):
        blob = mirror / "objects" / name[:2] / name[2:]
        blob.chmod(0o600)
        blob.write_bytes(blob.read_bytes()[:-1])


DAMAGES = [
    torn_blobs,
    truncated_pack,
    empty_pack,
    pack_without_its_index,
    no_objects,
    no_head,
    empty_head,
    no_refs,
    torn_packed_refs,
    torn_ref,
    refs_to_objects_that_are_gone,
    torn_config,
    empty_config,
    stale_locks,
    shallow,
    borrows_from_nowhere,
    half_made_worktree,
    worktree_without_its_repository,
]
every_damage = pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.__name__.replace("_", " "))


@pytest.fixture
def warm(remote: Remote, gate: TestGate) -> TestGate:
    """One branch has landed; `feature` is queued, and main has moved on: it has to be caught up."""
    remote.push("main", {"kept": "kept\n"})
    remote.propose("before", {"test-before": "grep -q kept kept"})
    gate.enqueue("before")
    gate.drain()
    remote.propose("feature", a="1")
    remote.push(b="1")
    gate.enqueue("feature")
    return gate


def landed_exactly(remote: Remote, gate: TestGate) -> bool:
    assert gate.landed() == ["before", "feature"]
    assert set(remote.files()) == {"README", "a", "b", "kept", "test-before"}
    run = gate.run_of("feature")
    assert (remote.tip(), remote.tree()) == (run.tested_commit, run.tested_tree)
    return gate.facts(Broken) == []


@every_damage
def test_damage_between_two_landings_costs_nothing_but_time(
    damage: Damage, remote: Remote, warm: TestGate
) -> None:
    damage(mirror_of(warm))
    warm.drain()
    assert landed_exactly(remote, warm)


@pytest.mark.parametrize("at", [CatchUpStarted, CaughtUp, RetestStarted], ids=lambda fact: fact.__name__)
@every_damage
@pytest.mark.soak
def test_damage_in_the_middle_lands_nothing_but_what_was_tested(
    damage: Damage,
    at: type[CatchUpStarted] | type[CaughtUp] | type[RetestStarted],
    remote: Remote,
    warm: TestGate,
) -> None:
    warm.when(at, lambda: damage(mirror_of(warm)))
    warm.drain()
    warm.later(hours=1)
    warm.drain()
    assert warm.landed() == ["before", "feature"]
    landed_exactly(remote, warm)


def test_torn_blobs_are_found_when_they_are_needed_and_brought_anew(remote: Remote, warm: TestGate) -> None:
    warm.when(CaughtUp, lambda: torn_blobs(mirror_of(warm)))
    warm.drain()
    warm.later(hours=1)
    warm.drain()
    landed_exactly(remote, warm)


def test_a_candidate_that_went_with_its_mirror_is_no_refusal_of_the_remote(
    remote: Remote, tmp_path: Path
) -> None:
    remote.propose("feature", a="1")
    tip = remote.push(b="1")
    mirror = Mirror(Repository(name="shop", remote=remote.url), tmp_path / "cache")
    mirror.fetch(["feature"])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    entry = Entry(id="e", branches=("feature",), heads=(remote.tip("feature"),), enqueued_at=now)
    link = mirror.catch_up(entry, onto=tip)
    assert isinstance(link, Link)
    no_head(tmp_path / "cache" / "mirror.git")
    mirror.fetch(["feature"])
    with pytest.raises(GitError, match="the copy that it was made in is damaged"):
        mirror.publish(Candidate(base=tip, links=(link,)))
    assert remote.tip() == tip


def test_a_blob_with_a_flipped_byte_is_never_read_as_something_else(remote: Remote) -> None:
    remote.configure("fastimport.unpackLimit", "100")
    remote.push(loose="by itself\n")
    name = remote.files()["loose"].split()[1]
    blob = remote.path / "objects" / name[:2] / name[2:]
    blob.chmod(0o600)
    whole = blob.read_bytes()
    read = set()
    for position in range(len(whole)):
        blob.write_bytes(whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :])
        ran = Git(remote.path).ask("cat-file", "blob", name)
        read.add((ran.ok, ran.out if ran.ok else ""))
    assert read <= {(False, ""), (True, "by itself\n")}
    assert (False, "") in read


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_mirror_that_belongs_to_somebody_else_is_not_worked_in(remote: Remote, warm: TestGate) -> None:
    for path in (mirror_of(warm), *mirror_of(warm).rglob("*")):
        os.chown(path, 12345, 12345)
    warm.drain()
    assert landed_exactly(remote, warm)


def test_a_test_whose_checkout_went_with_its_mirror_is_nobodys_fault(
    remote: Remote, make_gate: Callable[..., TestGate], tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    waits = f"[ -e {seen} ] || {{ touch {seen}; while [ -e README ]; do sleep 0.01; done; exit 1; }}"
    gate = make_gate(retest=waits)
    remote.propose("feature", a="1")
    gate.enqueue("feature")
    gate.when(RetestStarted, lambda: shallow(mirror_of(gate)))
    gate.drain()
    assert gate.landed() == ["feature"]
    first, second = gate.facts(RetestEnded)
    assert (first.reason and first.reason.code, second.reason) == (Reason.INTERRUPTED, None)
