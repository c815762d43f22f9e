package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteIndented(t *testing.T) {
	for _, v := range []any{
		nil, 1.5, "a", []int{}, map[string]int{}, [][]any{{}, {1, "x,[{:\"\\"}, nil},
		struct {
			A json.RawMessage `json:"a"`
			B map[string]any  `json:"b"`
			C []string        `json:"c"`
		}{json.RawMessage(`{"k" : [1, 2,{ }], "s": "\u0022 \\"}`), map[string]any{"<": "\\", "y": map[string]any{"z": []any{}}}, []string{"", "\n"}},
	} {
		var want, got bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetIndent("", "  ")
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
		if err := writeIndented(&got, v); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.String(), got.String()); d != "" {
			t.Errorf("%v: %s", v, d)
		}
	}
	if err := writeIndented(full{}, "a"); err == nil {
		t.Error("a writer that fails is no error")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }
