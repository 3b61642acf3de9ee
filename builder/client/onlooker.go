package client

import (
	"context"
	"errors"
	"sync"
	"time"

	"fruix/store"
)

// Onlooker asks a daemon about objects without keeping them from being collected for
// long, as a connection keeps all that it has asked about: it uses several, each for a
// short time. It may be used by several goroutines.
type Onlooker struct {
	store.Place
	o Options
	// Bounds of one connection: questions, and how long it is kept without one.
	most   int
	linger time.Duration

	turns chan struct{} // one for each connection in use
	mu    sync.Mutex
	idle  []*looking
}

// looking is a connection of an onlooker.
type looking struct {
	*Client
	asked int
	leave *time.Timer
}

// onlookers is how many connections an onlooker has in use at a time: a daemon gives one
// user 64.
const onlookers = 16

// Onlooker returns an onlooker of the same daemon, which must be closed.
func (c *Client) Onlooker() *Onlooker {
	return &Onlooker{Place: c.Place, o: c.o, most: 500, linger: 5 * time.Second, turns: make(chan struct{}, onlookers)}
}

// Peek is Info of an object that may be collected.
func (l *Onlooker) Peek(ctx context.Context, p string) (i *store.Info, err error) {
	err = l.with(ctx, func(c *Client) (err error) {
		i, err = c.Info(ctx, p)
		return err
	})
	return i, err
}

// ByHash is Client.ByHash of an object that may be collected.
func (l *Onlooker) ByHash(ctx context.Context, hashPart string) (p string, err error) {
	err = l.with(ctx, func(c *Client) (err error) {
		p, err = c.ByHash(ctx, hashPart)
		return err
	})
	return p, err
}

// with lets f ask one question. A daemon that was started anew since a connection was
// used last has ended that one, so it is asked once more by another.
func (l *Onlooker) with(ctx context.Context, f func(*Client) error) error {
	err := l.once(ctx, f)
	if errors.As(err, new(*UnreachableError)) && ctx.Err() == nil {
		err = l.once(ctx, f)
	}
	return err
}

// once lets f ask one question.
func (l *Onlooker) once(ctx context.Context, f func(*Client) error) error {
	select {
	case l.turns <- struct{}{}:
		defer func() { <-l.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	c := l.take()
	if c == nil {
		connected, err := Connect(ctx, l.o)
		if err != nil {
			return err
		}
		c = &looking{Client: connected}
	}
	err := f(c.Client)
	if errors.As(err, new(*UnreachableError)) {
		l.drop() // the others are as old
		_ = c.Close()
		return err
	}
	if c.asked++; c.asked >= l.most {
		return errors.Join(err, c.Close())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle = append(l.idle, c)
	c.leave = time.AfterFunc(l.linger, func() { l.part(c) })
	return err
}

// take returns a connection that nobody uses; nil when there is none.
func (l *Onlooker) take() *looking {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.idle) == 0 {
		return nil
	}
	c := l.idle[len(l.idle)-1]
	l.idle = l.idle[:len(l.idle)-1]
	c.leave.Stop()
	return c
}

// part ends a connection that nobody uses, unless somebody has taken it.
func (l *Onlooker) part(c *looking) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, x := range l.idle {
		if x == c {
			l.idle = append(l.idle[:i], l.idle[i+1:]...)
			_ = c.Close() // nothing is lost with it
			return
		}
	}
}

// Close ends all connections that are not in use.
func (l *Onlooker) Close() error {
	l.drop()
	return nil
}

// drop ends the connections that nobody uses.
func (l *Onlooker) drop() {
	for c := l.take(); c != nil; c = l.take() {
		_ = c.Close() // nothing is lost with it
	}
}
