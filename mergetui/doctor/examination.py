"""Everything that is looked at, in the order in which it is told."""

import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
from msgspec.structs import replace

from mergetui.adapters.git import GitError
from mergetui.adapters.status_outlets import spool_in, told_forge
from mergetui.cleaning import name as clean
from mergetui.cleaning import redact
from mergetui.doctor import directories, disk
from mergetui.doctor.checks import examine_checks
from mergetui.doctor.commands import examine_retest
from mergetui.doctor.configuration import Configured, examine_configuration
from mergetui.doctor.finding import Finding, Level, Topic
from mergetui.doctor.forges import examine_forges, examine_spool
from mergetui.doctor.git import examine_git
from mergetui.doctor.leftovers import examine_cache, examine_processes, examine_shells, running_retests
from mergetui.doctor.remotes import PATIENCE, examine_remotes
from mergetui.doctor.stored import examine_engine, examine_journal, examine_store, is_at_work
from mergetui.places import Places, marker
from mergetui.ports import Clock
from mergetui.version import __version__
from mergetui.wiring import Wiring


def examine(
    where: Places, *, environ: Mapping[str, str] = os.environ, patience: float = PATIENCE
) -> tuple[Finding, ...]:
    """What was found, fit to be shown. Nothing is changed, and no lock of an engine is taken.

    `patience` is how many seconds each remote may take; they are asked at the same time.
    """
    return tuple(_shown(finding) for finding in _findings(where, environ, patience))


def is_sound(findings: Sequence[Finding]) -> bool:
    """Nothing has to be mended."""
    return all(finding.level is not Level.MEND for finding in findings)


def _findings(where: Places, environ: Mapping[str, str], patience: float) -> Iterator[Finding]:
    git = examine_git(environ)
    configured = examine_configuration(where.config, environ)
    yield from _versions()
    yield git
    yield from configured.findings
    yield from _places(where)
    wiring = Wiring(where, configured.config)
    yield from examine_forges(tuple(configured.config.forges.values()), environ, where.config)
    remotes = _remotes(configured, wiring.clock, patience)
    retests = running_retests()
    for name in _names(where, configured):
        repository = configured.config.repos.get(name)
        yield from remotes.get(name, ())
        if repository is not None:
            yield examine_retest(repository, environ, where.config)
            yield from examine_checks(configured.config, repository) if configured.is_sound else ()
        elif configured.is_sound:
            yield Topic("repository", name).note(
                f"is not configured; its queue and history stay in {where.of(name)}"
            )
        if repository is not None and told_forge(configured.config, repository) is not None:
            yield examine_spool(name, spool_in(where.of(name)))
        if directories.is_directory(where.of(name)):
            yield from _stored(name, wiring, retests.get(marker(where.of(name)), ()))


def _versions() -> Iterator[Finding]:
    yield Topic("mergetui").note(__version__)
    yield Topic("python").note(platform.python_version())
    try:
        yield Topic("textual").note(version("textual"))
    except PackageNotFoundError:
        yield Topic("textual").mend("is not installed, and the console needs it", "pip install textual")


def _places(where: Places) -> Iterator[Finding]:
    tops = {"state": where.state, "cache": where.cache}
    for about, path in tops.items():
        yield directories.examine_directory(Topic(about, str(path)), path)
    roots = [where.state] if where.cache.is_relative_to(where.state) else [where.state, where.cache]
    yield from directories.examine_contents(roots)
    yield from (disk.examine_locks(path) for path in tops.values() if directories.is_directory(path))
    mounts = _mounts()
    for path in _one_per_filesystem(tops.values()):
        found = disk.examine_filesystem(path.resolve(), mounts)
        yield from (found,) if found else ()
        yield disk.examine_room(path)


def _one_per_filesystem(paths: Iterable[Path]) -> Sequence[Path]:
    standing = [directories.nearest(path) for path in paths]
    return list({path.stat().st_dev: path for path in reversed(standing)}.values())


def _mounts() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text(errors="replace")
    except OSError:
        return ""


def _remotes(configured: Configured, clock: Clock, patience: float) -> Mapping[str, Sequence[Finding]]:
    repositories = list(configured.config.repos.values())
    try:
        return examine_remotes(repositories, clock, patience=patience)
    except (GitError, ImportError, OSError) as error:
        said = f"not asked: {error}"
        return {r.name: [Topic("remote", r.name).warn(said)] for r in repositories}


def _names(where: Places, configured: Configured) -> Sequence[str]:
    """The configured repositories, and those of which something is stored."""
    try:
        stored = sorted(path.name for path in (where.state / "repos").iterdir() if path.is_dir())
    except OSError:
        stored = []
    return list(dict.fromkeys((*configured.config.repos, *stored)))


def _stored(name: str, wiring: Wiring, retests: Sequence[psutil.Process]) -> Iterator[Finding]:
    stored = examine_store(name, wiring.store(name))
    yield from stored.findings
    yield examine_journal(name, wiring.places.of(name) / "journal.jsonl")
    if found := examine_shells(name, wiring.places.cache / name):
        yield found
    if stored.state is None:
        return
    yield from examine_engine(name, stored.state, wiring.processes, now=wiring.clock.now())
    if not is_at_work(stored.state, wiring.processes):
        left = examine_processes(name, retests), examine_cache(name, wiring.places.cache / name)
        yield from (finding for finding in left if finding)


def _shown(finding: Finding) -> Finding:
    """Names, paths and servers' words in it stay text, and no password is in it."""
    return replace(
        finding,
        subject=clean(redact(finding.subject)),
        says=clean(redact(finding.says)),
        mend=clean(redact(finding.mend)),
    )
