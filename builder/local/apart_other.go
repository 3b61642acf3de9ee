//go:build !linux

package local

// memoryResource bounds the memory of all processes of a user that need swap space:
// RLIMIT_SWAP of FreeBSD's <sys/resource.h>.
const memoryResource = 12
