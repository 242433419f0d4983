"""The system's clock."""

import time
from datetime import UTC, datetime

from mergetui.model import Instant


class SystemClock:
    def now(self) -> Instant:
        return datetime.now(UTC)  # noqa: TID251 - the one place

    def monotonic(self) -> float:
        return time.monotonic()
