// Package builder makes store objects from derivations.
//
// What enters [Builder.Build] are paths of derivations; what leaves are valid
// outputs, or a [*Failure] that tells of each build that failed. In between:
//
//	foresee  which outputs are missing, and which of them others offer (one
//	         database question per level; nothing else happens when the first
//	         answer is "all valid")
//	run      fetch and build in parallel, dependencies first (builder/sched)
//	lock     against other processes that want the same outputs; look again
//	plan     a derivation becomes a request, plain data
//	execute  a plan.Executor turns it into trees (builder/local: a jail)
//	finish   the store checks, scans and registers the trees, all or none
//
// Builders that are part of Fruix are in builder/builtin and below; logs are
// kept by builder/log; sources are fetched by builder/fetch.
package builder
