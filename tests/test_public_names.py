from __future__ import annotations

import subprocess
import sys

import pytest

import mtl


def test_importing_mtl_and_composing_imports_no_tensorflow():
    code = (
        "import mtl, sys; mtl.builder; mtl.MtlError; mtl.compose('headline');"
        "print({'tensorflow', 'keras', 'polars'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_public_name_is_listed_and_assigned_to_one_module():
    assert sorted(name for names in mtl._MODULES.values() for name in names) == mtl.__all__
    assert set(mtl.__all__) <= set(dir(mtl))


def test_the_decorators_are_the_registrys():
    from mtl import registry

    assert mtl.builder == registry.builders.add
    assert mtl.balancer == registry.balancers.add


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        mtl.trian  # noqa: B018
