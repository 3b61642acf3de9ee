package calls

import "fruix/store/wire"

// Operations about one path, or a part of it.

// IsValidPath asks whether a path is valid.
func IsValidPath() Call[string, bool] { return Call[string, bool]{wire.IsValidPath, text(), flag()} }

// HasSubstitutes asks whether a path can be fetched.
func HasSubstitutes() Call[string, bool] {
	return Call[string, bool]{wire.HasSubstitutes, text(), flag()}
}

// QueryPathHash asks for the SHA-256 of an object's archive, in base 16.
func QueryPathHash() Call[string, string] {
	return Call[string, string]{wire.QueryPathHash, text(), text()}
}

// QueryReferences asks what an object refers to.
func QueryReferences() Call[string, []string] { return aboutPath(wire.QueryReferences) }

// QueryReferrers asks what refers to an object.
func QueryReferrers() Call[string, []string] { return aboutPath(wire.QueryReferrers) }

// QueryValidDerivers asks which derivations in the store make an object.
func QueryValidDerivers() Call[string, []string] { return aboutPath(wire.QueryValidDerivers) }

// QueryDerivationOutputs asks for the paths of a derivation's outputs.
func QueryDerivationOutputs() Call[string, []string] { return aboutPath(wire.QueryDerivationOutputs) }

// QueryDerivationNames asks for the names of a derivation's outputs.
func QueryDerivationNames() Call[string, []string] { return aboutPath(wire.QueryDerivationNames) }

func aboutPath(op wire.Op) Call[string, []string] {
	return Call[string, []string]{op, text(), texts()}
}

// QueryDeriver asks which derivation has made an object; "" when none has.
func QueryDeriver() Call[string, string] {
	return Call[string, string]{wire.QueryDeriver, text(), text()}
}

// QueryPathInfo asks what is known of an object.
func QueryPathInfo() Call[string, wire.PathInfo] {
	return Call[string, wire.PathInfo]{wire.QueryPathInfo, text(), message(wire.ReadPathInfo, (*wire.PathInfo).Write)}
}

// QueryPathFromHashPart asks for the object whose path has a hash part; "" when there is
// none.
func QueryPathFromHashPart() Call[string, string] {
	return Call[string, string]{wire.QueryPathFromHashPart, text(), text()}
}

// EnsurePath makes an object valid that can be fetched.
func EnsurePath() Call[string, None] { return Call[string, None]{wire.EnsurePath, text(), done()} }

// AddTempRoot keeps an object until the connection ends.
func AddTempRoot() Call[string, None] { return Call[string, None]{wire.AddTempRoot, text(), done()} }

// AddIndirectRoot makes a link outside of the store a root.
func AddIndirectRoot() Call[string, None] {
	return Call[string, None]{wire.AddIndirectRoot, text(), done()}
}

// Operations about several paths.

// QueryValidPaths asks which of some paths are valid.
func QueryValidPaths() Call[[]string, []string] {
	return Call[[]string, []string]{wire.QueryValidPaths, texts(), texts()}
}

// QueryAllValidPaths asks for all valid paths.
func QueryAllValidPaths() Call[None, []string] {
	return Call[None, []string]{wire.QueryAllValidPaths, nothing(), texts()}
}

// QuerySubstitutablePaths asks which of some paths can be fetched.
func QuerySubstitutablePaths() Call[[]string, []string] {
	return Call[[]string, []string]{wire.QuerySubstitutablePaths, texts(), texts()}
}

// QuerySubstitutableInfos asks what is known of those of some paths that can be fetched.
func QuerySubstitutableInfos() Call[[]string, []wire.Substitutable] {
	return Call[[]string, []wire.Substitutable]{
		wire.QuerySubstitutableInfos, texts(), form[[]wire.Substitutable]{wire.ReadSubstitutables, wire.WriteSubstitutables},
	}
}

// QuerySubstitutableInfo asks that of one path; nil when it cannot be fetched.
func QuerySubstitutableInfo() Call[string, *wire.Substitutable] {
	return Call[string, *wire.Substitutable]{wire.QuerySubstitutableInfo, text(), form[*wire.Substitutable]{
		func(r *wire.Reader) *wire.Substitutable {
			if !r.Flag() {
				return nil
			}
			s := wire.ReadSubstitutableRest(r)
			return &s
		},
		func(w *wire.Writer, s *wire.Substitutable) {
			if w.Flag(s != nil); s != nil {
				s.WriteRest(w)
			}
		},
	}}
}

// QueryFailedPaths asks which builds are known to fail.
func QueryFailedPaths() Call[None, []string] {
	return Call[None, []string]{wire.QueryFailedPaths, nothing(), texts()}
}

// ClearFailedPaths forgets some of them.
func ClearFailedPaths() Call[[]string, None] {
	return Call[[]string, None]{wire.ClearFailedPaths, texts(), done()}
}

// Things are what is to be built, and how: DERIVATION, DERIVATION!OUTPUT,… and PATH.
type Things struct {
	Names []string
	Mode  wire.BuildMode
}

// BuildPaths builds things.
func BuildPaths() Call[Things, None] {
	return Call[Things, None]{wire.BuildPaths, form[Things]{
		func(r *wire.Reader) Things { return Things{Names: r.Texts(), Mode: wire.BuildMode(r.Number())} },
		func(w *wire.Writer, t Things) { w.Texts(t.Names); w.Number(uint64(t.Mode)) },
	}, done()}
}

// Operations that add objects, and those that are about the store as a whole.

// Tree is what goes before an archive that is to be added.
type Tree struct {
	Name string
	// Recursive says that the path follows from the hash of the archive; otherwise it
	// follows from that of the bytes of the one file in it.
	Recursive bool
	Algo      string // the name of the hash function
}

// AddToStore adds a tree, whose archive follows, and answers with its path.
func AddToStore() Call[Tree, string] {
	return Call[Tree, string]{wire.AddToStore, form[Tree]{
		func(r *wire.Reader) Tree {
			t := Tree{Name: r.Text()}
			fixed := r.Flag() // otherwise what follows means nothing
			t.Recursive, t.Algo = r.Flag(), r.Text()
			if !fixed {
				t.Recursive, t.Algo = true, "sha256"
			}
			return t
		},
		func(w *wire.Writer, t Tree) {
			w.Text(t.Name)
			w.Flag(true)
			w.Flag(t.Recursive)
			w.Text(t.Algo)
		},
	}, text()}
}

// Text is a text that is to be added.
type Text struct {
	Name       string
	Content    []byte
	References []string
}

// AddTextToStore adds a text, and answers with its path.
func AddTextToStore() Call[Text, string] {
	return Call[Text, string]{wire.AddTextToStore, form[Text]{
		func(r *wire.Reader) Text { return Text{Name: r.Text(), Content: r.Bytes(), References: r.Texts()} },
		func(w *wire.Writer, t Text) { w.Text(t.Name); w.Bytes(t.Content); w.Texts(t.References) },
	}, text()}
}

// Object is what is said of an object before its archive, which follows.
type Object struct {
	Path, Deriver string // Deriver is "" when nobody knows it
	Hash          string // SHA-256 of the archive, in base 16
	References    []string
	Registered    uint64
	Size          uint64 // bytes of the archive
	Ultimate      bool   // it was built there
	Signatures    []string
	// ContentAddress says how the path follows from the content; "" when it does not.
	ContentAddress string
	Repair         bool
	// Unchecked is that whoever asks is to be believed.
	Unchecked bool
}

// AddObject adds an object that was made elsewhere.
func AddObject() Call[Object, None] {
	return Call[Object, None]{wire.AddObject, form[Object]{
		func(r *wire.Reader) Object {
			return Object{
				Path: r.Text(), Deriver: r.Text(), Hash: r.Text(), References: r.Texts(), Registered: r.Number(), Size: r.Number(),
				Ultimate: r.Flag(), Signatures: r.Texts(), ContentAddress: r.Text(), Repair: r.Flag(), Unchecked: r.Flag(),
			}
		},
		func(w *wire.Writer, o Object) {
			w.Text(o.Path)
			w.Text(o.Deriver)
			w.Text(o.Hash)
			w.Texts(o.References)
			w.Number(o.Registered)
			w.Number(o.Size)
			w.Flag(o.Ultimate)
			w.Texts(o.Signatures)
			w.Text(o.ContentAddress)
			w.Flag(o.Repair)
			w.Flag(o.Unchecked)
		},
	}, nothing()}
}

// Export says what is to be exported.
type Export struct {
	Path   string
	Signed bool
}

// ExportPath has an object sent as data.
func ExportPath() Call[Export, None] {
	return Call[Export, None]{wire.ExportPath, form[Export]{
		func(r *wire.Reader) Export { return Export{Path: r.Text(), Signed: r.Flag()} },
		func(w *wire.Writer, e Export) { w.Text(e.Path); w.Flag(e.Signed) },
	}, done()}
}

// SignObjects asks a daemon of Fruix to sign what it knows of objects, as a binary cache
// does: the answer is paths, each with a signature, as often as there are keys.
func SignObjects() Call[[]string, [][2]string] {
	return Call[[]string, [][2]string]{wire.SignObjects, texts(), pairs()}
}

// ImportPaths adds what is sent as data, and answers with the paths.
func ImportPaths() Call[None, []string] {
	return Call[None, []string]{wire.ImportPaths, nothing(), texts()}
}

// SetOptions sets the options of a connection on which a version is spoken.
func SetOptions(v wire.Version) Call[wire.Options, None] {
	return Call[wire.Options, None]{wire.SetOptions, form[wire.Options]{
		func(r *wire.Reader) wire.Options { return wire.ReadOptions(r, v) },
		func(w *wire.Writer, o wire.Options) { o.Write(w, v) },
	}, nothing()}
}

// SyncWithGC waits until a collection has seen all roots.
func SyncWithGC() Call[None, None] { return Call[None, None]{wire.SyncWithGC, nothing(), done()} }

// FindRoots asks for roots, each with what it leads to.
func FindRoots() Call[None, [][2]string] {
	return Call[None, [][2]string]{wire.FindRoots, nothing(), pairs()}
}

// CollectGarbage looks for garbage, or deletes some.
func CollectGarbage() Call[wire.Collection, wire.Collected] {
	return Call[wire.Collection, wire.Collected]{
		wire.CollectGarbage, message(wire.ReadCollection, (*wire.Collection).Write), message(wire.ReadCollected, (*wire.Collected).Write),
	}
}

// OptimiseStore lets files that are the same share their place.
func OptimiseStore() Call[None, None] {
	return Call[None, None]{wire.OptimiseStore, nothing(), done()}
}

// Verification says what is to be verified.
type Verification struct{ Contents, Repair bool }

// VerifyStore verifies the store, and answers whether anything is wrong.
func VerifyStore() Call[Verification, bool] {
	return Call[Verification, bool]{wire.VerifyStore, form[Verification]{
		func(r *wire.Reader) Verification { return Verification{Contents: r.Flag(), Repair: r.Flag()} },
		func(w *wire.Writer, v Verification) { w.Flag(v.Contents); w.Flag(v.Repair) },
	}, flag()}
}

// BuiltinBuilders asks for the names of builders that are part of the daemon.
func BuiltinBuilders() Call[None, []string] {
	return Call[None, []string]{wire.BuiltinBuilders, nothing(), texts()}
}

// SubstituteURLs asks which servers objects are fetched from.
func SubstituteURLs() Call[None, []string] {
	return Call[None, []string]{wire.SubstituteURLs, nothing(), texts()}
}
