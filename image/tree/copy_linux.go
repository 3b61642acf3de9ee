package tree

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// minKernelCopy is the length from which copy_file_range(2) pays. Below it one
// read and one write through a buffer that is in the cache are as fast.
const minKernelCopy = 64 << 10

// kernelStep is how much is copied at a time: little enough for a guard to stop
// it soon, and for a watcher to keep up with it.
const kernelStep = 16 << 20

// kernelCopy moves n bytes between files with copy_file_range(2), which clones
// extents on file systems that share them. It returns how many bytes it moved;
// fewer than n without an error means that the kernel declined, and the caller
// copies the rest itself.
func kernelCopy(t target, dstOff int64, src *os.File, srcOff, n int64) (int64, error) {
	dst := t.file
	dc, err := dst.SyscallConn()
	if err != nil {
		return 0, nil
	}
	sc, err := src.SyscallConn()
	if err != nil {
		return 0, nil
	}
	var done int64
	var failure error
	step := func(dfd, sfd int) {
		for done < n {
			from, to := srcOff+done, dstOff+done
			length := min(n-done, kernelStep)
			if failure = t.begin(to, length); failure != nil {
				return
			}
			at := to
			got, err := unix.CopyFileRange(sfd, &from, dfd, &to, int(length), 0)
			t.end(at, length)
			switch {
			case err == unix.EINTR:
				continue
			case err == unix.ENOSPC || err == unix.EDQUOT || err == unix.EFBIG || err == unix.EIO:
				failure = &os.PathError{Op: "copy_file_range", Path: dst.Name(), Err: err}
				return
			case err != nil:
				return // not supported between these two files
			case got == 0:
				failure = &os.PathError{Op: "copy_file_range", Path: src.Name(), Err: io.ErrUnexpectedEOF}
				return
			}
			done += int64(got)
		}
	}
	err = dc.Control(func(dfd uintptr) {
		if cerr := sc.Control(func(sfd uintptr) { step(int(dfd), int(sfd)) }); cerr != nil && failure == nil {
			failure = cerr
		}
	})
	if failure == nil {
		failure = err
	}
	return done, failure
}
