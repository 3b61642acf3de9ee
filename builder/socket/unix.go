package socket

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// maxSocket is how long the name of a socket may be: sun_path without its final
// zero, of the system that has least (unix(4) of FreeBSD: 104).
const maxSocket = 103

// listenAt listens on a Unix socket in an open folder: by its descriptor, or by its path
// where the system offers no way to do that.
func listenAt(folder *os.File, name string) (*net.UnixListener, error) {
	dir := descriptorPath(folder)
	if dir == "" {
		dir = folder.Name()
	}
	var l *net.UnixListener
	err := shortly(dir+"/"+name, func(name string) (err error) {
		l, err = net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
		return err
	})
	return l, err
}

// dialAt connects to a Unix socket, whose path may be longer than the kernel takes where
// the system offers a way around that.
func dialAt(name string) (*net.UnixConn, error) {
	var c *net.UnixConn
	err := shortly(name, func(name string) (err error) {
		c, err = net.DialUnix("unix", nil, &net.UnixAddr{Name: name, Net: "unix"})
		return err
	})
	return c, err
}

// shortly calls f with a name of the socket that is short enough.
func shortly(name string, f func(name string) error) error {
	if len(name) <= maxSocket {
		return f(name)
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	short := descriptorPath(dir) + "/" + filepath.Base(name)
	if descriptorPath(dir) == "" || len(short) > maxSocket {
		return fmt.Errorf("the path of the socket %s is too long: %d bytes; %d are possible", name, len(name), maxSocket)
	}
	return f(short)
}
