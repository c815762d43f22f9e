package tool

import "strings"

// nearest gives the name closest to what was written, empty when none is near:
// a name that is mostly another word is no suggestion.
func nearest(s string, names []string) string {
	best, at := "", max(2, len(s)/3)+1
	for _, n := range names {
		d := distance(s, n)
		if len(s) > 2 && strings.HasPrefix(n, s) || len(n) > 2 && strings.HasPrefix(s, n) {
			d = min(d, 2)
		}
		if d >= len(s) || d >= len(n) { // nothing of it is left
			continue
		}
		if d < at {
			best, at = n, d
		}
	}
	return best
}

// distance is the number of single-character edits between two short texts.
func distance(a, b string) int {
	if len(a) > 64 {
		a = a[:64]
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j+1]+1, row[j]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
