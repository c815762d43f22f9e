"""Writes what editors and agents read of the API: every class with its members
in both spellings, from the library itself."""

import ast
import inspect
import keyword
import textwrap

from .check_files import class_tree
from .names import Enum

# What the most used members give.
_GIVES = {
    "add_equity": "Equity", "add_forex": "Forex", "add_crypto": "Crypto", "add_cfd": "Cfd", "add_index": "Index", "add_security": "Security", "add_data": "Security",
    "market_order": "OrderTicket", "limit_order": "OrderTicket", "stop_market_order": "OrderTicket", "stop_limit_order": "OrderTicket", "trailing_stop_order": "OrderTicket",
    "limit_if_touched_order": "OrderTicket", "market_on_open_order": "OrderTicket", "market_on_close_order": "OrderTicket", "buy": "OrderTicket", "sell": "OrderTicket",
    "set_holdings": "list[OrderTicket]", "liquidate": "list[OrderTicket]", "time": "datetime", "utc_time": "datetime", "end_time": "datetime", "start_date": "datetime", "end_date": "datetime",
    "is_warming_up": "bool", "is_ready": "bool", "invested": "bool", "is_long": "bool", "is_short": "bool", "symbol": "Symbol", "quantity": "float", "price": "float", "log": "None", "debug": "None",
    "error": "None", "quit": "None", "plot": "None", "set_cash": "None", "set_start_date": "None", "set_end_date": "None", "set_warm_up": "None", "set_warmup": "None", "set_benchmark": "None",
    "total_portfolio_value": "float", "cash": "float", "margin_remaining": "float", "total_fees": "float", "total_profit": "float", "total_net_profit": "float",
    "total_unrealized_profit": "float", "holdings": "SecurityHolding", "exchange": "SecurityExchange", "get_open_orders": "list[Order]", "get_orders": "list[Order]",
    "get_order_tickets": "list[OrderTicket]", "get_open_order_tickets": "list[OrderTicket]", "contains_key": "bool", "to_string": "str", "initialize": "None", "on_data": "None",
    "on_order_event": "None", "on_securities_changed": "None", "on_end_of_day": "None", "on_end_of_algorithm": "None", "on_warmup_finished": "None",
}
_HEAD = '''"""The API that algorithms are written in, for editors; generated from the
library by `make golden`. Every member has both spellings."""

from collections import *
from datetime import date as date, datetime as datetime, time as time, timedelta as timedelta
from functools import *
from itertools import *
from math import *
from typing import Any, Callable, Iterator
import json as json
import math as math
import sys as sys

import numpy as np
import pandas as pd

'''


def _plain(v):
    return v is None or isinstance(v, (bool, int, float, str)) and not isinstance(v, Enum)


def _signature(f):
    try:
        sig = inspect.signature(f)
    except (ValueError, TypeError):
        return "(*args: Any, **kwargs: Any)"
    out, star, only = [], False, 0
    for p in sig.parameters.values():
        if p.kind is p.POSITIONAL_ONLY:
            only = len(out) + 1
        if p.kind is p.KEYWORD_ONLY and not star:
            out.append("*")
            star = True
        name = p.name
        if p.kind is p.VAR_POSITIONAL:
            name, star = "*" + name, True
        elif p.kind is p.VAR_KEYWORD:
            name = "**" + name
        if p.default is not p.empty:
            name += "=" + (repr(p.default) if _plain(p.default) else "...")
        out.append(name)
    if only:
        out.insert(only, "/")
    return "(" + ", ".join(out) + ")"


def _gives(name, known):
    from .names import snake
    t = _GIVES.get(snake(name) if name[:1].isupper() else name, "Any")
    return t if t.split("[")[-1].rstrip("]") in known or t in ("None", "bool", "str", "float", "datetime", "Any") else "Any"


def _doc(obj, pad):
    text = (inspect.getdoc(obj) or "").strip() if "__doc__" in getattr(obj, "__dict__", {}) or callable(obj) and not isinstance(obj, type) else ""
    if not text or '"""' in text or "\\" in text:
        return []
    return [pad + '"""' + textwrap.shorten(text.replace("\n", " "), 200) + '"""']


def _named(v, known):
    t = type(v)
    if isinstance(v, (bool, int, float, str)) and t in (bool, int, float, str):
        return t.__name__
    return t.__name__ if t.__name__ in known else "Any"


def _stored(cls):
    """The names that a class stores on itself."""
    tree = class_tree(cls)
    if tree is None:
        return []
    out = []
    for n in ast.walk(tree):
        if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) and getattr(n.value, "id", "") == "self" and not n.attr.startswith("_"):
            out.append(n.attr)
    return out


def _members(cls, known, instance):
    lines, seen = [], set()
    rows = {}
    for c in reversed([c for c in cls.__mro__ if c is cls or c.__module__ == "_host"]):
        rows.update(vars(c))
    for name, v in rows.items():
        if name.startswith("_") and name not in ("__init__", "__getitem__", "__len__", "__iter__", "__contains__", "__call__") or not name.isidentifier() or keyword.iskeyword(name):
            continue
        seen.add(name)
        if isinstance(v, staticmethod):
            lines += ["    @staticmethod", f"    def {name}{_signature(v.__func__)} -> {_gives(name, known)}: ..."]
        elif isinstance(v, classmethod):
            lines += ["    @classmethod", f"    def {name}{_signature(v.__func__)} -> {_gives(name, known)}: ..."]
        elif isinstance(v, property):
            lines += ["    @property", f"    def {name}(self) -> {_gives(name, known)}: ..."]
            if v.fset is not None:
                lines += [f"    @{name}.setter", f"    def {name}(self, value: Any) -> None: ..."]
        elif inspect.isfunction(v):
            back = "None" if name == "__init__" else "int" if name == "__len__" else "bool" if name == "__contains__" else "Iterator[Any]" if name == "__iter__" else _gives(name, known)
            doc = _doc(v, "        ") if v.__doc__ else []
            lines += [f"    def {name}{_signature(v)} -> {back}:" + ("" if doc else " ...")] + doc + (["        ..."] if doc else [])
        elif isinstance(v, type):
            lines.append(f"    {name} = {v.__name__}" if v.__name__ in known and v.__name__ != name else f"    {name}: Any")
        elif inspect.ismemberdescriptor(v) or inspect.isgetsetdescriptor(v):
            lines.append(f"    {name}: {'bool' if name in ('is_ready', 'IsReady', 'invested', 'Invested', 'suspicious', 'Suspicious') else 'Symbol' if name in ('symbol', 'Symbol') else 'float'}")
        else:
            lines.append(f"    {name}: {_named(v, known)}")
    stored = dict.fromkeys(_stored(cls))
    if instance is not None:
        stored.update(dict.fromkeys(n for n in vars(instance) if not n.startswith("_")))
    from .names import pascal
    for name in stored:
        if name in seen:
            continue
        t = _named(vars(instance)[name], known) if instance is not None and name in vars(instance) else "Any"
        for n in dict.fromkeys((name, pascal(name)) if instance is not None else (name,)):
            if n not in seen:
                lines.append(f"    {n}: {t}")
    return lines


def stubs():
    """The text of AlgorithmImports.pyi."""
    import AlgorithmImports
    api = {n: v for n, v in vars(AlgorithmImports).items() if not n.startswith("_")}
    ours = lambda v: str(getattr(v, "__module__", "")).startswith(("lean.", "AlgorithmImports"))
    classes = {n: v for n, v in api.items() if isinstance(v, type) and ours(v)}
    known = set(classes)
    out = [_HEAD.rstrip("\n"), ""]
    for name in sorted(classes):
        cls = classes[name]
        if cls.__name__ != name and classes.get(cls.__name__) is cls:
            out += ["", f"{name} = {cls.__name__}"]
            continue
        if issubclass(cls, Enum) and cls is not Enum:
            out += ["", "", f"class {name}(int):"] + _doc(cls, "    ")
            out += [f"    {k}: {name}" for k, v in vars(cls).items() if isinstance(v, Enum) and not keyword.iskeyword(k)] + ["    def to_string(self) -> str: ...", "    def ToString(self) -> str: ..."]
            continue
        bases = [b.__name__ for b in cls.__bases__ if b.__name__ in known or b in (dict, list, float, int, str, Exception, ValueError, RuntimeError)]
        body = _doc(cls, "    ") + _members(cls, known, AlgorithmImports.QCAlgorithm() if name == "QCAlgorithm" else None)
        out += ["", "", f"class {name}({', '.join(bases)}):" if bases else f"class {name}:"] + (body or ["    ..."])
    for name in sorted(api):
        v = api[name]
        if inspect.isfunction(v) and ours(v):
            out += ["", "", f"def {name}{_signature(v)} -> Any: ..."]
        elif not isinstance(v, type) and not inspect.ismodule(v) and not inspect.isroutine(v) and ours(type(v)):
            out += ["", f"{name}: Any"]
    text = "\n".join(out) + "\n"
    ast.parse(text)
    return text
