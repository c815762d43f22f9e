package python

// sources is the hash over all extracted files but the bytecode, for each
// platform: of go-embed-python v0.0.0-3.11.11-20241219-1 after trim. It is
// printed by TestSources when a list of dropped parts has changed.
var sources = map[string]string{
	"linux/amd64":  "0be0dec0eae92362eec585166d586185a80ce8a39f2535954c2c4c56cc0b13b9",
	"linux/arm64":  "db95ee67e20a0155d074583407c762a7994fe0c669a7f99c3d8f45a9489c2c38",
	"darwin/amd64": "d743455c017e266d6e4e5cbcf7fb9593650617aff5c86a9a535dd8c694e6d3e8",
	"darwin/arm64": "1d4a729020dd42683a1e0d4eb6d28f4723bb32a88cff8e0d35c270b88b0da100",
}
