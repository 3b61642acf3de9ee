package fetch

import (
	"path/filepath"
	"strings"
	"time"
)

// Standard returns a client with every fetcher of this package. getenv looks
// up the variables of proxies and $FRUIX_SOURCES, a list of folders, separated
// as in $PATH, of files that are already here, and $FRUIX_ARCHIVES: templates of
// archives in the place of DefaultArchives, with spaces between; "none" for none.
func Standard(getenv func(string) string) *Client {
	http := &HTTP{Proxy: Proxies(getenv)}
	apt := &Apt{}
	archives := DefaultArchives()
	switch own := strings.TrimSpace(getenv("FRUIX_ARCHIVES")); own {
	case "":
	case "none":
		archives = nil
	default:
		archives = strings.Fields(own)
	}
	return &Client{
		Fetchers: map[string]Fetcher{"http": http, "https": http, "file": File{}, "debian": apt, "debian-source": apt},
		Mirrors:  DefaultMirrors(),
		Archives: archives,
		// They are a last hope, for which nobody waits long.
		ArchiveFetcher: &HTTP{Proxy: Proxies(getenv), Tries: 1, Stall: 20 * time.Second},
		Folders:        filepath.SplitList(getenv("FRUIX_SOURCES")),
	}
}
