// Package manager is the state machine of services: it starts them after what
// they require, in parallel where they are independent, stops them in the
// reverse order, and starts again those whose process ended.
//
// What starting and stopping mean is a Body; the manager knows no Scheme. All
// methods may be called from any goroutine. Bodies are called without locks,
// so they may call the manager.
package manager
