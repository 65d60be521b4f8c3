//go:build unix

package plugin_test

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

// leaveOpen starts a program with a secret file open, as a careless client
// does.
func leaveOpen(t *testing.T, cmd *exec.Cmd, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	cmd.ExtraFiles = []*os.File{f}
}

// asNobody starts a program as a user who may not look into other processes,
// which root always may.
func asNobody(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if os.Getuid() != 0 || runtime.GOOS != "linux" {
		return
	}
	const nobody = 65534
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}
