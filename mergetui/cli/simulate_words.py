"""What the options of `mergetui simulate` mean; a Failure says which value is wrong and what is allowed."""

import re
from collections.abc import Mapping
from datetime import timedelta

from msgspec.structs import asdict

from mergetui.cli.session import Failure
from mergetui.config_values import parse_duration, parse_value
from mergetui.simulation.planned import Setting
from mergetui.simulation.strategies import Strategy
from mergetui.simulation.traces import RetestTime, rate_at

_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%")
_RATE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)/(s|m|h|d)")
_PER = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SETTING: Mapping[str, type] = {
    "batch": int,
    "parallel": int,
    "adaptive": bool,
    "hedge": bool,
    "retries": int,
}


def share_of(option: str, text: str) -> float:
    """`2%` as 0.02."""
    found = _SHARE.fullmatch(text.strip())
    if found is None or float(found[1]) > 100:
        raise Failure(f"{option} {text!r}: a share from 0% to 100%, such as 2% or 0.5%")
    return float(found[1]) / 100


def per_second(text: str, *, slots: int, retest: RetestTime) -> float:
    """Of `20/h`; or of `80%`, the load of the slots when each change takes one retest."""
    found = _RATE.fullmatch(text.strip())
    if found is not None and float(found[1]) > 0:
        return float(found[1]) / _PER[found[2]]
    load = share_of("--rate", text) if _SHARE.fullmatch(text.strip()) else 0.0
    if not load:
        raise Failure(
            f"--rate {text!r}: above zero, per time as in 20/h, or how busy the oracle is, as in 80%"
        )
    return rate_at(load, slots=slots, retest=retest)


def retest_time(text: str) -> RetestTime:
    """Of `6m`, always so long; of `6m..15m`, half of them up to the first, 95 of 100 up to the second."""
    first, _, second = text.partition("..")
    try:
        p50, p95 = _seconds(first), _seconds(second or first)
    except ValueError as error:
        raise Failure(f"--retest {text!r}: {error}; or p50 and p95 of them: 6m..15m") from error
    if p95 < p50:
        raise Failure(f"--retest {text!r}: the second is the p95 and not shorter than the p50 before it")
    return RetestTime(p50=p50, p95=p95)


def setting_of(option: str, text: str, present: Setting) -> Setting:
    """`present` with what `batch=4 parallel=3` changes of it."""
    changed: dict[str, object] = {}
    for part in text.replace(",", " ").split():
        key, _, value = part.partition("=")
        if key not in _SETTING:
            raise Failure(f"{option} {part!r}: one of {', '.join(_SETTING)}, as in 'batch=4 parallel=3'")
        try:
            changed[key] = parse_value(_SETTING[key], key, value)
        except ValueError as error:
            raise Failure(f"{option} {part!r}: {key} is {error}") from error
    if not changed:
        raise Failure(f"{option} {text!r}: settings such as 'batch=4 parallel=3'")
    return Setting(**(asdict(present) | changed))


def strategies_of(names: list[str]) -> tuple[Strategy, ...]:
    """The oracle is always there, for it is what the others are measured by."""
    known = {str(strategy): strategy for strategy in Strategy}
    for name in names:
        if name not in known:
            raise Failure(f"--strategy {name!r}: one of {', '.join(known)}; it can be given several times")
    return tuple(known[name] for name in known if not names or name in names or name == Strategy.ORACLE)


def words(setting: Setting) -> str:
    parts = [f"batch={setting.batch}", f"parallel={setting.parallel}"]
    parts += ["adaptive=true"] if setting.adaptive else []
    parts += ["hedge=true"] if setting.hedge else []
    parts += [f"retries={setting.retries}"] if setting.retries else []
    return " ".join(parts)


def _seconds(text: str) -> float:
    span: timedelta = parse_duration(text)
    return span.total_seconds()
