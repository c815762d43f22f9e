from AlgorithmImports import *


class Consolidators(QCAlgorithm):
    """Bars of a quarter of an hour and of a day, by handler and by class."""

    def initialize(self):
        self.set_start_date(*map(int, self.get_parameter("start").split("-")))
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        self.spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.count = {"quarter": 0, "seven": 0, "day": 0}
        self.window = RollingWindow[TradeBar](3)
        self.consolidate(self.spy, timedelta(minutes=15), self.on_quarter)
        self.consolidate(self.spy, Resolution.DAILY, self.on_day)
        seven = TradeBarConsolidator(7)
        seven.data_consolidated += self.on_seven
        self.subscription_manager.add_consolidator(self.spy, seven)

    def on_quarter(self, bar):
        self.count["quarter"] += 1
        self.window.add(bar)
        if not self.window.is_ready:
            return
        newest, _, oldest = self.window[0], self.window[1], self.window[2]
        if newest.close > oldest.close and not self.portfolio.invested:
            self.set_holdings(self.spy, 0.5)
        elif newest.close < oldest.close and self.portfolio.invested:
            self.liquidate(self.spy)

    def on_seven(self, sender, bar):
        self.count["seven"] += 1

    def on_day(self, bar):
        self.count["day"] += 1
        self.log(f"day {bar.open:.2f} {bar.high:.2f} {bar.low:.2f} {bar.close:.2f}")

    def on_end_of_algorithm(self):
        self.log(str(self.count))
