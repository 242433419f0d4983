from pathlib import Path

import psutil
import pytest

from mergetui.adapters.git import Git, GitError, Identity, RecentCommands, allowed_protocols
from tests.adapters.waiting import eventually
from tests.worlds.remote import Remote, git_in


def shell(script: str) -> tuple[str, ...]:
    """A git command that runs `script`, as a hook or a helper of git would be run."""
    return ("-c", f"alias.hang=!{script}", "hang")


def is_gone(pid_file: Path) -> bool:
    pid = int(pid_file.read_text())
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def git(remote: Remote, tmp_path: Path) -> Git:
    return Git(remote.clone(tmp_path / "clone"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home directory of an operator."""
    home = tmp_path / "home"
    (home / ".config" / "git").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    return home


def test_ask_takes_an_exit_code_for_an_answer(git: Git) -> None:
    ran = git.ask("merge-base", "--is-ancestor", "HEAD", "HEAD~0")
    assert (ran.ok, git.ask("rev-parse", "--verify", "--quiet", "nothing").code) == (True, 1)


def test_tell_takes_anything_but_success_for_an_error_that_names_command_and_place(git: Git) -> None:
    with pytest.raises(GitError, match=rf"git rev-parse in {git.directory}: fatal: Needed a single revision"):
        git.tell("rev-parse", "--verify", "nothing")


@pytest.mark.fault(23)
@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"])
def test_an_inherited_variable_of_git_has_no_effect(
    name: str, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    assert git.tell("status", "--porcelain") == ""
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.fault(23)
def test_configuration_in_the_inherited_environment_has_no_effect(
    git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "Mallory")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'user.email'='mallory@example.org'")
    assert git.ask("config", "--get-regexp", r"user\.").code == 1


def test_what_the_gate_sets_holds_against_the_same_variable_in_the_inherited_environment(
    git: Git, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".gitconfig").write_text("[user]\n\tname = Olga\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "ext")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Olga")
    assert git.ask("config", "--get-regexp", r"user\.").code == 1
    assert "not allowed" in git.ask("ls-remote", "ext::sh -c true").err
    assert git.tell("var", "GIT_COMMITTER_IDENT").startswith("mergetui <")


@pytest.mark.fault(23)
def test_started_from_a_hook_of_another_repository_it_works_in_its_own(
    git: Git, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = remote.clone(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_PREFIX", "sub/")
    monkeypatch.chdir(other)
    assert git.tell("rev-parse", "--show-toplevel") == str(git.directory)


@pytest.mark.fault(23)
def test_the_operators_own_config_is_not_read(git: Git, home: Path) -> None:
    (home / ".gitconfig").write_text("[user]\n\tname = Olga\n")
    (home / ".config" / "git" / "config").write_text("[user]\n\temail = olga@example.org\n")
    assert git.ask("config", "--get-regexp", r"user\.").code == 1


@pytest.mark.fault(23)
def test_hooks_of_the_operators_config_and_of_the_checkout_do_not_run(
    git: Git, home: Path, tmp_path: Path
) -> None:
    hooks = (home / "hooks" / "post-checkout", git.directory / ".git" / "hooks" / "post-checkout")
    for hook in hooks:
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
        hook.chmod(0o755)
    (home / ".gitconfig").write_text(f"[core]\n\thooksPath = {home / 'hooks'}\n")
    git.tell("checkout", "--detach")
    git_in(git.directory, "checkout", "main")
    assert (tmp_path / "ran").exists(), "a person's git runs the hook of the checkout"
    (tmp_path / "ran").unlink()
    git.tell("checkout", "--detach")
    assert not (tmp_path / "ran").exists()


def test_attributes_of_the_operator_do_not_change_what_is_checked_out(
    git: Git, home: Path, remote: Remote
) -> None:
    (home / ".config" / "git" / "attributes").write_text("* text eol=crlf\n")
    (git.directory / "README").unlink()
    git.tell("checkout", "--force", "HEAD")
    assert (git.directory / "README").read_bytes() == remote.raw("README")


def test_ignore_rules_of_the_operator_keep_nothing_from_being_cleaned(git: Git, home: Path) -> None:
    (home / ".config" / "git" / "ignore").write_text("*.log\n")
    (git.directory / "a.log").write_text("left over")
    git.tell("clean", "--quiet", "-ffd")
    assert not (git.directory / "a.log").exists()


@pytest.mark.fault(23)
@pytest.mark.parametrize("language", ["de_DE.UTF-8", "xx_YY", "\udcff"])
def test_messages_are_the_same_in_every_language(
    language: str, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANG", "LANGUAGE", "LC_MESSAGES", "LC_ALL"):
        monkeypatch.setenv(name, language)
    assert "Needed a single revision" in git.ask("rev-parse", "--verify", "nothing").err


@pytest.mark.fault(23)
def test_without_a_home_it_works_all_the_same(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert git.tell("rev-parse", "--is-inside-work-tree") == "true"


def test_the_gate_is_the_committer_and_says_so_by_its_identity(git: Git) -> None:
    gate = Git(git.directory, identity=Identity("Gate", "gate@example.org"))
    assert gate.tell("var", "GIT_COMMITTER_IDENT").startswith("Gate <gate@example.org>")


@pytest.mark.fault(7)
def test_nothing_is_asked_of_anybody(git: Git, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asker = tmp_path / "askpass"
    asker.write_text(f"#!/bin/sh\ntouch '{tmp_path}/asked'\necho secret\n")
    asker.chmod(0o755)
    for name in ("GIT_ASKPASS", "SSH_ASKPASS"):
        monkeypatch.setenv(name, str(asker))
    ran = git.ask("credential", "fill", timeout=10)
    script = 'printf "protocol=https\\nhost=example.org\\n\\n" | git credential fill'
    asked = git.ask(*shell(script), timeout=10)
    assert not ran.ok
    assert "terminal prompts disabled" in asked.err
    assert not (tmp_path / "asked").exists()


def test_an_editor_is_never_opened(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "false")
    monkeypatch.setenv("VISUAL", "false")
    named = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org"}
    assert git.ask("commit", "--amend", timeout=10, env=named).ok


@pytest.mark.fault(7)
def test_a_command_that_takes_too_long_is_stopped_and_says_so(git: Git) -> None:
    ran = git.ask(*shell("exec sleep 60"), timeout=0.2)
    assert (ran.timed_out, ran.ok, ran.said) == (True, False, "no answer within 0.2 s, stopped")


@pytest.mark.fault(7)
@pytest.mark.parametrize("start", ["", "setsid ", "trap '' TERM; "], ids=["child", "own session", "deaf"])
def test_what_a_stopped_command_had_started_is_gone_with_it(start: str, git: Git, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    ran = git.ask(*shell(f"{start}sh -c 'echo $$ > {pid}; sleep 60; :' & wait"), timeout=0.5)
    assert ran.timed_out
    assert eventually(lambda: is_gone(pid))


def test_a_daemon_that_keeps_the_pipe_does_not_keep_us_waiting(git: Git, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = git.directory / "daemon"
    script.write_text(f"echo $$ > '{pid}'\nexec sleep 20\n")
    ran = git.ask(*shell(f"echo before; setsid sh {script} & :"), timeout=0.5)
    psutil.Process(int(pid.read_text())).kill()
    assert (ran.timed_out, ran.out) == (True, "before\n")


def test_a_stopped_git_leaves_no_lock_behind(git: Git) -> None:
    hanging = "GIT_EDITOR='sleep 60' git -c user.name=a -c user.email=a@b commit --amend"
    git.ask(*shell(hanging), timeout=0.5)
    assert not list((git.directory / ".git").rglob("*.lock"))


def test_a_directory_that_is_gone_is_an_error_and_never_the_one_we_stand_in(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(git.directory)
    with pytest.raises(GitError, match="there is no such directory"):
        git.at(tmp_path / "gone").ask("config", "who.was", "here")
    assert git.ask("config", "who.was").code == 1


def test_a_directory_that_is_no_repository_is_not_taken_for_the_one_around_it(git: Git) -> None:
    inner = git.directory / "inner"
    inner.mkdir()
    assert git.at(inner).ask("config", "who.was", "here").code != 0
    assert git.ask("config", "who.was").code == 1


def test_git_that_is_not_installed_is_an_error(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(GitError, match="git cannot be run in"):
        git.ask("version")


def test_an_argument_that_no_process_can_have_is_an_error(git: Git) -> None:
    with pytest.raises(GitError, match="null byte"):
        git.ask("rev-parse", "a\0b")


def test_credentials_in_urls_are_masked_in_errors_and_in_what_is_shown_of_commands(tmp_path: Path) -> None:
    shown = RecentCommands()
    git = Git(tmp_path, commands=shown)
    url = "https://bot:p@ss:w0rd@127.0.0.1:1/shop.git"
    ran = git.ask("ls-remote", url, timeout=10)
    with pytest.raises(GitError) as error:
        git.tell("ls-remote", url, timeout=10)
    assert "https://***@127.0.0.1:1/shop.git" in list(shown.lines)[-1]
    assert "w0rd" not in " ".join([ran.said, str(error.value), *shown.lines])


def test_only_the_latest_commands_are_kept(git: Git) -> None:
    shown = RecentCommands(most=2)
    Git(git.directory, commands=shown).ask("version")
    for line in ("second", "third"):
        shown(line)
    assert list(shown.lines) == ["second", "third"]


@pytest.mark.parametrize("url", ["ext::sh -c touch% ran", "git://127.0.0.1:1/x", "http://127.0.0.1:1/x"])
def test_a_protocol_that_nobody_configured_is_refused(url: str, git: Git) -> None:
    ran = git.ask("ls-remote", url, timeout=10)
    assert f"transport '{url.partition(':')[0]}' not allowed" in ran.err
    assert not (git.directory / "ran").exists()


@pytest.mark.parametrize(
    ("remote_url", "allowed"),
    [
        ("git@example.org:shop.git", "https:ssh:file"),
        ("/srv/shop.git", "https:ssh:file"),
        ("ext::sh -c true", "https:ssh:file"),
        ("git://example.org/shop.git", "https:ssh:file:git"),
        ("http://example.org/shop.git", "https:ssh:file:http"),
    ],
)
def test_a_plain_protocol_is_spoken_only_to_a_remote_that_names_it(remote_url: str, allowed: str) -> None:
    assert allowed_protocols(remote_url) == allowed


def test_output_that_is_not_utf8_is_kept_readable(git: Git) -> None:
    assert git.ask(*shell(r"printf 'a\377b'")).out == r"a\xffb"
