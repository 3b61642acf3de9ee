package socket

import (
	"net"

	"golang.org/x/sys/unix"
)

// PeerOf asks the kernel who is at the other end of a connection: the one who
// connected, with what he was then (unix(7), SO_PEERCRED).
func PeerOf(c net.Conn) (Peer, error) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return Peer{Address: c.RemoteAddr().String()}, nil
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return Peer{}, err
	}
	var cred *unix.Ucred
	var cerr error
	err = raw.Control(func(fd uintptr) {
		cred, cerr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err == nil {
		err = cerr
	}
	if err != nil {
		return Peer{}, err
	}
	return Peer{Local: true, UID: int(cred.Uid), GID: int(cred.Gid), PID: int(cred.Pid)}, nil
}
