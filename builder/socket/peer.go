package socket

import "fmt"

// Peer is who is at the other end of a connection.
type Peer struct {
	// Local says that the kernel told who it is: a process of this machine.
	Local         bool
	UID, GID, PID int    // of a local peer; PID is 0 when the kernel does not tell it
	Address       string // of another
}

// String names the peer for the administrator.
func (p Peer) String() string {
	switch {
	case !p.Local:
		return p.Address
	case p.PID != 0:
		return fmt.Sprintf("user %d, process %d", p.UID, p.PID)
	}
	return fmt.Sprintf("user %d", p.UID)
}
