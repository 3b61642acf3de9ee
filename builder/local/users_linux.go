package local

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
)

// hasProcesses says whether any process of the host runs as the user uid, under any
// of its ids: proc(5), /proc/PID/status.
func hasProcesses(uid int) bool {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return false
	}
	id := []byte(strconv.Itoa(uid))
	for _, e := range entries {
		if c := e.Name()[0]; c < '0' || c > '9' {
			continue
		}
		if b, err := os.ReadFile(filepath.Join("/proc", e.Name(), "status")); err == nil && runsAs(b, id) {
			return true
		}
	}
	return false
}

// runsAs says whether the line of user ids in a status file has one.
func runsAs(status, id []byte) bool {
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		ids, ok := bytes.CutPrefix(lines.Bytes(), []byte("Uid:"))
		if !ok {
			continue
		}
		for f := range bytes.FieldsSeq(ids) {
			if bytes.Equal(f, id) {
				return true
			}
		}
		return false
	}
	return false
}
