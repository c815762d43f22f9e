package main

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}` + "\n"

// start measures exec to the first initialize answer over stdio, on a home that
// is there and on fresh ones, beside /bin/true's exec as the floor.
func start(bin, work string, runs int) error {
	home := filepath.Join(work, "home")
	if _, err := once(bin, home); err != nil { // makes the home
		return err
	}
	var warm, fresh, floor []time.Duration
	for i := range runs {
		begun := time.Now()
		if err := exec.Command("true").Run(); err != nil {
			return err
		}
		floor = append(floor, time.Since(begun))
		d, err := once(bin, home)
		if err != nil {
			return err
		}
		warm = append(warm, d)
		if d, err = once(bin, filepath.Join(work, fmt.Sprint("fresh", i))); err != nil {
			return err
		}
		fresh = append(fresh, d)
	}
	for _, r := range []struct {
		name string
		t    []time.Duration
	}{{"floor: exec of true", floor}, {"stdio, home there", warm}, {"stdio, fresh home", fresh}} {
		fmt.Printf("%-22s median %s (min %s, max %s)\n", r.name, ms(quantile(r.t, 0.5)), ms(quantile(r.t, 0)), ms(quantile(r.t, 1)))
	}
	s, err := serve(bin, filepath.Join(work, "idle"))
	if err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	fmt.Printf("%-22s %s\n", "serve, idle, resident", resident(s.cmd.Process.Pid))
	return s.stop()
}

func once(bin, home string) (time.Duration, error) {
	cmd := exec.Command(bin, "stdio", "--home", home, "--log-level", "error")
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	if _, err := io.WriteString(in, hello); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	took := time.Since(begun)
	if err != nil {
		return 0, fmt.Errorf("no initialize answer: %w", err)
	}
	if !strings.Contains(line, `"serverInfo"`) {
		return 0, fmt.Errorf("not an initialize answer: %q", line)
	}
	if err := in.Close(); err != nil {
		return 0, err
	}
	return took, cmd.Wait()
}
