"""Environments of their own, into which `mtl` and a plug-in are really installed.

The dependencies are those of the environment that runs the tests, so nothing is downloaded.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = Path(__file__).parent / "plugin"


@dataclass(frozen=True)
class Environment:
    """A virtual environment.

    Attributes:
        folder: Where it is.
        elsewhere: A folder to run commands in, as a user's.
    """

    folder: Path
    elsewhere: Path

    def run(self, *command: str, status: int = 0, cwd: Path | None = None, **more: str) -> str:
        """Run an installed command and return its output and errors."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command,
            cwd=cwd or self.elsewhere,
            env={**clean, "PATH": path, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def install(self, *what: str) -> None:
        """Install a wheel, or a folder with the words that pip takes, without dependencies."""
        words = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
        self.run("python", *words, "--no-build-isolation", *what)


def make_environment(folder: Path) -> Environment:
    """Make an environment that also sees the packages of the one that runs the tests."""
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "venv/lib" / version / "site-packages"
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    return Environment(folder / "venv", elsewhere)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from the source distribution as a release is."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def from_wheel(wheel, tmp_path_factory) -> Environment:
    """An environment with the wheel and the plug-in."""
    environment = make_environment(tmp_path_factory.mktemp("from_wheel"))
    environment.install(str(wheel))
    environment.install(str(PLUGIN))
    return environment


@pytest.fixture(scope="session")
def editable(tmp_path_factory) -> Environment:
    """An environment with an editable install of the checkout and of the plug-in."""
    environment = make_environment(tmp_path_factory.mktemp("editable"))
    environment.install("--editable", str(ROOT))
    environment.install("--editable", str(PLUGIN))
    return environment


@pytest.fixture(params=["from_wheel", "editable"])
def installed(request) -> Environment:
    """Each of the two environments."""
    return request.getfixturevalue(request.param)
