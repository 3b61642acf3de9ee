package drv

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"fruix/store/hash"
	"fruix/store/path"
)

// Hasher computes the hashes of derivations modulo their fixed outputs and
// remembers them, so that a graph with many paths to one input costs one
// computation per derivation. It may be used by several goroutines.
type Hasher struct {
	read func(drvPath string) (*Derivation, error)

	mu   sync.Mutex
	done map[string]string // path of a derivation -> hash modulo in base 16
}

// NewHasher returns a Hasher that gets derivations from read. A path always
// stands for the same derivation, so read is asked at most a few times for
// each. What read returns is not changed.
func NewHasher(read func(drvPath string) (*Derivation, error)) *Hasher {
	return &Hasher{read: read, done: map[string]string{}}
}

// Add remembers the derivation at drvPath without reading it. The derivation's
// outputs must be filled.
func (h *Hasher) Add(drvPath string, d *Derivation) error {
	if _, ok := h.known(drvPath); ok {
		return nil
	}
	sum, err := h.modulo(d)
	if err != nil {
		return err
	}
	h.remember(drvPath, sum)
	return nil
}

func (h *Hasher) known(drvPath string) (string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sum, ok := h.done[drvPath]
	return sum, ok
}

// maxRemembered bounds the memory of a Hasher that lives for long; what is
// forgotten is computed again.
const maxRemembered = 1 << 20

func (h *Hasher) remember(drvPath, sum string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.done) >= maxRemembered {
		clear(h.done)
	}
	h.done[drvPath] = sum
}

// frame is one derivation whose inputs are being worked through.
type frame struct {
	path string
	d    *Derivation
	todo []string // inputs not looked at yet
}

// Of returns the hash modulo of the derivation at drvPath in base 16. The graph is
// walked without recursion, so a chain may be of any length; a cycle, which no
// honest store holds, is an error.
func (h *Hasher) Of(drvPath string) (string, error) {
	if sum, ok := h.known(drvPath); ok {
		return sum, nil
	}
	open := map[string]bool{}
	var stack []*frame
	push := func(p string) error {
		if open[p] {
			return fmt.Errorf("derivation %s depends on itself", p)
		}
		d, err := h.read(p)
		if err != nil {
			return err
		}
		open[p] = true
		f := &frame{path: p, d: d}
		if _, fixed := d.FixedOutput(); !fixed {
			f.todo = sortedKeys(d.InputDrvs)
		}
		stack = append(stack, f)
		return nil
	}
	if err := push(drvPath); err != nil {
		return "", err
	}
	for len(stack) > 0 {
		f := stack[len(stack)-1]
		if len(f.todo) > 0 {
			next := f.todo[0]
			f.todo = f.todo[1:]
			if _, ok := h.known(next); !ok {
				if err := push(next); err != nil {
					return "", err
				}
			}
			continue
		}
		sum, err := h.modulo(f.d)
		if err != nil {
			return "", fmt.Errorf("%s: %w", f.path, err)
		}
		h.remember(f.path, sum)
		delete(open, f.path)
		stack = stack[:len(stack)-1]
	}
	if sum, ok := h.known(drvPath); ok {
		return sum, nil
	}
	return h.Of(drvPath) // forgotten just now
}

// modulo computes the hash of d, whose inputs must be known already or are
// computed through Of.
func (h *Hasher) modulo(d *Derivation) (string, error) {
	if o, ok := d.FixedOutput(); ok {
		sum := sha256.Sum256([]byte("fixed:out:" + o.HashAlgo + ":" + o.Hash + ":" + o.Path))
		return hex.EncodeToString(sum[:]), nil
	}
	sum, err := h.hash(d, false)
	return hex.EncodeToString(sum), err
}

// hash is the SHA-256 of d with every input derivation's path replaced by its
// hash modulo. Inputs that have the same hash become one.
func (h *Hasher) hash(d *Derivation, mask bool) ([]byte, error) {
	inputs := make(map[string][]string, len(d.InputDrvs))
	for p, outs := range d.InputDrvs {
		sum, err := h.Of(p)
		if err != nil {
			return nil, err
		}
		inputs[sum] = append(inputs[sum], outs...)
	}
	sum := sha256.Sum256(d.marshal(mask, inputs))
	return sum[:], nil
}

// FillOutputs computes the paths of all outputs of d, which is called name
// (without ".drv"), and writes them to d.Outputs and to the environment
// variables of the same names.
func (h *Hasher) FillOutputs(storeDir, name string, d *Derivation) error {
	if d.Env == nil {
		d.Env = map[string]string{}
	}
	if _, fixed := d.FixedOutput(); !fixed {
		for output := range d.Outputs {
			d.Env[output] = "" // the variables are hashed too, without their values
		}
	}
	paths, err := h.outputPaths(storeDir, name, d)
	if err != nil {
		return err
	}
	for output, p := range paths {
		o := d.Outputs[output]
		o.Path = p
		d.Outputs[output] = o
		d.Env[output] = p
	}
	return nil
}

// OutputPathError reports an output that a derivation may not have: its path
// does not follow from the derivation, so that it could be one that others
// expect something else at.
type OutputPathError struct{ Output, Has, Want string }

func (e *OutputPathError) Error() string {
	return fmt.Sprintf("the output %q is to be at %s, but what follows from the derivation is %s", e.Output, e.Has, e.Want)
}

// CheckOutputs says whether the output paths of d, which is called name (without
// ".drv"), are those that FillOutputs would compute; an *OutputPathError if not.
func (h *Hasher) CheckOutputs(storeDir, name string, d *Derivation) error {
	paths, err := h.outputPaths(storeDir, name, d)
	if err != nil {
		return err
	}
	for _, output := range d.OutputNames() {
		if has := d.Outputs[output].Path; has != paths[output] {
			return &OutputPathError{output, has, paths[output]}
		}
	}
	return nil
}

// outputPaths computes the paths of outputs.
func (h *Hasher) outputPaths(storeDir, name string, d *Derivation) (map[string]string, error) {
	if len(d.Outputs) == 0 {
		return nil, errors.New("a derivation needs at least one output")
	}
	if o, ok := d.FixedOutput(); ok {
		recursive, digest, err := o.FixedHash()
		if err != nil {
			return nil, err
		}
		p, err := path.MakeFixed(storeDir, name, recursive, digest.Algo, digest.Sum, nil)
		if err != nil {
			return nil, err
		}
		return map[string]string{"out": p.In(storeDir)}, nil
	}
	for output, o := range d.Outputs {
		if o.HashAlgo != "" || o.Hash != "" {
			return nil, fmt.Errorf("output %q has a fixed hash; only the single output \"out\" may have one", output)
		}
	}
	sum, err := h.hash(d, true)
	if err != nil {
		return nil, err
	}
	paths := make(map[string]string, len(d.Outputs))
	for output := range d.Outputs {
		p, err := path.MakeOutput(storeDir, name, output, sum)
		if err != nil {
			return nil, err
		}
		paths[output] = p.In(storeDir)
	}
	return paths, nil
}

// FixedHash returns what the content of a fixed output must hash to, and
// whether the hash is that of its NAR (recursive) or of its bytes.
func (o Output) FixedHash() (recursive bool, d hash.Digest, err error) {
	name, recursive := strings.CutPrefix(o.HashAlgo, "r:")
	algo, err := hash.ParseAlgo(name)
	if err != nil {
		return false, d, err
	}
	sum, err := hex.DecodeString(o.Hash)
	if err != nil || len(sum) != algo.Size() {
		return false, d, fmt.Errorf("%q is not a %s hash in base 16", o.Hash, algo)
	}
	return recursive, hash.Digest{Algo: algo, Sum: sum}, nil
}

// FillOutputs computes the output paths of d as [Hasher.FillOutputs] does, with
// a Hasher of its own; a program that fills many derivations shares one.
func (d *Derivation) FillOutputs(storeDir, name string, read func(drvPath string) (*Derivation, error)) error {
	return NewHasher(read).FillOutputs(storeDir, name, d)
}
