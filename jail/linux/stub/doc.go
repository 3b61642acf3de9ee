// Package stub makes first processes that have no runtime: programs that are a
// list of system calls.
//
// What enters is a [Program], to which calls and the data they point at are
// added; what leaves is an ELF executable (System V ABI, "Object Files") of a few
// kilobytes. Its code is one page, the same for every program, that goes through
// the list: it makes a call, compares the result, and goes on, skips, or reports
// the failure and ends. So such a process starts in a fraction of the time that
// a Go program takes, has no thread but one, and holds nothing in its memory but
// its list: there is nothing in it for the program that it guards to find.
//
// The package jail/linux is the caller. Only Linux on amd64 and arm64 is known.
package stub
