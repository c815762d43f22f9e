"""Securities, holdings, portfolio and cash."""

from datetime import datetime, timedelta

import _host
from .names import Api, Items
from .enums import SecurityType, AccountType, DataNormalizationMode, Resolution
from .data import Symbol, symbol_of, to_time, to_ns, TradeBar, QuoteBar, Tick, IndicatorDataPoint, _Pair, _Callable


class SymbolProperties(Api):
    def __init__(self, description="", quote_currency="USD", contract_multiplier=1.0, minimum_price_variation=0.01, lot_size=1.0, market_ticker="", minimum_order_size=None,
                 price_magnifier=1.0, strike_multiplier=1.0):
        self.description, self.quote_currency, self.contract_multiplier = description, quote_currency, contract_multiplier
        self.minimum_price_variation, self.lot_size, self.market_ticker = minimum_price_variation, lot_size, market_ticker
        self.minimum_order_size = minimum_order_size
        self.price_magnifier, self.strike_multiplier = price_magnifier, strike_multiplier

    def __getattr__(self, name):
        from .names import snake
        low = snake(name)
        if low != name and low in self.__dict__:
            return self.__dict__[low]
        raise AttributeError(name)

    @staticmethod
    def get_default(currency):
        return SymbolProperties(quote_currency=currency)


    def _pack(self):
        return (self.description, self.quote_currency, float(self.contract_multiplier), float(self.minimum_price_variation), float(self.lot_size), self.market_ticker)


class SymbolPropertiesDatabase(Api):
    """The conventions of tickers, which entries may change."""

    def set_entry(self, market, symbol, security_type, properties):
        _host.properties_entry(int(security_type), market, str(symbol), properties._pack())
        return True


class MarketHoursDatabase(Api):
    """The hours of markets."""

    @staticmethod
    def get_database_symbol_key(symbol):
        return symbol if isinstance(symbol, str) else symbol.value if symbol.security_type != SecurityType.BASE else symbol.id.symbol


class MarketHoursSegment(Api):
    def __init__(self, start, end, state):
        self.start, self.end, self.state = timedelta(microseconds=start // 1000), timedelta(microseconds=end // 1000), state


class LocalMarketHours(Api):
    def __init__(self, segments):
        self.segments = segments

    @property
    def market_duration(self):
        return sum((s.end - s.start for s in self.segments if s.state == 2), timedelta())


class SecurityExchangeHours(Api):
    """When an exchange trades."""

    def __init__(self, handle):
        self._h = handle

    @staticmethod
    def always_open(time_zone):
        return AlwaysOpen(time_zone)

    @property
    def time_zone(self):
        return _host.hours_zone(self._h)

    @property
    def is_market_always_open(self):
        return _host.hours_always(self._h)

    def is_open(self, local, *more):
        if len(more) == 2:
            return _host.hours_open_during(self._h, to_ns(local), to_ns(more[0]), bool(more[1]))
        return _host.hours_open(self._h, to_ns(local), bool(more[0]) if more else False)

    def is_date_open(self, local, extended=False):
        return _host.hours_date_open(self._h, to_ns(local), bool(extended))

    def get_next_market_open(self, local, extended=False):
        return to_time(_host.hours_next_open(self._h, to_ns(local), bool(extended)))

    def get_next_market_close(self, local, extended=False):
        return to_time(_host.hours_next_close(self._h, to_ns(local), bool(extended)))

    def get_previous_trading_day(self, local):
        return to_time(_host.hours_previous_day(self._h, to_ns(local)))

    def get_next_trading_day(self, local):
        d = to_ns(local)
        return to_time(_host.hours_next_day(self._h, d))

    def get_market_hours(self, local):
        return LocalMarketHours([MarketHoursSegment(a, b, 2 if o else 1) for a, b, o in _host.hours_segments(self._h, to_ns(local))])


class AlwaysOpen(SecurityExchangeHours):
    """Hours of a market that never closes, in a zone."""

    def __init__(self, time_zone):
        super().__init__(-1)
        self._zone = str(time_zone)

    time_zone = property(lambda self: self._zone)
    is_market_always_open = True

    def is_open(self, local, *more):
        return True

    def is_date_open(self, local, extended=False):
        return True


class SecurityExchange(Api):
    def __init__(self, security):
        self._s = security
        self.hours = self.Hours = SecurityExchangeHours(security._h)

    @property
    def time_zone(self):
        return self.hours.time_zone

    @property
    def local_time(self):
        return self._s.local_time

    @property
    def exchange_open(self):
        return _host.hours_open(self._s._h, _host.security_local(self._s._h), False)

    @property
    def closing_soon(self):
        return self.is_closing_soon(10)

    def is_closing_soon(self, minutes):
        now = _host.security_local(self._s._h)
        return not _host.hours_open(self._s._h, now + minutes * 60_000_000_000, False)

    def date_time_is_open(self, local):
        return self.hours.is_open(local, False)

    def is_open_during_bar(self, start, end, extended=False):
        return self.hours.is_open(start, end, extended)

    @property
    def trading_days_per_year(self):
        return 252

    def set_market_hours(self, *_):
        raise NotImplementedError("trading hours come from the data folder's market-hours database")


class EquityExchange(Api):
    """The hours of the equity exchanges in New York, for a security that has others."""


class SecurityCache(Api):
    """The last data of a security, and what the algorithm put beside them."""

    def __init__(self, security):
        self._s, self._lists = security, {}

    def add_data_list(self, data, type, contains_fill_forward_data=False):
        self._lists[type] = list(data)

    def has_data(self, kind):
        return self.get_data(kind) is not None

    def get_data(self, kind=None):
        if kind is None:
            return self._s.get_last_data()
        if kind in self._lists:
            return self._lists[kind][-1] if self._lists[kind] else None
        if kind.__name__ in ("ETFConstituentUniverse", "Fundamental"):
            return kind._last.get(self._s.symbol)
        return _host.security_data(self._s._h, 1 if kind is TradeBar else 2 if kind is QuoteBar else 3)

    def get_all(self, kind):
        if kind is Tick:
            return _host.security_ticks(self._s._h)
        if kind in self._lists:
            return list(self._lists[kind])
        d = self.get_data(kind)
        return [] if d is None else [d]

    def __getattr__(self, name):
        return getattr(self._s, name)


class SecurityHolding(_host.HoldingCell, Api):
    """A position; quantity, price and the like are written by the engine."""

    def __init__(self, security):
        self._s = security
        self.symbol = self.Symbol = security.symbol

    def _more(self, i):
        return _host.holding_figures(self._s._h)[i]

    @property
    def security(self):
        return self._s

    @property
    def type(self):
        return self.symbol.security_type

    @property
    def is_long(self):
        return self.quantity > 0

    @property
    def is_short(self):
        return self.quantity < 0

    @property
    def absolute_quantity(self):
        return abs(self.quantity)

    @property
    def holdings_value(self):
        return self._more(0)

    @property
    def absolute_holdings_value(self):
        return abs(self._more(0))

    @property
    def holdings_cost(self):
        return self._more(1)

    @property
    def unlevered_holdings_cost(self):
        return self._more(1)

    @property
    def absolute_holdings_cost(self):
        return abs(self._more(1))

    @property
    def unrealized_profit(self):
        return self._more(2)

    @property
    def unrealized_profit_percent(self):
        c = abs(self._more(1))
        return self._more(2) / c if c else 0.0

    @property
    def profit(self):
        return self._more(3)

    @property
    def total_fees(self):
        return self._more(4)

    @property
    def net_profit(self):
        return self._more(3) - self._more(4) + self._more(7)

    @property
    def last_trade_profit(self):
        return self._more(5)

    @property
    def total_sale_volume(self):
        return self._more(6)

    @property
    def total_dividends(self):
        return self._more(7)

    @property
    def total_close_profit(self):
        return _Call(self._more(2))

    @property
    def leverage(self):
        return self._s.leverage

    @property
    def hold_stock(self):
        return self.invested

    def get_quantity_value(self, quantity, price=None):
        """What so many units are worth, in the currency they are quoted in."""
        s = self._s
        amount = quantity * (s.price if price is None else price) * s.symbol_properties.contract_multiplier
        return ConvertibleCashAmount(amount, s.quote_currency)

    def set_holdings(self, average_price, quantity):
        _host.holding_set(self._s._h, average_price, quantity)

    def __str__(self):
        return f"{self.symbol}: {self.quantity:g} @ {self.average_price:g}"


class ConvertibleCashAmount(Api):
    """An amount of a currency of the cash book."""

    def __init__(self, amount, cash):
        self.amount, self.cash = amount, cash

    @property
    def in_account_currency(self):
        return self.amount * self.cash.conversion_rate


class _Call(float):
    """A number that may be called."""

    def __call__(self, *_):
        return float(self)


class SessionBar(Api):
    """A day's bar of open hours."""

    open_interest = 0

    def __init__(self, symbol, row):
        self.symbol = symbol
        self._day, self.open, self.high, self.low, self.close, self.volume = row or (0, 0.0, 0.0, 0.0, 0.0, 0.0)

    @property
    def time(self):
        return to_time(self._day) if self._day else datetime.max

    @property
    def end_time(self):
        return self.time + timedelta(days=1) if self._day else datetime.max

    @property
    def value(self):
        return self.close


class Session(SessionBar):
    """Today's bar, and by number those of the days before, where a size was set."""

    def __init__(self, handle, symbol):
        super().__init__(symbol, _host.security_session(handle, 0))
        self._h = handle

    @property
    def size(self):
        return _host.security_session_size(self._h, None)[0]

    @size.setter
    def size(self, n):
        _host.security_session_size(self._h, int(n))

    @property
    def count(self):
        return _host.security_session_size(self._h, None)[1]

    def __len__(self):
        return self.count

    @property
    def is_ready(self):
        return 0 < self.size <= self.count

    def __getitem__(self, ago):
        row = _host.security_session(self._h, ago)
        if row is None:
            raise IndexError(f"there are {self.count} sessions, not {ago + 1}")
        return SessionBar(self.symbol, row)


class DynamicSecurityData(Api):
    """security.data: the last points by type, custom ones of the security included."""

    def __init__(self, security):
        self._s = security

    def _sources(self):
        yield self._s.cache
        for s in _host.securities():
            other = Security._of(s)
            if other.symbol.underlying == self._s.symbol:
                yield other.cache

    def has_data(self, type):
        return any(c.has_data(type) for c in self._sources())

    def get(self, type):
        for c in self._sources():
            d = c.get_data(type)
            if d is not None:
                return d
        return None

    def get_all(self, type):
        for c in self._sources():
            all_ = c.get_all(type)
            if all_:
                return all_
        return []


class _Got:
    """security.get("name") and security.get[Type]("name")."""

    def __init__(self, security):
        self._security = security

    def __getitem__(self, _):
        return self

    def __call__(self, key):
        return getattr(self._security, key)


class Security(_host.SecurityCell, Api):
    """What is traded; price, bid and ask are written by the engine."""

    _by = {}

    @classmethod
    def _of(cls, handle):
        if handle < 0:
            return None
        s = cls._by.get(handle)
        if s is None:
            symbol = Symbol._of(_host.security_symbol(handle))
            kind = _CLASSES.get(int(symbol.security_type), Security)
            s = object.__new__(kind)
            s._h = handle
            s.symbol = s.Symbol = symbol
            cls._by[handle] = s
            s.holdings = s.Holdings = SecurityHolding(s)
            s.exchange = s.Exchange = SecurityExchange(s)
            s.cache = s.Cache = SecurityCache(s)
            s._models = {}
            _host.security_bind(handle, s, s.holdings)
        return s

    def __setattr__(self, name, value):
        if name in ("exchange", "Exchange") and isinstance(value, EquityExchange):
            _host.security_hours(self._h, int(SecurityType.EQUITY), "usa")
            return
        super().__setattr__(name, value)

    @property
    def type(self):
        return self.symbol.security_type

    @property
    def symbol_properties(self):
        own = self.__dict__.get("_own_properties")
        return own if own is not None else SymbolProperties(*_host.security_properties(self._h))

    @property
    def local_time(self):
        return to_time(_host.security_local(self._h))

    @property
    def invested(self):
        return self.holdings.invested

    @property
    def hold_stock(self):
        return self.holdings.invested

    @property
    def has_data(self):
        return _host.security_flag(self._h, 0)

    @property
    def is_tradable(self):
        return _host.security_flag(self._h, 1)

    @is_tradable.setter
    def is_tradable(self, v):
        _host.security_tradable(self._h, bool(v))

    @property
    def is_delisted(self):
        return _host.security_flag(self._h, 2)

    @property
    def leverage(self):
        return _host.security_leverage(self._h)

    def set_leverage(self, leverage):
        _host.security_set_leverage(self._h, leverage)

    @property
    def quote_currency(self):
        return Cash(_host.security_currency(self._h, 0))

    @property
    def base_currency(self):
        return Cash(_host.security_currency(self._h, 1))

    @property
    def subscription_data_config(self):
        c = self.subscriptions
        return c[0] if c else None

    @property
    def subscriptions(self):
        return [SubscriptionDataConfig(i) for i in _host.security_configs(self._h)]

    @property
    def resolution(self):
        c = self.subscriptions
        return min((x.resolution for x in c), default=Resolution.MINUTE)

    @property
    def is_fill_data_forward(self):
        return any(c.fill_data_forward for c in self.subscriptions)

    @property
    def is_extended_market_hours(self):
        return any(c.extended_market_hours for c in self.subscriptions)

    @property
    def data_normalization_mode(self):
        c = self.subscriptions
        return c[0].data_normalization_mode if c else DataNormalizationMode.ADJUSTED

    def set_data_normalization_mode(self, mode):
        _host.security_norm(self._h, int(mode))

    def get_last_data(self):
        return _host.security_data(self._h, 0)

    def add(self, key, value):
        self[key] = value

    def __setitem__(self, key, value):
        setattr(self, key, value)

    def __getitem__(self, key):
        return getattr(self, key)

    @property
    def get(self):
        return _Got(self)

    def try_get(self, key, value=None):
        return (True, getattr(self, key)) if hasattr(self, key) else (False, None)

    def set_market_price(self, data):
        if data is not None:
            _host.security_seed(self._h, data)

    def set_fee_model(self, model):
        self._models["fee"] = model
        _host.security_model(self._h, "fee", model)

    def set_fill_model(self, model):
        self._models["fill"] = model
        _host.security_model(self._h, "fill", model)

    def set_slippage_model(self, model):
        self._models["slippage"] = model
        _host.security_model(self._h, "slippage", model)

    def set_buying_power_model(self, model):
        self._models["power"] = model
        _host.security_model(self._h, "power", model)

    set_margin_model = set_buying_power_model

    def set_settlement_model(self, model):
        self._models["settlement"] = model
        _host.security_model(self._h, "settlement", model)

    def set_volatility_model(self, model):
        self._models["volatility"] = model
        _host.security_model(self._h, "volatility", model)

    def set_data_filter(self, model):
        self._models["filter"] = model
        _host.security_model(self._h, "filter", model)

    def set_shortable_provider(self, model):
        self._models["shortable"] = model
        _host.security_model(self._h, "shortable", model)

    @property
    def margin_interest_rate_model(self):
        return self._models.get("interest")

    @margin_interest_rate_model.setter
    def margin_interest_rate_model(self, m):
        self.set_margin_interest_rate_model(m)

    def set_margin_interest_rate_model(self, model):
        self._models["interest"] = model
        _host.security_model(self._h, "interest", model)

    def set_option_assignment_model(self, model):
        raise NotImplementedError("options are not part of this engine yet")

    def _model(self, name, make):
        m = self._models.get(name)
        return m if m is not None else make(self)

    @property
    def fee_model(self):
        from .models import FeeModel
        return self._model("fee", lambda s: FeeModel._native(s))

    @fee_model.setter
    def fee_model(self, m):
        self.set_fee_model(m)

    @property
    def fill_model(self):
        from .models import FillModel
        return self._model("fill", lambda s: FillModel())

    @fill_model.setter
    def fill_model(self, m):
        self.set_fill_model(m)

    @property
    def slippage_model(self):
        from .models import NullSlippageModel
        return self._model("slippage", lambda s: NullSlippageModel())

    @slippage_model.setter
    def slippage_model(self, m):
        self.set_slippage_model(m)

    @property
    def buying_power_model(self):
        from .models import BuyingPowerModel
        return self._model("power", lambda s: BuyingPowerModel._native(s))

    margin_model = buying_power_model

    @property
    def volatility_model(self):
        from .models import NullVolatilityModel
        return self._model("volatility", lambda s: NullVolatilityModel())

    @property
    def settlement_model(self):
        from .models import ImmediateSettlementModel
        own = _host.security_settlement(self._h)
        if own is not None:
            return own
        return self._model("settlement", lambda s: ImmediateSettlementModel())

    @property
    def shortable_provider(self):
        from .models import NullShortableProvider
        return self._model("shortable", lambda s: NullShortableProvider())

    @property
    def fundamentals(self):
        if self.symbol.security_type != SecurityType.EQUITY:
            return None
        from .fundamental import company
        return company(self.symbol, _host.CLOCK.utc)

    @property
    def data(self):
        return DynamicSecurityData(self)

    @property
    def session(self):
        return Session(self._h, self.symbol)

    def refresh_data_normalization_mode_property(self):
        pass

    def __str__(self):
        return self.symbol.value


class Equity(Security):
    @property
    def primary_exchange(self):
        return "UNKNOWN"


class Forex(Security):
    @staticmethod
    def decompose_currency_pair(pair):
        return pair[:3], pair[3:]


class Crypto(Security):
    pass


class Cfd(Security):
    pass


class Index(Security):
    pass


_CLASSES = {1: Equity, 4: Forex, 6: Cfd, 7: Crypto, 9: Index}


class SubscriptionDataConfig(Api):
    """One subscription."""

    mapped = None  # a symbol in place of the subscription's own

    def __init__(self, handle, type=None, symbol=None):
        if isinstance(handle, SubscriptionDataConfig):
            handle, self.mapped = handle._h, symbol
        self._h = handle
        symbol, res, kind, ff, ext, internal, norm, custom, ticker = _host.config_info(handle)
        self.symbol = self.mapped or Symbol._of(symbol)
        self.resolution, self.tick_type = Resolution(res), _tick_type(kind)
        self.fill_data_forward, self.extended_market_hours, self.is_internal_feed = ff, ext, internal
        self.data_normalization_mode = DataNormalizationMode(norm)
        self.is_custom_data = custom is not None
        self.type = custom if custom is not None else {0: TradeBar, 1: QuoteBar}.get(kind, Tick)
        self.mapped_symbol = ticker or self.symbol.value
        self.security_type = self.symbol.security_type
        self.market = self.symbol.id.market
        self.increment = {0: timedelta(), 1: timedelta(seconds=1), 2: timedelta(minutes=1), 3: timedelta(hours=1), 4: timedelta(days=1)}[res]

    def __getattr__(self, name):
        from .names import snake
        low = snake(name)
        if low != name and low in self.__dict__:
            return self.__dict__[low]
        raise AttributeError(name)

    @property
    def exchange_time_zone(self):
        return _host.hours_zone(_host.config_security(self._h))

    @property
    def data_time_zone(self):
        return _host.config_zone(self._h)

    @property
    def consolidators(self):
        return Items(range(_host.config_consolidators(self._h)))


def _tick_type(kind):
    from .enums import TickType
    return TickType.QUOTE if kind in (1, 3) else TickType.TRADE


class SecurityManager(Api):
    """The securities, by symbol or ticker."""

    def _handle(self, key):
        if key is None:
            return -1
        if isinstance(key, str):
            h = _host.symbol_by_ticker(key)
        else:
            h = symbol_of(key)._h
        return -1 if h < 0 else _host.security_of(h)

    def __getitem__(self, key):
        h = self._handle(key)
        if h < 0:
            raise KeyError(f"This asset symbol ({key}) was not found in your security list. Please add this security or check it exists before using it with 'Securities.ContainsKey(\"{key}\")'")
        return Security._of(h)

    def __contains__(self, key):
        return self._handle(key) >= 0

    contains_key = __contains__

    def try_get_value(self, key, _=None):
        h = self._handle(key)
        return (h >= 0, Security._of(h))

    def get(self, key, default=None):
        h = self._handle(key)
        return Security._of(h) if h >= 0 else default

    def _all(self):
        return [Security._of(h) for h in _host.securities()]

    @property
    def values(self):
        return _Callable(self._all())

    @property
    def keys(self):
        return _Callable([s.symbol for s in self._all()])

    @property
    def total(self):
        return self._all()

    @property
    def count(self):
        return len(self._all())

    def items(self):
        return [_Pair((s.symbol, s)) for s in self._all()]

    def __iter__(self):
        return iter(self.items())

    def __len__(self):
        return len(self._all())


class Cash(Api):
    """An amount of one currency."""

    def __init__(self, symbol):
        self.symbol = self.Symbol = symbol

    @property
    def amount(self):
        return _host.cash(self.symbol)[0]

    @property
    def conversion_rate(self):
        return _host.cash(self.symbol)[1]

    @conversion_rate.setter
    def conversion_rate(self, v):
        _host.cash_set(self.symbol, None, float(v))

    @property
    def value_in_account_currency(self):
        a, r = _host.cash(self.symbol)[:2]
        return a * r

    @property
    def currency_symbol(self):
        return {"USD": "$", "EUR": "€"}.get(self.symbol, self.symbol)

    def add_amount(self, amount):
        _host.cash_set(self.symbol, self.amount + amount, None)
        return self.amount

    def set_amount(self, amount):
        _host.cash_set(self.symbol, float(amount), None)

    @property
    def securities_to_update(self):
        s = _host.cash(self.symbol)[2]
        return [] if s < 0 else [Symbol._of(s)]

    @property
    def currency_conversion(self):
        return CurrencyConversion(self)

    @property
    def conversion_rate_security(self):
        s = _host.cash(self.symbol)[2]
        return None if s < 0 else Security._of(_host.security_of(s))


class CurrencyConversion(Api):
    """How a currency becomes the account's."""

    def __init__(self, cash):
        self._cash = cash

    @property
    def source_currency(self):
        return self._cash.symbol

    @property
    def destination_currency(self):
        return _host.account_currency()

    @property
    def conversion_rate(self):
        return self._cash.conversion_rate

    @property
    def conversion_rate_securities(self):
        return [Security._of(_host.security_of(s)) for s in _host.cash_path(self._cash.symbol)]


class CashBook(Api):
    def __init__(self, unsettled=False):
        self._u = unsettled

    @property
    def account_currency(self):
        return _host.account_currency()

    def __getitem__(self, symbol):
        if symbol not in _host.cash_names():
            raise KeyError(f"This cash symbol ({symbol}) was not found in your cash book.")
        return Cash(symbol)

    def __contains__(self, symbol):
        return symbol in _host.cash_names()

    contains_key = __contains__

    def add(self, symbol, quantity, rate):
        _host.cash_set(symbol, float(quantity), float(rate))
        return Cash(symbol)

    @property
    def total_value_in_account_currency(self):
        return _host.portfolio_figure(5 if self._u else 4)

    def convert(self, quantity, source, destination):
        return _host.cash_convert(quantity, source, destination)

    def convert_to_account_currency(self, quantity, source):
        return _host.cash_convert(quantity, source, _host.account_currency())

    @property
    def values(self):
        return _Callable([Cash(n) for n in _host.cash_names()])

    @property
    def keys(self):
        return _Callable(_host.cash_names())

    def items(self):
        return [_Pair((n, Cash(n))) for n in _host.cash_names()]

    def __iter__(self):
        return iter(self.items())

    def __len__(self):
        return len(_host.cash_names())

    @property
    def count(self):
        return len(_host.cash_names())


class SecurityPortfolioManager(_host.PortfolioCell, Api):
    """The account; by symbol or ticker it gives holdings."""

    def __init__(self, securities):
        self.securities = self.Securities = securities
        self.cash_book = self.CashBook = CashBook()
        self.unsettled_cash_book = self.UnsettledCashBook = CashBook(True)

    def __getitem__(self, key):
        return self.securities[key].holdings

    def get(self, key, default=None):
        return self[key] if key in self else default

    def __contains__(self, key):
        return key in self.securities

    contains_key = __contains__

    @property
    def hold_stock(self):
        return self.invested

    @property
    def cash(self):
        return _host.portfolio_figure(4)

    @property
    def unsettled_cash(self):
        return _host.portfolio_figure(6)

    @property
    def total_portfolio_value(self):
        return _host.portfolio_figure(0)

    @property
    def margin_remaining(self):
        return _host.portfolio_figure(1)

    @property
    def total_margin_used(self):
        return _host.portfolio_figure(2)

    @property
    def total_portfolio_value_less_free_buffer(self):
        return _host.portfolio_figure(3)

    @property
    def total_holdings_value(self):
        return sum(h.holdings_value for h in self.values)

    @property
    def total_absolute_holdings_cost(self):
        return sum(h.absolute_holdings_cost for h in self.values)

    @property
    def total_unlevered_absolute_holdings_cost(self):
        return sum(h.absolute_holdings_cost for h in self.values)

    @property
    def total_unrealized_profit(self):
        return sum(h.unrealized_profit for h in self.values)

    @property
    def total_unrealised_profit(self):
        return self.total_unrealized_profit

    @property
    def total_profit(self):
        return _host.portfolio_figure(7)

    @property
    def total_net_profit(self):
        return _host.portfolio_figure(7) - _host.portfolio_figure(8)

    @property
    def total_fees(self):
        return _host.portfolio_figure(8)

    @property
    def total_sale_volume(self):
        return _host.portfolio_figure(9)

    @property
    def values(self):
        return _Callable([s.holdings for s in self.securities._all()])

    @property
    def keys(self):
        return _Callable([s.symbol for s in self.securities._all()])

    def items(self):
        return [_Pair((s.symbol, s.holdings)) for s in self.securities._all()]

    def __iter__(self):
        return iter(self.items())

    def __len__(self):
        return len(self.securities)

    @property
    def count(self):
        return len(self.securities)

    @property
    def positions(self):
        return self

    @property
    def transactions(self):
        from .algorithm import SecurityTransactionManager
        return SecurityTransactionManager()

    def get_margin_remaining(self, symbol=None, direction=0):
        if symbol is None or isinstance(symbol, (int, float)):
            return self.margin_remaining
        return _host.security_power(self.securities[symbol]._h, int(direction))

    get_buying_power = get_margin_remaining

    def set_cash(self, *args):
        if len(args) == 1:
            _host.set_cash(float(args[0]), "", 0.0)
        else:
            _host.set_cash(float(args[1]), args[0], float(args[2]))

    def set_margin_call_model(self, model):
        from .models import MarginCallModel
        self._call = model
        _host.margin_call_model(None if model is MarginCallModel.NULL else model)

    @property
    def margin_call_model(self):
        return getattr(self, "_call", None)

    @margin_call_model.setter
    def margin_call_model(self, m):
        self.set_margin_call_model(m)

    def try_get_value(self, key, _=None):
        ok, s = self.securities.try_get_value(key)
        return ok, (s.holdings if ok else None)
