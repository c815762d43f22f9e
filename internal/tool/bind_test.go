package tool

import (
	"encoding/json"
	"strings"
	"testing"

	"quantdesk/internal/fault"
)

func TestBindTakesWhatModelsSend(t *testing.T) {
	s, aliases := schemaOf(t)
	for _, c := range []struct{ name, in, want string }{
		{"as declared", `{"symbol":"A","side":"buy","quantity":1.50,"count":3,"extended_hours":true,"names":["x"]}`, `{"count":3,"extended_hours":true,"names":["x"],"quantity":1.50,"side":"buy","symbol":"A"}`},
		{"camelCase", `{"Symbol":"A","extendedHours":"true"}`, `{"extended_hours":true,"symbol":"A"}`},
		{"kebab", `{"symbol":"A","extended-hours":false}`, `{"extended_hours":false,"symbol":"A"}`},
		{"aliases", `{"ticker":"A","Qty":2}`, `{"quantity":2,"symbol":"A"}`},
		{"aliases within", `{"symbol":"A","legs":[{"ticker":"B","qty":"3"}]}`, `{"legs":[{"quantity":3,"symbol":"B"}],"symbol":"A"}`},
		{"one wrapping model", `{"model":{"symbol":"A"}}`, `{"symbol":"A"}`},
		{"a model in text", `{"model":"{\"symbol\":\"A\"}"}`, `{"symbol":"A"}`},
		{"JSON in text", `{"symbol":"A","names":"[\"x\",\"y\"]","legs":"[{\"symbol\":\"B\"}]","free":"{\"k\":[1]}"}`, `{"free":{"k":[1]},"legs":[{"symbol":"B"}],"names":["x","y"],"symbol":"A"}`},
		{"a comma list", `{"symbol":"A","names":"x, y ,,z"}`, `{"names":["x","y","z"],"symbol":"A"}`},
		{"a scalar for a list", `{"symbol":"A","names":7}`, `{"names":["7"],"symbol":"A"}`},
		{"a number for text", `{"symbol":600000}`, `{"symbol":"600000"}`},
		{"case and spaces of words", `{"symbol":"A","side":" Sell Short ","format":"CSV"}`, `{"format":"csv","side":"sell_short","symbol":"A"}`},
		{"null is left out", `{"symbol":"A","side":null,"names":null}`, `{"symbol":"A"}`},
		{"numbers in text", `{"symbol":"A","quantity":" +07.50 ","count":"9.0"}`, `{"count":9,"quantity":7.50,"symbol":"A"}`},
		{"a bare point", `{"symbol":"A","quantity":"-.5"}`, `{"quantity":-0.5,"symbol":"A"}`},
		{"a point at the end", `{"symbol":"A","quantity":"5."}`, `{"quantity":5,"symbol":"A"}`},
		{"an exponent", `{"symbol":"A","quantity":"1E3"}`, `{"quantity":1e3,"symbol":"A"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := bind(json.RawMessage(c.in), s, spellings{names: aliases})
			if err != nil || string(got) != c.want {
				t.Errorf("bind(%s)\n got %s, %v\nwant %s", c.in, got, err, c.want)
			}
		})
	}
}

func TestBindRefuses(t *testing.T) {
	s, aliases := schemaOf(t)
	for _, c := range []struct{ name, in, says string }{
		{"nothing", ``, "symbol is required: What."},
		{"no object", `[1]`, "must be a JSON object"},
		{"not JSON", `{"symbol":`, "not valid JSON"},
		{"text after", `{"symbol":"A"} {}`, "text after"},
		{"doubled key", `{"symbol":"A","symbol":"B"}`, "given twice"},
		{"doubled key within", `{"symbol":"A","free":{"a":1,"a":2}}`, "given twice"},
		{"two spellings", `{"symbol":"A","Symbol":"B"}`, "two spellings"},
		{"an alias beside", `{"symbol":"A","ticker":"B"}`, "two spellings"},
		{"unknown, near", `{"symbol":"A","quantitx":1}`, "no argument quantitx"},
		{"unknown, far", `{"symbol":"A","transmit":true}`, "no argument transmit"},
		{"unknown within", `{"symbol":"A","legs":[{"symbol":"B","x":1}]}`, "no argument legs[0].x"},
		{"missing within", `{"symbol":"A","legs":[{}]}`, "legs[0].symbol is required"},
		{"a model beside", `{"model":{"symbol":"A"},"symbol":"B"}`, "no argument model"},
		{"a word not known", `{"symbol":"A","side":"hold"}`, "one of buy, sell, sell_short"},
		{"no truth", `{"symbol":"A","extendedHours":"yes"}`, "true or false"},
		{"a fraction for a whole", `{"symbol":"A","count":1.5}`, "whole number"},
		{"below", `{"symbol":"A","count":0}`, "at least 1"},
		{"above", `{"symbol":"A","count":10}`, "at most 9"},
		{"too many", `{"symbol":"A","names":[1,2,3,4]}`, "at most 3"},
		{"an object for a list of objects", `{"symbol":"A","legs":{"symbol":"B"}}`, "must be a list"},
		{"a list for text", `{"symbol":["A"]}`, "must be text"},
		{"NaN", `{"symbol":"A","quantity":"NaN"}`, "must be a number"},
		{"infinite", `{"symbol":"A","quantity":"Infinity"}`, "must be a number"},
		{"hexadecimal", `{"symbol":"A","quantity":"0x1p4"}`, "must be a number"},
		{"enormous", `{"symbol":"A","quantity":1e15}`, "not within"},
		{"tiny", `{"symbol":"A","quantity":1e-16}`, "not within"},
		{"beyond floats", `{"symbol":"A","quantity":1e400}`, "must be a number"},
		{"null character", `{"symbol":"a\u0000b"}`, "null character"},
		{"deep", `{"symbol":"A","free":` + strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 40) + `}`, "nested deeper"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := bind(json.RawMessage(c.in), s, spellings{names: aliases})
			f := fault.As(err)
			if err == nil || f.Code != fault.Invalid || !strings.Contains(f.Message, c.says) || f.Next() == "" {
				t.Errorf("bind(%s) = %s, %v; it should say %q", c.in, got, err, c.says)
			}
		})
	}
	// A name is suggested only when it is near.
	for key, want := range map[string]string{"quantitx": "quantity", "symbl": "symbol", "extendedHour": "extended_hours", "transmit": "", "q": "", "zz": "", "account_number": ""} {
		_, err := bind(json.RawMessage(`{"symbol":"A","`+key+`":1}`), s, spellings{names: aliases})
		f := fault.As(err)
		near, _ := f.Detail["nearest"].(string)
		if near != want || strings.Contains(f.Hint, "Did you mean") != (want != "") || !strings.Contains(f.Hint, "count, cursor") {
			t.Errorf("for %s it suggests %q: %s", key, near, f.Hint)
		}
	}
}

// FuzzBind: whatever comes, bind refuses it as invalid or gives what decodes
// into the input's type and binds again to itself.
func FuzzBind(f *testing.F) {
	for _, seed := range []string{
		`{"symbol":"A","side":"buy","quantity":1.5}`, `{"model":"{\"ticker\":\"A\",\"qty\":\".5\"}"}`, `{"Symbol":"A","names":"x,y"}`, `{"symbol":"A","legs":"[{\"symbol\":\"B\"}]"}`,
		`{"symbol":"A","quantity":"5."}`, `{"symbol":"A","quantity":"-.0e-1"}`, `{"symbol":"A","quantity":"00"}`, `{"symbol":"A","count":"1e0"}`, `{"symbol":"\u202e","free":{"a":null}}`, `[[[`, ``, `null`, `{"symbol":null}`,
		`{"symbol":"A","limit":1e2,"cursor":"","fields":["a"],"format":"Csv"}`, `{"symbol":"A","quantity":"1e-15"}`, `{"symbol":"A","quantity":"999999999999999.999999999999999"}`,
	} {
		f.Add([]byte(seed))
	}
	s, aliases := schemaOf(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := bind(raw, s, spellings{names: aliases})
		if err != nil {
			if c := fault.CodeOf(err); c != fault.Invalid {
				t.Fatalf("bind(%q) is %s: %v", raw, c, err)
			}
			return
		}
		var in wordIn
		if err := json.Unmarshal(got, &in); err != nil {
			t.Fatalf("bind(%q) = %s, which does not decode: %v", raw, got, err)
		}
		again, err := bind(got, s, spellings{})
		if err != nil || string(again) != string(got) {
			t.Fatalf("bind(%q) = %s, and again %s, %v", raw, got, again, err)
		}
	})
}
