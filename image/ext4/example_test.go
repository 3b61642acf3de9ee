package ext4_test

import (
	"fmt"
	"os"

	"fruix/image/ext4"
	"fruix/image/tree"
)

func Example() {
	root := &tree.Node{Kind: tree.Dir, Mode: 0o755, Entries: []tree.Entry{
		{Name: "etc", Node: &tree.Node{Kind: tree.Dir, Mode: 0o755, Entries: []tree.Entry{
			{Name: "hostname", Node: &tree.Node{Kind: tree.File, Mode: 0o644, Content: tree.Text("fruix\n")}},
		}}},
	}}
	layout, err := ext4.New(root, ext4.Options{
		UUID:  [16]byte{0x5e, 0xed, 0x01},
		Label: "root",
		Slack: 64 << 20,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := os.CreateTemp("", "image")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if err := file.Truncate(layout.Size()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(layout.WriteTo(file), layout.Free() >= 64<<20)
	// Output: <nil> true
}
