package interp

import (
	_ "embed"
	"fmt"
	"strings"
)

// Effect is what a native can do to the world outside of a program.
type Effect string

// The classes of effects.
const (
	Plain   Effect = "plain"   // compute with data alone
	OwnData Effect = "engine"  // change what belongs to the engine: modules, its environment
	Console Effect = "console" // read and write ports, of which only the engine's own lead out
	Clock   Effect = "clock"   // tell the time, give randomness
	Files   Effect = "files"
	Process Effect = "process"
	Host    Effect = "host" // tell about the machine and its users
	Network Effect = "network"
	Threads Effect = "threads"
	Wait    Effect = "wait"
	Memory  Effect = "memory" // reach past the language
)

// effectsText lists the natives by class.
//
//go:embed effects.txt
var effectsText string

// Effects tells for every native of the engine, by name, what it can do.
func Effects() map[string]Effect {
	out := map[string]Effect{}
	class := Effect("")
	for _, line := range strings.Split(effectsText, "\n") {
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			class = Effect(strings.Trim(line, "[]"))
		default:
			for _, name := range strings.Fields(line) {
				if out[name] != "" {
					panic(fmt.Sprintf("interp: effects.txt lists %s twice", name))
				}
				out[name] = class
			}
		}
	}
	return out
}

// harmless reports whether a sandbox allows natives of a class.
func (f Effect) harmless() bool {
	return f == Plain || f == OwnData || f == Console || f == Clock
}
