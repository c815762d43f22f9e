from AlgorithmImports import *


class WarmUp(QCAlgorithm):
    """Indicators that a warm-up makes ready before the first day."""

    def initialize(self):
        self.set_start_date(*map(int, self.get_parameter("start").split("-")))
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        self.spy = self.add_equity("SPY", Resolution.DAILY).symbol
        self.parts = {
            "sma": self.sma(self.spy, 10), "ema": self.ema(self.spy, 20), "rsi": self.rsi(self.spy, 14), "macd": self.macd(self.spy, 12, 26, 9),
            "bb": self.bb(self.spy, 20, 2), "atr": self.atr(self.spy, 14), "mom": self.mom(self.spy, 5),
        }
        self.cold = 0
        self.set_warm_up(60, Resolution.DAILY)

    def on_warmup_finished(self):
        self.log("ready " + " ".join(sorted(k for k, v in self.parts.items() if v.is_ready)))

    def on_data(self, data):
        if self.is_warming_up:
            self.cold += 1
            return
        self.log(" ".join(f"{k}={v.current.value:.4f}" for k, v in self.parts.items()))
        self.set_holdings(self.spy, 1 if self.parts["mom"].current.value > 0 else -0.5)

    def on_end_of_algorithm(self):
        self.log(f"{self.cold} cold")
