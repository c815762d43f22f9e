from AlgorithmImports import *


class Cross(QCAlgorithm):
    """Holds SPY while its short average is above the long one."""

    def initialize(self):
        self.set_start_date(2010, 1, 1)
        year, month, day = map(int, self.get_parameter("end").split("-"))
        self.set_end_date(year, month, day)
        self.set_cash(100_000)
        self.security = self.add_equity("SPY", Resolution.MINUTE)
        self.spy = self.security.symbol
        self.holding = self.portfolio[self.spy]
        self.fast = self.sma(self.spy, 200)
        self.slow = self.sma(self.spy, 2000)

    def on_data(self, data):
        if not self.slow.is_ready:
            return
        fast, slow = self.fast.current.value, self.slow.current.value
        if self.holding.invested:
            if fast < slow * 0.995:
                self.liquidate(self.spy)
        elif fast > slow * 1.005 and self.security.price > fast:
            self.set_holdings(self.spy, 0.9)
