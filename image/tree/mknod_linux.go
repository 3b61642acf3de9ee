package tree

import "golang.org/x/sys/unix"

func makeDevice(path string, mode uint32, dev uint64) error { return unix.Mknod(path, mode, int(dev)) }
