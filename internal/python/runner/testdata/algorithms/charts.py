from AlgorithmImports import *


class Charts(QCAlgorithm):
    """Charts of its own, runtime statistics, and parameters that were given and not given."""

    def initialize(self):
        self.set_start_date(*map(int, self.get_parameter("start").split("-")))
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        self.share = self.get_parameter("share", 0.25)
        self.spy = self.add_equity("SPY", Resolution.DAILY).symbol
        self.log(f"{self.share} {self.get_parameter('absent')} {self.get_parameter('absent', 3)}")
        chart = Chart("Own")
        chart.add_series(Series("Close", SeriesType.LINE, 0))
        chart.add_series(Series("Above", SeriesType.SCATTER, 1))
        self.add_chart(chart)

    def on_data(self, data):
        if self.spy not in data.bars:
            return
        bar = data.bars[self.spy]
        self.plot("Own", "Close", bar.close)
        if bar.close > bar.open:
            self.plot("Own", "Above", bar.close - bar.open)
        self.set_runtime_statistic("Last", f"{bar.close:.2f}")
        self.set_holdings(self.spy, self.share)
