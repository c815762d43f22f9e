package research

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// scan cuts a filter into tokens; the last is the end.
func scan(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		from := i
		switch {
		case unicode.IsSpace(r):
			i += size
			continue
		case r == '\'' || r == '"':
			var b strings.Builder
			for i += size; ; {
				end := strings.IndexRune(s[i:], r)
				if end < 0 {
					return nil, badFilter(from, "the quotation is not closed")
				}
				b.WriteString(s[i : i+end])
				if i += end + 1; !strings.HasPrefix(s[i:], string(r)) {
					break
				}
				b.WriteRune(r) // doubled: one of the text
				i++
			}
			kind := 's'
			if r == '"' {
				kind = 'q'
			}
			out = append(out, token{kind, b.String(), from})
			continue
		case r >= '0' && r <= '9' || r == '.' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9':
			for i < len(s) && (strings.ContainsRune("0123456789.eE", rune(s[i])) || (s[i] == '-' || s[i] == '+') && (s[i-1] == 'e' || s[i-1] == 'E')) {
				i++
			}
			out = append(out, token{'n', s[from:i], from})
			continue
		case unicode.IsLetter(r) || r == '_':
			for i < len(s) {
				r, size := utf8.DecodeRuneInString(s[i:])
				if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '.' {
					break
				}
				i += size
			}
			out = append(out, token{'w', s[from:i], from})
			continue
		}
		two := s[i:min(i+2, len(s))]
		switch two {
		case "<=", ">=", "<>", "!=", "==":
			out = append(out, token{'o', two, from})
			i += 2
			continue
		}
		if !strings.ContainsRune("<>=()+-*/,", r) {
			return nil, badFilter(from, "%q has no meaning here", string(r))
		}
		out = append(out, token{'o', string(r), from})
		i += size
	}
	return append(out, token{pos: len(s)}), nil
}
