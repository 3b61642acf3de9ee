//go:build !linux

package socket

import "os"

// descriptorPath is another path of an open directory; there is none here.
func descriptorPath(*os.File) string { return "" }
