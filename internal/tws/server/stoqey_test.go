package server_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestStoqey lets a client that others wrote, @stoqey/ib, walk through the server
// and judge every answer. It needs node and the client: `make tws-client`
// installs it.
func TestStoqey(t *testing.T) {
	dir := os.Getenv("QUANTDESK_STOQEY")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "out", "stoqey")
	}
	modules, err := filepath.Abs(filepath.Join(dir, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, "@stoqey", "ib")); err != nil {
		t.Skipf("no @stoqey/ib in %s: run make tws-client", dir)
	}
	node := filepath.Join(modules, "node", "bin", "node")
	if _, err := os.Stat(node); err != nil {
		if node, err = exec.LookPath("node"); err != nil {
			t.Skip("there is no node: run make tws-client")
		}
	}
	d := open(t, setup{pace: 50})
	_, port, err := net.SplitHostPort(d.Addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Second)
	defer stop()
	cmd := exec.CommandContext(ctx, node, filepath.Join("testdata", "stoqey.js"), port) //nolint:gosec // the test's own program
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
