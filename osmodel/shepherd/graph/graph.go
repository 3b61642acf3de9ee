// Package graph orders services by what they require.
//
// A service is started after all it requires and stopped before them. The
// graph holds names alone; it can grow and shrink while services run, and may
// name requirements that are not there (yet): only ordering a service that
// needs them fails.
package graph

import (
	"fmt"
	"slices"
	"strings"
)

// Node is a service. Provides lists its names, the canonical one first;
// Requires lists names of other services.
type Node struct {
	Provides []string
	Requires []string
}

// Name is the canonical name.
func (n *Node) Name() string { return n.Provides[0] }

// Graph is a set of services. The zero value is empty.
type Graph struct {
	nodes    []*Node // as they were added
	provider map[string]*Node
}

// Add adds a service. Its names must be new.
func (g *Graph) Add(n Node) error {
	if len(n.Provides) == 0 {
		return fmt.Errorf("a service provides no name")
	}
	for i, name := range n.Provides {
		if name == "" {
			return fmt.Errorf("service %s: a provided name is empty", n.Name())
		}
		if slices.Contains(n.Provides[:i], name) {
			return fmt.Errorf("service %s: the name %s is listed twice", n.Name(), name)
		}
		if other := g.provider[name]; other != nil {
			return fmt.Errorf("service %s: the name %s is already provided by service %s", n.Name(), name, other.Name())
		}
	}
	if g.provider == nil {
		g.provider = map[string]*Node{}
	}
	node := &Node{slices.Clone(n.Provides), slices.Clone(n.Requires)}
	g.nodes = append(g.nodes, node)
	for _, name := range n.Provides {
		g.provider[name] = node
	}
	return nil
}

// Remove takes out the service that provides name, if there is one.
func (g *Graph) Remove(name string) {
	n := g.provider[name]
	if n == nil {
		return
	}
	for _, p := range n.Provides {
		delete(g.provider, p)
	}
	g.nodes = slices.DeleteFunc(g.nodes, func(x *Node) bool { return x == n })
}

// Resolve gives the canonical name of the service that provides name.
func (g *Graph) Resolve(name string) (string, bool) {
	if n := g.provider[name]; n != nil {
		return n.Name(), true
	}
	return "", false
}

// Names lists the canonical names in the order in which they were added.
func (g *Graph) Names() []string {
	out := make([]string, len(g.nodes))
	for i, n := range g.nodes {
		out[i] = n.Name()
	}
	return out
}

// MissingError says that a service requires a name that nobody provides.
type MissingError struct {
	Service string // canonical name; "" when the name was asked for directly
	Name    string
}

func (e *MissingError) Error() string {
	if e.Service == "" {
		return fmt.Sprintf("there is no service %s", e.Name)
	}
	return fmt.Sprintf("service %s requires %s, which no service provides", e.Service, e.Name)
}

// CircleError says that services require one another in a circle; Path begins
// and ends with the same name.
type CircleError struct{ Path []string }

func (e *CircleError) Error() string {
	return "services require one another in a circle: " + strings.Join(e.Path, " -> ")
}

// StartOrder lists the services needed to run the named ones, themselves
// included, each after what it requires. The order is that of the arguments,
// and of requirements as they are listed, wherever requirements leave a choice.
func (g *Graph) StartOrder(names ...string) ([]string, error) {
	var out []string
	state := map[*Node]int{} // 1: on the path, 2: done
	var path []*Node
	var visit func(from *Node, name string) error
	visit = func(from *Node, name string) error {
		n := g.provider[name]
		if n == nil {
			e := &MissingError{Name: name}
			if from != nil {
				e.Service = from.Name()
			}
			return e
		}
		switch state[n] {
		case 1:
			i := slices.Index(path, n)
			e := &CircleError{}
			for _, p := range path[i:] {
				e.Path = append(e.Path, p.Name())
			}
			e.Path = append(e.Path, n.Name())
			return e
		case 2:
			return nil
		}
		state[n] = 1
		path = append(path, n)
		for _, r := range n.Requires {
			if err := visit(n, r); err != nil {
				return err
			}
		}
		path = path[:len(path)-1]
		state[n] = 2
		out = append(out, n.Name())
		return nil
	}
	for _, name := range names {
		if err := visit(nil, name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Requirements gives the canonical names of what the service that provides
// name requires directly, without repetitions.
func (g *Graph) Requirements(name string) ([]string, error) {
	n := g.provider[name]
	if n == nil {
		return nil, &MissingError{Name: name}
	}
	var out []string
	for _, r := range n.Requires {
		p := g.provider[r]
		if p == nil {
			return nil, &MissingError{Service: n.Name(), Name: r}
		}
		if !slices.Contains(out, p.Name()) {
			out = append(out, p.Name())
		}
	}
	return out, nil
}

// Dependents lists the services that directly require the one that provides
// name.
func (g *Graph) Dependents(name string) []string {
	n := g.provider[name]
	if n == nil {
		return nil
	}
	var out []string
	for _, d := range g.nodes {
		for _, r := range d.Requires {
			if g.provider[r] == n && d != n {
				out = append(out, d.Name())
				break
			}
		}
	}
	return out
}

// StopOrder lists all services that must be stopped to stop the named ones,
// themselves included, each before what it requires.
func (g *Graph) StopOrder(names ...string) []string {
	var out []string
	done := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if done[name] {
			return
		}
		done[name] = true
		for _, d := range g.Dependents(name) {
			visit(d)
		}
		out = append(out, name)
	}
	for _, name := range names {
		if c, ok := g.Resolve(name); ok {
			visit(c)
		}
	}
	return out
}

// Check lists what keeps services from ever starting: missing requirements
// and circles, one error for each service that fails by itself.
func (g *Graph) Check() []error {
	var out []error
	seen := map[string]bool{}
	for _, n := range g.nodes {
		if _, err := g.StartOrder(n.Name()); err != nil && !seen[err.Error()] {
			seen[err.Error()] = true
			out = append(out, err)
		}
	}
	return out
}
