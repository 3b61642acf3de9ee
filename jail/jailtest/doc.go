// Package jailtest is the conformance suite of package jail: [Run] checks that
// a back end keeps every promise. The program that runs in the jails is the
// test binary itself, or, when that needs a dynamic linker (as race detector
// builds do), a small program built for the purpose; so no program of the
// host is needed.
package jailtest
