"""Lets algorithms import the parts of the API by the paths LEAN has them under."""

import importlib.machinery
import sys

# Folders of LEAN's own Python models: a module in each is a file.
_FOLDERS = ("Alphas", "Portfolio", "Risk", "Execution", "Selection", "Orders.Fees", "Orders.Fills", "Orders.Slippage")
# The words .NET's namespaces there are made of.
_WORDS = frozenset("""Algorithm Alphas Api Auxiliary Benchmarks Brokerages CandlestickPatterns Cfd Commands Common Configuration Consolidators Crypto Custom
    Data DataFeeds Engine Equity Estimize Execution Fees Fills Forex Framework Fundamental Future Generic Collections IconicTypes Index Indicators Interfaces
    Lean Linq Logging Market Notifications Option OptionExercise Orders Packets Parameters Portfolio Positions Python QuantConnect Risk Scheduling Securities
    Selection Shortable Slippage Statistics Storage System Text Tiingo TimeInForces UniverseSelection Util Volatility""".split())


def _kind(name):
    """None for what is no module of LEAN's, else whether it holds others."""
    folder, _, last = name.rpartition(".")
    if folder in _FOLDERS:
        return False
    if name in _FOLDERS or name == "clr" or all(w in _WORDS for w in name.split(".")):
        return name != "clr"
    return False if not folder and name.endswith("Model") and _has(name) else None


class _Finder:
    """Stands last: a project's own modules of these names come first."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):
        kind = _kind(fullname)
        return None if kind is None else importlib.machinery.ModuleSpec(fullname, _Finder, is_package=kind)

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
