package disk

import (
	"encoding/binary"
	"fmt"
	"io"

	"fruix/image/gpt"
)

// swapPage is the size of a memory page of the machines that images are for.
const swapPage = 4096

// swapSpace is Linux's swap space, version 1: a header in the first page, the
// rest as it may be (Linux, include/linux/swap.h, union swap_header; mkswap(8)).
type swapSpace struct {
	size  int64
	label string
	id    gpt.GUID
}

func newSwap(size int64, label string, id gpt.GUID) (*swapSpace, error) {
	const fewest = 10 // pages; the kernel and mkswap want no less
	size -= size % swapPage
	switch {
	case size < fewest*swapPage:
		return nil, fmt.Errorf("swap space of %d bytes is too small; it takes %d", size, fewest*swapPage)
	case size/swapPage > 1<<32:
		return nil, fmt.Errorf("swap space of %d bytes is larger than its header can say", size)
	case len(label) > 16:
		return nil, fmt.Errorf("the label %q of swap space is %d bytes long; the most is 16", label, len(label))
	}
	return &swapSpace{size, label, id}, nil
}

// Size implements the Writer of image/disk.
func (s *swapSpace) Size() int64 { return s.size }

// WriteTo writes the header.
func (s *swapSpace) WriteTo(w io.WriterAt) error {
	page := make([]byte, swapPage)
	le := binary.LittleEndian
	le.PutUint32(page[1024:], 1)                         // version
	le.PutUint32(page[1028:], uint32(s.size/swapPage-1)) // the last page
	copy(page[1036:1052], s.id[:])                       // behind the number of bad pages, 0
	copy(page[1052:1068], s.label)                       //
	copy(page[swapPage-10:], "SWAPSPACE2")               // the magic ends the page
	_, err := w.WriteAt(page, 0)
	return err
}
