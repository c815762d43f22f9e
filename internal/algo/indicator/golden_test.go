package indicator

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const goldenDir = "../../../../shared/golden/indicators"

// row is a line of a reference file by column, in lower case.
type row map[string]string

// reference reads a reference file, skipping the test where the folder is absent.
func reference(t *testing.T, name string) []row {
	t.Helper()
	f, err := os.Open(filepath.Join(goldenDir, name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no reference series %s in %s", name, goldenDir)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReader(f))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	head, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for {
		rec, err := r.Read()
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		m := row{}
		for i, v := range rec {
			if i < len(head) {
				m[strings.ToLower(strings.Trim(head[i], "\ufeff \""))] = strings.TrimSpace(v)
			}
		}
		rows = append(rows, m)
	}
}

func (r row) number(name string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSuffix(r[strings.ToLower(name)], "%"), 64)
	return v, err == nil
}

var clocks = []string{"2006-01-02", "20060102 15:04", "1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM", "1/2/2006 15:04", "1/2/2006", "20060102", "2006-01-02 15:04:05", "2006.01.02 15:04",
	"2006-01-02T15:04:05Z07:00", "1/2/06"}

// input makes the i-th bar of a series; where its date cannot be read the days are counted.
func (r row) input(i int) Input {
	get := func(name string, other float64) float64 {
		if v, ok := r.number(name); ok {
			return v
		}
		return other
	}
	c := get("close", 0)
	in := Input{Symbol: r["symbol"], Open: get("open", c), High: get("high", c), Low: get("low", c), Close: c, Value: c, Volume: get("volume", 0), Bar: true}
	in.Start = int64(i) * nanosPerDay
	for _, k := range []string{"date", "time"} {
		for _, c := range clocks {
			if at, err := time.Parse(c, r[k]); err == nil {
				in.Start = at.UnixNano()
			}
		}
	}
	in.End = in.Start + nanosPerDay
	return in
}

type golden struct {
	class  string
	args   []any
	file   string
	column string
	sub    string  // compared part or, with #, field
	scale  float64 // of the value, 1 unless set
	eps    float64 // 1e-3 unless set, as LEAN's tests have it
	rel    bool    // eps is relative
	expect func(float64) float64
	set    []string // symbols to add
}

func ints(n ...int) []any {
	out := make([]any, len(n))
	for i, v := range n {
		out[i] = v
	}
	return out
}

var trio = []string{"AAPL", "IBM", "GOOG"}

var goldens = []golden{
	{class: "AbsolutePriceOscillator", args: ints(5, 10), file: "spy_apo.txt", column: "APO_5_10"},
	{class: "AccelerationBands", args: []any{20, 4.0}, file: "spy_acceleration_bands_20_4.txt", column: "MiddleBand"},
	{class: "AccelerationBands", args: []any{20, 4.0}, file: "spy_acceleration_bands_20_4.txt", column: "UpperBand", sub: "upper_band"},
	{class: "AccelerationBands", args: []any{20, 4.0}, file: "spy_acceleration_bands_20_4.txt", column: "LowerBand", sub: "lower_band"},
	{class: "AccumulationDistribution", file: "spy_ad.txt", column: "AD", eps: 1e-6, rel: true},
	{class: "AccumulationDistributionOscillator", args: ints(3, 10), file: "spy_ad_osc.txt", column: "AdOsc_3_10", eps: 1e-6, rel: true},
	{class: "ChaikinOscillator", args: ints(3, 10), file: "spy_ad_osc.txt", column: "AdOsc_3_10", eps: 1e-6, rel: true},
	{class: "Alpha", args: []any{"AMZN", "SPX", 5}, file: "alpha_indicator_datatest.csv", column: "Alpha"},
	{class: "Beta", args: []any{"AMZN", "SPX", 5}, file: "bi_datatest.csv", column: "Beta"},
	{class: "Correlation", args: []any{"SPY", "QQQ", 252}, file: "spy_qqq_corr.csv", column: "Correlation_Pearson"},
	{class: "Correlation", args: []any{"SPY", "QQQ", 252, "Spearman"}, file: "spy_qqq_corr.csv", column: "Correlation_Spearman"},
	{class: "Covariance", args: []any{"SPY", "QQQ", 252}, file: "spy_qqq_cov.csv", column: "Covariance"},
	{class: "AdvanceDeclineDifference", file: "arms_data.txt", column: "A/D Difference", set: trio},
	{class: "AdvanceDeclineRatio", file: "arms_data.txt", column: "A/D Ratio", set: trio},
	{class: "AdvanceDeclineVolumeRatio", file: "arms_data.txt", column: "A/D Volume Ratio", set: trio},
	{class: "ArmsIndex", file: "arms_data.txt", column: "TRIN", set: trio},
	{class: "NewHighsNewLows", args: ints(2), file: "nhnl_data.csv", column: "NH/NL Difference", set: trio},
	{class: "NewHighsNewLows", args: ints(2), file: "nhnl_data.csv", column: "NH/NL Ratio", sub: "ratio", set: trio},
	{class: "NewHighsNewLowsVolume", args: ints(2), file: "nhnl_data.csv", column: "NH/NL Volume Ratio", set: trio},
	{class: "ArnaudLegouxMovingAverage", args: ints(9, 6), file: "spy_alma.txt", column: "ALMA"},
	{class: "AroonOscillator", args: ints(14, 14), file: "spy_aroon_oscillator.txt", column: "Aroon Oscillator 14"},
	{class: "AugenPriceSpike", args: ints(20), file: "spy_aps.txt", column: "APS"},
	{class: "AutoRegressiveIntegratedMovingAverage", args: ints(1, 0, 1, 50), file: "spy_arima.csv", column: "ARIMA", eps: 10},
	{class: "AverageDirectionalIndex", args: ints(14), file: "spy_with_adx.txt", column: "ADX 14", eps: 1},
	{class: "AverageDirectionalIndex", args: ints(14), file: "spy_with_adx.txt", column: "+DI14", sub: "positive_directional_index", eps: 1},
	{class: "AverageDirectionalIndex", args: ints(14), file: "spy_with_adx.txt", column: "-DI14", sub: "negative_directional_index", eps: 1},
	{class: "AverageDirectionalMovementIndexRating", args: ints(14), file: "spy_with_adx.txt", column: "ADXR 14", eps: 1},
	{class: "AverageRange", args: ints(20), file: "spy_adr.csv", column: "adr"},
	{class: "AverageTrueRange", args: ints(14), file: "spy_atr_wilder.txt", column: "Average True Range 14"},
	{class: "AverageTrueRange", args: []any{14, "Simple"}, file: "spy_atr.txt", column: "Average True Range 14"},
	{class: "AwesomeOscillator", args: ints(5, 34), file: "spy_ao.txt", column: "AO"},
	{class: "BalanceOfPower", file: "spy_bop.txt", column: "BOP"},
	{class: "BollingerBands", args: []any{20, 2.0}, file: "spy_bollinger_bands.txt", column: "Bollinger Bands® 20 2 Bottom", sub: "lower_band"},
	{class: "BollingerBands", args: []any{20, 2.0}, file: "spy_bollinger_bands.txt", column: "Bollinger Bands® 20 2 Top", sub: "upper_band"},
	{class: "BollingerBands", args: []any{20, 2.0}, file: "spy_bollinger_bands.txt", column: "Moving Average 20", sub: "middle_band"},
	{class: "BollingerBands", args: []any{20, 2.0}, file: "spy_bollinger_bands.txt", column: "BandWidth", sub: "band_width"},
	{class: "BollingerBands", args: []any{20, 2.0}, file: "spy_bollinger_bands.txt", column: "%B", sub: "percent_b"},
	{class: "ChaikinMoneyFlow", args: ints(20), file: "spy_cmf.txt", column: "CMF_20"},
	{class: "ChandeKrollStop", args: []any{5, 2.0, 3}, file: "spy_with_ChandeKrollStop.csv", column: "short_stop", sub: "short_stop", eps: 1e-6},
	{class: "ChandeKrollStop", args: []any{5, 2.0, 3}, file: "spy_with_ChandeKrollStop.csv", column: "long_stop", sub: "long_stop", eps: 1e-6},
	{class: "ChandeMomentumOscillator", args: ints(5), file: "spy_cmo.txt", column: "CMO_5"},
	{class: "ChoppinessIndex", args: ints(14), file: "spy_with_chop.csv", column: "CHOP14"},
	{class: "CommodityChannelIndex", args: ints(14), file: "spy_with_cci.txt", column: "Commodity Channel Index (CCI) 14", eps: 1e-2},
	{class: "ConnorsRelativeStrengthIndex", args: ints(3, 2, 100), file: "spy_crsi.csv", column: "crsi"},
	{class: "CoppockCurve", file: "spy_coppock_curve.csv", column: "CoppockCurve"},
	{class: "DeMarkerIndicator", args: ints(14), file: "eurusd60_dem.txt", column: "DeM"},
	{class: "DerivativeOscillator", args: ints(14, 5, 3, 9), file: "spy_do.csv", column: "DO"},
	{class: "DetrendedPriceOscillator", args: ints(21), file: "spy_dpo.csv", column: "DPO"},
	{class: "DonchianChannel", args: ints(50), file: "spy_with_don50.txt", column: "Donchian Channels 50 Mean"},
	{class: "DonchianChannel", args: ints(50), file: "spy_with_don50.txt", column: "Donchian Channels 50 Top", sub: "upper_band"},
	{class: "DonchianChannel", args: ints(50), file: "spy_with_don50.txt", column: "Donchian Channels 50 Bottom", sub: "lower_band"},
	{class: "DoubleExponentialMovingAverage", args: ints(5), file: "spy_dema.txt", column: "DEMA_5"},
	{class: "EaseOfMovementValue", file: "spy_emv.txt", column: "EMV"},
	{class: "ExponentialMovingAverage", args: ints(14), file: "spy_ema.csv", column: "EMA14"},
	{class: "FisherTransform", args: ints(10), file: "spy_with_fisher.txt", column: "Fisher Transform 10"},
	{class: "ForceIndex", args: ints(20), file: "spy_with_ForceIndex.csv", column: "ForceIndex20"},
	{class: "FractalAdaptiveMovingAverage", args: ints(16), file: "frama.txt", column: "Filt", eps: 0.006},
	{class: "HeikinAshi", file: "spy_heikin_ashi.txt", column: "HA_Open", sub: "open"},
	{class: "HeikinAshi", file: "spy_heikin_ashi.txt", column: "HA_High", sub: "high"},
	{class: "HeikinAshi", file: "spy_heikin_ashi.txt", column: "HA_Low", sub: "low"},
	{class: "HeikinAshi", file: "spy_heikin_ashi.txt", column: "HA_Close", sub: "close"},
	{class: "HilbertTransform", file: "spy_with_hilbert.csv", column: "InPhase", sub: "in_phase"},
	{class: "HilbertTransform", file: "spy_with_hilbert.csv", column: "Quadrature", sub: "quadrature"},
	{class: "HullMovingAverage", args: ints(16), file: "spy_hma.txt", column: "HMA_16"},
	{class: "HurstExponent", args: ints(252, 20), file: "spy_hurst_exponent.csv", column: "hurst_exponent"},
	{class: "InternalBarStrength", file: "spy_with_ibs.csv", column: "IBS"},
	{class: "KaufmanAdaptiveMovingAverage", args: ints(5), file: "spy_kama.txt", column: "KAMA_5"},
	{class: "KaufmanEfficiencyRatio", args: ints(10), file: "spy_ker.txt", column: "KER"},
	{class: "KeltnerChannels", args: []any{20, 1.5}, file: "spy_with_keltner.csv", column: "Middle Band"},
	{class: "KeltnerChannels", args: []any{20, 1.5}, file: "spy_with_keltner.csv", column: "Keltner Channels 20 Top", sub: "upper_band"},
	{class: "KeltnerChannels", args: []any{20, 1.5}, file: "spy_with_keltner.csv", column: "Keltner Channels 20 Bottom", sub: "lower_band"},
	{class: "KlingerVolumeOscillator", args: ints(5, 10), file: "spy_with_kvo.csv", column: "KVO5_10", eps: 1e-6, rel: true},
	{class: "KnowSureThing", args: ints(5, 5, 10, 5, 15, 5, 25, 10, 9), file: "spy_with_kst.csv", column: "kst"},
	{class: "KnowSureThing", args: ints(5, 5, 10, 5, 15, 5, 25, 10, 9), file: "spy_with_kst.csv", column: "signal", sub: "signal_line"},
	{class: "LinearWeightedMovingAverage", args: ints(6), file: "spx_lwma.csv", column: "LWMA"},
	{class: "LogReturn", args: ints(14), file: "spy_logr14.txt", column: "LOGR14"},
	{class: "MassIndex", file: "spy_mass_index_25.txt", column: "MassIndex"},
	{class: "Maximum", args: ints(5), file: "spy_max.txt", column: "MAX_5"},
	{class: "McGinleyDynamic", args: ints(14), file: "spy_with_McGinleyDynamic.csv", column: "McGinleyDynamic14"},
	{class: "MesaAdaptiveMovingAverage", file: "spy_mama.csv", column: "mama"},
	{class: "MesaAdaptiveMovingAverage", file: "spy_mama.csv", column: "fama", sub: "fama"},
	{class: "MidPoint", args: ints(5), file: "spy_midpoint.txt", column: "MIDPOINT_5"},
	{class: "MidPrice", args: ints(5), file: "spy_midprice.txt", column: "MIDPRICE_5"},
	{class: "Minimum", args: ints(5), file: "spy_min.txt", column: "MIN_5"},
	{class: "MomentumPercent", args: ints(50), file: "spy_with_rocp50.txt", column: "Rate of Change % 50"},
	{class: "MoneyFlowIndex", args: ints(20), file: "spy_mfi.txt", column: "Money Flow Index 20"},
	{class: "MovingAverageConvergenceDivergence", args: ints(12, 26, 9), file: "spy_with_macd.txt", column: "MACD"},
	{class: "MovingAverageConvergenceDivergence", args: ints(12, 26, 9), file: "spy_with_macd.txt", column: "Signal", sub: "signal"},
	{class: "MovingAverageConvergenceDivergence", args: ints(12, 26, 9), file: "spy_with_macd.txt", column: "Histogram", sub: "histogram"},
	{class: "NormalizedAverageTrueRange", args: ints(5), file: "spy_natr.txt", column: "NATR_5"},
	{class: "OnBalanceVolume", file: "spy_with_obv.txt", column: "OBV", eps: 1e-2, rel: true},
	{class: "ParabolicStopAndReverse", file: "spy_sarext.txt", column: "SAR"},
	{class: "ParabolicStopAndReverseExtended", file: "spy_sarext.txt", column: "SAREXT", eps: 1e-4},
	{class: "PercentagePriceOscillator", args: ints(5, 10), file: "spy_ppo.txt", column: "PPO_5_10"},
	{class: "PivotPointsHighLow", args: ints(10), file: "spy_pivot_pnt_hl.txt", column: "PPHL"},
	{class: "PremierStochasticOscillator", args: ints(8, 5), file: "spy_pso.csv", column: "pso"},
	{class: "RateOfChange", args: ints(50), file: "spy_with_rocp50.txt", column: "Rate of Change % 50", scale: 100},
	{class: "RateOfChangePercent", args: ints(50), file: "spy_with_rocp50.txt", column: "Rate of Change % 50"},
	{class: "RateOfChangeRatio", args: ints(5), file: "spy_rocr.txt", column: "ROCR_5"},
	{class: "RelativeDailyVolume", args: ints(2), file: "spy_rdv.txt", column: "RDV"},
	{class: "RelativeMovingAverage", args: ints(5), file: "spy_with_rma.csv", column: "RMA5"},
	{class: "RelativeStrengthIndex", args: ints(14), file: "spy_with_indicators.txt", column: "RSI 14 Wilder"},
	{class: "RelativeStrengthIndex", args: []any{14, "Simple"}, file: "spy_with_indicators.txt", column: "RSI 14"},
	{class: "RelativeVigorIndex", args: ints(10), file: "spy_rvi.txt", column: "RVI", eps: 0.06},
	{class: "RelativeVigorIndex", args: ints(10), file: "spy_rvi.txt", column: "RVI_S", sub: "signal", eps: 0.06},
	{class: "RogersSatchellVolatility", args: ints(9), file: "spy_with_rsv.csv", column: "RSV9"},
	{class: "SchaffTrendCycle", file: "spy_stc.txt", column: "STC", eps: 0.1},
	{class: "SharpeRatio", args: ints(10), file: "spy_sr.txt", column: "SR_10"},
	{class: "SimpleMovingAverage", args: ints(14), file: "spy_with_indicators.txt", column: "SMA14", eps: 1e-2},
	{class: "SmoothedOnBalanceVolume", args: ints(20), file: "spy_with_sobv.csv", column: "SOBV20"},
	{class: "SortinoRatio", args: ints(15), file: "spy_sortino.csv", column: "sortino_rf_0_period_15"},
	{class: "SortinoRatio", args: []any{15, 0.01}, file: "spy_sortino.csv", column: "sortino_rf_0.01_period_15"},
	{class: "SqueezeMomentum", args: []any{20, 2.0, 20, 1.5}, file: "spy_sm.csv", column: "squeeze on"},
	{class: "StandardDeviation", args: ints(10), file: "spy_var.txt", column: "Var", eps: 1e-6, expect: math.Sqrt},
	{class: "StochasticRelativeStrengthIndex", args: ints(14, 14, 3, 3), file: "spy_with_StochRSI.csv", column: "k", sub: "k"},
	{class: "StochasticRelativeStrengthIndex", args: ints(14, 14, 3, 3), file: "spy_with_StochRSI.csv", column: "d", sub: "d"},
	{class: "Stochastic", args: ints(12, 3, 5), file: "spy_with_stoch12k3.txt", column: "Stochastics 12 %K 3", sub: "stoch_k"},
	{class: "Stochastic", args: ints(12, 3, 5), file: "spy_with_stoch12k3.txt", column: "%D 5", sub: "stoch_d"},
	{class: "SuperTrend", args: []any{10, 3.0}, file: "dwac_supertrend.txt", column: "Super"},
	{class: "SwissArmyKnife", args: []any{20, 0.1, "Gauss"}, file: "spy_swiss.txt", column: "Gauss", eps: 0.01},
	{class: "SwissArmyKnife", args: []any{20, 0.1, "Butter"}, file: "spy_swiss.txt", column: "Butter", eps: 0.01},
	{class: "SwissArmyKnife", args: []any{20, 0.1, "HighPass"}, file: "spy_swiss.txt", column: "HP", eps: 0.01},
	{class: "SwissArmyKnife", args: []any{20, 0.1, "TwoPoleHighPass"}, file: "spy_swiss.txt", column: "2PHP", eps: 0.01},
	{class: "SwissArmyKnife", args: []any{20, 0.1, "BandPass"}, file: "spy_swiss.txt", column: "BP", eps: 0.043},
	{class: "T3MovingAverage", args: ints(5), file: "spy_t3.txt", column: "T3_5", eps: 2e-2},
	{class: "TargetDownsideDeviation", args: ints(3), file: "spy_tdd.csv", column: "tdd", eps: 1e-6},
	{class: "TimeProfile", args: ints(3), file: "tp_datatest.csv", column: "POCPrice"},
	{class: "TimeProfile", args: ints(3), file: "tp_datatest.csv", column: "POCVolume", sub: "#poc_volume"},
	{class: "TimeProfile", args: ints(3), file: "tp_datatest.csv", column: "PH", sub: "#profile_high"},
	{class: "TimeProfile", args: ints(3), file: "tp_datatest.csv", column: "PL", sub: "#profile_low"},
	{class: "TimeProfile", args: ints(3), file: "tp_datatest.csv", column: "VA", sub: "#value_area_volume"},
	{class: "TimeProfile", args: ints(3), file: "tp_datatest.csv", column: "VAH", sub: "#value_area_high"},
	{class: "TimeProfile", args: ints(3), file: "tp_datatest.csv", column: "VAL", sub: "#value_area_low"},
	{class: "VolumeProfile", args: ints(3), file: "vp_datatest.csv", column: "POCPrice"},
	{class: "VolumeProfile", args: ints(3), file: "vp_datatest.csv", column: "POCVolume", sub: "#poc_volume"},
	{class: "VolumeProfile", args: ints(3), file: "vp_datatest.csv", column: "VAH", sub: "#value_area_high"},
	{class: "VolumeProfile", args: ints(3), file: "vp_datatest.csv", column: "VAL", sub: "#value_area_low"},
	{class: "TimeSeriesForecast", args: ints(5), file: "spy_tsf.csv", column: "tsf"},
	{class: "TomDemarkSequential", file: "td_sequential_test_data.csv", column: "TDS"},
	{class: "TriangularMovingAverage", args: ints(5), file: "spy_trima.txt", column: "TRIMA_5"},
	{class: "TriangularMovingAverage", args: ints(6), file: "spy_trima.txt", column: "TRIMA_6"},
	{class: "TripleExponentialMovingAverage", args: ints(5), file: "spy_tema.txt", column: "TEMA_5"},
	{class: "Trix", args: ints(5), file: "spy_trix.txt", column: "TRIX_5"},
	{class: "TrueRange", file: "spy_tr.txt", column: "TR"},
	{class: "TrueStrengthIndex", file: "spy_tsi.csv", column: "TSI_25_13"},
	{class: "TrueStrengthIndex", file: "spy_tsi.csv", column: "Signal_7", sub: "signal"},
	{class: "UltimateOscillator", args: ints(7, 14, 28), file: "spy_ultosc.txt", column: "ULTOSC_7_14_28"},
	{class: "ValueAtRisk", args: []any{252, 0.99}, file: "spy_valueatrisk.csv", column: "VaR_99"},
	{class: "ValueAtRisk", args: []any{252, 0.95}, file: "spy_valueatrisk.csv", column: "VaR_95"},
	{class: "ValueAtRisk", args: []any{252, 0.90}, file: "spy_valueatrisk.csv", column: "VaR_90"},
	{class: "VariableIndexDynamicAverage", args: ints(9), file: "spy_vidya.txt", column: "VIDYA_9"},
	{class: "Variance", args: ints(10), file: "spy_var.txt", column: "Var"},
	{class: "VolumeWeightedAveragePriceIndicator", args: ints(50), file: "spy_with_vwap.txt", column: "Moving VWAP 50"},
	{class: "VolumeWeightedMovingAverage", args: ints(20), file: "spy_with_vwma.csv", column: "VWMA20"},
	{class: "Vortex", args: ints(14), file: "spy_with_vtx.csv", column: "plus_vtx", sub: "plus_vortex"},
	{class: "Vortex", args: ints(14), file: "spy_with_vtx.csv", column: "minus_vtx", sub: "minus_vortex"},
	{class: "WaveTrendOscillator", args: ints(10, 21, 4), file: "spy_wto.csv", column: "WT1", eps: 1e-4},
	{class: "WaveTrendOscillator", args: ints(10, 21, 4), file: "spy_wto.csv", column: "WT2", sub: "signal", eps: 1e-4},
	{class: "WilderAccumulativeSwingIndex", args: []any{8.0}, file: "spy_asi.csv", column: "ASI"},
	{class: "WilderSwingIndex", args: []any{8.0}, file: "spy_si.csv", column: "SI"},
	{class: "WilliamsPercentR", args: ints(14), file: "spy_with_williamsR14.txt", column: "Williams %R 14"},
	{class: "ZeroLagExponentialMovingAverage", args: ints(5), file: "spy_with_zlema.csv", column: "ZLEMA5"},
	{class: "ZigZag", args: []any{0.05, 10}, file: "spy_zigzag.csv", column: "zigzag"},
	{class: "IchimokuKinkoHyo", file: "spy_with_ichimoku.csv", column: "Tenkan", sub: "tenkan"},
	{class: "IchimokuKinkoHyo", file: "spy_with_ichimoku.csv", column: "Kijun", sub: "kijun"},
	{class: "IchimokuKinkoHyo", file: "spy_with_ichimoku.csv", column: "Senkou A", sub: "senkou_a"},
	{class: "IchimokuKinkoHyo", file: "spy_with_ichimoku.csv", column: "Senkou B", sub: "senkou_b"},
	{class: "IchimokuKinkoHyo", file: "spy_with_ichimoku.csv", column: "DelayedTenkanSenkouA", sub: "delayed_tenkan_senkou_a"},
	{class: "IchimokuKinkoHyo", file: "spy_with_ichimoku.csv", column: "SenkouBMaximum", sub: "senkou_b_maximum"},
}

// TestGolden holds each indicator to the series LEAN's own tests use, with their tolerances.
func TestGolden(t *testing.T) {
	for _, g := range goldens {
		t.Run(g.class+"/"+g.column, func(t *testing.T) { g.run(t) })
	}
}

func (g golden) run(t *testing.T) {
	rows := reference(t, g.file)
	s, ok := Lookup(g.class)
	if !ok {
		t.Fatalf("no class %s", g.class)
	}
	ind, err := s.New(g.class, g.args)
	if err != nil {
		t.Fatal(err)
	}
	for _, symbol := range g.set {
		ind.(AssetSet).Add(symbol)
	}
	watched := ind
	if g.sub != "" && !strings.HasPrefix(g.sub, "#") {
		if watched = ind.Sub(g.sub); watched == nil {
			t.Fatalf("no part %s", g.sub)
		}
	}
	compared, bad := 0, 0
	for i, r := range rows {
		in := r.input(i)
		ind.Update(&in)
		want, ok := r.number(g.column)
		if !ok || !watched.Ready() {
			continue
		}
		if g.expect != nil {
			want = g.expect(want)
		}
		got := watched.Value()
		if name, isField := strings.CutPrefix(g.sub, "#"); isField {
			got, _ = ind.(Fielder).Field(name)
		}
		if g.scale != 0 {
			got *= g.scale
		}
		eps := g.eps
		if eps == 0 {
			eps = 1e-3
		}
		if g.rel {
			eps *= math.Abs(want)
		}
		compared++
		if math.Abs(got-want) > eps {
			if bad++; bad <= 3 {
				t.Errorf("row %d of %s: got %v, want %v", i+1, g.file, got, want)
			}
		}
	}
	if compared == 0 {
		t.Errorf("nothing compared in %s: %d rows", g.file, len(rows))
	} else if bad > 0 {
		t.Errorf("%d of %d rows are off", bad, compared)
	}
}
