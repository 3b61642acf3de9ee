package daemon

import "fruix/store/wire"

// operations are those that clients of Guix use, but for add-text-to-store, of
// which there may be several at a time. Each reads its arguments; whether they came
// whole is looked at afterwards.
var operations = map[wire.Op]func(*conn) work{
	wire.IsValidPath:             (*conn).isValidPath,
	wire.HasSubstitutes:          (*conn).hasSubstitutes,
	wire.QueryPathHash:           (*conn).queryPathHash,
	wire.QueryReferences:         (*conn).queryReferences,
	wire.QueryReferrers:          (*conn).queryReferrers,
	wire.AddToStore:              (*conn).addToStore,
	wire.BuildPaths:              (*conn).buildPaths,
	wire.EnsurePath:              (*conn).ensurePath,
	wire.AddTempRoot:             (*conn).addTempRoot,
	wire.AddIndirectRoot:         (*conn).addIndirectRoot,
	wire.SyncWithGC:              (*conn).syncWithGC,
	wire.FindRoots:               (*conn).findRoots,
	wire.ExportPath:              (*conn).exportPath,
	wire.QueryDeriver:            (*conn).queryDeriver,
	wire.SetOptions:              (*conn).setOptions,
	wire.CollectGarbage:          (*conn).collectGarbage,
	wire.QuerySubstitutableInfo:  (*conn).querySubstitutableInfo,
	wire.QueryDerivationOutputs:  (*conn).queryDerivationOutputs,
	wire.QueryAllValidPaths:      (*conn).queryAllValidPaths,
	wire.QueryFailedPaths:        (*conn).queryFailedPaths,
	wire.ClearFailedPaths:        (*conn).clearFailedPaths,
	wire.QueryPathInfo:           (*conn).queryPathInfo,
	wire.ImportPaths:             (*conn).importPaths,
	wire.QueryDerivationNames:    (*conn).queryDerivationNames,
	wire.QueryPathFromHashPart:   (*conn).queryPathFromHashPart,
	wire.QuerySubstitutableInfos: (*conn).querySubstitutableInfos,
	wire.QueryValidPaths:         (*conn).queryValidPaths,
	wire.QuerySubstitutablePaths: (*conn).querySubstitutablePaths,
	wire.QueryValidDerivers:      (*conn).queryValidDerivers,
	wire.OptimiseStore:           (*conn).optimiseStore,
	wire.VerifyStore:             (*conn).verifyStore,
	wire.BuiltinBuilders:         (*conn).builtinBuilders,
	wire.SubstituteURLs:          (*conn).substituteURLs,
}
