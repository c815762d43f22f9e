"""A small frame for history where the interpreter has no pandas. It covers the
usual idioms and names what it lacks."""

from datetime import datetime

try:
    import pandas as _pandas
except ImportError:
    _pandas = None

_COLUMNS = ("open", "high", "low", "close", "volume", "askclose", "askhigh", "asklow", "askopen", "asksize", "bidclose", "bidhigh", "bidlow", "bidopen", "bidsize", "lastprice", "quantity",
            "askprice", "bidprice", "exchange", "suspicious", "value")


def _cells(p):
    from .data import TradeBar, QuoteBar, Tick
    if isinstance(p, TradeBar):
        return {"open": p.open, "high": p.high, "low": p.low, "close": p.close, "volume": p.volume}
    if isinstance(p, QuoteBar):
        d = {"open": p.open, "high": p.high, "low": p.low, "close": p.close}
        for side, b in (("ask", p.ask), ("bid", p.bid)):
            if b is not None:
                d.update({side + "close": b.close, side + "high": b.high, side + "low": b.low, side + "open": b.open})
        d["asksize"], d["bidsize"] = p.last_ask_size, p.last_bid_size
        return d
    if isinstance(p, Tick):
        d = {"lastprice": p.value, "quantity": p.quantity, "exchange": p.exchange, "suspicious": p.suspicious}
        if p._quote:
            d.update({"askprice": p.ask_price, "asksize": p.ask_size, "bidprice": p.bid_price, "bidsize": p.bid_size})
        return d
    return {k.lower(): v for k, v in vars(p).items() if not k.startswith("_") and k not in ("symbol", "time", "end_time")}


def frame_of(groups):
    """A frame of history, by symbol and time."""
    rows, keys = {}, []
    for g in groups:
        for s, p in g:
            k = (s, p.end_time)
            if k not in rows:
                rows[k] = {}
                keys.append(k)
            for name, v in _cells(p).items():
                if name not in rows[k] or name in ("open", "high", "low", "close") and hasattr(p, "volume"):
                    rows[k][name] = v
    order = []
    for k in keys:
        if k[0] not in order:
            order.append(k[0])
    keys.sort(key=lambda k: order.index(k[0]))
    columns = [c for c in _COLUMNS if any(c in rows[k] for k in keys)]
    columns += sorted({c for k in keys for c in rows[k]} - set(columns))
    data = [[rows[k].get(c, float("nan")) for k in keys] for c in columns]
    if _pandas is not None:
        from .tickers import teach
        teach(_pandas)
        index = _pandas.MultiIndex.from_tuples(keys, names=["symbol", "time"]) if keys else None
        return _pandas.DataFrame(dict(zip(columns, data)), index=index)
    return Frame(keys, columns, data, ("symbol", "time"))


def rows_of(collections):
    """A frame of collections of points, by time and symbol."""
    keys = [(end, p.symbol) for end, points in collections for p in points]
    cells = [_cells(p) for _, points in collections for p in points]
    columns = sorted({c for row in cells for c in row})
    return table(keys, columns, [[row.get(c) for row in cells] for c in columns], ("time", "symbol"))


def table(index, columns, data, name):
    if _pandas is not None and isinstance(name, tuple):
        return _pandas.DataFrame(dict(zip(columns, data)), index=_pandas.MultiIndex.from_tuples(index, names=list(name)) if index else None)
    if _pandas is not None:
        return _pandas.DataFrame(dict(zip(columns, data)), index=_pandas.Index(index, name=name))
    return Frame(list(index), list(columns), data, name if isinstance(name, tuple) else (name,))


def _lacking(what):
    raise NotImplementedError(f"{what} needs pandas: give the interpreter a site-packages folder with it (quantdesk python install pandas)")


class Series:
    """A column of numbers with its index."""

    def __init__(self, index, values, name=None):
        self.index, self._v, self.name = Index(index), list(values), name

    @property
    def values(self):
        return list(self._v)

    def tolist(self):
        return list(self._v)

    to_list = tolist

    def __len__(self):
        return len(self._v)

    def __iter__(self):
        return iter(self._v)

    def __getitem__(self, k):
        if isinstance(k, int) and not (self.index and isinstance(self.index[0], int)):
            return self._v[k]
        if isinstance(k, slice):
            return Series(list(self.index)[k], self._v[k], self.name)
        return self._v[list(self.index).index(k)]

    @property
    def iloc(self):
        return _Positions(self)

    @property
    def empty(self):
        return not self._v

    @property
    def size(self):
        return len(self._v)

    shape = property(lambda self: (len(self._v),))

    def sum(self):
        return sum(x for x in self._v if x == x)

    def mean(self):
        v = [x for x in self._v if x == x]
        return sum(v) / len(v) if v else float("nan")

    def var(self, ddof=1):
        v = [x for x in self._v if x == x]
        if len(v) <= ddof:
            return float("nan")
        m = sum(v) / len(v)
        return sum((x - m) ** 2 for x in v) / (len(v) - ddof)

    def std(self, ddof=1):
        return self.var(ddof) ** 0.5

    def max(self):
        return max(x for x in self._v if x == x)

    def min(self):
        return min(x for x in self._v if x == x)

    def count(self):
        return sum(1 for x in self._v if x == x)

    def median(self):
        import statistics
        return statistics.median(x for x in self._v if x == x)

    def pct_change(self):
        return Series(self.index, [float("nan")] + [b / a - 1 for a, b in zip(self._v, self._v[1:])], self.name)

    def diff(self):
        return Series(self.index, [float("nan")] + [b - a for a, b in zip(self._v, self._v[1:])], self.name)

    def shift(self, n=1):
        v = [float("nan")] * n + self._v[:-n] if n > 0 else self._v[-n:] + [float("nan")] * -n
        return Series(self.index, v, self.name)

    def dropna(self):
        k = [i for i, x in enumerate(self._v) if x == x and x is not None]
        return Series([self.index[i] for i in k], [self._v[i] for i in k], self.name)

    def head(self, n=5):
        return self[:n]

    def tail(self, n=5):
        return self[-n:]

    def items(self):
        return zip(self.index, self._v)

    def cumsum(self):
        t, out = 0, []
        for x in self._v:
            t += x
            out.append(t)
        return Series(self.index, out, self.name)

    def _with(self, o, f):
        other = o._v if isinstance(o, Series) else [o] * len(self._v)
        return Series(self.index, [f(a, b) for a, b in zip(self._v, other)], self.name)

    def __add__(self, o):
        return self._with(o, lambda a, b: a + b)

    def __sub__(self, o):
        return self._with(o, lambda a, b: a - b)

    def __mul__(self, o):
        return self._with(o, lambda a, b: a * b)

    def __truediv__(self, o):
        return self._with(o, lambda a, b: a / b)

    def __gt__(self, o):
        return self._with(o, lambda a, b: a > b)

    def __lt__(self, o):
        return self._with(o, lambda a, b: a < b)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        _lacking(f"Series.{name}")


class Index(list):
    names = ("symbol", "time")
    shape = property(lambda self: (len(self),))

    @property
    def levels(self):
        out = []
        for n in range(len(self[0]) if self and isinstance(self[0], tuple) else 1):
            seen = []
            for k in self:
                x = k[n] if isinstance(k, tuple) else k
                if x not in seen:
                    seen.append(x)
            out.append(seen)
        return out

    def get_level_values(self, n):
        if n in self.names:
            n = list(self.names).index(n)
        return Index([k[n] for k in self])

    def unique(self):
        return Index(dict.fromkeys(self))

    @property
    def values(self):
        return list(self)

    def tolist(self):
        return list(self)


class _Positions:
    def __init__(self, o):
        self._o = o

    def __getitem__(self, k):
        return self._o._at(k) if isinstance(self._o, Frame) else (self._o._v[k] if isinstance(k, int) else Series(list(self._o.index)[k], self._o._v[k], self._o.name))


class _Labels:
    def __init__(self, f):
        self._f = f

    def __getitem__(self, k):
        return self._f._label(k)

    def __contains__(self, k):
        return self._f._has(k)


class Frame:
    """Columns of values by symbol and time."""

    def __init__(self, index, columns, data, names):
        self.index, self.columns, self._d, self._n = Index(index), Index(columns), data, names
        self.index.names = list(names)

    @property
    def empty(self):
        return not self.index

    @property
    def shape(self):
        return (len(self.index), len(self.columns))

    def __len__(self):
        return len(self.index)

    def __contains__(self, c):
        return c in self.columns

    def __iter__(self):
        return iter(self.columns)

    def __getitem__(self, c):
        if isinstance(c, list):
            return Frame(self.index, c, [self._d[self.columns.index(x)] for x in c], self._n)
        if isinstance(c, slice):
            return self._pick(range(len(self.index))[c])
        if c not in self.columns:
            raise KeyError(c)
        return Series(self.index, self._d[self.columns.index(c)], c)

    def __getattr__(self, name):
        if not name.startswith("_") and name in self.columns:
            return self[name]
        if name.startswith("_"):
            raise AttributeError(name)
        _lacking(f"DataFrame.{name}")

    def _pick(self, rows, index=None):
        return Frame(index or [self.index[i] for i in rows], self.columns, [[c[i] for i in rows] for c in self._d], self._n if index is None else self._n[-1:])

    @property
    def loc(self):
        return _Labels(self)

    @property
    def iloc(self):
        return _Positions(self)

    def _at(self, k):
        if isinstance(k, int):
            return Series(self.columns, [c[k] for c in self._d], self.index[k])
        return self._pick(range(len(self.index))[k])

    def _has(self, k):
        return any((i[0] if isinstance(i, tuple) else i) == k for i in self.index)

    def _label(self, k):
        if isinstance(k, tuple) and len(k) == 2 and k[1] in self.columns:
            return self._label(k[0])[k[1]]
        rows = [n for n, i in enumerate(self.index) if (i[0] if isinstance(i, tuple) else i) == k or i == k]
        if not rows:
            raise KeyError(k)
        if isinstance(self.index[0], tuple):
            return self._pick(rows, [self.index[n][1] for n in rows])
        return self._at(rows[0])

    def iterrows(self):
        return ((self.index[n], self._at(n)) for n in range(len(self.index)))

    def itertuples(self, *_):
        from collections import namedtuple
        row = namedtuple("Row", ["Index"] + [str(c) for c in self.columns])
        return (row(self.index[n], *[c[n] for c in self._d]) for n in range(len(self.index)))

    def unstack(self, level=0):
        times, symbols = [], []
        for s, t in self.index:
            if t not in times:
                times.append(t)
            if s not in symbols:
                symbols.append(s)
        times.sort()
        cols, data = [], []
        for c, values in zip(self.columns, self._d):
            at = dict(zip(map(tuple, self.index), values))
            for s in symbols:
                cols.append((c, s))
                data.append([at.get((s, t), float("nan")) for t in times])
        return Unstacked(times, cols, data, ("time",))

    def dropna(self):
        return self._pick([n for n in range(len(self.index)) if all(c[n] == c[n] for c in self._d)])

    def head(self, n=5):
        return self[:n]

    def tail(self, n=5):
        return self[-n:]

    def mean(self):
        return Series(self.columns, [self[c].mean() for c in self.columns])

    def std(self):
        return Series(self.columns, [self[c].std() for c in self.columns])

    def pct_change(self):
        return Frame(self.index, self.columns, [Series(self.index, c).pct_change()._v for c in self._d], self._n)

    @property
    def values(self):
        return [[c[n] for c in self._d] for n in range(len(self.index))]

    def to_string(self, *_, **__):
        return "\n".join([" ".join(map(str, self.columns))] + [f"{i} " + " ".join(map(str, r)) for i, r in zip(self.index, self.values)])

    __str__ = __repr__ = to_string


class Unstacked(Frame):
    def __getitem__(self, c):
        if c in self.columns:
            return super().__getitem__(c)
        k = [n for n, x in enumerate(self.columns) if isinstance(x, tuple) and x[0] == c]
        if not k:
            raise KeyError(c)
        return Frame(self.index, [self.columns[n][1] for n in k], [self._d[n] for n in k], self._n)


def DataFrame(*_, **__):
    _lacking("DataFrame()")


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    _lacking(f"pandas.{name}")
