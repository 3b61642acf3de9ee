package fat

import (
	"errors"
	"fmt"
	"math"
)

// geometry is where the parts of a file system lie, in sectors unless said
// otherwise.
type geometry struct {
	kind        Type
	sectors     int64 // in all
	perCluster  int64
	clusterSize int64 // bytes
	reserved    int64 // boot sector and what belongs to it
	fatSectors  int64 // of one table
	rootSectors int64 // of the root directory of FAT16
	clusters    int64
}

// offset is where a cluster begins, in bytes.
func (g geometry) offset(cluster int64) int64 {
	return (g.dataStart() + (cluster-2)*g.perCluster) * sectorSize
}

func (g geometry) dataStart() int64 {
	return g.reserved + fatCopies*g.fatSectors + g.rootSectors
}

// Limits of the number of clusters. It alone makes a file system FAT16 or
// FAT32 (fatgen103, "FAT type determination"), and as many systems get that
// off by one or more, Microsoft advises to stay 16 away from the borders.
const (
	margin  = 16
	min16   = 4085 + margin
	max16   = 65525 - 1 - margin
	min32   = 65525 + margin
	max32   = 0x0ffffff5 - 2 - margin
	maxSect = math.MaxUint32
)

// row is a line of the tables in fatgen103, "Initializing a FAT volume": up to
// that many sectors, clusters have that many sectors.
type row struct {
	kind       Type
	maxSectors int64
	perCluster int64
}

// rows are tried in order. The first line is an addition: the original begins
// FAT16 at 4.1 MB, which leaves out the smallest EFI system partitions.
var rows = []row{
	{FAT16, 8400, 1},
	{FAT16, 32680, 2},
	{FAT16, 262144, 4},
	{FAT16, 524288, 8},
	{FAT16, 1048576, 16},
	{FAT32, 532480, 1},
	{FAT32, 16777216, 8},
	{FAT32, 33554432, 16},
	{FAT32, 67108864, 32},
	{FAT32, maxSect, 64},
}

// forced16 are the further lines for when FAT16 is asked for.
var forced16 = []row{{FAT16, 2097152, 32}, {FAT16, 4194304, 64}}

// choose finds the geometry that the options and the content ask for.
func choose(o Options, l *Layout) (geometry, error) {
	if o.Type != Auto && o.Type != FAT16 && o.Type != FAT32 {
		return geometry{}, fmt.Errorf("FAT%d: %w", o.Type, errNoSuchType)
	}
	if o.Slack < 0 {
		return geometry{}, fmt.Errorf("slack of %d bytes is negative", o.Slack)
	}
	if o.Size != 0 {
		return chooseForSize(o, l)
	}
	for _, r := range candidates(o.Type) {
		g, ok := smallest(r, o, l)
		if ok {
			return g, nil
		}
	}
	return geometry{}, fmt.Errorf("the files are too large in sum for %s", typeName(o.Type))
}

func typeName(t Type) string {
	if t == Auto {
		return "FAT"
	}
	return fmt.Sprintf("FAT%d", t)
}

func candidates(t Type) []row {
	var out []row
	for _, r := range rows {
		if t == Auto || r.kind == t {
			out = append(out, r)
		}
	}
	if t == FAT16 {
		out = append(out, forced16...)
	}
	return out
}

// smallest is the least geometry of a row's cluster size that holds the
// content, if the row allows that many sectors.
func smallest(r row, o Options, l *Layout) (geometry, bool) {
	size := r.perCluster * sectorSize
	need := l.clustersNeeded(size, r.kind)
	if o.Slack > (max32-need)*size {
		return geometry{}, false
	}
	need += (o.Slack + size - 1) / size
	least, most := limits(r.kind)
	need = max(need, least)
	if need > most {
		return geometry{}, false
	}
	g := start(r, l)
	g.clusters = need
	g.fatSectors = g.tableFor(need)
	g.alignData()
	g.sectors = g.dataStart() + need*r.perCluster
	return g, g.sectors <= r.maxSectors && g.rootFits()
}

// chooseForSize divides a given size.
func chooseForSize(o Options, l *Layout) (geometry, error) {
	if o.Size < 0 || o.Size%sectorSize != 0 || o.Size/sectorSize > maxSect {
		return geometry{}, fmt.Errorf("size %d is not a multiple of %d up to 2 TiB", o.Size, sectorSize)
	}
	sectors := o.Size / sectorSize
	var reason error
	for _, r := range candidates(o.Type) {
		if sectors > r.maxSectors {
			continue
		}
		g := divide(r, sectors, l)
		least, most := limits(r.kind)
		if g.clusters > most {
			// Near the end of a line the advice of fatgen103 leaves no
			// room: larger clusters will do.
			continue
		}
		if g.clusters < least {
			if reason == nil {
				reason = fmt.Errorf("%d bytes are too few for %s", o.Size, typeName(o.Type))
			}
			continue
		}
		if !g.rootFits() {
			if reason == nil {
				reason = errors.New("the root directory has too many names for FAT16")
			}
			continue
		}
		need := l.clustersNeeded(g.clusterSize, g.kind)
		if need > g.clusters {
			if reason == nil {
				reason = fmt.Errorf("the tree does not fit: it needs %d bytes of clusters, and a FAT%d file system of %d bytes has %d",
					need*g.clusterSize, g.kind, o.Size, g.clusters*g.clusterSize)
			}
			continue
		}
		return g, nil
	}
	if reason == nil {
		reason = fmt.Errorf("%d bytes are too many for %s", o.Size, typeName(o.Type))
	}
	return geometry{}, reason
}

// limits are the least and the greatest number of clusters.
func limits(t Type) (least, most int64) {
	if t == FAT16 {
		return min16, max16
	}
	return min32, max32
}

// start fills in what does not depend on the number of clusters.
func start(r row, l *Layout) geometry {
	g := geometry{kind: r.kind, perCluster: r.perCluster, clusterSize: r.perCluster * sectorSize}
	if r.kind == FAT32 {
		g.reserved = 32
		return g
	}
	g.reserved = 1
	// The root directory of FAT16 has a fixed place; 512 entries are usual.
	slots := max(512, l.root.slots)
	g.rootSectors = (slots*entrySize + sectorSize - 1) / sectorSize
	return g
}

// rootFits tells whether the size of FAT16's root directory can be said in the
// boot sector, which has 16 bits for its slots.
func (g geometry) rootFits() bool { return g.rootSectors*sectorSize/entrySize <= math.MaxUint16 }

// tableFor is the number of sectors that a table for so many clusters takes;
// the first two entries stand for none.
func (g geometry) tableFor(clusters int64) int64 {
	return ((clusters+2)*int64(g.kind)/8 + sectorSize - 1) / sectorSize
}

// alignData enlarges the reserved area so that clusters begin at a multiple of
// 4 KiB, as the host's blocks do: contents can then be cloned, not copied.
func (g *geometry) alignData() {
	g.reserved += -g.dataStart() & 7
}

// divide finds how many clusters a number of sectors has room for.
func divide(r row, sectors int64, l *Layout) geometry {
	g := start(r, l)
	g.sectors = sectors
	first := g.reserved
	// The larger the table, the less it leaves, and the smaller a table is
	// enough for that. The first table that is large enough for what it
	// leaves is found from below.
	g.fatSectors = g.tableFor(max(0, sectors-first-g.rootSectors) / (g.perCluster + 1))
	for {
		g.reserved = first
		g.alignData()
		g.clusters = max(0, sectors-g.dataStart()) / g.perCluster
		need := g.tableFor(g.clusters)
		if need <= g.fatSectors {
			return g
		}
		g.fatSectors += max(1, (need-g.fatSectors)/2)
	}
}
