package sim

// fund is one row of the exchange-traded funds. Funds are priced from the
// factors, not summed over their constituents, so that one price does not cost
// a hundred and fifty; against the basket of constituents they differ by the
// constituents' own noise that is left after diversification.
type fund struct {
	symbol, name string
	price, yield float64
	// loads are on the style factors, technology on that sector's; noise is the
	// yearly deviation of what no factor explains, in fractions.
	loads      [styleCount]float64
	technology float64
	noise      float64
	// shares is a typical session's volume in millions.
	shares float64
}

// funds is never assigned to.
var funds = [...]fund{
	{"SPY", "S&P 500 ETF (simulated)", 113.3, 1.8, [...]float64{1, -.05, 0, .03, 0, 0, .02}, 0, .006, 120},
	{"QQQ", "Nasdaq-100 ETF (simulated)", 46.4, .8, [...]float64{1.08, -.05, -.25, 0, -.2, .05, 0}, .45, .022, 60},
	{"VTI", "Total US Stock Market ETF (simulated)", 57.3, 1.8, [...]float64{1, .03, 0, 0, 0, 0, 0}, 0, .006, 4},
	{"EEM", "Emerging Markets ETF (simulated)", 42, 2, [...]float64{.9, .1, .1, 0, 0, 0, -.1}, 0, .12, 55},
	{"TLT", "20+ Year Treasury Bond ETF (simulated)", 89.8, 2.8, [...]float64{-.18, 0, 0, 0, 0, 0, .05}, 0, .12, 12},
	{"URTH", "World ETF (simulated)", 50, 1.7, [...]float64{.94, -.03, .02, 0, 0, 0, 0}, 0, .04, 1},
}

// pair is one row of the currencies and coins. Their logarithms return slowly
// to a trend that begins at start and approaches settles, so that prices stay
// plausible for ninety years.
type pair struct {
	symbol, name, base, quote string
	start, settles            float64
	// revert is the share of the distance to the trend made good in a year.
	revert float64
	// common is the loading on the hidden factor of the dollar or the coins,
	// noise the yearly deviation of the rest.
	common, noise float64
	// volume is a typical session's, in units of the base.
	volume float64
}

// currencies is never assigned to. The dollar's factor is up when it gains.
var currencies = [...]pair{
	{"EURUSD", "Euro / US dollar", "EUR", "USD", 1.4400, 1.15, .25, -1, .035, 9e8},
	{"GBPUSD", "British pound / US dollar", "GBP", "USD", 1.6100, 1.33, .25, -.9, .05, 5e8},
	{"USDJPY", "US dollar / Japanese yen", "USD", "JPY", 93.0, 125, .2, .7, .07, 8e8},
	{"AUDUSD", "Australian dollar / US dollar", "AUD", "USD", .9100, .74, .25, -1, .07, 3e8},
	{"USDCAD", "US dollar / Canadian dollar", "USD", "CAD", 1.0400, 1.3, .25, .7, .05, 3e8},
	{"USDCHF", "US dollar / Swiss franc", "USD", "CHF", 1.0300, .95, .25, .85, .05, 2e8},
}

// coins is never assigned to.
var coins = [...]pair{
	{"BTCUSD", "Bitcoin / US dollar", "BTC", "USD", 500, 250000, .5, 1, .22, 18000},
	{"ETHUSD", "Ether / US dollar", "ETH", "USD", 20, 12000, .5, 1.15, .35, 150000},
	{"SOLUSD", "Solana / US dollar", "SOL", "USD", 2, 700, .5, 1.3, .5, 1.8e6},
}
