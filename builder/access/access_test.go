package access_test

import (
	"log"
	"os"
	"testing"

	"fruix/builder"
	"fruix/builder/access"
	"fruix/builder/access/accesstest"
	"fruix/builder/buildtest"
	"fruix/jail/jailtest"
	"fruix/jail/native"
	"fruix/store"
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

// TestDirect works on the store itself.
func TestDirect(t *testing.T) {
	accesstest.Run(t, func(w *buildtest.World) access.Store {
		st, err := store.Open(w.Ctx, store.Config{Root: w.Store.Root(), Relaxed: true})
		if err != nil {
			w.Fatal(err)
		}
		return &access.Direct{Store: st, Builder: func(p builder.Progress) *builder.Builder {
			return builder.New(st, builder.Options{Progress: p, Jail: w.Jail, EUID: os.Geteuid(), KeepGoing: true})
		}}
	})
}
