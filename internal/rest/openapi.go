package rest

import (
	"encoding/json"
	"fmt"
	"slices"

	"quantdesk/internal/fault"
	"quantdesk/internal/tool"
)

type object = map[string]any

// OpenAPI renders the document of every endpoint from the catalogue.
func OpenAPI(c *tool.Catalogue, version string) ([]byte, error) {
	paths := object{}
	for _, t := range c.All() {
		in, out, err := c.Schemas(t)
		if err != nil {
			return nil, err
		}
		responses := object{
			"200":     object{"description": "The tool's output.", "content": object{"application/json": object{"schema": json.RawMessage(out)}}},
			"default": object{"description": "A fault.", "content": object{"application/json": object{"schema": object{"$ref": "#/components/schemas/Fault"}}}},
		}
		op := func(id string) object {
			return object{
				"operationId": id, "summary": t.Title, "description": t.Description, "tags": []string{t.Toolset}, "responses": responses,
				"security": []object{{"bearer": []string{}}}, "x-scopes": t.Scopes, "x-effect": t.Effect,
			}
		}
		post := op(t.Name)
		post["requestBody"] = object{"content": object{"application/json": object{"schema": json.RawMessage(in)}}}
		item := object{"post": post}
		if t.Effect == tool.Read {
			get := op(t.Name + "_get")
			params, err := parameters(in)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.Name, err)
			}
			get["parameters"] = params
			item["get"] = get
		}
		paths[base+t.Name] = item
	}
	paths[base+"cancel_order/{id}"] = object{"delete": object{
		"operationId": "cancel_order_delete", "summary": "Cancel an order", "tags": []string{"orders"}, "security": []object{{"bearer": []string{}}},
		"parameters": []object{{"name": "id", "in": "path", "required": true, "schema": object{"type": "string"}}},
		"responses":  object{"200": object{"description": "The order as the venue answered."}, "default": object{"description": "A fault."}},
	}}
	credential := func(name string) object {
		return object{"name": name, "in": "header", "required": true, "schema": object{"type": "string"}}
	}
	paths[base+"reports/{id}/{file}"] = object{"get": object{
		"operationId": "read_report_file", "summary": "Download a file of a report", "tags": []string{"research"}, "security": []object{{"bearer": []string{}}},
		"parameters": []object{
			{"name": "id", "in": "path", "required": true, "schema": object{"type": "string"}}, {"name": "file", "in": "path", "required": true, "schema": object{"type": "string"}},
		},
		"responses": object{"200": object{"description": "The file.", "content": object{"application/octet-stream": object{"schema": object{"type": "string", "format": "binary"}}}}, "default": object{"description": "An error."}},
	}}
	paths["/auth/tokens/user"] = object{"post": object{
		"operationId": "mint_token", "summary": "Mint a token for a platform's user", "tags": []string{"auth"},
		"parameters": []object{credential("client-id"), credential("client-secret"), credential("user-id"), credential("user-secret")},
		"requestBody": object{"content": object{"application/json": object{"schema": object{"type": "object", "properties": object{
			"scopes": object{"type": "array", "items": object{"type": "string"}}, "expires_in": object{"type": "integer"},
		}}}}},
		"responses": object{
			"200": object{"description": "The token.", "content": object{"application/json": object{"schema": object{"type": "object", "properties": object{
				"access_token": object{"type": "string"}, "token_type": object{"type": "string"}, "expires_in": object{"type": "integer"}, "scope": object{"type": "string"},
			}}}}},
			"401": object{"description": "The credentials are not accepted."},
		},
	}}
	var codes []string
	for _, i := range fault.Codes() {
		codes = append(codes, string(i.Code))
	}
	return json.MarshalIndent(object{
		"openapi": "3.0.3",
		"info": object{
			"title": "quantdesk", "version": version, "license": object{"name": "Apache-2.0"},
			"description": "Every tool of the desk over HTTP. Numbers are exact decimals: parse them as such.",
		},
		"paths": paths,
		"components": object{
			"securitySchemes": object{"bearer": object{"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
			"schemas": object{"Fault": object{"type": "object", "properties": object{"error": object{"type": "object", "properties": object{
				"code": object{"type": "string", "enum": codes}, "message": object{"type": "string"}, "hint": object{"type": "string"},
				"retry_after_s": object{"type": "number"}, "detail": object{"type": "object"}, "trace_id": object{"type": "string"},
			}}}}},
		},
	}, "", " ")
}

// parameters turns an input schema's properties into query parameters.
func parameters(raw json.RawMessage) ([]object, error) {
	var s tool.Schema
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	var names []string
	for n := range s.Properties {
		names = append(names, n)
	}
	slices.Sort(names)
	out := make([]object, 0, len(names))
	for _, n := range names {
		p := *s.Properties[n]
		text := p.Description
		p.Description = ""
		out = append(out, object{"name": n, "in": "query", "required": slices.Contains(s.Required, n), "description": text, "schema": p})
	}
	return out, nil
}
