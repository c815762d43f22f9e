from AlgorithmImports import *


class Universe(QCAlgorithm):
    """Another two each week, by name: who goes is sold, who comes is bought at the first bar."""

    def initialize(self):
        self.set_start_date(*map(int, self.get_parameter("start").split("-")))
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        self.universe_settings.resolution = Resolution.DAILY
        self.members = set()
        self.add_universe("weekly", Resolution.DAILY, self.select)

    def select(self, day):
        return ["SPY", "AAPL"] if day.isocalendar()[1] % 2 else ["SPY", "IBM"]

    def on_securities_changed(self, changes):
        self.log("+" + ",".join(sorted(s.symbol.value for s in changes.added_securities)) + " -" + ",".join(sorted(s.symbol.value for s in changes.removed_securities)))
        self.members |= {s.symbol for s in changes.added_securities}
        for s in changes.removed_securities:
            self.members.discard(s.symbol)
            self.liquidate(s.symbol)

    def on_data(self, data):
        for symbol in sorted(data.bars.keys(), key=lambda s: s.value):
            if symbol in self.members and not self.portfolio[symbol].invested and self.securities[symbol].price:
                self.set_holdings(symbol, 0.4)
