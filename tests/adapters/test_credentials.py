from pathlib import Path

import pytest

from mergetui.adapters.credentials import CredentialError, read_credential


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.touch(0o600)
    file.write_text("from the file\n")
    return file


def test_a_variable_stands_above_a_file(file: Path) -> None:
    told = read_credential(variable="TOKEN", file=str(file), environ={"TOKEN": " from the variable\n"})
    assert told == "from the variable"


def test_a_variable_that_is_not_set_gives_way_to_the_file(file: Path) -> None:
    assert read_credential(variable="TOKEN", file=str(file), environ={}) == "from the file"


def test_where_none_is_named_there_is_none() -> None:
    assert read_credential(variable=None, file=None, environ={}) is None


def test_a_variable_that_was_named_and_is_not_set_is_told() -> None:
    with pytest.raises(CredentialError, match="TOKEN is not set"):
        read_credential(variable="TOKEN", file=None, environ={"TOKEN": " "})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused_with_the_mend(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(CredentialError, match=f"chmod 600 {file}"):
        read_credential(variable=None, file=str(file), environ={})


def test_a_file_that_is_missing_empty_or_none_is_named(file: Path) -> None:
    file.write_text("\n")
    for path, told in ((file, "is empty"), (file.parent, "is not a file"), (file / "x", "cannot be read")):
        with pytest.raises(CredentialError, match=told):
            read_credential(variable=None, file=str(path), environ={})
