// Package ext4 writes ext4 file systems from a description of their files.
//
// A [tree.Node] and [Options] go in; [New] decides where everything will lie
// (inode numbers, block addresses, directory indexes) and gives a [Layout];
// [Layout.WriteTo] writes that in one pass of ascending offsets. Nothing else
// is looked at: no clock, no randomness, no host. The same tree and the same
// options give the same bytes.
//
// What is written is what a current mke2fs would make, so that kernels, boot
// loaders and e2fsck find nothing unusual: blocks of 4096 bytes, inodes of 256
// bytes with times of 34 bits, extents, flexible block groups, hashed indexes
// in large directories, CRC-32C on all metadata, a clean journal, block groups
// and inode tables marked as not yet in use. There is no resize inode; the
// kernel grows such a file system on line all the same (by meta_bg).
//
// # Order on the disk
//
// The metadata of each sixteen block groups stands together at the front of
// the first of them. Then come the journal, all directories and long link
// targets, and at last the files, directory by directory in the order of their
// names, each in one piece unless a block group's own metadata is in the way.
// Holes of sparse contents take no blocks.
//
// # Sources
//
// The format follows the Linux kernel's documentation, "ext4 Data Structures
// and Algorithms" (Documentation/filesystems/ext4); what it leaves open was
// read from fs/ext4 of the kernel and from e2fsprogs: when a group may be
// marked uninitialised, what checksums cover, how names are hashed. MD4, whose
// rounds the directory hash uses, is RFC 1320.
package ext4
