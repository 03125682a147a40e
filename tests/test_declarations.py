from __future__ import annotations

import pytest

from mtl.declarations import declared_in


@pytest.mark.parametrize(
    "decorator",
    ["builder", "mtl.builder", "registry.builder", "builders.add", "mtl.registry.builders.add"],
)
def test_every_way_of_writing_the_decorator_is_seen(tmp_path, decorator):
    file = tmp_path / "own.py"
    file.write_text(f"raise SystemExit\n@{decorator}('own')\ndef f(): ...\n")
    assert declared_in([file], "builder") == {"own": [file]}


def test_classes_and_definitions_in_conditions_are_seen(tmp_path):
    file = tmp_path / "own.py"
    file.write_text("if 1:\n    @balancer('mine')\n    class Mine: ...\n")
    assert declared_in([file], "balancer") == {"mine": [file]}


def test_other_nouns_and_computed_names_are_not_seen(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(
        "@kind('k')\ndef f(): ...\n@builder(NAME)\ndef g(): ...\n@builder\ndef h(): ..."
    )
    assert declared_in([file], "builder") == {}


def test_a_file_that_cannot_be_parsed_declares_nothing(tmp_path):
    broken, binary = tmp_path / "broken.py", tmp_path / "binary.py"
    broken.write_text("@builder('x'\ndef")
    binary.write_bytes(b"\x00builder\xff")
    assert declared_in([broken, binary, tmp_path / "absent.py"], "builder") == {}


def test_a_changed_file_is_read_again(tmp_path):
    file = tmp_path / "own.py"
    file.write_text("@builder('one')\ndef f(): ...\n")
    declared_in([file], "builder")
    file.write_text("@builder('two')\ndef f(): ...\n")
    import os

    os.utime(file, ns=(1, 1))
    assert list(declared_in([file], "builder")) == ["two"]
