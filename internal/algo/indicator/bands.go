package indicator

var bandSpecs = []Spec{
	spec("BollingerBands", Point, "period:int k:float"+maParam, "BB({period},{k})",
		"standard_deviation middle_band upper_band lower_band band_width percent_b price",
		func(name string, a args) (node, error) { return newBollinger(name, a.int(0), a.float(1), a.ma(2)), nil },
		same("bb", "BB({period},{k})")),
	spec("AccelerationBands", Bar, "period:int width:float=4"+maParam, "ABANDS({period},{width},{moving_average_type})",
		"middle_band upper_band lower_band",
		func(name string, a args) (node, error) {
			return newAcceleration(name, a.int(0), a.float(1), a.ma(2)), nil
		},
		same("abands", "ABANDS({period},{width})")),
	spec("DonchianChannel", Bar, "upper_period:int lower_period:int?", "DCH({lower},{lower})", "upper_band lower_band",
		func(name string, a args) (node, error) { return newDonchian(name, a.int(0), a.intOr(1, a.int(0))), nil },
		help("dch", "upper_period:int lower_period:int", "DCH({upper_period},{lower_period})"),
		help("dch", "period:int", "DCH({period},{period})")).named(func(given []any) string {
		ps := parseParams("upper:int lower:int")
		if len(given) > 1 {
			return expand("DCH({lower},{lower})", ps, given)
		}
		return expand("DCH({upper},{upper})", ps, given)
	}),
	spec("KeltnerChannels", Bar, "period:int k:float"+maParam, "KC({period},{k})",
		"middle_band upper_band lower_band average_true_range",
		func(name string, a args) (node, error) { return newKeltner(name, a.int(0), a.float(1), a.ma(2)), nil },
		same("kch", "KCH({period},{k})")),
	spec("SqueezeMomentum", Bar, "bollinger_period:int bollinger_multiplier:float keltner_period:int keltner_multiplier:float",
		"SM({bollinger_period},{bollinger_multiplier},{keltner_period},{keltner_multiplier})", "bollinger_bands keltner_channels",
		func(name string, a args) (node, error) { return newSqueeze(name, a), nil },
		help("sm", "bollinger_period:int=20 bollinger_multiplier:float=2 keltner_period:int=20 keltner_multiplier:float=1.5",
			"SM({bollinger_period}, {bollinger_multiplier}, {keltner_period}, {keltner_multiplier})")),
	spec("RegressionChannel", Point, "period:int k:float", "RC({period},{k})",
		"linear_regression upper_channel lower_channel intercept slope",
		func(name string, a args) (node, error) { return newRegression(name, a.int(0), a.float(1)), nil },
		same("rc", "RC({period},{k})")),
	spec("IchimokuKinkoHyo", Bar, "tenkan_period:int=9 kijun_period:int=26 senkou_a_period:int=26 senkou_b_period:int=52"+
		" senkou_a_delay_period:int=26 senkou_b_delay_period:int=26", ichimokuName,
		"tenkan kijun senkou_a senkou_b chikou tenkan_maximum tenkan_minimum kijun_maximum kijun_minimum senkou_b_maximum"+
			" senkou_b_minimum delayed_tenkan_senkou_a delayed_kijun_senkou_a delayed_maximum_senkou_b delayed_minimum_senkou_b",
		func(name string, a args) (node, error) { return newIchimoku(name, a), nil },
		help("ichimoku", "tenkan_period:int kijun_period:int senkou_a_period:int senkou_b_period:int"+
			" senkou_a_delay_period:int senkou_b_delay_period:int", ichimokuName)),
}

const ichimokuName = "ICHIMOKU({tenkan_period},{kijun_period},{senkou_a_period},{senkou_b_period}," +
	"{senkou_a_delay_period},{senkou_b_delay_period})"

type bollinger struct {
	base
	std                               *variance
	mid                               node
	k                                 float64
	upper, lower, width, price, place *identity
}

func newBollinger(name string, period int, k float64, t MovingAverageType) *bollinger {
	x := &bollinger{std: newStd(name+"_StandardDeviation", period), mid: t.average(name+"_MiddleBand", period), k: k,
		price: newIdentity(name + "_Close")}
	x.init(x, name, Point, period)
	x.upper, x.lower = newOutput(name+"_UpperBand", x.Ready), newOutput(name+"_LowerBand", x.Ready)
	x.width, x.place = newOutput(name+"_BandWidth", x.Ready), newOutput(name+"_%B", x.Ready)
	x.part("standard_deviation", x.std)
	x.part("middle_band", x.mid)
	x.part("upper_band", x.upper)
	x.part("lower_band", x.lower)
	x.part("band_width", x.width)
	x.part("percent_b", x.place)
	x.part("price", x.price)
	return x
}

func (x *bollinger) Ready() bool { return x.mid.Ready() && x.std.Ready() }

func (x *bollinger) compute(in *Input) (float64, bool) {
	x.std.push(in.End, in.Value)
	x.mid.push(in.End, in.Value)
	mid, d := x.mid.Value(), x.std.value*x.k
	x.lower.push(in.End, mid-d)
	x.upper.push(in.End, mid+d)
	span := 2 * d
	if mid != 0 {
		x.width.push(in.End, span/mid*100)
	}
	x.price.push(in.End, in.Value)
	if span != 0 {
		x.place.push(in.End, (in.Value-x.lower.value)/span)
	}
	// Bands without width publish no new value.
	return in.Value, !x.Ready() || x.std.value != 0
}

func (x *bollinger) clear() {
	resetAll(x.std, x.mid, x.upper, x.lower, x.width, x.price, x.place)
}

type acceleration struct {
	base
	width             float64
	mid, upper, lower node
}

func newAcceleration(name string, period int, width float64, t MovingAverageType) *acceleration {
	x := &acceleration{width: width, mid: t.average(name+"_MiddleBand", period),
		upper: t.average(name+"_UpperBand", period), lower: t.average(name+"_LowerBand", period)}
	x.init(x, name, Bar, period)
	x.part("middle_band", x.mid)
	x.part("upper_band", x.upper)
	x.part("lower_band", x.lower)
	return x
}

func (x *acceleration) Ready() bool { return x.mid.Ready() && x.upper.Ready() && x.lower.Ready() }

func (x *acceleration) compute(in *Input) (float64, bool) {
	c := x.width * over(in.High-in.Low, in.High+in.Low)
	x.lower.push(in.End, in.Low*(1-c))
	x.upper.push(in.End, in.High*(1+c))
	x.mid.push(in.End, in.Close)
	return x.mid.Value(), true
}

func (x *acceleration) clear() { resetAll(x.mid, x.upper, x.lower) }

type donchian struct {
	base
	upper, lower *extreme
}

func newDonchian(name string, upper, lower int) *donchian {
	x := &donchian{upper: newMax(name+"_UpperBand", upper), lower: newMin(name+"_LowerBand", lower)}
	x.init(x, name, Bar, max(upper, lower))
	x.part("upper_band", x.upper)
	x.part("lower_band", x.lower)
	return x
}

func (x *donchian) compute(in *Input) (float64, bool) {
	x.upper.push(in.End, in.High)
	x.lower.push(in.End, in.Low)
	return (x.upper.value + x.lower.value) / 2, true
}

func (x *donchian) clear() { resetAll(x.upper, x.lower) }

type keltner struct {
	base
	mid          node
	atr          *atr
	k            float64
	upper, lower *identity
}

func newKeltner(name string, period int, k float64, t MovingAverageType) *keltner {
	x := &keltner{mid: t.average(name+"_MiddleBand", period), atr: newATR(name+"_AverageTrueRange", period, Simple), k: k}
	x.init(x, name, Bar, period)
	x.upper, x.lower = newOutput(name+"_UpperBand", x.mid.Ready), newOutput(name+"_LowerBand", x.mid.Ready)
	x.part("middle_band", x.mid)
	x.part("upper_band", x.upper)
	x.part("lower_band", x.lower)
	x.part("average_true_range", x.atr)
	return x
}

func (x *keltner) Ready() bool { return x.mid.Ready() && x.atr.Ready() }

func (x *keltner) compute(in *Input) (float64, bool) {
	x.atr.Update(in)
	lower, upper := 0.0, 0.0
	if x.mid.push(in.End, typical(in)) {
		d := x.atr.value * x.k
		lower, upper = x.mid.Value()-d, x.mid.Value()+d
	}
	x.lower.push(in.End, lower)
	x.upper.push(in.End, upper)
	return x.mid.Value(), true
}

func (x *keltner) clear() { resetAll(x.mid, x.atr, x.upper, x.lower) }

type squeeze struct {
	base
	bb *bollinger
	kc *keltner
}

func newSqueeze(name string, a args) *squeeze {
	x := &squeeze{bb: newBollinger("", a.int(0), a.float(1), Simple), kc: newKeltner("", a.int(2), a.float(3), Exponential)}
	x.init(x, name, Bar, max(a.int(0), a.int(2)))
	x.part("bollinger_bands", x.bb)
	x.part("keltner_channels", x.kc)
	return x
}

func (x *squeeze) Ready() bool { return x.bb.Ready() && x.kc.Ready() }

func (x *squeeze) compute(in *Input) (float64, bool) {
	x.bb.Update(in)
	x.kc.Update(in)
	switch {
	case !x.Ready():
		return 0, true
	case x.kc.upper.value > x.bb.upper.value && x.kc.lower.value < x.bb.lower.value:
		return 1, true
	}
	return -1, true
}

func (x *squeeze) clear() { resetAll(x.bb, x.kc) }

type regression struct {
	base
	line         *lsma
	std          *variance
	k            float64
	upper, lower *identity
}

func newRegression(name string, period int, k float64) *regression {
	x := &regression{line: newLSMA(name+"_LinearRegression", period), std: newStd("", period), k: k}
	x.init(x, name, Point, period)
	x.upper, x.lower = newOutput(name+"_UpperChannel", x.Ready), newOutput(name+"_LowerChannel", x.Ready)
	x.part("linear_regression", x.line)
	x.part("upper_channel", x.upper)
	x.part("lower_channel", x.lower)
	x.part("intercept", x.line.intercept)
	x.part("slope", x.line.slope)
	return x
}

func (x *regression) compute(in *Input) (float64, bool) {
	x.std.push(in.End, in.Value)
	x.line.push(in.End, in.Value)
	x.lower.push(in.End, x.line.value-x.std.value*x.k)
	x.upper.push(in.End, x.line.value+x.std.value*x.k)
	return x.line.value, true
}

func (x *regression) clear() { resetAll(x.line, x.std, x.upper, x.lower) }

// ichimoku holds the cloud's lines; its own value is the close.
type ichimoku struct {
	base
	tenkanMax, tenkanMin, kijunMax, kijunMin, bMax, bMin *extreme
	tenkan, kijun, senkouA, senkouB                      *identity
	lateTenkan, lateKijun, lateMax, lateMin, chikou      *delay
}

func newIchimoku(name string, a args) *ichimoku {
	t, k, b, da, db := a.int(0), a.int(1), a.int(3), a.int(4), a.int(5)
	x := &ichimoku{
		tenkanMax: newMax(name+"_TenkanMax", t), tenkanMin: newMin(name+"_TenkanMin", t),
		kijunMax: newMax(name+"_KijunMax", k), kijunMin: newMin(name+"_KijunMin", k),
		bMax: newMax(name+"_SenkouBMaximum", b), bMin: newMin(name+"_SenkouBMinimum", b),
		lateTenkan: newDelay(name+"DelayedTenkan", da), lateKijun: newDelay(name+"DelayedKijun", da),
		lateMax: newDelay(name+"DelayedMax", db), lateMin: newDelay(name+"DelayedMin", db),
		chikou: newDelay(name+"_Chikou", da),
	}
	x.init(x, name, Bar, max(t+da, k+da, b+db))
	x.tenkan, x.kijun = newOutput("", x.tenkanMax.Ready), newOutput("", x.kijunMax.Ready)
	x.senkouA = newOutput("", func() bool { return x.lateTenkan.Ready() && x.lateKijun.Ready() })
	x.senkouB = newOutput("", func() bool { return x.lateMax.Ready() && x.lateMin.Ready() })
	x.parts = []part{{"tenkan", x.tenkan}, {"kijun", x.kijun}, {"senkou_a", x.senkouA}, {"senkou_b", x.senkouB},
		{"chikou", x.chikou}, {"tenkan_maximum", x.tenkanMax}, {"tenkan_minimum", x.tenkanMin},
		{"kijun_maximum", x.kijunMax}, {"kijun_minimum", x.kijunMin}, {"senkou_b_maximum", x.bMax},
		{"senkou_b_minimum", x.bMin}, {"delayed_tenkan_senkou_a", x.lateTenkan}, {"delayed_kijun_senkou_a", x.lateKijun},
		{"delayed_maximum_senkou_b", x.lateMax}, {"delayed_minimum_senkou_b", x.lateMin}}
	return x
}

func (x *ichimoku) Ready() bool {
	return x.tenkan.Ready() && x.kijun.Ready() && x.senkouA.Ready() && x.senkouB.Ready()
}

func (x *ichimoku) compute(in *Input) (float64, bool) {
	for _, m := range [...]*extreme{x.tenkanMax, x.kijunMax, x.bMax} {
		m.push(in.End, in.High)
	}
	for _, m := range [...]*extreme{x.tenkanMin, x.kijunMin, x.bMin} {
		m.push(in.End, in.Low)
	}
	x.tenkan.push(in.End, (x.tenkanMax.value+x.tenkanMin.value)/2)
	x.kijun.push(in.End, (x.kijunMax.value+x.kijunMin.value)/2)
	if x.tenkan.Ready() {
		pass(x.lateTenkan, &x.tenkan.base)
	}
	if x.kijun.Ready() {
		pass(x.lateKijun, &x.kijun.base)
	}
	if x.tenkan.Ready() && x.kijun.Ready() {
		x.senkouA.push(in.End, (x.lateTenkan.value+x.lateKijun.value)/2)
	}
	if x.bMax.Ready() {
		pass(x.lateMax, &x.bMax.base)
		pass(x.lateMin, &x.bMin.base)
		x.senkouB.push(in.End, (x.lateMax.value+x.lateMin.value)/2)
	}
	x.chikou.push(in.End, in.Close)
	return in.Close, true
}

func (x *ichimoku) clear() {
	for _, p := range x.parts {
		p.ind.Reset()
	}
}
