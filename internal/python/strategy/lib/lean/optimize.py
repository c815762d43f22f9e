"""Portfolio optimizers, with the little linear algebra they need on lists."""

import math

from .names import Api


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def times(m, v):
    return [dot(row, v) for row in m]


def transposed(m):
    return [list(c) for c in zip(*m)]


def product(a, b):
    columns = transposed(b)
    return [[dot(row, c) for c in columns] for row in a]


def inverse(m):
    """The inverse by elimination with pivots; None of a singular matrix."""
    n = len(m)
    a = [list(row) + [1.0 if i == j else 0.0 for j in range(n)] for i, row in enumerate(m)]
    for k in range(n):
        p = max(range(k, n), key=lambda i: abs(a[i][k]))
        if a[p][k] == 0 or a[p][k] != a[p][k]:
            return None
        a[k], a[p] = a[p], a[k]
        f = a[k][k]
        a[k] = [x / f for x in a[k]]
        for i in range(n):
            if i != k and a[i][k] != 0:
                f = a[i][k]
                a[i] = [x - f * y for x, y in zip(a[i], a[k])]
    return [row[n:] for row in a]


def definite(m):
    """Whether a matrix has a Cholesky factor."""
    n = len(m)
    low = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            s = m[i][j] - dot(low[i][:j], low[j][:j])
            if i == j:
                if not s > 0:
                    return False
                low[i][i] = math.sqrt(s)
            else:
                low[i][j] = s / low[j][j]
    return True


def mean(rows):
    return [sum(c) / len(rows) for c in zip(*rows)]


def covariance(rows):
    """The sample covariance of columns; rows are times."""
    m = mean(rows)
    if len(rows) < 2:
        return [[math.nan] * len(m) for _ in m]
    off = [[x - y for x, y in zip(r, m)] for r in rows]
    columns = transposed(off)
    return [[dot(a, b) / (len(rows) - 1) for b in columns] for a in columns]


def minimize(g, equalities, bounds):
    """Minimizes x'gx with rows (n, b): n'x = b of equalities, n'x >= b of
    bounds; None where nothing complies or g is not positive definite.

    The dual method of Goldfarb and Idnani (Mathematical Programming 27, 1983),
    with each step's system solved anew: it is for tens of variables."""
    if not definite(g):
        return None
    h = inverse(g)
    size = len(g)
    rules = [(list(n), b, True) for n, b in equalities] + [(list(n), b, False) for n, b in bounds]
    x, active, u = [0.0] * size, [], []
    tiny = 1e-12
    for _ in range(50 * (len(rules) + 1)):
        pick = None
        for i, (n, b, equal) in enumerate(rules):
            if i in active:
                continue
            gap = dot(n, x) - b
            if equal:
                pick = i
                if gap > 0:  # turned so that it is short of its bound
                    rules[i] = ([-v for v in n], -b, True)
                break
            if gap < -tiny * (1 + abs(b)) and (pick is None or gap < worst):
                pick, worst = i, gap
        if pick is None:
            return x
        n, b, _ = rules[pick]
        mine = 0.0
        while True:
            hn = times(h, n)
            rate = []
            z = hn
            if active:
                normals = [rules[i][0] for i in active]
                hnormals = [times(h, m) for m in normals]
                inner = inverse([[dot(p, q) for q in hnormals] for p in normals])
                if inner is None:
                    return None
                rate = times(inner, [dot(p, hn) for p in normals])
                z = [v - sum(r * m[k] for r, m in zip(rate, hnormals)) for k, v in enumerate(hn)]
            slope = dot(z, n)
            full = (b - dot(n, x)) / slope if slope > tiny * max(dot(n, hn), 1e-300) else math.inf
            part, out = math.inf, -1
            for k, i in enumerate(active):
                if not rules[i][2] and rate[k] > tiny and u[k] / rate[k] < part:
                    part, out = u[k] / rate[k], k
            step = min(part, full)
            if step == math.inf:
                return None
            u = [v - step * r for v, r in zip(u, rate)]
            mine += step
            if full != math.inf:
                x = [v + step * d for v, d in zip(x, z)]
            if step == full:
                active.append(pick)
                u.append(mine)
                break
            del active[out], u[out]
    return None


def _unit(i, size, v=1.0):
    return [v if k == i else 0.0 for k in range(size)]


class MinimumVariancePortfolioOptimizer(Api):
    """The least variance at a return, weights summing up to one."""

    def __init__(self, lower=-1, upper=1, target_return=0.02):
        self._lower, self._upper, self._target = lower, upper, target_return

    def optimize(self, historical_returns, expected_returns=None, covariance_=None):
        cov = covariance_ if covariance_ is not None else covariance(historical_returns)
        returns = expected_returns if expected_returns is not None else mean(historical_returns)
        size = len(cov)
        even = [1.0 / size] * size
        bounds = [r for i in range(size) for r in ((_unit(i, size), self._lower), (_unit(i, size, -1.0), -self._upper))]
        x = minimize(cov, [(returns, self._target), ([1.0] * size, 1.0)], bounds)
        if x is None:
            return even
        x = [v if math.isfinite(v) else 0.0 for v in x]
        total = sum(abs(v) for v in x)
        return [v / total for v in x] if total else even


class MaximumSharpeRatioPortfolioOptimizer(Api):
    """The most return over the risk-free rate per risk."""

    def __init__(self, lower=-1, upper=1, risk_free_rate=0.0):
        self._lower, self._upper, self._rate = lower, upper, risk_free_rate

    def optimize(self, historical_returns, expected_returns=None, covariance_=None):
        cov = covariance_ if covariance_ is not None else covariance(historical_returns)
        returns = [r - self._rate for r in (expected_returns if expected_returns is not None else mean(historical_returns))]
        size = len(cov)
        even = [1.0 / size] * size
        if not (any(r > 0 for r in returns) if self._lower >= 0 else any(r != 0 for r in returns)):
            return even
        bounds = []
        for i in range(size):
            bounds.append(([self._upper - (k == i) for k in range(size)], 0.0))
            bounds.append(([(k == i) - self._lower for k in range(size)], 0.0))
        # Of the portfolios that return one, the one of least risk; scaled after that.
        y = minimize(cov, [(returns, 1.0)], bounds)
        total = sum(y) if y is not None else 0
        return [v / total for v in y] if total > 0 else even


class UnconstrainedMeanVariancePortfolioOptimizer(Api):
    """Expected returns by the inverse covariance."""

    def optimize(self, historical_returns, expected_returns=None, covariance_=None):
        returns = expected_returns if expected_returns is not None else mean(historical_returns)
        cov = covariance_ if covariance_ is not None else covariance(historical_returns)
        inv = inverse(cov)
        return [math.nan] * len(returns) if inv is None else times(transposed(inv), returns)


class RiskParityPortfolioOptimizer(Api):
    """Every security the same share of the risk, by Newton's method."""

    def __init__(self, lower=None, upper=None):
        self._lower, self._upper = 1e-05 if lower is None else lower, math.inf if upper is None else upper

    def optimize(self, historical_returns, expected_returns=None, covariance_=None):
        cov = covariance_ if covariance_ is not None else covariance(historical_returns)
        size = len(cov)
        budget = expected_returns if expected_returns is not None else [1.0 / size] * size
        x = self._newton(size, cov, budget)
        total = sum(x)
        return [min(max(v / total, self._lower), self._upper) for v in x]

    @staticmethod
    def _newton(size, cov, budget, tolerance=1e-11, most=15000):
        if size == 1:
            return [1.0]
        x = [1.0 / size] * size
        new, old = -math.inf, math.inf
        for _ in range(most):
            if abs(new - old) <= tolerance:
                break
            old = new
            hessian = [[c + (b / (v * v) if i == k else 0.0) for k, c in enumerate(row)] for i, (row, b, v) in enumerate(zip(cov, budget, x))]
            gradient = [s - b / v for s, b, v in zip(times(cov, x), budget, x)]
            inv = inverse(hessian)
            if inv is None:
                break
            x = [v - d for v, d in zip(x, times(inv, gradient))]
            new = 0.5 * dot(times(cov, x), x) - sum(b * math.log(v) if v > 0 else math.nan for b, v in zip(budget, x))
        return x
