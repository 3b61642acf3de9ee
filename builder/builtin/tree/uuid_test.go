package tree

import "testing"

// The identifiers that derive from a seed are part of what images are: they
// must not change, and Scheme code derives the same ones (%derive-uuid).
func TestDerivedIdentifiers(t *testing.T) {
	p := &Plan{Seed: "seed"}
	part := &Partition{Name: "root", FileSystem: &FileSystem{Type: EXT4}}
	if got, want := p.PartitionUUID(part).String(), "a52eb605-f922-875e-8683-b4135ca6edba"; got != want {
		t.Errorf("partition: %s, want %s", got, want)
	}
	if got, want := p.DiskUUID().String(), "f365ceab-796d-8ffa-a56a-449a022cca4a"; got != want {
		t.Errorf("disk: %s, want %s", got, want)
	}
	if got, err := p.FileSystemUUID(part); err != nil || got.String() != "dee649cb-0d17-80f5-8b9d-151713b61a7d" {
		t.Errorf("file system: %s (%v), want %s", got, err, "dee649cb-0d17-80f5-8b9d-151713b61a7d")
	}
	if got, err := p.VolumeID(part); err != nil || got != 0xdee649cb {
		t.Errorf("volume: %#x (%v)", got, err)
	}
}

func TestGivenIdentifiers(t *testing.T) {
	p := &Plan{Seed: "seed"}
	for _, c := range []struct{ fs, id, want, err string }{
		{EXT4, "A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", ""},
		{EXT4, "00000000-0000-0000-0000-000000000000", "", "the UUID is nil"},
		{UFS2, "0123456789abcdef", "01234567-89ab-cdef-0000-000000000000", ""},
		{UFS2, "0123456789abcdeg", "", `"0123456789abcdeg" is not a UFS identifier of 16 hexadecimal digits`},
	} {
		got, err := p.FileSystemUUID(&Partition{Name: "x", FileSystem: &FileSystem{Type: c.fs, UUID: c.id}})
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%s: %v", c.id, err)
			}
			continue
		}
		if err != nil || got.String() != c.want {
			t.Errorf("%s: %s, %v", c.id, got, err)
		}
	}
	if got, err := p.VolumeID(&Partition{FileSystem: &FileSystem{Type: FAT, UUID: "12AB-34cd"}}); err != nil || got != 0x12ab34cd {
		t.Errorf("%#x, %v", got, err)
	}
}
