from AlgorithmImports import *


class Optimizers(QCAlgorithm):
    """Portfolio construction from past returns, and the optimizers behind it by
    examples whose answers are known."""

    def initialize(self):
        start, end = (datetime.strptime(self.get_parameter(n), "%Y-%m-%d") for n in ("start", "end"))
        self.set_start_date(start)
        self.set_end_date(end)
        self.universe_settings.resolution = Resolution.DAILY
        self.set_universe_selection(ManualUniverseSelectionModel([Symbol.create(t, SecurityType.EQUITY, "usa") for t in ("SPY", "AAPL", "IBM")]))
        self.set_alpha(ConstantAlphaModel(InsightType.PRICE, InsightDirection.UP, timedelta(days=1), 0.025, None))
        self.set_portfolio_construction(RiskParityPortfolioConstructionModel(period=20))
        self.set_execution(ImmediateExecutionModel())
        self.examples()

    def examples(self):
        def near(what, got, want):
            if any(abs(a - b) > 1e-9 for a, b in zip(got, want)) or len(got) != len(want):
                raise AssertionError(f"{what}: {got}, want {want}")
        plain = [[0.04, 0.0], [0.0, 0.01]]
        # Of independent securities the weights at a return are given by two equations.
        near("two equations", MinimumVariancePortfolioOptimizer(-1, 1, 0.05).optimize([], [0.1, 0.0], plain), [0.5, 0.5])
        # What the bounds do not allow leaves even weights.
        near("no solution", MinimumVariancePortfolioOptimizer(0, 1, 0.5).optimize([], [0.1, 0.0], plain), [0.5, 0.5])
        # The tangency portfolio is the inverse covariance times the returns, scaled.
        near("tangency", MaximumSharpeRatioPortfolioOptimizer(-1, 1).optimize([], [0.1, 0.05], plain), [1 / 3, 2 / 3])
        # A bound that holds: the second may not be short.
        near("bound", MaximumSharpeRatioPortfolioOptimizer(0, 1).optimize([], [0.1, -0.05], plain), [1.0, 0.0])
        near("unbound", UnconstrainedMeanVariancePortfolioOptimizer().optimize([], [0.1, 0.05], plain), [2.5, 5.0])
        # Independent risks are equal where weights go as one over the deviation.
        near("parity", RiskParityPortfolioOptimizer().optimize([], None, plain), [1 / 3, 2 / 3])

    def on_end_of_algorithm(self):
        self.log(" ".join(f"{s.symbol.value} {s.holdings.quantity:g}" for s in self.securities.values()))
