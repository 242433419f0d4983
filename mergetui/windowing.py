"""How many entries may be on trial at the same time, where the operator lets that adapt itself.

It grows by one with every candidate that lands and is halved by every red one, as TCP's does.
"""

from mergetui.state import Window
from mergetui.view import Policy


def grown(window: Window | None, policy: Policy) -> Window:
    return Window(size=min(_of(window, policy) + 1, most(policy)))


def halved(window: Window | None, policy: Policy) -> Window:
    return Window(size=max(_of(window, policy) // 2, 1))


def most(policy: Policy) -> int:
    return policy.batch * policy.parallel


def _of(window: Window | None, policy: Policy) -> int:
    """At first as large as it may be; never larger than it may be by now."""
    return most(policy) if window is None else min(max(window.size, 1), most(policy))
