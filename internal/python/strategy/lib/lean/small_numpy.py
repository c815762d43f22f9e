"""A word instead of numpy where the interpreter has none; the few functions of
plain lists that algorithms use most are here."""

import math

nan, inf, pi, e = math.nan, math.inf, math.pi, math.e


class Array(list):
    """A list, or rows of one length, that knows its shape."""

    @property
    def shape(self):
        return (len(self), len(self[0])) if self and isinstance(self[0], list) else (len(self),)


def array(x, *_, **__):
    return Array(x)


def sum(x):
    t = 0.0
    for v in x:
        t += v
    return t


def mean(x):
    x = list(x)
    return sum(x) / len(x) if x else nan


def std(x, ddof=0):
    x = list(x)
    m = mean(x)
    return math.sqrt(sum((v - m) ** 2 for v in x) / (len(x) - ddof))


def sqrt(x):
    return math.sqrt(x)


def log(x):
    return math.log(x)


def exp(x):
    return math.exp(x)


floor, ceil, sin, cos, tan = math.floor, math.ceil, math.sin, math.cos, math.tan


def sign(x):
    return (x > 0) - (x < 0)


def isnan(x):
    return math.isnan(x)


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


abs = abs
max = max
min = min
float64 = float
int64 = int


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise NotImplementedError(f"numpy.{name} needs numpy: give the interpreter a site-packages folder with it (quantdesk python install numpy)")
