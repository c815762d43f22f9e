"""Portfolio construction from past returns."""

import math

from .names import Api
from .enums import InsightDirection, PortfolioBias, Resolution
from .framework import PortfolioConstructionModel
from .history import points
from .data import to_ns, to_time
from .small_numpy import Array
from .optimize import (MaximumSharpeRatioPortfolioOptimizer, MinimumVariancePortfolioOptimizer, RiskParityPortfolioOptimizer, covariance, dot, inverse, mean, product, times,
                       transposed)


class _Returns:
    """The last returns of a security, the newest first."""

    def __init__(self, lookback, period):
        self._lookback, self._period, self._prices, self._list = lookback, period, [], []

    def update(self, time, price):
        self._prices.append(price)
        if len(self._prices) > self._lookback + 1:
            del self._prices[0]
        if len(self._prices) == self._lookback + 1:
            old = self._prices[0]
            self.add(time, (price - old) / old if old else 0.0)

    def add(self, time, value):
        if self._list and self._list[0][0] == time:
            return  # bars that were filled forward
        self._list.insert(0, (time, value))
        del self._list[self._period:]

    @property
    def by_time(self):
        return dict(self._list)


def returns_matrix(by, symbols):
    """Rows of returns, a column for each symbol: by time where all have the same
    times, else by place. Rows with a gap, or of nothing, are left out."""
    each = [by[s].by_time for s in symbols if s in by]
    times_ = list(dict.fromkeys(t for r in each for t in r))
    most = max((len(r.by_time) for r in by.values()), default=0)
    if most == len(times_):
        rows = [[r.get(t, math.nan) for r in each] for t in times_]
    else:
        plain = [list(r.values()) for r in each]
        rows = [[r[i] if i < len(r) else math.nan for r in plain] for i in range(most)]
    sums = (sum(abs(v) for v in row) for row in rows)
    return Array(row for row, s in zip(rows, sums) if s == s and s != 0)


def _valid(algorithm, insight):
    m = abs(insight.magnitude or 0)
    s = algorithm.settings
    return m == 0 or s.min_absolute_portfolio_target_percentage <= m <= s.max_absolute_portfolio_target_percentage


class _OptimizedPortfolio(PortfolioConstructionModel):
    def __init__(self, rebalance, portfolio_bias, lookback, period, resolution, optimizer):
        super().__init__(rebalance)
        self._lookback, self._period, self._resolution, self._by = lookback, period, resolution, {}
        self._bias, self.optimizer = portfolio_bias, optimizer

    def _weights(self, insights, symbols, weights):
        out = {}
        for s, w in zip(symbols, weights):
            if self._bias != PortfolioBias.LONG_SHORT and (w > 0) - (w < 0) != int(self._bias):
                w = 0  # an optimizer may stray
            out[next(i for i in insights if i.symbol == s)] = w
        return out

    def _optimize(self, returns, expected=None, covariance_=None):
        f = getattr(self.optimizer, "optimize", None) or self.optimizer.Optimize
        return list(f(returns, expected, covariance_))

    def determine_target_percent(self, insights):
        if not insights:
            return {}
        symbols = [i.symbol for i in insights]
        return self._weights(insights, symbols, self._optimize(returns_matrix(self._by, symbols)))

    def _forget(self, algorithm, symbol):
        self._by.pop(symbol, None)

    def _begin(self, algorithm, symbol):
        self._by.setdefault(symbol, _Returns(self._lookback, self._period))

    def on_securities_changed(self, algorithm, changes):
        super().on_securities_changed(algorithm, changes)
        for s in changes.removed_securities:
            self._forget(algorithm, s.symbol)
        if not changes.added_securities:
            return
        symbols = [s.symbol for s in changes.added_securities]
        for s in symbols:
            self._begin(algorithm, s)
        for bar in points(symbols, self._lookback * self._period, None, None, self._resolution):
            if bar.symbol in self._by:
                self._by[bar.symbol].update(bar.end_time, bar.value)


def _edges(bias):
    return (0 if bias == PortfolioBias.LONG else -1), (0 if bias == PortfolioBias.SHORT else 1)


class MeanVarianceOptimizationPortfolioConstructionModel(_OptimizedPortfolio):
    """Weights of least variance at a return that the past and the insights promise."""

    def __init__(self, rebalance=Resolution.DAILY, portfolio_bias=PortfolioBias.LONG_SHORT, lookback=1, period=63, resolution=Resolution.DAILY, target_return=0.02, optimizer=None):
        super().__init__(rebalance, portfolio_bias, lookback, period, resolution, optimizer or MinimumVariancePortfolioOptimizer(*_edges(portfolio_bias), target_return))

    def should_create_target_for_insight(self, insight):
        if not _valid(self.algorithm, insight):
            return False
        data = self._by.get(insight.symbol)
        if data is not None:
            if insight.magnitude is None:
                raise ValueError(f"MeanVarianceOptimizationPortfolioConstructionModel does not accept 'null' as Insight.Magnitude. Please checkout the selected Alpha Model specifications: {insight.source_model}")
            data.add(self.algorithm.time, insight.magnitude)
        return True


class RiskParityPortfolioConstructionModel(_OptimizedPortfolio):
    """Weights of equal risk."""

    def __init__(self, rebalance=Resolution.DAILY, portfolio_bias=PortfolioBias.LONG, lookback=1, period=252, resolution=Resolution.DAILY, optimizer=None):
        if portfolio_bias == PortfolioBias.SHORT:
            raise ValueError("Long position must be allowed in RiskParityPortfolioConstructionModel.")
        super().__init__(rebalance, PortfolioBias.LONG_SHORT, lookback, period, resolution, optimizer or RiskParityPortfolioOptimizer())

    def _begin(self, algorithm, symbol):
        if symbol in self._by:
            return
        super()._begin(algorithm, symbol)
        data = self._by[symbol]
        data.consolidator = algorithm.resolve_consolidator(symbol, self._resolution)
        data.consolidator.data_consolidated += lambda _, bar: data.update(bar.end_time, bar.value)
        algorithm.subscription_manager.add_consolidator(symbol, data.consolidator)

    def _forget(self, algorithm, symbol):
        data = self._by.pop(symbol, None)
        if data is not None:
            algorithm.subscription_manager.remove_consolidator(symbol, data.consolidator)


class BlackLittermanOptimizationPortfolioConstructionModel(_OptimizedPortfolio):
    """The market's equilibrium, moved by the views that insights are (He and
    Litterman 1999, as LEAN writes it)."""

    def __init__(self, rebalance=Resolution.DAILY, portfolio_bias=PortfolioBias.LONG_SHORT, lookback=1, period=63, resolution=Resolution.DAILY, risk_free_rate=0, delta=2.5, tau=0.05,
                 optimizer=None):
        super().__init__(rebalance, portfolio_bias, lookback, period, resolution, optimizer or MaximumSharpeRatioPortfolioOptimizer(*_edges(portfolio_bias), risk_free_rate))
        self._rate, self._delta, self._tau = risk_free_rate, delta, tau

    def should_create_target_for_insight(self, insight):
        return _valid(self.algorithm, insight)

    def get_target_insights(self):
        now = self.algorithm.utc_time
        newest = {}
        for i in self.algorithm.insights:
            if i.is_active(now) and self.should_create_target_for_insight(i):
                old = newest.get((i.symbol, i.source_model))
                if old is None or i.generated_time_utc >= old.generated_time_utc:
                    newest[i.symbol, i.source_model] = i
        return sorted(newest.values(), key=lambda i: i.symbol)

    def determine_target_percent(self, insights):
        views = self._views(insights)
        if views is None:
            return {}
        for i in insights:
            if i.symbol in self._by:
                if i.magnitude is None:
                    raise ValueError("BlackLittermanOptimizationPortfolioConstructionModel does not accept 'null' as Insight.Magnitude. Please make sure your Alpha Model is generating Insights with the Magnitude property set.")
                self._by[i.symbol].add(i.generated_time_utc, i.magnitude)
        symbols = list(dict.fromkeys(i.symbol for i in insights))
        returns = returns_matrix(self._by, symbols)
        pi, sigma = self.get_equilibrium_returns(returns)
        pi, sigma = self._master(pi, sigma, *views)
        return self._weights(insights, symbols, self._optimize(returns, pi, sigma))

    def _views(self, insights):
        """The pick matrix, a row for each model, and what each expects."""
        if not insights or any(i.magnitude is None for i in insights):
            return None
        symbols = list(dict.fromkeys(i.symbol for i in insights))
        p, q = [], []
        for model in dict.fromkeys(i.source_model for i in insights):
            mine = [i for i in insights if i.source_model == model]
            up = sum(abs(i.magnitude) for i in mine if i.direction == InsightDirection.UP)
            down = sum(abs(i.magnitude) for i in mine if i.direction == InsightDirection.DOWN)
            expected = max(up, down)
            if expected == 0:
                return None
            row = {i.symbol: int(i.direction) * abs(i.magnitude) / expected for i in mine}
            p.append([row.get(s, 0.0) for s in symbols])
            q.append(expected)
        return p, q

    def get_equilibrium_returns(self, returns):
        size = len(returns[0])
        even = [1.0 / size] * size
        sigma = [[v * 252 for v in row] for row in covariance(returns)]
        annual = dot(even, [(r + 1) ** 252 - 1 for r in mean(returns)])
        aversion = (annual - self._rate) / dot(even, times(sigma, even))
        return [v * aversion for v in times(sigma, even)], sigma

    def _master(self, pi, sigma, p, q):
        st = [[v * self._tau for v in row] for row in sigma]
        spread = product(product(p, st), transposed(p))
        omega = [[v if i == k else 0.0 for k, v in enumerate(row)] for i, row in enumerate(spread)]
        if any(omega[i][i] == 0 for i in range(len(omega))):
            return pi, sigma
        a = product(product(st, transposed(p)), inverse([[x + y for x, y in zip(r, o)] for r, o in zip(spread, omega)]))
        pi = [v + d for v, d in zip(pi, times(a, [x - y for x, y in zip(q, times(p, pi))]))]
        m = product(product(a, p), st)
        sigma = [[(s + t - x) * self._delta for s, t, x in zip(*rows)] for rows in zip(sigma, st, m)]
        return pi, sigma

    def on_securities_changed(self, algorithm, changes):
        PortfolioConstructionModel.on_securities_changed(self, algorithm, changes)
        for s in changes.removed_securities:
            self._forget(algorithm, s.symbol)
        zones = {s.symbol: s for s in changes.added_securities}
        if not zones:
            return
        import _host
        for bar in points(list(zones), self._lookback * self._period, None, None, self._resolution):
            self._begin(algorithm, bar.symbol)
            self._by[bar.symbol].update(to_time(_host.to_utc(zones[bar.symbol]._h, to_ns(bar.end_time))), bar.value)


class IPortfolioOptimizer(Api):
    """What optimizers of the algorithm's own may derive from."""
