package quant

import "math"

// Varying tells for each window of w values whether it varies, as Constant has it;
// the first window ends at w-1. Cost O(n).
func Varying(x []float64, w int) []bool {
	out := make([]bool, max(0, len(x)-w+1))
	var low, high []int // places of what may still become the least, the greatest
	for t, v := range x {
		for len(low) > 0 && x[low[len(low)-1]] >= v {
			low = low[:len(low)-1]
		}
		for len(high) > 0 && x[high[len(high)-1]] <= v {
			high = high[:len(high)-1]
		}
		low, high = append(low, t), append(high, t)
		if low[0] <= t-w {
			low = low[1:]
		}
		if high[0] <= t-w {
			high = high[1:]
		}
		if t >= w-1 {
			lo, hi := x[low[0]], x[high[0]]
			out[t-w+1] = hi-lo > constantWidth*max(1, math.Abs(lo), math.Abs(hi))
		}
	}
	return out
}
