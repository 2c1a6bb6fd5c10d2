"""The modules that measure: the lab's own, and those of other folders."""
import importlib.util
import os

from lab import block, life, network
from lab.errors import LabError

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

OWN = (block, network, life)
# Paths below bench/; one that is not there offers nothing.
PLUGINS = ("micro/plugin.py", "count/plugin.py")


def modules():
    return list(OWN) + [load(path) for path in PLUGINS
                        if os.path.exists(os.path.join(BENCH, path))]


def load(path):
    name = "lab_" + path.replace("/", "_").removesuffix(".py")
    spec = importlib.util.spec_from_file_location(
        name, os.path.join(BENCH, path))
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise LabError(f"cannot load 'bench/{path}': {error!r}") from error
    return module
