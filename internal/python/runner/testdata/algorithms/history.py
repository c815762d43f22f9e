from AlgorithmImports import *


class History(QCAlgorithm):
    """What was before, asked for by count, by time and through an indicator."""

    def initialize(self):
        self.set_start_date(*map(int, self.get_parameter("start").split("-")))
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        self.spy = self.add_equity("SPY", Resolution.DAILY).symbol
        self.asked = False

    def on_data(self, data):
        if self.asked:
            return
        self.asked = True
        for name, bars in (
            ("count", list(self.history[TradeBar](self.spy, 10, Resolution.DAILY))),
            ("span", list(self.history[TradeBar](self.spy, timedelta(days=14), Resolution.DAILY))),
        ):
            self.log(f"{name} {len(bars)} {bars[0].end_time} {bars[-1].close:.2f} {sum(b.volume for b in bars):.0f}")
        average = SimpleMovingAverage(5)
        for bar in self.history[TradeBar](self.spy, 10, Resolution.DAILY):
            average.update(bar.end_time, bar.close)
        self.log(f"average {average.current.value:.4f} ready {average.is_ready}")
        self.set_holdings(self.spy, 0.5)
