package tool

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"quantdesk/internal/identity"
)

// Effect is what a tool does to the world; annotations and the rate class
// follow from it.
type Effect string

// The effects. Trade is for what leads to or ends an order.
const (
	Read    Effect = "read"
	Write   Effect = "write"
	Destroy Effect = "destroy"
	Trade   Effect = "trade"
)

// Spec is everything about a tool but its types and its handler.
type Spec struct {
	// Name is verb_noun, at most 40 characters of [a-z0-9_].
	Name  string
	Title string
	// Description says what it does, when to prefer it over a neighbour and what
	// comes back.
	Description string
	Toolset     string
	// Scopes are all needed.
	Scopes     []string
	Effect     Effect
	Idempotent bool
	// OpenWorld is set where it reaches beyond the desk.
	OpenWorld bool
	// Alone keeps a tool out of call_tool and call_write_tool, so that allowing
	// those for good allows no trade.
	Alone bool
	// Streams is set where the handler reports progress for as long as it runs.
	Streams bool
	// Rows names the output field that holds a listing's rows; fields and format
	// apply to it.
	Rows string
	// Aliases are other names an argument is known by.
	Aliases map[string]string
	// Words are other spellings of the words an argument takes.
	Words map[string]string
	// Secret names the arguments that must never reach a log.
	Secret []string
	// Resource is the address of the view that draws the reply inside a chat, empty
	// for none.
	Resource string
	// Examples are argument objects that work on a fresh home, in order.
	Examples []string
}

// Annotations are MCP's hints, derived from the effect.
type Annotations struct {
	Title       string `json:"title,omitempty"`
	ReadOnly    bool   `json:"readOnlyHint"`
	Destructive bool   `json:"destructiveHint"`
	Idempotent  bool   `json:"idempotentHint"`
	OpenWorld   bool   `json:"openWorldHint"`
}

// Hints derives the annotations.
func (s Spec) Hints() Annotations {
	return Annotations{
		Title:       s.Title,
		ReadOnly:    s.Effect == Read,
		Destructive: s.Effect == Destroy || s.Effect == Trade,
		Idempotent:  s.Effect == Read || s.Idempotent,
		OpenWorld:   s.OpenWorld,
	}
}

// Call is what a handler is given beside its arguments.
type Call struct {
	Deps   Deps
	Caller identity.Principal
	Trace  string
	// Gate lets a tool call another as the same caller.
	Gate *Gate
	// View is what the caller's endpoint offers.
	View View
	// Via is how the call came, as in Request.
	Via string
	// Follow is set where the caller listens until it hangs up.
	Follow bool
	// report sends progress; nil where nobody listens.
	report func(Progress)
}

// Progress is a step of a long call.
type Progress struct {
	// Done of Total; Total 0 is unknown.
	Done, Total float64
	Message     string
	// Data is what a stream delivers, any JSON value.
	Data any
}

// Report tells the caller how far the call is.
func (c *Call) Report(p Progress) {
	if c.report != nil {
		c.report(p)
	}
}

// Tool is a declared tool.
type Tool struct {
	Spec
	in, out reflect.Type
	call    func(ctx context.Context, c *Call, args json.RawMessage) (any, error)
}

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Define declares a tool. It panics on a malformed declaration, at program start.
func Define[In, Out any](s Spec, h func(context.Context, *Call, In) (Out, error)) Tool {
	if why := s.flaw(); why != "" {
		panic(fmt.Sprintf("tool %q: %s", s.Name, why))
	}
	return Tool{
		Spec: s, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
		call: func(ctx context.Context, c *Call, args json.RawMessage) (any, error) {
			var in In
			if err := json.Unmarshal(args, &in); err != nil {
				return nil, argumentFault(err)
			}
			return h(ctx, c, in)
		},
	}
}

func (s Spec) flaw() string {
	switch {
	case !nameRule.MatchString(s.Name):
		return "the name is not 1 to 40 characters of [a-z0-9_]"
	case s.Title == "" || s.Description == "" || s.Toolset == "":
		return "title, description and toolset are needed"
	case len(s.Scopes) == 0:
		return "a tool needs at least one scope"
	case s.Effect != Read && s.Effect != Write && s.Effect != Destroy && s.Effect != Trade:
		return "the effect is not known"
	case s.Effect == Trade && !hasTradeScope(s.Scopes):
		return "what trades needs a trade scope"
	}
	known := identity.Scopes()
	for _, scope := range s.Scopes {
		if !contains(known, scope) {
			return "there is no scope " + scope
		}
	}
	return ""
}

func hasTradeScope(scopes []string) bool {
	for _, s := range scopes {
		if s == identity.BrokerTrade || strings.HasPrefix(s, "qc:live:") {
			return true
		}
	}
	return false
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
