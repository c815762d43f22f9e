package files

import (
	"context"

	"quantdesk/internal/tool"
)

// Patch applies a unified diff.
var Patch = tool.Define(tool.Spec{
	Name: "patch_file", Title: "Patch files", Toolset: "files", Scopes: []string{"qc:files:write"}, Effect: tool.Destroy,
	Description: "Apply a unified diff as git writes it (---, +++ and @@ lines). It must fit exactly, or nothing changes.",
}, patch)

type patchIn struct {
	project
	Patch string `json:"patch" jsonschema:"The diff."`
}

func patch(ctx context.Context, c *tool.Call, in patchIn) (doneOut, error) {
	q, e, err := in.edit(ctx, c)
	if err != nil {
		return doneOut{}, err
	}
	return done(q, in.project, "", "patched"), q.PatchFiles(ctx, e, in.Patch)
}
