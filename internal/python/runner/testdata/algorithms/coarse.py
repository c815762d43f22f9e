from AlgorithmImports import *


class Coarse(QCAlgorithm):
    """The two of a few with the greatest dollar volume of the day before."""

    def initialize(self):
        self.set_start_date(*map(int, self.get_parameter("start").split("-")))
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        self.universe_settings.resolution = Resolution.DAILY
        self.members = set()
        self.add_universe(self.select)

    def select(self, coarse):
        few = [c for c in coarse if c.symbol.value in ("SPY", "AAPL", "BAC", "FB", "IBM")]
        return [c.symbol for c in sorted(few, key=lambda c: -c.dollar_volume)[:2]]

    def on_securities_changed(self, changes):
        self.log("+" + ",".join(sorted(s.symbol.value for s in changes.added_securities)) + " -" + ",".join(sorted(s.symbol.value for s in changes.removed_securities)))
        self.members |= {s.symbol for s in changes.added_securities}
        for s in changes.removed_securities:
            self.members.discard(s.symbol)
            self.liquidate(s.symbol)

    def on_data(self, data):
        self.log("bars of " + ",".join(sorted(s.value for s in data.bars.keys())))
        for symbol in sorted(data.bars.keys(), key=lambda s: s.value):
            if symbol in self.members and not self.portfolio[symbol].invested:
                self.set_holdings(symbol, 0.4)
