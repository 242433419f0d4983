from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from mergetui.adapters.occupancy import DirectoryLock
from tests.adapters.processes import finish, start, told_by


def take_and_tell(directory: Path, answer: Connection) -> None:
    answer.send(DirectoryLock(directory).take())


def hold_until_killed(directory: Path, taken: Connection, orders: Connection) -> None:
    lock = DirectoryLock(directory)
    taken.send(lock.take())
    orders.recv()


def others_can_take(directory: Path) -> object:
    """Whether another process can, at this moment."""
    return told_by(take_and_tell, directory)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "shop"


@pytest.fixture
def mine(state: Path) -> Iterator[DirectoryLock]:
    lock = DirectoryLock(state)
    assert lock.take()
    yield lock
    lock.leave()


@pytest.mark.fault(8)
@pytest.mark.usefixtures("mine")
def test_a_second_process_is_refused(state: Path) -> None:
    assert others_can_take(state) is False


@pytest.mark.fault(8)
@pytest.mark.usefixtures("mine")
def test_a_second_engine_of_the_same_process_is_refused(state: Path) -> None:
    assert DirectoryLock(state).take() is False


def test_who_holds_it_may_take_it_again(mine: DirectoryLock, state: Path) -> None:
    assert mine.take()
    assert others_can_take(state) is False


@pytest.mark.fault(8)
def test_a_refused_attempt_does_not_free_it(mine: DirectoryLock, state: Path) -> None:
    assert DirectoryLock(state).take() is False
    assert others_can_take(state) is False
    assert mine.take()


def test_what_was_left_is_anybodys(mine: DirectoryLock, state: Path) -> None:
    mine.leave()
    mine.leave()
    assert others_can_take(state) is True


@pytest.mark.usefixtures("mine")
def test_another_repository_is_not_affected(state: Path) -> None:
    assert others_can_take(state.with_name("other")) is True


@pytest.mark.fault(8)
def test_a_holder_that_is_killed_frees_it(state: Path) -> None:
    taken, telling = Pipe(duplex=False)
    waiting, orders = Pipe(duplex=False)
    holder = start(hold_until_killed, state, telling, waiting)
    lock = DirectoryLock(state)
    assert taken.recv() is True
    assert lock.take() is False
    holder.kill()
    finish(holder)
    assert lock.take() is True
    lock.leave()
    orders.close()


@pytest.mark.fault(10)
@pytest.mark.usefixtures("mine")
def test_files_deleted_under_the_holder_free_nothing(state: Path) -> None:
    (state / "lock").touch()
    (state / "lock").unlink()
    assert others_can_take(state) is False


@pytest.mark.fault(10)
def test_a_directory_replaced_under_the_holder_is_taken_anew(mine: DirectoryLock, state: Path) -> None:
    state.rename(state.with_name("moved"))
    state.mkdir()
    assert mine.take()
    assert others_can_take(state) is False


@pytest.mark.fault(10)
def test_a_directory_replaced_and_taken_by_another_is_not_held_twice(
    mine: DirectoryLock, state: Path
) -> None:
    state.rename(state.with_name("moved"))
    other = DirectoryLock(state)
    assert other.take()
    assert mine.take() is False
    other.leave()


@pytest.mark.fault(10)
def test_a_directory_deleted_under_the_holder_is_made_and_taken_anew(
    mine: DirectoryLock, state: Path
) -> None:
    state.rmdir()
    assert mine.take()
    assert state.is_dir()
    assert others_can_take(state) is False
