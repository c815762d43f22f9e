package python

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestOrphan kills a parent and sees its child go with it.
func TestOrphan(t *testing.T) {
	home := needConfined(t)
	const role = "QUANTDESK_TEST_PARENT"
	if os.Getenv(role) != "" {
		parentOfLoop(t, home)
		return
	}
	parent := exec.Command(os.Args[0], "-test.run=^TestOrphan$") //nolint:gosec // our own binary; killed below
	parent.Env = append(os.Environ(), role+"=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	pid := 0
	for lines := bufio.NewScanner(out); pid == 0 && lines.Scan(); {
		_, _ = fmt.Sscanf(lines.Text(), "child %d", &pid)
	}
	if pid == 0 || !lives(pid) {
		t.Fatalf("the child %d does not run", pid)
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	for end := time.Now().Add(5 * time.Second); lives(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the child %d outlives its parent", pid)
		}
	}
}

// parentOfLoop starts a child that loops and tells its process id.
func parentOfLoop(t *testing.T, home string) {
	t.Helper()
	c, err := Command(context.Background(), Spec{Program: "python", Home: home, Limits: Limits{Wall: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(script{Home: home, Code: "print('up')\nwhile True: pass\n"})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.Stdin.Write(b)
	_ = c.Stdin.Close()
	_, _ = c.Stdout.Read(make([]byte, 16))
	fmt.Printf("\nchild %d\n", c.cmd.Process.Pid)
	_ = c.Wait()
}

// lives tells whether a process runs; one that is dead and not yet collected by
// its new parent does not.
func lives(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, ok := bytes.Cut(stat, []byte(") "))
	return ok && state[0] != 'Z' && state[0] != 'X'
}
