package sim

// The shares. Names are facts; capitalisation, price and yield are where the
// simulated history begins, chosen in the spirit of the company and no more.
// Here are five of the eleven sectors; equities_more.go has the rest.

// share is one row of the universe.
type share struct {
	symbol, name string
	sector       sector
	// cap is billions of USD and price USD per share on the first session,
	// yield the yearly dividend in percent of the price.
	cap, price, yield float64
	// listed is the first session and delisted the one from which it trades no
	// more, as yyyymmdd; zero is the beginning and never.
	listed, delisted int
}

// equities is the first part of the table; it is never assigned to.
var equities = [...]share{
	{"KO", "Coca-Cola", staples, 131, 57.04, 2.9, 0, 0},
	{"PEP", "PepsiCo", staples, 96, 61.24, 2.8, 0, 0},
	{"PG", "Procter & Gamble", staples, 177, 61.12, 2.7, 0, 0},
	{"WMT", "Walmart", staples, 203, 54.23, 2.0, 0, 0},
	{"COST", "Costco Wholesale", staples, 26, 59.2, 1.2, 0, 0},
	{"PM", "Philip Morris International", staples, 91, 48.7, 4.7, 0, 0},
	{"MO", "Altria", staples, 41, 19.75, 6.6, 0, 0},
	{"CL", "Colgate-Palmolive", staples, 41, 82.9, 2.2, 0, 0},
	{"KMB", "Kimberly-Clark", staples, 26, 63.5, 3.7, 0, 0},
	{"GIS", "General Mills", staples, 23, 70.7, 2.7, 0, 0},
	{"SYY", "Sysco", staples, 17, 28.2, 3.4, 0, 0},
	{"KR", "Kroger", staples, 13, 20.4, 1.8, 0, 0},
	{"HSY", "Hershey", staples, 8, 36.1, 3.2, 0, 0},
	{"STZ", "Constellation Brands", staples, 4, 16, 0, 0, 0},
	{"MDLZ", "Mondelez International", staples, 40, 27.5, 2.5, 0, 0},
	{"ADM", "Archer-Daniels-Midland", staples, 20, 31.4, 1.8, 0, 0},

	{"XOM", "Exxon Mobil", energy, 323, 68.72, 2.8, 0, 0},
	{"CVX", "Chevron", energy, 154, 77.6, 3.6, 0, 0},
	{"COP", "ConocoPhillips", energy, 76, 51.4, 3.5, 0, 0},
	{"SLB", "Schlumberger", energy, 78, 66, 1.6, 0, 0},
	{"EOG", "EOG Resources", energy, 25, 98, 0.7, 0, 0},
	{"OXY", "Occidental Petroleum", energy, 66, 82, 1.7, 0, 0},
	{"PSX", "Phillips 66", energy, 21, 34, 2.4, 20120501, 0},
	{"VLO", "Valero Energy", energy, 10, 17, 1.5, 0, 0},
	{"MPC", "Marathon Petroleum", energy, 14, 39, 2.2, 20110701, 0},
	{"HAL", "Halliburton", energy, 27, 30.4, 1.2, 0, 0},
	{"WMB", "Williams", energy, 12, 21.4, 3.9, 0, 0},
	{"KMI", "Kinder Morgan", energy, 21, 31, 4.2, 20110211, 0},

	{"LIN", "Linde", materials, 25, 80.5, 2.0, 0, 0},
	{"SHW", "Sherwin-Williams", materials, 7, 61.9, 2.3, 0, 0},
	{"FCX", "Freeport-McMoRan", materials, 36, 83, 1.2, 0, 0},
	{"NEM", "Newmont", materials, 24, 49, 0.9, 0, 0},
	{"APD", "Air Products and Chemicals", materials, 17, 82, 2.3, 0, 0},
	{"ECL", "Ecolab", materials, 11, 45, 1.3, 0, 0},
	{"NUE", "Nucor", materials, 15, 47.6, 3.0, 0, 0},
	{"DOW", "Dow", materials, 32, 28.5, 2.2, 0, 0},
	{"PPG", "PPG Industries", materials, 10, 59, 3.6, 0, 0},
	{"IP", "International Paper", materials, 11, 26.9, 1.5, 0, 0},

	{"UNP", "Union Pacific", industrials, 33, 64.9, 1.7, 0, 0},
	{"UPS", "United Parcel Service", industrials, 58, 58.2, 3.1, 0, 0},
	{"FDX", "FedEx", industrials, 26, 83.9, 0.5, 0, 0},
	{"CAT", "Caterpillar", industrials, 36, 58.6, 2.9, 0, 0},
	{"DE", "Deere", industrials, 23, 54.9, 2.0, 0, 0},
	{"BA", "Boeing", industrials, 40, 56.2, 3.0, 0, 0},
	{"HON", "Honeywell International", industrials, 31, 40.5, 3.0, 0, 0},
	{"LMT", "Lockheed Martin", industrials, 29, 75.6, 3.3, 0, 0},
	{"GE", "General Electric", industrials, 164, 15.5, 2.6, 0, 0},
	{"MMM", "3M", industrials, 59, 83, 2.5, 0, 0},
	{"EMR", "Emerson Electric", industrials, 32, 43.1, 3.1, 0, 0},
	{"CSX", "CSX", industrials, 19, 50, 1.9, 0, 0},
	{"NSC", "Norfolk Southern", industrials, 19, 52.8, 2.6, 0, 0},
	{"ETN", "Eaton", industrials, 11, 64.4, 3.1, 0, 0},
	{"GD", "General Dynamics", industrials, 26, 68.7, 2.3, 0, 0},
	{"WM", "Waste Management", industrials, 16, 33.9, 3.7, 0, 0},

	{"AMZN", "Amazon", discretionary, 59, 133.9, 0, 0, 0},
	{"TSLA", "Tesla", discretionary, 2, 19, 0, 20100629, 0},
	{"HD", "Home Depot", discretionary, 49, 28.7, 3.2, 0, 0},
	{"LOW", "Lowe's", discretionary, 34, 23.4, 1.6, 0, 0},
	{"MCD", "McDonald's", discretionary, 68, 62.8, 3.5, 0, 0},
	{"NKE", "Nike", discretionary, 32, 65.5, 1.6, 0, 0},
	{"SBUX", "Starbucks", discretionary, 17, 23, 0.8, 0, 0},
	{"TGT", "Target", discretionary, 36, 48.4, 1.5, 0, 0},
	{"TJX", "TJX", discretionary, 15, 36.6, 1.3, 0, 0},
	{"F", "Ford Motor", discretionary, 33, 10.3, 2.0, 0, 0},
	{"GM", "General Motors", discretionary, 51, 34.2, 1.5, 20101118, 0},
	{"BKNG", "Booking Holdings", discretionary, 10, 219, 0, 0, 0},
	{"MAR", "Marriott International", discretionary, 10, 27.5, 0.6, 0, 0},
	{"YUM", "Yum! Brands", discretionary, 16, 34.9, 2.4, 0, 0},
}
