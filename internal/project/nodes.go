package project

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"quantdesk/internal/fault"
)

func nodeID(i int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "backtest node %d", i+1))
	return "BN-" + hex.EncodeToString(sum[:16])
}

func nodeName(i int) string { return fmt.Sprintf("Backtest node %d", i+1) }

// Nodes lists the places where backtests run. What runs there is told only of
// projects that the caller may reach.
func (s *Service) Nodes(ctx context.Context, c Caller) ([]Node, error) {
	type busy struct {
		project int64
		user    string
	}
	s.mu.Lock()
	out := make([]Node, len(s.nodes))
	at := make([]busy, len(s.nodes))
	for i, id := range s.nodes {
		out[i] = Node{ID: nodeID(i), Name: nodeName(i), Busy: id != ""}
		if l := s.running[id]; l != nil {
			at[i] = busy{l.project, l.user}
		}
	}
	s.mu.Unlock()
	for i, b := range at {
		if b.project == 0 {
			continue
		}
		p, err := s.reach(ctx, c, b.project, toRead)
		switch fault.CodeOf(err) {
		case "":
			out[i].User, out[i].Project, out[i].ProjectName = b.user, p.ID, p.Name
		case fault.NotFound:
		default:
			return nil, err
		}
	}
	return out, nil
}

// ProjectNodes lists the nodes with those marked that a project chose, and tells
// whether it leaves the choice to the desk.
func (s *Service) ProjectNodes(ctx context.Context, c Caller, id int64) ([]Node, bool, error) {
	p, err := s.reach(ctx, c, id, toRead)
	if err != nil {
		return nil, false, err
	}
	list, err := s.Nodes(ctx, c)
	for i := range list {
		list[i].Active = slices.Contains(p.Nodes, list[i].ID)
	}
	return list, len(p.Nodes) == 0, err
}

// ChooseNodes sets the nodes of a project; none leaves the choice to the desk.
func (s *Service) ChooseNodes(ctx context.Context, c Caller, id int64, nodes []string) ([]Node, bool, error) {
	if _, err := s.reach(ctx, c, id, toWrite); err != nil {
		return nil, false, err
	}
	for _, n := range nodes {
		known := false
		for i := range s.nodes {
			known = known || nodeID(i) == n
		}
		if !known {
			return nil, false, fault.E("project.ChooseNodes", fault.NotFound, "there is no node %q", clip(n)).Hinted("Read the nodes of the project for their ids.")
		}
	}
	_, err := s.cfg.Store.ChangeProject(ctx, id, func(p *Project) error {
		p.Nodes = slices.Compact(slices.Sorted(slices.Values(nodes)))
		return allowed(p, c, toWrite)
	})
	if err != nil {
		return nil, false, err
	}
	return s.ProjectNodes(ctx, c, id)
}
