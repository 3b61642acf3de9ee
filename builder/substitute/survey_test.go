package substitute_test

import (
	"bytes"
	"testing"

	"fruix/builder/substitute"
	"fruix/store/hash"
	"fruix/store/narinfo"
)

// Survey asks for what is named only, believes nobody, and tells of caches that fail.
func TestSurvey(t *testing.T) {
	s, k := newStore(t), key(t)
	paths := chain(t, s, 5)
	url, asked := serve(t, s, k, nil)
	c := newClient(t, nil, url, "http://localhost:1")
	missing := "/frx/store/00000000000000000000000000000000-missing"
	answers := must(c.Survey(t.Context(), []string{paths[4], paths[2], missing, paths[4]}))(t)
	if len(answers) != 2 {
		t.Fatalf("%d answers of 2 caches", len(answers))
	}
	a := answers[0]
	if a.URL != url || a.Err != nil || len(a.Offers) != 2 || a.Offers[paths[4]] == nil || a.Offers[paths[2]] == nil {
		t.Errorf("got %+v", a)
	}
	if int64(a.Requests) != asked.Load() || a.Requests != 2 {
		t.Errorf("%d requests are told of, %d were made", a.Requests, asked.Load())
	}
	if answers[1].Err == nil || len(answers[1].Offers) != 0 {
		t.Errorf("a cache that is not there: %+v", answers[1])
	}
}

func TestCompare(t *testing.T) {
	sum := func(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }
	const p = "/frx/store/00000000000000000000000000000000-p"
	for _, x := range []struct {
		local  []byte
		claims []byte // of caches in turn, 0: none
		want   substitute.Verdict
	}{
		{nil, nil, substitute.Inconclusive},
		{sum(1), nil, substitute.Inconclusive},
		{sum(1), []byte{0, 0}, substitute.Inconclusive},
		{nil, []byte{1}, substitute.Inconclusive},
		{sum(1), []byte{1}, substitute.Same},
		{sum(1), []byte{2}, substitute.Different},
		{sum(1), []byte{1, 0, 2}, substitute.Different},
		{nil, []byte{1, 1}, substitute.Same},
		{nil, []byte{0, 1, 2}, substitute.Different},
	} {
		var answers []substitute.Answer
		for _, n := range x.claims {
			a := substitute.Answer{Offers: map[string]*substitute.Offer{}}
			if n != 0 {
				a.Offers[p] = &substitute.Offer{Info: narinfo.Info{Path: p, NarHash: hash.Digest{Algo: hash.SHA256, Sum: sum(n)}}}
			}
			answers = append(answers, a)
		}
		if got := substitute.Compare(p, x.local, answers); got.Verdict != x.want {
			t.Errorf("%v and %v: %v, not %v", x.local, x.claims, got.Verdict, x.want)
		}
	}
}
