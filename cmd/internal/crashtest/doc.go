// Package crashtest has no code: its tests hold the program to what
// docs/store.md promises of the store when things go wrong. They run the real
// fruix ($FRUIX_BINARY) on small stores of their own, and kill it, let its system
// calls fail, fill its disk and take away what it has not synced; then they look
// at the directories and at the database themselves, with nothing of the
// store's own code.
//
// Each test does a little by default: calls, instants and pages that other runs leave out
// are each run's own choice. "make soak" does all. The environment asks for more:
//
//	FRUIX_CRASH_SEED=N     what was printed by a run that failed
//	FRUIX_CRASH_ROUNDS=N   kills at random instants (default 500)
//	FRUIX_CRASH_RACES=N    builds against collections (default 100)
//	FRUIX_CRASH_SOAK=5m    how long many processes share one store (default 5s)
//	FRUIX_CRASH_FAULTS=all every error at every call, rather than one at each
//	FRUIX_CRASH_OPERATIONS=import,verify  only these are disturbed so; all takes hours
package crashtest
