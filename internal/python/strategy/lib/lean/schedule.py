"""Date and time rules, and the schedule."""

from datetime import datetime, timedelta

import _host
from .names import Api
from .enums import DayOfWeek, SecurityType
from .data import Symbol, to_time, to_ns, span_ns, symbol_of

_DAY = 86_400_000_000_000


class DateRule(Api):
    """Which days; the days are told by a kind the engine knows, or a function."""

    def __init__(self, kind, args=(), name="", func=None):
        self._kind, self._args, self.name, self._func = kind, args, name, func

    def get_dates(self, start, end):
        return [to_time(d) for d in _host.schedule_days(self._kind, self._args, to_ns(start), to_ns(end), self._func)]


class TimeRule(Api):
    def __init__(self, kind, args=(), name=""):
        self._kind, self._args, self.name = kind, args, name


class FuncDateRule(DateRule):
    def __init__(self, name, get_dates):
        super().__init__("func", (), name, lambda a, b: [to_ns(d) for d in get_dates(to_time(a), to_time(b))])


class FuncTimeRule(TimeRule):
    def __init__(self, name, create_utc_event_times):
        super().__init__("func", (lambda days: [to_ns(t) for t in create_utc_event_times([to_time(d) for d in days])],), name)


def _symbol(s):
    if s is None:
        return -1
    try:
        return symbol_of(s)._h
    except KeyError:  # a ticker that nobody added is an equity's
        return Symbol.create(s, SecurityType.EQUITY, "usa")._h


class DateRules(Api):
    def __init__(self, algorithm):
        self._a = algorithm

    def every_day(self, symbol=None, extended_market_hours=False):
        if symbol is None:
            return DateRule("every", (), "EveryDay")
        return DateRule("trading", (_symbol(symbol), bool(extended_market_hours)), f"{symbol}: EveryDay")

    def every(self, *days):
        if len(days) == 1 and isinstance(days[0], (list, tuple)):
            days = days[0]
        return DateRule("weekdays", tuple(int(d) for d in days), ",".join(str(d) for d in days))

    def on(self, *args):
        if len(args) == 3 and isinstance(args[0], int):
            args = (datetime(*args),)
        if len(args) == 1 and isinstance(args[0], (list, tuple)):
            args = args[0]
        return DateRule("on", tuple(to_ns(d) for d in args), "On")

    @property
    def today(self):
        return self.on(self._a.time.replace(hour=0, minute=0, second=0, microsecond=0))

    @property
    def tomorrow(self):
        return self.on(self._a.time.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1))

    def _edge(self, kind, args):
        symbol, offset, ext = None, 0, False
        rest = list(args)
        if rest and not isinstance(rest[0], int):
            symbol = rest.pop(0)
        if rest:
            offset = int(rest.pop(0))
        if rest:
            ext = bool(rest.pop(0))
        return DateRule(kind, (_symbol(symbol), offset, ext), kind)

    def month_start(self, *args, **kw):
        return self._edge("month_start", self._kw(args, kw))

    def month_end(self, *args, **kw):
        return self._edge("month_end", self._kw(args, kw))

    def week_start(self, *args, **kw):
        return self._edge("week_start", self._kw(args, kw))

    def week_end(self, *args, **kw):
        return self._edge("week_end", self._kw(args, kw))

    def year_start(self, *args, **kw):
        return self._edge("year_start", self._kw(args, kw))

    def year_end(self, *args, **kw):
        return self._edge("year_end", self._kw(args, kw))

    def quarter_start(self, *args, **kw):
        return self._edge("quarter_start", self._kw(args, kw))

    def quarter_end(self, *args, **kw):
        return self._edge("quarter_end", self._kw(args, kw))

    @staticmethod
    def _kw(args, kw):
        args = list(args)
        if "symbol" in kw:
            args.insert(0, kw["symbol"])
        for n in ("days_offset", "offset"):
            if n in kw:
                args.append(kw[n])
        return args


class TimeRules(Api):
    def __init__(self, algorithm):
        self._a = algorithm
        self._zone = ""

    def set_default_time_zone(self, zone):
        self._zone = str(zone)

    @property
    def now(self):
        return TimeRule("utc", (_host.utc(),), "Now")

    @property
    def midnight(self):
        return TimeRule("at", (0, self._zone), "Midnight")

    @property
    def noon(self):
        return TimeRule("at", (_DAY // 2, self._zone), "Noon")

    def at(self, *args):
        if isinstance(args[0], timedelta):
            span, rest = span_ns(args[0]), args[1:]
        else:
            n = [a for a in args if isinstance(a, int)]
            span = sum(a * u for a, u in zip(n, (3_600_000_000_000, 60_000_000_000, 1_000_000_000)))
            rest = args[len(n):]
        return TimeRule("at", (span, str(rest[0]) if rest else self._zone), "At")

    def every(self, interval):
        if span_ns(interval) <= 0:
            raise ValueError("TimeRules.Every(): time span interval can not be zero or less")
        return TimeRule("interval", (span_ns(interval), self._zone), "Every")

    def after_market_open(self, symbol, minutes_after_open=0, extended_market_open=False):
        return TimeRule("open", (_symbol(symbol), int(minutes_after_open * 60_000_000_000), bool(extended_market_open)), "AfterMarketOpen")

    def before_market_open(self, symbol, minutes_before_open=0, extended_market_open=False):
        return TimeRule("open", (_symbol(symbol), -int(minutes_before_open * 60_000_000_000), bool(extended_market_open)), "BeforeMarketOpen")

    def before_market_close(self, symbol, minutes_before_close=0, extended_market_close=False):
        return TimeRule("close", (_symbol(symbol), -int(minutes_before_close * 60_000_000_000), bool(extended_market_close)), "BeforeMarketClose")

    def after_market_close(self, symbol, minutes_after_close=0, extended_market_close=False):
        return TimeRule("close", (_symbol(symbol), int(minutes_after_close * 60_000_000_000), bool(extended_market_close)), "AfterMarketClose")


class ScheduledEvent(Api):
    def __init__(self, handle, name):
        self._h, self.name = handle, name

    @property
    def enabled(self):
        return _host.schedule_enabled(self._h, None)

    @enabled.setter
    def enabled(self, v):
        _host.schedule_enabled(self._h, bool(v))


class ScheduleManager(Api):
    def __init__(self, algorithm):
        self._a = algorithm
        self.date_rules = self.DateRules = DateRules(algorithm)
        self.time_rules = self.TimeRules = TimeRules(algorithm)
        self._made = 0

    def on(self, *args):
        name = None
        if isinstance(args[0], str):
            name, args = args[0], args[1:]
        date, time, call = args
        self._made += 1
        name = name or f"{date.name}: {time.name}"
        two = _arity(call) >= 2
        f = (lambda at: call(name, to_time(at))) if two else (lambda at: call())
        h = _host.schedule(name, date._kind, date._args, date._func, time._kind, time._args, f)
        return ScheduledEvent(h, name)

    def remove(self, event):
        _host.schedule_remove(event._h)

    def training(self, date, time, call):
        return self.on(date, time, call)

    training_now = lambda self, call: call()


def _arity(f):
    import inspect
    try:
        return sum(1 for p in inspect.signature(f).parameters.values() if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))
    except (TypeError, ValueError):
        return 0
