package local_test

import (
	"log"
	"os"
	"testing"

	"fruix/builder/buildtest"
	"fruix/builder/plan"
	"fruix/jail/jailtest"
	"fruix/jail/native"
)

func TestMain(m *testing.M) {
	native.ChildMain(os.Args)
	buildtest.HelperMain(os.Args)
	done, err := jailtest.Prepare("fruix/builder/buildtest/helper")
	if err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	done()
	os.Exit(code)
}

// TestExecutor runs the suite that every executor passes.
func TestExecutor(t *testing.T) {
	buildtest.Executors(t, func(w *buildtest.World) plan.Executor { return w.Local() })
}
