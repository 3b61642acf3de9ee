package builder

import (
	"slices"
	"strings"

	"fruix/builder/plan"
	"fruix/store"
	"fruix/store/path"
	"fruix/store/tree"
)

// aside is an output that is made under another name, and then given its own.
//
// A build has a store folder of its own, so that its outputs are made at their
// real names even when they are valid already (--check, repairs, the other
// outputs of a derivation). One case is left: an output that is itself among the
// inputs, where it is mounted. That can be of fixed outputs only, whose names
// follow from their content: the sources of the program that fetches sources are
// the usual example. See Nix's makeFallbackPath.
type aside struct{ real, scratch path.Path }

// setAside gives outputs that are among the inputs other names, everywhere in the
// request.
func setAside(req *plan.Request) ([]aside, error) {
	var moved []aside
	for i, o := range req.Outputs {
		if _, found := slices.BinarySearch(req.Inputs, o.Path); !found {
			continue
		}
		real, err := path.Parse(req.StoreDir, o.Path)
		if err != nil {
			return nil, err
		}
		scratch, err := path.Make(req.StoreDir, "rewrite:"+req.Drv+":name:"+o.Name, real.Name, make([]byte, 32))
		if err != nil {
			return nil, err
		}
		req.Outputs[i].Path = scratch.In(req.StoreDir)
		moved = append(moved, aside{real, scratch})
	}
	for _, a := range moved {
		rename := func(s string) string { return strings.ReplaceAll(s, a.real.HashPart(), a.scratch.HashPart()) }
		for k, v := range req.Env {
			req.Env[k] = rename(v)
		}
		for i, v := range req.Args {
			req.Args[i] = rename(v)
		}
		for i, f := range req.Files {
			req.Files[i].Content = []byte(rename(string(f.Content)))
		}
	}
	return moved, nil
}

// giveNames gives outputs that were made under other names their own ones.
func giveNames(storeDir string, moved []aside, built []store.Built) error {
	for _, a := range moved {
		for i := range built {
			b := &built[i]
			if b.Path == a.scratch.In(storeDir) {
				b.Path = a.real.In(storeDir)
			}
			if _, err := tree.Rewrite(b.Physical, a.scratch.HashPart(), a.real.HashPart()); err != nil {
				return err
			}
		}
	}
	return nil
}
