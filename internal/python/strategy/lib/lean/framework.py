"""The algorithm framework: alphas make insights, construction makes targets of
them, risk changes the targets, execution orders what is missing."""

import math
from datetime import datetime, timedelta, timezone

import _host
from .names import Api, Items
from .enums import InsightScoreType, InsightType, InsightDirection, PortfolioBias, Resolution, SecurityType
from .data import Symbol, symbol_of, to_time, to_ns, span_ns
from .universe import SecurityChanges, Universe, UniverseSettings, FundamentalUniverse, ScheduledUniverse


class InsightScore(Api):
    def __init__(self):
        self.direction = self.magnitude = 0.0
        self.is_final_score = False
        self.updated_time_utc = datetime.min

    def set_score(self, type, value, utc):
        if self.is_final_score:
            return
        value = min(max(value, 0.0), 1.0)
        setattr(self, "magnitude" if InsightScoreType(type) == InsightScoreType.MAGNITUDE else "direction", value)
        self.updated_time_utc = utc

    def get_score(self, type):
        return self.magnitude if InsightScoreType(type) == InsightScoreType.MAGNITUDE else self.direction

    def finalize(self, utc):
        self.is_final_score, self.updated_time_utc = True, utc


class Insight(Api):
    """A forecast of a symbol over some time."""

    _made = 0

    _names = ("symbol", "period", "type", "direction", "magnitude", "confidence", "source_model", "weight", "tag")

    def __init__(self, *args, **kw):
        """Takes symbol, period, type, direction, magnitude, confidence, source
        model, weight and tag; the time it was made at may come first, and the
        tag right after the direction."""
        generated = kw.pop("generated_time_utc", None)
        if args and isinstance(args[0], datetime):
            generated, args = args[0], args[1:]
        if len(args) == 5 and isinstance(args[4], str):
            args, kw["tag"] = args[:4], args[4]
        unknown = set(kw) - set(self._names)
        if unknown or len(args) > len(self._names):
            raise TypeError(f"Insight() does not take {', '.join(sorted(unknown)) or 'so many arguments'}")
        given = dict(zip(self._names, args)) | kw
        symbol, period, type, direction, magnitude, confidence, source_model, weight = (given.get(n) for n in self._names[:-1])
        tag = given.get("tag", "")
        Insight._made += 1
        self.id = f"insight-{Insight._made}"
        self.symbol = symbol_of(symbol)
        self._period = period
        self.type, self.direction = InsightType(type if type is not None else 0), InsightDirection(direction if direction is not None else 0)
        self.magnitude, self.confidence, self.weight, self.tag = magnitude, confidence, weight, tag
        self.source_model = source_model or ""
        self.generated_time_utc, self.close_time_utc = generated, None
        self.reference_value = self.reference_value_final = self.estimated_value = 0.0
        self.group_id = None
        self.score = InsightScore()

    def __setattr__(self, name, value):
        if name[:1].isupper():
            from .names import snake
            name = snake(name)
        object.__setattr__(self, name, value)

    def __getattr__(self, name):
        from .names import snake
        low = snake(name)
        if low != name and (low in self.__dict__ or hasattr(type(self), low)):
            return getattr(self, low)
        raise AttributeError(f"'Insight' object has no attribute '{name}'")

    @property
    def period(self):
        if isinstance(self._period, timedelta):
            return self._period
        return self.close_time_utc - self.generated_time_utc if self.close_time_utc else None

    @staticmethod
    def _span(resolution, count):
        return {0: timedelta(seconds=1), 1: timedelta(seconds=1), 2: timedelta(minutes=1), 3: timedelta(hours=1), 4: timedelta(days=1)}[int(resolution)] * count

    @staticmethod
    def price(symbol, *args, **kw):
        args = list(args)
        if args and isinstance(args[0], Resolution):
            r, n = args.pop(0), args.pop(0)
            period = (r, n)
        else:
            period = args.pop(0) if args else kw.pop("period", None) or kw.pop("close_time_local", None)
        names = ("direction", "magnitude", "confidence", "source_model", "weight", "tag")
        got = dict(zip(names, args))
        got.update(kw)
        return Insight(symbol, period, InsightType.PRICE, got.get("direction"), got.get("magnitude"), got.get("confidence"), got.get("source_model"), got.get("weight"), got.get("tag", ""))

    @staticmethod
    def group(*insights):
        flat = []
        for i in insights:
            flat.extend(i if isinstance(i, (list, tuple)) else [i])
        g = f"group-{Insight._made}"
        for i in flat:
            i.group_id = g
        return flat

    def _start(self, algorithm, source):
        now = algorithm.utc_time
        if self.generated_time_utc is None:
            self.generated_time_utc = now
        if not self.source_model:
            self.source_model = source
        if self.close_time_utc is None:
            p = self._period
            s = algorithm.securities[self.symbol]
            if callable(p):
                local = p(s.local_time)
                self.close_time_utc = to_time(_host.to_utc(s._h, to_ns(local)))
            elif isinstance(p, datetime):
                self.close_time_utc = to_time(_host.to_utc(s._h, to_ns(p)))
            elif isinstance(p, tuple):
                self.close_time_utc = to_time(_host.close_time(s._h, to_ns(self.generated_time_utc), int(p[0]), int(p[1]), 0))
                self._period = Insight._span(p[0], p[1])
            else:
                self.close_time_utc = to_time(_host.close_time(s._h, to_ns(self.generated_time_utc), -1, 0, span_ns(p)))
            self.reference_value = s.price

    def is_active(self, utc):
        return self.close_time_utc >= utc.replace(tzinfo=None)

    def is_expired(self, utc):
        return self.close_time_utc < utc.replace(tzinfo=None)

    def expire(self, utc):
        if self.is_active(utc):
            self.close_time_utc = utc.replace(tzinfo=None) - timedelta(seconds=1)
            self._period = self.close_time_utc - self.generated_time_utc

    def cancel(self, utc):
        self.expire(utc)

    def clone(self):
        import copy
        return copy.copy(self)

    def __str__(self):
        return f"{self.id}: {self.symbol} {self.type} {self.direction} within {self.period} of {self.generated_time_utc}"


class InsightCollection(Api):
    """Open insights by symbol, and all there ever were."""

    def __init__(self):
        self._by, self._all = {}, []

    def add(self, insight):
        self._all.append(insight)
        self._by.setdefault(insight.symbol, []).append(insight)

    def add_range(self, insights):
        for i in insights:
            self.add(i)

    def __iter__(self):
        return iter([i for l in self._by.values() for i in l])

    def __len__(self):
        return sum(len(l) for l in self._by.values())

    @property
    def count(self):
        return len(self)

    @property
    def total_count(self):
        return len(self._all)

    def __contains__(self, insight):
        return insight in self._by.get(insight.symbol, ())

    contains = __contains__

    def __getitem__(self, symbol):
        return Items(self._by.get(symbol_of(symbol), ()))

    def contains_key(self, symbol):
        return bool(self._by.get(symbol_of(symbol)))

    def try_get_value(self, symbol, insights=None):
        return self.contains_key(symbol), self[symbol]

    def has_active_insights(self, symbol, utc):
        return any(i.is_active(utc) for i in self[symbol])

    def get_active_insights(self, utc):
        return Items(i for i in self if i.is_active(utc))

    def get_insights(self, filter=None):
        return Items(i for i in self._all if filter is None or filter(i))

    def remove(self, insight):
        held = self._by.get(insight.symbol, [])
        if insight not in held:
            return False
        held.remove(insight)
        if not held:
            del self._by[insight.symbol]
        return True

    def remove_expired_insights(self, utc):
        gone = Items(i for i in self if i.is_expired(utc))
        for i in gone:
            self.remove(i)
        return gone

    def remove_insights(self, filter):
        kept = []
        for i in self._all:
            if filter(i):
                self.remove(i)
            else:
                kept.append(i)
        self._all = kept

    def clear(self, symbols=None):
        if symbols is None:
            self._by.clear()
        else:
            for s in symbols:
                self._by.pop(symbol_of(s), None)

    def get_next_expiry_time(self):
        return min((i.close_time_utc for i in self), default=None)


class InsightManager(InsightCollection):
    """The insights of an algorithm."""

    def __init__(self):
        super().__init__()
        self._scorer = None

    def set_insight_score_function(self, scorer):
        self._scorer = scorer

    def step(self, utc):
        if self._scorer is not None:
            self._scorer.score(self, utc)

    def expire(self, what):
        now = to_time(_host.utc())
        for x in what or ():
            for i in (self[x] if isinstance(x, Symbol) else [x]):
                i.expire(now)

    cancel = expire


class GeneratedInsightsCollection(Api):
    """Insights that came at one time."""

    def __init__(self, utc, insights):
        self.date_time_utc, self.insights = utc, Items(insights)


class PortfolioTarget(Api):
    """The quantity a symbol is to have; of set_holdings, a share."""

    def __init__(self, symbol, quantity, tag=""):
        self.symbol, self.quantity, self.tag = symbol_of(symbol), quantity, tag
        if isinstance(quantity, InsightDirection):
            self.quantity = float(int(quantity))
        self.Symbol, self.Quantity, self.Tag = self.symbol, self.quantity, tag

    @staticmethod
    def percent(algorithm, symbol, percent, return_delta_quantity=False, tag=""):
        s = symbol_of(symbol)
        q = _host.target_quantity(s._h, percent) if return_delta_quantity else _host.portfolio_target(s._h, percent)
        return None if q is None else PortfolioTarget(s, q, tag)

    def __str__(self):
        return f"{self.symbol}: {self.quantity:g}"


class PortfolioTargetCollection(Api):
    def __init__(self):
        self._by = {}

    def add(self, t):
        self._by[t.symbol] = t

    def add_range(self, targets):
        for t in targets:
            self.add(t)

    @property
    def count(self):
        return len(self._by)

    def __len__(self):
        return len(self._by)

    @property
    def is_empty(self):
        return not self._by

    def __iter__(self):
        return iter(list(self._by.values()))

    def __contains__(self, s):
        return s in self._by

    contains_key = __contains__

    def __getitem__(self, s):
        return self._by[symbol_of(s)]

    def remove(self, s):
        return self._by.pop(s if isinstance(s, Symbol) else s.symbol, None) is not None

    def clear(self):
        self._by.clear()

    def order_by_margin_impact(self, algorithm):
        targets = [t for t in self._by.values()]
        return [targets[i] for i in _host.by_margin_impact(tuple((t.symbol._h, t.quantity) for t in targets))]

    def clear_fulfilled(self, algorithm):
        for t in list(self._by.values()):
            h = algorithm.securities[t.symbol].holdings.quantity if t.symbol in algorithm.securities else 0
            if h == t.quantity:
                del self._by[t.symbol]


class OrderSizing(Api):
    @staticmethod
    def get_unordered_quantity(algorithm, target, security=None, account_for_fees=False):
        return _host.unordered(target.symbol._h, target.quantity)

    @staticmethod
    def adjust_by_lot_size(security, quantity):
        lot = security.symbol_properties.lot_size
        size = abs(quantity)
        rest = size % lot
        if lot - rest < lot / 1e6:  # what a float lost
            rest -= lot
        return math.copysign(size - rest, quantity) if size != rest else 0.0

    @staticmethod
    def get_order_size_for_percent_volume(security, maximum_percent_current_volume, desired_order_size):
        return OrderSizing._within(security, maximum_percent_current_volume * security.volume, desired_order_size)

    @staticmethod
    def get_order_size_for_maximum_value(security, maximum_order_value_in_account_currency, desired_order_size):
        price = security.price * security.quote_currency.conversion_rate * security.symbol_properties.contract_multiplier
        return OrderSizing._within(security, maximum_order_value_in_account_currency / price, desired_order_size) if price else 0.0

    @staticmethod
    def _within(security, most, wanted):
        return OrderSizing.adjust_by_lot_size(security, math.copysign(min(most, abs(wanted)), wanted)) if wanted else 0.0


class AlphaModel(Api):
    name = ""

    def update(self, algorithm, data):
        return []

    def on_securities_changed(self, algorithm, changes):
        pass


class NullAlphaModel(AlphaModel):
    pass


class CompositeAlphaModel(AlphaModel):
    def __init__(self, *models):
        self._models = list(models)

    def add_alpha(self, m):
        self._models.append(m)

    def update(self, algorithm, data):
        out = []
        for m in self._models:
            out.extend(m.update(algorithm, data) or [])
        return out

    def on_securities_changed(self, algorithm, changes):
        for m in self._models:
            m.on_securities_changed(algorithm, changes)


class ConstantAlphaModel(AlphaModel):
    """The same insight of every security, renewed when it is over."""

    def __init__(self, type, direction, period, magnitude=None, confidence=None, weight=None):
        self.type, self.direction, self.period = InsightType(type), InsightDirection(direction), period
        self.magnitude, self.confidence, self.weight = magnitude, confidence, weight
        self.securities, self.insights_time_by_symbol = [], {}
        self.name = f"ConstantAlphaModel({self.type},{self.direction},{period}"
        if magnitude is not None:
            self.name += f",{magnitude}"
        if confidence is not None:
            self.name += f",{confidence}"
        self.name += ")"

    def update(self, algorithm, data):
        out = []
        for s in self.securities:
            if s.price != 0 and self.should_emit_insight(algorithm.utc_time, s.symbol):
                out.append(Insight(s.symbol, self.period, self.type, self.direction, self.magnitude, self.confidence, weight=self.weight))
        return out

    def on_securities_changed(self, algorithm, changes):
        for s in changes.added_securities:
            self.securities.append(s)
        for s in changes.removed_securities:
            if s in self.securities:
                self.securities.remove(s)
            self.insights_time_by_symbol.pop(s.symbol, None)

    def should_emit_insight(self, utc_time, symbol):
        at = self.insights_time_by_symbol.get(symbol)
        if at is not None and utc_time - at < self.period:
            return False
        self.insights_time_by_symbol[symbol] = utc_time
        return True


class PortfolioConstructionModel(Api):
    """Targets of insights; rebalanced when insights, securities or time say so."""

    def __init__(self, rebalance=None, portfolio_bias=PortfolioBias.LONG_SHORT):
        self.rebalance_on_security_changes = self.rebalance_on_insight_changes = True
        self.portfolio_bias = portfolio_bias
        self._next, self._func, self._changed = None, None, False
        self._set(rebalance)

    def _init(self):
        if "_changed" not in self.__dict__:
            PortfolioConstructionModel.__init__(self)

    def _set(self, r):
        if r is None:
            return
        if isinstance(r, Resolution):
            span = Insight._span(r, 1)
            self._func = lambda t: t + span
        elif isinstance(r, timedelta):
            self._func = lambda t: t + r
        elif callable(r):
            self._func = r
        else:
            dates = r
            def following(t):
                got = dates.get_dates(t, t + timedelta(days=366 * 2))
                return next((d for d in got if d > t), None)
            self._func = following

    def set_rebalancing_func(self, f):
        self._func = f

    def get_target_insights(self):
        now = self.algorithm.utc_time
        newest = {}
        for i in self.algorithm.insights:
            if i.is_active(now) and self.should_create_target_for_insight(i):
                old = newest.get(i.symbol)
                if old is None or i.generated_time_utc >= old.generated_time_utc:
                    newest[i.symbol] = i
        return list(newest.values())

    def should_create_target_for_insight(self, insight):
        return True

    def determine_target_percent(self, insights):
        raise NotImplementedError("Types deriving from 'PortfolioConstructionModel' must implement the 'Dictionary<Insight, double> DetermineTargetPercent(ICollection<Insight>)' method.")

    def respect_portfolio_bias(self, insight):
        return self.portfolio_bias == PortfolioBias.LONG_SHORT or int(insight.direction) == int(self.portfolio_bias)

    def is_rebalance_due(self, insights, utc):
        ask = self.__dict__.get("_func")
        if ask is None:
            self._changed = False
            return True
        expiry = self.algorithm.insights.get_next_expiry_time()
        if self._next is None:
            self._next = ask(utc)
            if self._next is not None and self._next <= utc:
                # Asked again in the next step only: its answer follows its own state.
                self._next, self._changed = None, False
                return True
        settings = self.algorithm.settings
        on_changes = self.rebalance_on_security_changes and settings.rebalance_portfolio_on_security_changes is not False
        on_insights = self.rebalance_on_insight_changes and settings.rebalance_portfolio_on_insight_changes is not False
        if (self._next is not None and self._next <= utc or on_changes and self._changed
                or on_insights and (len(insights) > 0 or expiry is not None and expiry < utc)):
            self._next = ask(utc)
            self._changed = False
            return True
        return False

    def create_targets(self, algorithm, insights):
        self._init()
        self.algorithm = algorithm
        now = algorithm.utc_time
        if not self.is_rebalance_due(insights, now):
            return []
        targets, failed = [], set()
        latest = self.get_target_insights()
        percents = self.determine_target_percent(latest)
        for i in latest:
            if i not in percents:
                continue
            t = PortfolioTarget.percent(algorithm, i.symbol, percents[i])
            if t is not None:
                targets.append(t)
            else:
                failed.add(i.symbol)
        for symbol in dict.fromkeys(i.symbol for i in algorithm.insights.remove_expired_insights(now)):
            if symbol not in failed and not algorithm.insights.has_active_insights(symbol, now):
                targets.append(PortfolioTarget(symbol, 0))
        return targets

    def on_securities_changed(self, algorithm, changes):
        self._init()
        self._changed = changes.count > 0
        algorithm.insights.expire([s.symbol for s in changes.removed_securities])


class NullPortfolioConstructionModel(PortfolioConstructionModel):
    def create_targets(self, algorithm, insights):
        return []


class EqualWeightingPortfolioConstructionModel(PortfolioConstructionModel):
    def __init__(self, rebalance=Resolution.DAILY, portfolio_bias=PortfolioBias.LONG_SHORT):
        super().__init__(rebalance, portfolio_bias)

    def determine_target_percent(self, insights):
        self._init()
        count = sum(1 for i in insights if i.direction != InsightDirection.FLAT and self.respect_portfolio_bias(i))
        percent = 0 if count == 0 else 1.0 / count
        return {i: (int(i.direction) if self.respect_portfolio_bias(i) else 0) * percent for i in insights}


class InsightWeightingPortfolioConstructionModel(EqualWeightingPortfolioConstructionModel):
    def should_create_target_for_insight(self, insight):
        return self.get_value(insight) is not None

    def get_value(self, insight):
        return insight.weight

    def determine_target_percent(self, insights):
        total = sum(abs(self.get_value(i) or 0) for i in insights if self.respect_portfolio_bias(i))
        factor = 1 / total if total > 1 else 1
        return {i: (int(i.direction) if self.respect_portfolio_bias(i) else 0) * abs(self.get_value(i) or 0) * factor for i in insights}


class ConfidenceWeightedPortfolioConstructionModel(InsightWeightingPortfolioConstructionModel):
    def get_value(self, insight):
        return insight.confidence


class AccumulativeInsightPortfolioConstructionModel(EqualWeightingPortfolioConstructionModel):
    def __init__(self, rebalance=Resolution.DAILY, portfolio_bias=PortfolioBias.LONG_SHORT, percent=0.03):
        super().__init__(rebalance, portfolio_bias)
        self._percent = abs(percent)

    def get_target_insights(self):
        return sorted((i for i in self.algorithm.insights.get_active_insights(self.algorithm.utc_time)), key=lambda i: i.generated_time_utc)

    def determine_target_percent(self, insights):
        by = {}
        for i in insights:
            v = by.get(i.symbol, 0.0)
            if i.direction == InsightDirection.FLAT:
                if v == 0:
                    continue
                v += self._percent if v < 0 else -self._percent
            else:
                v += self._percent * int(i.direction)
            by[i.symbol] = round(v, 14)
        out = {}
        for i in insights:
            if i.symbol in by:
                v = by[i.symbol]
                if self.portfolio_bias != PortfolioBias.LONG_SHORT and (v > 0) - (v < 0) != int(self.portfolio_bias):
                    v = 0
                out[i] = v
        return out


class RiskManagementModel(Api):
    def manage_risk(self, algorithm, targets):
        return []

    def on_securities_changed(self, algorithm, changes):
        pass


class NullRiskManagementModel(RiskManagementModel):
    pass


class CompositeRiskManagementModel(RiskManagementModel):
    def __init__(self, *models):
        self._models = list(models[0]) if len(models) == 1 and isinstance(models[0], (list, tuple)) else list(models)

    def add_risk_management(self, m):
        self._models.append(m)

    def manage_risk(self, algorithm, targets):
        targets = list(targets)
        for m in self._models:
            over = m.manage_risk(algorithm, targets) or []
            gone = {t.symbol for t in over}
            targets = list(over) + [t for t in targets if t.symbol not in gone]
        return targets

    def on_securities_changed(self, algorithm, changes):
        for m in self._models:
            m.on_securities_changed(algorithm, changes)


class MaximumDrawdownPercentPerSecurity(RiskManagementModel):
    def __init__(self, maximum_drawdown_percent=0.05):
        self._limit = -abs(maximum_drawdown_percent)

    def manage_risk(self, algorithm, targets):
        out = []
        for s in algorithm.securities.values():
            if s.invested and s.holdings.unrealized_profit_percent < self._limit:
                algorithm.insights.cancel([s.symbol])
                out.append(PortfolioTarget(s.symbol, 0))
        return out


class MaximumUnrealizedProfitPercentPerSecurity(RiskManagementModel):
    def __init__(self, maximum_unrealized_profit_percent=0.05):
        self._limit = abs(maximum_unrealized_profit_percent)

    def manage_risk(self, algorithm, targets):
        out = []
        for s in algorithm.securities.values():
            if s.invested and s.holdings.unrealized_profit_percent > self._limit:
                algorithm.insights.cancel([s.symbol])
                out.append(PortfolioTarget(s.symbol, 0))
        return out


class MaximumDrawdownPercentPortfolio(RiskManagementModel):
    def __init__(self, maximum_drawdown_percent=0.05, is_trailing=False):
        self._limit, self._trailing, self._high, self._begun = -abs(maximum_drawdown_percent), is_trailing, 0.0, False

    def manage_risk(self, algorithm, targets):
        value = algorithm.portfolio.total_portfolio_value
        if not self._begun:
            self._high, self._begun = value, True
        if self._trailing and self._high < value:
            self._high = value
            return []
        if value / self._high - 1 < self._limit and targets:
            self._begun = False
            out = []
            for t in targets:
                algorithm.insights.cancel([t.symbol])
                out.append(PortfolioTarget(t.symbol, 0))
            return out
        return []


class TrailingStopRiskManagementModel(RiskManagementModel):
    def __init__(self, maximum_drawdown_percent=0.05):
        self._limit, self._by = abs(maximum_drawdown_percent), {}

    def manage_risk(self, algorithm, targets):
        out = []
        for s in algorithm.securities.values():
            if not s.invested:
                self._by.pop(s.symbol, None)
                continue
            long = s.holdings.is_long
            old = self._by.get(s.symbol)
            if old is None or old[0] != long:
                self._by[s.symbol] = [long, s.holdings.average_price]
                old = self._by[s.symbol]
            price = s.price
            if long and price > old[1] or not long and price < old[1]:
                old[1] = price
                continue
            if abs((old[1] - price) / old[1]) > self._limit:
                algorithm.insights.cancel([s.symbol])
                self._by.pop(s.symbol, None)
                out.append(PortfolioTarget(s.symbol, 0))
        return out


class ExecutionModel(Api):
    asynchronous = True

    def __init__(self, asynchronous=True):
        self.asynchronous = asynchronous

    def execute(self, algorithm, targets):
        pass

    def on_securities_changed(self, algorithm, changes):
        pass

    def on_order_event(self, algorithm, order_event):
        pass


class NullExecutionModel(ExecutionModel):
    pass


class ImmediateExecutionModel(ExecutionModel):
    """Orders what is missing at the market, what frees margin first."""

    def __init__(self, asynchronous=True):
        super().__init__(asynchronous)
        self.targets_collection = PortfolioTargetCollection()

    def execute(self, algorithm, targets):
        if "targets_collection" not in self.__dict__:
            self.targets_collection = PortfolioTargetCollection()
        c = self.targets_collection
        c.add_range(targets)
        if c.is_empty:
            return
        for t in c.order_by_margin_impact(algorithm):
            q = _host.unordered(t.symbol._h, t.quantity)
            if q != 0:
                s = algorithm.securities[t.symbol]
                if _host.above_minimum(t.symbol._h, q):
                    algorithm.market_order(s.symbol, q, self.asynchronous, t.tag)
        c.clear_fulfilled(algorithm)


class UniverseSelectionModel(Api):
    def create_universes(self, algorithm):
        return []

    def get_next_refresh_time_utc(self):
        return datetime.max


class NullUniverseSelectionModel(UniverseSelectionModel):
    pass


class ManualUniverseSelectionModel(UniverseSelectionModel):
    """A fixed list of symbols."""

    def __init__(self, *symbols):
        self._symbols = list(symbols[0]) if len(symbols) == 1 and isinstance(symbols[0], (list, tuple)) else list(symbols)

    def create_universes(self, algorithm):
        for s in self._symbols:
            algorithm.add_security(symbol_of(s) if not isinstance(s, Symbol) else s)
        return []


class ScheduledUniverseSelectionModel(UniverseSelectionModel):
    """Asks a function at the times of a schedule."""

    def __init__(self, *args):
        self._args = args

    def create_universes(self, algorithm):
        return [ScheduledUniverse(*self._args)]


class CustomUniverseSelectionModel(UniverseSelectionModel):
    """Asks a function at every midnight of a market that is open that day."""

    def __init__(self, *args):
        kinds = [a for a in args if isinstance(a, SecurityType)]
        names = [a for a in args if isinstance(a, str)]
        self._kind = kinds[0] if kinds else SecurityType.EQUITY
        self._name, self._market = names[0], names[1] if len(names) > 1 else "usa"
        self._func = next((a for a in args if callable(a) and not isinstance(a, UniverseSettings)), None)
        self._settings = next((a for a in args if isinstance(a, UniverseSettings)), None)

    def select(self, algorithm, date):
        return self._func(date)

    def create_universes(self, algorithm):
        return [algorithm._custom_universe(self._kind, self._name, self._settings or algorithm.universe_settings, lambda at: self.select(algorithm, at), filled=True)]


class InceptionDateUniverseSelectionModel(CustomUniverseSelectionModel):
    """Adds each ticker on its own date and keeps it."""

    def __init__(self, name, tickers_by_date):
        super().__init__(name)
        self._waiting, self._in = list(tickers_by_date.items()), []

    def select(self, algorithm, date):
        due = 0
        while due < len(self._waiting) and self._waiting[due][1] <= date:
            due += 1
        if due == 0:
            return Universe.UNCHANGED
        self._in += [ticker for ticker, _ in self._waiting[:due]]
        del self._waiting[:due]
        return self._in


class ETFConstituentsUniverseSelectionModel(UniverseSelectionModel):
    def __init__(self, etf_symbol, universe_settings=None, universe_filter_func=None):
        self._etf, self._settings, self._func = etf_symbol, universe_settings, universe_filter_func

    def create_universes(self, algorithm):
        return [algorithm.universe.etf(str(self._etf), None, self._settings, self._func)]


class FundamentalUniverseSelectionModel(UniverseSelectionModel):
    """Chooses from all companies, once or in two steps."""

    def __init__(self, *args):
        self._fine = next((a for a in args if isinstance(a, bool)), None)
        self._func = next((a for a in args if callable(a) and not isinstance(a, type)), None)
        self._settings = next((a for a in args if isinstance(a, UniverseSettings)), None)

    def create_universes(self, algorithm):
        if "_fine" not in self.__dict__:  # a subclass with an __init__ of its own
            FundamentalUniverseSelectionModel.__init__(self)
        if self._fine is None:
            return [FundamentalUniverse.usa(lambda rows: self.select(algorithm, rows), self._settings)]
        universe = FundamentalUniverse.usa(lambda rows: self.select_coarse(algorithm, rows), self._settings)
        return [universe._add(algorithm, (lambda rows: self.select_fine(algorithm, rows)) if self._fine else None)]

    def select_coarse(self, algorithm, coarse):
        raise NotImplementedError("Please override the 'SelectCoarse' fundamental function")

    def select_fine(self, algorithm, fine):
        return [f.symbol for f in fine]

    def select(self, algorithm, fundamental):
        if self._func is None:
            raise NotImplementedError("Please override the 'Select' fundamental function")
        return self._func(fundamental)


class CoarseFundamentalUniverseSelectionModel(FundamentalUniverseSelectionModel):
    def __init__(self, coarse_selector, universe_settings=None):
        self._fine, self._func, self._settings = False, coarse_selector, universe_settings

    def select_coarse(self, algorithm, coarse):
        return self._func(coarse)


class FineFundamentalUniverseSelectionModel(FundamentalUniverseSelectionModel):
    def __init__(self, coarse, fine, universe_settings=None):
        self._c, self._f, self._fine, self._func, self._settings = coarse, fine, True, None, universe_settings

    def select_coarse(self, algorithm, coarse):
        return self._c(coarse)

    def select_fine(self, algorithm, fine):
        return self._f(fine)


class Framework:
    """Turns the crank of the models, once a step."""

    def __init__(self, algorithm):
        self.algorithm = algorithm
        self.alphas = [NullAlphaModel()]
        self.construction = NullPortfolioConstructionModel()
        self.execution = ImmediateExecutionModel()
        self.risks = [NullRiskManagementModel()]
        self.insights = InsightManager()
        self.security_values = {}

    def initialize(self):
        a = self.algorithm
        for m in a._selection or []:
            for u in m.create_universes(a) or []:
                a.add_universe(u)

    def _source(self, alpha):
        return getattr(alpha, "name", "") or type(alpha).__name__

    def changed(self, changes):
        a = self.algorithm
        for m in self.alphas:
            m.on_securities_changed(a, changes)
        self.construction.on_securities_changed(a, changes)
        self.execution.on_securities_changed(a, changes)
        for m in self.risks:
            m.on_securities_changed(a, changes)

    def emit(self, insights, source=""):
        a = self.algorithm
        if a.is_warming_up:
            return []
        out = []
        for i in insights:
            if isinstance(i, (list, tuple)):
                out.extend(self.emit(i, source))
                continue
            i._start(a, source)
            self.insights.add(i)
            out.append(i)
        if out and not source:
            self._tell(out)
            self._targets(out)
        return out

    def data(self, slice):
        a = self.algorithm
        if a.is_warming_up:
            return
        made = []
        self.insights.step(a.utc_time)
        if not slice.has_data:
            return
        for m in self.alphas:
            source = self._source(m)
            for i in list(m.update(a, slice) or []):
                made.extend(i if isinstance(i, (list, tuple)) else [i])
                (made[-1]).source_model = getattr(made[-1], "source_model", "") or source
        for i in made:
            i._start(a, self._source(self.alphas[0]))
            self.insights.add(i)
        self._tell(made)
        self._targets(made)

    def _tell(self, made):
        if made:
            self.algorithm.insights_generated(self.algorithm, GeneratedInsightsCollection(self.algorithm.utc_time, made))

    def _targets(self, insights):
        a = self.algorithm
        targets = list(self.construction.create_targets(a, insights) or [])
        for m in self.risks:
            over = list(m.manage_risk(a, targets) or [])
            gone = {t.symbol for t in over}
            targets = over + [t for t in targets if t.symbol not in gone]
        seen = {}
        for t in targets:
            seen[t.symbol] = t
        self.execution.execute(a, list(seen.values()))

    def order_event(self, e):
        f = getattr(self.execution, "on_order_event", None)
        if f is not None:
            f(self.algorithm, e)


IPortfolioTarget, IAlphaModel, IPortfolioConstructionModel, IRiskManagementModel, IExecutionModel = PortfolioTarget, AlphaModel, PortfolioConstructionModel, RiskManagementModel, ExecutionModel
