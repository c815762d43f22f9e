//go:build fixtures

package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// fixtures registers what the official conformance suite calls: tools, prompts
// and resources that do nothing but answer in a prescribed form. They stand on
// the same router and middleware as the real ones, and in this build only.
var fixtures = func(s *mcp.Server) {
	f := &suite{server: s, key: make([]byte, 32)}
	_, _ = rand.Read(f.key) // never fails
	for name, h := range f.tools() {
		s.AddTool(&mcp.Tool{Name: name, Description: "Conformance fixture.", InputSchema: schemaOf(name)}, h)
	}
	f.prompts()
	f.resources()
}

type suite struct {
	server *mcp.Server
	key    []byte
}

func schemaOf(name string) json.RawMessage {
	switch name {
	case "json_schema_2020_12_tool":
		return json.RawMessage(`{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
			"$defs":{"address":{"$anchor":"addressDef","type":"object","properties":{"street":{"type":"string"},"city":{"type":"string"}}}},
			"properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},"contactMethod":{"type":"string","enum":["phone","email"]},"phone":{"type":"string"},"email":{"type":"string"}},
			"allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],
			"if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},"then":{"required":["phone"]},"else":{"required":["email"]},
			"additionalProperties":false}`)
	case "test_x_mcp_header":
		return json.RawMessage(`{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},"level":{"type":"integer"}}}`)
	}
	return json.RawMessage(`{"type":"object"}`)
}

func said(parts ...mcp.Content) *mcp.CallToolResult { return &mcp.CallToolResult{Content: parts} }

func text(format string, args ...any) mcp.Content {
	return &mcp.TextContent{Text: fmt.Sprintf(format, args...)}
}

func picture() mcp.Content {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))) // writes to memory
	return &mcp.ImageContent{Data: b.Bytes(), MIMEType: "image/png"}
}

// silence is a WAV file of no samples.
func silence() mcp.Content {
	head := []byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x00\x00\x00\x00")
	return &mcp.AudioContent{Data: head, MIMEType: "audio/wav"}
}

func embedded(uri string) mcp.Content {
	return &mcp.EmbeddedResource{Resource: &mcp.ResourceContents{URI: uri, MIMEType: "text/plain", Text: "Embedded for the suite."}}
}

func form(properties map[string]any, required ...string) map[string]any {
	f := map[string]any{"type": "object", "properties": properties}
	if len(required) > 0 {
		f["required"] = required
	}
	return f
}

func field(kind string) map[string]any { return map[string]any{"type": kind} }

func askForm(message string, schema map[string]any) *mcp.ElicitParams {
	return &mcp.ElicitParams{Message: message, RequestedSchema: schema}
}

func askModel(prompt string) *mcp.CreateMessageParams {
	return &mcp.CreateMessageParams{MaxTokens: 50, Messages: []*mcp.SamplingMessage{{Role: "user", Content: &mcp.TextContent{Text: prompt}}}}
}

// seal makes request state that nobody else can.
func (f *suite) seal(state string) string {
	m := hmac.New(sha256.New, f.key)
	m.Write([]byte(state))
	return state + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (f *suite) unseal(sealed string) (string, error) {
	i := strings.LastIndexByte(sealed, '.')
	if i < 0 || f.seal(sealed[:i]) != sealed {
		return "", &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "requestState is not what this server gave"}
	}
	return sealed[:i], nil
}

// accepted is what a person accepted in a form, nil otherwise.
func accepted(in mcp.InputResponseMap, key string) map[string]any {
	if r, ok := in[key].(*mcp.ElicitResult); ok && r != nil && r.Action == "accept" {
		return r.Content
	}
	return nil
}

func modelSaid(in mcp.InputResponseMap, key string) (string, bool) {
	r, ok := in[key].(*mcp.CreateMessageWithToolsResult)
	if !ok || r == nil {
		return "", false
	}
	for _, c := range r.Content {
		if t, ok := c.(*mcp.TextContent); ok {
			return t.Text, true
		}
	}
	return "", true
}

func (f *suite) tools() map[string]mcp.ToolHandler {
	fixed := func(parts ...mcp.Content) mcp.ToolHandler {
		return func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) { return said(parts...), nil }
	}
	return map[string]mcp.ToolHandler{
		"test_simple_text":            fixed(text("This is a simple text response for testing.")),
		"test_image_content":          fixed(picture()),
		"test_audio_content":          fixed(silence()),
		"test_embedded_resource":      fixed(embedded("test://embedded-resource")),
		"test_multiple_content_types": fixed(text("Multiple content types test:"), picture(), embedded("test://mixed-content-resource")),
		"test_streaming_elicitation":  fixed(text("Only a result.")),
		"test_x_mcp_header":           fixed(text("Headers agree.")),
		"json_schema_2020_12_tool":    fixed(text("Called.")),
		"test_error_handling": func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return &mcp.CallToolResult{IsError: true, Content: []mcp.Content{text("This tool intentionally returns an error for testing")}}, nil
		},
		"test_tool_with_logging":  logs(3),
		"test_logging_tool":       logs(1),
		"test_tool_with_progress": progressing,
		"test_sampling":           sampling,
		"test_elicitation": eliciting(func(r *mcp.CallToolRequest) *mcp.ElicitParams {
			var in struct {
				Message string `json:"message"`
			}
			_ = json.Unmarshal(r.Params.Arguments, &in) // an empty message does as well
			return askForm(in.Message, form(map[string]any{"username": field("string"), "email": field("string")}, "username"))
		}),
		"test_elicitation_sep1034_defaults": eliciting(func(*mcp.CallToolRequest) *mcp.ElicitParams { return askForm("Defaults?", defaultsForm()) }),
		"test_elicitation_sep1330_enums":    eliciting(func(*mcp.CallToolRequest) *mcp.ElicitParams { return askForm("Choices?", enumsForm()) }),
		"test_reconnection": func(_ context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			if r.Extra != nil && r.Extra.CloseSSEStream != nil {
				r.Extra.CloseSSEStream(mcp.CloseSSEStreamArgs{RetryAfter: 10 * time.Millisecond})
			}
			time.Sleep(100 * time.Millisecond)
			return said(text("Reconnected.")), nil
		},
		"test_missing_capability": func(_ context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			if c := r.ClientCapabilities(); c != nil && c.Sampling != nil {
				return said(text("Sampling is there.")), nil
			}
			data, err := json.Marshal(mcp.MissingRequiredClientCapabilityData{RequiredCapabilities: &mcp.ClientCapabilities{Sampling: &mcp.SamplingCapabilities{}}})
			if err != nil {
				return nil, err
			}
			return nil, &jsonrpc.Error{Code: mcp.CodeMissingRequiredClientCapabilities, Message: "sampling is needed", Data: data}
		},
		"test_trigger_tool_change": func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			f.server.AddTool(&mcp.Tool{Name: "test_transient", Description: "Conformance fixture.", InputSchema: json.RawMessage(`{"type":"object"}`)}, fixed(text("here")))
			return said(text("The list changed.")), nil
		},
		"test_trigger_prompt_change": func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			f.server.AddPrompt(&mcp.Prompt{Name: "test_transient", Description: "Conformance fixture."}, func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
				return &mcp.GetPromptResult{}, nil
			})
			return said(text("The list changed.")), nil
		},
		"test_input_required_result_elicitation":     f.asksName,
		"test_input_required_result_sampling":        f.asksModel,
		"test_input_required_result_list_roots":      f.asksRoots,
		"test_input_required_result_request_state":   f.asksConfirm,
		"test_input_required_result_tampered_state":  f.asksConfirm,
		"test_input_required_result_multiple_inputs": f.asksAll,
		"test_input_required_result_multi_round":     f.asksTwice,
		"test_input_required_result_capabilities":    f.asksWhatIsThere,
	}
}

func logs(n int) mcp.ToolHandler {
	return func(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		for i := range n {
			_ = r.Session.Log(ctx, &mcp.LoggingMessageParams{Level: "info", Data: fmt.Sprintf("step %d of %d", i+1, n)})
			time.Sleep(50 * time.Millisecond)
		}
		return said(text("Logged.")), nil
	}
}

func progressing(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	token := r.Params.GetProgressToken()
	for _, done := range []float64{0, 50, 100} {
		_ = r.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{ProgressToken: token, Progress: done, Total: 100})
		time.Sleep(50 * time.Millisecond)
	}
	return said(text("%v", token)), nil
}

func sampling(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	var in struct {
		Prompt string `json:"prompt"`
	}
	_ = json.Unmarshal(r.Params.Arguments, &in) // an empty prompt does as well
	res, err := r.Session.CreateMessage(ctx, askModel(in.Prompt))
	if err != nil {
		return nil, err
	}
	if t, ok := res.Content.(*mcp.TextContent); ok {
		return said(text("LLM response: %s", t.Text)), nil
	}
	return said(text("LLM response")), nil
}

func eliciting(ask func(*mcp.CallToolRequest) *mcp.ElicitParams) mcp.ToolHandler {
	return func(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		res, err := r.Session.Elicit(ctx, ask(r))
		if err != nil {
			return nil, err
		}
		return said(text("Elicitation completed: action=%s, content=%v", res.Action, res.Content)), nil
	}
}

func defaultsForm() map[string]any {
	with := func(kind string, value any, more ...string) map[string]any {
		f := map[string]any{"type": kind, "default": value}
		if more != nil {
			f["enum"] = more
		}
		return f
	}
	return form(map[string]any{
		"name": with("string", "John Doe"), "age": with("integer", 30), "score": with("number", 95.5),
		"status": with("string", "active", "active", "inactive", "pending"), "verified": with("boolean", true),
	})
}

func enumsForm() map[string]any {
	titled := []map[string]any{{"const": "value1", "title": "First"}, {"const": "value2", "title": "Second"}, {"const": "value3", "title": "Third"}}
	plain := []string{"option1", "option2", "option3"}
	return form(map[string]any{
		"untitledSingle": map[string]any{"type": "string", "enum": plain},
		"titledSingle":   map[string]any{"type": "string", "oneOf": titled},
		"legacyEnum":     map[string]any{"type": "string", "enum": []string{"opt1", "opt2", "opt3"}, "enumNames": []string{"One", "Two", "Three"}},
		"untitledMulti":  map[string]any{"type": "array", "items": map[string]any{"type": "string", "enum": plain}},
		"titledMulti":    map[string]any{"type": "array", "items": map[string]any{"anyOf": titled}},
	})
}

func nameForm() map[string]any { return form(map[string]any{"name": field("string")}, "name") }

func (f *suite) asksName(_ context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	if name, _ := accepted(r.Params.InputResponses, "user_name")["name"].(string); name != "" {
		return said(text("Hello, %s!", name)), nil
	}
	return &mcp.CallToolResult{InputRequests: mcp.InputRequestMap{"user_name": askForm("What is your name?", nameForm())}}, nil
}

func (f *suite) asksModel(_ context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	if t, ok := modelSaid(r.Params.InputResponses, "capital_question"); ok {
		return said(text("The model said: %s", t)), nil
	}
	return &mcp.CallToolResult{InputRequests: mcp.InputRequestMap{"capital_question": askModel("What is the capital of France?")}}, nil
}

func (f *suite) asksRoots(_ context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	if got, ok := r.Params.InputResponses["client_roots"].(*mcp.ListRootsResult); ok && got != nil {
		return said(text("%d roots", len(got.Roots))), nil
	}
	return &mcp.CallToolResult{InputRequests: mcp.InputRequestMap{"client_roots": &mcp.ListRootsParams{}}}, nil
}

func (f *suite) asksConfirm(_ context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	if r.Params.RequestState != "" {
		if _, err := f.unseal(r.Params.RequestState); err != nil {
			return nil, err
		}
		if accepted(r.Params.InputResponses, "confirm") != nil {
			return said(text("state-ok")), nil
		}
	}
	return &mcp.CallToolResult{
		InputRequests: mcp.InputRequestMap{"confirm": askForm("Please confirm", form(map[string]any{"ok": field("boolean")}, "ok"))},
		RequestState:  f.seal("confirm"),
	}, nil
}

func (f *suite) asksAll(_ context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	in := r.Params.InputResponses
	name, _ := accepted(in, "user_name")["name"].(string)
	greeting, greeted := modelSaid(in, "greeting")
	roots, rooted := in["client_roots"].(*mcp.ListRootsResult)
	if name != "" && greeted && rooted && roots != nil {
		return said(text("%s %s, %d roots", greeting, name, len(roots.Roots))), nil
	}
	return &mcp.CallToolResult{
		InputRequests: mcp.InputRequestMap{
			"user_name": askForm("What is your name?", nameForm()), "greeting": askModel("Generate a greeting"), "client_roots": &mcp.ListRootsParams{},
		},
		RequestState: f.seal("all"),
	}, nil
}

func (f *suite) asksTwice(_ context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	if r.Params.RequestState == "" {
		return &mcp.CallToolResult{InputRequests: mcp.InputRequestMap{"step1": askForm("Step 1: your name?", nameForm())}, RequestState: f.seal("1")}, nil
	}
	state, err := f.unseal(r.Params.RequestState)
	if err != nil {
		return nil, err
	}
	if state == "1" {
		name, _ := accepted(r.Params.InputResponses, "step1")["name"].(string)
		return &mcp.CallToolResult{
			InputRequests: mcp.InputRequestMap{"step2": askForm("Step 2: your color?", form(map[string]any{"color": field("string")}, "color"))},
			RequestState:  f.seal("2 " + name),
		}, nil
	}
	color, _ := accepted(r.Params.InputResponses, "step2")["color"].(string)
	return said(text("Complete: %s likes %s", strings.TrimPrefix(state, "2 "), color)), nil
}

func (f *suite) asksWhatIsThere(_ context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	c := r.ClientCapabilities()
	if len(r.Params.InputResponses) > 0 || c == nil {
		return said(text("Done.")), nil
	}
	ask := mcp.InputRequestMap{}
	if c.Elicitation != nil {
		ask["user_name"] = askForm("What is your name?", nameForm())
	}
	if c.Sampling != nil {
		ask["greeting"] = askModel("Generate a greeting")
	}
	if c.RootsV2 != nil {
		ask["client_roots"] = &mcp.ListRootsParams{}
	}
	if len(ask) == 0 {
		return said(text("There is nothing to ask with.")), nil
	}
	return &mcp.CallToolResult{InputRequests: ask}, nil
}

func (f *suite) prompts() {
	user := func(c mcp.Content) *mcp.PromptMessage { return &mcp.PromptMessage{Role: "user", Content: c} }
	add := func(name string, args []*mcp.PromptArgument, say func(map[string]string) []*mcp.PromptMessage) {
		f.server.AddPrompt(&mcp.Prompt{Name: name, Description: "Conformance fixture.", Arguments: args}, func(_ context.Context, r *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return &mcp.GetPromptResult{Messages: say(r.Params.Arguments)}, nil
		})
	}
	need := func(names ...string) (out []*mcp.PromptArgument) {
		for _, n := range names {
			out = append(out, &mcp.PromptArgument{Name: n, Required: true})
		}
		return out
	}
	add("test_simple_prompt", nil, func(map[string]string) []*mcp.PromptMessage {
		return []*mcp.PromptMessage{user(text("This is a simple prompt for testing."))}
	})
	add("test_prompt_with_arguments", need("arg1", "arg2"), func(a map[string]string) []*mcp.PromptMessage {
		return []*mcp.PromptMessage{user(text("Prompt with arguments: arg1='%s', arg2='%s'", a["arg1"], a["arg2"]))}
	})
	add("test_prompt_with_embedded_resource", need("resourceUri"), func(a map[string]string) []*mcp.PromptMessage {
		return []*mcp.PromptMessage{user(embedded(a["resourceUri"])), user(text("Look at it."))}
	})
	add("test_prompt_with_image", nil, func(map[string]string) []*mcp.PromptMessage {
		return []*mcp.PromptMessage{user(picture()), user(text("Look at it."))}
	})
	f.server.AddPrompt(&mcp.Prompt{Name: "test_input_required_result_prompt", Description: "Conformance fixture."}, func(_ context.Context, r *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		if a := accepted(r.Params.InputResponses, "user_context"); a != nil {
			return &mcp.GetPromptResult{Messages: []*mcp.PromptMessage{user(text("Context: %v", a["context"]))}}, nil
		}
		return &mcp.GetPromptResult{InputRequests: mcp.InputRequestMap{"user_context": askForm("Context?", form(map[string]any{"context": field("string")}, "context"))}}, nil
	})
}

func (f *suite) resources() {
	add := func(uri, kind string, fill func(c *mcp.ResourceContents)) {
		h := func(_ context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			c := &mcp.ResourceContents{URI: r.Params.URI, MIMEType: kind}
			fill(c)
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{c}}, nil
		}
		if strings.Contains(uri, "{") {
			f.server.AddResourceTemplate(&mcp.ResourceTemplate{Name: "test-template", URITemplate: uri, MIMEType: kind}, h)
			return
		}
		f.server.AddResource(&mcp.Resource{Name: strings.TrimPrefix(uri, "test://"), URI: uri, MIMEType: kind}, h)
	}
	add("test://static-text", "text/plain", func(c *mcp.ResourceContents) { c.Text = "This is the content of the static text resource." })
	add("test://static-binary", "image/png", func(c *mcp.ResourceContents) {
		if p, ok := picture().(*mcp.ImageContent); ok {
			c.Blob = p.Data
		}
	})
	add("test://watched-resource", "text/plain", func(c *mcp.ResourceContents) { c.Text = "Watched." })
	add("test://template/{id}/data", "application/json", func(c *mcp.ResourceContents) {
		id := strings.TrimSuffix(strings.TrimPrefix(c.URI, "test://template/"), "/data")
		c.Text = fmt.Sprintf(`{"id":%q,"templateTest":true,"data":"Data for ID: %s"}`, id, id)
	})
}
