"""Metrics as whoever runs the gate asks for them."""

import signal
from pathlib import Path

import pytest

from tests.adapters.scraping import Scrape, free_port, parse, scrape
from tests.adapters.waiting import eventually
from tests.cli.running import DONE, INTERRUPTED, USAGE, Mergetui, Stop, command
from tests.tui.terminals import Pty
from tests.worlds.remote import Remote


def add(shop: Mergetui, *lines: str) -> None:
    shop.config.write_text("\n".join([shop.config.read_text(), "[metrics]", *lines, ""]))


def reached(port: int) -> bool:
    try:
        scrape(port)
    except OSError:
        return False
    return True


def a_scrape_with_a_test(port: int) -> Scrape | None:
    seen = scrape(port)
    return seen if seen("mergetui_queue_depth", repo="shop", state="testing") else None


def test_a_run_tells_metrics_while_it_works(bare: Mergetui, remote: Remote, stop: Stop) -> None:
    bare.configure(remote.url, retest=stop.until_let_go)
    remote.propose("feature", a="1")
    bare("enqueue", "shop", "feature")
    port = free_port()
    with bare.running("run", "--drain", "--metrics-port", str(port)) as running:
        stop.reached()
        during = eventually(lambda: a_scrape_with_a_test(port))
        stop.let_go()
        assert running.end().code == DONE
    assert during("mergetui_slots_busy", repo="shop") == during("mergetui_lease_held", repo="shop") == 1
    assert during("mergetui_landings_total", repo="shop") == 0


def test_a_drained_run_leaves_its_counts_in_the_text_file(shop: Mergetui, remote: Remote) -> None:
    path = shop.directory / "mergetui.prom"
    add(shop, f'textfile = "{path}"')
    remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    assert shop("run", "--drain").code == DONE
    told = parse(path.read_text())
    assert told("mergetui_landings_total", repo="shop") == 1
    assert told("mergetui_wait_seconds_count", repo="shop") == 1
    assert told("mergetui_push_latency_seconds_count", repo="shop") == 1


def test_a_port_that_is_taken_is_told_before_anything_is_done(shop: Mergetui, remote: Remote) -> None:
    remote.propose("feature", a="1")
    shop("enqueue", "shop", "feature")
    port = free_port()
    add(shop, f"port = {port}")
    with shop.running("run") as running:
        eventually(lambda: reached(port))
        answer = shop("run", "--drain")
        running.signal(signal.SIGTERM)
        assert running.end().code == INTERRUPTED
    assert answer.code == USAGE
    assert f"metrics cannot be served on 127.0.0.1 port {port}: Address already in use" in answer.err
    assert answer.out == ""


def test_an_option_stands_above_the_configuration(shop: Mergetui) -> None:
    add(shop, 'host = "192.0.2.1"', "port = 9")
    port = free_port()
    answer = shop("run", "--drain", f"--metrics-port={port}", "--metrics-host", "127.0.0.1")
    assert answer.code == DONE


@pytest.mark.parametrize("port", ["0", "65536", "many"])
def test_a_port_that_is_none_is_refused(shop: Mergetui, port: str) -> None:
    answer = shop("run", "--drain", "--metrics-port", port)
    assert answer.code == USAGE
    assert "allowed: a port from 1 to 65535" in answer.err


def test_other_commands_refuse_the_option(shop: Mergetui) -> None:
    answer = shop("status", "--metrics-port", "9")
    assert answer.code == USAGE
    assert "go with the console and with `mergetui run`" in answer.err


def without(library: str, directory: Path) -> str:
    """A PYTHONPATH in which it is not installed."""
    hidden = directory / "hidden"
    hidden.mkdir()
    (hidden / f"{library}.py").write_text(f"raise ModuleNotFoundError('{library}')")
    return str(hidden)


def test_without_the_library_a_plain_word_says_what_to_install(shop: Mergetui, tmp_path: Path) -> None:
    path = f"{without('prometheus_client', tmp_path)}:{shop.environment['PYTHONPATH']}"
    answer = shop.afresh("run", "--drain", "--metrics-port", str(free_port()), PYTHONPATH=path)
    assert answer.code == USAGE
    assert "pip install 'mergetui[metrics]'" in answer.err
    assert shop.afresh("run", "--drain", PYTHONPATH=path).code == DONE


def test_the_console_refuses_a_port_that_is_taken_before_it_opens(shop: Mergetui) -> None:
    port = free_port()
    with shop.running("run", "--metrics-port", str(port)):
        eventually(lambda: reached(port))
        code, shown = shop.on_a_terminal("--metrics-port", str(port))
    assert code == USAGE
    assert f"metrics cannot be served on 127.0.0.1 port {port}" in shown


def test_the_console_leaves_the_configured_port_to_the_run(shop: Mergetui) -> None:
    port = free_port()
    add(shop, f"port = {port}")
    with shop.running("run"):
        eventually(lambda: reached(port))
        console = Pty(command(*shop.places), shop.environment)
        eventually(lambda: console.shows("shop"), within=30)
        console.press_until("q", console.has_ended)
    code = console.process.returncode
    console.close()
    assert code == DONE
