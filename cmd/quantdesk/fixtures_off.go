//go:build !fixtures

package main

import "github.com/modelcontextprotocol/go-sdk/mcp"

// fixtures are what the conformance suite asks for: not in this build.
var fixtures func(*mcp.Server)
