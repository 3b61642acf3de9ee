// Command probe runs the conformance suite's probe when the test binary
// itself cannot run in a jail.
package main

import (
	"os"

	"fruix/jail/jailtest"
)

func main() {
	jailtest.ProbeMain(os.Args)
	os.Exit(2)
}
