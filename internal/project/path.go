package project

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"quantdesk/internal/fault"
)

// Bounds of a project.
const (
	// MaxFile is the largest file, in bytes.
	MaxFile = 10 << 20
	// MaxFiles is how many files a project holds.
	MaxFiles = 10_000
	// MaxProject is the size of all its files together, in bytes.
	MaxProject = 128 << 20

	maxPath = 400
	maxName = 200
	maxText = 10_000
)

// checkPath wants a plain relative path with forward slashes.
func checkPath(name string) error {
	const op = "project.checkPath"
	shown := clip(name)
	bad := func(why string) error {
		return fault.E(op, fault.Invalid, "the file name %q %s", shown, why).Hinted("Use a relative path with forward slashes, such as main.py or models/alpha.py.")
	}
	switch {
	case name == "":
		return bad("is empty")
	case len(name) > maxPath:
		return bad("is longer than 400 bytes")
	case !utf8.ValidString(name):
		return bad("is not valid UTF-8")
	case strings.Contains(name, `\`):
		return bad("has a backslash")
	case strings.HasPrefix(name, "/"):
		return bad("is absolute")
	case strings.ContainsFunc(name, unicode.IsControl):
		return bad("has a control character")
	case len(name) > 1 && name[1] == ':':
		return bad("begins with a drive")
	}
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "..":
			return bad("leaves the project with ..")
		case part == "" || part == ".":
			return bad("has an empty part")
		case strings.TrimRight(part, " .") == "":
			return bad("has a part of dots and blanks")
		}
	}
	if path.Clean(name) != name {
		return bad("is not in its simplest form")
	}
	return nil
}

func checkContent(name, content string) error {
	const op = "project.checkContent"
	if len(content) > MaxFile {
		return fault.E(op, fault.Invalid, "the file %q has %d bytes; a file has at most %d (10 MB)", clip(name), len(content), MaxFile).
			Hinted("Split it, or keep data in the data folder.").With("limit", MaxFile)
	}
	if !utf8.ValidString(content) {
		return fault.E(op, fault.Invalid, "the file %q is not text in UTF-8", clip(name)).Hinted("Projects hold source text only.")
	}
	return nil
}

// checkSize bounds a project after an edit.
func checkSize(files int, bytes int64) error {
	const op = "project.checkSize"
	if files > MaxFiles {
		return fault.E(op, fault.Invalid, "a project holds at most %d files, and this makes %d", MaxFiles, files).
			Hinted("Delete files that are not needed, or split the project.").With("limit", MaxFiles)
	}
	if bytes > MaxProject {
		return fault.E(op, fault.Invalid, "the files of a project have at most %d bytes together (128 MB), and this makes %d", MaxProject, bytes).
			Hinted("Delete files that are not needed, or split the project.").With("limit", MaxProject)
	}
	return nil
}

// cleanName checks a project's name. Slashes make folders; one at the beginning
// is left out.
func cleanName(name string) (string, error) {
	const op = "project.cleanName"
	name = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(name), "/"))
	bad := func(why string) (string, error) {
		return "", fault.E(op, fault.Invalid, "the project name %q %s", clip(name), why).Hinted("Choose a plain name; slashes make folders.")
	}
	switch {
	case name == "":
		return bad("is empty")
	case len(name) > maxName:
		return bad("is longer than 200 bytes")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return bad("has characters that cannot be shown")
	case strings.Contains(name, `\`):
		return bad("has a backslash")
	case strings.HasPrefix(name, binPrefix):
		return bad("is in the recycle bin")
	}
	for part := range strings.SplitSeq(name, "/") {
		if t := strings.TrimSpace(part); t == "" || t == "." || t == ".." {
			return bad("has a part that is empty or leaves its folder")
		}
	}
	return name, nil
}

func checkText(what, text string) error {
	if len(text) > maxText || !utf8.ValidString(text) {
		return fault.E("project.checkText", fault.Invalid, "the %s must be UTF-8 text of at most %d bytes", what, maxText)
	}
	return nil
}

// clip keeps an echo of what a caller sent short.
func clip(s string) string {
	return fault.Clip(s, 80)
}
