package sockets

import "golang.org/x/sys/unix"

func systemConstants() map[string]int {
	return map[string]int{"TCP_CORK": unix.TCP_CORK, "SO_PRIORITY": unix.SO_PRIORITY, "SO_NO_CHECK": unix.SO_NO_CHECK}
}
