package fetch

import (
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestApt fetches with the real apt. It needs the network.
func TestApt(t *testing.T) {
	if testing.Short() {
		t.Skip("needs the network")
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Skip("this host has no apt-get")
	}
	// A small package of which every Debian has some version.
	out, err := exec.Command("apt-cache", "show", "--no-all-versions", "hostname").Output()
	m := regexp.MustCompile(`(?m)^Version: (.*)$`).FindSubmatch(out)
	arch := regexp.MustCompile(`(?m)^Architecture: (.*)$`).FindSubmatch(out)
	if err != nil || m == nil || arch == nil {
		t.Skip("apt knows no packages here: run apt-get update")
	}
	a := &Apt{}
	fetch := func(t *testing.T, location string) ([]byte, error) {
		u, err := url.Parse(location)
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(filepath.Join(t.TempDir(), "f"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := a.Fetch(t.Context(), u, f, nil); err != nil {
			return nil, err
		}
		return os.ReadFile(f.Name())
	}
	t.Run("binary", func(t *testing.T) {
		b, err := fetch(t, "debian://bookworm/main/hostname?version="+string(m[1])+"&arch="+string(arch[1]))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(b, []byte("!<arch>\n")) {
			t.Errorf("no package: %q", b[:min(len(b), 20)])
		}
	})
	t.Run("source", func(t *testing.T) {
		base := strings.SplitN(string(m[1]), "+b", 2)[0] // binary rebuilds share a source
		b, err := fetch(t, "debian-source://hostname?version="+base+"&file=hostname_"+base+".dsc")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(b, []byte("Source: hostname")) {
			t.Errorf("no source description: %q", b)
		}
	})
	t.Run("no such version", func(t *testing.T) {
		_, err := fetch(t, "debian://bookworm/main/hostname?version=0.0.1&arch="+string(arch[1]))
		if err == nil || !strings.Contains(err.Error(), "Version '0.0.1' for 'hostname") {
			t.Error(err)
		}
	})
}
