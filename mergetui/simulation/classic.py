"""Strategies that are no settings of the plan: a fixed batch that is halved, and one that knows all."""

from collections import deque
from collections.abc import Iterator, Sequence
from heapq import heapreplace
from itertools import accumulate
from math import inf

from mergetui.model import Oid
from mergetui.simulation.traces import Trace
from mergetui.simulation.world import Played, World


def play_fixed_batch(trace: Trace, *, batch: int) -> Played:
    """As bors does: one retest at a time, of up to `batch` changes; what is red is halved down to one.

    Halves go ahead of what waits; changes that come while a batch is worked on wait for the next.
    """
    return _FixedBatch(trace, batch).run()


class _FixedBatch:
    def __init__(self, trace: Trace, batch: int) -> None:
        self._world = World(trace)
        self._coming = deque(enumerate(trace.arrivals))
        self._batch = batch
        self._groups: deque[Sequence[int]] = deque()
        self._now = 0.0

    def run(self) -> Played:
        while self._groups or self._coming:
            self._try(self._groups.popleft() if self._groups else self._gathered())
        return self._world.played()

    def _gathered(self) -> Sequence[int]:
        """What waits by now, or else the next that comes."""
        self._now = max(self._now, self._coming[0][1].at)
        group: list[int] = []
        while self._coming and len(group) < self._batch and self._coming[0][1].at <= self._now:
            group.append(self._coming.popleft()[0])
        return group

    def _try(self, group: Sequence[int]) -> None:
        commit, count = self._caught_up(group)
        if commit is None:
            self._world.send_back(group[0], at=self._now)
            self._put_ahead(group[1:])
            return
        self._put_ahead(group[count:])
        self._now += self._world.start(commit)
        if self._world.finish(commit):
            self._world.land(commit, at=self._now)
        elif count == 1:
            self._world.send_back(group[0], at=self._now)
        else:
            self._put_ahead(group[count // 2 : count])
            self._put_ahead(group[: count // 2])

    def _caught_up(self, group: Sequence[int]) -> tuple[Oid | None, int]:
        """The commit of as many as go in a row, and how many; None: the first conflicts with the target."""
        commit, onto = None, self._world.tip
        for count, change in enumerate(group):
            made = self._world.put(change, onto)
            if made is None:
                return commit, count
            commit = onto = made
        return commit, len(group)

    def _put_ahead(self, group: Sequence[int]) -> None:
        if group:
            self._groups.appendleft(group)


def play_oracle(trace: Trace, *, slots: int) -> Played:
    """Every answer is known beforehand, and yet each change has one retest, on those that land ahead of it.

    A change with something wrong is sent back when its own retest ends; one that conflicts at once, for
    there is nothing to test. A good one lands when its retest has ended, or that of one behind it, for that
    contains it. Slots are taken in the order of arrival, nothing is tested in vain, and no retest is flaky.
    """
    world = World(Trace(arrivals=trace.arrivals))
    found = tuple(_answers(world, slots))
    lands = list(accumulate((ends if good else inf for _, ends, good in reversed(found)), min))[::-1]
    for change, (commit, ends, is_good) in enumerate(found):
        if commit is not None and is_good:
            world.land(commit, at=lands[change])
        else:
            world.send_back(change, at=ends)
    return world.played()


def _answers(world: World, slots: int) -> Iterator[tuple[Oid | None, float, bool]]:
    """Of every change its commit, when the answer is there, and whether it passed."""
    free, onto = [0.0] * slots, world.tip
    for change, arrival in enumerate(world.trace.arrivals):
        commit = world.put(change, onto)
        if commit is None:
            yield None, arrival.at, False
            continue
        ends = max(arrival.at, free[0]) + world.start(commit)
        heapreplace(free, ends)
        passed = world.finish(commit)
        onto = commit if passed else onto
        yield commit, ends, passed
