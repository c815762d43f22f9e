"""Models of a security: fees, fills, slippage, buying power, settlement. A class
with _native is built into the engine; a subclass that overrides a method is
asked instead."""

from datetime import datetime, timedelta

import _host
from .names import Api
from .enums import OrderType, OrderStatus, OrderDirection, SecurityType, AccountType, BrokerageName, BrokerageMessageType
from .data import Symbol, symbol_of, to_time, to_ns
from .orders import OrderFee, CashAmount, OrderEvent, order_of


class OrderFeeParameters(Api):
    def __init__(self, security, order):
        self.security = self.Security = security
        self.order = self.Order = order


class FeeModel(Api):
    """What an order costs."""

    _native_name = "default"
    _args = ()

    def get_order_fee(self, parameters):
        amount, currency = _host.fee_native(self._native_name, self._args, parameters.security._h, parameters.order._h)
        return OrderFee(CashAmount(amount, currency))

    @classmethod
    def _native(cls, security):
        m = _CurrentFee()
        m._s = security
        return m


class _CurrentFee(FeeModel):
    def get_order_fee(self, parameters):
        amount, currency = _host.fee_current(self._s._h, parameters.order._h)
        return OrderFee(CashAmount(amount, currency))


class ConstantFeeModel(FeeModel):
    _native_name = "constant"

    def __init__(self, fee, currency="USD"):
        self._args = (float(fee), currency)


def _fee(name):
    return type(name, (FeeModel,), {"_native_name": name})


InteractiveBrokersFeeModel = _fee("InteractiveBrokersFeeModel")
AlpacaFeeModel = _fee("AlpacaFeeModel")
AxosFeeModel = _fee("AxosFeeModel")
BinanceFeeModel = _fee("BinanceFeeModel")
BitfinexFeeModel = _fee("BitfinexFeeModel")
BybitFeeModel = _fee("BybitFeeModel")
CoinbaseFeeModel = _fee("CoinbaseFeeModel")
GDAXFeeModel = _fee("GDAXFeeModel")
FxcmFeeModel = _fee("FxcmFeeModel")
KrakenFeeModel = _fee("KrakenFeeModel")
IndiaFeeModel = _fee("IndiaFeeModel")
ZerodhaFeeModel = _fee("ZerodhaFeeModel")
SamcoFeeModel = _fee("SamcoFeeModel")
AlphaStreamsFeeModel = _fee("AlphaStreamsFeeModel")
CharlesSchwabFeeModel = _fee("CharlesSchwabFeeModel")
TDAmeritradeFeeModel = _fee("TDAmeritradeFeeModel")


class FillModel(Api):
    """Whether and at what price an order fills."""

    def __init__(self):
        self.parameters = None

    def fill(self, parameters):
        return Fill(self._dispatch(parameters))

    def _dispatch(self, parameters):
        self.parameters = parameters
        asset, order = parameters.security, parameters.order
        name = {0: "market_fill", 1: "limit_fill", 2: "stop_market_fill", 3: "stop_limit_fill", 4: "market_on_open_fill", 5: "market_on_close_fill",
                7: "limit_if_touched_fill", 11: "trailing_stop_fill"}[int(order.type)]
        return getattr(self, name)(asset, order)

    def _base(self, asset, order):
        return OrderEvent._of(_host.fill_native(asset._h, order._h, isinstance(self, EquityFillModel)))

    market_fill = limit_fill = stop_market_fill = stop_limit_fill = market_on_open_fill = market_on_close_fill = limit_if_touched_fill = trailing_stop_fill = _base


class ImmediateFillModel(FillModel):
    pass


class EquityFillModel(FillModel):
    pass


class LatestPriceFillModel(ImmediateFillModel):
    pass


class Fill(Api):
    def __init__(self, *events):
        if len(events) == 1 and isinstance(events[0], (list, tuple)):
            events = events[0]
        self.events = list(events)

    def __iter__(self):
        return iter(self.events)


class FillModelParameters(Api):
    def __init__(self, security, order):
        self.security = self.Security = security
        self.order = self.Order = order
        self.stale_price_time_span = timedelta(hours=1)
        self.config_provider = self


class NullSlippageModel(Api):
    def get_slippage_approximation(self, asset, order):
        return 0


class ConstantSlippageModel(Api):
    """A share of the price."""

    def __init__(self, slippage_percent):
        self._p = slippage_percent

    def get_slippage_approximation(self, asset, order):
        d = asset.get_last_data()
        return d.value * self._p if d is not None else 0


AlphaStreamsSlippageModel = type("AlphaStreamsSlippageModel", (ConstantSlippageModel,), {"__init__": lambda self: ConstantSlippageModel.__init__(self, 0.0001)})


class VolumeShareSlippageModel(Api):
    """Grows with the square of the order's share of the bar's volume."""

    def __init__(self, volume_limit=0.025, price_impact=0.1):
        self._limit, self._impact = volume_limit, price_impact

    def get_slippage_approximation(self, asset, order):
        last = asset.get_last_data()
        if last is None:
            return 0
        if hasattr(last, "last_bid_size"):
            volume = last.last_bid_size if order.direction == OrderDirection.BUY else last.last_ask_size
        else:
            volume = last.volume
        share = self._limit
        if volume > 0:
            share = min(order.absolute_quantity / volume, self._limit)
        elif asset.type in (SecurityType.CFD, SecurityType.FOREX, SecurityType.CRYPTO):
            return 0
        return share * share * self._impact * last.value


class MarketImpactSlippageModel(Api):
    def __init__(self, algorithm, *args, **kw):
        raise NotImplementedError("MarketImpactSlippageModel is not part of this engine yet")


class BuyingPowerModel(Api):
    """How much may be bought."""

    def __init__(self, leverage=1.0, required_free_buying_power_percent=0.0, *more):
        if more:
            self._margins = (float(leverage), float(required_free_buying_power_percent), float(more[0]))
        else:
            self._margins = (1 / leverage, 1 / leverage, float(required_free_buying_power_percent))
        self._s = None

    @classmethod
    def _native(cls, security):
        m = object.__new__(_CurrentPower)
        m._s = security
        return m

    def _security(self, p):
        return getattr(p, "security", p)

    def get_leverage(self, security):
        return _host.power_native(self._security(security)._h, "leverage", 0.0, 0)

    def set_leverage(self, security, leverage):
        _host.power_native(self._security(security)._h, "set_leverage", float(leverage), 0)

    def has_sufficient_buying_power_for_order(self, parameters):
        ok, why = _host.power_sufficient(parameters.security._h, parameters.order._h)
        return HasSufficientBuyingPowerForOrderResult(ok, why)

    def get_maximum_order_quantity_for_target_buying_power(self, parameters):
        q, why, bad = _host.power_target(parameters.security._h, float(parameters.target_buying_power), float(parameters.minimum_order_margin_portfolio_percentage))
        return GetMaximumOrderQuantityResult(q, why, bad)

    def get_maximum_order_quantity_for_delta_buying_power(self, parameters):
        raise NotImplementedError("ask for a target instead of a delta")

    def get_reserved_buying_power_for_position(self, parameters):
        return ReservedBuyingPowerForPosition(_host.power_native(parameters.security._h, "maintenance", 0.0, 0))

    def get_maintenance_margin(self, parameters):
        return MaintenanceMargin(_host.power_native(parameters.security._h, "maintenance", 0.0, 0))

    def get_initial_margin_requirement(self, parameters, quantity=None):
        if quantity is None:
            quantity = parameters.quantity
        return InitialMargin(_host.power_native(self._security(parameters)._h, "initial", float(quantity), 0))

    def get_initial_margin_required_for_order(self, parameters):
        return InitialMargin(_host.power_native(parameters.security._h, "order", 0.0, parameters.order._h))

    def get_buying_power(self, parameters):
        return BuyingPower(_host.security_power(parameters.security._h, int(parameters.direction)))


class _CurrentPower(BuyingPowerModel):
    pass


class SecurityMarginModel(BuyingPowerModel):
    pass


class CashBuyingPowerModel(BuyingPowerModel):
    _native_cash = True

    def __init__(self):
        super().__init__(1.0)


class ConstantBuyingPowerModel(BuyingPowerModel):
    def __init__(self, margin_required_per_unit_in_account_currency):
        super().__init__(1.0)
        self._unit = margin_required_per_unit_in_account_currency

    def get_initial_margin_requirement(self, parameters, quantity=None):
        return InitialMargin((parameters.quantity if quantity is None else quantity) * self._unit)

    def get_maintenance_margin(self, parameters):
        return MaintenanceMargin(abs(parameters.quantity) * self._unit)


class PatternDayTradingMarginModel(BuyingPowerModel):
    def __init__(self, closed_market_leverage=2.0, open_market_leverage=4.0):
        super().__init__(closed_market_leverage)
        self._closed, self._open = closed_market_leverage, open_market_leverage

    def _now(self, security):
        soon = not security.exchange.exchange_open or security.exchange.is_closing_soon(10)
        return self._closed if soon else self._open

    def get_leverage(self, security):
        return self._now(self._security(security))

    def get_initial_margin_requirement(self, parameters, quantity=None):
        s = self._security(parameters)
        q = parameters.quantity if quantity is None else quantity
        return InitialMargin(q * s.price * s.quote_currency.conversion_rate * s.symbol_properties.contract_multiplier / self._now(s))

    def get_maintenance_margin(self, parameters):
        s = parameters.security
        return MaintenanceMargin(abs(s.holdings.holdings_value) / self._now(s))


BuyingPowerModel.NULL = BuyingPowerModel.Null = None


class _Amount(Api, float):
    """A number that has its value as a member."""

    def __new__(cls, v=0.0):
        return float.__new__(cls, v)

    @property
    def value(self):
        return float(self)


class InitialMargin(_Amount):
    pass


class MaintenanceMargin(_Amount):
    pass


class BuyingPower(_Amount):
    pass


class ReservedBuyingPowerForPosition(_Amount):
    @property
    def absolute_used_buying_power(self):
        return float(self)


class HasSufficientBuyingPowerForOrderResult(Api):
    def __init__(self, is_sufficient, reason=None):
        self.is_sufficient = self.IsSufficient = bool(is_sufficient)
        self.reason = self.Reason = reason


class GetMaximumOrderQuantityResult(Api):
    def __init__(self, quantity, reason=None, is_error=None):
        self.quantity = self.Quantity = quantity
        self.reason = self.Reason = reason
        self.is_error = self.IsError = bool(reason) if is_error is None else is_error


class _Params(Api):
    """What a buying power model is asked with."""

    def __init__(self, **kw):
        for k, v in kw.items():
            setattr(self, k, v)

    def __getattr__(self, name):
        from .names import snake
        low = snake(name)
        if low != name and low in self.__dict__:
            return self.__dict__[low]
        raise AttributeError(name)

    def sufficient(self):
        return HasSufficientBuyingPowerForOrderResult(True)

    def insufficient(self, reason):
        return HasSufficientBuyingPowerForOrderResult(False, reason)

    def result(self, value, *_):
        return BuyingPower(value)

    def result_in_account_currency(self, value):
        return ReservedBuyingPowerForPosition(value)


class ReservedBuyingPowerForPositionParameters(Api):
    def __init__(self, security):
        self.security = security


class MarginInterestRateParameters(_Params):
    def __init__(self, security=None, time=None):
        super().__init__(security=security, time=time)


class BuyingPowerModelExtensions(Api):
    """Questions to a buying power model in one line."""

    @staticmethod
    def above_minimum_order_margin_portfolio_percentage(model, security, quantity, portfolio, minimum):
        return _host.above_minimum(security.symbol._h, quantity)

    @staticmethod
    def get_reserved_buying_power_for_position(model, security):
        return model.get_reserved_buying_power_for_position(ReservedBuyingPowerForPositionParameters(security)).absolute_used_buying_power


class InitialMarginParameters(_Params):
    def __init__(self, security=None, quantity=0):
        super().__init__(security=security, quantity=quantity)


class ApplyFundsSettlementModelParameters(Api):
    def __init__(self, portfolio, security, application_time_utc, cash_amount, fill=None):
        self.portfolio, self.security, self.utc_time, self.cash_amount, self.fill = portfolio, security, application_time_utc, cash_amount, fill


class ScanSettlementModelParameters(Api):
    def __init__(self, portfolio, security, utc_time):
        self.portfolio, self.security, self.utc_time = portfolio, security, utc_time


def _settle(model, what, given):
    """Asks a settlement model of the algorithm's own, for the engine."""
    from .algorithm import running
    from .securities import Security
    from .data import to_time
    handle, utc, amount, currency = given
    security, portfolio, at = Security._of(handle), running().portfolio, to_time(utc)
    pascal = "ApplyFunds" if what == "apply" else "Scan"
    ask = getattr(model, "apply_funds" if what == "apply" else "scan", None) or getattr(model, pascal)
    if what == "apply":
        ask(ApplyFundsSettlementModelParameters(portfolio, security, at, CashAmount(amount, currency), None))
    else:
        ask(ScanSettlementModelParameters(portfolio, security, at))


class ImmediateSettlementModel(Api):
    _native_settlement = ("immediate", 0, 0)

    def apply_funds(self, parameters):
        _host.settle(parameters.security._h, parameters.cash_amount.amount, parameters.cash_amount.currency)

    def scan(self, parameters):
        pass


class AccountCurrencyImmediateSettlementModel(ImmediateSettlementModel):
    _native_settlement = ("account", 0, 0)


class DelayedSettlementModel(ImmediateSettlementModel):
    def __init__(self, number_of_days, time_of_day):
        from .data import span_ns
        self._native_settlement = ("delayed", number_of_days, span_ns(time_of_day))


class NullVolatilityModel(Api):
    volatility = 0

    def update(self, security, data):
        pass

    def get_history_requirements(self, *_):
        return []


class IndicatorVolatilityModel(Api):
    """An indicator's value, brought up to date by a function."""

    def __init__(self, indicator, update=None):
        self._indicator, self._update = indicator, update

    @property
    def volatility(self):
        return self._indicator.current.value

    def update(self, security, data):
        if self._update is not None:
            self._update(security, data, self._indicator)

    def get_history_requirements(self, *_):
        return []


class VolatilityModelExtensions(Api):
    @staticmethod
    def warm_up(volatility_model, algorithm, security, resolution, periods, data_normalization_mode=None):
        """Feeds a model so many past bars of a security."""
        from .enums import DataNormalizationMode
        from .history import ask
        if resolution is None:
            resolution = security.resolution
        norm = security.data_normalization_mode if data_normalization_mode is None else data_normalization_mode
        if norm == DataNormalizationMode.RAW:  # past prices without the jumps of splits and dividends
            norm = DataNormalizationMode.SCALED_RAW
        for group in ask([security.symbol], periods, 0, 0, resolution, norm=norm):
            for _, point in group:
                volatility_model.update(security, point)


class StandardDeviationOfReturnsVolatilityModel(Api):
    """The annualised deviation of returns over so many periods."""

    def __init__(self, periods=30, resolution=None, update_frequency=None):
        from collections import deque
        self._window, self._last, self._at = deque(maxlen=periods), None, None
        self._every = update_frequency or timedelta(days=1)
        self._needs, self._value = False, 0.0
        if periods < 2:
            raise ValueError("'periods' must be greater than or equal to 2.")

    @property
    def volatility(self):
        if len(self._window) < 2:
            return 0.0
        if self._needs:
            self._needs = False
            m = sum(self._window) / len(self._window)
            v = sum((x - m) ** 2 for x in self._window) / (len(self._window) - 1)
            self._value = (v * 252) ** 0.5
        return self._value

    def update(self, security, data):
        if self._at is None or data.end_time - self._at >= self._every:
            price = security.price
            if self._last:
                self._window.append(price / self._last - 1)
                self._needs = True
            self._last, self._at = price, data.end_time


RelativeStandardDeviationVolatilityModel = StandardDeviationOfReturnsVolatilityModel


class NullShortableProvider(Api):
    data_provider = None  # files are the data folder's

    def shortable_quantity(self, symbol, local_time):
        return None

    def fee_rate(self, symbol, local_time):
        return 0

    def rebate_rate(self, symbol, local_time):
        return 0


NullShortableProvider.INSTANCE = NullShortableProvider.Instance = NullShortableProvider()


class LocalDiskShortableProvider(NullShortableProvider):
    """Reads shortable/<brokerage>/... of the data folder. A day without a line has no limit and no rates."""

    def __init__(self, brokerage):
        self.brokerage, self._rows = brokerage.lower(), {}

    def _at(self, symbol, local_time):
        rows = self._rows.get(symbol.value)
        if rows is None:
            rows = self._rows[symbol.value] = {}
            text = _host.data_file(f"equity/{symbol.id.market}/shortable/{self.brokerage}/symbols/{symbol.value.lower()}.csv")
            for line in (text or "").splitlines():
                cells = line.strip().split(",")
                if not cells[0].isdigit():
                    continue
                cells += [""] * (4 - len(cells))
                rows[cells[0]] = (int(float(cells[1])) if cells[1] else None, float(cells[2] or 0) / 100, float(cells[3] or 0) / 100)
        return rows.get(local_time.strftime("%Y%m%d"), (None, 0.0, 0.0))

    def shortable_quantity(self, symbol, local_time):
        return self._at(symbol, local_time)[0]

    def rebate_rate(self, symbol, local_time):
        return self._at(symbol, local_time)[1]

    def fee_rate(self, symbol, local_time):
        return self._at(symbol, local_time)[2]


class SecurityDataFilter(Api):
    def filter(self, vehicle, data):
        return True


class MarginCallModel(Api):
    pass


class DefaultMarginCallModel(MarginCallModel):
    def __init__(self, *args):
        pass


MarginCallModel.NULL = MarginCallModel.Null = MarginCallModel()


class MarginInterestRateModel(Api):
    NULL = Null = None
    amount = 0.0

    def apply_margin_interest_rate(self, parameters):
        pass


class ShortMarginInterestRateModel(MarginInterestRateModel):
    """Charges what borrowing shares costs and pays what lending them brings, daily."""

    def __init__(self):
        self.amount = 0.0
        self._last, self._short = None, False

    def apply_margin_interest_rate(self, parameters):
        s, now = parameters.security, parameters.time
        h = s.holdings
        if not h.hold_stock:
            self._last = None
            return
        if self._last is None or self._short != h.is_short:
            self._short, self._last = h.is_short, now
            return
        if now.date() == self._last.date():
            return
        provider, local = s.shortable_provider, s.local_time
        rate = provider.fee_rate(s.symbol, local) if self._short else provider.rebate_rate(s.symbol, local)
        if not rate:
            self._last = None
            return
        change = rate * h.holdings_value / 360 * (now.date() - self._last.date()).days
        self.amount += change
        s.quote_currency.add_amount(change)
        self._last = now


class SecurityInitializer(Api):
    NULL = Null = None

    def initialize(self, security):
        pass


class FuncSecurityInitializer(SecurityInitializer):
    """A function as an initializer."""

    def __init__(self, initializer):
        self._func = initializer

    def initialize(self, security):
        self._func(security)


class BrokerageModelSecurityInitializer(SecurityInitializer):
    def __init__(self, brokerage_model, security_seeder=None):
        self._model, self._seeder = brokerage_model, security_seeder

    def initialize(self, security):
        _host.brokerage_models(security._h)
        if self._seeder is not None:
            self._seeder.seed_security(security)


class CompositeSecurityInitializer(SecurityInitializer):
    """One initializer after another."""

    def __init__(self, *initializers):
        self._all = list(initializers[0]) if len(initializers) == 1 and isinstance(initializers[0], (list, tuple)) else list(initializers)

    def initialize(self, security):
        for i in self._all:
            i.initialize(security) if hasattr(i, "initialize") else i(security)


class FuncSecuritySeeder(Api):
    """Takes the last price of a function."""

    def __init__(self, seed):
        self._seed = seed

    def seed_security(self, security):
        data = self._seed(security)
        if data is None:
            return False
        for d in data if isinstance(data, (list, tuple)) else [data]:
            security.set_market_price(d)
        return True


class SecuritySeeder(Api):
    class _Null:
        def seed_security(self, security):
            return True

    NULL = Null = _Null()


class BrokerageMessageEvent(Api):
    """What a brokerage has to say."""

    def __init__(self, type, code, message):
        self.type, self.code, self.message = BrokerageMessageType(type), code, message

    def __str__(self):
        return f"{self.type} - Code: {self.code} - {self.message}"


class BrokerageModel(Api):
    """What a brokerage allows."""

    @staticmethod
    def create(order_provider, brokerage, account_type=AccountType.MARGIN):
        return _Named(brokerage, account_type)


class DefaultBrokerageModel(BrokerageModel):
    _brokerage = BrokerageName.DEFAULT

    def __init__(self, account_type=AccountType.MARGIN):
        self.account_type = AccountType(account_type)

    @property
    def default_markets(self):
        return {k: _host.brokerage_market(int(self._brokerage), int(self.account_type), int(k)) for k in SecurityType}

    def can_submit_order(self, security, order, message=None):
        return _host.brokerage_can(int(self._brokerage), int(self.account_type), security._h, order._h)

    def can_update_order(self, security, order, request, message=None):
        return True, None

    def can_execute_order(self, security, order):
        return True

    def get_fee_model(self, security):
        return FeeModel._native(security)

    def get_fill_model(self, security):
        return EquityFillModel() if security.type == SecurityType.EQUITY else ImmediateFillModel()

    def get_slippage_model(self, security):
        return NullSlippageModel()

    def get_leverage(self, security):
        return _host.brokerage_leverage(int(self._brokerage), int(self.account_type), security._h)

    def get_shortable_provider(self, security):
        return NullShortableProvider()


class _Named(DefaultBrokerageModel):
    def __init__(self, brokerage, account_type):
        super().__init__(account_type)
        self._brokerage = BrokerageName(brokerage)


def _brokerage(name, number):
    return type(name, (DefaultBrokerageModel,), {"_brokerage": number})


InteractiveBrokersBrokerageModel = _brokerage("InteractiveBrokersBrokerageModel", BrokerageName.INTERACTIVE_BROKERS_BROKERAGE)
AlpacaBrokerageModel = _brokerage("AlpacaBrokerageModel", BrokerageName.ALPACA)
OandaBrokerageModel = _brokerage("OandaBrokerageModel", BrokerageName.OANDA_BROKERAGE)
FxcmBrokerageModel = _brokerage("FxcmBrokerageModel", BrokerageName.FXCM_BROKERAGE)
CoinbaseBrokerageModel = _brokerage("CoinbaseBrokerageModel", BrokerageName.COINBASE)
GDAXBrokerageModel = _brokerage("GDAXBrokerageModel", BrokerageName.GDAX)
BinanceBrokerageModel = _brokerage("BinanceBrokerageModel", BrokerageName.BINANCE)
BybitBrokerageModel = _brokerage("BybitBrokerageModel", BrokerageName.BYBIT)
TradierBrokerageModel = _brokerage("TradierBrokerageModel", BrokerageName.TRADIER_BROKERAGE)
AxosClearingBrokerageModel = _brokerage("AxosClearingBrokerageModel", BrokerageName.AXOS)


class SecurityBenchmark(Api):
    pass


class FuncBenchmark(Api):
    def __init__(self, f):
        self._f = f


class ConstantRiskFreeRateInterestRateModel(Api):
    def __init__(self, rate):
        self._rate = rate

    def get_interest_rate(self, date):
        return self._rate


class FuncRiskFreeRateInterestRateModel(Api):
    def __init__(self, f):
        self._f = f

    def get_interest_rate(self, date):
        return self._f(date)


class InterestRateProvider(Api):
    def get_interest_rate(self, date):
        return _host.interest_rate(to_ns(date))


class RiskFreeInterestRateModelExtensions(Api):
    @staticmethod
    def get_risk_free_rate(model, start, end):
        days = (end - start).days
        rates = [float(model.get_interest_rate(start + timedelta(days=i))) for i in range(max(days, 1))]
        return sum(rates) / len(rates)
