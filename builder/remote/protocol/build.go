package protocol

import (
	"time"

	"fruix/builder/plan"
)

// Build is what is asked of /build.
type Build struct {
	Request plan.Request `json:"request"`
	// Fresh says that the builder must run, even if the outputs are there, and
	// that they are not to be kept: it is to be seen what it makes now.
	Fresh bool `json:"fresh,omitempty"`
	// Keep says that the build folder is to be kept when the build fails.
	Keep bool `json:"keep,omitempty"`
}

// Bounds on what is read at once, in bytes.
const (
	MaxNames = 64 << 20
	MaxBuild = 256 << 20
)

// Status is how a machine is. What it cannot tell is zero.
type Status struct {
	Host       string        `json:"host"`
	Program    string        `json:"program"`
	Time       time.Time     `json:"time"`
	Uptime     time.Duration `json:"uptime,omitempty"`
	Load       []float64     `json:"load,omitempty"` // averages of 1, 5 and 15 minutes
	Cores      int           `json:"cores"`
	Memory     int64         `json:"memory,omitempty"` // bytes, in all
	MemoryFree int64         `json:"memoryFree,omitempty"`
	DiskFree   int64         `json:"diskFree,omitempty"` // where its store lies
	Running    int           `json:"running"`            // builds, of this connection
	Queued     int           `json:"queued"`
}
