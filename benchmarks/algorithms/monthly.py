from AlgorithmImports import *


class Monthly(QCAlgorithm):
    """Looks at minute bars once a month."""

    def initialize(self):
        self.set_start_date(2010, 1, 1)
        year, month, day = map(int, self.get_parameter("end").split("-"))
        self.set_end_date(year, month, day)
        self.spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.schedule.on(self.date_rules.month_start(self.spy), self.time_rules.after_market_open(self.spy, 30), self.rebalance)

    def rebalance(self):
        self.set_holdings(self.spy, 0.9 if self.time.month % 2 else 0.3)
