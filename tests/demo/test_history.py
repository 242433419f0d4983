"""A list of steps becomes the tree it says, or is refused."""

import pytest

from mergetui.demo.history import Author, Merge, Replace, Step, Write, edited, stream

EVE = Author("Eve", "eve@shop.example")


def test_an_edit_leaves_the_tree_it_starts_from_alone() -> None:
    before = {"a": "one one"}
    assert edited(before, [Replace("a", "one", "two"), Write("b", "new")]) == {"a": "two two", "b": "new"}
    assert before == {"a": "one one"}


def test_an_edit_that_finds_nothing_is_refused_by_file_and_text() -> None:
    with pytest.raises(ValueError, match="a: nothing to replace, there is no 'three'"):
        edited({"a": "one"}, [Replace("a", "three", "two")])


def test_texts_are_counted_in_bytes() -> None:
    assert "data 2\nö" in stream([Step("main", EVE, "s", (Write("a", "ö"),))])


def test_a_branch_forks_once_and_then_goes_on_by_itself() -> None:
    steps = [Step("main", EVE, "one"), Step("side", EVE, "two"), Step("side", EVE, "three")]
    assert stream(steps).count("from refs/heads/main\n") == 1


def test_a_merge_brings_what_the_other_branch_has() -> None:
    steps = (
        Step("main", EVE, "one"),
        Step("side", EVE, "two", (Write("ours", ""),)),
        Step("main", EVE, "three", (Write("theirs", ""),)),
        Merge("side", EVE),
    )
    _, merge = stream(steps).split("merge refs/heads/main\n")
    assert "inline ours\n" in merge
    assert "inline theirs\n" in merge
