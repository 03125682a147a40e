"""`environment.json` says how a run came about."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pytest

from mtl.reporting.environment import describe_environment, git_state, installed_packages


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    command = ["git", *identity, "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init")
    (tmp_path / "file").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    return tmp_path


def test_commit_and_whether_dirty(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    inside = repository / "inside"
    inside.mkdir()
    assert git_state(inside) == {"commit": commit, "branch": "main", "dirty": False}
    (repository / "file").write_text("2")
    assert git_state(inside) == {"commit": commit, "branch": "main", "dirty": True}


def test_new_files_make_a_repository_dirty(repository: Path) -> None:
    (repository / "experiment.yaml").write_text("x")
    state = git_state(repository)
    assert state is not None
    assert state["dirty"] is True


def test_detached_head(repository: Path) -> None:
    git(repository, "checkout", "--detach")
    state = git_state(repository)
    assert state is not None
    assert state["branch"] is None


def test_repository_without_a_commit(tmp_path: Path) -> None:
    git(tmp_path, "init")
    assert git_state(tmp_path) == {"commit": None, "branch": "main", "dirty": False}


def test_outside_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_state(tmp_path) is None


def test_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert git_state(repository) is None


def test_git_that_hangs(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path_factory.mktemp("slow") / "git"
    slow.write_text("#!/bin/sh\nexec sleep 20\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("mtl.reporting.environment.GIT_SECONDS", 0.2)
    assert git_state(repository) is None


def test_description() -> None:
    found = describe_environment(
        command=("python", "-m", "mtl", "experiment=headline"),
        overrides=["experiment=headline"],
        seed=7,
        devices=["CPU 0"],
        started=datetime(2026, 11, 20, 10, 15, 2, tzinfo=UTC),
    )
    assert found["command"] == ["python", "-m", "mtl", "experiment=headline"]
    assert found["overrides"] == ["experiment=headline"]
    assert found["seed"] == 7
    assert found["devices"] == ["CPU 0"]
    assert datetime.fromisoformat(found["started"]).timestamp() == 1795169702
    assert found["python"] == platform.python_version()
    assert found["cpus"] == os.cpu_count()
    assert found["folder"] == str(Path.cwd())
    assert json.loads(json.dumps(found)) == found


def test_all_packages_are_named() -> None:
    packages = installed_packages()
    assert packages["rich"] == metadata.version("rich")
    assert packages["tensorflow"] == metadata.version("tensorflow")
