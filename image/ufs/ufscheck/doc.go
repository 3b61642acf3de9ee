// Package ufscheck reads UFS2 file systems and says what is wrong with them.
//
// It is a second opinion about what package ufs writes, for tests, and shares
// no code, types or constants with it. Its structures are those of FreeBSD
// 13's sys/ufs/ffs/fs.h, sys/ufs/ufs/dinode.h and sys/ufs/ufs/dir.h, field for
// field; what it demands is what fsck_ffs(8) demands in its five passes
// (sbin/fsck_ffs), what the kernel and the loader demand of a superblock before
// they use it (validate_sblock in sys/ufs/ffs/ffs_subr.c), and a little more,
// which a fresh file system cannot have otherwise: problems of the kinds
// sb-fresh, sb-clean, csum-rest, cg-rest, cg-inited, ino-spare, ino-time,
// dir-name and dir-padding may be found in a file system that has been in use
// and that fsck_ffs accepts. Extended attributes, snapshots and journals are
// reported as problems.
//
// Any bytes may be given to it: work and memory are bounded by the length of
// the image.
package ufscheck
