package git

import "testing"

func TestOwn(t *testing.T) {
	for location, own := range map[string]bool{
		"/x": true, "file:///x": true, "ssh://x/y": true, "git+ssh://x/y": true, "me@host:x": true, "host:x": true,
		"https://x/y": false, "http://x/y": false, "git://x/y": false, "x": false, "http://[": false,
	} {
		if Own(location) != own {
			t.Errorf("%s: %v", location, Own(location))
		}
	}
}
