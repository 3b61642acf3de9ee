package store_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// fewFilesVariable makes this test program one that adds many texts below the root it
// names.
const fewFilesVariable = "FRUIX_STORE_FEW_FILES"

// TestFewFiles: a batch of any size can be added by a process that may have few files
// open.
func TestFewFiles(t *testing.T) {
	root := os.Getenv(fewFilesVariable)
	if root == "" {
		cmd := exec.Command("sh", "-c", `ulimit -n 128 && exec "$0" -test.run='^TestFewFiles$'`, must(os.Executable())(t))
		cmd.Env = append(os.Environ(), fewFilesVariable+"="+scratch(t))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	s := open(t, root)
	b := s.NewBatch()
	const n = 200
	for i := range n {
		must(b.AddText(fmt.Sprint("t", i), nil, nil))(t)
	}
	if err := b.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := must(s.All(t.Context()))(t); len(all) != n {
		t.Errorf("%d texts are valid", len(all))
	}
}
