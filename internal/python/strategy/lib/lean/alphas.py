"""Alpha models: what turns data into insights."""

from datetime import datetime, timedelta
import math

from .data import TradeBar, symbol_of
from .enums import InsightDirection, MovingAverageType, Resolution
from .framework import AlphaModel, Insight, InsightCollection


def _span(resolution, times):
    return Insight._span(resolution, times)


def _label(resolution):
    return Resolution(resolution).name.capitalize() if not isinstance(resolution, timedelta) else str(resolution)


class _Watch:
    """An indicator of a security, fed by a consolidator of its own."""

    def __init__(self, algorithm, security, indicator, resolution):
        self.security, self.symbol, self.indicator = security, security.symbol, indicator
        self.consolidator = algorithm.resolve_consolidator(self.symbol, resolution)
        algorithm.register_indicator(self.symbol, indicator, self.consolidator)

    def leave(self, algorithm):
        algorithm.subscription_manager.remove_consolidator(self.symbol, self.consolidator)


class _Cancelling(AlphaModel):
    """Keeps its insights so that those of a symbol can be called off."""

    def _cancel(self, algorithm, symbol):
        held = self.__dict__.setdefault("insight_collection", InsightCollection())
        if held.contains_key(symbol):
            algorithm.insights.cancel(held[symbol])
            held.clear([symbol])


class RsiAlphaModel(AlphaModel):
    """Wilder's RSI: up when it falls below 30, down when it rises above 70; the state is left again at 35 and 65."""

    _LOW, _MIDDLE, _HIGH = -1, 0, 1

    def __init__(self, period=14, resolution=Resolution.DAILY):
        self.period, self.resolution = period, resolution
        self.insight_period = _span(resolution, period)
        self.name = f"{type(self).__name__}({period},{_label(resolution)})"
        self._by = {}

    def update(self, algorithm, data):
        out = []
        for symbol, watch in self._by.items():
            rsi, before = watch.indicator, watch.state
            now = self._state(rsi.current.value, before)
            if now != before and rsi.is_ready and now != self._MIDDLE:
                out.append(Insight.price(symbol, self.insight_period, InsightDirection.UP if now == self._LOW else InsightDirection.DOWN))
            watch.state = now
        return out

    def _state(self, value, before):
        if value > 70:
            return self._HIGH
        if value < 30:
            return self._LOW
        if before == self._LOW and value > 35 or before == self._HIGH and value < 65:
            return self._MIDDLE
        return before

    def on_securities_changed(self, algorithm, changes):
        from .indicators import _CLASSES
        for s in changes.removed_securities:
            watch = self._by.pop(s.symbol, None)
            if watch:
                watch.leave(algorithm)
        new = []
        for s in changes.added_securities:
            if s.symbol not in self._by:
                watch = _Watch(algorithm, s, _CLASSES["RelativeStrengthIndex"](self.period, MovingAverageType.WILDERS), self.resolution)
                watch.state = self._MIDDLE
                self._by[s.symbol] = watch
                new.append(s.symbol)
        if new:
            for bars in algorithm.history[TradeBar](new, self.period, self.resolution):
                for bar in bars.values():
                    self._by[bar.symbol].consolidator.update(bar)


class HistoricalReturnsAlphaModel(_Cancelling):
    """Follows the return over a lookback: its sign is the direction, its size the magnitude."""

    def __init__(self, lookback=1, resolution=Resolution.DAILY):
        self.lookback, self.resolution = lookback, resolution
        self.prediction_interval = _span(resolution, lookback)
        self.insight_collection = InsightCollection()
        self._by = {}

    def update(self, algorithm, data):
        out = []
        for symbol, watch in self._by.items():
            roc = watch.indicator
            if watch.seen == roc.samples:
                continue
            watch.seen = roc.samples
            if not roc.is_ready:
                continue
            size = float(roc.current.value)
            if size == 0:
                self._cancel(algorithm, symbol)
                continue
            out.append(Insight.price(symbol, self.prediction_interval, InsightDirection.UP if size > 0 else InsightDirection.DOWN, size, None))
        self.insight_collection.add_range(out)
        return out

    def on_securities_changed(self, algorithm, changes):
        from .indicators import _CLASSES
        for s in changes.removed_securities:
            watch = self._by.pop(s.symbol, None)
            if watch:
                watch.leave(algorithm)
            self._cancel(algorithm, s.symbol)
        added = {s.symbol: s for s in changes.added_securities}
        if not added:
            return
        for bars in algorithm.history[TradeBar](list(added), self.lookback, self.resolution):
            for bar in bars.values():
                watch = self._by.get(bar.symbol)
                if watch is None:
                    watch = _Watch(algorithm, added[bar.symbol], _CLASSES["RateOfChange"](f"{bar.symbol}.roc({self.lookback})", self.lookback), self.resolution)
                    watch.seen = 0
                    self._by[bar.symbol] = watch
                watch.indicator.update(bar.end_time, bar.close)


class MacdAlphaModel(_Cancelling):
    """Follows the MACD's signal line where it is more than a hundredth of the price."""

    def __init__(self, fast_period=12, slow_period=26, signal_period=9, moving_average_type=MovingAverageType.EXPONENTIAL, resolution=Resolution.DAILY):
        self.fast_period, self.slow_period, self.signal_period = fast_period, slow_period, signal_period
        self.moving_average_type, self.resolution = moving_average_type, resolution
        self.insight_period = _span(resolution, fast_period)
        self.bounce_threshold_percent = 0.01
        self.insight_collection = InsightCollection()
        self.name = f"{type(self).__name__}({fast_period},{slow_period},{signal_period},{MovingAverageType(moving_average_type).name.capitalize()},{_label(resolution)})"
        self._by = {}

    def update(self, algorithm, data):
        out = []
        for symbol, watch in self._by.items():
            price = watch.security.price
            if price == 0:
                continue
            signal = watch.indicator.signal.current.value / price
            direction = InsightDirection.UP if signal > self.bounce_threshold_percent else InsightDirection.DOWN if signal < -self.bounce_threshold_percent else InsightDirection.FLAT
            if direction == watch.direction:
                continue
            watch.direction = direction
            if direction == InsightDirection.FLAT:
                self._cancel(algorithm, symbol)
                continue
            insight = Insight.price(symbol, self.insight_period, direction)
            self.insight_collection.add(insight)
            out.append(insight)
        return out

    def on_securities_changed(self, algorithm, changes):
        from .indicators import _CLASSES
        for s in changes.added_securities:
            macd = _CLASSES["MovingAverageConvergenceDivergence"](self.fast_period, self.slow_period, self.signal_period, self.moving_average_type)
            watch = _Watch(algorithm, s, macd, self.resolution)
            algorithm.warm_up_indicator(s.symbol, macd, self.resolution)
            watch.direction = None
            self._by[s.symbol] = watch
        for s in changes.removed_securities:
            watch = self._by.pop(s.symbol, None)
            if watch:
                watch.leave(algorithm)
            self._cancel(algorithm, s.symbol)


class EmaCrossAlphaModel(AlphaModel):
    """Up when the fast average crosses above the slow one, down when below."""

    def __init__(self, fast_period=12, slow_period=26, resolution=Resolution.DAILY):
        self.fast_period, self.slow_period, self.resolution = fast_period, slow_period, resolution
        self.prediction_interval = _span(resolution, fast_period)
        self.name = f"{type(self).__name__}({fast_period},{slow_period},{_label(resolution)})"
        self._by = {}

    def update(self, algorithm, data):
        out = []
        for symbol, pair in self._by.items():
            fast, slow = pair[0].indicator, pair[1].indicator
            if fast.is_ready and slow.is_ready:
                if pair[2] and slow > fast:
                    out.append(Insight.price(symbol, self.prediction_interval, InsightDirection.DOWN))
                elif not pair[2] and fast > slow:
                    out.append(Insight.price(symbol, self.prediction_interval, InsightDirection.UP))
            pair[2] = fast > slow
        return out

    def on_securities_changed(self, algorithm, changes):
        from .indicators import _CLASSES
        ema = _CLASSES["ExponentialMovingAverage"]
        for s in changes.added_securities:
            pair = self._by.get(s.symbol)
            if pair is not None:
                pair[0].indicator.reset()
                pair[1].indicator.reset()
                continue
            pair = [_Watch(algorithm, s, ema(n), self.resolution) for n in (self.fast_period, self.slow_period)] + [False]
            self._by[s.symbol] = pair
            for watch in pair[:2]:
                algorithm.warm_up_indicator(s.symbol, watch.indicator, self.resolution)
        for s in changes.removed_securities:
            for watch in self._by.pop(s.symbol, ())[:2]:
                watch.leave(algorithm)


class _Pair:
    """Two assets whose ratio is held against bands around its own average."""

    def __init__(self, algorithm, first, second, interval, threshold):
        from .indicators import _CLASSES, IndicatorExtensions
        self.first, self.second, self.interval, self.state = first, second, interval, 0
        self.watches = []
        for symbol in (first, second):
            resolution = min(c.resolution for c in algorithm.subscription_manager.subscription_data_config_service.get_subscription_data_configs(symbol))
            self.watches.append(_Watch(algorithm, algorithm.securities[symbol], _CLASSES["Identity"](f"{symbol}_close"), resolution))
        self.ratio = IndicatorExtensions.over(self.watches[0].indicator, self.watches[1].indicator)
        self.mean = IndicatorExtensions.of(_CLASSES["ExponentialMovingAverage"](500), self.ratio)
        self.band = threshold / 100

    def insights(self):
        if not self.mean.is_ready:
            return []
        ratio, mean = self.ratio.current.value, self.mean.current.value
        if self.state <= 0 and ratio > mean * (1 + self.band):
            self.state = 1
            ways = (InsightDirection.DOWN, InsightDirection.UP)
        elif self.state >= 0 and ratio < mean * (1 - self.band):
            self.state = -1
            ways = (InsightDirection.UP, InsightDirection.DOWN)
        else:
            return []
        return Insight.group(*(Insight.price(s, self.interval, w) for s, w in zip((self.first, self.second), ways)))

    def leave(self, algorithm):
        for watch in self.watches:
            watch.leave(algorithm)


class BasePairsTradingAlphaModel(AlphaModel):
    """Every pair of securities that passes a test, long and short in turn."""

    def __init__(self, lookback=1, resolution=Resolution.DAILY, threshold=1):
        self.lookback, self.resolution, self.threshold = lookback, resolution, threshold
        self.prediction_interval = _span(resolution, lookback)
        self.pairs, self.securities = {}, set()
        self.name = f"{type(self).__name__}({lookback},{_label(resolution)},{threshold})"

    def update(self, algorithm, data):
        out = []
        for pair in self.pairs.values():
            out.extend(pair.insights())
        return out

    def on_securities_changed(self, algorithm, changes):
        self.securities.update(changes.added_securities)
        self.securities.difference_update(changes.removed_securities)
        symbols = sorted(s.symbol for s in self.securities)
        for i, a in enumerate(symbols):
            for b in symbols[i + 1:]:
                if (a, b) not in self.pairs and (b, a) not in self.pairs and self.has_passed_test(algorithm, a, b):
                    self.pairs[a, b] = _Pair(algorithm, a, b, self.prediction_interval, self.threshold)
        for s in changes.removed_securities:
            for key in [k for k in self.pairs if s.symbol in k]:
                self.pairs.pop(key).leave(algorithm)

    def has_passed_test(self, algorithm, asset1, asset2):
        return True


class PearsonCorrelationPairsTradingAlphaModel(BasePairsTradingAlphaModel):
    """Trades the pair whose returns correlate most."""

    def __init__(self, lookback=15, resolution=Resolution.MINUTE, threshold=1, minimum_correlation=0.5):
        super().__init__(lookback, resolution, threshold)
        self.minimum_correlation, self.best_pair = minimum_correlation, ()

    def on_securities_changed(self, algorithm, changes):
        symbols = sorted({s.symbol for s in self.securities | set(changes.added_securities)} - {s.symbol for s in changes.removed_securities})
        closes = {s: {} for s in symbols}
        for bars in algorithm.history[TradeBar](symbols, self.lookback, self.resolution):
            for bar in bars.values():
                closes[bar.symbol][bar.end_time] = bar.close
        times = sorted(set.intersection(*(set(c) for c in closes.values()))) if closes else []
        if len(times) > 2:
            returns = {s: [math.log(c[b] / c[a]) for a, b in zip(times, times[1:])] for s, c in closes.items()}
            ranked = sorted(((_pearson(returns[a], returns[b]), a, b) for i, a in enumerate(symbols) for b in symbols[i + 1:]), key=lambda x: x[0])
            if ranked and ranked[-1][0] >= self.minimum_correlation:
                self.best_pair = ranked[-1][1:]
        super().on_securities_changed(algorithm, changes)

    def has_passed_test(self, algorithm, asset1, asset2):
        return self.best_pair == (asset1, asset2)


def _pearson(x, y):
    n = len(x)
    mx, my = math.fsum(x) / n, math.fsum(y) / n
    dx, dy = [v - mx for v in x], [v - my for v in y]
    below = math.sqrt(math.fsum(v * v for v in dx)) * math.sqrt(math.fsum(v * v for v in dy))
    return math.fsum(a * b for a, b in zip(dx, dy)) / below if below else math.nan
