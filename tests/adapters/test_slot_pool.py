"""Slots for retests, shared by the repositories of one process."""

from threading import Barrier, Thread

from mergetui.adapters.slot_pool import SlotPool


def test_without_a_limit_everybody_gets_one() -> None:
    pool = SlotPool()
    assert pool.free_for("shop") is None
    assert all(pool.take("shop") for _ in range(100))


def test_there_are_no_more_than_there_are() -> None:
    pool = SlotPool(2)
    assert [pool.take("shop"), pool.take("api"), pool.take("docs")] == [True, True, False]
    pool.give_back("shop")
    assert pool.free_for("docs") == 1


def test_one_who_waits_for_the_first_goes_before_one_who_wants_another() -> None:
    pool = SlotPool(2)
    pool.take("shop")
    pool.take("shop")
    pool.line_up("api")
    pool.give_back("shop")
    assert not pool.take("shop")
    assert pool.take("api")


def test_who_has_one_is_told_how_many_wait_for_one() -> None:
    pool = SlotPool(2)
    pool.take("shop")
    pool.take("shop")
    for name in ("api", "docs"):
        pool.line_up(name)
    assert pool.free_for("shop") == -2


def test_those_who_wait_are_served_in_turn() -> None:
    pool = SlotPool(1)
    pool.take("shop")
    for name in ("api", "docs", "api"):
        pool.line_up(name)
    pool.give_back("shop")
    assert (pool.free_for("api"), pool.free_for("docs")) == (1, 0)
    pool.withdraw("api")
    assert pool.take("docs")


def test_threads_that_take_at_once_do_not_take_too_many() -> None:
    pool, start, got = SlotPool(5), Barrier(20), list[bool]()

    def take(name: str) -> None:
        start.wait()
        got.append(pool.take(name))

    threads = [Thread(target=take, args=(f"r{number}",)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(got) == 5
