"""TensorFlow's start-up noise is kept away, real messages are not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

START = "from mtl.reporting.quiet import silence_tensorflow; silence_tensorflow(); "


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TF_CPP")}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**kept, **environment},
        check=False,
    )


def test_nothing_is_printed_by_a_compiled_step() -> None:
    result = python(
        START + "import tensorflow as tf, keras;"
        "print(tf.function(lambda x: x + 1, jit_compile=True)(tf.constant(1)).numpy())"
    )
    assert (result.stdout, result.stderr, result.returncode) == ("2\n", "", 0)


FAKE = """
import os
os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are written\\n")
os.write(2, b"I0000 00:00:1795231191.195476    5393 port.cc:153] oneDNN\\n")
os.write(2, b"2026-11-20 10:15:02.123456: I tensorflow/core/x.cc:1] note\\n")
os.write(2, b"E0000 00:00:1795231191.195476    5393 cuda.cc:1] out of memory\\n")
print("hello")
"""


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    (tmp_path / "tensorflow.py").write_text(FAKE)
    return tmp_path


def test_errors_are_passed_on(fake: Path) -> None:
    result = python(START, PYTHONPATH=f"{fake}:{os.pathsep.join(sys.path)}")
    assert result.stdout == "hello\n"
    assert result.stderr == "E0000 00:00:1795231191.195476    5393 cuda.cc:1] out of memory\n"


def test_failed_import_is_passed_on(fake: Path) -> None:
    (fake / "tensorflow.py").write_text("raise ImportError('a library is missing')")
    result = python(START, PYTHONPATH=f"{fake}:{os.pathsep.join(sys.path)}")
    assert result.returncode == 1
    assert "ImportError: a library is missing" in result.stderr


def test_users_who_want_the_messages_get_them(fake: Path) -> None:
    path = f"{fake}:{os.pathsep.join(sys.path)}"
    result = python(START + "import tensorflow", PYTHONPATH=path, TF_CPP_MIN_LOG_LEVEL="0")
    assert len(result.stderr.splitlines()) == 4
