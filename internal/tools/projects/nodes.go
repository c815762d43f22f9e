package projects

import (
	"context"

	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// ReadNodes lists the nodes of a project.
var ReadNodes = tool.Define(tool.Spec{
	Name: "read_project_nodes", Title: "Read a project's nodes", Toolset: "projects", Scopes: []string{"qc:projects:read"}, Effect: tool.Read,
	Description: "The nodes that can run a project: which are busy, which it may use, and whether a free one is chosen by itself.",
}, readNodes)

// UpdateNodes chooses the nodes of a project.
var UpdateNodes = tool.Define(tool.Spec{
	Name: "update_project_nodes", Title: "Choose a project's nodes", Toolset: "projects", Scopes: []string{"qc:projects:write"}, Effect: tool.Write, Idempotent: true,
	Description: "Choose the nodes a project may use; none lets a free one be chosen by itself.",
}, updateNodes)

type nodesIn struct {
	ProjectID int64 `json:"project_id" jsonschema:"The project."`
	tool.Backend
}

type updateNodesIn struct {
	ProjectID int64    `json:"project_id" jsonschema:"The project."`
	Nodes     []string `json:"nodes,omitempty" jsonschema:"Node ids; empty chooses by itself." maxItems:"50"`
	tool.Backend
}

type nodeRow struct {
	ID      string `json:"id" jsonschema:"The node."`
	Name    string `json:"name" jsonschema:"Plain name."`
	SKU     string `json:"sku" jsonschema:"Its kind."`
	Busy    bool   `json:"busy" jsonschema:"It runs something now."`
	Active  bool   `json:"active" jsonschema:"The project may use it."`
	UsedBy  string `json:"used_by,omitempty" jsonschema:"Who uses it."`
	Project string `json:"project_name,omitempty" jsonschema:"What it runs."`
}

type nodesOut struct {
	ProjectID      int64      `json:"project_id" jsonschema:"The project."`
	Backend        qc.Backend `json:"backend" jsonschema:"Where it lives."`
	AutoSelectNode bool       `json:"auto_select_node" jsonschema:"A free node is chosen by itself."`
	Backtest       []nodeRow  `json:"backtest" jsonschema:"For backtests."`
	Research       []nodeRow  `json:"research" jsonschema:"For research."`
	Live           []nodeRow  `json:"live" jsonschema:"For live trading."`
}

func nodesOf(id int64, b qc.Backend, n qc.Nodes) nodesOut {
	rows := func(list []qc.Node) []nodeRow {
		out := []nodeRow{}
		for _, x := range list {
			out = append(out, nodeRow{x.ID, x.Name, x.SKU, x.Busy, x.Active, x.UsedBy, x.ProjectName})
		}
		return out
	}
	return nodesOut{id, b, n.Auto, rows(n.Backtest), rows(n.Research), rows(n.Live)}
}

func readNodes(ctx context.Context, c *tool.Call, in nodesIn) (nodesOut, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return nodesOut{}, err
	}
	n, err := q.Nodes(ctx, in.ProjectID)
	return nodesOf(in.ProjectID, q.Backend(), n), err
}

func updateNodes(ctx context.Context, c *tool.Call, in updateNodesIn) (nodesOut, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return nodesOut{}, err
	}
	n, err := q.ChooseNodes(ctx, in.ProjectID, in.Nodes)
	return nodesOf(in.ProjectID, q.Backend(), n), err
}
