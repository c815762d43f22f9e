package sim

import "math"

// rng is a splitmix64 stream. Streams are not carried on but made anew from a
// key, so that any day or minute can be drawn without those before it.
type rng uint64

const golden = 0x9e3779b97f4a7c15

// mix is the finalizer of splitmix64: it turns any change of x into a change of
// half the bits.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// keyOf names a family of streams: FNV-1a of the words over the mixed seed.
func keyOf(seed int64, words ...string) uint64 {
	h := mix(uint64(seed)+golden) | 1
	for _, w := range words {
		for i := range len(w) {
			h = (h ^ uint64(w[i])) * 0x100000001b3
		}
		h = mix(h + golden)
	}
	return h
}

// at is the n-th stream of a family.
func at(key uint64, n int64) rng { return rng(mix(key ^ mix(uint64(n)+golden))) }

func (r *rng) next() uint64 {
	*r += golden
	return mix(uint64(*r))
}

// uniform is in (0, 1), never either end, so that its logarithm is finite.
func (r *rng) uniform() float64 {
	return float64((float64(r.next()>>12) + 0.5) * (1.0 / (1 << 52)))
}

// below is in [0, n).
func (r *rng) below(n int) int { return int(r.next() >> 33 % uint64(n)) }

// rough is nearly normal, mean 0 and variance 1, bounded by ±3.5: the sum of
// four uniforms out of one draw. It serves where thousands are needed.
func (r *rng) rough() float64 {
	x := r.next()
	sum := x&0xffff + x>>16&0xffff + x>>32&0xffff + x>>48
	// The variance of each uniform is (2^32-1)/12.
	return float64((float64(sum) - 2*65535) * (1.7320508075688772 / 65536))
}

// normal is standard normal, by Marsaglia's polar method.
func (r *rng) normal() float64 {
	for {
		u, v := float64(2*r.uniform())-1, float64(2*r.uniform())-1
		s := float64(u*u) + float64(v*v)
		if s < 1 && s > 0 {
			return float64(u * math.Sqrt(-2*ln(s)/s))
		}
	}
}

// Fat tails are a mixture: one draw in twenty has calmScale·tailRatio the
// deviation of the others, with the whole at variance 1 (kurtosis about 6).
const (
	tailShare = 0.05
	tailRatio = 2.5
	calmScale = 0.8899883189799696 // 1/sqrt(0.95 + 0.05·2.5²)
)

// fat has mean 0, variance 1 and fat tails.
func (r *rng) fat() float64 {
	z := calmScale * r.normal()
	if r.uniform() < tailShare {
		z *= tailRatio
	}
	return z
}
