//go:build !linux && !freebsd

package native

import (
	"context"

	"fruix/jail"
)

// Options configure the back end.
type Options struct {
	EUID    int
	WorkDir string
}

// New returns a back end that says that there is none.
func New(Options) jail.Jail { return none{} }

type none struct{}

func (none) Available() error { return jail.ErrUnsupported }

func (none) Run(context.Context, jail.Spec) (jail.Result, error) {
	return jail.Result{}, jail.ErrUnsupported
}

// ChildMain does nothing.
func ChildMain(args []string) {}

// Limits are those of builds.
func Limits() jail.Limits { return jail.Limits{} }
