package project

import (
	"strings"
	"testing"
)

func TestPatch(t *testing.T) {
	t.Parallel()
	const old = "one\ntwo\n\nfour\nfive\nsix\nseven\n"
	for _, c := range []struct{ name, text, patch, want string }{
		{"change", old, "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n \n", strings.Replace(old, "two", "2", 1)},
		{"git headers", old, "diff --git a/f b/f\nindex 1..2 100644\n--- a/f\n+++ b/f\n@@ -6,2 +6,3 @@ def x():\n six\n seven\n+eight\n", old + "eight\n"},
		{"empty context line", old, "--- a/f\n+++ b/f\n@@ -2,3 +2,3 @@\n two\n\n-four\n+4\n", strings.Replace(old, "four", "4", 1)},
		{"moved place", "zero\n" + old, "--- a/f\n+++ b/f\n@@ -4,2 +4,2 @@\n-four\n+4\n five\n", strings.Replace("zero\n"+old, "four", "4", 1)},
		{"two hunks", old, "--- a/f\n+++ b/f\n@@ -1,1 +1,2 @@\n one\n+more\n@@ -6,2 +7,1 @@\n-six\n seven\n", "one\nmore\ntwo\n\nfour\nfive\nseven\n"},
		{"insert at the start", old, "--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+zero\n", "zero\n" + old},
		{"new text", "", "--- /dev/null\n+++ b/f\n@@ -0,0 +1,2 @@\n+a\n+b\n", "a\nb\n"},
		{"no newline at the end", "a\nb", "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n", "a\nc"},
		{"newline added", "a\nb", "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n", "a\nb\n"},
		{"untouched end", "a\nb\nc", "--- a/f\n+++ b/f\n@@ -1,1 +1,1 @@\n-a\n+A\n", "A\nb\nc"},
		{"a line of dashes", "-- x\ny\n", "--- a/f\n+++ b/f\n@@ -1,2 +1,1 @@\n--- x\n y\n", "y\n"},
		{"all gone", "a\n", "--- a/f\n+++ b/f\n@@ -1 +0,0 @@\n-a\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			list, err := parsePatch(c.patch)
			if err != nil || len(list) != 1 {
				t.Fatalf("%v, %v", list, err)
			}
			got, err := list[0].apply(c.text)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestBadPatch(t *testing.T) {
	t.Parallel()
	for name, patch := range map[string]string{
		"blank":       " ",
		"empty":       "",
		"prose":       "please change line 3",
		"no hunk":     "--- a/f\n+++ b/f\n",
		"short hunk":  "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n one\n",
		"bad header":  "--- a/f\n+++ b/f\n@@ one two @@\n one\n",
		"bad mark":    "--- a/f\n+++ b/f\n@@ -1,1 +1,1 @@\n*one\n",
		"huge number": "--- a/f\n+++ b/f\n@@ -99999999999999999999,1 +1,1 @@\n one\n",
		"early hunk":  "@@ -1,1 +1,1 @@\n one\n--- a/f\n+++ b/f\n",
	} {
		if list, err := parsePatch(patch); err == nil {
			t.Errorf("%s: parsed as %+v", name, list)
		}
	}
	list, err := parsePatch("--- a/f\n+++ b/f\n@@ -1,1 +1,1 @@\n-other\n+x\n")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := list[0].apply("one\n"); err == nil {
		t.Errorf("a patch of another text gave %q", got)
	}
}

func FuzzPatch(f *testing.F) {
	f.Add("one\ntwo\n", "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n")
	f.Add("", "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n")
	f.Fuzz(func(_ *testing.T, text, patch string) {
		list, err := parsePatch(patch)
		if err != nil {
			return
		}
		for _, p := range list {
			if out, err := p.apply(text); err == nil {
				_ = out
			}
		}
	})
}
