package wire

import "fmt"

// The two numbers by which client and daemon know each other.
const (
	ClientMagic = 0x6e697863
	ServerMagic = 0x6478696f
)

// Version is a version of the protocol: the major number in the second byte, the
// minor one in the first.
type Version uint64

// Current is what this package speaks, the one of Guix since 2021.
const Current Version = 0x164

// Minor versions since which peers behave in another way.
const (
	// minorMode is the least that is spoken: older clients, from before 2014, do
	// not say how to build, and everything else that depends on the version.
	minorMode = 0x0f
	// minorGuix is Guix's own: the numbers of jobs, of processors and of seconds
	// of silence are options by name only.
	minorGuix = 0x61
)

// Major and Minor are the parts of a version.
func (v Version) Major() uint64 { return uint64(v) >> 8 & 0xff }

// Minor is the part that counts compatible changes.
func (v Version) Minor() uint64 { return uint64(v) & 0xff }

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major(), v.Minor()) }

// Compatible says whether two versions can be spoken with each other.
func (v Version) Compatible() bool {
	return uint64(v)>>16 == 0 && v.Major() == Current.Major() && v.Minor() >= minorMode
}

// Op is the number of an operation.
type Op uint64

// The operations.
const (
	IsValidPath             Op = 1
	HasSubstitutes          Op = 3
	QueryPathHash           Op = 4
	QueryReferences         Op = 5
	QueryReferrers          Op = 6
	AddToStore              Op = 7
	AddTextToStore          Op = 8
	BuildPaths              Op = 9
	EnsurePath              Op = 10
	AddTempRoot             Op = 11
	AddIndirectRoot         Op = 12
	SyncWithGC              Op = 13
	FindRoots               Op = 14
	ExportPath              Op = 16
	QueryDeriver            Op = 18
	SetOptions              Op = 19
	CollectGarbage          Op = 20
	QuerySubstitutableInfo  Op = 21
	QueryDerivationOutputs  Op = 22
	QueryAllValidPaths      Op = 23
	QueryFailedPaths        Op = 24
	ClearFailedPaths        Op = 25
	QueryPathInfo           Op = 26
	ImportPaths             Op = 27
	QueryDerivationNames    Op = 28
	QueryPathFromHashPart   Op = 29
	QuerySubstitutableInfos Op = 30
	QueryValidPaths         Op = 31
	QuerySubstitutablePaths Op = 32
	QueryValidDerivers      Op = 33
	OptimiseStore           Op = 34
	VerifyStore             Op = 35
	AddObject               Op = 39 // Nix's add-to-store-nar, which Guix has not
	BuiltinBuilders         Op = 80
	SubstituteURLs          Op = 81
	SignObjects             Op = 1000 // Fruix's own
)

var opNames = map[Op]string{
	IsValidPath: "valid-path?", HasSubstitutes: "has-substitutes?", QueryPathHash: "query-path-hash",
	QueryReferences: "query-references", QueryReferrers: "query-referrers", AddToStore: "add-to-store",
	AddTextToStore: "add-text-to-store", BuildPaths: "build-things", EnsurePath: "ensure-path",
	AddTempRoot: "add-temp-root", AddIndirectRoot: "add-indirect-root", SyncWithGC: "sync-with-gc",
	FindRoots: "find-roots", ExportPath: "export-path", QueryDeriver: "query-deriver", SetOptions: "set-options",
	CollectGarbage: "collect-garbage", QuerySubstitutableInfo: "query-substitutable-path-info",
	QueryDerivationOutputs: "query-derivation-outputs", QueryAllValidPaths: "query-all-valid-paths",
	QueryFailedPaths: "query-failed-paths", ClearFailedPaths: "clear-failed-paths", QueryPathInfo: "query-path-info",
	ImportPaths: "import-paths", QueryDerivationNames: "query-derivation-output-names",
	QueryPathFromHashPart: "query-path-from-hash-part", QuerySubstitutableInfos: "query-substitutable-path-infos",
	QueryValidPaths: "query-valid-paths", QuerySubstitutablePaths: "query-substitutable-paths",
	QueryValidDerivers: "query-valid-derivers", OptimiseStore: "optimize-store", VerifyStore: "verify-store", AddObject: "add-to-store-nar",
	SignObjects:     "sign-objects",
	BuiltinBuilders: "built-in-builders", SubstituteURLs: "substitute-urls",
}

// String is the name that Guix's (guix store) gives to the operation.
func (o Op) String() string {
	if n := opNames[o]; n != "" {
		return n
	}
	return fmt.Sprintf("operation %d", uint64(o))
}

// BuildMode says how derivations are to be built.
type BuildMode uint64

// The build modes.
const (
	BuildNormal BuildMode = 0
	BuildRepair BuildMode = 1 // what is damaged is built again
	BuildCheck  BuildMode = 2 // what is there is built again and compared
)

// GCAction is what a collection of garbage is to do.
type GCAction uint64

// The actions.
const (
	ReturnLive     GCAction = 0
	ReturnDead     GCAction = 1
	DeleteDead     GCAction = 2
	DeleteSpecific GCAction = 3
)

// The statuses of errors that say more than that something failed; Guix's
// clients exit with them.
const (
	StatusFailed  = 1
	StatusBuild   = 100 // a build failed and would fail again
	StatusTimeout = 101 // a build took too long
)
