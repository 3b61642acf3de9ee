package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"fruix/builder"
	"fruix/builder/log"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// builds asks for things to be built.
func (c *Client) builds(ctx context.Context, p builder.Progress, things []string, mode wire.BuildMode) error {
	var failure *builder.Failure
	k := asking(calls.BuildPaths(), calls.Things{Names: things, Mode: mode}, new(calls.None))
	k.progress, k.failure = p, &failure
	err := c.do(ctx, k)
	if ctx.Err() != nil {
		return fmt.Errorf("%w (%w)", builder.ErrInterrupted, context.Cause(ctx))
	}
	var remote *wire.RemoteError
	if failure != nil && errors.As(err, &remote) {
		return failure
	}
	return err
}

// counting notes what was built.
type counting struct {
	builder.Progress
	mu    sync.Mutex
	built []string
}

// Event implements builder.Progress.
func (n *counting) Event(e builder.Event) {
	if f, ok := e.(builder.Finished); ok && f.Err == nil && !f.Elsewhere {
		n.mu.Lock()
		n.built = append(n.built, f.Drv)
		n.mu.Unlock()
	}
	if n.Progress != nil {
		n.Progress.Event(e)
	}
}

// Build implements access.Builds.
func (c *Client) Build(ctx context.Context, p builder.Progress, targets ...builder.Target) (*builder.Result, error) {
	res := &builder.Result{Outputs: map[string]map[string]string{}}
	var things []string
	for _, t := range targets {
		d, err := c.ReadDerivation(ctx, t.Drv)
		if err != nil {
			return nil, err
		}
		names := t.Outputs
		if names == nil {
			names = d.OutputNames()
			things = append(things, t.Drv)
		} else {
			things = append(things, t.Drv+"!"+strings.Join(names, ","))
		}
		if res.Outputs[t.Drv] == nil {
			res.Outputs[t.Drv] = map[string]string{}
		}
		for _, n := range names {
			o, ok := d.Outputs[n]
			if !ok {
				return nil, &builder.OutputError{Drv: t.Drv, Output: n, Known: d.OutputNames()}
			}
			res.Outputs[t.Drv][n] = o.Path
		}
	}
	count := &counting{Progress: p}
	err := c.builds(ctx, count, things, wire.BuildNormal)
	res.Built = count.built
	return res, err
}

// Check implements access.Builds.
func (c *Client) Check(ctx context.Context, p builder.Progress, drvs ...string) error {
	return c.builds(ctx, p, drvs, wire.BuildCheck)
}

// Repair implements access.Builds.
func (c *Client) Repair(ctx context.Context, p builder.Progress, _, object string) error {
	return c.builds(ctx, p, []string{object}, wire.BuildRepair)
}

// LogFile implements access.Builds.
func (c *Client) LogFile(drvPath string) string { return log.File(c.StatePath("log", "drvs"), drvPath) }

// ReadLog implements access.Builds.
func (c *Client) ReadLog(drvPath string) (io.ReadCloser, error) {
	return log.Open(c.StatePath("log", "drvs"), drvPath)
}
