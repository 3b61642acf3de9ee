package fetch

import "path/filepath"

// Standard returns a client with every fetcher of this package. getenv looks
// up the variables of proxies and $FRUIX_SOURCES, a list of folders, separated
// as in $PATH, of files that are already here.
func Standard(getenv func(string) string) *Client {
	http := &HTTP{Proxy: Proxies(getenv)}
	apt := &Apt{}
	return &Client{
		Fetchers: map[string]Fetcher{"http": http, "https": http, "file": File{}, "debian": apt, "debian-source": apt},
		Mirrors:  DefaultMirrors(),
		Folders:  filepath.SplitList(getenv("FRUIX_SOURCES")),
	}
}
