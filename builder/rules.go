package builder

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fruix/store"
	"fruix/store/drv"
	"fruix/store/path"
)

// rule bounds what the outputs of a derivation may refer to. Rules are variables
// of the derivation, lists of store paths and of names of its own outputs; see
// Nix's manual, "Advanced attributes", and Guix's, "Derivations".
type rule struct {
	variable string
	allow    bool // the list holds what may be referred to, not what may not
	deep     bool // it is about all that is needed, not about direct references
	paths    map[string]bool
}

// rules reads the rules of d.
func rules(storeDir string, d *drv.Derivation) ([]rule, error) {
	var out []rule
	for _, r := range []rule{
		{variable: "allowedReferences", allow: true},
		{variable: "disallowedReferences"},
		{variable: "allowedRequisites", allow: true, deep: true},
		{variable: "disallowedRequisites", deep: true},
	} {
		text, ok := d.Env[r.variable]
		if !ok {
			continue
		}
		r.paths = map[string]bool{}
		for word := range strings.FieldsSeq(text) {
			p := word
			if o, ok := d.Outputs[word]; ok {
				p = o.Path
			} else if _, err := path.Parse(storeDir, word); err != nil {
				return nil, fmt.Errorf("%s: %q is neither a store path nor one of the outputs %s",
					r.variable, word, strings.Join(d.OutputNames(), ", "))
			}
			r.paths[p] = true
		}
		out = append(out, r)
	}
	return out, nil
}

// broken says whether a reference to p breaks the rule.
func (r *rule) broken(p string) bool { return r.paths[p] != r.allow }

// A ReferenceError is an output that refers to what it must not refer to.
type ReferenceError struct {
	Path string // output
	Rule string // the variable that says so, such as "allowedReferences"
	Bad  []BadReference
}

// BadReference is one forbidden reference.
type BadReference struct {
	Path string
	// Chain leads from the output to Path, both included.
	Chain []string
	// Where is the file of Chain's last but one object that mentions Path,
	// relative to it; "" is that object itself.
	Where string
}

// String says what is referred to and by which file.
func (b BadReference) String() string {
	from := b.Chain[len(b.Chain)-2]
	if b.Where != "" {
		from += "/" + b.Where
	}
	text := fmt.Sprintf("%s (mentioned in %s", b.Path, from)
	if len(b.Chain) > 2 {
		text += ", which is needed by " + strings.Join(reversed(b.Chain[:len(b.Chain)-2]), ", by ")
	}
	return text + ")"
}

func reversed(list []string) []string {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func (e *ReferenceError) Error() string {
	verb := map[bool]string{true: "needs", false: "refers to"}[strings.HasSuffix(e.Rule, "Requisites")]
	why := map[bool]string{true: "forbids", false: "does not list"}[strings.HasPrefix(e.Rule, "dis")]
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s what %s %s:", e.Path, verb, e.Rule, why)
	for _, bad := range e.Bad {
		b.WriteString("\n  " + bad.String())
	}
	return b.String()
}

// keep holds outputs that are about to become valid to the rules of the
// derivation. trees holds where each lies. The error is a [*ReferenceError].
func (j *job) keep(ctx context.Context, rules []rule, made []store.Info, trees map[string]string) error {
	refs := make(map[string][]string, len(made)) // of what is not valid yet
	for _, o := range made {
		refs[o.Path] = o.References
	}
	for _, o := range made {
		for _, r := range rules {
			used := o.References
			if r.deep {
				var err error
				if used, err = j.needs(ctx, o.Path, refs); err != nil {
					return err
				}
			}
			bad := slices.DeleteFunc(slices.Clone(used), func(p string) bool { return !r.broken(p) })
			if len(bad) > 0 {
				return j.explain(ctx, &ReferenceError{Path: o.Path, Rule: r.variable}, bad, refs, trees)
			}
		}
	}
	return nil
}

// needs is the closure of an output that is not valid yet, without itself. refs
// holds the references of outputs that are built with it.
func (j *job) needs(ctx context.Context, p string, refs map[string][]string) ([]string, error) {
	seen := map[string]bool{p: true}
	var valid []string
	queue := []string{p}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		list, fresh := refs[next]
		if !fresh {
			valid = append(valid, next)
			continue
		}
		for _, q := range list {
			if !seen[q] {
				seen[q] = true
				queue = append(queue, q)
			}
		}
	}
	closure, err := j.store.Closure(ctx, valid...)
	if err != nil {
		return nil, err
	}
	for _, q := range closure {
		seen[q] = true
	}
	delete(seen, p)
	return slices.Sorted(maps.Keys(seen)), nil
}

// maxBad bounds what a ReferenceError tells.
const maxBad = 10

// explain completes e with the way to each forbidden object.
func (j *job) explain(ctx context.Context, e *ReferenceError, bad []string, refs map[string][]string, trees map[string]string) error {
	bad = bad[:min(len(bad), maxBad)]
	from := map[string]string{}
	queue := []string{e.Path}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		list, fresh := refs[next]
		if !fresh {
			var err error
			if list, err = j.store.References(ctx, next); err != nil {
				return err
			}
		}
		for _, q := range list {
			if _, seen := from[q]; !seen {
				from[q] = next
				queue = append(queue, q)
			}
		}
	}
	mentions := map[string][]string{} // object -> forbidden ones that it mentions
	for _, p := range bad {
		mentions[from[p]] = append(mentions[from[p]], p)
	}
	where := map[string]string{} // forbidden object -> file
	for object, list := range mentions {
		tree, fresh := trees[object]
		if !fresh {
			tree = j.store.Physical(object)
		}
		found, err := j.store.Mentions(ctx, tree, list)
		if err != nil {
			return err
		}
		maps.Copy(where, found)
	}
	for _, p := range bad {
		b := BadReference{Path: p, Where: where[p], Chain: []string{p}}
		for at := from[p]; ; at = from[at] {
			b.Chain = append(b.Chain, at)
			if at == e.Path {
				break
			}
		}
		slices.Reverse(b.Chain)
		e.Bad = append(e.Bad, b)
	}
	return e
}
