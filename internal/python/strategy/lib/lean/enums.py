"""LEAN's enumerations, with its numbers."""

from .names import Enum


class Resolution(Enum):
    TICK, SECOND, MINUTE, HOUR, DAILY = range(5)


class SecurityType(Enum):
    BASE, EQUITY, OPTION, COMMODITY, FOREX, FUTURE, CFD, CRYPTO, FUTURE_OPTION, INDEX, INDEX_OPTION, CRYPTO_FUTURE = range(12)


class OrderType(Enum):
    MARKET, LIMIT, STOP_MARKET, STOP_LIMIT, MARKET_ON_OPEN, MARKET_ON_CLOSE, OPTION_EXERCISE, LIMIT_IF_TOUCHED, COMBO_MARKET, COMBO_LIMIT, COMBO_LEG_LIMIT, TRAILING_STOP = range(12)


class OrderStatus(Enum):
    NEW, SUBMITTED, PARTIALLY_FILLED, FILLED = 0, 1, 2, 3
    CANCELED, NONE, INVALID, CANCEL_PENDING, UPDATE_SUBMITTED = 5, 6, 7, 8, 9


class OrderDirection(Enum):
    BUY, SELL, HOLD = range(3)


class OrderField(Enum):
    LIMIT_PRICE, STOP_PRICE, TRIGGER_PRICE, TRAILING_AMOUNT, TRAILING_AS_PERCENTAGE = range(5)


class OrderRequestStatus(Enum):
    UNPROCESSED, PROCESSING, PROCESSED, ERROR = range(4)


class OrderResponseErrorCode(Enum):
    NONE = 0
    PROCESSING_ERROR = -1
    ORDER_ALREADY_EXISTS = -2
    INSUFFICIENT_BUYING_POWER = -3
    BROKERAGE_MODEL_REFUSED_TO_SUBMIT_ORDER = -4
    BROKERAGE_FAILED_TO_SUBMIT_ORDER = -5
    BROKERAGE_FAILED_TO_UPDATE_ORDER = -6
    BROKERAGE_HANDLER_REFUSED_TO_UPDATE_ORDER = -7
    BROKERAGE_FAILED_TO_CANCEL_ORDER = -8
    INVALID_ORDER_STATUS = -9
    UNABLE_TO_FIND_ORDER = -10
    ORDER_QUANTITY_ZERO = -11
    UNSUPPORTED_REQUEST_TYPE = -12
    PRE_ORDER_CHECKS_ERROR = -13
    MISSING_SECURITY = -14
    EXCHANGE_NOT_OPEN = -15
    SECURITY_PRICE_ZERO = -16
    FOREX_BASE_AND_QUOTE_CURRENCIES_REQUIRED = -17
    FOREX_CONVERSION_RATE_ZERO = -18
    SECURITY_HAS_NO_DATA = -19
    EXCEEDED_MAXIMUM_ORDERS = -20
    MARKET_ON_CLOSE_ORDER_TOO_LATE = -21
    INVALID_REQUEST = -22
    REQUEST_CANCELED = -23
    ALGORITHM_WARMING_UP = -24
    BROKERAGE_MODEL_REFUSED_TO_UPDATE_ORDER = -25
    QUOTE_CURRENCY_REQUIRED = -26
    CONVERSION_RATE_ZERO = -27
    NON_TRADABLE_SECURITY = -28
    NON_EXERCISABLE_SECURITY = -29
    ORDER_QUANTITY_LESS_THAN_LOT_SIZE = -30
    EXCEEDS_SHORTABLE_QUANTITY = -31
    INVALID_NEW_ORDER_STATUS = -32
    EUROPEAN_OPTION_NOT_EXPIRED_ON_EXERCISE = -33
    OPTION_ORDER_ON_STOCK_SPLIT = -34
    MARKET_ON_OPEN_NOT_ALLOWED_DURING_REGULAR_HOURS = -35


class DataNormalizationMode(Enum):
    RAW, ADJUSTED, SPLIT_ADJUSTED, TOTAL_RETURN, FORWARD_PANAMA_CANAL, BACKWARDS_PANAMA_CANAL, BACKWARDS_RATIO, SCALED_RAW = range(8)


class DataMappingMode(Enum):
    LAST_TRADING_DAY, FIRST_DAY_MONTH, OPEN_INTEREST, OPEN_INTEREST_ANNUAL = range(4)


class MarketDataType(Enum):
    BASE, TRADE_BAR, TICK, AUXILIARY, QUOTE_BAR, OPTION_CHAIN, FUTURES_CHAIN = range(7)


class TickType(Enum):
    TRADE, QUOTE, OPEN_INTEREST = range(3)


class SplitType(Enum):
    WARNING, SPLIT_OCCURRED = range(2)


class DelistingType(Enum):
    WARNING, DELISTED = range(2)


class OptionRight(Enum):
    CALL, PUT = range(2)


class OptionStyle(Enum):
    AMERICAN, EUROPEAN = range(2)


class AccountType(Enum):
    MARGIN, CASH = range(2)


class BrokerageName(Enum):
    (DEFAULT, QUANT_CONNECT_BROKERAGE, INTERACTIVE_BROKERS_BROKERAGE, TRADIER_BROKERAGE, OANDA_BROKERAGE, FXCM_BROKERAGE, BITFINEX, GDAX, BINANCE, FTX,
     FTXUS, EXANTE, BINANCE_US, WOLVERINE, TD_AMERITRADE, ALPACA, AXOS, TRADING_TECHNOLOGIES, SAMCO, ZERODHA, KRAKEN, BYBIT, EZE, TRADE_STATION,
     TERMINAL_LINK, RBI, BINANCE_FUTURES, BINANCE_COIN_FUTURES, ALPHA_STREAMS, COINBASE, CHARLES_SCHWAB, TASTYTRADE, BLOOMBERG, DYDX,
     INTERACTIVE_BROKERS_FIX, WEBULL, PUBLIC) = range(37)


class AlgorithmStatus(Enum):
    DEPLOY_ERROR, IN_QUEUE, RUNNING, STOPPED, LIQUIDATED, DELETED, COMPLETED, RUNTIME_ERROR, INVALID, LOGGING_IN, INITIALIZING, HISTORY = range(12)


class AlgorithmMode(Enum):
    BACKTESTING, OPTIMIZATION, LIVE, RESEARCH = 0, 1, 2, 3


class DeploymentTarget(Enum):
    CLOUD_PLATFORM, LOCAL_PLATFORM, PRIVATE_CLOUD_PLATFORM = range(3)


class SeriesType(Enum):
    LINE, SCATTER, CANDLE, BAR, FLAG, STACKED_AREA, PIE, TREEMAP, HEATMAP, SCATTER3D = range(10)


class ScatterMarkerSymbol(Enum):
    NONE, CIRCLE, SQUARE, DIAMOND, TRIANGLE, TRIANGLE_DOWN = range(6)


class MovingAverageType(Enum):
    SIMPLE, EXPONENTIAL, WILDERS, LINEAR_WEIGHTED_MOVING_AVERAGE, DOUBLE_EXPONENTIAL, TRIPLE_EXPONENTIAL, TRIANGULAR, T3, KAMA, HULL, ALMA, ZERO_LAG_EXPONENTIAL = range(12)


class InsightType(Enum):
    PRICE, VOLATILITY = range(2)


class InsightDirection(Enum):
    DOWN, FLAT, UP = -1, 0, 1


class PortfolioBias(Enum):
    SHORT, LONG_SHORT, LONG = -1, 0, 1


class RenkoType(Enum):
    CLASSIC, WICKED = range(2)


class BarDirection(Enum):
    RISING, FALLING, NO_DELTA = range(3)


class RangeConsolidatorType(Enum):
    CLASSIC = 0


class DayOfWeek(Enum):
    SUNDAY, MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = range(7)


class SubscriptionTransportMedium(Enum):
    LOCAL_FILE, REMOTE_FILE, REST, STREAMING, OBJECT_STORE = range(5)


class FileFormat(Enum):
    CSV, BINARY, ZIP_ENTRY_NAME, UNFOLDING_COLLECTION, INDEX, FOLDING_COLLECTION = range(6)


class Field:
    """Selectors of a bar's fields, as indicators take them."""

    @staticmethod
    def open(bar):
        return bar.open

    @staticmethod
    def high(bar):
        return bar.high

    @staticmethod
    def low(bar):
        return bar.low

    @staticmethod
    def close(bar):
        return bar.value

    @staticmethod
    def volume(bar):
        return getattr(bar, "volume", 0.0)

    @staticmethod
    def average(bar):
        return (bar.open + bar.high + bar.low + bar.close) / 4

    @staticmethod
    def median(bar):
        return (bar.high + bar.low) / 2

    @staticmethod
    def typical(bar):
        return (bar.high + bar.low + bar.close) / 3

    @staticmethod
    def weighted(bar):
        return (bar.high + bar.low + 2 * bar.close) / 4

    @staticmethod
    def seven_bar(bar):
        return (2 * bar.open + bar.high + bar.low + 3 * bar.close) / 7

    @staticmethod
    def bid_close(bar):
        return bar.bid.close if getattr(bar, "bid", None) is not None else bar.close

    @staticmethod
    def ask_close(bar):
        return bar.ask.close if getattr(bar, "ask", None) is not None else bar.close


for _name in ("open", "high", "low", "close", "volume", "average", "median", "typical", "weighted", "seven_bar", "bid_close", "ask_close"):
    _one = getattr(Field, _name)
    setattr(Field, _name.upper(), staticmethod(_one))
    setattr(Field, "".join(w.capitalize() for w in _name.split("_")), staticmethod(_one))


class Market:
    """The names of markets."""

    USA, FXCM, OANDA, DUKASCOPY, BITFINEX, GLOBEX, NYMEX = "usa", "fxcm", "oanda", "dukascopy", "bitfinex", "cmeglobex", "nymex"
    CBOT, ICE, CBOE, INDIA, GDAX, KRAKEN, BITSTAMP, BINANCE = "cbot", "ice", "cboe", "india", "coinbase", "kraken", "bitstamp", "binance"
    COMEX, CME, SGX, HKFE, CFE, FTX, FTXUS, BINANCE_US = "comex", "cme", "sgx", "hkfe", "cfe", "ftx", "ftxus", "binanceus"
    BYBIT, COINBASE, INTERACTIVE_BROKERS, EUREX, OSE, DYDX, KRX = "bybit", "coinbase", "interactivebrokers", "eurex", "ose", "dydx", "krx"
    Oanda, Bitfinex, India, Kraken, Binance, BinanceUS, Bybit, Coinbase = "oanda", "bitfinex", "india", "kraken", "binance", "binanceus", "bybit", "coinbase"
    Dukascopy, Globex, Bitstamp, InteractiveBrokers = "dukascopy", "cmeglobex", "bitstamp", "interactivebrokers"


class Currencies:
    USD, EUR, GBP, JPY, INR, BTC, ETH, USDT = "USD", "EUR", "GBP", "JPY", "INR", "BTC", "ETH", "USDT"
    NULL_CURRENCY = NullCurrency = "QCC"


class TimeZones:
    UTC = Utc = "UTC"
    NEW_YORK = NewYork = EASTERN_STANDARD = EasternStandard = "America/New_York"
    LONDON = London = "Europe/London"
    HONG_KONG = HongKong = "Asia/Hong_Kong"
    TOKYO = Tokyo = "Asia/Tokyo"
    ROME = Rome = "Europe/Rome"
    SYDNEY = Sydney = "Australia/Sydney"
    VANCOUVER = Vancouver = "America/Vancouver"
    TORONTO = Toronto = "America/Toronto"
    CHICAGO = Chicago = "America/Chicago"
    LOS_ANGELES = LosAngeles = "America/Los_Angeles"
    PHOENIX = Phoenix = "America/Phoenix"
    AUCKLAND = Auckland = "Pacific/Auckland"
    MOSCOW = Moscow = "Europe/Moscow"
    MADRID = Madrid = "Europe/Madrid"
    BUENOS_AIRES = BuenosAires = "America/Argentina/Buenos_Aires"
    BRISBANE = Brisbane = "Australia/Brisbane"
    SAO_PAULO = SaoPaulo = "America/Sao_Paulo"
    CAIRO = Cairo = "Africa/Cairo"
    JOHANNESBURG = Johannesburg = "Africa/Johannesburg"
    ANCHORAGE = Anchorage = "America/Anchorage"
    DENVER = Denver = "America/Denver"
    DETROIT = Detroit = "America/Detroit"
    MEXICO_CITY = MexicoCity = "America/Mexico_City"
    JERUSALEM = Jerusalem = "Asia/Jerusalem"
    SHANGHAI = Shanghai = "Asia/Shanghai"
    MELBOURNE = Melbourne = "Australia/Melbourne"
    AMSTERDAM = Amsterdam = "Europe/Amsterdam"
    ATHENS = Athens = "Europe/Athens"
    BERLIN = Berlin = "Europe/Berlin"
    BRUSSELS = Brussels = "Europe/Brussels"
    DUBLIN = Dublin = "Europe/Dublin"
    HELSINKI = Helsinki = "Europe/Helsinki"
    ISTANBUL = Istanbul = "Europe/Istanbul"
    MINSK = Minsk = "Europe/Minsk"
    PARIS = Paris = "Europe/Paris"
    ZURICH = Zurich = "Europe/Zurich"
    HONOLULU = Honolulu = "Pacific/Honolulu"
    EUROPEAN_STANDARD = "Etc/GMT-1"
    KOLKATA = Kolkata = "Asia/Kolkata"


class BrokerageMessageType(Enum):
    INFORMATION, WARNING, ERROR, RECONNECT, DISCONNECT, ACTION_REQUIRED = range(6)


class InsightScoreType(Enum):
    DIRECTION, MAGNITUDE = range(2)
