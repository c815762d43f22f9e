from AlgorithmImports import *


class Margin(QCAlgorithm):
    """Borrows so much that a small loss calls the margin."""

    def initialize(self):
        self.set_start_date(*map(int, self.get_parameter("start").split("-")))
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        self.spy = self.add_equity("SPY", Resolution.MINUTE, leverage=50).symbol
        self.calls = 0
        self.warned = 0

    def on_data(self, data):
        if self.spy in data.bars and not self.portfolio.invested and self.calls == 0:
            self.set_holdings(self.spy, 48)

    def on_margin_call(self, requests):
        self.calls += 1
        if self.calls <= 3:
            self.log(" ".join(f"{r.quantity:g}" for r in requests))
        return requests

    def on_margin_call_warning(self):
        self.warned += 1

    def on_end_of_algorithm(self):
        self.log(f"{self.calls} calls, {self.warned} warnings, {self.portfolio[self.spy].quantity:g} left")
