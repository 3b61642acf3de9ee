package stub

// Numbers of system calls that the records of this package make.
const (
	sysWrite     = 64
	sysClone     = 220
	sysWait4     = 260
	sysExitGroup = 94
)

const machine = 183 // EM_AARCH64

//lint:ignore U1000 it is never called, but codeStart's result
func code()

// codeStart returns the address of code.
func codeStart() *byte

var codeAddress = codeStart
