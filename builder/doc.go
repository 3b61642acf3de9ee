// Package builder makes store objects from derivations.
//
// What enters [Builder.Build] are paths of derivations; what leaves are valid
// outputs, or a [*Failure] that tells of each build that failed. In between:
//
//	walk     which derivations have outputs that are missing (one database
//	         question per level; none is built when the first answer is
//	         "all valid")
//	sched    run them in parallel, dependencies first
//	lock     against other processes that want the same outputs; look again
//	plan     a derivation becomes a request, plain data
//	execute  a plan.Executor turns it into trees (builder/local: a jail)
//	finish   the store checks, scans and registers the trees, all or none
//
// Builders that are part of Fruix are in builder/builtin and below; logs are
// kept by builder/log; sources are fetched by builder/fetch.
package builder
