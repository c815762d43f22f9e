package perf

import (
	"math"

	"quantdesk/internal/quant"
)

// VaRCVaR is TailLoss of losses that are checked: at least one, numbers, with a
// confidence between 0 and 1 (0 means 0.95).
func VaRCVaR(losses []float64, confidence float64) (valueAtRisk, conditional float64, err error) {
	if confidence == 0 {
		confidence = DefaultConfidence
	}
	if !(confidence > 0 && confidence < 1) {
		return 0, 0, quant.Bad("perf.VaRCVaR", "confidence", confidence, "between 0 and 1, both excluded")
	}
	if err := quant.Check(quant.Column{Name: "losses", Values: losses, AtLeast: 1}); err != nil {
		return 0, 0, err
	}
	valueAtRisk, conditional = TailLoss(losses, confidence)
	return valueAtRisk, conditional, nil
}

// TailLoss is value at risk and conditional value at risk of equally likely losses at
// confidence b: the k-th smallest loss, k = ceil(b n), and the mean of the worst
// (1-b) n losses, the k-th split (Rockafellar and Uryasev 2002, prop. 8). Costs O(n).
func TailLoss(losses []float64, confidence float64) (valueAtRisk, conditional float64) {
	return tail(append([]float64(nil), losses...), confidence)
}

// tailGain is TailLoss of the negated returns.
func tailGain(returns []float64, confidence float64) (valueAtRisk, conditional float64) {
	losses := make([]float64, len(returns))
	for i, r := range returns {
		losses[i] = -r
	}
	return tail(losses, confidence)
}

// tail reorders the losses.
func tail(losses []float64, confidence float64) (valueAtRisk, conditional float64) {
	n := len(losses)
	k := max(int(math.Ceil(confidence*float64(n)-1e-9)), 1)
	selectAt(losses, k-1)
	valueAtRisk = losses[k-1]
	worst := (1 - confidence) * float64(n)
	sum := (worst - float64(n-k)) * valueAtRisk
	return valueAtRisk, (sum + quant.Sum(losses[k:])) / worst
}

// selectAt puts the element of rank k in its place, none greater before it, none less
// after it (Hoare 1961).
func selectAt(x []float64, k int) {
	for lo, hi := 0, len(x)-1; lo < hi; {
		pivot := median(x[lo], x[lo+(hi-lo)/2], x[hi])
		i, j := lo, hi
		for i <= j {
			for x[i] < pivot {
				i++
			}
			for x[j] > pivot {
				j--
			}
			if i <= j {
				x[i], x[j] = x[j], x[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return
		}
	}
}

func median(a, b, c float64) float64 {
	return max(min(a, b), min(max(a, b), c))
}
