package jailtest

import (
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// hostChannels opens channels on the host and adds attempts to reach them, none
// of which may succeed.
func hostChannels(t *testing.T, want map[string]bool) (stop func()) {
	t.Helper()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	abstract, err := net.Listen("unix", "@fruix-jailtest-escape")
	if err != nil {
		t.Fatal(err)
	}
	want["dial tcp "+tcp.Addr().String()] = false
	want["abstract-socket fruix-jailtest-escape"] = false
	const key = 0x46525558
	id, err := unix.SysvShmGet(key, 4096, unix.IPC_CREAT|0o666)
	if err == nil {
		want["shared-memory 1179800920"] = false // key
	}
	return func() {
		tcp.Close()
		abstract.Close()
		if err == nil {
			unix.SysvShmCtl(id, unix.IPC_RMID, nil)
		}
	}
}

func deviceOf(t *testing.T, name string) int {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		t.Fatal(&os.PathError{Op: "stat", Path: name, Err: err})
	}
	return int(st.Rdev)
}
