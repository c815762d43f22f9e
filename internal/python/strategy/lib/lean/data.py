"""Market data as an algorithm sees it: symbols, bars, ticks, events, slices.

The fields that are read most are members of native objects that the engine
writes into; everything else is asked of the engine."""

from datetime import datetime, timedelta

import _host
from .names import Api, both
from .enums import MarketDataType, Resolution, SecurityType, TickType, DelistingType, SplitType, OrderDirection

_EPOCH = datetime(1970, 1, 1)
_MIN_TICKS = -(1 << 61)


def to_time(ns):
    """The datetime of nanoseconds on some wall clock."""
    if ns <= _MIN_TICKS:
        return datetime.min
    return _EPOCH + timedelta(microseconds=ns // 1000)


def to_ns(t):
    """Nanoseconds of a datetime or date, its zone taken to UTC."""
    if not isinstance(t, datetime):
        t = datetime(t.year, t.month, t.day)
    if t.tzinfo is not None:
        t = (t - t.utcoffset()).replace(tzinfo=None)
    d = t - _EPOCH
    return (d.days * 86400 + d.seconds) * 1_000_000_000 + d.microseconds * 1000


def span_ns(t):
    return (t.days * 86400 + t.seconds) * 1_000_000_000 + t.microseconds * 1000


class SecurityIdentifier(Api):
    """What a symbol is, whatever it is called."""

    def __init__(self, text, root, kind, market, date):
        self._text, self.symbol, self.security_type, self.market, self.date = text, root, kind, market, date
        self.Symbol, self.SecurityType, self.Market, self.Date = root, kind, market, date

    def __str__(self):
        return self._text

    __repr__ = __str__

    def to_string(self):
        return self._text

    def __eq__(self, other):
        return str(self) == str(other)

    def __hash__(self):
        return hash(self._text)

    @staticmethod
    def parse(text):
        return Symbol._of(_host.symbol_of(text)).id

    @staticmethod
    def default_date():
        return datetime(1899, 12, 30)

    @staticmethod
    def generate_equity(ticker, market="usa", map_symbol=True, map_file_provider=None, mapping_resolve_date=None):
        if mapping_resolve_date is not None:
            return Symbol._of(_host.symbol_on(ticker, market, to_ns(mapping_resolve_date))).id
        return Symbol.create(ticker, SecurityType.EQUITY, market).id

    @staticmethod
    def generate_constituent_identifier(ticker, security_type, market):
        return Symbol._of(_host.symbol_unmapped(ticker, int(security_type), market)).id


SecurityIdentifier.DefaultDate = SecurityIdentifier.DEFAULT_DATE = datetime(1899, 12, 30)


class Symbol(Api):
    """The name of a security; one object per security."""

    _by = {}

    def __new__(cls, sid, value=None):
        return cls._of(_host.symbol_of(str(sid)))

    @classmethod
    def _of(cls, handle):
        if handle < 0:
            return None
        one = cls._by.get(handle)
        if one is None:
            one = object.__new__(cls)
            one._h = handle
            value, sid, root, kind, market, date, under, custom = _host.symbol_info(handle)
            one.value = one.Value = value
            one.security_type = one.SecurityType = SecurityType(kind)
            one.id = one.ID = one.Id = SecurityIdentifier(sid, root, one.security_type, market, to_time(date) if date else SecurityIdentifier.DefaultDate)
            one.underlying = one.Underlying = cls._of(under)
            one._custom = custom
            cls._by[handle] = one
        return one

    @staticmethod
    def create(ticker, security_type, market, alias=None, base_data_type=None):
        return Symbol._of(_host.symbol_create(ticker, int(security_type), market or ""))

    @staticmethod
    def create_base(base_type, underlying, market=None):
        from .algorithm import custom_type
        custom_type(base_type)
        return Symbol._of(_host.symbol_custom(str(underlying), base_type.__name__, market or "usa", underlying._h if isinstance(underlying, Symbol) else -1))

    @property
    def has_underlying(self):
        return self.underlying is not None

    @property
    def cusip(self):
        return _host.identifier(0, self._h, "")

    @property
    def composite_figi(self):
        return _host.identifier(1, self._h, "")

    @property
    def sedol(self):
        return _host.identifier(2, self._h, "")

    @property
    def isin(self):
        return _host.identifier(3, self._h, "")

    @property
    def cik(self):
        v = _host.identifier(4, self._h, "")
        return int(v) if v else None

    CUSIP, SEDOL, ISIN, CIK, CompositeFIGI = cusip, sedol, isin, cik, composite_figi

    def is_canonical(self):
        return False

    @property
    def canonical(self):
        return self

    def __str__(self):
        return self.value

    def __repr__(self):
        return self.value

    def to_string(self):
        return self.value

    def __eq__(self, other):
        if self is other:
            return True
        if isinstance(other, str):
            return self.value == other.upper() or self.id._text == other
        return False

    def __ne__(self, other):
        return not self == other

    __hash__ = object.__hash__

    def __lt__(self, other):
        return self.id._text < (other.id._text if isinstance(other, Symbol) else str(other))

    def __gt__(self, other):
        return self.id._text > (other.id._text if isinstance(other, Symbol) else str(other))

    def __le__(self, other):
        return not self > other

    def __ge__(self, other):
        return not self < other

    def equals(self, other):
        return self == other

    def compare_to(self, other):
        return (self > other) - (self < other)


def symbol_of(x):
    """The symbol of a symbol, security or ticker."""
    if type(x) is Symbol:
        return x
    if isinstance(x, str):
        h = _host.symbol_by_ticker(x)
        if h < 0:
            raise KeyError(f"This asset symbol ({x}) was not found in your security list. Please add this security or check it exists before using it with 'data.ContainsKey(\"{x}\")'")
        return Symbol._of(h)
    s = getattr(x, "symbol", None)
    if isinstance(s, Symbol):
        return s
    if isinstance(x, SecurityIdentifier):
        return Symbol._of(_host.symbol_of(str(x)))
    raise TypeError(f"{x!r} is no symbol")


class SymbolCache(Api):
    """The symbols of the tickers that were added."""

    @staticmethod
    def try_get_symbol(ticker, _=None):
        h = _host.symbol_by_ticker(ticker)
        return (h >= 0, Symbol._of(h))

    @staticmethod
    def get_symbol(ticker):
        return symbol_of(ticker)

    @staticmethod
    def get_ticker(symbol):
        return symbol.value

    @staticmethod
    def clear():
        pass


class BaseData(Api):
    """A point of data: what a custom type derives from."""

    data_type = MarketDataType.BASE
    is_fill_forward = False

    def __init__(self):
        self.symbol = None
        self.time = datetime.min
        self.value = 0.0

    def get_source(self, config, date, is_live_mode):
        return None

    def reader(self, config, line, date, is_live_mode):
        return None

    def requires_mapping(self):
        return False

    def is_sparse_data(self):
        return False

    def default_resolution(self):
        return 2

    def supported_resolutions(self):
        return [4, 2]

    def data_time_zone(self):
        return None

    def clone(self, fill_forward=False):
        import copy
        c = copy.copy(self)
        return c

    @property
    def price(self):
        return self.value

    @price.setter
    def price(self, v):
        self.value = v

    def __getitem__(self, name):
        try:
            return getattr(self, name)
        except AttributeError:
            pass
        for k, v in vars(self).items():
            if k.lower() == str(name).lower():
                return v
        raise KeyError(name)

    def get_property(self, name):
        return self[name]

    def get_storage_dictionary(self):
        return {k: v for k, v in vars(self).items() if not k.startswith("_")}


class PythonData(BaseData):
    """A custom data type written in Python."""

    def __init__(self):
        object.__setattr__(self, "symbol", None)
        object.__setattr__(self, "time", datetime.min)
        object.__setattr__(self, "value", 0.0)

    _PAIRS = {"Time": "time", "EndTime": "end_time", "Symbol": "symbol", "Value": "value"}

    def __setattr__(self, name, v):
        name = self._PAIRS.get(name, name)
        if name == "value" and v is not None:
            v = float(v)
        object.__setattr__(self, name, v)

    def __getattr__(self, name):
        pair = PythonData._PAIRS.get(name)
        if pair is not None:
            return getattr(self, pair)
        if name == "end_time":
            return self.time
        low = name.lower()  # names of properties are told without their case
        if low != name and low in self.__dict__:
            return self.__dict__[low]
        raise AttributeError(name)

    def __setitem__(self, name, v):
        setattr(self, self._PAIRS.get(name, name.lower()), v)

    def __getitem__(self, name):
        return getattr(self, name)


DynamicData = PythonData


class _Linked(PythonData):
    """Types of LEAN's own tests, one point a line."""

    _folder, _mapped = "", False

    def __init__(self):
        super().__init__()
        self.count = 0

    def get_source(self, config, date, is_live_mode):
        return SubscriptionDataSource(f"TestData/{self._folder}/{self._name(config)}.csv", 0, 0)

    def _name(self, config):
        return (config.symbol.underlying if self._mapped else config.symbol).value.lower()

    def reader(self, config, line, date, is_live_mode):
        point = type(self)()
        point.count, point.symbol, point.time, point.end_time = 10, config.symbol, date, date
        return point

    def is_sparse_data(self):
        return True

    def requires_mapping(self):
        return self._mapped

    def data_time_zone(self):
        return "UTC"

    def default_resolution(self):
        return Resolution.DAILY


class LinkedData(_Linked):
    _folder, _mapped = "linked", True


class UnlinkedData(_Linked):
    _folder = "unlinked"


class PythonQuandl(PythonData):
    def __init__(self, value_column="Close"):
        super().__init__()


class SubscriptionDataSource(Api):
    """Where a custom type's data are."""

    def __init__(self, source, transport_medium=0, format=0, headers=None):
        self.source, self.transport_medium, self.format = source, transport_medium, format
        self.sort = False


class _Times:
    """Start and end of native points."""

    __slots__ = ()

    @property
    def time(self):
        return to_time(self._start)

    @time.setter
    def time(self, v):
        ns = to_ns(v)
        self._end += ns - self._start
        self._start = ns

    @property
    def end_time(self):
        return to_time(self._end)

    @end_time.setter
    def end_time(self, v):
        self._end = to_ns(v)

    @property
    def period(self):
        return timedelta(microseconds=(self._end - self._start) // 1000)

    @period.setter
    def period(self, v):
        self._end = self._start + span_ns(v)

    @property
    def price(self):
        return self.value


class TradeBar(_host.BarCell, _Times, Api):
    """Open, high, low, close and volume over a stretch of time."""

    data_type = MarketDataType.TRADE_BAR

    def __init__(self, time=None, symbol=None, open=0.0, high=0.0, low=0.0, close=0.0, volume=0.0, period=None):
        self.symbol = symbol if symbol is None else symbol_of(symbol)
        self.open, self.high, self.low, self.close, self.volume = float(open), float(high), float(low), float(close), float(volume)
        if time is not None:
            self._start = to_ns(time)
            self._end = self._start + span_ns(period if period is not None else timedelta(minutes=1))

    @property
    def is_fill_forward(self):
        return self._ff

    def clone(self, fill_forward=False):
        b = TradeBar(None, self.symbol, self.open, self.high, self.low, self.close, self.volume)
        b._start, b._end, b._ff = self._start, self._end, fill_forward
        return b

    def update(self, last_trade_price, bid_price=0, ask_price=0, volume=0, bid_size=0, ask_size=0):
        if self.open == 0:
            self.open = self.high = self.low = last_trade_price
        self.high, self.low = max(self.high, last_trade_price), min(self.low, last_trade_price)
        self.close = last_trade_price
        self.volume += volume

    def __str__(self):
        return f"{self.symbol}: O: {self.open:.2f} H: {self.high:.2f} L: {self.low:.2f} C: {self.close:.2f} V: {self.volume:.0f}"


    def get_source(self, config, date, is_live_mode):
        """Where the data folder has the trades of a day."""
        from .files import LeanData
        name = LeanData.generate_zip_file_name(config.mapped or config.symbol, date, config.resolution, TickType.TRADE)
        folder = f"{str(config.symbol.security_type).lower()}/{config.market}/{str(config.resolution).lower()}/"
        if config.resolution not in (Resolution.HOUR, Resolution.DAILY):
            folder += f"{(config.mapped or config.symbol).value.lower()}/"
        return SubscriptionDataSource(folder + name)

    @staticmethod
    def parse_equity(config, line, date):
        """The bar of a line of an equity's file."""
        cells = line.split(",")
        b = TradeBar()
        b.symbol = config.symbol
        b.open, b.high, b.low, b.close = (float(c) / 10000 for c in cells[1:5])
        b.volume = float(cells[5])
        if config.resolution in (Resolution.HOUR, Resolution.DAILY):
            b._start = to_ns(datetime.strptime(cells[0], "%Y%m%d %H:%M"))
        else:
            b._start = to_ns(datetime(date.year, date.month, date.day)) + int(float(cells[0]) * 1_000_000)
        b._end = b._start + span_ns(config.increment)
        return b

    ParseEquity = parse_equity


class RenkoBar(TradeBar):
    """A brick: it ends when the price has moved by its size."""

    @property
    def start(self):
        return self.time

    @property
    def direction(self):
        from .enums import BarDirection
        return BarDirection.RISING if self.open < self.close else BarDirection.FALLING if self.open > self.close else BarDirection.NO_DELTA

    @property
    def spread(self):
        return abs(self.open - self.close)

    @property
    def type(self):
        from .enums import RenkoType
        return RenkoType.CLASSIC


class RangeBar(TradeBar):
    """A bar whose high and low are a fixed distance apart."""


class VolumeRenkoBar(TradeBar):
    """A bar of so much volume."""


class Bar(Api):
    """Open, high, low and close of one side of a quote."""

    def __init__(self, open=0.0, high=0.0, low=0.0, close=0.0):
        self.open, self.high, self.low, self.close = open, high, low, close

    def __getattr__(self, name):
        low = name.lower()
        if name != low and low in self.__dict__:
            return self.__dict__[low]
        raise AttributeError(name)


class QuoteBar(_host.QuoteCell, _Times, Api):
    """Best bid and ask over a stretch of time; open to close are the middle."""

    data_type = MarketDataType.QUOTE_BAR

    def __init__(self, time=None, symbol=None, bid=None, last_bid_size=0.0, ask=None, last_ask_size=0.0, period=None):
        self.symbol = symbol if symbol is None else symbol_of(symbol)
        self._sides = (bid, ask)
        self.last_bid_size, self.last_ask_size = float(last_bid_size), float(last_ask_size)
        if time is not None:
            self._start = to_ns(time)
            self._end = self._start + span_ns(period if period is not None else timedelta(minutes=1))
        if bid is not None and ask is not None:
            self.open, self.high, self.low, self.close = ((getattr(bid, n) + getattr(ask, n)) / 2 for n in ("open", "high", "low", "close"))
        elif bid is not None or ask is not None:
            one = bid or ask
            self.open, self.high, self.low, self.close = one.open, one.high, one.low, one.close

    @property
    def is_fill_forward(self):
        return self._ff

    @property
    def bid(self):
        if self._native:
            return Bar(self._bo, self._bh, self._bl, self._bc) if self._hasbid else None
        return self._sides[0]

    @property
    def ask(self):
        if self._native:
            return Bar(self._ao, self._ah, self._al, self._ac) if self._hasask else None
        return self._sides[1]

    def collapse(self):
        b = TradeBar(None, self.symbol, self.open, self.high, self.low, self.close, 0)
        b._start, b._end = self._start, self._end
        return b


class Tick(_host.TickCell, _Times, Api):
    """One trade or quote."""

    data_type = MarketDataType.TICK
    is_fill_forward = False

    def __init__(self, *args):
        pass

    @property
    def tick_type(self):
        return TickType.QUOTE if self._quote else TickType.TRADE

    @property
    def last_price(self):
        return self.value

    @property
    def price(self):
        return self.value

    @property
    def exchange(self):
        return self._exchange

    @property
    def sale_condition(self):
        return self._condition


class IndicatorDataPoint(_host.PointCell, _Times, Api):
    """A value at a time."""

    data_type = MarketDataType.BASE
    is_fill_forward = False

    def __init__(self, *args):
        if args and not isinstance(args[0], datetime):
            self.symbol = args[0]
            args = args[1:]
        if args:
            self._start = self._end = to_ns(args[0])
            self.value = float(args[1])

    def __float__(self):
        return self.value

    def __str__(self):
        return f"{self.time} - {self.value}"

    def _other(self, o):
        return o.value if isinstance(o, IndicatorDataPoint) else o

    def __lt__(self, o):
        return self.value < self._other(o)

    def __gt__(self, o):
        return self.value > self._other(o)

    def __le__(self, o):
        return self.value <= self._other(o)

    def __ge__(self, o):
        return self.value >= self._other(o)

    def __add__(self, o):
        return self.value + self._other(o)

    def __radd__(self, o):
        return o + self.value

    def __sub__(self, o):
        return self.value - self._other(o)

    def __rsub__(self, o):
        return o - self.value

    def __mul__(self, o):
        return self.value * self._other(o)

    def __rmul__(self, o):
        return o * self.value

    def __truediv__(self, o):
        return self.value / self._other(o)

    def __rtruediv__(self, o):
        return o / self.value

    def __eq__(self, o):
        return self.value == self._other(o)

    __hash__ = object.__hash__


class _Event(Api):
    data_type = MarketDataType.AUXILIARY
    is_fill_forward = False

    def __init__(self, **kw):
        for k, v in kw.items():
            setattr(self, k, v)

    def __getattr__(self, name):
        from .names import snake
        low = snake(name)
        if low != name and low in self.__dict__:
            return self.__dict__[low]
        raise AttributeError(name)

    @property
    def end_time(self):
        return self.time


class Split(_Event):
    """A change of a share's size."""


class Dividend(_Event):
    """A distribution of cash."""


class Delisting(_Event):
    """A security stops trading."""

    def __str__(self):
        return f"Delisting {self.type}: {self.symbol} {self.time}"


class SymbolChangedEvent(_Event):
    """A security trades under another ticker."""


class DataDictionary(dict, Api):
    """Points by symbol; a ticker finds its symbol."""

    time = datetime.min

    def __getitem__(self, key):
        try:
            return dict.__getitem__(self, key)
        except (KeyError, TypeError):
            pass
        s = _host.symbol_by_ticker(key) if isinstance(key, str) else -1
        found = dict.get(self, Symbol._of(s) if s >= 0 else None)
        if found is None:
            raise KeyError(f"'{key}' wasn't found in the {type(self).__name__} object, likely because there was no-data at this moment in time and it wasn't possible to fillforward historical data. Please check the data exists before accessing it with data.ContainsKey(\"{key}\")")
        return found

    def __contains__(self, key):
        if dict.__contains__(self, key):
            return key is not None
        if isinstance(key, str):
            s = _host.symbol_by_ticker(key)
            return s >= 0 and dict.__contains__(self, Symbol._of(s))
        return False

    def get(self, key, default=None):
        return self[key] if key in self else default

    def contains_key(self, key):
        return key in self

    def get_value(self, key):
        return self.get(key)

    def try_get_value(self, key, _=None):
        return (True, self[key]) if key in self else (False, None)

    @property
    def count(self):
        return len(self)

    keys_ = property(lambda self: list(dict.keys(self)))

    def __iter__(self):
        return iter([_Pair(kv) for kv in dict.items(self)])


class _Pair(tuple):
    """A key and its value, as .NET names them."""

    __slots__ = ()
    key = Key = property(lambda self: self[0])
    value = Value = property(lambda self: self[1])


class TradeBars(DataDictionary):
    pass


class QuoteBars(DataDictionary):
    pass


class Ticks(DataDictionary):
    pass


class Splits(DataDictionary):
    pass


class Dividends(DataDictionary):
    pass


class Delistings(DataDictionary):
    pass


class SymbolChangedEvents(DataDictionary):
    pass


for _cls in (TradeBars, QuoteBars, Ticks, Splits, Dividends, Delistings, SymbolChangedEvents):
    both(_cls)


class Slice(_host.SliceCell, Api):
    """All the data of one time."""

    def __init__(self, *args):
        pass

    def _fill(self):
        bars, quotes, ticks, splits, dividends, delistings, changes, custom = _host.slice_parts(self._id)
        d = self.__dict__
        d["bars"] = TradeBars(bars)
        d["quote_bars"] = QuoteBars(quotes)
        d["ticks"] = Ticks(ticks)
        d["splits"] = Splits(splits)
        d["dividends"] = Dividends(dividends)
        d["delistings"] = Delistings(delistings)
        d["symbol_changed_events"] = SymbolChangedEvents(changes)
        d["_custom"] = custom
        t = self.time
        for n in ("bars", "quote_bars", "ticks", "splits", "dividends", "delistings", "symbol_changed_events"):
            d[n].time = t
        all_ = dict(d["quote_bars"])
        for k, v in dict.items(d["bars"]):
            all_[k] = v
        for k, v in dict.items(d["ticks"]):
            all_[k] = v
        for k, v in custom:
            all_[k] = v
        for n in ("splits", "dividends", "delistings"):
            for k in dict.keys(d[n]):
                all_.setdefault(k, None)
        d["_all"] = all_

    _PARTS = {"bars": 1, "quote_bars": 1, "ticks": 1, "splits": 1, "dividends": 1, "delistings": 1, "symbol_changed_events": 1, "_custom": 1, "_all": 1}
    _PASCAL = {"Bars": "bars", "QuoteBars": "quote_bars", "Ticks": "ticks", "Splits": "splits", "Dividends": "dividends", "Delistings": "delistings",
               "SymbolChangedEvents": "symbol_changed_events"}

    def __getattr__(self, name):
        name = Slice._PASCAL.get(name, name)
        if name in Slice._PARTS:
            self._fill()
            return self.__dict__[name]
        if name in ("option_chains", "OptionChains", "futures_chains", "FuturesChains", "future_chains", "FutureChains", "margin_interest_rates", "MarginInterestRates"):
            return DataDictionary()
        raise AttributeError(f"'Slice' object has no attribute '{name}'")

    @property
    def time(self):
        return to_time(self._time)

    @property
    def utc_time(self):
        return to_time(self._utc)

    @property
    def has_data(self):
        return len(self._all) > 0 or len(self.splits) > 0 or len(self.dividends) > 0 or len(self.delistings) > 0

    def _key(self, key):
        if type(key) is Symbol:
            return key
        if isinstance(key, str):
            s = _host.symbol_by_ticker(key)
            return Symbol._of(s) if s >= 0 else None
        return getattr(key, "symbol", None)

    def __getitem__(self, key):
        k = key if type(key) is Symbol else self._key(key)
        v = self._all.get(k)
        if v is None and k not in self._all:
            raise KeyError(f"'{key}' wasn't found in the Slice object, likely because there was no-data at this moment in time and it wasn't possible to fillforward historical data. Please check the data exists before accessing it with data.ContainsKey(\"{key}\")")
        return v

    def __contains__(self, key):
        return self._key(key) in self._all

    def contains_key(self, key):
        return self._key(key) in self._all

    def __len__(self):
        return len(self._all)

    @property
    def count(self):
        return len(self._all)

    @property
    def keys(self):
        return _Callable(list(self._all.keys()))

    @property
    def values(self):
        return _Callable(list(self._all.values()))

    @property
    def all_data(self):
        return list(self._all.values())

    def items(self):
        return [_Pair(kv) for kv in self._all.items()]

    def __iter__(self):
        return iter([_Pair(kv) for kv in self._all.items()])

    def try_get_value(self, key, _=None):
        k = self._key(key)
        return (True, self._all[k]) if k in self._all else (False, None)

    def get(self, key, symbol=None):
        if isinstance(key, type):
            out = DataDictionary()
            if key is TradeBar:
                out.update(self.bars)
            elif key is QuoteBar:
                out.update(self.quote_bars)
            elif key is Tick:
                out.update(self.ticks)
            else:
                for k, v in self._custom:
                    if isinstance(v, key):
                        out[k] = v
                for n in ("splits", "dividends", "delistings", "symbol_changed_events"):
                    for k, v in dict.items(getattr(self, n)):
                        if isinstance(v, key):
                            out[k] = v
            return out if symbol is None else out[symbol]
        return self._all.get(self._key(key), symbol)


class _Callable(list):
    """A list that may be called, for keys() and Keys are both written."""

    def __call__(self):
        return self


