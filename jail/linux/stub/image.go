package stub

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unsafe"
)

// Where the parts of a program lie: in the process, and in the file. The
// alignment is that of the largest pages (arm64 may have 64 KiB).
const (
	codeBase = 0x10000000
	dataBase = 0x20001000 // also in the code

	codeOffset = 0x100
	dataOffset = 0x1000
	alignment  = 0x10000
)

// magic ends the code: see the assembly.
var magic = []byte("fruix\x00end")

// maxCode bounds the search for the end of the code.
const maxCode = dataOffset - codeOffset

// machineCode returns the code, which is a part of this program's own.
func machineCode() ([]byte, error) {
	if codeAddress == nil {
		return nil, fmt.Errorf("jails are not known for this processor")
	}
	code := unsafe.Slice(codeAddress(), maxCode)
	n := bytes.Index(code, magic)
	if n < 0 {
		return nil, fmt.Errorf("the end of the first process's code is not found")
	}
	return code[:n], nil
}

// Image returns the executable: ELF64, little-endian, with one segment for the
// code, which cannot be written, and one for the data, which cannot be executed.
func (p *Program) Image() ([]byte, error) {
	code, err := machineCode()
	if err != nil {
		return nil, err
	}
	data := p.encode()
	out := make([]byte, dataOffset, dataOffset+len(data))
	copy(out[codeOffset:], code)
	le := binary.LittleEndian

	copy(out, "\x7fELF\x02\x01\x01") // 64 bits, little-endian, version 1
	const (
		headerSize  = 64
		segmentSize = 56
		segments    = 3
	)
	le.PutUint16(out[16:], 2) // ET_EXEC
	le.PutUint16(out[18:], machine)
	le.PutUint32(out[20:], 1)
	le.PutUint64(out[24:], codeBase+codeOffset)
	le.PutUint64(out[32:], headerSize)
	le.PutUint16(out[52:], headerSize)
	le.PutUint16(out[54:], segmentSize)
	le.PutUint16(out[56:], segments)

	const (
		load     = 1          // PT_LOAD
		gnuStack = 0x6474e551 // PT_GNU_STACK
		execute  = 1
		write    = 2
		read     = 4
	)
	segment := func(i int, kind, flags uint32, offset, addr, size uint64) {
		b := out[headerSize+segmentSize*i:]
		le.PutUint32(b, kind)
		le.PutUint32(b[4:], flags)
		le.PutUint64(b[8:], offset)
		le.PutUint64(b[16:], addr)
		le.PutUint64(b[24:], addr)
		le.PutUint64(b[32:], size)
		le.PutUint64(b[40:], size)
		le.PutUint64(b[48:], alignment)
	}
	segment(0, load, read|execute, 0, codeBase, uint64(codeOffset+len(code)))
	segment(1, load, read|write, dataOffset, dataBase, uint64(len(data)))
	segment(2, gnuStack, read|write, 0, 0, 0)
	return append(out, data...), nil
}
