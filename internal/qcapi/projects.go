package qcapi

import (
	"encoding/json"
	"strconv"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
)

func projectRoutes() []endpoint {
	return []endpoint{
		handle("projects/create", "qc:projects:write", createProject),
		handle("projects/read", "qc:projects:read", readProjects),
		handle("projects/update", "qc:projects:write", updateProject),
		handle("projects/delete", "qc:projects:delete", deleteProject),
		handle("projects/library/create", "qc:projects:write", addLibrary),
		handle("projects/library/delete", "qc:projects:write", deleteLibrary),
		handle("projects/collaboration/create", "qc:collaboration:write", addCollaborator),
		handle("projects/collaboration/read", "qc:collaboration:read", readCollaborators),
		handle("projects/collaboration/update", "qc:collaboration:write", updateCollaborator),
		handle("projects/collaboration/delete", "qc:collaboration:delete", deleteCollaborator),
		handle("projects/collaboration/lock/acquire", "qc:collaboration:write", acquireLock),
		handle("projects/nodes/read", "qc:projects:read", readNodes),
		handle("projects/nodes/update", "qc:projects:write", updateNodes),
	}
}

// view renders a project. people is filled with whom it looked up.
func (c *call) view(p project.Project, people map[string]project.Person) (fields, error) {
	person := func(user string) (project.Person, error) {
		if who, ok := people[user]; ok {
			return who, nil
		}
		who, err := c.cfg.Projects.Person(c.ctx, user)
		if err == nil {
			people[user] = who
		}
		return who, err
	}
	owner, err := person(p.Owner)
	if err != nil {
		return nil, err
	}
	members := []fields{}
	for _, m := range append([]project.Member{{User: p.Owner, Write: true, LiveControl: true}}, p.Members...) {
		who, err := person(m.User)
		if fault.CodeOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		members = append(members, collaborator(project.Collaborator{Person: who, Write: m.Write, LiveControl: m.LiveControl, Owner: m.User == p.Owner}))
	}
	libraries := []fields{}
	for _, id := range p.Libraries {
		l := fields{"projectId": id, "libraryName": "", "ownerName": "", "access": false}
		lib, err := c.cfg.Projects.Project(c.ctx, c.caller(""), id)
		switch fault.CodeOf(err) {
		case "":
			l["libraryName"], l["access"] = lib.Name, true
			if who, err := person(lib.Owner); err == nil {
				l["ownerName"] = who.Name
			}
		case fault.NotFound:
		default:
			return nil, err
		}
		libraries = append(libraries, l)
	}
	return fields{
		"projectId": p.ID, "organizationId": p.Organization, "name": p.Name, "description": p.Description, "language": p.Language,
		"created": stamp(p.Created), "modified": stamp(p.Modified), "ownerId": owner.Number, "owner": p.Owner == c.who.User,
		"collaborators": members, "libraries": libraries, "parameters": projectParameters(p.Parameters),
		"leanVersionId": leanVersionID, "leanPinnedToMaster": true, "leanEnvironment": leanEnvironmentID,
		"channelId": "", "encrypted": false, "encryptionKey": nil, "codeRunning": false, "lastLiveDeployment": nil, "paperEquity": nil,
	}, nil
}

func collaborator(m project.Collaborator) fields {
	permission := "read"
	if m.Write {
		permission = "write"
	}
	return fields{
		"uid": m.Number, "liveControl": m.LiveControl, "permission": permission, "publicId": strconv.FormatInt(m.Number, 10), "profileImage": "", "email": "",
		"name": m.Name, "bio": "", "owner": m.Owner,
	}
}

func (c *call) views(list []project.Project) (fields, error) {
	people := map[string]project.Person{}
	out := []fields{}
	for _, p := range list {
		v, err := c.view(p, people)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return fields{"projects": out, "versions": c.versions()}, nil
}

func createProject(c *call, in struct{ Name, Language, OrganizationID text }) (any, error) {
	p, err := c.cfg.Projects.CreateProject(c.ctx, c.caller(""), string(in.Name), string(in.Language), string(in.OrganizationID))
	if err != nil {
		return nil, err
	}
	return c.views([]project.Project{p})
}

func readProjects(c *call, in struct {
	ProjectID      *number
	Start, End     *number
	OrganizationID text
}) (any, error) {
	if in.ProjectID != nil {
		p, err := c.cfg.Projects.Project(c.ctx, c.caller(""), int64(*in.ProjectID))
		if err != nil {
			return nil, err
		}
		return c.views([]project.Project{p})
	}
	list, err := c.cfg.Projects.Projects(c.ctx, c.caller(""), string(in.OrganizationID))
	if err != nil {
		return nil, err
	}
	if in.Start != nil || in.End != nil {
		start, end := 0, len(list)
		if in.Start != nil {
			start = int(*in.Start)
		}
		if in.End != nil {
			end = int(*in.End)
		}
		if start < 0 || in.End != nil && start >= end {
			return nil, fault.E("qcapi.readProjects", fault.Invalid, "start must be 0 or more and less than end")
		}
		end = min(end, len(list))
		list = list[min(start, end):end]
	}
	return c.views(list)
}

func updateProject(c *call, in struct {
	ProjectID         number
	Name, Description *text
	Parameters        json.RawMessage
	Libraries         *listOf[number]
	Files             *listOf[struct {
		Name    text
		Content *text
	}]
	EncryptionKey, CodeSourceID text
}) (any, error) {
	if in.EncryptionKey != "" {
		return nil, fault.E("qcapi.updateProject", fault.Invalid, "encrypted projects are not served").Hinted("Push the project without --encrypt.")
	}
	u := project.Update{Name: (*string)(in.Name), Description: (*string)(in.Description)}
	if in.Parameters != nil && string(in.Parameters) != "null" {
		list, err := parameters(in.Parameters)
		if err != nil {
			return nil, err
		}
		u.Parameters = &list
	}
	if in.Libraries != nil {
		ids := []int64{}
		for _, l := range *in.Libraries {
			ids = append(ids, int64(l))
		}
		u.Libraries = &ids
	}
	if in.Files != nil {
		if !c.who.Has("qc:files:write") {
			return nil, missingScope("qc:files:write")
		}
		files := []project.File{}
		for _, f := range *in.Files {
			content := ""
			if f.Content != nil {
				content = string(*f.Content)
			}
			files = append(files, project.File{Name: string(f.Name), Content: content})
		}
		u.Files = &files
	}
	return nil, c.cfg.Projects.UpdateProject(c.ctx, c.caller(string(in.CodeSourceID)), int64(in.ProjectID), u)
}

type projectOnly struct{ ProjectID number }

func deleteProject(c *call, in projectOnly) (any, error) {
	return nil, c.cfg.Projects.DeleteProject(c.ctx, c.caller(""), int64(in.ProjectID))
}

type library struct{ ProjectID, LibraryID number }

func addLibrary(c *call, in library) (any, error) {
	return nil, c.cfg.Projects.AddLibrary(c.ctx, c.caller(""), int64(in.ProjectID), int64(in.LibraryID))
}

func deleteLibrary(c *call, in library) (any, error) {
	return nil, c.cfg.Projects.DeleteLibrary(c.ctx, c.caller(""), int64(in.ProjectID), int64(in.LibraryID))
}

// userNumber reads a user's id; 0, whom nobody is, when it is not a number.
func userNumber(id text) int64 {
	n, err := strconv.ParseInt(string(id), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func collaborators(list []project.Collaborator, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	out := []fields{}
	for _, m := range list {
		out = append(out, collaborator(m))
	}
	return fields{"collaborators": out}, nil
}

func addCollaborator(c *call, in struct {
	ProjectID                                    number
	CollaboratorUserID                           text
	CollaborationWrite, CollaborationLiveControl flag
}) (any, error) {
	return collaborators(c.cfg.Projects.AddCollaborator(c.ctx, c.caller(""), int64(in.ProjectID), userNumber(in.CollaboratorUserID),
		bool(in.CollaborationWrite), bool(in.CollaborationLiveControl)))
}

func readCollaborators(c *call, in projectOnly) (any, error) {
	list, err := c.cfg.Projects.Collaborators(c.ctx, c.caller(""), int64(in.ProjectID))
	out, err := collaborators(list, err)
	if err != nil {
		return nil, err
	}
	f, _ := out.(fields)
	for _, m := range list {
		if m.User == c.who.User {
			v := collaborator(m)
			f["userLiveControl"], f["userPermissions"] = v["liveControl"], v["permission"]
		}
	}
	return f, nil
}

func updateCollaborator(c *call, in struct {
	ProjectID          number
	CollaboratorUserID text
	Write, LiveControl *flag
}) (any, error) {
	return collaborators(c.cfg.Projects.UpdateCollaborator(c.ctx, c.caller(""), int64(in.ProjectID), userNumber(in.CollaboratorUserID), (*bool)(in.Write), (*bool)(in.LiveControl)))
}

func deleteCollaborator(c *call, in struct {
	ProjectID                          number
	CollaboratorID, CollaboratorUserID text
}) (any, error) {
	if in.CollaboratorID == "" {
		in.CollaboratorID = in.CollaboratorUserID
	}
	return collaborators(c.cfg.Projects.DeleteCollaborator(c.ctx, c.caller(""), int64(in.ProjectID), userNumber(in.CollaboratorID)))
}

func acquireLock(c *call, in struct {
	ProjectID    number
	CodeSourceID text
}) (any, error) {
	return nil, c.cfg.Projects.AcquireLock(c.ctx, c.caller(string(in.CodeSourceID)), int64(in.ProjectID))
}

// node renders a node; active is there only where a project chose.
func node(n project.Node, user string, active bool) fields {
	f := fields{
		"id": n.ID, "name": n.Name, "sku": "B-MICRO", "description": "Runs backtests on this machine", "usedBy": user, "userProfile": "",
		"projectName": n.ProjectName, "projectId": nil, "busy": n.Busy, "price": fields{"monthly": 0, "yearly": 0}, "speed": 0, "cpu": 1, "ram": 0,
		"assets": 0, "host": nil, "hasGpu": 0,
	}
	if n.Project != 0 {
		f["projectId"] = n.Project
	}
	if active {
		f["active"] = n.Active
	}
	return f
}

func (c *call) nodes(list []project.Node, active bool) (fields, error) {
	out := []fields{}
	for _, n := range list {
		name := ""
		if n.User != "" {
			who, err := c.cfg.Projects.Person(c.ctx, n.User)
			if err != nil && fault.CodeOf(err) != fault.NotFound {
				return nil, err
			}
			name = who.Name
		}
		out = append(out, node(n, name, active))
	}
	return fields{"backtest": out, "research": []any{}, "live": []any{}}, nil
}

func (c *call) projectNodes(list []project.Node, auto bool, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	nodes, err := c.nodes(list, true)
	return fields{"nodes": nodes, "autoSelectNode": auto}, err
}

func readNodes(c *call, in projectOnly) (any, error) {
	return c.projectNodes(c.cfg.Projects.ProjectNodes(c.ctx, c.caller(""), int64(in.ProjectID)))
}

func updateNodes(c *call, in struct {
	ProjectID number
	Nodes     json.RawMessage
}) (any, error) {
	ids := []string{}
	var byID map[string]flag
	switch {
	case len(in.Nodes) == 0, string(in.Nodes) == "null", string(in.Nodes) == `""`:
	case json.Unmarshal(in.Nodes, &ids) == nil:
	case json.Unmarshal(in.Nodes, &byID) == nil:
		for _, id := range sortedKeys(byID) {
			if byID[id] {
				ids = append(ids, id)
			}
		}
	default:
		return nil, fault.E("qcapi.updateNodes", fault.Invalid, "nodes must be a list of node ids")
	}
	return c.projectNodes(c.cfg.Projects.ChooseNodes(c.ctx, c.caller(""), int64(in.ProjectID), ids))
}
