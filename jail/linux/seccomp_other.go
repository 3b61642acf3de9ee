//go:build linux && !amd64 && !arm64

package linux

// callTables has nothing for processors that Fruix is not made for yet.
func callTables() []calls { return nil }
