package fetch

import "net/url"

// Side says which of the places that it knows a client looks at.
type Side int

// The sides.
const (
	All  Side = iota
	Near      // this machine's files only
	Far       // servers only
)

// Has says whether a location is looked at. What is no URL of a kind that names files of
// this machine is far: there it is told what is wrong with it.
func (s Side) Has(location string) bool {
	if s == All {
		return true
	}
	u, err := url.Parse(location)
	near := err == nil && (u.Scheme == "file" || u.Scheme == "" && u.Host == "")
	return near == (s == Near)
}
