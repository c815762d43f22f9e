package indicator

import "fmt"

// MovingAverageType names a moving average where an indicator leaves the choice.
type MovingAverageType int

// The moving averages to choose from, numbered as LEAN numbers them.
const (
	Simple MovingAverageType = iota
	Exponential
	Wilders
	LinearWeighted
	DoubleExponential
	TripleExponential
	Triangular
	T3
	Kama
	Hull
	Alma
	Zlema
	MGD
)

var movingAverageNames = []string{"Simple", "Exponential", "Wilders", "LinearWeightedMovingAverage",
	"DoubleExponential", "TripleExponential", "Triangular", "T3", "Kama", "Hull", "Alma", "Zlema", "MGD"}

// String is the name LEAN gives the type.
func (t MovingAverageType) String() string { return movingAverageNames[t] }

// average makes the moving average of this type.
func (t MovingAverageType) average(name string, period int) node {
	switch t {
	case Exponential:
		return newEMA(name, period, smoothing(period))
	case Wilders:
		return newWilder(name, period)
	case LinearWeighted:
		return newLWMA(name, period)
	case DoubleExponential:
		return newDEMA(name, period, 1)
	case TripleExponential:
		return newTEMA(name, period)
	case Triangular:
		return newTRIMA(name, period)
	case T3:
		return newT3(name, period, 0.7)
	case Kama:
		return newKAMA(name, period, 2, 30)
	case Hull:
		return newHMA(name, period)
	case Alma:
		return newALMA(name, period, 6, 0.85)
	case Zlema:
		return newZLEMA(name, period)
	case MGD:
		return newMcGinley(name, period)
	}
	return newSMA(name, period)
}

// enums lists the choices of each named parameter type, in LEAN's numbering.
var enums = map[string][]string{
	"MovingAverageType":  movingAverageNames,
	"CorrelationType":    {"Pearson", "Spearman"},
	"SwissArmyKnifeTool": {"Gauss", "Butter", "HighPass", "TwoPoleHighPass", "BandPass"},
}

// EnumNames returns the choices of a parameter type such as MovingAverageType, nil for other types.
func EnumNames(typ string) []string { return enums[typ] }

// enumIndex finds a choice given by name or number.
func enumIndex(typ string, v any) (int, error) {
	names := enums[typ]
	switch x := v.(type) {
	case MovingAverageType:
		return enumIndex(typ, int(x))
	case int:
		if x >= 0 && x < len(names) {
			return x, nil
		}
	case string:
		for i, n := range names {
			if n == x {
				return i, nil
			}
		}
	}
	return 0, fmt.Errorf("%v is no %s, one of %v", v, typ, names)
}
