package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// buildLog is the log of a build.
type buildLog struct {
	io.ReadCloser
	place string // a file, or an address
}

// findLog opens the log of the last build of a derivation, or of one that an object is
// an output of: here or, if there is none, at the caches that are asked for
// substitutes.
func (s *session) findLog(ctx context.Context, p string) (*buildLog, error) {
	drvs := []string{p}
	if !strings.HasSuffix(p, ".drv") {
		var err error
		if drvs, err = s.derivers(ctx, p); err != nil {
			return nil, err
		}
	}
	for _, d := range drvs {
		r, err := s.store.ReadLog(d)
		if err == nil {
			return &buildLog{r, s.store.LogFile(d)}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if k, ok := s.substitutes.(caches); ok {
		for _, d := range drvs {
			r, place, err := k.c.Log(ctx, path.Base(d))
			if err == nil {
				return &buildLog{r, place}, nil
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	if len(drvs) == 0 {
		return nil, fmt.Errorf("there is no build log of %s: nobody knows what made it", p)
	}
	return nil, fmt.Errorf("there is no build log of %s: it was never built here", p)
}

// derivers are the derivations that an object is known to be an output of.
func (s *session) derivers(ctx context.Context, p string) ([]string, error) {
	info, err := s.store.Info(ctx, p)
	if err != nil {
		return nil, err
	}
	drvs, err := s.store.Derivers(ctx, p)
	if info.Deriver != "" && !slices.Contains(drvs, info.Deriver) {
		drvs = append(drvs, info.Deriver)
	}
	return drvs, err
}

// printLogFiles prints where the logs of the last builds of derivations, objects and
// goals are.
func (s *session) printLogFiles(ctx context.Context, of []string, goals []goal) error {
	for _, g := range goals {
		if g.drv != "" {
			of = append(of, g.drv)
		} else {
			of = append(of, g.paths...)
		}
	}
	var places []string
	for _, p := range of {
		l, err := s.findLog(ctx, p)
		if err != nil {
			return err
		}
		l.Close()
		places = append(places, l.place)
	}
	s.endProgress()
	return s.printList(places)
}

// storeLog is "fruix store log".
func storeLog(ctx context.Context, s *session, args []string) error {
	for _, name := range args {
		// What was collected may have left its log.
		object, _, err := s.store.Find(name)
		if err != nil {
			return err
		}
		l, err := s.findLog(ctx, object)
		if err != nil {
			return err
		}
		_, err = io.Copy(s.env.stdout, l)
		l.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
