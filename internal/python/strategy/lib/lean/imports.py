"""Lets algorithms import the parts of the API by the paths LEAN has them under."""

import importlib.machinery
import sys

# The roots of LEAN's own Python and .NET modules.
_ROOTS = ("Alphas", "Portfolio", "Risk", "Execution", "Selection", "Orders", "QuantConnect", "System", "clr")


class _Finder:
    """Stands last: a project's own modules of these names come first."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):
        root, _, rest = fullname.partition(".")
        if root in _ROOTS or not rest and fullname.endswith("Model") and _has(fullname):
            return importlib.machinery.ModuleSpec(fullname, _Finder, is_package=True)
        return None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        api = sys.modules["AlgorithmImports"]
        module.__all__ = [n for n in vars(api) if not n.startswith("_")]

        def get(name):
            try:
                return getattr(api, name)
            except AttributeError:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}") from None
        module.__getattr__ = get
        module.AddReference = module.add_reference = lambda *_: None


def _has(name):
    api = sys.modules.get("AlgorithmImports")
    return api is not None and hasattr(api, name)


def install():
    if _Finder not in sys.meta_path:
        sys.meta_path.append(_Finder)
