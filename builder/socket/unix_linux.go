package socket

import (
	"fmt"
	"os"
)

// descriptorPath is another path of an open directory.
func descriptorPath(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }
