package tree

// An InitrdPlan describes an initial RAM disk.
type InitrdPlan struct {
	Compression string // of the archive: "zstd", "gzip" or "none"
	Tree        []Entry
}

// Compressions of initrds.
const (
	Zstd = "zstd"
	Gzip = "gzip"
	None = "none"
)

// ParseInitrd reads the plan of an initrd: the members version, compression
// (default zstd) and tree, whose entries may also be of kind KernelModules.
func ParseInitrd(data []byte) (*InitrdPlan, error) {
	top, err := parseVersioned(data)
	if err != nil {
		return nil, err
	}
	p := new(InitrdPlan)
	if p.Compression, err = top.text("compression", Zstd); err != nil {
		return nil, err
	}
	if known := []string{Zstd, Gzip, None}; !contains(known, p.Compression) {
		return nil, top.unknown("compression", p.Compression, known)
	}
	list, err := top.array("tree")
	if err != nil {
		return nil, err
	}
	if p.Tree, err = parseEntries("initrd", list, true); err != nil {
		return nil, err
	}
	return p, top.finish()
}
