"""Consolidators make bars of points; the engine builds them."""

from datetime import datetime, timedelta

import _host
from .names import Api
from .enums import Resolution, RenkoType
from .data import to_time, to_ns, span_ns, TradeBar, QuoteBar, Tick, Symbol


class _EventHook:
    """A .NET event: handlers are added with += and taken off with -=."""

    def __init__(self):
        self._list = []

    def __iadd__(self, f):
        self._list.append(f)
        return self

    def __isub__(self, f):
        if f in self._list:
            self._list.remove(f)
        return self

    def __call__(self, sender, bar):
        for f in list(self._list):
            f(sender, bar)

    def __bool__(self):
        return bool(self._list)


class CalendarInfo(Api):
    def __init__(self, start, period):
        self.start, self.period = start, period
        self.Start, self.Period = start, period

    @property
    def end(self):
        return self.start + self.period


class DataConsolidator(Api):
    """Base of the engine's own consolidators."""

    _spec = ()

    def _make(self, kind, *args):
        self.data_consolidated = _EventHook()
        self._h = _host.consolidator(kind, args, self._emit)
        self.consolidated = None

    def _emit(self, bar):
        self.consolidated = bar
        w = self._window()
        w.add(bar)
        self.data_consolidated(self, bar)

    def _window(self):
        w = self.__dict__.get("_w")
        if w is None:
            from .indicators import RollingWindow
            w = RollingWindow(2)
            object.__setattr__(self, "_w", w)
        return w

    @property
    def window(self):
        return self._window()

    @property
    def current(self):
        return self._window()[0]

    @property
    def previous(self):
        return self._window()[1]

    def __getitem__(self, i):
        return self._window()[i]

    def __iter__(self):
        return iter(self._window())

    def __setattr__(self, name, value):
        if name == "DataConsolidated":
            name = "data_consolidated"
        object.__setattr__(self, name, value)

    def __getattr__(self, name):
        if name == "DataConsolidated":
            return self.data_consolidated
        if name == "Consolidated":
            return self.consolidated
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def update(self, data):
        _host.consolidator_update(self._h, data)

    def scan(self, current_local_time):
        _host.consolidator_scan(self._h, to_ns(current_local_time))

    @property
    def working_data(self):
        return _host.consolidator_working(self._h)

    @property
    def working_bar(self):
        return self.__dict__["_bar"] if "_bar" in self.__dict__ else self.working_data

    @working_bar.setter
    def working_bar(self, bar):
        self.__dict__["_bar"] = bar

    def reset(self):
        _host.consolidator_reset(self._h)

    def dispose(self):
        pass

    @property
    def output_type(self):
        return self._output

    @property
    def input_type(self):
        return self._input

    _input = _output = TradeBar


IDataConsolidator = DataConsolidator


def _period(args):
    """The period, count or calendar that a consolidator is made with."""
    a = args[0] if args else timedelta(days=1)
    count = args[1] if len(args) > 1 else None
    if isinstance(a, Resolution):
        spans = {Resolution.TICK: timedelta(), Resolution.SECOND: timedelta(seconds=1), Resolution.MINUTE: timedelta(minutes=1), Resolution.HOUR: timedelta(hours=1), Resolution.DAILY: timedelta(days=1)}
        a = spans[a]
    if isinstance(a, timedelta):
        return ("span", span_ns(a), 0, None)
    if isinstance(a, int) and isinstance(count, timedelta):
        return ("both", span_ns(count), a, None)
    if isinstance(a, int):
        return ("count", 0, a, None)
    if callable(a):
        def calendar(ns):
            info = a(to_time(ns))
            return (to_ns(info.start), span_ns(info.period))
        return ("calendar", 0, 0, calendar)
    raise TypeError(f"{a!r} is no period of a consolidator")


class _PeriodConsolidator(DataConsolidator):
    _kind = "trade"

    def __init__(self, *args, **kw):
        args = list(args) + [kw[k] for k in ("period", "max_count", "func", "start_time") if k in kw]
        if len(args) > 1 and isinstance(args[1], timedelta) and isinstance(args[0], timedelta):
            self._make("period", self._kind, *_period(args[:1]), span_ns(args[1]))
            return
        self._make("period", self._kind, *_period(args), 0)

    @staticmethod
    def from_resolution(resolution):
        return TradeBarConsolidator(resolution)


class TradeBarConsolidator(_PeriodConsolidator):
    pass


class QuoteBarConsolidator(_PeriodConsolidator):
    _kind = "quote"
    _input = _output = QuoteBar


class TickConsolidator(_PeriodConsolidator):
    _kind = "tick"
    _input = Tick


class TickQuoteBarConsolidator(_PeriodConsolidator):
    _kind = "tickquote"
    _input, _output = Tick, QuoteBar


class BaseDataConsolidator(_PeriodConsolidator):
    _kind = "base"


class DynamicDataConsolidator(_PeriodConsolidator):
    _kind = "base"


class MarketHourAwareConsolidator(DataConsolidator):
    def __init__(self, daily_strict_end_time_enabled, resolution, data_type=TradeBar, tick_type=0, extended_market_hours=False):
        kind = "quote" if data_type is QuoteBar else "tick" if data_type is Tick else "trade" if data_type is TradeBar else "base"
        self._of(kind, int(resolution), daily_strict_end_time_enabled, extended_market_hours, -1)

    def _of(self, kind, resolution, strict, extended, symbol):
        self._make("hours", kind, resolution, bool(strict), bool(extended), symbol)


class IdentityDataConsolidator(DataConsolidator):
    def __init__(self, *_):
        self._make("identity")


class OpenInterestConsolidator(_PeriodConsolidator):
    _kind = "base"


class ClassicRenkoConsolidator(DataConsolidator):
    _even = True

    def __init__(self, bar_size, selector=None, volume_selector=None, even_bars=True):
        if isinstance(selector, bool):
            selector, even_bars = None, selector
        self._make("renko_classic", float(bar_size), selector, volume_selector, bool(even_bars))


class RenkoConsolidator(DataConsolidator):
    def __init__(self, bar_size, *_):
        self._make("renko", float(bar_size))


class VolumeRenkoConsolidator(DataConsolidator):
    def __init__(self, bar_size):
        self._make("renko_volume", float(bar_size))


class RangeConsolidator(DataConsolidator):
    def __init__(self, range, selector=None, volume_selector=None):
        self._make("range", int(range), selector, volume_selector)


class ClassicRangeConsolidator(DataConsolidator):
    def __init__(self, range, selector=None, volume_selector=None):
        self._make("range_classic", int(range), selector, volume_selector)


class SequentialConsolidator(DataConsolidator):
    def __init__(self, first, second):
        self.first, self.second = first, second
        self.data_consolidated = _EventHook()
        self.consolidated = None
        self._python = True
        first.data_consolidated += lambda s, b: second.update(b)
        second.data_consolidated += lambda s, b: self._emit(b)

    def update(self, data):
        self.first.update(data)

    def scan(self, local):
        self.first.scan(local)

    @property
    def working_data(self):
        return self.second.working_data


class PythonConsolidator(Api):
    """A consolidator written in Python."""

    _python = True
    working_data = None
    consolidated = None
    input_type = output_type = TradeBar

    def __init__(self):
        self.data_consolidated = _EventHook()

    def __getattr__(self, name):
        if name in ("data_consolidated", "DataConsolidated"):
            hook = _EventHook()
            object.__setattr__(self, "data_consolidated", hook)
            return hook
        raise AttributeError(name)

    def __setattr__(self, name, value):
        object.__setattr__(self, "data_consolidated" if name == "DataConsolidated" else name, value)

    def on_data_consolidated(self, consolidator, data):
        self.data_consolidated(consolidator, data)

    def update(self, data):
        pass

    def scan(self, local):
        pass

    def reset(self):
        pass


class Calendar(Api):
    """Calendar periods a consolidator may be made with."""

    @staticmethod
    def WEEKLY(t):
        start = datetime(t.year, t.month, t.day) - timedelta(days=(t.weekday()))
        return CalendarInfo(start, timedelta(days=7))

    @staticmethod
    def MONTHLY(t):
        start = datetime(t.year, t.month, 1)
        end = datetime(t.year + t.month // 12, t.month % 12 + 1, 1)
        return CalendarInfo(start, end - start)

    @staticmethod
    def QUARTERLY(t):
        q = (t.month - 1) // 3
        start = datetime(t.year, 3 * q + 1, 1)
        end = datetime(t.year + (q == 3), (3 * q + 3) % 12 + 1, 1)
        return CalendarInfo(start, end - start)

    @staticmethod
    def YEARLY(t):
        start = datetime(t.year, 1, 1)
        return CalendarInfo(start, datetime(t.year + 1, 1, 1) - start)


Calendar.Weekly, Calendar.Monthly, Calendar.Quarterly, Calendar.Yearly = Calendar.WEEKLY, Calendar.MONTHLY, Calendar.QUARTERLY, Calendar.YEARLY
