package tree

import "io/fs"

// WalkFunc is called by Walk for each name. The path is relative to the root,
// with slashes ("." is the root itself). Link is false at the first name of a
// node and true at each further one (a hard link). Returning fs.SkipDir from a
// directory leaves out its entries, from anything else the rest of the
// directory that holds it; fs.SkipAll ends the walk without an error.
type WalkFunc func(path string, n *Node, link bool) error

// Walk visits the names of a valid tree: each directory before its entries,
// and entries in the order in which they stand (call Sort first where the
// order matters). It returns the first error of fn.
func Walk(root *Node, fn WalkFunc) error {
	seen := make(map[*Node]bool)
	var visit func(path string, n *Node) error
	visit = func(path string, n *Node) error {
		link := false
		if n.Kind != Dir {
			link = seen[n]
			seen[n] = true
		}
		if err := fn(path, n, link); err != nil {
			if err == fs.SkipDir && n.Kind == Dir {
				return nil
			}
			return err
		}
		for _, e := range n.Entries {
			if err := visit(join(path, e.Name), e.Node); err != nil {
				if err == fs.SkipDir {
					return nil
				}
				return err
			}
		}
		return nil
	}
	err := visit(".", root)
	if err == fs.SkipDir || err == fs.SkipAll {
		return nil
	}
	return err
}

// Links counts the names of each node that is not a directory. What it holds
// for a node is the link count that a file system stores for it.
func Links(root *Node) map[*Node]int {
	links := make(map[*Node]int)
	var visit func(*Node)
	visit = func(n *Node) {
		if n.Kind != Dir {
			links[n]++
			return
		}
		for _, e := range n.Entries {
			visit(e.Node)
		}
	}
	visit(root)
	return links
}
