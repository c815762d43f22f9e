"""Universes: sets of securities that are chosen anew from time to time."""

import _host
from .names import Api, Items
from .enums import Resolution, DataNormalizationMode, SecurityType
from .data import to_time, symbol_of, Symbol
from .fundamental import Fundamental, Fundamentals, CoarseFundamental, FineFundamental, companies
from datetime import timedelta


class Schedule(Api):
    """The days a universe chooses on, where it does not choose every day."""

    def __init__(self, settings):
        self._settings, self._rule = settings, None

    @property
    def initialized(self):
        return self._rule is not None

    def on(self, rule, *more):
        if not hasattr(rule, "_kind"):
            from .schedule import DateRules
            rule = DateRules(None).on(rule, *more)
        self._rule = rule
        if self._settings._live:
            self._settings._push()

    def _pack(self):
        r = self._rule
        return ("", (), None) if r is None else (r._kind, r._args, r._func)


class UniverseSettings(Api):
    """Defaults of what is added; the algorithm's own live in the engine."""

    _names = ("resolution", "leverage", "fill_forward", "extended_market_hours", "minimum_time_in_universe", "data_normalization_mode", "asynchronous")

    def __init__(self, *args):
        object.__setattr__(self, "_live", False)
        object.__setattr__(self, "schedule", Schedule(self))
        if len(args) == 1 and isinstance(args[0], UniverseSettings):
            self.schedule._rule = args[0].schedule._rule
            args = tuple(getattr(args[0], n) for n in self._names)
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
                int(self.data_normalization_mode), *self.schedule._pack(), self._live)

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
    """A set of securities that is chosen anew from time to time. One that was
    made apart begins when it is added to the algorithm."""

    UNCHANGED = Unchanged = object()

    def __init__(self, handle=-1, make=None, data_type=None, settings=None):
        self._h, self._make, self.data_type, self.universe_settings = handle, make, data_type, settings

    def _add(self, algorithm, fine=None):
        if self._h < 0:
            self.universe_settings = self.universe_settings or algorithm.universe_settings
            self._h = self._make(self.universe_settings, fine)
            _BY[self._h] = self
        return self

    @property
    def symbol(self):
        return Symbol._of(_host.universe_symbol(self._h))

    def point(self, row):
        """A row of the universe's files as the point it is."""
        if self.data_type is Fundamentals:
            return Fundamental(row)
        return self.data_type(Symbol._of(row) if self.data_type is ConstituentsUniverseData else row)

    @property
    def members(self):
        from .securities import Security
        from .data import DataDictionary
        return DataDictionary({Symbol._of(s): Security._of(h) for s, h in _host.universe_members(self._h)})

    securities = members

    def contains_member(self, symbol):
        return symbol_of(symbol) in self.members

    @property
    def selected(self):
        return Items(Symbol._of(s) for s in _host.universe_selected(self._h))


_BY = {}


def universe_of(handle):
    """The universe of a handle; those the algorithm never held are made new."""
    if handle not in _BY:
        _BY[handle] = Universe(handle)
    return _BY[handle]


def chosen(got, fine=None, points=None):
    """What a selection answers to the engine: handles, None to keep what there
    is, and how many points the second selection got, -1 without one."""
    if got is None or got is Universe.UNCHANGED:
        return None, -1
    got = [_handle(s) for s in got]
    passed = -1
    if fine is not None:
        points = points(got)
        passed = len(points)
        got = fine(points)
        if got is None or got is Universe.UNCHANGED:
            return None, passed
        got = [_handle(s) for s in got]
    return got, passed


def _handle(s):
    return Symbol.create(s, SecurityType.EQUITY, "usa")._h if isinstance(s, str) else symbol_of(s)._h


class FundamentalUniverse(Universe):
    """All companies; the algorithm may choose twice."""

    @staticmethod
    def _new(settings, selector):
        def make(settings, fine):
            def choose(time, rows):
                rows = [Fundamental(r) for r in rows]

                def points(got):
                    keep = set(got)
                    # On a day without data what was chosen is looked up one by one.
                    return [r for r in rows if r.symbol._h in keep and r.has_fundamental_data] if rows else companies(got)
                return chosen(selector(rows), fine, points)
            return _host.universe("coarse", "", "usa", settings._pack(), choose)
        return FundamentalUniverse(-1, make, Fundamentals, settings)

    @staticmethod
    def usa(selector, settings=None):
        if isinstance(selector, UniverseSettings):
            selector, settings = settings, selector
        return FundamentalUniverse._new(settings, selector)

    USA = usa


class FundamentalUniverseFactory(FundamentalUniverse):
    pass


class ETFConstituentsUniverse(Universe):
    """The constituents of a fund."""

    @staticmethod
    def _new(ticker, market, settings, selector):
        def make(settings, fine):
            def choose(time, rows):
                rows = [ETFConstituentUniverse(r) for r in rows]
                ETFConstituentUniverse._last.update((r.symbol, r) for r in rows)
                return chosen(selector(rows) if selector else [r.symbol for r in rows], fine, companies)
            return _host.universe("etf", ticker, market or "usa", settings._pack(), choose)
        return ETFConstituentsUniverse(-1, make, ETFConstituentUniverse, settings)


class ConstituentsUniverseData(Api):
    """One row of a universe's own file."""

    def __init__(self, symbol):
        self.symbol = symbol


class ConstituentsUniverse(Universe):
    """A universe whose members the data folder has day by day."""

    def __init__(self, symbol, universe_settings=None, constituents_filter=None):
        def make(settings, fine):
            def choose(time, rows):
                rows = [ConstituentsUniverseData(Symbol._of(s)) for s in rows if s >= 0]
                return chosen(constituents_filter(rows) if constituents_filter else [r.symbol for r in rows], fine, companies)
            name = str(symbol.id.symbol).lower().rpartition("-")[2]
            return _host.universe("constituents", name, symbol.id.market, settings._pack(), choose)
        super().__init__(-1, make, ConstituentsUniverseData, universe_settings)


class ScheduledUniverse(Universe):
    """Asks a function at the times of a schedule."""

    def __init__(self, *args):
        args = [a for a in args if hasattr(a, "_kind") or callable(a) or isinstance(a, UniverseSettings)]
        date, time, selector = args[:3]

        def make(settings, fine):
            def choose(at, _):
                return chosen(selector(to_time(at)) or (), fine, companies)
            return _host.universe("scheduled", f"{date.name}_{time.name}", "usa", settings._pack(), choose, date._kind, date._args, date._func, time._kind, time._args)
        super().__init__(-1, make, None, args[3] if len(args) > 3 else None)


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
