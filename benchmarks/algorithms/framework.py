from AlgorithmImports import *


class Strongest(AlphaModel):
    """Once a month, up for the ten that rose the most."""

    def __init__(self):
        self.month = 0
        self.before = {}

    def update(self, algorithm, data):
        if algorithm.time.month == self.month:
            return []
        self.month = algorithm.time.month
        now = {s.symbol: s.price for s in algorithm.active_securities.values() if s.price > 0}
        change = {k: v / self.before[k] for k, v in now.items() if k in self.before}
        self.before = now
        best = sorted(change, key=lambda k: -change[k])[:10]
        return [Insight.price(s, timedelta(25), InsightDirection.UP) for s in best]


def next_month(at):
    return (at.replace(day=1) + timedelta(32)).replace(day=1)


class Framework(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 1)
        self.set_end_date(2019, 12, 31)
        self.set_cash(10_000_000)
        self.universe_settings.resolution = Resolution.DAILY
        count = int(self.get_parameter("symbols"))
        self.set_universe_selection(ManualUniverseSelectionModel([Symbol.create(f"S{n:03d}", SecurityType.EQUITY, Market.USA) for n in range(count)]))
        self.set_alpha(Strongest())
        self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel(next_month))
        self.set_execution(ImmediateExecutionModel())
