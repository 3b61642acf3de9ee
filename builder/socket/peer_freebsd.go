package socket

import (
	"net"

	"golang.org/x/sys/unix"
)

// PeerOf asks the kernel who is at the other end of a connection: the one who
// connected, with what he was then (unix(4), LOCAL_PEERCRED).
func PeerOf(c net.Conn) (Peer, error) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return Peer{Address: c.RemoteAddr().String()}, nil
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return Peer{}, err
	}
	var cred *unix.Xucred
	var cerr error
	err = raw.Control(func(fd uintptr) {
		const solLocal = 0 // the level of LOCAL_PEERCRED
		cred, cerr = unix.GetsockoptXucred(int(fd), solLocal, unix.LOCAL_PEERCRED)
	})
	if err == nil {
		err = cerr
	}
	if err != nil {
		return Peer{}, err
	}
	gid := -1
	if cred.Ngroups > 0 {
		gid = int(cred.Groups[0])
	}
	return Peer{Local: true, UID: int(cred.Uid), GID: gid}, nil
}
