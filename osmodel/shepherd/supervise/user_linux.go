package supervise

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// UserOf returns the real user of a process: proc(5), /proc/PID/status.
func UserOf(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return -1, err
	}
	_, rest, _ := bytes.Cut(text, []byte("\nUid:"))
	words := bytes.Fields(rest)
	if len(words) == 0 {
		return -1, fmt.Errorf("it is not told whose process %d is", pid)
	}
	return strconv.Atoi(string(words[0]))
}
