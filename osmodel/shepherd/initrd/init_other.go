//go:build !linux

package initrd

import (
	"fmt"
	"io/fs"
	"os"
)

// Main says that only Linux has an initrd.
func Main(fs.FS) int {
	fmt.Fprintln(os.Stderr, "fruix-init: only Linux is started by an initrd")
	return 2
}
