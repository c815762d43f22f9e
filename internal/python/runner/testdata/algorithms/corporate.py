from AlgorithmImports import *


class Corporate(QCAlgorithm):
    """A raw share through its dividends and splits."""

    def initialize(self):
        self.set_start_date(*map(int, self.get_parameter("start").split("-")))
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        self.aapl = self.add_equity("AAPL", Resolution.DAILY, data_normalization_mode=DataNormalizationMode.RAW).symbol

    def on_data(self, data):
        if not self.portfolio.invested and self.aapl in data.bars:
            self.market_order(self.aapl, 100)

    def on_splits(self, splits):
        for s in splits.values():
            self.log(f"split {s.type} {s.split_factor:.6f} of {self.portfolio[self.aapl].quantity:g}")

    def on_dividends(self, dividends):
        for d in dividends.values():
            self.log(f"dividend {d.distribution:.4f}")

    def on_end_of_algorithm(self):
        self.log(f"{self.portfolio[self.aapl].quantity:g} held, cash {self.portfolio.cash:.2f}")
