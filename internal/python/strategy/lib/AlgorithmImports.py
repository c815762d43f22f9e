"""Everything an algorithm imports with one line."""

from datetime import date, datetime, time, timedelta
import math
import os
import random
import json
import sys
from collections import *
from functools import *
from itertools import *
from math import *
from typing import *

from lean.names import Api
from lean.enums import *
from lean.data import *
from lean.exchange import Exchange
from lean.orders import *
from lean.securities import *
from lean.models import *
from lean.schedule import *
from lean.consolidators import *
from lean.indicators import *
from lean.universe import *
from lean.framework import *
from lean.alphas import *
from lean.execution import *
from lean.portfolio import (BlackLittermanOptimizationPortfolioConstructionModel, IPortfolioOptimizer, MeanVarianceOptimizationPortfolioConstructionModel,
                            RiskParityPortfolioConstructionModel)
from lean.optimize import (MaximumSharpeRatioPortfolioOptimizer, MinimumVariancePortfolioOptimizer, RiskParityPortfolioOptimizer,
                           UnconstrainedMeanVariancePortfolioOptimizer)
from lean.algorithm import *
from lean.files import Compression, Expiry, Globals, LeanData, read_lines as _read_lines
import lean.indicators as _indicators

globals().update(_indicators._CLASSES)

from lean import imports as _imports

_imports.install()

try:
    import numpy as np
except ImportError:
    from lean import small_numpy as np
try:
    import pandas as pd
except ImportError:
    from lean import frame as pd

from math import floor, ceil


class Extensions(Api):
    @staticmethod
    def to_string(x):
        return str(x)

    @staticmethod
    def convert_from_utc(time, zone, strict=False):
        from datetime import timezone
        from zoneinfo import ZoneInfo
        return time.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(str(zone))).replace(tzinfo=None)

    @staticmethod
    def convert_to_utc(time, zone, strict=False):
        from datetime import timezone
        from zoneinfo import ZoneInfo
        return time.replace(tzinfo=ZoneInfo(str(zone))).astimezone(timezone.utc).replace(tzinfo=None)

    read_lines = staticmethod(_read_lines)

    @staticmethod
    def is_option(security_type):
        return security_type in (SecurityType.OPTION, SecurityType.FUTURE_OPTION, SecurityType.INDEX_OPTION)

    @staticmethod
    def _lower(x):
        return str(x).lower()

    tick_type_to_lower = resolution_to_lower = security_type_to_lower = _lower


def AddReference(*_):
    """Assemblies are named in older algorithms; there are none here."""


class IAlgorithm:
    """A name that annotations use."""


from lean.history import InvalidOperation as InvalidOperationException


class ArgumentException(ValueError):
    """What .NET raises for a bad argument."""


class RegressionTestException(Exception):
    """What LEAN's own algorithms raise."""


class TimeSpan:
    """.NET's spans as timedeltas."""

    ZERO = Zero = timedelta()

    @staticmethod
    def from_days(n):
        return timedelta(days=n)

    @staticmethod
    def from_hours(n):
        return timedelta(hours=n)

    @staticmethod
    def from_minutes(n):
        return timedelta(minutes=n)

    @staticmethod
    def from_seconds(n):
        return timedelta(seconds=n)

    FromDays, FromHours, FromMinutes, FromSeconds = from_days, from_hours, from_minutes, from_seconds


class Time:
    ONE_DAY = OneDay = timedelta(days=1)
    ONE_HOUR = OneHour = timedelta(hours=1)
    ONE_MINUTE = OneMinute = timedelta(minutes=1)
    ONE_SECOND = OneSecond = timedelta(seconds=1)


class CircularQueue(Api):
    """Items that come again and again."""

    def __class_getitem__(cls, _):
        return cls

    def __init__(self, items):
        from lean.consolidators import _EventHook
        self._items, self._next = list(items), 0
        self.circle_completed = _EventHook()

    def dequeue(self):
        v = self._items[self._next]
        self._next = (self._next + 1) % len(self._items)
        if v == self._items[0]:  # the head completes a circle, the first time as well
            self.circle_completed(self, None)
        return v


class Random:
    """.NET's seeded pseudo-random numbers: Knuth's subtractive generator as it is there."""

    _MOST = 2147483647

    def __init__(self, seed=0):
        self._s = s = [0] * 56
        last = 161803398 - abs(seed)
        s[55], next_ = last, 1
        for i in range(1, 55):
            at = 21 * i % 55
            s[at] = next_
            next_ = last - next_
            if next_ < 0:
                next_ += self._MOST
            last = s[at]
        for _ in range(4):
            for i in range(1, 56):
                n = i + 30
                s[i] -= s[1 + (n - 55 if n >= 55 else n)]
                if s[i] > self._MOST or s[i] < -self._MOST - 1:
                    s[i] = (s[i] + self._MOST + 1) % (2 * self._MOST + 2) - self._MOST - 1
                if s[i] < 0:
                    s[i] += self._MOST
        self._a, self._b = 0, 21

    def _sample(self):
        self._a = self._a % 55 + 1
        self._b = self._b % 55 + 1
        v = self._s[self._a] - self._s[self._b]
        if v == self._MOST:
            v -= 1
        if v < 0:
            v += self._MOST
        self._s[self._a] = v
        return v

    def next_double(self):
        return self._sample() * (1.0 / self._MOST)

    def next(self, *bounds):
        if not bounds:
            return self._sample()
        low, high = bounds if len(bounds) == 2 else (0, bounds[0])
        return int(self.next_double() * (high - low)) + low

    Next, NextDouble = next, next_double


def round_to_significant_digits(x, digits):
    return float(f"{x:.{digits}g}")


Extensions.round_to_significant_digits = staticmethod(round_to_significant_digits)
List = list
Dictionary = dict
Action = Func = None
copysign = math.copysign
