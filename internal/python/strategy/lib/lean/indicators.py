"""Indicators: the engine computes them, Python reads their mirrored values."""

from datetime import datetime, timedelta

import _host
from .names import Api, pascal, snake
from .enums import MovingAverageType, Resolution
from .data import to_time, to_ns, IndicatorDataPoint, TradeBar
from .consolidators import _EventHook


class RollingWindow(Api):
    """The last so many values, the newest first."""

    def __class_getitem__(cls, _):
        return cls

    def __init__(self, size):
        if size < 1:
            raise ValueError("RollingWindow must have size of at least 1.")
        self._size, self._list, self._samples, self._removed = size, [], 0, None

    def add(self, v):
        self._samples += 1
        self._list.insert(0, v)
        if len(self._list) > self._size:
            self._removed = self._list.pop()

    @property
    def count(self):
        return len(self._list)

    @property
    def size(self):
        return self._size

    @size.setter
    def size(self, n):
        self._size = n
        del self._list[n:]

    @property
    def samples(self):
        return self._samples

    @property
    def is_ready(self):
        return self._samples >= self._size

    @property
    def most_recently_removed(self):
        if self._removed is None:
            raise RuntimeError("No items have been removed yet!")
        return self._removed

    def reset(self):
        self._list.clear()
        self._samples, self._removed = 0, None

    def __getitem__(self, i):
        if isinstance(i, slice):
            return self._list[i]
        if i < 0:
            raise IndexError("Index must be non-negative")
        if i >= self._size:
            self.size = i + 1
        return self._list[i] if i < len(self._list) else None

    def __setitem__(self, i, v):
        self._list[i] = v

    def __iter__(self):
        return iter(list(self._list))

    def __len__(self):
        return len(self._list)


class IndicatorBase(_host.IndicatorCell, Api):
    """An indicator of the engine's."""

    _class = None

    def __init__(self, *args, **kw):
        name = ""
        if args and isinstance(args[0], str):
            name, args = args[0], args[1:]
        self._setup(_host.indicator(type(self)._class, name, [_plain(a) for a in args], {k: _plain(v) for k, v in kw.items()}))

    def _setup(self, handle):
        self._h = handle
        self._current = self._previous = None
        self.updated = _EventHook()
        _host.indicator_bind(handle, self)

    @classmethod
    def _of(cls, handle):
        one = _SUBS.get(handle)
        if one is None:
            one = object.__new__(_by_class(_host.indicator_class(handle)))
            one._setup(handle)
            _SUBS[handle] = one
        return one

    @property
    def current(self):
        c = self._current
        if c is None:
            c = self._current = _Current(self)
        return c

    @property
    def previous(self):
        return self[1]

    @property
    def name(self):
        return _host.indicator_name(self._h)

    @property
    def period(self):
        return _host.indicator_period(self._h)

    @property
    def warm_up_period(self):
        return _host.indicator_warmup(self._h)

    @property
    def window(self):
        return _Window(self)

    def update(self, *args):
        if len(args) == 1:
            d = args[0]
            if isinstance(d, (int, float)):
                raise TypeError("update an indicator with a point, or a time and a value")
            ready = _host.indicator_update(self._h, d)
        else:
            if not isinstance(args[0], datetime):
                args = args[1:]
            ready = _host.indicator_update_value(self._h, to_ns(args[0]), float(args[1]))
        self._told()
        return ready

    def _told(self):
        if self.updated:
            self.updated(self, self.current)

    def reset(self):
        _host.indicator_reset(self._h)

    def __float__(self):
        return self._value

    def __getitem__(self, i):
        got = _host.indicator_at(self._h, i)
        if got is None:
            return None
        return IndicatorDataPoint(to_time(got[1]), got[0])

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        h = _host.indicator_sub(self._h, name if name.islower() else snake(name))
        if h >= 0:
            sub = IndicatorBase._of(h)
            self.__dict__[name] = sub
            return sub
        low = snake(name)
        if low != name:
            return getattr(self, low)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    @property
    def consolidators(self):
        return []

    def __iter__(self):
        return iter(self.window)

    def __lt__(self, o):
        return self._value < _number(o)

    def __gt__(self, o):
        return self._value > _number(o)

    def __le__(self, o):
        return self._value <= _number(o)

    def __ge__(self, o):
        return self._value >= _number(o)

    def __add__(self, o):
        return self._value + _number(o)

    def __sub__(self, o):
        return self._value - _number(o)

    def __mul__(self, o):
        return self._value * _number(o)

    def __truediv__(self, o):
        return self._value / _number(o)

    def __radd__(self, o):
        return o + self._value

    def __rsub__(self, o):
        return o - self._value

    def __rmul__(self, o):
        return o * self._value

    def __rtruediv__(self, o):
        return o / self._value

    def __str__(self):
        return repr(self._value) if self._value != int(self._value) else str(int(self._value))

    def to_detailed_string(self):
        return f"{self.name} - {self._value}"


_SUBS = {}


class _Current(Api):
    """The newest value of an indicator, read where the engine writes it."""

    __slots__ = ("_i",)

    def __init__(self, indicator):
        self._i = indicator

    @property
    def value(self):
        return self._i._value

    Value = price = Price = value

    @property
    def time(self):
        return to_time(self._i._at)

    Time = end_time = EndTime = time

    @property
    def symbol(self):
        return None

    def __float__(self):
        return self._i._value

    def __str__(self):
        return f"{self.time} - {self._i._value}"

    def __lt__(self, o):
        return self._i._value < _number(o)

    def __gt__(self, o):
        return self._i._value > _number(o)

    def __le__(self, o):
        return self._i._value <= _number(o)

    def __ge__(self, o):
        return self._i._value >= _number(o)

    def __add__(self, o):
        return self._i._value + _number(o)

    def __radd__(self, o):
        return o + self._i._value

    def __sub__(self, o):
        return self._i._value - _number(o)

    def __rsub__(self, o):
        return o - self._i._value

    def __mul__(self, o):
        return self._i._value * _number(o)

    def __rmul__(self, o):
        return o * self._i._value

    def __truediv__(self, o):
        return self._i._value / _number(o)

    def __rtruediv__(self, o):
        return o / self._i._value


class _Window(Api):
    """The past values of an indicator."""

    def __init__(self, indicator):
        self._i = indicator

    def __getitem__(self, n):
        return self._i[n]

    @property
    def size(self):
        return _host.indicator_window(self._i._h, 0)

    @size.setter
    def size(self, n):
        _host.indicator_window(self._i._h, n)

    Size = size

    @property
    def count(self):
        return len(self)

    @property
    def is_ready(self):
        return len(self) >= self.size

    def __len__(self):
        return _host.indicator_count(self._i._h)

    def __iter__(self):
        return iter([self._i[n] for n in range(len(self))])


def _number(o):
    if isinstance(o, (int, float)):
        return o
    return float(o)


def _plain(a):
    if isinstance(a, IndicatorBase):
        return ("indicator", a._h)
    if isinstance(a, timedelta):
        return a.total_seconds()
    if hasattr(a, "_h") and hasattr(a, "id"):
        return str(a.id)
    if isinstance(a, int) and not isinstance(a, bool):
        return int(a)
    return a


_CLASSES = {}


def _by_class(name):
    return _CLASSES.get(name, IndicatorBase)


def _declare():
    for name in _host.indicator_classes():
        _CLASSES[name] = type(name, (IndicatorBase,), {"_class": name, "__module__": __name__})


_declare()
globals().update(_CLASSES)


class PythonIndicator(Api):
    """An indicator written in Python: update(input) sets self.value."""

    def __init__(self, *args):
        self._samples = 0
        self.value = getattr(self, "value", 0)

    def __getattr__(self, name):
        if name == "value" or name == "Value":
            return 0
        if name == "name":
            return type(self).__name__
        if name == "updated":
            hook = _EventHook()
            object.__setattr__(self, "updated", hook)
            return hook
        if name in ("_samples",):
            return 0
        if name == "current":
            c = _PyCurrent(self)
            object.__setattr__(self, "current", c)
            return c
        if name in ("Current",):
            return self.current
        if name in ("IsReady", "is_ready"):
            return self.__dict__.get("_was_ready", False)
        if name in ("warm_up_period", "WarmUpPeriod"):
            return 0
        if name == "samples":
            return self._samples
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def on_updated(self, consolidated):
        """Tells who listens of a new value."""
        self.current.time = consolidated.end_time
        self.updated(self, consolidated)


class _PyCurrent(Api):
    def __init__(self, i):
        self._i, self.time = i, datetime.min

    @property
    def value(self):
        return float(self._i.value)

    Value = price = value

    @property
    def end_time(self):
        return self.time

    def __float__(self):
        return self.value


class IndicatorResult(Api):
    """A value that was computed, or why it was not."""

    def __init__(self, value, status=0):
        self.value, self.status = value, status


def CompositeIndicator(*args):
    """Joins two indicators by a function, each time both have a new value."""
    name, left, right, join = args if len(args) == 4 else ("", *args)

    def value(*_):
        r = join(left, right)
        return float(r.value if isinstance(r, IndicatorResult) else r)
    return IndicatorBase._of(_host.indicator_composite(left._h, right._h, name, value))


class IndicatorExtensions(Api):
    """Indicators made of indicators."""

    @staticmethod
    def _combine(kind, left, right, name=""):
        h = _host.indicator(kind, name or "", [_plain(left), _plain(right)], {})
        return IndicatorBase._of(h)

    @staticmethod
    def of(second, first, wait_for_first_to_ready=True):
        if isinstance(first, PythonIndicator):
            def feed(_, point):
                if first.is_ready or not wait_for_first_to_ready:
                    second.update(point)
            first.updated += feed
            return second
        h = _host.indicator_of(second._h, first._h, bool(wait_for_first_to_ready))
        return IndicatorBase._of(h) if h != second._h else second

    @staticmethod
    def plus(left, right, name=None):
        return IndicatorExtensions._combine("+", left, right, name)

    @staticmethod
    def minus(left, right, name=None):
        return IndicatorExtensions._combine("-", left, right, name)

    @staticmethod
    def times(left, right, name=None):
        return IndicatorExtensions._combine("*", left, right, name)

    @staticmethod
    def over(left, right, name=None):
        return IndicatorExtensions._combine("/", left, right, name)

    @staticmethod
    def _then(cls, left, period, *more, wait=True):
        return IndicatorExtensions.of(_CLASSES[cls](period, *more), left, wait)

    @staticmethod
    def sma(left, period, wait_for_first_to_ready=True):
        return IndicatorExtensions._then("SimpleMovingAverage", left, period, wait=wait_for_first_to_ready)

    @staticmethod
    def ema(left, period, smoothing_factor=None, wait_for_first_to_ready=True):
        return IndicatorExtensions._then("ExponentialMovingAverage", left, period, wait=wait_for_first_to_ready)

    @staticmethod
    def max(left, period, wait_for_first_to_ready=True):
        return IndicatorExtensions._then("Maximum", left, period, wait=wait_for_first_to_ready)

    @staticmethod
    def min(left, period, wait_for_first_to_ready=True):
        return IndicatorExtensions._then("Minimum", left, period, wait=wait_for_first_to_ready)


for _n in ("SMA", "EMA", "MAX", "MIN"):
    setattr(IndicatorExtensions, _n, staticmethod(getattr(IndicatorExtensions, _n.lower())))
