// Package tool declares what an agent can call, once each, and guards the calls.
//
// A Tool is a self-describing value: name, words, scopes, effect, typed input
// and output, handler. From it alone come the MCP tool, the REST endpoint, the
// CLI call, the schemas, the generated reference, scope and rate enforcement,
// strict arguments and the audit line. Gate is the one door: MCP, REST, CLI and
// call_tool all go through Gate.Call, so none of them can be a way around it.
//
//	var List = tool.Define(tool.Spec{Name: "get_orders", …}, list)
//
//	func list(ctx context.Context, c *tool.Call, in listIn) (listOut, error) { … }
package tool
