"""What acting keys do where others act too, and what taking them back gives."""

from pathlib import Path

from msgspec.structs import replace
from textual.events import Key
from textual.keys import key_to_character

from mergetui.adapters.memory import MemoryStore
from mergetui.events import ApprovalWithdrawn, Approved
from mergetui.model import EntryState, Priority
from mergetui.queueing import put, take_out
from mergetui.reason import Coded, Reason
from mergetui.state import Advance, Pause
from mergetui.tui import desk_work
from mergetui.tui.screens.enqueue import EnqueuePicker
from mergetui.tui.screens.pause import PauseForm
from mergetui.tui.screens.step import StepPreview
from mergetui.tui.screens.why import WhyView
from tests.tui.fakes import NOON, World, entry, holder, lease, oid, queue_of
from tests.tui.seat import play, seated

JOE = holder("joe", 77)


def idle(tmp_path: Path, **fields: object) -> World:
    """One repository whose three entries wait."""
    entries = (entry(1, "feat/a"), entry(2, "feat/b"), entry(3, "feat/c"))
    return World(tmp_path, {"shop": queue_of(*entries, **fields), "api": queue_of()})


def test_an_engine_that_dies_elsewhere_stands_in_no_ones_way_any_more(tmp_path: Path) -> None:
    world = idle(tmp_path, advance=Advance(holder=JOE, mode="auto", since=NOON))

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("a")
            await seat.until_said("joe@buildbox pid 77 works on shop")
            world.wiring.fake_processes.dead.add(JOE)
            await seat.until(lambda: seat.main.taken["shop"].picture.worked_on_elsewhere is None)
            await seat.press("a")
            await seat.until(lambda: world.engine.wanted == [("shop", "auto")])

    play(scene())


def test_a_lease_whose_holder_dies_is_shown_as_stale(tmp_path: Path) -> None:
    world = idle(tmp_path, lease=lease("joe"))

    async def scene() -> None:
        async with seated(world) as seat:
            assert not seat.main.taken["shop"].picture.lease_is_stale
            world.wiring.fake_processes.dead.add(holder("joe"))
            await seat.until(lambda: seat.main.taken["shop"].picture.lease_is_stale)

    play(scene())


def test_a_lease_that_is_not_renewed_goes_stale_on_the_screen(tmp_path: Path) -> None:
    world = idle(tmp_path, lease=lease("joe", renewed=0.0, ttl=90.0))

    async def scene() -> None:
        async with seated(world) as seat:
            assert not seat.main.taken["shop"].picture.lease_is_stale
            world.clock.pass_by(lease().expires_at - lease().renewed_at)
            await seat.until(lambda: seat.main.taken["shop"].picture.lease_is_stale)

    play(scene())


def test_a_step_of_what_was_not_shown_is_shown_first(tmp_path: Path) -> None:
    world = idle(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("s")
            await seat.until_asked(StepPreview)
            await seat.until_seen("next: feat/a")
            world.change(lambda state: take_out(state, ["e1"]))
            await seat.press("s")
            await seat.until_seen("next: feat/b")
            assert world.engine.wanted == []
            await seat.until_asked(StepPreview)
            await seat.press("s")
            await seat.until(lambda: world.engine.wanted == [("shop", "step")])

    play(scene())


def test_moved_up_with_the_first_the_marked_ones_keep_their_order(tmp_path: Path) -> None:
    world = idle(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("g", "m", "m", "K")
            await seat.until_said("feat/a, feat/b: no further up")
            assert world.queue() == ["feat/a", "feat/b", "feat/c"]
            assert not seat.main.ground.undoable

    play(scene())


def test_moved_down_with_the_last_the_marked_ones_keep_their_order(tmp_path: Path) -> None:
    world = idle(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.select("feat/b")
            await seat.press("m", "m", "J")
            await seat.until_said("feat/b, feat/c: no further down")
            assert world.queue() == ["feat/a", "feat/b", "feat/c"]

    play(scene())


def test_marked_ones_move_as_far_as_there_is_room(tmp_path: Path) -> None:
    world = idle(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("g", "m", "j", "m", "K")
            await seat.until(lambda: world.queue() == ["feat/a", "feat/c", "feat/b"])
            await seat.until_said("feat/c is number 2 · u takes it back")

    play(scene())


def test_a_priority_that_cannot_be_lowered_leaves_the_last_change_to_be_taken_back(tmp_path: Path) -> None:
    world = idle(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("-")
            await seat.until_said("feat/a is low")
            await seat.press("-")
            await seat.until_said("feat/a: low already")
            await seat.press("u")
            await seat.until(lambda: world.state().entries["e1"].priority is Priority.NORMAL)

    play(scene())


def test_a_dequeue_that_was_taken_back_is_no_other_try(tmp_path: Path) -> None:
    world = idle(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("d")
            await seat.until_said("u takes it back")
            await seat.press("u")
            await seat.until_said("taken back: feat/a")
            assert world.queue() == ["feat/a", "feat/b", "feat/c"]
            assert world.state().entries["e1"].attempts == 0

    play(scene())


def test_a_dequeue_is_not_taken_back_where_the_branch_is_queued_anew(tmp_path: Path) -> None:
    world = idle(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("d")
            await seat.until_said("u takes it back")
            world.change(lambda state: put(state, entry(9, "feat/a")))
            await seat.press("u")
            await seat.until_said("not taken back: feat/a: it is queued anew by now")
            assert world.queue() == ["feat/b", "feat/c", "feat/a"]

    play(scene())


def sent_back(tmp_path: Path) -> World:
    why = Coded(Reason.RETEST_FAILED, "exit code 1")
    red = entry(1, "feat/a", state=EntryState.SENT_BACK, reason=why, attempts=1)
    world = World(tmp_path, {"shop": queue_of(red)})
    world.refs.known["feat/a"] = red.heads[0]
    return world


def test_a_retry_that_is_taken_back_leaves_the_entry_as_it_was(tmp_path: Path) -> None:
    world = sent_back(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            before = world.state().entries["e1"]
            await seat.press("r")
            await seat.until_said("feat/a: queued for another try · u takes it back")
            await seat.press("u")
            await seat.until_said("taken back: feat/a")
            assert world.state().entries["e1"] == before

    play(scene())


def test_a_retry_whose_entry_has_gone_is_not_taken_back(tmp_path: Path) -> None:
    world = sent_back(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("r")
            await seat.until_said("u takes it back")
            world.change(lambda state: take_out(state, ["e1"]))
            await seat.press("u")
            await seat.until_said("not taken back: feat/a: it is not in the queue any more")
            assert world.state().entries == {}

    play(scene())


def test_enqueued_branches_are_taken_back(tmp_path: Path) -> None:
    world = idle(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("e")
            await seat.until_asked(EnqueuePicker)
            await seat.until_seen("feat/new")
            await seat.press("space", "enter")
            await seat.until_said("feat/new: queued · u takes it back")
            await seat.press("u")
            await seat.until_said("taken back: feat/new: queued")
            assert world.queue() == ["feat/a", "feat/b", "feat/c"]

    play(scene())


def test_a_pause_of_all_is_taken_back_for_all(tmp_path: Path) -> None:
    world = idle(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("P")
            await seat.until_asked(PauseForm)
            await seat.press(*"lunch", "enter")
            await seat.until_said("shop, api: paused · u takes it back")
            await seat.press("u")
            await seat.until_said("taken back")
            assert [world.state(name).pause for name in ("shop", "api")] == [None, None]

    play(scene())


def test_what_is_said_over_a_question_leaves_its_buttons_free(tmp_path: Path) -> None:
    world = idle(tmp_path)

    async def scene() -> None:
        async with seated(world, size=(80, 24)) as seat:
            await seat.press("p")
            await seat.until_asked(PauseForm)
            seat.app.notify("shop: feat/old landed", markup=False)
            await seat.until_seen("shop: feat/old landed")
            assert "shop: feat/old landed" in seat.screen.splitlines()[0]
            assert "esc cancel" in seat.screen

    play(scene())


def checked(tmp_path: Path) -> World:
    return World(tmp_path, {"shop": queue_of(entry(1, "feat/a"), entry(2, "feat/b"))}, checks=("paths",))


def test_a_word_is_given_for_the_commits_that_were_shown_and_taken_back(tmp_path: Path) -> None:
    world = checked(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("v")
            await seat.until_said("feat/a at 0000001 has your word · u takes it back")
            [word] = world.state().entries["e1"].approvals
            assert (word.by, word.check, word.heads) == ("ana@buildbox", None, (oid(1),))
            await seat.press("u")
            await seat.until_said("taken back: feat/a")
            assert world.state().entries["e1"].approvals == ()
            assert [type(fact) for fact in world.facts()[1:]] == [Approved, ApprovalWithdrawn]

    play(scene())


def test_no_word_is_given_for_commits_that_nobody_has_seen(tmp_path: Path) -> None:
    world = checked(tmp_path)
    shown = world.state().entries["e1"]
    world.change(lambda state: put(state, replace(shown, heads=(oid(99),))))
    done = desk_work.approve(world.wiring.desk("shop"), [shown])
    assert (done.says, done.undo) == ("feat/a: it has other commits by now: look at them first", None)
    assert world.state().entries["e1"].approvals == ()


def test_where_nothing_asks_for_a_word_the_key_says_so(tmp_path: Path) -> None:
    world = idle(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("v")
            await seat.until_said("[repos.shop] has no 'checks': none asks for a word")

    play(scene())


def test_a_store_that_cannot_be_read_is_told_until_it_can_be_read_again(tmp_path: Path) -> None:
    world = idle(tmp_path)
    good = world.wiring.stores["shop"]

    async def scene() -> None:
        async with seated(world) as seat:
            world.bridge.desk("shop")._store = Unreadable()
            await seat.until_seen("shop cannot be read, what is shown is old: queue.json is not ours")
            world.bridge.desk("shop")._store = good
            await seat.until(lambda: "cannot be read" not in seat.screen)

    play(scene())


class Unreadable(MemoryStore):
    def stamp(self) -> tuple[int, ...]:
        raise OSError("queue.json is not ours")


def test_keys_of_a_hand_that_a_busy_screen_sees_all_at_once_act(tmp_path: Path) -> None:
    world = idle(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            for ago, key in ((1.6, "plus"), (1.2, "minus"), (0.8, "J"), (0.4, "d")):
                event = Key(key, key_to_character(key))
                event.time -= ago
                seat.app.post_message(event)
            await seat.until(lambda: world.queue() == ["feat/b", "feat/c"])

    play(scene())


def test_where_there_is_no_step_the_key_says_why_and_offers_what_helps(tmp_path: Path) -> None:
    world = idle(tmp_path, pause=Pause(by="joe@ci-2", reason="freeze", at=NOON))

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("s")
            await seat.until_asked(WhyView)
            await seat.until_seen("Nothing to step · shop")
            assert "paused by joe@ci-2: freeze" in seat.screen
            assert "do it" not in seat.screen
            await seat.press("s")
            assert (world.engine.wanted, type(seat.app.screen)) == ([], WhyView)
            await seat.press("p")
            await seat.until(lambda: world.state().pause is None)

    play(scene())


def test_what_was_said_before_a_question_is_not_said_beneath_it_too(tmp_path: Path) -> None:
    said = "there is nothing to undo"

    async def scene() -> None:
        async with seated(idle(tmp_path)) as seat:
            await seat.press("u")
            await seat.until_seen(said)
            await seat.press("p")
            await seat.until_asked(PauseForm)
            await seat.until(lambda: seat.screen.count(said) == 1)
            await seat.press("escape")
            await seat.until(lambda: seat.app.screen is seat.main and seat.screen.count(said) == 1)

    play(scene())


def test_a_step_that_is_gone_by_the_second_s_is_not_done(tmp_path: Path) -> None:
    world = idle(tmp_path)

    async def scene() -> None:
        async with seated(world) as seat:
            await seat.press("s")
            await seat.until_asked(StepPreview)
            world.change(lambda state: take_out(state, ["e1", "e2", "e3"]))
            await seat.press("s")
            await seat.until_seen("Nothing to step · shop")
            assert world.engine.wanted == []

    play(scene())
