"""Metrics for Prometheus: told over HTTP, or in a text file for its node exporter."""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mergetui.config_tables import ConfigError
from mergetui.events import Event
from mergetui.measures import COUNTED, SEEN, Measure
from mergetui.metering import Meter, Sample, cumulative, gauges
from mergetui.model import Instant
from mergetui.state import RepositoryState

try:
    from prometheus_client import CollectorRegistry, generate_latest, start_http_server
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import Collector
except ModuleNotFoundError as error:
    raise ConfigError(
        "metrics need prometheus_client, which is not installed: pip install 'mergetui[metrics]'"
    ) from error

TEXTFILE_INTERVAL = 15.0
"""Seconds between two generations of the text file; Prometheus asks as often if nothing else is said."""

_log = logging.getLogger(__name__)


class Exporter(Collector):
    """Counts facts as they are told; looks at the stored states when it is asked.

    `read` is asked without any lock of the store, and may fail: that is told as a metric.
    """

    def __init__(
        self,
        repos: Iterable[str],
        *,
        read: Callable[[str], RepositoryState],
        busy: Callable[[str], int],
        now: Callable[[], Instant],
    ) -> None:
        self._repos = tuple(repos)
        self._read = read
        self._busy = busy
        self._now = now
        self._meter = Meter(self._repos)
        self._threads = threading.Lock()
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def hear(self, fact: Event) -> None:
        with self._threads:
            self._meter.hear(fact)

    def hear_of_stop(self, repository: str, why: str) -> None:
        """Not counted: the lease that goes back and the queue that grows tell of it."""

    def follow(self, repos: Iterable[str]) -> None:
        """Tell of these repositories from now on."""
        with self._threads:
            self._repos = tuple(repos)
            self._meter.expect(self._repos)

    def text(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self._registry)

    def serve(self, host: str, port: int) -> Callable[[], None]:
        """Answer on `host`:`port` until what is returned is called; ConfigError when that cannot be."""
        try:
            server, thread = start_http_server(port, host, self._registry)
        except (OSError, OverflowError) as error:
            told = getattr(error, "strerror", None) or str(error)
            raise ConfigError(f"metrics cannot be served on {host} port {port}: {told}") from error

        def close() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return close

    def describe(self) -> Iterable[Metric]:
        """Nothing: to be registered it need not look at anything."""
        return ()

    def collect(self) -> Iterator[Metric]:
        with self._threads:
            repos = self._repos
            counted = list(self._counted())
        yield from counted
        samples = [sample for repo in repos for sample in self._look(repo)]
        for measure in SEEN:
            family = GaugeMetricFamily(measure.name, measure.help, labels=_names(measure))
            for _, labels, value in (sample for sample in samples if sample[0] is measure):
                family.add_metric(labels, value)
            yield family

    def _look(self, repo: str) -> list[Sample]:
        try:
            state = self._read(repo)
        except Exception:
            # Whatever it is, whoever works there tells it; a scrape is no place to fail at.
            state = None
        return list(gauges(repo, state, now=self._now(), busy=self._busy(repo)))

    def _counted(self) -> Iterator[Metric]:
        for measure in COUNTED:
            yield self._histogram(measure) if measure.kind == "histogram" else self._counter(measure)

    def _counter(self, measure: Measure) -> Metric:
        family = CounterMetricFamily(measure.name, measure.help, labels=_names(measure))
        for (counted, labels), value in self._meter.counts.items():
            if counted is measure and labels[0] in self._repos:
                family.add_metric(labels, value)
        return family

    def _histogram(self, measure: Measure) -> Metric:
        family = HistogramMetricFamily(measure.name, measure.help, labels=_names(measure))
        for (measured, labels), lengths in self._meter.lengths.items():
            if measured is measure and labels[0] in self._repos:
                buckets = list(cumulative(lengths, measure.buckets).items())
                family.add_metric(labels, buckets, lengths.total)
        return family


class TextFile:
    """Writes what `text` says to `path` now and then, each time the whole file at once."""

    def __init__(self, path: Path, text: Callable[[], bytes]) -> None:
        self._path = path
        self._text = text
        self._is_failing = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics-textfile", daemon=True)

    def start(self) -> None:
        """Write it once; ConfigError when that cannot be. Then again every while."""
        try:
            self._write()
        except OSError as error:
            raise ConfigError(f"metrics cannot be written to {self._path}: {error.strerror}") from error
        self._thread.start()

    def stop(self) -> None:
        """What was counted last is in the file, too."""
        self._ended.set()
        self._thread.join()
        self._try_to_write()

    def _run(self) -> None:
        while not self._ended.wait(TEXTFILE_INTERVAL):
            self._try_to_write()

    def _try_to_write(self) -> None:
        try:
            self._write()
            self._is_failing = False
        except OSError as error:
            if not self._is_failing:
                _log.error("metrics cannot be written to %s: %s", self._path, error.strerror)
            self._is_failing = True

    def _write(self) -> None:
        # The node exporter reads what ends in `.prom`, whenever it likes; and it is somebody else.
        written = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            written.write_bytes(self._text())
            written.chmod(0o644)
            written.replace(self._path)
        except OSError:
            written.unlink(missing_ok=True)
            raise


def _names(measure: Measure) -> tuple[str, ...]:
    return ("repo", measure.label) if measure.label else ("repo",)
