package socket

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Dial connects to a daemon at an address as Guix's GUIX_DAEMON_SOCKET has it: the
// path of a Unix socket, alone or in a URI of the scheme "file" or "unix", or
// "guix://HOST[:PORT]".
func Dial(ctx context.Context, address string) (net.Conn, error) {
	name, host, err := Parse(address)
	if err != nil {
		return nil, err
	}
	if name != "" {
		return dialAt(name)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", host)
}

// Parse reads an address: name is the path of a Unix socket, host a host with its
// port; one of them is empty.
func Parse(address string) (name, host string, err error) {
	if strings.HasPrefix(address, "/") {
		return address, "", nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", "", fmt.Errorf("the address of the daemon %q: %w", address, err)
	}
	switch {
	case (u.Scheme == "unix" || u.Scheme == "file") && u.Host == "" && strings.HasPrefix(u.Path, "/"):
		return u.Path, "", nil
	case u.Scheme == "guix" && u.Hostname() != "":
		port := u.Port()
		if port == "" {
			port = DefaultPort
		}
		return "", net.JoinHostPort(u.Hostname(), port), nil
	}
	return "", "", fmt.Errorf("the address of the daemon %q is neither the absolute path of a socket nor of the form guix://HOST", address)
}
