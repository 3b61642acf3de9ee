// Package ufscheck reads UFS2 file systems and says what is wrong with them.
//
// It is a second opinion about what package ufs writes, for tests, and shares
// no code, types or constants with it. Its structures are those of FreeBSD
// 13's sys/ufs/ffs/fs.h, sys/ufs/ufs/dinode.h and sys/ufs/ufs/dir.h, field for
// field; what it demands is what fsck_ffs(8) demands in its five passes
// (sbin/fsck_ffs), what the kernel and the loader demand of a superblock before
// they use it (validate_sblock in sys/ufs/ffs/ffs_subr.c), and in a few places,
// marked as such, more: what a fresh file system cannot have otherwise.
//
// Any bytes may be given to it: work and memory are bounded by the length of
// the image.
package ufscheck
