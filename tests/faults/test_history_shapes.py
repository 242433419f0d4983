"""Branches of every shape, through the whole gate: landed exactly, or sent back with the reason."""

import os
import subprocess  # noqa: TID251 - a person's git, to say what merging gives
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from mergetui.events import LandingStarted, RetestStarted
from mergetui.repository import Strategy
from tests.gate.gate import TestGate
from tests.worlds.remote import File, Remote, link, program, submodule
from tests.worlds.texts import lines

pytestmark = pytest.mark.soak

MakeGate = Callable[..., TestGate]
STRATEGIES: list[Strategy] = ["rebase", "squash", "merge"]

every_strategy = pytest.mark.parametrize(
    "strategy", ["rebase", *(pytest.param(other, marks=pytest.mark.soak) for other in STRATEGIES[1:])]
)
shapes_row = pytest.mark.fault(21)
nothing_row = pytest.mark.fault(20)

LFS = File(b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n")


def merged(remote: Remote, tmp_path: Path, *, ours: str, theirs: str) -> dict[str, str]:
    """Path to mode and object name, as a person's git merges the two."""
    told = subprocess.run(
        ["git", "merge-tree", "--write-tree", ours, theirs],
        cwd=remote.path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"},
        capture_output=True,
        check=True,
    )
    return remote.files(told.stdout.decode().strip())


# What lands, with every strategy, is what merging would give.


def took_main_in(remote: Remote) -> None:
    remote.propose("feature", a="1")
    remote.push(b="1")
    remote.push("feature", also=["main"], b="1", c="1")
    remote.push(d="1")


def evil_merge(remote: Remote) -> None:
    """The merge commit holds what neither of its parents has."""
    remote.propose("feature", a="1")
    remote.push(b="1")
    remote.push("feature", also=["main"], b="1", evil="1")
    remote.push(c="1")


def resolved_conflict(remote: Remote) -> None:
    remote.push(text=lines({5: "base"}))
    remote.propose("feature", text=lines({5: "ours"}))
    remote.push(text=lines({5: "theirs"}))
    remote.push("feature", also=["main"], text=lines({5: "both"}))
    remote.push(d="1")


def octopus(remote: Remote) -> None:
    for arm in ("one", "two", "three"):
        remote.propose(arm, {arm: "1"})
    remote.commit("feature", ["one", "two", "three"], files={"one": "1", "two": "1", "three": "1"})
    remote.push(b="1")


def took_a_root_in(remote: Remote) -> None:
    remote.root("library", lib="1")
    remote.propose("feature", a="1")
    remote.push("feature", also=["library"], lib="1")
    remote.push(b="1")


def partly_landed(remote: Remote) -> None:
    remote.propose("feature", a="1")
    remote.push("feature", c="1")
    remote.push(a="1", b="1")


def empty_commits_between(remote: Remote) -> None:
    remote.propose("feature")
    remote.push("feature", a="1")
    remote.push("feature")
    remote.push(b="1")


def submodule_bump(remote: Remote) -> None:
    remote.push("main", {".gitmodules": '[submodule "lib"]\n\tpath = lib\n\turl = ../lib.git\n'})
    remote.push(lib=submodule("1" * 40))
    remote.propose("feature", lib=submodule("2" * 40))
    remote.push(b="1")


def large_files_by_pointer(remote: Remote) -> None:
    remote.push("main", {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "old.bin": LFS})
    remote.propose("feature", {"new.bin": LFS})
    remote.push(b="1")


def missing_filter(remote: Remote) -> None:
    remote.push("main", {".gitattributes": "* filter=nobody-has-this\n"})
    remote.propose("feature", a="one\r\ntwo\n")
    remote.push(b="1")


def line_endings(remote: Remote) -> None:
    remote.push("main", {".gitattributes": "* text=auto eol=crlf\n", "dos": File(b"1\r\n2\r\n")})
    remote.propose("feature", {"new": File(b"1\r\n2\r\n"), "unix": "1\n2\n"})
    remote.push(b="1")


def modes_and_links(remote: Remote) -> None:
    remote.push(tool="#!/bin/sh\n")
    remote.propose("feature", tool=program("#!/bin/sh\n"), to=link("/etc/passwd"), gone=link("nowhere"))
    remote.push(b="1")


def renamed_here_changed_there(remote: Remote) -> None:
    remote.push(old=lines())
    remote.propose("feature", old=None, new=lines())
    remote.push(old=lines({12: "theirs"}))


SHAPES = [
    took_main_in,
    evil_merge,
    resolved_conflict,
    octopus,
    took_a_root_in,
    partly_landed,
    empty_commits_between,
    submodule_bump,
    large_files_by_pointer,
    missing_filter,
    line_endings,
    modes_and_links,
    renamed_here_changed_there,
]


@shapes_row
@every_strategy
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__.replace("_", " "))
def test_what_lands_is_what_merging_gives(
    shape: Callable[[Remote], None],
    strategy: Strategy,
    remote: Remote,
    make_gate: MakeGate,
    tmp_path: Path,
) -> None:
    gate = make_gate(strategy=strategy)
    shape(remote)
    expected = merged(remote, tmp_path, ours=remote.tip("main"), theirs=remote.tip("feature"))
    gate.enqueue("feature")
    gate.drain()
    assert gate.landed() == ["feature"]
    assert remote.files() == expected
    assert remote.tree() == gate.run_of("feature").tested_tree


@shapes_row
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__.replace("_", " "))
def test_no_commit_that_lands_is_empty_or_a_merge(
    shape: Callable[[Remote], None], remote: Remote, gate: TestGate
) -> None:
    shape(remote)
    before = remote.tip()
    gate.enqueue("feature")
    gate.drain()
    landed = remote.log(f"{before}..main", "%H")
    assert landed
    assert [len(remote.parents(commit)) for commit in landed] == [1] * len(landed)
    trees = [remote.tree(commit) for commit in (before, *landed)]
    assert all(tree != next_tree for tree, next_tree in pairwise(trees))


@shapes_row
def test_the_retest_finds_pointers_as_they_are_and_no_filter_that_is_missing(
    remote: Remote, gate: TestGate
) -> None:
    large_files_by_pointer(remote)
    remote.push("feature", {"test-pointer": 'test "$(head -c 7 new.bin)" = version'})
    gate.enqueue("feature")
    gate.drain()
    assert gate.landed() == ["feature"]


@shapes_row
@every_strategy
def test_a_history_of_its_own_is_sent_back(strategy: Strategy, remote: Remote, make_gate: MakeGate) -> None:
    gate = make_gate(strategy=strategy)
    remote.root("alien", a="1")
    gate.enqueue("alien")
    gate.drain()
    assert gate.reason("alien").code == "unrelated-history"
    assert remote.tip() == remote.first


@shapes_row
@every_strategy
@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        ({"x": submodule("1" * 40)}, {"x": submodule("2" * 40)}, {"x": submodule("3" * 40)}),
        ({"x": LFS}, {"x": File(LFS.content + b"1")}, {"x": File(LFS.content + b"2")}),
        ({"x": "1"}, {"x": None, "x/y": "another"}, {"x": "2"}),
        ({"x": link("a")}, {"x": link("b")}, {"x": link("c")}),
    ],
    ids=["submodule", "pointer", "file and directory", "link"],
)
def test_what_only_a_person_can_merge_is_sent_back_with_its_path(
    base: Mapping[str, File],
    ours: Mapping[str, File],
    theirs: Mapping[str, File],
    strategy: Strategy,
    remote: Remote,
    make_gate: MakeGate,
) -> None:
    gate = make_gate(strategy=strategy)
    remote.push("main", base)
    remote.propose("feature", ours)
    before = remote.push("main", theirs)
    gate.enqueue("feature")
    gate.drain()
    assert gate.reason("feature").code == "conflict"
    assert "x" in gate.reason("feature").detail
    assert remote.tip() == before


# Nothing to land.


def identical(remote: Remote) -> None:
    remote.point("feature", remote.first)
    remote.push(b="1")


def landed_by_rebase(remote: Remote) -> None:
    remote.propose("feature", a="1")
    remote.push("feature", c="1")
    remote.push(b="1")
    remote.push(a="1")
    remote.push(c="1")


def landed_by_squash(remote: Remote) -> None:
    remote.propose("feature", a="1")
    remote.push("feature", c="1")
    remote.push(a="1", c="1")
    remote.push(b="1")


def landed_by_merge(remote: Remote) -> None:
    remote.propose("feature", a="1")
    remote.push(b="1")
    remote.push("main", also=["feature"], a="1")


def only_empty_commits(remote: Remote) -> None:
    remote.propose("feature")
    remote.push("feature")
    remote.push(b="1")


def a_change_and_its_revert(remote: Remote) -> None:
    remote.propose("feature", a="1")
    remote.push("feature", a=None)
    remote.push(b="1")


def only_merges_of_main(remote: Remote) -> None:
    remote.propose("feature")
    remote.push(b="1")
    remote.push("feature", also=["main"], b="1")
    remote.push(c="1")


@nothing_row
@every_strategy
@pytest.mark.parametrize(
    ("shape", "code"),
    [
        (identical, "already-landed"),
        (landed_by_rebase, "already-landed"),
        (landed_by_squash, "already-landed"),
        (landed_by_merge, "already-landed"),
        (only_empty_commits, "nothing-to-land"),
        (a_change_and_its_revert, "nothing-to-land"),
        (only_merges_of_main, "nothing-to-land"),
    ],
    ids=lambda value: getattr(value, "__name__", value).replace("_", " "),
)
def test_nothing_is_tested_or_landed_where_there_is_nothing(
    shape: Callable[[Remote], None], code: str, strategy: Strategy, remote: Remote, make_gate: MakeGate
) -> None:
    gate = make_gate(strategy=strategy)
    shape(remote)
    before = remote.refs()
    gate.enqueue("feature")
    gate.drain()
    assert gate.reason("feature").code == code
    assert remote.refs() == before
    assert (gate.facts(RetestStarted), gate.facts(LandingStarted)) == ([], [])


@nothing_row
def test_of_two_branches_with_the_same_change_one_lands_and_the_other_is_said_to_have(
    remote: Remote, gate: TestGate
) -> None:
    remote.propose("one", a="1")
    remote.propose("two", a="1", by="Bob")
    gate.enqueue("one", "two")
    gate.drain()
    assert gate.landed() == ["one"]
    assert gate.reason("two").code == "already-landed"
    assert len(remote.log("main")) == 2
