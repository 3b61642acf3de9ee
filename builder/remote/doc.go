// Package remote has builds carried out on other machines, and exchanges store
// objects with them.
//
// What enters are requests (package plan); what leaves are output trees, as from
// any plan.Executor. On the other side a fruix serves (builder/remote/serve); what
// the two say to each other is builder/remote/protocol's.
//
//	link     one connection, over which everything goes at the same time
//	provide  makes objects valid on the other side: those that are not known to
//	         be there are asked for together, and what is missing goes in one
//	         stream
//	execute  one build: provide its inputs, ask, pass its log on, unpack and
//	         check what it made
//	machine  a machine with its connection, which is made when first needed and
//	         again when it was lost, and with how many builds it is given
//	ssh      connections by the ssh program
//	copy     objects to and from a machine
//
// A machine is believed when it says what a derivation's outputs are, as only
// building them again could tell otherwise. Nothing else of it is: archives must
// have the hash that came with them, fixed outputs the one that was promised, and
// what outputs refer to is searched for here.
package remote
