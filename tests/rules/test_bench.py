from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from mergetui.driver.bench import Bench
from mergetui.model import Candidate
from mergetui.outcome import Failed, Interrupted, RetestEnding
from mergetui.ports import RetestOrder
from mergetui.reason import Coded, Reason
from mergetui.view import Trial, Verdict
from tests.rules.build import FAILED, MINUTE, TIP, chain, entry


class Endless(Struct):
    """A retest that runs until it is stopped."""

    order: RetestOrder

    def poll(self) -> RetestEnding | None:
        return None

    def stop(self, why: str) -> RetestEnding:
        return Interrupted(why)


class Endlessly:
    def start(self, order: RetestOrder) -> Endless:
        return Endless(order)

    def reap(self) -> int:
        return 0


class Red(Endless):
    def poll(self) -> RetestEnding | None:
        return Failed(1, "")


class AtOnce(Endlessly):
    def start(self, order: RetestOrder) -> Endless:
        return Red(order)


def passes(_: RetestEnding) -> tuple[Verdict, Coded | None]:
    return Verdict.GREEN, None


def fails(_: RetestEnding) -> tuple[Verdict, Coded | None]:
    return Verdict.RED, FAILED


def an_order() -> RetestOrder:
    return RetestOrder(
        id="r1",
        command="make test",
        directory=Path("slot"),
        log=Path("r1.log"),
        env={},
        timeout=MINUTE,
        silence=MINUTE,
        output_limit=1,
    )


def test_a_retest_that_runs_goes_on_when_an_entry_behind_it_conflicts() -> None:
    """With `parallel` 2: a is being tested, b clashes on top of it: the chain that is built ends with a."""
    bench = Bench(Endlessly(), monotonic=lambda: 0.0, judge=passes)
    candidate = chain(TIP, entry("a"))
    bench.built(candidate)
    bench.start(candidate, an_order(), slot=0)
    bench.built(candidate)
    assert bench.trials == (Trial(candidate, Verdict.RUNNING),)


def test_a_verdict_is_not_lost_when_the_gates_own_push_moves_the_branch() -> None:
    """A landing pushes the task branch, then the remote refuses the target: nothing new is to be tested."""
    bench = Bench(Endlessly(), monotonic=lambda: 0.0, judge=passes)
    before = chain(TIP, entry("a"))
    refused = Coded(Reason.PUSH_REFUSED, "hook declined")
    bench.built(before)
    bench.found(before, Verdict.RED, refused)
    (link,) = before.links
    own = Candidate(base=TIP, links=(replace(link, heads=(before.commit,)),))
    bench.built(own)
    assert bench.trials == (Trial(own, Verdict.RED, refused),)


def test_reds_of_another_command_do_not_count() -> None:
    bench = Bench(AtOnce(), monotonic=lambda: 0.0, judge=fails)
    candidate = chain(TIP, entry("a"))
    bench.start(candidate, an_order(), slot=0)
    bench.poll()
    assert (bench.reds(candidate), bench.reds(candidate, reduced=True)) == (1, 0)


def test_what_the_remote_says_of_an_emergency_is_said_of_the_emergency() -> None:
    bench = Bench(Endlessly(), monotonic=lambda: 0.0, judge=passes)
    candidate = chain(TIP, entry("a"))
    bench.start(candidate, an_order(), slot=0, reduced=True)
    bench.found(candidate, Verdict.RED, FAILED)
    assert bench.trials == (Trial(candidate, Verdict.RED, FAILED, reduced=True),)
