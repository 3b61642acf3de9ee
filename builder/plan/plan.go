// Package plan holds what passes between the builder and whatever carries a
// build out: a [Request], which is plain data that can be printed, compared
// and sent elsewhere, and an [Executor], which turns it into output trees.
//
// What enters is a derivation and the closure of its inputs; what leaves is
// everything that running it takes: program, arguments, the complete
// environment, files to provide, paths to make. The environment is that of
// Guix's and Nix's daemons (Nix manual, "Derivations: builder execution"), so
// that builders written for those work.
package plan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"fruix/store/drv"
	"fruix/store/hash"
	"fruix/store/path"
)

// A Fixed is the promise of a fixed output.
type Fixed struct {
	Recursive bool   `json:"recursive,omitempty"` // the hash is of the NAR, not of a file's bytes
	Algo      string `json:"algo"`                // such as "sha256"
	Hash      string `json:"hash"`                // base 16
}

// Digest returns the promised hash.
func (f *Fixed) Digest() (hash.Digest, error) {
	algo, err := hash.ParseAlgo(f.Algo)
	if err != nil {
		return hash.Digest{}, err
	}
	return hash.Parse(f.Hash, algo)
}

// An Output is a store path that a build makes.
type Output struct {
	Name  string `json:"name"` // such as "out"
	Path  string `json:"path"` // full logical path
	Fixed *Fixed `json:"fixed,omitempty"`
}

// A File is put into the build folder before the builder starts.
type File struct {
	Name    string `json:"name"` // a plain name
	Content []byte `json:"content"`
}

// Constraints bound a build. They never change its result.
type Constraints struct {
	Cores     int           `json:"cores,omitempty"`     // processors that the builder may use; at least 1
	MaxSilent time.Duration `json:"maxSilent,omitempty"` // without output and bytes from the network; 0 means for ever
	Timeout   time.Duration `json:"timeout,omitempty"`   // in all; 0 means for ever
	MaxLog    int64         `json:"maxLog,omitempty"`    // bytes that it may print; 0 means as many as it likes
	Memory    uint64        `json:"memory,omitempty"`    // bytes that its processes may use together; 0 is what the machine has
	Processes uint64        `json:"processes,omitempty"` // that there may be at a time; 0 is what the executor finds right
}

// A Request is one build.
type Request struct {
	Drv         string            `json:"drv"`      // full logical path of the derivation
	Name        string            `json:"name"`     // of the derivation, without hash and ".drv"
	Platform    string            `json:"platform"` // such as "x86_64-linux"
	Builder     string            `json:"builder"`  // a logical path, or "builtin:NAME"
	Args        []string          `json:"args"`
	Env         map[string]string `json:"env"` // complete
	StoreDir    string            `json:"storeDir"`
	BuildDir    string            `json:"buildDir"` // where the builder starts, a logical path
	Inputs      []string          `json:"inputs"`   // full logical paths of every store object in sight, sorted
	Outputs     []Output          `json:"outputs"`  // sorted by name
	Files       []File            `json:"files,omitempty"`
	Constraints Constraints       `json:"constraints,omitzero"`
	// Features are what the machine must offer, sorted: the words of the
	// variable requiredSystemFeatures, such as "kvm" and "big-parallel".
	Features []string `json:"features,omitempty"`
	// PreferLocal says that moving inputs and outputs would take longer than the
	// build: the variable preferLocalBuild. It is a wish, not a demand.
	PreferLocal bool `json:"preferLocal,omitempty"`
}

// Missing returns those of the features that r asks for which are not among
// offered.
func (r *Request) Missing(offered []string) []string { return Missing(r.Features, offered) }

// Missing returns those of wanted that are not among offered.
func Missing(wanted, offered []string) []string {
	var lack []string
	for _, f := range wanted {
		if !slices.Contains(offered, f) {
			lack = append(lack, f)
		}
	}
	return lack
}

// Wishes are what a derivation says about where it wants to be built: a Request's
// Features and PreferLocal.
func Wishes(d *drv.Derivation) (features []string, preferLocal bool) {
	return words(d.Env["requiredSystemFeatures"]), d.Env["preferLocalBuild"] == "1"
}

// builtinPrefix marks builders that are part of Fruix.
const builtinPrefix = "builtin:"

// Builtin returns the name of a builder that is part of Fruix, and "" for any
// other.
func (r *Request) Builtin() (string, bool) {
	name, ok := strings.CutPrefix(r.Builder, builtinPrefix)
	if !ok {
		return "", false
	}
	return name, true
}

// Fixed returns the promise for the only output of a fixed-output derivation,
// or nil.
func (r *Request) Fixed() *Fixed {
	if len(r.Outputs) == 1 {
		return r.Outputs[0].Fixed
	}
	return nil
}

// Name returns the name of the derivation at drvPath, without hash and ".drv".
func Name(storeDir, drvPath string) (string, error) {
	p, err := path.Parse(storeDir, drvPath)
	if err != nil {
		return "", err
	}
	name, ok := strings.CutSuffix(p.Name, ".drv")
	if !ok {
		return "", fmt.Errorf("%s is not a derivation: its name does not end in .drv", drvPath)
	}
	return name, nil
}

// New makes the request for the derivation d, which lies at drvPath. inputs
// are all store objects that the builder may see.
func New(storeDir, drvPath string, d *drv.Derivation, inputs []string, c Constraints) (*Request, error) {
	name, err := Name(storeDir, drvPath)
	if err != nil {
		return nil, err
	}
	c.Cores = max(c.Cores, 1)
	r := &Request{
		Drv: drvPath, Name: name, Platform: d.Platform, Builder: d.Builder, Args: slices.Clone(d.Args),
		StoreDir: storeDir, BuildDir: "/tmp/fruix-build-" + name + "-0",
		Inputs: slices.Sorted(slices.Values(inputs)), Constraints: c,
	}
	r.Features, r.PreferLocal = Wishes(d)
	for _, n := range d.OutputNames() {
		o := d.Outputs[n]
		out := Output{Name: n, Path: o.Path}
		if o.HashAlgo != "" {
			algo, recursive := strings.CutPrefix(o.HashAlgo, "r:")
			out.Fixed = &Fixed{Recursive: recursive, Algo: algo, Hash: o.Hash}
			if _, err := out.Fixed.Digest(); err != nil {
				return nil, fmt.Errorf("%s: output %q: %w", drvPath, n, err)
			}
			if len(d.Outputs) != 1 || n != "out" {
				return nil, fmt.Errorf("%s: a fixed output must be the only one and be called \"out\"", drvPath)
			}
		}
		r.Outputs = append(r.Outputs, out)
	}
	r.Env = environment(storeDir, r.BuildDir, d, r.Fixed() != nil, c.Cores)
	r.passAsFile(words(d.Env["passAsFile"]))
	return r, nil
}

// passAsFile puts variables, of those that the derivation has, into files of the build
// folder, which the variables NAMEPath name; see Nix's manual, "Advanced attributes".
func (r *Request) passAsFile(names []string) {
	for i, name := range names {
		value, ok := r.Env[name]
		if !ok {
			continue
		}
		file := ".attr-" + strconv.Itoa(i)
		r.Files = append(r.Files, File{Name: file, Content: []byte(value)})
		delete(r.Env, name)
		r.Env[name+"Path"] = r.BuildDir + "/" + file
	}
}

// words returns the words of a variable that holds a set, sorted, each once.
func words(text string) []string {
	return slices.Compact(slices.Sorted(strings.FieldsSeq(text)))
}

// environment is what the builder's environment holds: defaults, what the
// derivation says, and places, which a derivation cannot change.
func environment(storeDir, buildDir string, d *drv.Derivation, fixed bool, cores int) map[string]string {
	env := map[string]string{
		"PATH":        "/path-not-set",
		"HOME":        "/homeless-shelter",
		"NIX_STORE":   storeDir,
		coresVariable: strconv.Itoa(cores),
	}
	maps.Copy(env, d.Env)
	for _, v := range []string{"NIX_BUILD_TOP", "TMPDIR", "TEMPDIR", "TMP", "TEMP", "PWD"} {
		env[v] = buildDir
	}
	if fixed {
		env["NIX_OUTPUT_CHECKED"] = "1"
	}
	env["NIX_LOG_FD"] = "2"
	env["TERM"] = "xterm-256color"
	return env
}

// Leak takes the variables that names, a list of words, names from another
// environment, empty where they are not set there, if the request is for a fixed
// output: nothing but the hash keeps such a result honest. It is what the variable
// impureEnvVars is for (Nix's manual, "Advanced attributes"; leaked-env-vars in
// Guix's), proxies above all. getenv may be nil.
func (r *Request) Leak(names string, getenv func(string) string) {
	if r.Fixed() == nil || getenv == nil {
		return
	}
	for name := range strings.FieldsSeq(names) {
		if name != "NIX_LOG_FD" && name != "TERM" {
			r.Env[name] = getenv(name)
		}
	}
}

// Environ returns the environment as NAME=VALUE, sorted.
func (r *Request) Environ() []string {
	env := make([]string, 0, len(r.Env))
	for _, k := range slices.Sorted(maps.Keys(r.Env)) {
		env = append(env, k+"="+r.Env[k])
	}
	return env
}

// coresVariable tells a builder how many processors it may use.
const coresVariable = "NIX_BUILD_CORES"

// WithCores returns r for a place where a build may use so many processors.
func (r *Request) WithCores(cores int) *Request {
	cores = max(cores, 1)
	c := *r
	c.Constraints.Cores = cores
	// A derivation may have set the variable itself.
	if r.Env[coresVariable] == strconv.Itoa(r.Constraints.Cores) {
		c.Env = maps.Clone(r.Env)
		c.Env[coresVariable] = strconv.Itoa(cores)
	}
	return &c
}

// IO is what an executor needs of the place where the request comes from.
type IO struct {
	// Scratch is an empty folder of this build alone, in the file system of
	// the store. Outputs stay below it.
	Scratch string
	// Physical returns where a store object lies on this machine.
	Physical func(logical string) string
	// Log receives the builder's output.
	Log io.Writer
	// Fetched is told how many bytes of how many (-1 when unknown) have come
	// from a location; may be nil.
	Fetched func(location string, done, total int64)
	// Fresh says that the builder must run: what an executor may have kept of
	// an earlier build will not do, as the two are to be compared.
	Fresh bool
}

// Result is a finished build.
type Result struct {
	// Outputs are where the output trees lie, by output name, on the file
	// system of IO.Scratch. A builder may have failed to make some.
	Outputs      map[string]string
	User, System time.Duration
	MaxRSS       int64 // bytes
	// Keep keeps the build folder for people, as that of a failed build, when the
	// outputs turn out to be no good, and says where; nil when it cannot be kept or
	// need not. It must be called before the outputs are discarded.
	Keep func() (dir string, err error)
}

// Executor carries out builds: in a jail on this machine, or elsewhere. It may
// be used by several goroutines at once.
type Executor interface {
	// Execute returns when the build is done and nothing of it runs any more.
	// A builder that failed is a [*FailedError].
	Execute(ctx context.Context, r *Request, io IO) (*Result, error)
}

// Turn is the right to have one build carried out at a place that has room for so
// many at a time.
type Turn interface {
	Executor
	// Release gives the turn back, when all that is to be done about the build has
	// been done.
	Release()
}

// Visitor is one of those who want builds carried out by a machine with room
// for so many at a time. It is used by one goroutine.
type Visitor interface {
	// Take takes the right to one build, nil when there is none now: then the next
	// one whose turn it is may be kept for this visitor, until it takes it or forgoes
	// it. An error says that the machine cannot be used for the time being.
	Take() (Turn, error)
	// Forgo says that no turn is wanted now.
	Forgo()
	// Leave ends the visit.
	Leave()
}

// FailedError says that the builder itself failed, as opposed to the machinery
// around it.
type FailedError struct {
	// Status says how, such as "exit code 1" or "killed by signal 9".
	Status string
	// Err is the cause when the builder is part of Fruix; may be nil.
	Err error
}

func (e *FailedError) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	if !strings.HasPrefix(e.Status, "killed") {
		return "builder failed with " + e.Status
	}
	return "the builder was " + e.Status
}

func (e *FailedError) Unwrap() error { return e.Err }

// KeptError is a failed build whose folder was kept.
type KeptError struct {
	Err error
	Dir string // where the build folder lies now; with "MACHINE:" before it if that is elsewhere
}

func (e *KeptError) Error() string { return e.Err.Error() }

// Unwrap returns how the build failed.
func (e *KeptError) Unwrap() error { return e.Err }

// UnavailableError says that an executor could not carry out a build, for reasons
// that are not the build's: elsewhere it may succeed.
type UnavailableError struct {
	Place string // the machine
	Err   error
	// Lost says that the machine could not be reached any more: it may carry out
	// the same build another time.
	Lost bool
}

func (e *UnavailableError) Error() string { return e.Place + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *UnavailableError) Unwrap() error { return e.Err }

// Errors that end a build for its constraints; they are causes of the context.
var (
	ErrTimeout = errors.New("it took longer than the time limit")
	ErrSilent  = errors.New("it was silent for longer than the limit")
	ErrLog     = errors.New("it printed more than the limit")
)
