package project

import (
	"strconv"
	"strings"

	"quantdesk/internal/fault"
)

// hunk is a stretch of a file that a patch changes.
type hunk struct {
	at    int      // the first line of the old text, from 0
	lines []string // each with its mark: ' ', '-' or '+'
	// bare are the sides whose last line ends without a line break.
	oldBare, newBare bool
}

// filePatch is what a patch does to one file; an empty name means it is not
// there on that side.
type filePatch struct {
	from, to string
	hunks    []hunk
}

// parsePatch reads a unified diff, with or without git's headers. A line that is
// wholly empty inside a hunk is an empty line of context: editors strip blanks.
func parsePatch(text string) ([]filePatch, error) {
	var out []filePatch
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if n := len(lines); n > 0 && lines[n-1] == "" {
		lines = lines[:n-1]
	}
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		switch {
		case strings.HasPrefix(l, "--- ") && i+1 < len(lines) && strings.HasPrefix(lines[i+1], "+++ "):
			out = append(out, filePatch{from: diffName(l[4:], "a/"), to: diffName(lines[i+1][4:], "b/")})
			i++
		case strings.HasPrefix(l, "@@"):
			if len(out) == 0 {
				return nil, badPatch("a hunk comes before the names of its file")
			}
			h, used, err := parseHunk(lines[i:])
			if err != nil {
				return nil, err
			}
			f := &out[len(out)-1]
			f.hunks = append(f.hunks, h)
			i += used - 1
		}
	}
	if len(out) == 0 {
		return nil, badPatch("it names no file")
	}
	for _, f := range out {
		if len(f.hunks) == 0 {
			return nil, badPatch("it changes nothing in " + strconv.Quote(clip(f.to+f.from)))
		}
	}
	return out, nil
}

func diffName(s, prefix string) string {
	s, _, _ = strings.Cut(s, "\t")
	s = strings.TrimSpace(s)
	if unquoted, err := strconv.Unquote(s); err == nil {
		s = unquoted
	}
	if s == "/dev/null" {
		return ""
	}
	return strings.TrimPrefix(s, prefix)
}

// parseHunk reads a hunk and tells how many lines it took.
func parseHunk(lines []string) (hunk, int, error) {
	var h hunk
	head := strings.Fields(lines[0])
	if len(head) < 4 || head[0] != "@@" || head[3] != "@@" {
		return h, 0, badPatch("the hunk header " + strconv.Quote(clip(lines[0])) + " is not one")
	}
	at, oldN, ok1 := diffRange(head[1], '-')
	_, newN, ok2 := diffRange(head[2], '+')
	if !ok1 || !ok2 {
		return h, 0, badPatch("the hunk header " + strconv.Quote(clip(lines[0])) + " is not one")
	}
	h.at = max(0, at-1)
	if oldN == 0 {
		h.at = at // lines come after that one
	}
	i := 1
	for ; i < len(lines) && (oldN > 0 || newN > 0); i++ {
		l := lines[i]
		if l == "" {
			l = " "
		}
		switch l[0] {
		case ' ':
			oldN--
			newN--
		case '-':
			oldN--
		case '+':
			newN--
		case '\\':
			h.bare(h.lastMark())
			continue
		default:
			return h, 0, badPatch("a line of a hunk begins with " + strconv.Quote(l[:1]))
		}
		h.lines = append(h.lines, l)
	}
	if oldN != 0 || newN != 0 {
		return h, 0, badPatch("a hunk is not as long as its header says")
	}
	if i < len(lines) && strings.HasPrefix(lines[i], `\`) {
		h.bare(h.lastMark())
		i++
	}
	return h, i, nil
}

func (h *hunk) lastMark() byte {
	if len(h.lines) == 0 {
		return 0
	}
	return h.lines[len(h.lines)-1][0]
}

func (h *hunk) bare(mark byte) {
	h.oldBare = h.oldBare || mark == '-' || mark == ' '
	h.newBare = h.newBare || mark == '+' || mark == ' '
}

// diffRange reads "-3,7" as 3 and 7; a missing count is 1.
func diffRange(s string, mark byte) (at, n int, ok bool) {
	if s == "" || s[0] != mark {
		return 0, 0, false
	}
	first, count, has := strings.Cut(s[1:], ",")
	at, err := strconv.Atoi(first)
	if err != nil || at < 0 {
		return 0, 0, false
	}
	n = 1
	if has {
		if n, err = strconv.Atoi(count); err != nil || n < 0 {
			return 0, 0, false
		}
	}
	return at, n, true
}

// apply gives the text after the hunks. A hunk whose place has moved is looked
// for around where its header puts it, nearest first.
func (f filePatch) apply(text string) (string, error) {
	ends := text == "" || strings.HasSuffix(text, "\n")
	var old []string
	if text != "" {
		old = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	}
	var out []string
	done, shift := 0, 0
	for n, h := range f.hunks {
		var want, put []string
		for _, l := range h.lines {
			if l[0] != '+' {
				want = append(want, l[1:])
			}
			if l[0] != '-' {
				put = append(put, l[1:])
			}
		}
		at, ok := place(old, want, h.at+shift, done)
		if !ok {
			return "", badPatch("hunk " + strconv.Itoa(n+1) + " of " + strconv.Quote(clip(f.to+f.from)) + " does not fit the file as it is").Hinted("Read the file again and make the patch of what it holds now.")
		}
		shift = at - h.at
		out = append(append(out, old[done:at]...), put...)
		done = at + len(want)
		if done == len(old) {
			switch {
			case h.newBare:
				ends = false
			case h.oldBare || len(want) == 0 || len(put) > 0 && h.lastMark() != ' ':
				ends = true
			}
		}
	}
	out = append(out, old[done:]...)
	if len(out) == 0 {
		return "", nil
	}
	text = strings.Join(out, "\n")
	if ends {
		text += "\n"
	}
	return text, nil
}

// place finds where want stands in old at or after from, nearest to at.
func place(old, want []string, at, from int) (int, bool) {
	last := len(old) - len(want)
	at = min(max(at, from), max(last, from))
	for off := 0; off <= len(old); off++ {
		for _, i := range []int{at - off, at + off} {
			if i >= from && i <= last && matches(old[i:i+len(want)], want) {
				return i, true
			}
		}
	}
	return 0, false
}

func matches(have, want []string) bool {
	for i := range want {
		if have[i] != want[i] && strings.TrimSuffix(have[i], "\r") != want[i] {
			return false
		}
	}
	return true
}

func badPatch(why string) *fault.Error {
	return fault.E("project.patch", fault.Invalid, "the patch cannot be applied: %s", why).Hinted("Send a unified diff, as git diff writes it.")
}
