"""What tests of several parts share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtl import registry
from mtl.registry import Registry

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def clean_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget what a test registers, and the plug-ins that it imports."""
    monkeypatch.setattr(registry, "_local", {})
    before = set(sys.modules)
    yield
    for each in vars(registry).values():
        if isinstance(each, Registry):
            # Shipped modules stay imported, so what they have registered stays too.
            own = [n for n, place in each._places.items() if not place.module.startswith("mtl.")]
            for name in own:
                del each._objects[name], each._places[name]
    for name in set(sys.modules) - before:
        if name.startswith(("mtl_plugins_", "mtl_test_")):
            del sys.modules[name]


@pytest.fixture
def user_folder(tmp_path, monkeypatch, clean_registry):
    """An empty current folder, as a user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@pytest.fixture
def write(user_folder):
    """Write files into the current folder: `write("conf/model/own.yaml", "name: own")`."""

    def write_file(name: str, text: str):
        path = user_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def install(write, user_folder, monkeypatch):
    """Install a package with an entry point in `mtl.plugins`, as far as Python can tell."""

    def install_package(name: str, files: dict[str, str], value: str | None = None):
        for file, text in files.items():
            write(f"site/{name}/{file}", text)
        write(f"site/{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\n")
        write(
            f"site/{name}-1.0.dist-info/entry_points.txt",
            f"[mtl.plugins]\n{name} = {value or name}\n",
        )
        monkeypatch.syspath_prepend(str(user_folder / "site"))
        monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{user_folder / 'site'}")
        return user_folder / "site" / name

    return install_package
