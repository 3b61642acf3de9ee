// Package disk is the builder "builtin:disk": it makes a disk image from a
// plan (see builder/builtin/tree).
//
// The derivation's environment has in the variable plan the store path of the
// plan's text, and asks with exportReferencesGraph for the graphs that the
// plan's closures name, and with exportRegistrations for the registrations. The output is a folder with two files: disk.img, raw
// and sparse, and image.json, which tells about it.
package disk

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"fruix/builder/builtin"
	"fruix/builder/builtin/tree"
	imagedisk "fruix/image/disk"
	imagetree "fruix/image/tree"
)

// Names of the files in the output.
const (
	ImageName = "disk.img"
	InfoName  = "image.json"
)

// Info is what image.json tells.
type Info struct {
	SHA256     string      `json:"raw_sha256"` // base 16
	Size       int64       `json:"image_size_bytes"`
	DiskUUID   string      `json:"disk_uuid"`
	Partitions []Partition `json:"partitions"`
	StoreItems int         `json:"store_item_count"` // how many different ones the closures hold
}

// Partition is what image.json tells of a partition.
type Partition struct {
	Number     int    `json:"number"` // from 1
	Name       string `json:"name"`
	Type       string `json:"type"` // as in the plan
	UUID       string `json:"uuid"`
	Start      int64  `json:"start"` // bytes
	Size       int64  `json:"size"`  // bytes
	FileSystem string `json:"fs"`    // "" if there is none
	Label      string `json:"fs_label,omitempty"`
	FSUUID     string `json:"fs_uuid,omitempty"` // in the notation of the file system
}

// Builtin returns the builder.
func Builtin() builtin.Builtin {
	return builtin.Builtin{Run: func(ctx context.Context, c *builtin.Call) error {
		env := func(name string) string { return c.Request.Env[name] }
		return Main(ctx, env, c.BuildDir, c.Log, func(done, total int64) { c.Step("writing "+ImageName, done, total) })
	}}
}

// Main makes an image. env looks up the variables of the builder's
// environment, dir is the folder with the reference graphs, and stderr takes
// messages for people; progress, which may be nil, is told how much of the image is
// written. Store paths are read where they say they are.
func Main(ctx context.Context, env func(string) string, dir string, stderr io.Writer, progress func(done, total int64)) error {
	data, out, err := inputs(env)
	if err != nil {
		return err
	}
	p, err := tree.Parse(data)
	if err != nil {
		return err
	}
	sources, err := tree.ReadSources(dir, p)
	if err != nil {
		return err
	}
	roots := make([]*imagetree.Node, len(p.Partitions))
	for i, part := range p.Partitions {
		if !part.HasFiles() {
			continue
		}
		if roots[i], err = p.Root(part.Name, sources); err != nil {
			return err
		}
	}
	l, err := New(p, roots)
	if err != nil {
		return err
	}
	if err := os.Mkdir(out, 0o755); err != nil {
		return err
	}
	return l.write(ctx, out, countItems(sources.Graphs), stderr, progress)
}

// inputs reads the plan and the place of the output.
func inputs(env func(string) string) (plan []byte, out string, err error) {
	file := env("plan")
	if file == "" {
		return nil, "", errors.New("the variable plan is not set: it names the file that says what to make")
	}
	if out = env("out"); out == "" {
		return nil, "", errors.New("the variable out is not set: it names the folder to make")
	}
	plan, err = os.ReadFile(file)
	return plan, out, err
}

// countItems counts the store items that graphs hold together.
func countItems(graphs map[string][]string) int {
	items := make(map[string]bool)
	for _, g := range graphs {
		for _, item := range g {
			items[item] = true
		}
	}
	return len(items)
}

// write makes the two files in the folder out.
func (l *Layout) write(ctx context.Context, out string, items int, stderr io.Writer, progress func(done, total int64)) error {
	// Whoever takes the output into the store syncs it as a whole.
	o := imagedisk.CreateOptions{Hash: true, NoSync: true, Mode: 0o644, Progress: progress}
	r, err := imagedisk.CreateFile(ctx, filepath.Join(out, ImageName), l.disk, o)
	if err != nil {
		return err
	}
	info := l.info
	info.SHA256, info.Size, info.StoreItems = hex.EncodeToString(r.SHA256[:]), r.Size, items
	text, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	for _, p := range info.Partitions {
		fmt.Fprintf(stderr, "partition %d: %s, %s, %d MiB\n", p.Number, p.Name, describe(p), p.Size>>20)
	}
	fmt.Fprintf(stderr, "%s: %d MiB, SHA-256 %s\n", ImageName, info.Size>>20, info.SHA256)
	return os.WriteFile(filepath.Join(out, InfoName), append(text, '\n'), 0o644)
}

func describe(p Partition) string {
	if p.FileSystem == "" {
		return p.Type
	}
	return p.FileSystem
}
