"""Universes: sets of securities that are chosen anew from time to time."""

import _host
from .names import Api, Items
from .enums import Resolution, DataNormalizationMode
from .data import to_time, symbol_of, Symbol
from datetime import timedelta


class UniverseSettings(Api):
    """Defaults of what is added; the algorithm's own live in the engine."""

    _names = ("resolution", "leverage", "fill_forward", "extended_market_hours", "minimum_time_in_universe", "data_normalization_mode", "asynchronous")

    def __init__(self, *args):
        object.__setattr__(self, "_live", False)
        for n, v in zip(self._names, (Resolution.MINUTE, 0.0, True, False, timedelta(days=1), DataNormalizationMode.ADJUSTED, False)):
            object.__setattr__(self, n, v)
        for n, v in zip(self._names, args):
            setattr(self, n, v)

    def __setattr__(self, name, value):
        if name[:1].isupper():
            from .names import snake
            name = snake(name)
        object.__setattr__(self, name, value)
        if self._live:
            self._push()

    def __getattr__(self, name):
        from .names import snake
        low = snake(name)
        if low != name and low in self.__dict__:
            return self.__dict__[low]
        raise AttributeError(name)

    def _pack(self):
        from .data import span_ns
        return (int(self.resolution), float(self.leverage or 0), bool(self.fill_forward), bool(self.extended_market_hours), span_ns(self.minimum_time_in_universe),
                int(self.data_normalization_mode))

    def _push(self):
        _host.universe_settings(self._pack())


class SecurityChanges(Api):
    """Who came and who went."""

    def __init__(self, added, removed):
        self.added_securities = self.AddedSecurities = Items(added)
        self.removed_securities = self.RemovedSecurities = Items(removed)

    @property
    def count(self):
        return len(self.added_securities) + len(self.removed_securities)

    def __str__(self):
        return f"SecurityChanges: Added: {','.join(str(s.symbol.id) for s in self.added_securities)} Removed: {','.join(str(s.symbol.id) for s in self.removed_securities)}"


SecurityChanges.NONE = SecurityChanges(()  , ())


class Universe(Api):
    UNCHANGED = Unchanged = object()

    def __init__(self, handle=-1):
        self._h = handle

    @property
    def members(self):
        from .securities import Security
        from .data import DataDictionary
        return DataDictionary({Symbol._of(s): Security._of(h) for s, h in _host.universe_members(self._h)})

    securities = members

    @property
    def selected(self):
        return Items(Symbol._of(s) for s in _host.universe_selected(self._h))


class CoarseFundamental(Api):
    """One row of the coarse universe file."""

    _last = {}

    def __init__(self, row):
        (symbol, self.price, self.volume, self.dollar_volume, self.has_fundamental_data, self.price_factor, self.split_factor, time) = row
        self.symbol, self.time = Symbol._of(symbol), to_time(time)
        self.value = self.price
        self.end_time = self.time + timedelta(days=1)

    @property
    def adjusted_price(self):
        return self.price * self.price_factor * self.split_factor

    @property
    def market(self):
        return self.symbol.id.market

    def __getattr__(self, name):
        from .names import snake
        low = snake(name)
        if low != name and low in self.__dict__:
            return self.__dict__[low]
        raise AttributeError(name)


Fundamental = FineFundamental = CoarseFundamental


class ETFConstituentUniverse(Api):
    """One row of an ETF's constituents."""

    _last = {}

    def __init__(self, row):
        symbol, self.weight, self.shares_held, self.market_value, update, time = row
        self.symbol, self.last_update, self.time = Symbol._of(symbol), to_time(update) if update else None, to_time(time)
        self.end_time = self.time + timedelta(days=1)

    def __getattr__(self, name):
        from .names import snake
        low = snake(name)
        if low != name and low in self.__dict__:
            return self.__dict__[low]
        raise AttributeError(name)


ETFConstituentData = ETFConstituentUniverse
