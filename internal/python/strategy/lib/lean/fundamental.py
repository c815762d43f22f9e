"""Companies: what they trade at, and figures of what they are and earn."""

import json
from datetime import timedelta

import _host
from .names import Api, Items, snake
from .data import Symbol, to_time, to_ns, symbol_of

_table = None


def _figures():
    """The figures of the run by identifier and path, and an empty value for
    each path that any company has."""
    global _table
    if _table is None:
        table = json.loads(_host.companies() or "{}")
        known, empty = {}, {}
        for name, values in table.items():
            mine = known[name] = {}
            for key, v in values.items():
                path = ".".join(snake(w) for w in key.split("_"))
                mine[path] = v
                empty[path] = type(v)()
        _table = known, empty
    return _table


class _Figures(float):
    """A group of figures. As a number it is none: what is not known compares
    as nothing does."""

    def __new__(cls, symbol, path):
        self = float.__new__(cls, "nan")
        self._symbol, self._path = symbol, path
        return self

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return _figure(self._symbol, f"{self._path}.{snake(name)}")

    def __bool__(self):
        return False


class _Group(_Figures):
    """A group some of whose figures are known."""

    def __bool__(self):
        return True


def _figure(symbol, path):
    known, empty = _figures()
    for who in (symbol.id._text, "*"):
        v = known.get(who, {}).get(path)
        if v is not None:
            return v
    if path in empty:
        return empty[path]
    return (_Group if any(p.startswith(path + ".") for p in empty) else _Figures)(symbol, path)


class Fundamental(Api):
    """A company on a day: price and volume of the coarse file, and figures by
    the paths LEAN has them under, such as valuation_ratios.pe_ratio."""

    _last = {}

    def __init__(self, row):
        symbol, self.price, self.volume, self.dollar_volume, self._has, self.price_factor, self.split_factor, time = row
        self.symbol, self.time = Symbol._of(symbol), to_time(time)
        self.value = self.price
        self.end_time = self.time + timedelta(days=1)

    @property
    def has_fundamental_data(self):
        return bool(_figures()[0].get("*", {}).get("has_fundamental_data", self._has))

    @property
    def adjusted_price(self):
        return self.price * self.price_factor * self.split_factor

    @property
    def market(self):
        return self.symbol.id.market

    @property
    def market_cap(self):
        v = self.company_profile.market_cap
        return v if v == v else 0

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        low = snake(name)
        if low != name and (low in self.__dict__ or hasattr(type(self), low)):
            return getattr(self, low)
        return _figure(self.symbol, low)


CoarseFundamental = FineFundamental = Fundamental


class Fundamentals(Fundamental):
    """The type of the universe of all companies."""


_day, _rows = None, {}


def company(symbol, utc):
    """What is known of a company at a time; without prices where no file has it."""
    global _day, _rows
    day = utc // 3_600_000_000_000
    if day != _day:
        _day, _rows = day, {r[0]: r for r in _host.coarse("usa", utc) or ()}
    row = _rows.get(symbol._h)
    if row is None:
        row = (symbol._h, 0.0, 0.0, 0.0, False, 1.0, 1.0, utc)
    return Fundamental(row)


def companies(handles):
    now = _host.CLOCK.utc
    return [company(Symbol._of(h), now) for h in handles]
