from AlgorithmImports import *


class Scheduled(QCAlgorithm):
    """Only scheduled events trade; there is no handler of data."""

    def initialize(self):
        self.set_start_date(*map(int, self.get_parameter("start").split("-")))
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        self.spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.schedule.on(self.date_rules.every_day(self.spy), self.time_rules.after_market_open(self.spy, 10), self.buy)
        self.schedule.on(self.date_rules.every_day(self.spy), self.time_rules.before_market_close(self.spy, 15), self.sell)
        self.schedule.on(self.date_rules.every(DayOfWeek.WEDNESDAY), self.time_rules.at(12, 0), lambda: self.log("wednesday noon"))
        self.train(self.date_rules.week_start(), self.time_rules.at(8, 0), lambda: self.log("trained"))

    def buy(self):
        self.market_order(self.spy, 50)

    def sell(self):
        self.liquidate()
        self.log(f"{self.time}")
