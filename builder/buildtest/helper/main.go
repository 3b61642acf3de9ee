// Command helper is the builder of tests whose own binary cannot be one.
package main

import (
	"os"

	"fruix/builder/buildtest"
)

func main() {
	buildtest.HelperMain(os.Args)
	os.Exit(2)
}
