// Package ufs writes UFS2 file systems as FreeBSD 13 makes them.
//
// [New] takes a tree and plans everything: the geometry, the inode number of
// each file, the address of each block. [Layout.WriteTo] then writes the file
// system in one pass, at ascending offsets, into a fresh sparse file. Both are
// functions of their arguments alone: the same tree with the same options
// gives the same bytes. No external program, device or privilege takes part.
//
// The format is that of FreeBSD's sys/ufs/ffs/fs.h, sys/ufs/ufs/dinode.h and
// sys/ufs/ufs/dir.h; the parameters are those that newfs(8) chooses; and what
// is written keeps the rules that fsck_ffs(8), the kernel's superblock
// validation (ffs_subr.c) and the boot loader (stand/libsa/ufs.c) enforce. M.
// K. McKusick et al., "A Fast File System for UNIX" (ACM TOCS 2(3), 1984) and
// M. K. McKusick, "Enhancements to the Fast Filesystem To Support
// Multi-Terabyte Storage Systems" (BSDCon 2003) explain it.
//
// # Layout
//
// All addresses count fragments. The superblock lies at byte 65536, the only
// place where FreeBSD's loader takes a UFS2 one. Cylinder group i begins at
// fragment i*fpg and holds, after fs_sblkno fragments that are data in every
// group but the first, a copy of the superblock, the group's header with its
// maps, the inodes, and then data. The first group's data begin with the
// summaries of all groups.
//
// The kernel spreads directories over the groups because files will come and
// go. An image is written once and read from the start, so here the files
// follow each other in the order of the tree: a directory, then its files,
// then its subdirectories. An inode lies in the group its data are in, if that
// has a free one. The indirect blocks of a file stand directly before its
// data, which are one run within a group; the ends of files that fill less
// than a block are gathered from neighbouring files and packed into blocks.
//
// # Differences from newfs
//
// The geometry is that of newfs for the same size. Superblocks, group headers
// and inodes carry the check hashes of FreeBSD 13 (CRC-32C), as there. Other
// than there:
//
//   - Free inodes are left zero, where newfs fills in random generation
//     numbers: the kernel chooses one itself when it finds a zero, and the
//     image stays sparse.
//   - The identity of the file system comes from the options, not from the
//     clock and a random number; it is absent if none is given.
//   - The copies of the superblock hold the final summary.
package ufs
