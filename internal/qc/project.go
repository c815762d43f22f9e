package qc

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
)

// Project is a project as the API tells it.
type Project struct {
	ID            int64          `json:"projectId"`
	Organization  string         `json:"organizationId"`
	Name          string         `json:"name"`
	Description   string         `json:"description"`
	Language      string         `json:"language"`
	Created       Time           `json:"created"`
	Modified      Time           `json:"modified"`
	Owner         bool           `json:"owner"`
	Collaborators []Collaborator `json:"collaborators"`
	Libraries     []Library      `json:"libraries"`
	Parameters    []Parameter    `json:"parameters"`
}

// Library is another project that a project imports.
type Library struct {
	ID   int64  `json:"projectId"`
	Name string `json:"libraryName"`
}

// Parameter is a value that a project's algorithm reads.
type Parameter struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

// Collaborator is somebody a project is shared with, or its owner.
type Collaborator struct {
	ID          int64  `json:"uid"`
	PublicID    string `json:"publicId"`
	Name        string `json:"name"`
	Permission  string `json:"permission"`
	LiveControl bool   `json:"liveControl"`
	Owner       bool   `json:"owner"`
}

// Sharing is who a project is shared with, and what the caller may do.
type Sharing struct {
	Collaborators   []Collaborator `json:"collaborators"`
	UserPermissions string         `json:"userPermissions"`
	UserLiveControl bool           `json:"userLiveControl"`
}

// Node is a machine that runs algorithms.
type Node struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	SKU         string `json:"sku"`
	Busy        bool   `json:"busy"`
	Active      bool   `json:"active"`
	UsedBy      string `json:"usedBy"`
	ProjectName string `json:"projectName"`
}

// Nodes are a project's machines by what they do.
type Nodes struct {
	Backtest, Research, Live []Node
	// Auto is set where a free node is chosen by itself.
	Auto bool
}

// Account is the caller's account at the backend.
type Account struct {
	Organization string  `json:"organizationId"`
	Credit       float64 `json:"creditBalance"`
	Card         *struct {
		Brand      string `json:"brand"`
		Expiration string `json:"expiration"`
		Last4      string `json:"last4"`
	} `json:"card"`
}

// Version is a build of LEAN that a project can run on.
type Version struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Created     Time   `json:"created"`
	Hash        string `json:"leanHash"`
	Public      bool   `json:"public"`
}

type body map[string]any

// put sets a value that is given.
func put[T any](b body, name string, v *T) {
	if v != nil {
		b[name] = *v
	}
}

// Authenticate asks whether the credentials are accepted.
func (c *Client) Authenticate(ctx context.Context) error {
	return c.Call(ctx, "authenticate", nil, nil)
}

// Account reads the caller's account.
func (c *Client) Account(ctx context.Context) (a Account, err error) {
	in := body{}
	if o := c.cfg.Credential.Organization; o != "" {
		in["organizationId"] = o
	}
	return a, c.Call(ctx, "account/read", in, &a)
}

// Versions lists the builds of LEAN.
func (c *Client) Versions(ctx context.Context) ([]Version, error) {
	var out struct{ Versions []Version }
	return out.Versions, c.Call(ctx, "lean/versions/read", nil, &out)
}

type projectList struct{ Projects []Project }

// CreateProject makes a project; an empty organization takes the caller's own.
func (c *Client) CreateProject(ctx context.Context, name, language, organization string) (Project, error) {
	in := body{"name": name, "language": language}
	if organization == "" {
		organization = c.cfg.Credential.Organization
	}
	if organization != "" {
		in["organizationId"] = organization
	}
	var out projectList
	if err := c.Call(ctx, "projects/create", in, &out); err != nil {
		return Project{}, err
	}
	if len(out.Projects) == 0 {
		return Project{}, c.empty("projects/create")
	}
	return out.Projects[0], nil
}

// Projects lists the caller's projects.
func (c *Client) Projects(ctx context.Context) ([]Project, error) {
	var out projectList
	return out.Projects, c.Call(ctx, "projects/read", nil, &out)
}

// Project reads one project.
func (c *Client) Project(ctx context.Context, id int64) (Project, error) {
	var out projectList
	if err := c.Call(ctx, "projects/read", body{"projectId": id}, &out); err != nil {
		return Project{}, err
	}
	if len(out.Projects) == 0 {
		return Project{}, c.empty("projects/read")
	}
	return out.Projects[0], nil
}

// UpdateProject changes name and description, where they are given.
func (c *Client) UpdateProject(ctx context.Context, id int64, name, description *string) error {
	in := body{"projectId": id}
	put(in, "name", name)
	put(in, "description", description)
	return c.Call(ctx, "projects/update", in, nil)
}

// Push is everything a project is made of.
type Push struct {
	Description string
	Parameters  map[string]string
	// Libraries are ids of projects.
	Libraries []int64
	Files     []File
}

// PushProject replaces what a project is made of in one step, as lean cloud push
// does: files that are left out are deleted.
func (c *Client) PushProject(ctx context.Context, id int64, p Push) error {
	files, parameters := []body{}, []body{}
	for _, f := range p.Files {
		files = append(files, body{"name": f.Name, "content": f.Content})
	}
	for _, k := range slices.Sorted(maps.Keys(p.Parameters)) {
		parameters = append(parameters, body{"key": k, "value": p.Parameters[k]})
	}
	libraries := p.Libraries
	if libraries == nil {
		libraries = []int64{}
	}
	return c.Call(ctx, "projects/update", body{"projectId": id, "description": p.Description, "files": files, "parameters": parameters, "libraries": libraries}, nil)
}

// DeleteProject deletes a project.
func (c *Client) DeleteProject(ctx context.Context, id int64) error {
	return c.Call(ctx, "projects/delete", body{"projectId": id}, nil)
}

// Collaborators lists who may reach a project.
func (c *Client) Collaborators(ctx context.Context, id int64) (s Sharing, err error) {
	return s, c.Call(ctx, "projects/collaboration/read", body{"projectId": id}, &s)
}

// AddCollaborator shares a project.
func (c *Client) AddCollaborator(ctx context.Context, id int64, user string, write, live bool) (s Sharing, err error) {
	return s, c.Call(ctx, "projects/collaboration/create", body{"projectId": id, "collaboratorUserId": user, "collaborationWrite": write, "collaborationLiveControl": live}, &s)
}

// UpdateCollaborator changes what a collaborator may do.
func (c *Client) UpdateCollaborator(ctx context.Context, id int64, user string, write, live bool) (s Sharing, err error) {
	return s, c.Call(ctx, "projects/collaboration/update", body{"projectId": id, "collaboratorUserId": user, "write": write, "liveControl": live}, &s)
}

// DeleteCollaborator ends a collaborator's access.
func (c *Client) DeleteCollaborator(ctx context.Context, id int64, user string) (s Sharing, err error) {
	return s, c.Call(ctx, "projects/collaboration/delete", body{"projectId": id, "collaboratorId": user}, &s)
}

// Lock makes the named program the one that edits a shared project.
func (c *Client) Lock(ctx context.Context, id int64, source string) error {
	return c.Call(ctx, "projects/collaboration/lock/acquire", body{"projectId": id, "codeSourceId": source}, nil)
}

type nodesReply struct {
	Nodes struct{ Backtest, Research, Live []Node }
	Auto  bool `json:"autoSelectNode"`
}

func (r nodesReply) nodes() Nodes {
	return Nodes{r.Nodes.Backtest, r.Nodes.Research, r.Nodes.Live, r.Auto}
}

// Nodes lists the machines a project may use.
func (c *Client) Nodes(ctx context.Context, id int64) (Nodes, error) {
	var out nodesReply
	err := c.Call(ctx, "projects/nodes/read", body{"projectId": id}, &out)
	return out.nodes(), err
}

// ChooseNodes sets the machines a project may use; none chooses by itself.
func (c *Client) ChooseNodes(ctx context.Context, id int64, nodes []string) (Nodes, error) {
	var out nodesReply
	if nodes == nil {
		nodes = []string{}
	}
	err := c.Call(ctx, "projects/nodes/update", body{"projectId": id, "nodes": nodes}, &out)
	return out.nodes(), err
}

// UnmarshalJSON reads a library; the cloud may leave out everything but its id.
func (l *Library) UnmarshalJSON(raw []byte) error {
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] != '{' {
		return json.Unmarshal(raw, &l.ID)
	}
	type plain Library
	return json.Unmarshal(raw, (*plain)(l))
}
