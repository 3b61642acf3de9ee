package daemon

import (
	"context"

	"fruix/store"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// operation is something that clients ask for. parse reads its arguments; whether they
// came whole is looked at afterwards.
type operation struct {
	op    wire.Op
	parse func(*conn) calls.Work
}

// on is an operation that f does for a connection.
func on[A, R any](call calls.Call[A, R], f func(*conn, context.Context, A) (R, error)) operation {
	return operation{call.Op, func(c *conn) calls.Work {
		return call.Serve(c.r, func(ctx context.Context, args A) (R, error) { return f(c, ctx, args) })
	}}
}

// ask is an operation that f does with the store alone.
func ask[A, R any](call calls.Call[A, R], f func(*store.Store, context.Context, A) (R, error)) operation {
	return on(call, func(c *conn, ctx context.Context, args A) (R, error) {
		st, err := c.store(ctx)
		if err != nil {
			var none R
			return none, err
		}
		return f(st, ctx, args)
	})
}

// operations returns those that clients of Guix use, but for add-text-to-store, of which
// there may be several at a time.
func operations() map[wire.Op]func(*conn) calls.Work {
	table := map[wire.Op]func(*conn) calls.Work{
		wire.SetOptions: func(c *conn) calls.Work {
			return calls.SetOptions(c.version).Serve(c.r, c.setOptions)
		},
	}
	for _, o := range []operation{
		ask(calls.IsValidPath(), (*store.Store).IsValid),
		ask(calls.QueryValidPaths(), validPaths),
		ask(calls.QueryPathHash(), pathHash),
		ask(calls.QueryPathInfo(), pathInfo),
		ask(calls.QueryDeriver(), deriver),
		ask(calls.QueryReferences(), (*store.Store).References),
		ask(calls.QueryReferrers(), (*store.Store).Referrers),
		ask(calls.QueryValidDerivers(), (*store.Store).Derivers),
		ask(calls.QueryDerivationOutputs(), derivationOutputs),
		ask(calls.QueryDerivationNames(), derivationNames),
		ask(calls.QueryPathFromHashPart(), pathFromHashPart),
		on(calls.QueryAllValidPaths(), (*conn).queryAllValidPaths),
		on(calls.QueryFailedPaths(), (*conn).queryFailedPaths),
		on(calls.ClearFailedPaths(), (*conn).clearFailedPaths),
		on(calls.BuiltinBuilders(), (*conn).builtinBuilders),
		on(calls.AddToStore(), (*conn).addToStore),
		on(calls.AddObject(), (*conn).addObject),
		on(calls.ExportPath(), (*conn).exportPath),
		on(calls.ImportPaths(), (*conn).importPaths),
		on(calls.SignObjects(), (*conn).signObjects),
		on(calls.BuildPaths(), (*conn).buildPaths),
		on(calls.EnsurePath(), (*conn).ensurePath),
		on(calls.HasSubstitutes(), (*conn).hasSubstitutes),
		on(calls.QuerySubstitutablePaths(), (*conn).querySubstitutablePaths),
		on(calls.QuerySubstitutableInfo(), (*conn).querySubstitutableInfo),
		on(calls.QuerySubstitutableInfos(), (*conn).substitutable),
		on(calls.SubstituteURLs(), (*conn).substituteURLs),
		ask(calls.AddTempRoot(), protect),
		on(calls.AddIndirectRoot(), (*conn).addIndirectRoot),
		ask(calls.SyncWithGC(), syncWithGC),
		on(calls.FindRoots(), (*conn).findRoots),
		on(calls.CollectGarbage(), (*conn).collectGarbage),
		on(calls.OptimiseStore(), (*conn).optimiseStore),
		on(calls.VerifyStore(), (*conn).verifyStore),
	} {
		table[o.op] = o.parse
	}
	return table
}
