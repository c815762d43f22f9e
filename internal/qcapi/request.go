package qcapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"quantdesk/internal/fault"
)

const (
	// maxBody bounds a request: a project's files come as one form.
	maxBody = 160 << 20
	// maxKeys and maxDepth bound what a form may nest.
	maxKeys  = 60_000
	maxDepth = 6
)

// readInput turns any of the bodies that clients send, or the query, into one
// JSON object.
func readInput(w http.ResponseWriter, r *http.Request) (json.RawMessage, error) {
	if r.Method == http.MethodGet {
		return fromForm(r.URL.Query())
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, fault.E("qcapi.readInput", fault.Invalid, "the request is larger than %d MB", maxBody>>20).
				Hinted("A file has at most 10 MB; send fewer files at a time.").With("status", http.StatusRequestEntityTooLarge)
		}
		return nil, fault.Wrap("qcapi.readInput", fault.Timeout, err, "the request did not come whole")
	}
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return fromForm(r.URL.Query())
	case kind == "application/x-www-form-urlencoded":
		form, err := parseForm(string(body))
		if err != nil {
			return nil, err
		}
		return fromForm(form)
	case kind == "multipart/form-data":
		return fromParts(multipart.NewReader(bytes.NewReader(body), params["boundary"]))
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		var list []json.RawMessage
		if json.Unmarshal(body, &list) == nil && len(list) == 0 { // PHP's empty object
			return json.RawMessage("{}"), nil
		}
		return nil, fault.E("qcapi.readInput", fault.Invalid, "the body is not a JSON object").Hinted("Send a JSON object, or a form.")
	}
	return body, nil
}

// parseForm reads a form as url.ParseQuery does, whose bound on the number of
// fields is below what a push of many files sends.
func parseForm(body string) (url.Values, error) {
	form := url.Values{}
	n := 0
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		if n++; n > maxKeys {
			return nil, fault.E("qcapi.parseForm", fault.Invalid, "the form has more than %d fields", maxKeys)
		}
		key, value, _ := strings.Cut(pair, "=")
		key, err1 := url.QueryUnescape(key)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return nil, fault.E("qcapi.parseForm", fault.Invalid, "the form is not readable")
		}
		form.Add(key, value)
	}
	return form, nil
}

func fromParts(m *multipart.Reader) (json.RawMessage, error) {
	form := url.Values{}
	for {
		p, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			return fromForm(form)
		}
		if err != nil || len(form) > maxKeys {
			return nil, fault.E("qcapi.fromParts", fault.Invalid, "the multipart body is not readable")
		}
		text, err := io.ReadAll(p)
		if err != nil {
			return nil, fault.E("qcapi.fromParts", fault.Invalid, "the multipart body is not readable")
		}
		form.Add(p.FormName(), string(text))
	}
}

// fromForm nests the bracketed keys of a form: a[0][b]=c is {"a":[{"b":"c"}]}.
func fromForm(form url.Values) (json.RawMessage, error) {
	if len(form) > maxKeys {
		return nil, fault.E("qcapi.fromForm", fault.Invalid, "the form has more than %d fields", maxKeys)
	}
	root := &branch{}
	for key, values := range form {
		path, err := splitKey(key)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			if err := root.put(path, v); err != nil {
				return nil, err
			}
		}
	}
	return json.Marshal(root.object())
}

// splitKey cuts "a[0][b]" into a, 0 and b.
func splitKey(key string) ([]string, error) {
	name, rest, nested := strings.Cut(key, "[")
	path := []string{name}
	if !nested {
		return path, nil
	}
	bad := fault.E("qcapi.splitKey", fault.Invalid, "the field name %q is not readable", clip(key))
	for {
		part, after, closed := strings.Cut(rest, "]")
		if !closed || len(path) >= maxDepth {
			return nil, bad
		}
		path = append(path, part)
		if after == "" {
			return path, nil
		}
		if after[0] != '[' {
			return nil, bad
		}
		rest = after[1:]
	}
}

// branch is a level of a form: a value, or further levels.
type branch struct {
	value *string
	sub   map[string]*branch
	next  int
}

func (b *branch) put(path []string, value string) error {
	if len(path) == 0 {
		if b.sub != nil {
			return mixed()
		}
		b.value = &value
		return nil
	}
	if b.value != nil {
		return mixed()
	}
	if b.sub == nil {
		b.sub = map[string]*branch{}
	}
	key := path[0]
	if key == "" { // a[]=1&a[]=2
		key = strconv.Itoa(b.next)
		b.next++
	}
	if b.sub[key] == nil {
		b.sub[key] = &branch{}
	}
	return b.sub[key].put(path[1:], value)
}

func mixed() error {
	return fault.E("qcapi.form", fault.Invalid, "a field of the form is both a value and a list")
}

func (b *branch) object() any {
	out := map[string]any{}
	for k, v := range b.sub {
		out[k] = v.any()
	}
	return out
}

// any is a text, a list where the keys count from 0, or an object.
func (b *branch) any() any {
	if b.value != nil {
		return *b.value
	}
	list := make([]any, len(b.sub))
	for i := range list {
		v, ok := b.sub[strconv.Itoa(i)]
		if !ok {
			return b.object()
		}
		list[i] = v.any()
	}
	return list
}

// number is an integer that may come as text.
type number int64

// UnmarshalJSON reads 5, "5" and 5.0; "" and null leave it 0.
func (n *number) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if text == "" || text == "null" {
		return nil
	}
	v, err := strconv.ParseInt(strings.TrimSuffix(text, ".0"), 10, 64)
	if err != nil {
		return fault.E("qcapi.number", fault.Invalid, "%q is not a whole number", clip(text))
	}
	*n = number(v)
	return nil
}

// text is a text that may come as a number.
type text string

// UnmarshalJSON reads "a" and 5.
func (t *text) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] != '"' && raw[0] != '{' && raw[0] != '[' {
		if string(raw) != "null" {
			*t = text(raw)
		}
		return nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return fault.E("qcapi.text", fault.Invalid, "a text is wanted where a list or an object is")
	}
	*t = text(s)
	return nil
}

// flag is a truth value that may come as text or number.
type flag bool

// UnmarshalJSON reads true, "true", "True", 1 and "1".
func (f *flag) UnmarshalJSON(raw []byte) error {
	switch strings.ToLower(strings.Trim(string(raw), `"`)) {
	case "true", "1":
		*f = true
	case "false", "0", "", "null":
		*f = false
	default:
		return fault.E("qcapi.flag", fault.Invalid, "%q is neither true nor false", clip(string(raw)))
	}
	return nil
}

// listOf is a list that may come as an object with keys that do not count, or,
// empty, as "".
type listOf[T any] []T

// UnmarshalJSON reads [..], {..} and "".
func (l *listOf[T]) UnmarshalJSON(raw []byte) error {
	*l = listOf[T]{}
	switch {
	case string(raw) == `""` || string(raw) == "null":
		return nil
	case len(raw) > 0 && raw[0] == '{':
		var m map[string]T
		if err := json.Unmarshal(raw, &m); err != nil {
			return err
		}
		for _, k := range sortedKeys(m) {
			*l = append(*l, m[k])
		}
		return nil
	}
	var plain []T
	if err := json.Unmarshal(raw, &plain); err != nil {
		return err
	}
	*l = plain
	return nil
}

func clip(s string) string { return fault.Clip(s, 80) }

// given wants an argument that is there.
func given(name string, ok bool) error {
	if ok {
		return nil
	}
	return fault.E("qcapi.given", fault.Invalid, "%s is required", name)
}
