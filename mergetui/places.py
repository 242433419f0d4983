"""Where configuration, state and caches live on this machine."""

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct


class Places(Struct, frozen=True, kw_only=True):
    """Where configuration, state and caches live."""

    config: Path
    state: Path
    cache: Path

    def of(self, repository: str) -> Path:
        """The state of one repository: queue, journal, logs."""
        return self.state / "repos" / repository

    def logs(self, repository: str) -> Path:
        return self.of(repository) / "logs"


def places(*, config: Path | None, state_dir: Path | None, environ: Mapping[str, str] = os.environ) -> Places:
    """Options first, then the environment, then the XDG directories.

    The caches of a state directory that was named lie in it: two state directories never share a mirror,
    for the lock that protects the mirror is in the state.
    """
    from platformdirs import user_cache_path, user_config_path, user_state_path

    named = state_dir or (Path(environ["MERGETUI_STATE_DIR"]) if environ.get("MERGETUI_STATE_DIR") else None)
    said = config or (Path(environ["MERGETUI_CONFIG"]) if environ.get("MERGETUI_CONFIG") else None)
    state = (named or user_state_path("mergetui")).expanduser().absolute()
    return Places(
        config=(said or user_config_path("mergetui") / "mergetui.toml").expanduser().absolute(),
        state=state,
        cache=state / "cache" if named else user_cache_path("mergetui").absolute(),
    )


def marker(directory: Path) -> str:
    """The same for every engine on this state, and for nobody else."""
    import hashlib

    return hashlib.sha256(str(directory).encode()).hexdigest()[:16]
