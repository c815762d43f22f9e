"""Two spellings of one API: every public name exists in snake_case and in
PascalCase, and an algorithm may override a method in either."""

import re

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPECIAL = {"id": "ID"}
_pascal = {}
_snake = {}


def pascal(name):
    """set_holdings -> SetHoldings."""
    out = _pascal.get(name)
    if out is None:
        out = _SPECIAL.get(name) or "".join(w[:1].upper() + w[1:] for w in name.split("_"))
        _pascal[name] = out
    return out


def snake(name):
    """SetHoldings -> set_holdings."""
    out = _snake.get(name)
    if out is None:
        out = "_".join(_WORDS.split(name)).lower()
        _snake[name] = out
    return out


class Items(list):
    """A list whose count is its length, as in .NET."""

    @property
    def count(self):
        return len(self)

    Count = count


def both(cls):
    """Gives a class's own public names their other spelling."""
    for name, value in list(vars(cls).items()):
        if name.startswith("_"):
            continue
        other = snake(name) if name[0].isupper() else pascal(name)
        if other != name and other not in vars(cls):
            setattr(cls, other, value)
    return cls


class Api:
    """Base of everything an algorithm sees or derives from."""

    __slots__ = ()

    def __init_subclass__(cls, **kw):
        super().__init_subclass__(**kw)
        both(cls)


class EnumMeta(type):
    def __new__(mcs, name, bases, ns):
        members = {k: v for k, v in ns.items() if not k.startswith("_") and isinstance(v, int)}
        rest = {k: v for k, v in ns.items() if k not in members}
        cls = super().__new__(mcs, name, bases, rest)
        by = {}
        for key, value in members.items():
            one = int.__new__(cls, value)
            one._name = "".join(w if w.isdigit() else w.capitalize() for w in key.split("_"))
            one._key = key
            by.setdefault(value, one)
            setattr(cls, key, one)
            setattr(cls, one._name, one)
        cls._by = by
        return cls

    def __call__(cls, value):
        if not getattr(cls, "_by", None):
            return super().__call__(value)
        found = cls._by.get(int(value))
        if found is None:
            raise ValueError(f"{value!r} is no {cls.__name__}")
        return found

    def __iter__(cls):
        return iter(cls._by.values())


class Enum(int, metaclass=EnumMeta):
    """An integer with a name, printed as .NET prints it."""

    def __str__(self):
        return self._name

    def __repr__(self):
        return f"{type(self).__name__}.{self._key}"

    def __format__(self, spec):
        return format(self._name, spec)

    @property
    def name(self):
        return self._name

    @property
    def value(self):
        return int(self)

    def to_string(self):
        return self._name

    ToString = to_string

    __hash__ = int.__hash__
