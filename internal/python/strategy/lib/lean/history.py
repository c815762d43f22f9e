"""History: past points as lists of slices or bars, or as a frame."""

from datetime import datetime, timedelta

import _host
from .enums import Resolution
from .data import Symbol, symbol_of, to_ns, to_time, span_ns, TradeBar, QuoteBar, Tick, DataDictionary, BaseData, _Pair


class InvalidOperation(ValueError, RuntimeError):
    """A call that the state does not allow."""


class PastSlice(DataDictionary):
    """The points of one past time."""

    def __init__(self, pairs):
        super().__init__()
        self._pairs_ = pairs
        for s, p in pairs:
            if isinstance(p, Tick):
                self.setdefault(s, []).append(p) if not isinstance(dict.get(self, s), list) else dict.__getitem__(self, s).append(p)
            elif isinstance(p, TradeBar) or s not in self:
                dict.__setitem__(self, s, p)
        self.time = pairs[0][1].end_time
        self.end_time = self.time

    def _of(self, kind):
        return DataDictionary({s: p for s, p in self._pairs_ if isinstance(p, kind)})

    @property
    def bars(self):
        return self._of(TradeBar)

    @property
    def quote_bars(self):
        return self._of(QuoteBar)

    @property
    def ticks(self):
        d = DataDictionary()
        for s, p in self._pairs_:
            if isinstance(p, Tick):
                d.setdefault(s, []).append(p)
        return d

    def get(self, key, default=None):
        if isinstance(key, type):
            return self._of(key)
        return super().get(key, default)

    @property
    def all_data(self):
        return [p for _, p in self._pairs_]

    @property
    def has_data(self):
        return True


_KINDS = {TradeBar: 0, QuoteBar: 1, Tick: 2}


def ask(symbols, bars, start, end, resolution, kind=-1, fill_forward=None, extended=None, norm=None):
    flag = lambda v: -1 if v is None else int(bool(v))
    return _host.history(tuple(s._h for s in symbols), int(bars), int(start), int(end), -1 if resolution is None else int(resolution), kind, flag(fill_forward), flag(extended),
                         -1 if norm is None else int(norm))


def points(symbols, bars, start, end, resolution, kind=-1):
    """Single points, for warming indicators up."""
    out = []
    for group in ask(symbols, bars, start or 0, end or 0, resolution, kind):
        seen = set()
        for s, p in group:
            # Of trades and quotes of one time the first leads.
            if s in seen and not isinstance(p, Tick):
                continue
            seen.add(s)
            out.append(p)
    return out


def _symbols(x):
    if isinstance(x, (list, tuple)):
        return [symbol_of(s) for s in x]
    return [symbol_of(x)]


def of_universe(x):
    """The universe of a universe, its symbol, or a list of the one; else None."""
    from .universe import Universe, _BY
    if isinstance(x, (list, tuple)) and len(x) == 1:
        x = x[0]
    if isinstance(x, Universe):
        return x
    return next((u for u in _BY.values() if u.symbol is x), None) if isinstance(x, Symbol) else None


def _past(algorithm, universe, args, kw):
    """What a universe had to choose from: a list of time and points."""
    a = args[0] if args else next((kw[k] for k in ("periods", "span", "start") if k in kw), None)
    now = to_ns(algorithm.time)
    if isinstance(a, timedelta):
        got = _host.universe_past(universe._h, 0, now - span_ns(a), now)
    elif isinstance(a, datetime):
        b = args[1] if len(args) > 1 and isinstance(args[1], datetime) else kw.get("end")
        got = _host.universe_past(universe._h, 0, to_ns(a), now if b is None else to_ns(b))
    else:
        got = _host.universe_past(universe._h, int(a), 0, 0)
    return [(to_time(end), [universe.point(r) for r in rows]) for end, rows in got]


def history(algorithm, *args, _typed=False, **kw):
    """Points of a type where it is asked as history[Type], else a frame. Of a
    universe: all that it had to choose from, row by row where it is flattened."""
    args = list(args)
    rest_ = args[1:] if args and isinstance(args[0], type) else args
    universe = of_universe(rest_[0]) if rest_ else None
    if universe is not None:
        got = _past(algorithm, universe, rest_[1:], kw)
        if _typed:
            return [DataDictionary({universe.symbol: points_}) for _, points_ in got]
        from .frame import rows_of, table
        if kw.get("flatten"):
            return rows_of(got)
        return table([(universe.symbol, end) for end, _ in got], ["data"], [[points_ for _, points_ in got]], ("symbol", "time"))
    kind, typed = -1, None
    if args and isinstance(args[0], type):
        typed = args.pop(0)
        kind = _KINDS.get(typed, -1)
    if "type" in kw:
        typed = kw.pop("type")
        kind = _KINDS.get(typed, -1)
    symbols = None
    many = True
    if args and not isinstance(args[0], (int, timedelta, datetime)):
        first = args.pop(0)
        many = isinstance(first, (list, tuple))
        symbols = _symbols(first)
    elif "symbols" in kw or "symbol" in kw or "tickers" in kw:
        first = kw.pop("symbols", None) or kw.pop("symbol", None) or kw.pop("tickers", None)
        many = isinstance(first, (list, tuple))
        symbols = _symbols(first)
    everything = symbols is None
    if everything:
        symbols = [s.symbol for s in algorithm.securities._all()]
    bars = start = end = 0
    now = to_ns(algorithm.time)
    resolution = kw.pop("resolution", None)
    if args:
        a = args.pop(0)
    else:
        a = kw.pop("periods", None) or kw.pop("span", None) or kw.pop("start", None)
    if isinstance(a, timedelta):
        start, end = now - span_ns(a), now
    elif isinstance(a, datetime):
        start = to_ns(a)
        b = args.pop(0) if args and isinstance(args[0], datetime) else kw.pop("end", None)
        end = to_ns(b) if b is not None else now
    elif a is not None:
        bars = int(a)
        if bars <= 0:
            raise ValueError("the number of periods must be positive")
    if args and (isinstance(args[0], Resolution) or args[0] is None):
        resolution = args.pop(0)
    rest = dict(zip(("fill_forward", "extended_market_hours", "data_mapping_mode", "data_normalization_mode"), args))
    rest.update(kw)
    if bars and (resolution == Resolution.TICK or kind == 2 and resolution is None):
        raise InvalidOperation("History functions that accept a 'periods' parameter can not be used with Resolution.TICK")
    if typed is not None and kind < 0 and issubclass(typed, BaseData):
        symbols = [s for s in symbols if s._custom == typed.__name__] or symbols
    got = ask(symbols, bars, start, end, resolution, kind, rest.get("fill_forward"), rest.get("extended_market_hours"), rest.get("data_normalization_mode"))
    if typed is not None and _typed:
        if not many and len(symbols) == 1 and not everything:
            return [p for g in got for _, p in g if kind < 0 or isinstance(p, typed)]
        return [DataDictionary({s: p for s, p in g}) for g in got]
    if everything and typed is None:
        return [PastSlice(g) for g in got]
    from .frame import frame_of
    return frame_of(got)


class IndicatorRow(dict):
    """The values of an indicator at one time."""

    def __getattr__(self, name):
        from .names import snake
        from .data import IndicatorDataPoint
        low = snake(name)
        if low == "end_time" or low == "time":
            return self["_time"]
        if low in self:
            v = dict.__getitem__(self, low)
            return IndicatorDataPoint(self["_time"], v) if low == "current" else v
        raise AttributeError(name)

    @property
    def value(self):
        return dict.__getitem__(self, "current")


class IndicatorHistory(list):
    """The values an indicator had, the oldest first."""

    def __init__(self, rows, names):
        super().__init__(rows)
        self._names = names

    @property
    def current(self):
        from .data import IndicatorDataPoint
        return [IndicatorDataPoint(r["_time"], r["current"]) for r in self]

    @property
    def data_frame(self):
        from .frame import table
        return table([r["_time"] for r in self], self._names, [[r[n] for r in self] for n in self._names], "end_time")

    DataFrame = data_frame
    Current = current

    @property
    def count(self):
        return len(self)

    def __getitem__(self, k):
        return getattr(self, k) if isinstance(k, str) else super().__getitem__(k)

    def __getattr__(self, name):
        from .names import snake
        from .data import IndicatorDataPoint
        low = snake(name)
        if low in self._names:
            return [IndicatorDataPoint(r["_time"], r[low]) for r in self]
        raise AttributeError(name)


def indicator_history(algorithm, indicator, symbol, *args, **kw):
    symbols = _symbols(symbol)
    args = list(args)
    resolution = next((a for a in args if isinstance(a, Resolution)), kw.get("resolution"))
    selector = next((a for a in args if callable(a) and not isinstance(a, (Resolution, type))), kw.get("selector"))
    plain = [a for a in args if not isinstance(a, Resolution) and not callable(a)]
    bars = start = end = 0
    now = to_ns(algorithm.time)
    a = plain[0] if plain else kw.get("periods", kw.get("span", kw.get("start")))
    warm = int(getattr(indicator, "warm_up_period", 0) or 0)
    indicator.reset()
    got = []
    if isinstance(a, timedelta):
        start, end = now - span_ns(a), now
    elif isinstance(a, datetime):
        start = to_ns(a)
        end = to_ns(plain[1]) if len(plain) > 1 else now
    else:
        bars = int(a)
    if bars:
        got = points(symbols, bars + max(warm - 1, 0), None, None, resolution)
    else:
        before = points(symbols, 0, start - 10 * 86_400_000_000_000 * max(warm, 1), start, resolution) if warm else []
        got = before[-max(warm - 1, 0):] if warm > 1 else []
        got += points(symbols, 0, start, end, resolution)
    from .algorithm import update_python
    from .indicators import IndicatorBase, _SUBS
    names = ["current"]
    rows = []
    subs = [n for n in _host.indicator_subs(indicator._h)] if isinstance(indicator, IndicatorBase) else []
    for p in got:
        if isinstance(indicator, IndicatorBase):
            if selector is None:
                indicator.update(p)
            else:
                v = selector(p)
                indicator.update(p.end_time, v) if isinstance(v, (int, float)) else indicator.update(v)
            ready, value = indicator.is_ready, indicator._value
        else:
            update_python(indicator, p)
            ready, value = getattr(indicator, "is_ready", True), float(indicator.value)
        if ready:
            row = IndicatorRow(_time=p.end_time, current=value)
            for n in subs:
                row[n] = getattr(indicator, n)._value
            rows.append(row)
    return IndicatorHistory(rows, names + subs)
