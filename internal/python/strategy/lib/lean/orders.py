"""Orders, tickets and events."""

from datetime import datetime, timedelta

import _host
from .names import Api, Enum
from .enums import OrderType, OrderStatus, OrderDirection, OrderField, OrderResponseErrorCode, OrderRequestStatus, SecurityType
from .data import Symbol, to_time, to_ns


class TimeInForce(Api):
    """How long an order works."""

    def __init__(self, kind=0, expiry=0):
        self._kind, self._expiry = kind, expiry

    @staticmethod
    def good_til_date(expiry):
        return GoodTilDateTimeInForce(expiry)


class GoodTilCanceledTimeInForce(TimeInForce):
    def __init__(self):
        super().__init__(0)


class DayTimeInForce(TimeInForce):
    def __init__(self):
        super().__init__(1)


class GoodTilDateTimeInForce(TimeInForce):
    def __init__(self, expiry):
        super().__init__(2, to_ns(expiry))
        self.expiry = expiry


TimeInForce.GOOD_TIL_CANCELED = TimeInForce.GoodTilCanceled = GoodTilCanceledTimeInForce()
TimeInForce.DAY = TimeInForce.Day = DayTimeInForce()
TimeInForce.GoodTilDate = TimeInForce.GOOD_TIL_DATE = TimeInForce.good_til_date


# The default of what is written even where there is none.
_NULL = object()


class OrderProperties(Api):
    """What an order carries beside its prices."""

    _extra = ()

    def __init__(self, exchange=None):
        self.time_in_force = TimeInForce.GOOD_TIL_CANCELED
        self.exchange = exchange

    def __setattr__(self, name, value):
        if name[:1].isupper():
            from .names import snake
            name = snake(name)
        object.__setattr__(self, name, value)

    def _pack(self):
        t = self.time_in_force
        extra = []
        for name, key, default in self._extra:
            v = getattr(self, name, None)
            if v is None and default is _NULL:
                v = "null"
            elif v is None or v == default:
                continue
            elif isinstance(v, bool):
                v = "true" if v else "false"
            elif isinstance(v, (int, float)):
                v = repr(float(v)) if isinstance(v, float) else str(int(v))
            else:
                v = '"' + str(v) + '"'
            extra.append((key, v))
        exchange = self.exchange._json() if self.exchange is not None else None
        return (t._kind, t._expiry, tuple(extra), exchange, self)


class InteractiveBrokersOrderProperties(OrderProperties):
    _extra = (("account", "account", None), ("fa_group", "faGroup", None), ("fa_method", "faMethod", None), ("fa_percentage", "faPercentage", 0),
              ("outside_regular_trading_hours", "outsideRegularTradingHours", False))

    def __init__(self):
        super().__init__()
        self.account = self.fa_group = self.fa_method = None
        self.fa_percentage = 0
        self.outside_regular_trading_hours = False


class _PostOnly(OrderProperties):
    _extra = (("post_only", "postOnly", False),)

    def __init__(self):
        super().__init__()
        self.post_only = False


class CoinbaseOrderProperties(_PostOnly):
    pass


class GDAXOrderProperties(_PostOnly):
    pass


class BinanceOrderProperties(_PostOnly):
    pass


class BitfinexOrderProperties(_PostOnly):
    pass


class BybitOrderProperties(_PostOnly):
    pass


class KrakenOrderProperties(_PostOnly):
    pass


class IndiaOrderProperties(OrderProperties):
    _extra = (("product_type", "productType", _NULL),)

    def __init__(self, exchange=None, product_type=None):
        super().__init__(exchange)
        self.product_type = {0: "MIS", 1: "CNC", 2: "NRML"}.get(product_type, product_type)


class _Product(Enum):
    MIS, CNC, NRML = range(3)


IndiaOrderProperties.IndiaProductType = _Product


class TradierOrderProperties(OrderProperties):
    pass


class AlpacaOrderProperties(OrderProperties):
    pass


class OrderFee(Api):
    """What an order costs."""

    def __init__(self, value):
        self.value = self.Value = value


OrderFee.ZERO = OrderFee.Zero = None


class CashAmount(Api):
    """An amount of a currency."""

    def __init__(self, amount=0.0, currency="USD"):
        self.amount = self.Amount = amount
        self.currency = self.Currency = currency


OrderFee.ZERO = OrderFee.Zero = OrderFee(CashAmount(0.0, "USD"))


class OrderResponse(Api):
    def __init__(self, code="", message="", processed=True):
        self._code, self.error_message, self._done = code, message, processed

    @property
    def error_code(self):
        if not self._code:
            return OrderResponseErrorCode.NONE
        return getattr(OrderResponseErrorCode, self._code, OrderResponseErrorCode.PROCESSING_ERROR)

    @property
    def is_error(self):
        return bool(self._code)

    @property
    def is_success(self):
        return not self._code

    @property
    def is_processed(self):
        return self._done

    def __str__(self):
        return f"Error: {self.error_code} - {self.error_message}" if self._code else "Success"


class UpdateOrderFields(Api):
    def __init__(self):
        self.quantity = self.limit_price = self.stop_price = self.trigger_price = self.trailing_amount = self.tag = None

    def __setattr__(self, name, value):
        if name[:1].isupper():
            from .names import snake
            name = snake(name)
        object.__setattr__(self, name, value)


class UpdateOrderRequest(UpdateOrderFields):
    """A change of an order that is asked for."""

    def __init__(self, time, order_id, fields):
        self.__dict__.update(fields.__dict__)
        self.time, self.order_id = time, order_id


class _OrderBase(Api):
    """An order, read from the engine; a copy of the time it was asked for."""

    def __init__(self, handle, fields):
        self._h = handle
        (self.id, kind, symbol, self.quantity, status, self.tag, self.price, self.price_currency, time, fill, update, cancel,
         self.limit_price, self.stop_price, self.trigger_price, self.trailing_amount, self.trailing_as_percentage, triggered, self._props, sub, self.broker_id) = fields
        self.type, self.status = OrderType(kind), OrderStatus(status)
        self.symbol = Symbol._of(symbol)
        self.time = self.created_time = to_time(time)
        self.last_fill_time = to_time(fill) if fill else None
        self.last_update_time = to_time(update) if update else None
        self.canceled_time = to_time(cancel) if cancel else None
        self.stop_triggered = self.trigger_touched = triggered
        self.contingent_id = 0
        self.group_order_manager = None
        self.order_submission_data = _Submission(*sub) if sub else None

    def __getattr__(self, name):
        from .names import snake
        low = snake(name)
        if low != name and low in self.__dict__:
            return self.__dict__[low]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    @property
    def direction(self):
        return OrderDirection.BUY if self.quantity > 0 else OrderDirection.SELL if self.quantity < 0 else OrderDirection.HOLD

    @property
    def absolute_quantity(self):
        return abs(self.quantity)

    @property
    def security_type(self):
        return self.symbol.security_type

    @property
    def value(self):
        return self.quantity * self.price

    @property
    def properties(self):
        return self._props if self._props is not None else OrderProperties()

    @property
    def time_in_force(self):
        return self.properties.time_in_force

    def get_value(self, security):
        return _host.order_value(self._h, security._h)

    def __str__(self):
        return f"OrderId: {self.id} (BrokerId: {', '.join(self.broker_id)}) {self.status} {self.type} order for {self.quantity:g} unit{'' if abs(self.quantity) == 1 else 's'} of {self.symbol}"


class _Submission(Api):
    def __init__(self, bid, ask, last):
        self.bid_price, self.ask_price, self.last_price = bid, ask, last


class Order(_OrderBase):
    pass


def _kind(name):
    return type(name, (Order,), {})


MarketOrder = _kind("MarketOrder")
LimitOrder = _kind("LimitOrder")
StopMarketOrder = _kind("StopMarketOrder")
StopLimitOrder = _kind("StopLimitOrder")
MarketOnOpenOrder = _kind("MarketOnOpenOrder")
LimitIfTouchedOrder = _kind("LimitIfTouchedOrder")
TrailingStopOrder = _kind("TrailingStopOrder")
OptionExerciseOrder = _kind("OptionExerciseOrder")
ComboMarketOrder = _kind("ComboMarketOrder")


class MarketOnCloseOrder(Order):
    """SubmissionTimeBuffer is how long before the close they must be sent."""


class _Buffer(type(MarketOnCloseOrder)):
    @property
    def submission_time_buffer(cls):
        return timedelta(microseconds=_host.close_buffer(0) // 1000)

    @submission_time_buffer.setter
    def submission_time_buffer(cls, v):
        from .data import span_ns
        _host.close_buffer(span_ns(v))

    SubmissionTimeBuffer = SUBMISSION_TIME_BUFFER = submission_time_buffer


MarketOnCloseOrder = _Buffer("MarketOnCloseOrder", (Order,), {"default_submission_time_buffer": timedelta(minutes=15, seconds=30), "DEFAULT_SUBMISSION_TIME_BUFFER": timedelta(minutes=15, seconds=30), "DefaultSubmissionTimeBuffer": timedelta(minutes=15, seconds=30)})

_BY_TYPE = {0: MarketOrder, 1: LimitOrder, 2: StopMarketOrder, 3: StopLimitOrder, 4: MarketOnOpenOrder, 5: MarketOnCloseOrder, 6: OptionExerciseOrder,
            7: LimitIfTouchedOrder, 8: ComboMarketOrder, 11: TrailingStopOrder}


def order_of(handle, fields):
    return _BY_TYPE.get(fields[1], Order)(handle, fields)


def _short(x):
    """A number as a decimal of seven digits is printed."""
    x = float(x)
    if x == int(x):
        return str(int(x))
    if abs(x) > 1000:
        return f"{round(x, 4):.4f}".rstrip("0").rstrip(".")
    from math import floor, log10
    return f"{x:.{max(0, 6 - floor(log10(abs(x))))}f}".rstrip("0").rstrip(".")


class OrderEvent(Api):
    """One thing that happened to an order."""

    def __init__(self, order=None, utc_time=None, order_fee=None, message="", **kw):
        self.fill_price = 0.0
        self.fill_quantity = 0.0
        self.message = message
        self.order_fee = order_fee or OrderFee.ZERO
        self.is_assignment = False
        self.ticket = None
        self.limit_price = self.stop_price = self.trigger_price = None
        if order is not None and not isinstance(order, int):
            self.order_id, self.symbol, self.status, self.direction, self.quantity = order.id, order.symbol, order.status, order.direction, order.quantity
            self.utc_time = utc_time
        elif order is not None:
            # order id, symbol, time, status, direction, fill price, fill quantity, fee, message
            raise TypeError("make an OrderEvent of an order")

    @classmethod
    def _of(cls, fields):
        e = object.__new__(cls)
        (e.id, e.order_id, symbol, time, status, direction, e.fill_price, e.fill_quantity, e.quantity, fee, currency, e.fill_price_currency, e.message,
         e.limit_price, e.stop_price, e.trigger_price, ticket) = fields
        e.symbol, e.utc_time = Symbol._of(symbol), to_time(time)
        e.status, e.direction = OrderStatus(status), OrderDirection(direction)
        e.order_fee = OrderFee(CashAmount(fee, currency))
        e.ticket = OrderTicket._of(ticket)
        e.is_assignment = False
        return e

    _NAMES = None

    def __getattr__(self, name):
        from .names import snake
        low = snake(name)
        if low != name and low in self.__dict__:
            return self.__dict__[low]
        raise AttributeError(f"'OrderEvent' object has no attribute '{name}'")

    def __setattr__(self, name, value):
        if name[:1].isupper():
            from .names import snake
            name = snake(name)
        object.__setattr__(self, name, value)

    @property
    def absolute_fill_quantity(self):
        return abs(self.fill_quantity)

    def __str__(self):
        sign = {"USD": "$", "EUR": "€", "GBP": "₤", "JPY": "¥", "INR": "₹"}.get(self.fill_price_currency, self.fill_price_currency)
        t = self.utc_time
        s = f"Time: {t.month:02d}/{t.day:02d}/{t.year} {t:%H:%M:%S} OrderID: {self.order_id} EventID: {self.id} Symbol: {self.symbol} Status: {self.status} Quantity: {_short(self.quantity)}"
        if self.fill_quantity:
            s += f" FillQuantity: {_short(self.fill_quantity)} FillPrice: {sign}{_short(self.fill_price)}"
        for name, p in (("LimitPrice", self.limit_price), ("StopPrice", self.stop_price), ("TriggerPrice", self.trigger_price)):
            if p is not None:
                s += f" {name}: {sign}{_short(p)}"
        if self.order_fee.value.amount:
            s += f" OrderFee: {_short(self.order_fee.value.amount)} {self.order_fee.value.currency}"
        if self.message:
            s += f" Message: {self.message}"
        return s

    def short_to_string(self):
        return str(self)

    def to_string(self):
        return str(self)


class SubmitOrderRequest(Api):
    """What an order is made from."""

    def __init__(self, order_type, security_type, symbol, quantity, stop_price, limit_price, *more, **kw):
        from .data import symbol_of
        more = list(more)
        at = next((i for i, m in enumerate(more) if isinstance(m, datetime)), len(more))
        prices, rest = more[:at], more[at + 1:]
        self.order_type, self.security_type, self.symbol, self.quantity = OrderType(order_type), security_type, symbol_of(symbol), quantity
        self.stop_price, self.limit_price = stop_price, limit_price
        self.trigger_price = prices[0] if prices else kw.get("trigger_price", 0)
        self.trailing_amount = prices[1] if len(prices) > 1 else kw.get("trailing_amount", 0)
        self.trailing_as_percentage = prices[2] if len(prices) > 2 else kw.get("trailing_as_percentage", False)
        self.tag = rest[0] if rest else kw.get("tag", "")
        self.order_properties = rest[1] if len(rest) > 1 else kw.get("properties")
        self.asynchronous = kw.get("asynchronous", False)


class SubmitRequest(Api):
    def __init__(self, ticket):
        self._t = ticket

    @property
    def order_properties(self):
        return self._t._order()[18] or OrderProperties()

    @property
    def asynchronous(self):
        return _host.ticket_async(self._t._h)

    @property
    def response(self):
        return self._t._response()

    @property
    def status(self):
        return OrderRequestStatus.ERROR if self.response.is_error else OrderRequestStatus.PROCESSED

    @property
    def time(self):
        return self._t.time

    def __getattr__(self, name):
        return getattr(self._t, name)


class _Past(Api):
    """A request that was made."""

    def __init__(self, response, fields=None):
        self.response = response
        self.status = OrderRequestStatus.ERROR if response.is_error else OrderRequestStatus.PROCESSED
        for k, v in (fields or {}).items():
            setattr(self, k, v)

    def __getattr__(self, name):
        from .names import snake
        low = snake(name)
        if low != name and low in self.__dict__:
            return self.__dict__[low]
        raise AttributeError(name)


class OrderTicket(Api):
    """Follows an order; the same ticket is the same object."""

    _by = {}

    @classmethod
    def _of(cls, handle):
        if handle < 0:
            return None
        t = cls._by.get(handle)
        if t is None:
            t = object.__new__(cls)
            t._h = handle
            cls._by[handle] = t
        return t

    def _order(self):
        return _host.order_fields(self._h)

    def _response(self):
        return OrderResponse(*_host.ticket_response(self._h))

    @property
    def order_id(self):
        return self._order()[0]

    @property
    def symbol(self):
        return Symbol._of(self._order()[2])

    @property
    def security_type(self):
        return self.symbol.security_type

    @property
    def quantity(self):
        return self._order()[3]

    @property
    def status(self):
        return OrderStatus(self._order()[4])

    @property
    def order_type(self):
        return OrderType(self._order()[1])

    @property
    def tag(self):
        return self._order()[5]

    @property
    def time(self):
        return to_time(self._order()[8])

    @property
    def quantity_filled(self):
        return _host.ticket_fills(self._h)[0]

    @property
    def quantity_remaining(self):
        return _host.ticket_fills(self._h)[1]

    @property
    def average_fill_price(self):
        return _host.ticket_fills(self._h)[2]

    @property
    def order_events(self):
        return [OrderEvent._of(f) for f in _host.ticket_events(self._h)]

    @property
    def submit_request(self):
        return SubmitRequest(self)

    @property
    def update_requests(self):
        out = []
        for code, message, done, fields, time in _host.ticket_updates(self._h):
            r = _Past(OrderResponse(code, message, done), dict(zip(("quantity", "limit_price", "stop_price", "trigger_price", "tag"), fields)))
            r.time = to_time(time)
            out.append(r)
        return out

    @property
    def cancel_request(self):
        r = _host.ticket_cancelled(self._h)
        return None if r is None else _Past(OrderResponse(*r))

    def get(self, field):
        o = self._order()
        return {0: o[12], 1: o[13], 2: o[14], 3: o[15], 4: o[16]}[int(field)]

    def update(self, fields):
        return OrderResponse(*_host.ticket_update(self._h, fields.quantity, fields.limit_price, fields.stop_price, fields.trigger_price, fields.trailing_amount, fields.tag))

    def _change(self, tag=None, **kw):
        f = UpdateOrderFields()
        for k, v in kw.items():
            setattr(f, k, v)
        f.tag = tag or None
        return self.update(f)

    def update_quantity(self, quantity, tag=None):
        return self._change(tag, quantity=quantity)

    def update_limit_price(self, limit_price, tag=None):
        return self._change(tag, limit_price=limit_price)

    def update_stop_price(self, stop_price, tag=None):
        return self._change(tag, stop_price=stop_price)

    def update_trigger_price(self, trigger_price, tag=None):
        return self._change(tag, trigger_price=trigger_price)

    def update_stop_trailing_amount(self, trailing_amount, tag=None):
        return self._change(tag, trailing_amount=trailing_amount)

    def update_tag(self, tag):
        return self._change(tag)

    def cancel(self, tag=None):
        return OrderResponse(*_host.ticket_cancel(self._h, tag))

    def get_most_recent_order_response(self):
        r = _host.ticket_cancelled(self._h)
        if r is not None:
            return OrderResponse(*r)
        u = self.update_requests
        return u[-1].response if u else self._response()

    def get_most_recent_order_request(self):
        c = self.cancel_request
        if c is not None:
            return c
        u = self.update_requests
        return u[-1] if u else self.submit_request

    @property
    def has_order(self):
        return True

    @property
    def order_set(self):
        return True

    def __str__(self):
        return f"{self.order_id}: {len(self.order_events)} events"

    def to_string(self):
        return str(self)


class OrderExtensions(Api):
    @staticmethod
    def is_closed(status):
        return int(status) in (3, 5, 7)

    @staticmethod
    def is_open(status):
        return int(status) not in (3, 5, 7)

    @staticmethod
    def is_fill(status):
        return int(status) in (2, 3)
