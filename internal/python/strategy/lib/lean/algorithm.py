"""QCAlgorithm: what a user's class derives from."""

from datetime import datetime, timedelta, date as _date

import _host
from .names import Api, pascal, snake
from . import enums
from .enums import *
from .data import *
from .data import _Pair, _Callable
from .orders import *
from .orders import order_of
from .securities import *
from .models import *
from .models import _Named
from .schedule import ScheduleManager, DateRules, TimeRules, _arity
from .consolidators import *
from .consolidators import _period, _EventHook
from .indicators import IndicatorBase, PythonIndicator, RollingWindow, _plain
from .universe import *
from .universe import universe_of, chosen
from .fundamental import company, companies


class AlgorithmSettings(Api):
    """Settings of the engine; every one is read and written there."""

    _names = ("free_portfolio_value", "free_portfolio_value_percentage", "minimum_order_margin_portfolio_percentage", "max_absolute_portfolio_target_percentage",
              "min_absolute_portfolio_target_percentage", "liquidate_enabled", "rebalance_portfolio_on_insight_changes", "rebalance_portfolio_on_security_changes",
              "stale_price_time_span", "daily_precise_end_time", "warmup_resolution", "warm_up_resolution", "automatic_indicator_warm_up", "seed_initial_prices",
              "ignore_unknown_asset_holdings", "trading_days_per_year", "data_subscription_limit", "performance_sample_period", "stale_price_time_span", "databases_refresh_period")

    def __getattr__(self, name):
        low = snake(name) if name[:1].isupper() else name
        if low not in self._names:
            raise AttributeError(f"'AlgorithmSettings' object has no attribute '{name}'")
        v = _host.setting(low)
        if low == "stale_price_time_span":
            return timedelta(microseconds=v // 1000)
        return v

    def __setattr__(self, name, value):
        low = snake(name) if name[:1].isupper() else name
        if low not in self._names:
            raise AttributeError(f"'AlgorithmSettings' object has no attribute '{name}'")
        if isinstance(value, timedelta):
            value = span_ns(value)
        _host.set_setting(low, value if value is None or isinstance(value, (bool, float)) else int(value))


class SecurityTransactionManager(Api):
    """Orders and tickets."""

    @property
    def orders_count(self):
        return _host.orders_count()

    def get_order_ticket(self, order_id):
        return OrderTicket._of(_host.ticket(order_id))

    def get_order_by_id(self, order_id):
        t = _host.ticket(order_id)
        return None if t < 0 else order_of(t, _host.order_fields(t))

    def _tickets(self, open_, symbol=None, filter=None):
        out = [OrderTicket._of(h) for h in _host.tickets(open_, -1 if symbol is None else symbol_of(symbol)._h)]
        return [t for t in out if filter(t)] if filter else out

    def _split(self, what):
        if what is None:
            return None, None
        if callable(what) and not isinstance(what, Symbol):
            return None, what
        return what, None

    def get_order_tickets(self, what=None):
        return self._tickets(False, *self._split(what))

    def get_open_order_tickets(self, what=None):
        return self._tickets(True, *self._split(what))

    def _orders(self, open_, what):
        symbol, f = self._split(what)
        out = [order_of(t._h, t._order()) for t in self._tickets(open_, symbol)]
        return [o for o in out if f(o)] if f else out

    def get_orders(self, what=None):
        return self._orders(False, what)

    def get_open_orders(self, what=None):
        return self._orders(True, what)

    def get_open_orders_remaining_quantity(self, what=None):
        return sum(t.quantity_remaining for t in self.get_open_order_tickets(what))

    def cancel_open_orders(self, symbol=None, tag=None):
        return [OrderTicket._of(h) for h in _host.cancel_open(-1 if symbol is None else symbol_of(symbol)._h, tag)]

    def cancel_order(self, order_id, tag=None):
        t = self.get_order_ticket(order_id)
        t.cancel(tag or "")
        return t

    def update_order(self, request):
        return self.get_order_ticket(request.order_id).update(request)

    def add_order(self, request):
        r = request
        return OrderTicket._of(_host.order_raw(int(r.order_type), r.symbol._h, r.quantity, float(r.limit_price), float(r.stop_price), float(r.trigger_price), float(r.trailing_amount),
                                               bool(r.trailing_as_percentage), bool(r.asynchronous), r.tag or "", _props(r.order_properties)))

    @property
    def last_order_id(self):
        return _host.orders_count()

    @property
    def transaction_record(self):
        return dict(_host.closed_profits())

    @property
    def win_count(self):
        return sum(1 for _, p in _host.closed_profits() if p > 0)

    @property
    def loss_count(self):
        return sum(1 for _, p in _host.closed_profits() if p <= 0)


class SubscriptionManager(Api):
    def __init__(self, algorithm):
        self._a = algorithm

    def add_consolidator(self, symbol, consolidator, tick_type=None):
        s = symbol_of(symbol)
        consolidator._symbol = s
        kind = -1 if tick_type is None else int(tick_type)
        if getattr(consolidator, "_python", False):
            _host.attach_python(s._h, consolidator, kind)
        else:
            _host.attach(s._h, consolidator._h, kind)

    def remove_consolidator(self, symbol, consolidator):
        s = symbol_of(symbol)
        _host.detach(s._h, -1 if getattr(consolidator, "_python", False) else consolidator._h, consolidator)

    @property
    def subscriptions(self):
        return [SubscriptionDataConfig(i) for sec in self._a.securities._all() for i in _host.security_configs(sec._h)]

    @property
    def count(self):
        return len(self.subscriptions)

    @property
    def subscription_data_config_service(self):
        return self

    def get_subscription_data_configs(self, symbol, include_internal=False):
        return [SubscriptionDataConfig(i) for i in _host.security_configs(_host.security_of(symbol_of(symbol)._h))]


class UniverseManager(Api):
    def __init__(self, a):
        self._a = a

    @property
    def active_securities(self):
        from .data import DataDictionary
        from .securities import Security
        return DataDictionary({Symbol._of(s): Security._of(h) for s, h in _host.active_securities()})

    @property
    def count(self):
        return len(_host.universes())

    def __len__(self):
        return self.count

    @property
    def keys(self):
        return _Callable([])

    @property
    def values(self):
        return _Callable([universe_of(h) for h in _host.universes()])

    def contains_key(self, _):
        return False


class UniverseDefinitions(Api):
    UNCHANGED = Unchanged = Universe.UNCHANGED

    def __init__(self, a):
        self._a = a

    def etf(self, ticker, market=None, universe_settings=None, universe_filter_func=None, **kw):
        f = universe_filter_func if universe_filter_func is not None else next((x for x in (market, universe_settings) if callable(x)), None)
        s = next((x for x in (universe_settings, market) if isinstance(x, UniverseSettings)), None)
        return ETFConstituentsUniverse._new(str(ticker), market if isinstance(market, str) else "usa", s, f)

    ETF = etf

    @property
    def dollar_volume(self):
        return _Dollar()

    DollarVolume = dollar_volume

    def top(self, count, universe_settings=None):
        return _Dollar().top(count, universe_settings)


class _Dollar(Api):
    def top(self, count, universe_settings=None):
        def most(rows):
            rows = [r for r in rows if r.has_fundamental_data]
            return [x.symbol for x in sorted(rows, key=lambda r: -r.dollar_volume)[:count]]
        return FundamentalUniverse.usa(most, universe_settings)


class ObjectStore(Api):
    """Values kept under keys, for the run."""

    def __init__(self):
        self._v = {}

    def contains_key(self, key):
        return key in self._v

    def _text(self, key):
        v = self._v.get(key)
        if v is not None and key.endswith(".zip"):
            import io
            import zipfile
            with zipfile.ZipFile(io.BytesIO(v)) as z:
                v = z.read(z.namelist()[0])
        return None if v is None else v.decode()

    def read(self, key):
        return self._v[key].decode()

    def read_bytes(self, key):
        return self._v[key]

    def save(self, key, text=None):
        self._v[key] = (text or "").encode() if isinstance(text, str) or text is None else bytes(text)
        return True

    save_bytes = save_json = save_xml = save
    read_string = read

    def delete(self, key):
        return self._v.pop(key, None) is not None

    @property
    def keys(self):
        return _Callable(self._v)

    def get_file_path(self, key):
        raise NotImplementedError("there are no files here: use read and save")

    def clear(self):
        self._v.clear()


class _Silent(Api):
    """Notifications go nowhere in a backtest."""

    def email(self, *_, **__):
        return True

    sms = web = telegram = ftp = email


class Chart(Api):
    """A chart the algorithm adds."""

    def __init__(self, name, *_):
        self.name = self.Name = name
        self.series = {}

    def add_series(self, series):
        self.series[series.name] = series


class BaseSeries(Api):
    def __init__(self, name, type=SeriesType.LINE, *args, **kw):
        self.name, self.series_type, self.unit, self.index, self.color = name, type, "$", 0, ""
        for a in args:
            if isinstance(a, str):
                self.unit = a
            elif isinstance(a, int):
                self.index = int(a)

    def __getattr__(self, name):
        low = snake(name)
        if low != name and low in self.__dict__:
            return self.__dict__[low]
        raise AttributeError(name)


class Series(BaseSeries):
    pass


class CandlestickSeries(BaseSeries):
    def __init__(self, name, *args):
        super().__init__(name, SeriesType.CANDLE, *args)


class ChartPoint(Api):
    def __init__(self, time, value):
        self.time, self.value = time, value


class Color:
    def __getattr__(self, name):
        return name


Color = Color()


_running = None


def running():
    """The algorithm of this run."""
    return _running


def _res(r):
    return -1 if r is None else int(r)


def _flag(v):
    return -1 if v is None else int(bool(v))


def _props(p):
    return None if p is None else p._pack()


class QCAlgorithm(Api):
    """The base of algorithms; every method exists in both spellings."""

    def __init__(self):
        self._begin()

    def __new__(cls, *a, **k):
        self = object.__new__(cls)
        object.__setattr__(self, "_ready", False)
        return self

    def _begin(self):
        if self._ready:
            return
        global _running
        _running = self
        d = object.__setattr__
        d(self, "_ready", True)
        self.securities = SecurityManager()
        self.portfolio = SecurityPortfolioManager(self.securities)
        self.transactions = SecurityTransactionManager()
        self.settings = AlgorithmSettings()
        self.schedule = ScheduleManager(self)
        self.date_rules, self.time_rules = self.schedule.date_rules, self.schedule.time_rules
        self.subscription_manager = SubscriptionManager(self)
        self.universe_manager = UniverseManager(self)
        self.universe = UniverseDefinitions(self)
        u = UniverseSettings()
        d(u, "_live", True)
        self.universe_settings = u
        self.object_store = ObjectStore()
        self.notify = _Silent()
        self.symbol_properties_database, self.market_hours_database = SymbolPropertiesDatabase(), MarketHoursDatabase()
        self.default_order_properties = OrderProperties()
        self.brokerage_model = DefaultBrokerageModel()
        self.trade_builder = None
        self.insights_generated = _EventHook()
        self._runtime, self._charts, self._summary = {}, {}, {}
        self._name, self._tags = type(self).__name__, []
        self._alpha = self._pcm = self._execution = self._risk = self._selection = self._benchmark_func = None
        self._zone_name = "America/New_York"
        self._seen = -1
        self._now = None
        self.live_mode = False
        self.algorithm_id = "LOCAL"
        self.project_id = 0
        self.algorithm_mode = AlgorithmMode.BACKTESTING
        self.deployment_target = DeploymentTarget.LOCAL_PLATFORM
        self.risk_free_interest_rate_model = InterestRateProvider()
        self.risk_free_rate = None
        self.default_universe_settings = u

    def __getattr__(self, name):
        if not object.__getattribute__(self, "__dict__").get("_ready", False):
            # A subclass with an __init__ of its own need not call ours first.
            object.__getattribute__(self, "_begin")()
            return getattr(self, name)
        if name[:1].isupper():
            low = snake(name)
            if low in self.__dict__ or hasattr(type(self), low):
                return getattr(self, low)
            if name.isupper() and hasattr(type(self), name.lower()):
                return getattr(self, name.lower())
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    # --- the clock ---

    @property
    def time(self):
        t = self._clock.local
        if t != self._seen:
            self._seen, self._now = t, to_time(t)
        return self._now

    _clock = _host.CLOCK

    MAX_NAME_AND_TAGS_LENGTH, MAX_TAGS_COUNT = 200, 100

    @property
    def utc_time(self):
        return to_time(self._clock.utc)

    @property
    def time_zone(self):
        return self._zone_name

    @property
    def start_date(self):
        return to_time(_host.bounds()[0])

    @property
    def end_date(self):
        return to_time(_host.bounds()[1])

    @property
    def is_warming_up(self):
        return self._clock.warming

    @property
    def current_slice(self):
        return _host.current_slice()

    @property
    def account_currency(self):
        return _host.account_currency()

    @property
    def name(self):
        return self._name

    @name.setter
    def name(self, v):
        self._name = v

    def set_name(self, name):
        self._name = name

    @property
    def tags(self):
        return self._tags

    def set_tags(self, tags):
        self._tags = list(tags)

    def add_tag(self, tag):
        self._tags.append(tag)

    def get_locked(self):
        return _host.locked()

    def set_live_mode(self, *_):
        pass

    # --- what an algorithm defines ---

    def initialize(self):
        raise NotImplementedError("Please override the Intitialize() method")

    def on_data(self, slice):
        pass

    def on_order_event(self, order_event):
        pass

    def on_securities_changed(self, changes):
        pass

    def on_end_of_day(self, symbol=None):
        pass

    def on_warmup_finished(self):
        pass

    def on_end_of_algorithm(self):
        pass

    def on_margin_call(self, requests):
        return requests

    def on_margin_call_warning(self):
        pass

    def on_splits(self, splits):
        pass

    def on_dividends(self, dividends):
        pass

    def on_delistings(self, delistings):
        pass

    def on_symbol_changed_events(self, symbol_changed_events):
        pass

    def on_end_of_time_step(self):
        pass

    def on_assignment_order_event(self, e):
        pass

    def on_brokerage_message(self, m):
        pass

    def on_brokerage_disconnect(self):
        pass

    def on_brokerage_reconnect(self):
        pass

    def on_command(self, data):
        return None

    # --- start ---

    def set_start_date(self, *args, **kw):
        _host.set_start(*self._date(args, kw))

    def set_end_date(self, *args, **kw):
        _host.set_end(*self._date(args, kw))

    @staticmethod
    def _date(args, kw):
        names = ("year", "month", "day")
        if kw:
            got = dict(zip(names, args))
            got.update(kw)
            args = tuple(got[n] for n in names) if "year" in got else tuple(kw.values())
        if len(args) == 1:
            d = args[0]
            return (d.year, d.month, d.day)
        return tuple(int(a) for a in args)

    def set_cash(self, *args, **kw):
        args = args + tuple(kw[n] for n in ("starting_cash", "symbol", "conversion_rate") if n in kw)
        if len(args) == 1:
            _host.set_cash(float(args[0]), "", 0.0)
        elif isinstance(args[0], str):
            _host.set_cash(float(args[1]), args[0], float(args[2]) if len(args) > 2 else 0.0)

    def set_account_currency(self, currency, starting_cash=None):
        _host.set_account_currency(currency.upper(), None if starting_cash is None else float(starting_cash))

    def set_time_zone(self, zone):
        self._zone_name = str(zone)
        _host.set_zone(self._zone_name)

    def set_warm_up(self, period, resolution=None):
        if isinstance(period, timedelta):
            _host.set_warmup(span_ns(period), 0, _res(resolution))
        else:
            _host.set_warmup(0, int(period), _res(resolution))

    set_warmup = set_warm_up
    SetWarmup = set_warm_up

    def set_finished_warming_up(self):
        _host.set_warmup(0, 0, -1)

    def set_brokerage_model(self, model, account_type=AccountType.MARGIN):
        if isinstance(model, int):
            self.brokerage_model = _Named(model, account_type)
            _host.set_brokerage(int(model), int(account_type), None)
            return
        self.brokerage_model = model
        native = type(model).__module__.startswith("lean.")
        ask = vars(type(model)).get("get_benchmark") or vars(type(model)).get("GetBenchmark")
        if ask is not None:
            b = ask(model, self.securities)
            if hasattr(b, "evaluate") and not isinstance(b, _Benchmark):
                self.set_benchmark(b.evaluate)
        _host.set_brokerage(int(getattr(model, "_brokerage", 0)), int(getattr(model, "account_type", 0)), None if native else model)

    def set_brokerage_message_handler(self, handler):
        pass

    def set_risk_free_interest_rate_model(self, model):
        self.risk_free_interest_rate_model = model
        _host.risk_free(lambda ns: float(model.get_interest_rate(to_time(ns))))

    def set_benchmark(self, *args):
        if len(args) == 1 and callable(args[0]) and not isinstance(args[0], Symbol):
            f = args[0]
            self._benchmark_func = f
            _host.benchmark_func(lambda ns: float(f(to_time(ns))))
            return
        s = args[-1]
        if isinstance(s, str) and len(args) == 1:
            h = _host.symbol_by_ticker(s)
            symbol = Symbol._of(h) if h >= 0 else Symbol.create(s, SecurityType.EQUITY, "usa")
        elif len(args) == 2:
            symbol = Symbol.create(args[1], args[0], None)
        else:
            symbol = symbol_of(s)
        self._benchmark_func = None
        _host.benchmark(symbol._h)

    @property
    def benchmark(self):
        return _Benchmark(self._benchmark_func)

    def set_security_initializer(self, initializer):
        f = initializer.initialize if hasattr(initializer, "initialize") else initializer
        native = isinstance(initializer, BrokerageModelSecurityInitializer) and type(initializer) is BrokerageModelSecurityInitializer and initializer._seeder is None
        self.security_initializer = initializer
        _host.initializer(None if native or f is None else (lambda h: f(Security._of(h))))

    def add_security_initializer(self, initializer):
        self.set_security_initializer(initializer)

    def set_algorithm_id(self, i):
        self.algorithm_id = i

    def set_maximum_orders(self, n):
        _host.set_setting("maximum_orders", int(n))

    def set_pandas_converter(self, *_):
        pass

    def set_object_store(self, *_):
        pass

    def set_parameters(self, p):
        _host.parameters(dict(p))

    def get_parameter(self, name, default_value=None):
        v = _host.parameter(name)
        if v is None:
            return default_value
        if isinstance(default_value, bool):
            return v.lower() == "true"
        if isinstance(default_value, int):
            return int(float(v))
        if isinstance(default_value, float):
            return float(v)
        return v

    def get_parameters(self):
        return _host.parameter(None)

    # --- what is traded ---

    def _add(self, kind, ticker, resolution=None, market=None, fill_forward=None, leverage=0, extended=None, norm=None):
        s = ticker if isinstance(ticker, Symbol) else Symbol.create(str(ticker).upper() if kind != 0 else ticker, kind, market)
        h = _host.add_security(s._h, _res(resolution), _flag(fill_forward), _flag(extended), float(leverage or 0), _res(norm))
        return Security._of(h)

    def add_security(self, security_type, ticker=None, resolution=None, market=None, fill_forward=None, leverage=0, extended_market_hours=None, data_mapping_mode=None,
                     data_normalization_mode=None, **kw):
        if isinstance(security_type, Symbol):
            s = security_type
            # symbol, resolution, fill forward, leverage, extended hours
            names = ("resolution", "fill_forward", "leverage", "extended_market_hours")
            got = dict(zip(names, (x for x in (ticker, resolution, market, fill_forward))))
            r = got["resolution"] if got["resolution"] is not None else resolution
            return self._add(s.security_type, s, kw.get("resolution", r), None, got["fill_forward"], leverage, extended_market_hours, data_normalization_mode)
        return self._add(security_type, ticker, resolution, market, fill_forward, leverage, extended_market_hours, data_normalization_mode)

    def add_equity(self, ticker, resolution=None, market=None, fill_forward=None, leverage=0, extended_market_hours=None, data_normalization_mode=None, **kw):
        return self._add(SecurityType.EQUITY, ticker, resolution, market, kw.get("fill_data_forward", fill_forward), leverage, extended_market_hours, data_normalization_mode)

    def add_forex(self, ticker, resolution=None, market=None, fill_forward=None, leverage=0):
        return self._add(SecurityType.FOREX, ticker, resolution, market, fill_forward, leverage)

    def add_crypto(self, ticker, resolution=None, market=None, fill_forward=None, leverage=0):
        return self._add(SecurityType.CRYPTO, ticker, resolution, market, fill_forward, leverage)

    def add_cfd(self, ticker, resolution=None, market=None, fill_forward=None, leverage=0):
        return self._add(SecurityType.CFD, ticker, resolution, market, fill_forward, leverage)

    def add_index(self, ticker, resolution=None, market=None, fill_forward=None):
        return self._add(SecurityType.INDEX, ticker, resolution, market, fill_forward, 0)

    def add_option(self, *_, **__):
        raise NotImplementedError("options are not part of this engine yet: run this algorithm on the cloud backend")

    add_option_contract = add_index_option = add_index_option_contract = add_future_option = add_future_option_contract = add_option

    def add_future(self, *_, **__):
        raise NotImplementedError("futures are not part of this engine yet: run this algorithm on the cloud backend")

    add_future_contract = add_crypto_future = add_future

    def add_data(self, type, ticker, resolution=None, time_zone=None, fill_forward=False, leverage=1.0, *more, **kw):
        if isinstance(resolution, SymbolProperties):
            return self._add_with(type, ticker, resolution, time_zone, *more, fill_forward=fill_forward, leverage=leverage, **kw)
        if isinstance(ticker, str) and type().requires_mapping():
            ticker = symbol_of(ticker)  # of the security whose map file it follows
        name = str(ticker) if not isinstance(ticker, Symbol) else None
        under = -1 if name is not None else ticker._h
        if resolution is None:
            d = type().default_resolution()
            resolution = d
        h = _host.add_custom(custom_type(type), name or "", under, int(resolution), str(time_zone) if time_zone else "", bool(fill_forward), float(leverage))
        return Security._of(h)

    def _add_with(self, type, ticker, properties, hours, resolution=None, fill_forward=False, leverage=1.0, **_):
        """A custom type with properties and hours of its own."""
        security = self.add_data(type, ticker, resolution if isinstance(resolution, Resolution) else None, hours.time_zone, fill_forward, leverage)
        if not isinstance(hours, AlwaysOpen):
            _host.security_take_hours(security._h, hours._h)
        _host.security_take_properties(security._h, properties._pack())
        security.__dict__["_own_properties"], security.exchange.hours = properties, hours
        return security

    def remove_security(self, symbol, tag=None):
        return _host.remove_security(symbol_of(symbol)._h, tag)

    def remove_option_contract(self, symbol, tag=None):
        return self.remove_security(symbol, tag)

    def symbol(self, ticker):
        return symbol_of(ticker)

    def ticker(self, symbol):
        return symbol.value

    @property
    def active_securities(self):
        return self.universe_manager.active_securities

    # --- universes ---

    def add_universe(self, *args):
        """A universe, or what one is made of: one or two selections, a date rule
        and a selection, a type of data and a selection, a name and one."""
        first, rest = args[0], args[1:]
        if isinstance(first, Universe):
            return first._add(self, rest[0] if rest else None)
        if hasattr(first, "_kind") and len(args) == 2:
            settings = UniverseSettings(self.universe_settings)
            settings.schedule.on(first)
            return FundamentalUniverse.usa(rest[0], settings)._add(self)
        if isinstance(first, type):
            if not callable(args[-1]) or args[-1] is first:
                args = (*args, lambda points: [p.symbol for p in points])  # everything
            return self._typed_universe(*args)
        if callable(first) and len(args) == 1:
            return FundamentalUniverse.usa(first)._add(self)
        if callable(first) and len(args) == 2 and callable(rest[0]):
            if self.universe_settings.asynchronous:
                raise ValueError("Asynchronous universe setting is not supported for coarse & fine selections, please use the new Fundamental single pass selection")
            return FundamentalUniverse.usa(first)._add(self, rest[0])
        if len(args) >= 2 and not callable(first) and callable(args[-1]):
            return self._custom_universe(*args)
        raise TypeError("the arguments of add_universe are not understood")

    def _typed_universe(self, type, *args):
        """A universe chosen from points of a type: one LEAN has, or the algorithm's own."""
        settings = next((a for a in args if isinstance(a, UniverseSettings)), None)
        if issubclass(type, Fundamental):
            return FundamentalUniverse.usa(args[-1], settings)._add(self)
        names = [a for a in args if isinstance(a, str)]
        kind = next((a for a in args if isinstance(a, SecurityType)), SecurityType.EQUITY)
        resolution = next((a for a in args if isinstance(a, Resolution)), Resolution.DAILY)
        selector = args[-1]

        def make(settings, fine):
            def choose(_, points):
                return chosen(selector(points), fine, companies)
            return _host.universe("custom", names[0], names[1] if len(names) > 1 else "usa", settings._pack(), choose, int(kind), int(resolution), custom_type(type))
        return Universe(-1, make, type, settings)._add(self)

    def add_universe_selection(self, model):
        self._frame()
        self._selection = (self._selection or []) + [model]

    def _custom_universe(self, *args, filled=False):
        f = args[-1]
        name = next((a for a in args if isinstance(a, str)), "custom")
        res = next((a for a in args if isinstance(a, Resolution)), Resolution.DAILY)
        kind = next((a for a in args if isinstance(a, SecurityType)), SecurityType.EQUITY)
        settings = next((a for a in args if isinstance(a, UniverseSettings)), None)
        spans = {Resolution.TICK: 1, Resolution.SECOND: 1_000_000_000, Resolution.MINUTE: 60_000_000_000, Resolution.HOUR: 3_600_000_000_000, Resolution.DAILY: 86_400_000_000_000}

        def make(settings, fine):
            def choose(time, _):
                got = f(to_time(time))
                if got is None or got is Universe.UNCHANGED:
                    return None, -1
                return chosen([s if isinstance(s, Symbol) else Symbol.create(str(s), kind, None) for s in got], fine, companies)
            return _host.universe("timed", name, "usa", settings._pack(), choose, int(kind), spans[res], filled)
        return Universe(-1, make, None, settings)._add(self)

    def fundamentals(self, symbols):
        """What is known of a company, or of each of some, now."""
        now = self._clock.utc
        if isinstance(symbols, (list, tuple)):
            return [company(symbol_of(s), now) for s in symbols]
        return company(symbol_of(symbols), now)

    # --- orders ---

    def _send(self, kind, symbol, quantity, limit=0.0, stop=0.0, trigger=0.0, trailing=0.0, percent=False, asynchronous=False, tag="", properties=None):
        if properties is None:
            properties = self.default_order_properties
        try:
            s = symbol_of(symbol)
        except KeyError:
            s = Symbol.create(symbol, SecurityType.EQUITY, "usa")
        if _host.security_of(s._h) < 0:
            self.add_security(s)  # an order adds what it is for
        return OrderTicket._of(_host.order(kind, s._h, quantity, float(limit), float(stop), float(trigger), float(trailing), bool(percent), bool(asynchronous), tag or "",
                                           _props(properties)))

    def market_order(self, symbol, quantity, asynchronous=False, tag="", order_properties=None):
        return self._send(0, symbol, quantity, asynchronous=asynchronous, tag=tag, properties=order_properties)

    def order(self, symbol, quantity, asynchronous=False, tag="", order_properties=None):
        return self.market_order(symbol, quantity, asynchronous, tag, order_properties)

    def buy(self, symbol, quantity):
        return self.market_order(symbol, abs(quantity))

    def sell(self, symbol, quantity):
        return self.market_order(symbol, -abs(quantity))

    def limit_order(self, symbol, quantity, limit_price, asynchronous=False, tag="", order_properties=None):
        return self._send(1, symbol, quantity, limit=limit_price, asynchronous=asynchronous, tag=tag, properties=order_properties)

    def stop_market_order(self, symbol, quantity, stop_price, asynchronous=False, tag="", order_properties=None):
        return self._send(2, symbol, quantity, stop=stop_price, asynchronous=asynchronous, tag=tag, properties=order_properties)

    def stop_limit_order(self, symbol, quantity, stop_price, limit_price, asynchronous=False, tag="", order_properties=None):
        return self._send(3, symbol, quantity, limit=limit_price, stop=stop_price, asynchronous=asynchronous, tag=tag, properties=order_properties)

    def market_on_open_order(self, symbol, quantity, asynchronous=False, tag="", order_properties=None):
        return self._send(4, symbol, quantity, asynchronous=asynchronous, tag=tag, properties=order_properties)

    def market_on_close_order(self, symbol, quantity, asynchronous=False, tag="", order_properties=None):
        return self._send(5, symbol, quantity, asynchronous=asynchronous, tag=tag, properties=order_properties)

    def limit_if_touched_order(self, symbol, quantity, trigger_price, limit_price, asynchronous=False, tag="", order_properties=None):
        return self._send(7, symbol, quantity, limit=limit_price, trigger=trigger_price, asynchronous=asynchronous, tag=tag, properties=order_properties)

    def trailing_stop_order(self, symbol, quantity, *args, **kw):
        names = ["stop_price", "trailing_amount", "trailing_as_percentage", "asynchronous", "tag", "order_properties"]
        args = list(args)
        if "stop_price" not in kw and (len(args) < 2 or isinstance(args[1], bool) or not args):
            names = names[1:]
        got = dict(zip(names, args))
        got.update(kw)
        return self._send(11, symbol, quantity, stop=got.get("stop_price", 0.0), trailing=got["trailing_amount"], percent=got.get("trailing_as_percentage", False),
                          asynchronous=got.get("asynchronous", False), tag=got.get("tag", ""), properties=got.get("order_properties"))

    def set_holdings(self, *args, **kw):
        first = args[0] if args else kw.pop("symbol", None) or kw.pop("targets", None)
        rest = list(args[1:])
        if isinstance(first, (list, tuple)):
            names = ("liquidate_existing_holdings", "asynchronous", "tag", "order_properties")
            got = dict(zip(names, rest))
            got.update(kw)
            targets = tuple((symbol_of(t.symbol)._h, t.quantity) for t in first)
            h = _host.set_holdings_of(targets, bool(got.get("liquidate_existing_holdings", False)), bool(got.get("asynchronous", False)), got.get("tag"),
                                      _props(got.get("order_properties") or self.default_order_properties))
            return [OrderTicket._of(x) for x in h]
        names = ("percentage", "liquidate_existing_holdings", "asynchronous", "tag", "order_properties")
        got = dict(zip(names, rest))
        got.update(kw)
        tag, asynchronous = got.get("tag"), got.get("asynchronous", False)
        if isinstance(asynchronous, str):
            tag, asynchronous = asynchronous, False
        h = _host.set_holdings(symbol_of(first)._h, got["percentage"], bool(got.get("liquidate_existing_holdings", False)), bool(asynchronous), tag,
                               _props(got.get("order_properties") or self.default_order_properties))
        return [OrderTicket._of(x) for x in h]

    def liquidate(self, symbol=None, asynchronous=False, tag=None, order_properties=None):
        if isinstance(asynchronous, str):
            tag, asynchronous = asynchronous, False
        if symbol is None:
            which = None
        elif isinstance(symbol, (list, tuple)):
            which = tuple(symbol_of(s)._h for s in symbol)
        else:
            which = (symbol_of(symbol)._h,)
        h = _host.liquidate(which, bool(asynchronous), tag, _props(order_properties or self.default_order_properties))
        return [OrderTicket._of(x) for x in h]

    def calculate_order_quantity(self, symbol, target):
        return _host.target_quantity(symbol_of(symbol)._h, target)

    def is_market_open(self, symbol):
        return _host.hours_open(_host.security_of(symbol_of(symbol)._h), _host.security_local(_host.security_of(symbol_of(symbol)._h)), False)

    def shortable(self, symbol, quantity=None, update_order_id=None):
        h = _host.security_of(symbol_of(symbol)._h)
        return _host.shortable(h, quantity)

    def shortable_quantity(self, symbol):
        return _host.shortable_quantity(_host.security_of(symbol_of(symbol)._h))

    def quit(self, message=""):
        _host.quit(message)

    # --- words ---

    def debug(self, message):
        _host.say("debug", str(message))

    def log(self, message):
        _host.say("log", str(message))

    def error(self, message):
        _host.say("error", str(message))

    def set_runtime_statistic(self, name, value):
        self._runtime[name] = str(value)

    def set_summary_statistic(self, name, value):
        self._summary[str(name)] = str(value)

    @property
    def runtime_statistics(self):
        return self._runtime

    # --- charts ---

    def add_chart(self, chart):
        self._charts[chart.name] = chart
        for s in chart.series.values():
            _host.chart_series(chart.name, s.name, int(s.series_type), s.index, s.unit)

    def add_series(self, chart, series, type=SeriesType.LINE, unit="$", index=0):
        _host.chart_series(chart, series, int(type), index, unit)

    def plot(self, *args):
        args = tuple(str(a) if isinstance(a, Symbol) else a for a in args)
        if len(args) == 1:
            args = (getattr(args[0], "name", "Strategy Equity"), args[0])
        if len(args) == 2 and isinstance(args[0], str) and isinstance(args[1], (IndicatorBase, PythonIndicator)):
            self._point(args[0], args[1].name, args[1])
        elif len(args) == 2:
            self._point("Strategy Equity", args[0], args[1])
        elif isinstance(args[1], str):
            if len(args) == 6:
                _host.chart_candle(args[0], args[1], *(float(x) for x in args[2:]))
                return
            self._point(*args[:3])
        else:
            for i in args[1:]:
                self._point(args[0], i.name, i)

    def _point(self, chart, series, value):
        if isinstance(value, (TradeBar,)):
            _host.chart_candle(chart, series, value.open, value.high, value.low, value.close)
            return
        _host.chart_point(chart, series, float(value.value if isinstance(value, PythonIndicator) else value))

    def plot_indicator(self, chart, *indicators):
        for i in indicators:
            if i is True or i is False:
                continue
            def tell(sender, _, i=i):
                if i.is_ready:
                    self._point(chart, i.name, i)
            i.updated += tell
            if isinstance(i, IndicatorBase):
                _host.indicator_tell(i._h, lambda i=i: i._told())

    def record(self, series, value):
        self._point("Strategy Equity", series, value)

    # --- consolidators ---

    def resolve_consolidator(self, symbol, period, *_):
        s = symbol_of(symbol)
        kind = _host.first_type(s._h)
        cls = {0: TradeBarConsolidator, 1: QuoteBarConsolidator, 2: TickConsolidator, 3: TickQuoteBarConsolidator}.get(kind, BaseDataConsolidator)
        if period is None or (isinstance(period, Resolution) and _host.resolution_of(s._h) == int(period)):
            return IdentityDataConsolidator()
        return self._day_consolidator(s, period, kind) or cls(period)

    def _day_consolidator(self, symbol, period, kind):
        """Whole days end with the market's hours, not at midnight."""
        name = {0: "trade", 1: "quote", 2: "tick", 3: "tickquote"}.get(kind)
        if not isinstance(period, Resolution) or period != Resolution.DAILY or name is None:
            return None
        c = MarketHourAwareConsolidator.__new__(MarketHourAwareConsolidator)
        c._of(name, int(period), self.settings.daily_precise_end_time, False, symbol._h)
        return c

    def consolidate(self, *args, **kw):
        types = [a for a in args if isinstance(a, type)]
        args = [a for a in args if not isinstance(a, type)]
        symbol, period = args[0], args[1]
        handler = args[-1]
        tick = next((a for a in args[2:] if isinstance(a, TickType)), None)
        s = symbol_of(symbol)
        kinds = _host.types_of(s._h)
        want = types[0] if types else None
        if want is not None:
            wanted = {TradeBar: (0, 2), QuoteBar: (1, 3), Tick: (2, 3)}.get(want, tuple(range(6)))
            if not any(k in wanted for k in kinds):
                raise ValueError(f"Unable to locate subscription for {s} of type {want.__name__}")
        if want is not None and want.__name__ in ("RenkoBar", "VolumeRenkoBar", "RangeBar"):
            c = {"RenkoBar": RenkoConsolidator, "VolumeRenkoBar": VolumeRenkoConsolidator, "RangeBar": RangeConsolidator}[want.__name__](period)
        elif want is not None and want not in (TradeBar, QuoteBar, Tick):
            c = BaseDataConsolidator(period)
        elif isinstance(period, (timedelta, Resolution)) or callable(period) or isinstance(period, int):
            kind = kinds[0] if kinds else 4
            if tick is not None:
                kind = next((k for k in kinds if (k in (1, 3)) == (tick == TickType.QUOTE)), None)
                if kind is None:
                    raise ValueError(f"Unable to locate subscription for {s} of tick type {tick}")
            elif want is QuoteBar:
                kind = next(k for k in kinds if k in (1, 3))
            elif want is TradeBar:
                kind = next(k for k in kinds if k in (0, 2))
            cls = {0: TradeBarConsolidator, 1: QuoteBarConsolidator, 2: TickConsolidator, 3: TickQuoteBarConsolidator}.get(kind, BaseDataConsolidator)
            if isinstance(period, Resolution) and _host.resolution_of(s._h) == int(period):
                c = IdentityDataConsolidator()
            else:
                c = self._day_consolidator(s, period, kind) or cls(period)
            tick = TickType.QUOTE if kind in (1, 3) else TickType.TRADE
        else:
            raise TypeError("the period of a consolidator is a timedelta, a resolution or a calendar")
        c.data_consolidated += lambda sender, bar: handler(bar)
        self.subscription_manager.add_consolidator(s, c, tick)
        return c

    # --- indicators ---

    def register_indicator(self, symbol, indicator, resolution=None, selector=None):
        s = symbol_of(symbol)
        consolidator = resolution
        if callable(resolution) and not isinstance(resolution, (type, Resolution)) and not hasattr(resolution, "data_consolidated"):
            consolidator, selector = None, resolution
        if consolidator is None or isinstance(consolidator, (Resolution, timedelta)):
            if isinstance(indicator, IndicatorBase) and selector is None and (consolidator is None or isinstance(consolidator, Resolution) and int(consolidator) == _host.resolution_of(s._h)):
                _host.indicator_register(indicator._h, s._h)
                indicator.__dict__.setdefault("_registered", []).append((s, None))
                return
            consolidator = self.resolve_consolidator(s, consolidator)
        def feed(sender, bar):
            if isinstance(indicator, IndicatorBase):
                if selector is None:
                    indicator.update(bar)
                else:
                    v = selector(bar)
                    if isinstance(v, (int, float)):
                        indicator.update(bar.end_time, v)
                    else:
                        indicator.update(v)
            else:
                x = bar if selector is None else selector(bar)
                if isinstance(x, (int, float)):
                    x = IndicatorDataPoint(s, bar.end_time, x)
                update_python(indicator, x)
        consolidator.data_consolidated += feed
        self.subscription_manager.add_consolidator(s, consolidator)
        try:
            indicator.__dict__.setdefault("_registered", []).append((s, consolidator))
        except AttributeError:
            pass

    def unregister_indicator(self, indicator):
        for s, c in indicator.__dict__.pop("_registered", []):
            if c is None:
                _host.indicator_unregister(indicator._h)
            else:
                self.subscription_manager.remove_consolidator(s, c)

    deregister_indicator = unregister_indicator

    def warm_up_indicator(self, symbol, indicator, resolution=None, selector=None):
        period = getattr(indicator, "warm_up_period", None) or getattr(indicator, "WarmUpPeriod", 0)
        if not period:
            return
        symbols = symbol if isinstance(symbol, (list, tuple)) else [symbol]
        spans = {timedelta(seconds=1): Resolution.SECOND, timedelta(minutes=1): Resolution.MINUTE, timedelta(hours=1): Resolution.HOUR, timedelta(days=1): Resolution.DAILY}
        if isinstance(resolution, timedelta):
            if resolution not in spans:
                return self._warm_up_span(symbols, indicator, resolution, int(period), selector)
            resolution = spans[resolution]
        for bar in self._points(symbols, int(period), resolution):
            if isinstance(indicator, IndicatorBase):
                if selector is None:
                    indicator.update(bar)
                else:
                    v = selector(bar)
                    indicator.update(bar.end_time, v) if isinstance(v, (int, float)) else indicator.update(v)
            else:
                update_python(indicator, bar)

    def _warm_up_span(self, symbols, indicator, span, periods, selector):
        """Warms up with bars of a length that no resolution has."""
        finest = next(r for r, s in ((Resolution.DAILY, 86400), (Resolution.HOUR, 3600), (Resolution.MINUTE, 60), (Resolution.SECOND, 1)) if span.total_seconds() % s == 0)
        each = {Resolution.DAILY: 86400, Resolution.HOUR: 3600, Resolution.MINUTE: 60, Resolution.SECOND: 1}[finest]
        c = TradeBarConsolidator(span)
        c.data_consolidated += lambda _, bar: indicator.update(bar) if selector is None else indicator.update(bar.end_time, selector(bar))
        for bar in self._points(symbols, int(periods * span.total_seconds() // each), finest):
            c.update(bar)

    def indicator_history(self, indicator, symbol, *args, **kw):
        from .history import indicator_history
        return indicator_history(self, indicator, symbol, *args, **kw)

    def create_indicator_name(self, symbol, type, resolution=None):
        return _host.indicator_full_name(symbol_of(symbol)._h if symbol is not None else -1, type, _res(resolution))

    def filtered_identity(self, symbol, resolution=None, selector=None, filter=None, field_name=""):
        """The value of the data that a filter lets through."""
        from .indicators import _CLASSES
        s = symbol_of(symbol)
        one = _CLASSES["Identity"](self.create_indicator_name(s, field_name or "close", resolution))
        c = self.resolve_consolidator(s, resolution)

        def feed(_, point):
            if filter is None or filter(point):
                v = point.value if selector is None else selector(point)
                one.update(point.end_time, v if isinstance(v, (int, float)) else v.value)
        c.data_consolidated += feed
        self.subscription_manager.add_consolidator(s, c)
        return one

    # --- history ---

    @property
    def history(self):
        return _History(self)

    def __class_getitem__(cls, item):
        return cls

    def _points(self, symbols, periods, resolution):
        from .history import points
        return points([symbol_of(s) for s in symbols], periods, None, None, resolution)

    def get_last_known_price(self, security):
        got = _host.last_known(security._h)
        return got[-1] if got else None

    def get_last_known_prices(self, security):
        s = security if isinstance(security, Symbol) else security.symbol
        return _host.last_known(_host.security_of(s._h))

    def seed_securities(self, *_):
        pass

    # --- framework ---

    def set_alpha(self, model):
        self._frame().alphas = [model]

    def add_alpha(self, model):
        self._frame().alphas.append(model)

    def set_portfolio_construction(self, model):
        self._frame().construction = model

    def set_execution(self, model):
        self._frame().execution = model

    def set_risk_management(self, model):
        self._frame().risks = [model]

    def add_risk_management(self, model):
        self._frame().risks.append(model)

    def set_universe_selection(self, model):
        self._frame()
        self._selection = [model]

    def _frame(self):
        f = self.__dict__.get("_framework")
        if f is None:
            from .framework import Framework
            f = Framework(self)
            object.__setattr__(self, "_framework", f)
            _host.framework(True)
        return f

    def emit_insights(self, *insights):
        f = self._frame()
        flat = []
        for i in insights:
            flat.extend(i if isinstance(i, (list, tuple)) else [i])
        f.emit(flat)

    @property
    def insights(self):
        return self._frame().insights

    def train(self, *args):
        if len(args) == 1:
            args[0]()
        else:
            self.schedule.on(*args)

    def download(self, *_, **__):
        raise RuntimeError("there is no network in a backtest")

    # --- identifiers ---

    def _identify(self, column, symbol):
        return _host.identifier(column, symbol_of(symbol)._h)

    def cusip(self, x, *_):
        return self._id(0, x)

    def composite_figi(self, x, *_):
        return self._id(1, x)

    def sedol(self, x, *_):
        return self._id(2, x)

    def isin(self, x, *_):
        return self._id(3, x)

    def cik(self, x, *_):
        return self._id(4, x)

    def _id(self, column, x):
        if isinstance(x, Symbol):
            return _host.identifier(column, x._h, "")
        h = _host.identifier(column, -1, str(x))
        return Symbol._of(h) if isinstance(h, int) and h >= 0 else None


class _History:
    """history(...), and history[TradeBar](...) as C# writes it."""

    __slots__ = ("_a", "_type")

    def __init__(self, a, type=None):
        self._a, self._type = a, type

    def __call__(self, *args, **kw):
        from .history import history
        return history(self._a, *([self._type] if self._type is not None else []), *args, _typed=self._type is not None, **kw)

    def __getitem__(self, type):
        return _History(self._a, type)


class _Benchmark(Api):
    def __init__(self, func):
        self._func = func

    def evaluate(self, time):
        return _host.benchmark_value() if self._func is None else self._func(time)


def update_python(indicator, point):
    """Feeds an indicator written in Python."""
    f = getattr(indicator, "update", None) or getattr(indicator, "Update", None)
    ready = f(point)
    try:
        indicator._samples = getattr(indicator, "_samples", 0) + 1
        indicator._was_ready = bool(ready)
        indicator.current.time = point.end_time
    except AttributeError:
        pass
    hook = indicator.__dict__.get("updated")
    if hook:
        hook(indicator, indicator.current)
    return ready


class _Reader:
    """Reads a custom type's lines for the engine."""

    def __init__(self, kind):
        self._kind = kind
        self._one = kind()

    def _get(self, *names):
        for n in names:
            f = getattr(self._one, n, None)
            if f is not None:
                return f
        return None

    def source(self, config, date, live):
        f = getattr(type(self._one), "GetSource", None) if "GetSource" in vars(self._kind) else None
        got = (self._one.GetSource if f else self._one.get_source)(SubscriptionDataConfig(config), to_time(date), live)
        if got is None:
            return None
        return (str(got.source), int(got.transport_medium), bool(got.sort), int(got.format))

    def read(self, config, line, date, live):
        c = SubscriptionDataConfig(config)
        got = (self._one.Reader if "Reader" in vars(self._kind) else self._one.reader)(c, line, to_time(date), live)
        if got is None:
            return None
        if got.symbol is None:
            got.symbol = c.symbol
        start = to_ns(got.time)
        return (start, max(start, to_ns(getattr(got, "end_time", got.time))), float(got.value or 0.0), got)


_TYPES = {}


def custom_type(kind):
    """The engine's handle of a type of the algorithm's own."""
    if kind not in _TYPES:
        probe = kind()
        zone = probe.data_time_zone()
        _TYPES[kind] = _host.custom_type(kind, kind.__name__, bool(probe.requires_mapping()), bool(probe.is_sparse_data()), _Reader(kind), str(zone) if zone else "America/New_York")
    return _TYPES[kind]


def _helpers():
    """The methods that make and register an indicator: sma, rsi, bb ..."""
    by = {}
    for method, cls, params, key, selector in _host.indicator_helpers():
        by.setdefault(method, []).append((cls, params, key, selector))
    for method, overloads in by.items():
        if "." not in method:
            setattr(QCAlgorithm, method, _helper(method, overloads))
            setattr(QCAlgorithm, method.upper(), getattr(QCAlgorithm, method))
            setattr(QCAlgorithm, pascal(method), getattr(QCAlgorithm, method))
    _CandlePatterns._by = {m.split(".")[1]: _helper(m, o) for m, o in by.items() if "." in m}


class _CandlePatterns:
    """candlestick_patterns.doji(...) and the like."""

    _by = {}

    def __init__(self, a):
        self._a = a

    def __getattr__(self, name):
        f = self._by.get(snake(name))
        if f is None:
            raise AttributeError(name)
        return lambda *args, **kw: f(self._a, *args, **kw)


QCAlgorithm.candlestick_patterns = QCAlgorithm.CandlestickPatterns = property(_CandlePatterns)


def _bind(params, args, kw):
    """Arguments by name, None where they do not fit the parameters."""
    names = [p[0] for p in params]
    lead = bool(names) and params[0][3] in ("symbol", "symbols")
    order = ([] if lead else ["symbol"]) + names + ["resolution", "selector"]
    got, i = {}, 0
    for a in args:
        if isinstance(a, Resolution) or (a is not None and callable(a) and not isinstance(a, (type, Symbol)) and not hasattr(a, "symbol")):
            got["resolution" if isinstance(a, Resolution) else "selector"] = a
            continue
        if i >= len(order):
            return None
        n = order[i]
        if n == "resolution" and isinstance(a, timedelta):
            got["resolution"] = a
        elif n in ("resolution", "selector") and a is not None:
            return None
        else:
            kind = next((p[3] for p in params if p[0] == n), "")
            if kind == "int" and isinstance(a, float) and a != int(a):
                return None
            if kind == "symbol" and not isinstance(a, (str, Symbol)) and not hasattr(a, "symbol") or kind == "symbols" and not isinstance(a, (list, tuple)):
                return None
            if kind in ("int", "float") and (isinstance(a, (str, Symbol)) or isinstance(a, (list, tuple))):
                return None
            got[n] = a
        i += 1
    for k, v in kw.items():
        if k not in order:
            return None
        got[k] = v
    for p in params:
        if p[2]:
            got.setdefault(p[0], p[1])
        elif p[0] not in got:
            return None
    return got, order


def _helper(method, overloads):
    def make(self, *args, **kw):
        from . import indicators
        for cls, params, key, field in overloads:
            bound = _bind(params, args, kw)
            if bound is not None:
                break
        else:
            wants = " or ".join("(" + ", ".join(p[0] for p in o[1]) + ")" for o in overloads)
            raise TypeError(f"{method}() takes a symbol and {wants}, then resolution and selector")
        got, order = bound
        values = {p[0]: got[p[0]] for p in params}
        symbols = [got["symbol"]] if "symbol" in got else []
        for p in params:
            if p[3] == "symbol":
                symbols.append(values[p[0]])
            elif p[3] == "symbols":
                symbols.extend(values[p[0]])
        symbols = [symbol_of(s) for s in symbols]
        for p in params:
            if p[3] == "symbol":
                values[p[0]] = str(symbol_of(values[p[0]]).id)
            elif p[3] == "symbols":
                values[p[0]] = [str(symbol_of(s).id) for s in values[p[0]]]
            else:
                values[p[0]] = _plain(values[p[0]])
        resolution, selector = got.get("resolution"), got.get("selector")
        first = symbols[0] if "symbol" in got or len(symbols) == 1 else None
        name = _host.indicator_full_name(symbols[0]._h if first is not None else -1, _host.indicator_text(key, values), _res(resolution) if not isinstance(resolution, timedelta) else -1)
        one = indicators.IndicatorBase._of(_host.indicator_from(key, name, values))
        if selector is None and field:
            selector = {"high": lambda b: b.high, "low": lambda b: b.low}.get(field)
        if self.settings.automatic_indicator_warm_up:
            for x in symbols:
                self.warm_up_indicator(x, one, resolution, selector)
        for x in symbols:
            self.register_indicator(x, one, resolution, selector)
        return one

    make.__name__ = method
    return make


_helpers()
QCFrameworkAlgorithm = QCAlgorithm
