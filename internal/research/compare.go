package research

import "strings"

// holds compares two values; text and number are never equal.
func holds(op string, a, b value) truth {
	if a.null || b.null {
		return unclear
	}
	var c int
	switch {
	case a.isText != b.isText:
		if op == "!=" || op == "<>" {
			return yes
		}
		return no
	case a.isText:
		c = strings.Compare(a.text, b.text)
	case a.num < b.num:
		c = -1
	case a.num > b.num:
		c = 1
	}
	ok := false
	switch op {
	case "=", "==":
		ok = c == 0
	case "!=", "<>":
		ok = c != 0
	case "<":
		ok = c < 0
	case ">":
		ok = c > 0
	case "<=":
		ok = c <= 0
	case ">=":
		ok = c >= 0
	}
	if ok {
		return yes
	}
	return no
}

// like matches SQL's pattern: % is any text, _ any character; case does not
// count. It takes time in proportion to the lengths' product.
func like(pattern, s string) bool {
	p, t := []rune(strings.ToLower(pattern)), []rune(strings.ToLower(s))
	i, k, star, mark := 0, 0, -1, 0
	for k < len(t) {
		switch {
		case i < len(p) && p[i] == '%':
			star, mark = i, k
			i++
		case i < len(p) && (p[i] == '_' || p[i] == t[k]):
			i++
			k++
		case star >= 0:
			mark++
			i, k = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '%' {
		i++
	}
	return i == len(p)
}
