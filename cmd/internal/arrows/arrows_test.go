// Package arrows has no code: its test holds the directions of imports
// between Fruix's packages.
package arrows

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the module's folder.
const root = "../../.."

// A rule says what the packages that match from may not import. Patterns are
// folders of this module as the go command writes them: "store" is one package,
// "store/..." that and all below, "..." everything.
type rule struct {
	from  string
	ban   []string // packages of this module, but for
	allow []string // these
	why   string
}

// An outside is a rule about packages that are not of this module.
type outside struct {
	ban    []string // import paths
	from   string
	except []string // packages that may
	why    string
}

// ours is every package of this module.
const ours = "..."

// rules is the one table. Imports of tests are free.
var rules = []rule{
	// The folders.
	{"interp/...", []string{ours}, []string{"interp/..."}, "the engine knows nothing of stores and systems, and can be embedded alone"},
	{"store/...", []string{ours}, []string{"store/..."}, "the store keeps bytes; it does not know who makes them"},
	{"jail/...", []string{ours}, []string{"jail/..."}, "a jail runs a program; it knows nothing of derivations"},
	{"image/...", []string{ours}, []string{"image/..."}, "image writers are functions from a tree to bytes"},
	{"stdlib/...", []string{ours}, nil, "the library is Scheme; Go only embeds it"},
	{"builder/...", []string{ours}, []string{"builder/...", "store/...", "jail/...", "image/...", "interp/..."}, "the builder carries out plain data and knows no declarations"},
	{"lang/...", []string{ours}, []string{"lang/...", "interp/...", "store/..."}, "declaring a build does not build: the builder comes in as a function"},
	{"osmodel/...", []string{ours}, []string{"osmodel/...", "store/...", "interp/...", "lang/..."}, "the model of a system makes derivations; it neither builds nor writes images"},

	// Within interp.
	{"interp/source", []string{ours}, nil, "positions are what every stage shares, so they depend on none"},
	{"interp/datum", []string{ours}, nil, "values are what every stage shares, so they depend on none"},
	{"interp/core", []string{ours}, []string{"interp/datum", "interp/source"}, "the expanded language is plain data between two stages"},
	{"interp/expand", []string{"interp/compile", "interp/code", "interp/vm"}, nil, "expansion runs macros through an interface that the façade wires"},
	{"interp/compile", []string{"interp/expand", "interp/syntax", "interp/vm"}, nil, "the compiler sees core alone: no macro, no scope is left"},
	{"interp/code", []string{"interp/compile", "interp/vm", "interp/expand"}, nil, "code is plain data between two stages"},
	{"interp/vm", []string{"interp/expand", "interp/compile", "interp/syntax", "interp/read"}, nil, "the machine runs code, wherever it came from; targets could run without a compiler"},
	{"interp/compiled", []string{"interp/compile", "interp/vm", "interp/read"}, nil, "compiled code is brought in without what made it and what runs it"},
	{"interp/prim/...", []string{"interp", "interp/vm", "interp/compile", "interp/expand"}, nil, "natives call back through datum.Caller alone"},
	{"interp/num", []string{ours}, []string{"interp/datum"}, "arithmetic is pure"},
	{"interp/array", []string{ours}, []string{"interp/datum", "interp/num"}, "elements and shapes are pure"},

	// Within store.
	{"store/nar", []string{ours}, nil, "one package per format, usable alone"},
	{"store/journal", []string{ours}, nil, "one package per format, usable alone"},
	{"store/nixbase32", []string{ours}, nil, "one package per format, usable alone"},
	{"store/drv", []string{"store", "store/db", "store/tree"}, nil, "derivations are text; reading one needs no store"},
	{"store/sexp", []string{ours}, nil, "one package per format, usable alone"},
	{"store/narinfo", []string{ours}, []string{"store/hash", "store/nixbase32", "store/path", "store/sexp"}, "one package per format, usable alone"},
	{"store/profile", []string{ours}, nil, "generations are links; what they lead to is the caller's"},
	{"store/wire", []string{ours}, nil, "one package per format, usable alone"},
	{"store/wire/calls", []string{ours}, []string{"store/wire"}, "what operations look like does not depend on who does them"},
	{"store/baked", []string{ours}, nil, "what is kept is bytes; of what, and for whom, is the caller's"},
	{"store/db", []string{ours}, nil, "the database knows names and hashes, not files"},

	// Within jail.
	{"jail", []string{ours}, nil, "the seam knows no back end"},
	{"jail/linux/stub", []string{ours}, nil, "it makes executables, and knows nothing of jails"},
	{"jail/linux", []string{ours}, []string{"jail", "jail/linux/stub"}, "back ends do not know one another"},
	{"jail/freebsd", []string{ours}, []string{"jail"}, "back ends do not know one another"},

	// Within image.
	{"image/tree", []string{ours}, nil, "the tree is what all writers share, so it depends on none"},
	{"image/cpio", []string{ours}, []string{"image/tree"}, "writers do not know one another"},
	{"image/ext4", []string{ours}, []string{"image/tree"}, "writers do not know one another"},
	{"image/fat", []string{ours}, []string{"image/tree"}, "writers do not know one another"},
	{"image/ufs", []string{ours}, []string{"image/tree"}, "writers do not know one another, and the writer does not know its checker"},
	{"image/ufs/ufscheck", []string{ours}, []string{"image/tree"}, "the checker verifies the specification, so it shares no code with the writer"},
	{"image/gpt", []string{ours}, []string{"image/tree"}, "writers do not know one another"},
	{"image/disk", []string{ours}, []string{"image/gpt", "image/tree"}, "a disk composes file systems through an interface"},

	// Within builder.
	{"builder/sched", []string{ours}, nil, "the scheduler is tested on toy graphs, without a store"},
	{"builder/turns", []string{ours}, nil, "whose turn it is does not depend on what for"},
	{"builder/log", []string{ours}, nil, "logs are bytes"},
	{"builder/lzip", []string{ours}, nil, "one package per format, usable alone"},
	{"builder/fetch", []string{ours}, []string{"store/hash"}, "fetching knows hashes, not derivations"},
	{"builder/fetch/git", []string{ours}, []string{"builder/fetch"}, "a checkout is a folder; its hash is compared by who asked for it"},
	{"builder/substitute", []string{ours}, []string{"builder/lzip", "store/hash", "store/narinfo", "store/path"}, "asking caches knows what is signed, not derivations"},
	{"builder/plan", []string{ours}, []string{"store/..."}, "a request is plain data that any executor may carry out"},
	{"builder", []string{"builder/access/...", "builder/client", "builder/daemon", "builder/trace"}, nil, "who builds does not know who is told"},
	{"builder", []string{"image/...", "interp/...", "builder/fetch"}, nil, "only the built-in builders write images or run Scheme"},
	{"builder/trace", []string{ours}, []string{"builder", "builder/plan", "builder/fetch", "jail", "store/..."}, "events and errors are turned into text without a builder at work"},
	{"builder/socket", []string{ours}, nil, "daemons and clients find each other without knowing what is said"},
	{"builder/access", []string{ours}, []string{"builder", "store/..."}, "the seam knows no daemon"},
	{"builder/daemon", []string{"builder/access/...", "builder/client", "builder/fetch", "builder/substitute", "builder/builtin/...", "builder/local", "jail/...", "image/...", "interp/..."}, nil, "what a daemon does is decided by who makes it; it knows the protocol"},
	{"builder/client", []string{"builder/daemon", "builder/sched", "builder/fetch", "builder/builtin/...", "builder/local", "jail/...", "image/...", "interp/..."}, nil, "a client asks; it builds nothing itself"},
	{"builder/local", []string{"image/...", "interp/...", "store/...", "jail/linux", "jail/freebsd"}, []string{"store/tree"}, "an executor turns requests into trees; the store and the back end are its caller's"},
	{"builder/remote/protocol", []string{ours}, []string{"builder/plan"}, "what is said is plain data; it is read and written without a store"},
	{"builder/remote/...", []string{"image/...", "interp/...", "jail/...", "builder", "builder/local", "builder/fetch"}, nil, "what lies between two machines does not know what carries builds out"},
	{"builder/builtin/...", []string{"store", "jail/...", "builder"}, nil, "built-in builders run inside a jail and see only their inputs"},

	// Within osmodel.
	{"osmodel/account", []string{"osmodel/etc/...", "osmodel/shepherd/..."}, nil, "the model does not know its renderers"},
	{"osmodel/fs", []string{"osmodel/etc/...", "osmodel/shepherd/..."}, nil, "the model does not know its renderers"},
	{"osmodel/etc/...", []string{"osmodel/shepherd/...", "interp", "lang/..."}, nil, "renderers turn plain data into text"},
	{"osmodel/shepherd/graph", []string{ours}, nil, "the order of services is tested without processes"},
	{"osmodel/shepherd/...", []string{"store/...", "lang/..."}, nil, "the running machine needs no store code: its files are there"},
}

// outsides is the table for what comes from others.
var outsides = []outside{
	{chance, "image/...", nil, "the same tree gives the same bytes every time"},
	{chance, "builder/builtin/tree", nil, "the same plan gives the same tree every time"},
	{chance, "osmodel/etc/...", nil, "the same declaration gives the same files every time"},
	{[]string{"github.com/dop251/goja/..."}, "...", nil, "goja is a yardstick for tests"},
	{[]string{"modernc.org/..."}, "...", []string{"store/db"}, "one package knows which database it is"},
	{[]string{"net/http"}, "...", []string{"builder/fetch", "builder/fetch/git", "builder/substitute", "builder/remote/...", "store/publish", "cmd/..."}, "what comes from the network is known by its hash or by a signature, or comes from a machine that is trusted; two packages serve"},
	{[]string{"github.com/spf13/pflag"}, "...", []string{"cmd/..."}, "command lines are read in one place"},
	{[]string{"testing"}, "...", []string{"builder/access/accesstest", "builder/buildtest", "jail/jailtest"}, "programs do not carry the test framework"},
}

// chance is where randomness could come from.
var chance = []string{"math/rand", "math/rand/v2", "crypto/rand"}

// pure are the packages whose results depend on their arguments alone, and
// surroundings what they may not look at.
var (
	pure         = []string{"image/cpio", "image/disk", "image/ext4", "image/fat", "image/gpt", "image/ufs", "builder/builtin/tree", "builder/sched", "store/drv", "store/hash", "store/nar", "store/nixbase32", "store/path", "store/refscan", "store/tree", "store/wire", "store/wire/calls", "osmodel", "osmodel/account", "osmodel/boot", "osmodel/etc/...", "osmodel/fs", "lang", "interp/read", "interp/expand", "interp/compile"}
	surroundings = []string{"time.Now", "time.Since", "time.Local", "os.Getenv", "os.LookupEnv", "os.Environ", "os.Hostname"}
)

// junk are names of packages that would collect what nobody placed.
var junk = []string{"util", "utils", "common", "misc", "helpers", "shared", "base", "lib", "internal"}

const module = "fruix"

func match(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == base || strings.HasPrefix(name, base+"/")
	}
	return name == pattern
}

func matchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, name) })
}

// violations lists what importing the path to means for the package from.
func violations(from, to string) []string {
	var list []string
	if name, ok := strings.CutPrefix(to, module+"/"); ok {
		for _, r := range rules {
			if match(r.from, from) && matchAny(r.ban, name) && !matchAny(r.allow, name) {
				list = append(list, fmt.Sprintf("%s imports %s: %s", from, name, r.why))
			}
		}
		return list
	}
	for _, r := range outsides {
		if match(r.from, from) && matchAny(r.ban, to) && !matchAny(r.except, from) {
			list = append(list, fmt.Sprintf("%s imports %s: %s", from, to, r.why))
		}
	}
	return list
}

// A file is one of the module's, whatever system it is for.
type file struct {
	pkg    string // folder below the module's
	name   string
	syntax *ast.File
}

// files reads all files of the module but tests.
func files(t *testing.T) []file {
	t.Helper()
	var list []file
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			if name != root && (base == "testdata" || base == "bin" || strings.HasPrefix(base, ".")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") {
			return nil
		}
		syntax, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		list = append(list, file{filepath.ToSlash(dir), name, syntax})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 100 {
		t.Fatalf("only %d files were found; is %s the module's folder?", len(list), root)
	}
	return list
}

func TestArrows(t *testing.T) {
	for _, f := range files(t) {
		for _, spec := range f.syntax.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range violations(f.pkg, to) {
				t.Errorf("%s: %s", f.name, v)
			}
		}
	}
}

// TestRulesAreAlive keeps rules from losing their meaning when a package is
// renamed.
func TestRulesAreAlive(t *testing.T) {
	var packages []string
	for _, f := range files(t) {
		packages = append(packages, f.pkg)
	}
	check := func(pattern string) {
		if !slices.ContainsFunc(packages, func(p string) bool { return match(pattern, p) }) {
			t.Errorf("no package matches %q, of which a rule speaks", pattern)
		}
	}
	for _, r := range rules {
		for _, p := range slices.Concat([]string{r.from}, r.ban, r.allow) {
			check(p)
		}
		if r.why == "" {
			t.Errorf("the rule about %s gives no reason", r.from)
		}
	}
	for _, r := range outsides {
		for _, p := range append([]string{r.from}, r.except...) {
			check(p)
		}
		if r.why == "" {
			t.Errorf("the rule about %v gives no reason", r.ban)
		}
	}
}

// TestRulesBite plants imports that must be refused, and some that must not.
func TestRulesBite(t *testing.T) {
	for _, test := range []struct {
		from, to string
		bad      bool
	}{
		{"interp/vm", "fruix/interp/expand", true},
		{"interp/expand", "fruix/interp/vm", true},
		{"interp/expand", "fruix/interp/compile", true},
		{"interp/prim/text", "fruix/store", true},
		{"store", "fruix/interp/source", true},
		{"jail/linux", "fruix/store/path", true},
		{"image/ext4", "fruix/image/gpt", true},
		{"image/ufs", "fruix/image/ufs/ufscheck", true},
		{"image/ufs/ufscheck", "fruix/image/ufs", true},
		{"image/tree", "fruix/builder/builtin/tree", true},
		{"builder", "fruix/lang", true},
		{"builder/builtin/disk", "fruix/osmodel", true},
		{"lang", "fruix/builder", true},
		{"osmodel", "fruix/image/tree", true},
		{"osmodel", "fruix/builder/plan", true},
		{"osmodel/etc/linux", "fruix/cmd/internal/report", true},
		{"image/fat", "math/rand/v2", true},
		{"lang", "net/http", true},
		{"interp", "github.com/dop251/goja", true},
		{"store", "modernc.org/sqlite", true},
		{"interp", "fruix/interp/vm", false},
		{"builder/builtin/disk", "fruix/image/ufs", false},
		{"image/disk", "fruix/image/gpt", false},
		{"image/ufs", "image/color", false}, // the standard library's
		{"builder/fetch", "net/http", false},
		{"cmd/fruix", "fruix/osmodel", false},
	} {
		if got := violations(test.from, test.to); (len(got) > 0) != test.bad {
			t.Errorf("%s importing %s: %q", test.from, test.to, got)
		}
	}
}

func TestNames(t *testing.T) {
	for _, f := range files(t) {
		if name := f.syntax.Name.Name; slices.Contains(junk, name) || slices.Contains(junk, path.Base(f.pkg)) {
			t.Errorf("%s: package %s: name packages after what they hold", f.name, name)
		}
	}
}

// TestNoInit forbids functions that run because a package is imported.
func TestNoInit(t *testing.T) {
	for _, f := range files(t) {
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function; let main wire things up", f.name)
			}
		}
	}
}

// TestPure finds looks at the clock and the environment where there must be
// none.
func TestPure(t *testing.T) {
	for _, f := range files(t) {
		if !matchAny(pure, f.pkg) {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && slices.Contains(surroundings, x.Name+"."+sel.Sel.Name) {
				t.Errorf("%s uses %s.%s: make it a parameter", f.name, x.Name, sel.Sel.Name)
			}
			return true
		})
	}
}

func TestModule(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "module "+module+"\n") {
		t.Errorf("the module is not called %q, as the tests here take it to be", module)
	}
}
