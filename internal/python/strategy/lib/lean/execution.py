"""Portfolio construction by sectors, limits on sectors, and execution that waits for its price."""

from itertools import groupby

import _host
from .data import Tick, TradeBar
from .enums import InsightDirection, Resolution, TickType
from .framework import (EqualWeightingPortfolioConstructionModel, ExecutionModel, FundamentalUniverseSelectionModel, OrderSizing, PortfolioTarget,
                        PortfolioTargetCollection, RiskManagementModel)


def _sector(security):
    f = security.fundamentals
    return f.company_reference.industry_template_code if f is not None and f.has_fundamental_data else None


class SectorWeightingPortfolioConstructionModel(EqualWeightingPortfolioConstructionModel):
    """Every sector the same share, and every security of a sector the same share of it."""

    def __init__(self, rebalance=Resolution.DAILY):
        super().__init__(rebalance)
        self.sector_code_by_symbol = {}

    def should_create_target_for_insight(self, insight):
        return insight.symbol in self.sector_code_by_symbol

    def determine_target_percent(self, insights):
        sectors, out = {}, {}
        for i in insights:
            if i.direction == InsightDirection.FLAT:
                out[i] = 0
                continue
            # A sector moves to the end with each of its insights.
            code = self.sector_code_by_symbol.get(i.symbol)
            sectors[code] = sectors.pop(code, []) + [i]
        for members in sectors.values():
            share = 1.0 / len(sectors) / len(members)
            for i in members:
                out[i] = int(i.direction) * share
        return out

    def on_securities_changed(self, algorithm, changes):
        for s in changes.removed_securities:
            self.sector_code_by_symbol.pop(s.symbol, None)
        for s in changes.added_securities:
            code = self.get_sector_code(s)
            if code:
                self.sector_code_by_symbol[s.symbol] = code
        super().on_securities_changed(algorithm, changes)

    def get_sector_code(self, security):
        return _sector(security)


class MaximumSectorExposureRiskManagementModel(RiskManagementModel):
    """Scales the targets of a sector down to a share of the portfolio."""

    def __init__(self, maximum_sector_exposure=0.20):
        if maximum_sector_exposure <= 0:
            raise ValueError("MaximumSectorExposureRiskManagementModel: the maximum sector exposure cannot be a non-positive value.")
        self.maximum_sector_exposure = maximum_sector_exposure
        self.targets_collection = PortfolioTargetCollection()

    def manage_risk(self, algorithm, targets):
        most = algorithm.portfolio.total_portfolio_value * self.maximum_sector_exposure
        self.targets_collection.add_range(targets)
        known = [s for s in (kvp.value for kvp in algorithm.universe_manager.active_securities) if _sector(s) is not None]
        known.sort(key=_sector)
        out = []
        for _, members in groupby(known, _sector):
            wanted, value = {}, 0.0
            for s in members:
                q, held = s.holdings.quantity, s.holdings.absolute_holdings_value
                if self.targets_collection.contains_key(s.symbol):
                    q = self.targets_collection[s.symbol].quantity
                    held = s.price * abs(q) * s.symbol_properties.contract_multiplier * s.quote_currency.conversion_rate
                wanted[s.symbol] = q
                value += held
            if value > most:
                out.extend(PortfolioTarget(s, q / (value / most)) for s, q in wanted.items() if q != 0)
        return out

    def on_securities_changed(self, algorithm, changes):
        if not any(_sector(kvp.value) is not None for kvp in algorithm.active_securities):
            raise Exception("MaximumSectorExposureRiskManagementModel.on_securities_changed: Please select a portfolio selection model that selects securities with fundamental data.")


class _WaitingExecutionModel(ExecutionModel):
    """Orders towards the targets while the price of each is right."""

    def __init__(self, asynchronous=True):
        super().__init__(asynchronous)
        self.targets_collection = PortfolioTargetCollection()

    def execute(self, algorithm, targets):
        c = self.targets_collection
        c.add_range(targets)
        if c.is_empty:
            return
        for t in c.order_by_margin_impact(algorithm):
            missing = OrderSizing.get_unordered_quantity(algorithm, t)
            size = self._size(algorithm, t.symbol, missing)
            if size is None:
                return
            if size != 0:
                algorithm.market_order(t.symbol, size, self.asynchronous, t.tag)
        c.clear_fulfilled(algorithm)


class _WatchingExecutionModel(_WaitingExecutionModel):
    def __init__(self, asynchronous=True):
        super().__init__(asynchronous)
        self._by = {}

    def on_securities_changed(self, algorithm, changes):
        for s in changes.added_securities:
            if s.symbol not in self._by:
                self._by[s.symbol] = self._watch(algorithm, s)
        for s in changes.removed_securities:
            if s.symbol in self._by and not any(kvp.value.contains_member(s.symbol) for kvp in algorithm.universe_manager):
                algorithm.subscription_manager.remove_consolidator(s.symbol, self._by.pop(s.symbol)[1])


class StandardDeviationExecutionModel(_WatchingExecutionModel):
    """Orders while the price is so many deviations better than its average."""

    def __init__(self, period=60, deviations=2, resolution=Resolution.MINUTE, asynchronous=True):
        super().__init__(asynchronous)
        self.period, self.deviations, self.resolution = period, deviations, resolution
        self.maximum_order_value = 20000

    def _watch(self, algorithm, security):
        from .indicators import _CLASSES
        consolidator = algorithm.resolve_consolidator(security.symbol, self.resolution)
        sma, std = _CLASSES["SimpleMovingAverage"](self.period), _CLASSES["StandardDeviation"](self.period)
        for i in (sma, std):
            algorithm.register_indicator(security.symbol, i, consolidator)
        for bar in algorithm.history[TradeBar](security.symbol, self.period, self.resolution):
            sma.update(bar.end_time, bar.close)
            std.update(bar.end_time, bar.close)
        return security, consolidator, sma, std

    def _size(self, algorithm, symbol, missing):
        if symbol not in self._by:
            return None
        security, _, sma, std = self._by[symbol]
        band = self.deviations * std.current.value
        better = security.bid_price < sma.current.value - band if missing > 0 else security.ask_price > sma.current.value + band
        if not std.is_ready or not better:
            return 0
        return OrderSizing.get_order_size_for_maximum_value(security, self.maximum_order_value, missing)


class _IntradayVwap:
    def __init__(self):
        self.name, self.value, self._day, self._volume, self._paid = "VWAP", 0.0, None, 0.0, 0.0

    @property
    def is_ready(self):
        return self._volume > 0

    def update(self, data):
        if isinstance(data, Tick) and data.tick_type == TickType.TRADE:
            volume, price = data.quantity, data.last_price
        elif isinstance(data, TradeBar) and not data.is_fill_forward:
            volume, price = data.volume, (data.high + data.low + data.close) / 3
        else:
            return self.is_ready
        if self._day != data.end_time.date():
            self._day, self._volume, self._paid = data.end_time.date(), 0.0, 0.0
        self._volume += volume
        self._paid += price * volume
        self.value = self._paid / self._volume if self._volume else data.value
        return self.is_ready


class VolumeWeightedAveragePriceExecutionModel(_WatchingExecutionModel):
    """Orders shares of the volume while the price is better than the day's average."""

    def __init__(self, asynchronous=True):
        super().__init__(asynchronous)
        self.maximum_order_quantity_percent_volume = 0.01

    def _watch(self, algorithm, security):
        consolidator = algorithm.resolve_consolidator(security.symbol, security.resolution)
        vwap = _IntradayVwap()
        algorithm.register_indicator(security.symbol, vwap, consolidator)
        return security, consolidator, vwap

    def _size(self, algorithm, symbol, missing):
        if symbol not in self._by:
            return None
        security, _, vwap = self._by[symbol]
        if not (security.bid_price < vwap.value if missing > 0 else security.ask_price > vwap.value):
            return 0
        return OrderSizing.get_order_size_for_percent_volume(security, self.maximum_order_quantity_percent_volume, missing)


class SpreadExecutionModel(_WaitingExecutionModel):
    """Orders while the spread is tight."""

    def __init__(self, accepting_spread_percent=0.005, asynchronous=True):
        super().__init__(asynchronous)
        self.accepting_spread_percent = abs(accepting_spread_percent)

    def _size(self, algorithm, symbol, missing):
        s = algorithm.securities[symbol]
        tight = s.exchange.exchange_open and s.price > 0 and s.ask_price > 0 and s.bid_price > 0 and (s.ask_price - s.bid_price) / s.price <= self.accepting_spread_percent
        return missing if tight else 0


class EmaCrossUniverseSelectionModel(FundamentalUniverseSelectionModel):
    """The securities whose fast average is furthest above the slow one."""

    def __init__(self, fast_period=100, slow_period=300, universe_count=500, universe_settings=None):
        super().__init__(False, universe_settings)
        self.fast_period, self.slow_period, self.universe_count, self.tolerance = fast_period, slow_period, universe_count, 0.01
        self._averages = {}

    def select_coarse(self, algorithm, coarse):
        from .indicators import _CLASSES
        ema = _CLASSES["ExponentialMovingAverage"]
        above = []
        for c in coarse:
            pair = self._averages.get(c.symbol)
            if pair is None:
                pair = self._averages[c.symbol] = (ema(self.fast_period), ema(self.slow_period))
            ready = [i.update(c.end_time, c.adjusted_price) for i in pair]
            fast, slow = (i.current.value for i in pair)
            if all(ready) and fast > slow * (1 + self.tolerance):
                above.append(((fast - slow) / ((fast + slow) / 2), c.symbol))
        above.sort(key=lambda x: x[0], reverse=True)
        return [s for _, s in above[:self.universe_count]]
