from AlgorithmImports import *


class Framework(QCAlgorithm):
    """The five models: chosen by hand, crossing averages, equal parts, a limit of losses, at once."""

    def initialize(self):
        self.set_start_date(*map(int, self.get_parameter("start").split("-")))
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        self.universe_settings.resolution = Resolution.DAILY
        self.set_universe_selection(ManualUniverseSelectionModel([Symbol.create(t, SecurityType.EQUITY, Market.USA) for t in ("SPY", "AAPL", "IBM")]))
        self.set_alpha(EmaCrossAlphaModel(3, 8, Resolution.DAILY))
        self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())
        self.add_risk_management(MaximumDrawdownPercentPerSecurity(0.03))
        self.set_execution(ImmediateExecutionModel())

    def on_end_of_algorithm(self):
        self.log(" ".join(f"{s.symbol.value}:{s.holdings.quantity:g}" for s in sorted(self.securities.values(), key=lambda s: s.symbol.value)))
