package substitute

import (
	"bytes"
	"context"
	"time"
)

// Answer is what one cache says when it is asked about objects.
type Answer struct {
	URL      string
	Err      error             // why it could not be asked; nil otherwise
	Offers   map[string]*Offer // what it has of what was asked for, by path
	Requests int               // how many it took
	Took     time.Duration
}

// Survey asks every cache about paths, and not about what these need. Whoever has
// signed what they say: it is to be looked at, not to be believed. The answers are in
// the order of the caches; the error is the context's.
func (c *Client) Survey(ctx context.Context, paths []string) ([]Answer, error) {
	wanted := make(map[string]bool, len(paths))
	var unique []string
	for _, p := range paths {
		if !wanted[p] {
			wanted[p] = true
			unique = append(unique, p)
		}
	}
	answers := make([]Answer, len(c.caches))
	for n, from := range c.caches {
		a := Answer{URL: from.url.String(), Offers: map[string]*Offer{}}
		before, begin := from.requests.Load(), c.o.Now()
		if c.ready(ctx, from) {
			for _, i := range c.askOne(ctx, from, unique) {
				if wanted[i.Path] {
					a.Offers[i.Path] = &Offer{*i, from}
				}
			}
		}
		if a.Err = from.down; a.Err == nil && from.lost.Load() {
			a.Err = &lostError{from: from}
		}
		a.Requests, a.Took = int(from.requests.Load()-before), c.o.Now().Sub(begin)
		answers[n] = a
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return answers, nil
}

// Verdict is what comes out when what different machines have built is compared.
type Verdict int

// The verdicts.
const (
	Inconclusive Verdict = iota // there is nothing to compare with
	Same
	Different
)

// Comparison is what several machines say of one object.
type Comparison struct {
	Path    string
	Local   []byte   // SHA-256 of the archive of what was built here; nil when it was not
	Claims  []*Offer // of caches, in their order
	Verdict Verdict
}

// Compare compares what was built here, of which local tells the hash, nil when it was
// not, with what the caches in answers say of it.
func Compare(path string, local []byte, answers []Answer) Comparison {
	c := Comparison{Path: path, Local: local}
	var all [][]byte
	if local != nil {
		all = append(all, local)
	}
	for _, a := range answers {
		if o := a.Offers[path]; o != nil {
			c.Claims = append(c.Claims, o)
			all = append(all, o.NarHash.Sum)
		}
	}
	if len(all) < 2 {
		return c
	}
	c.Verdict = Same
	for _, sum := range all[1:] {
		if !bytes.Equal(sum, all[0]) {
			c.Verdict = Different
		}
	}
	return c
}
