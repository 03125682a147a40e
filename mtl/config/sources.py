"""What Hydra needs to know to find configs where `mtl.config.search` says they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.core.config_search_path import ConfigSearchPath, SearchPathQuery
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf

from mtl.config import schema
from mtl.config.search import EXPERIMENT, ROOT, places, shipped

RUN = "run"


class Experiments(FileConfigSource):
    """Presents `<folder>/<name>.yaml` as `experiment/<name>`.

    An experiment's keys stand at the root of the config without a header line in its file, and its
    `name` is its file's unless it has one.
    """

    @staticmethod
    def scheme() -> str:
        """Return what its paths start with: `experiments://`."""
        return "experiments"

    def load_config(self, config_path: str) -> ConfigResult:
        """Return the experiment at `experiment/<name>`."""
        result = super().load_config(self._inside(config_path))
        if result.header.get("package") is None:
            result.header["package"] = "_global_"
        if isinstance(result.config, DictConfig):
            name = config_path.removeprefix(f"{EXPERIMENT}/").removesuffix(".yaml")
            result.config = OmegaConf.merge({"name": name}, result.config)
        return result

    def available(self) -> bool:
        """Return whether the folder exists."""
        return Path(self.path).is_dir()

    def is_group(self, config_path: str) -> bool:
        """Return whether a path is the root, `experiment`, or a folder in it."""
        return not config_path or (
            self._owns(config_path) and super().is_group(self._inside(config_path))
        )

    def is_config(self, config_path: str) -> bool:
        """Return whether a path is an experiment."""
        return self._owns(config_path) and super().is_config(self._inside(config_path))

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """Return what is in a folder of experiments; the root has just `experiment`."""
        if not config_path:
            return [] if results_filter == ObjectType.CONFIG else [EXPERIMENT]
        names: list[str] = []
        for entry in Path(self.path, self._inside(config_path)).iterdir():
            self._list_add_result(names, f"{config_path}/{entry.name}", entry.name, results_filter)
        return sorted(set(names))

    @staticmethod
    def _owns(config_path: str) -> bool:
        return config_path == EXPERIMENT or config_path.startswith(f"{EXPERIMENT}/")

    @staticmethod
    def _inside(config_path: str) -> str:
        return config_path.removeprefix(EXPERIMENT).removeprefix("/")


class RunConfig(FileConfigSource):
    """Presents a run's `config.yaml` as `run`, a root like `mtl` with the same Hydra settings."""

    @staticmethod
    def scheme() -> str:
        """Return what its paths start with: `run://`."""
        return "run"

    def load_config(self, config_path: str) -> ConfigResult:
        """Return the run's config."""
        result = super().load_config("config")
        root = OmegaConf.load(shipped() / "conf" / f"{ROOT}.yaml")
        hydra = [entry for entry in root.defaults if any("override hydra/" in key for key in entry)]
        defaults = [schema.NAME, "_self_", *hydra]
        result.config = OmegaConf.merge(result.config, {"defaults": defaults, "hydra": root.hydra})
        return result

    def is_group(self, config_path: str) -> bool:
        """Return whether a path is the root; there are no groups."""
        return not config_path

    def is_config(self, config_path: str) -> bool:
        """Return whether a path is `run`."""
        return config_path in {RUN, f"{RUN}.yaml"}

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """Return nothing: the run's config is not one to choose."""
        return []


class SearchPath(SearchPathPlugin):
    """Puts the places of `mtl.config.search` on the search path, for `mtl` alone.

    Another Hydra application in the same process is left as it is.
    """

    base: Path | None = None

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Add the places around the shipped `conf`, which Hydra calls `main`."""
        main = [element.path for element in search_path.get_path() if element.provider == "main"]
        if main != [str(shipped() / "conf")]:
            return
        before = True
        for place in places():
            before = before and place.folder != shipped()
            for scheme, folder in (("file", place.conf), (Experiments.scheme(), place.experiments)):
                path = f"{scheme}://{folder}"
                if before and folder.is_dir():
                    search_path.prepend(place.name, path, SearchPathQuery(provider="main"))
                elif folder.is_dir() and folder != shipped() / "conf":
                    search_path.append(place.name, path)
        if self.base is not None:
            search_path.append("run", f"{RunConfig.scheme()}://{self.base}")


def register() -> None:
    """Make Hydra know the sources, the search path and the schema; again does no harm."""
    for plugin in (Experiments, RunConfig, SearchPath):
        Plugins.instance().register(plugin)
    schema.store()


@contextmanager
def based_on(folder: Path | None) -> Iterator[str]:
    """Yield the name of the root config: `run` where a run's folder is given, else `mtl`.

    Args:
        folder: A run's folder, with its `config.yaml`.
    """
    register()
    before, SearchPath.base = SearchPath.base, folder
    try:
        yield ROOT if folder is None else RUN
    finally:
        SearchPath.base = before
