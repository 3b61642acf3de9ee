package main

import (
	"regexp"
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	in := `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: nonsense\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- FAIL: TestA (0.00s)\n"}
{"Action":"fail","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:1: needs a peer\n"}
{"Action":"skip","Package":"p","Test":"TestB","Elapsed":0}
{"Action":"output","Package":"p","Test":"TestC","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestC/slow","Elapsed":3}
{"Action":"pass","Package":"p","Test":"TestC","Elapsed":3}
{"Action":"skip","Package":"p","Test":"TestD","Elapsed":0}
{"Action":"output","Package":"p","Test":"TestE","Output":"panic: oh\n"}
{"Action":"fail","Package":"p","Elapsed":1.25}
go: a warning
{"ImportPath":"q","Action":"build-output","Output":"q.go:1: syntax error\n"}
{"Action":"fail","Package":"q","Elapsed":0,"FailedBuild":"q"}
{"Action":"pass","Package":"r","Test":"TestF","Elapsed":20}
{"Action":"pass","Package":"r","Elapsed":21}
{"Action":"skip","Package":"none","Elapsed":0}
`
	want := `FAIL p.TestA
    a_test.go:1: nonsense
SKIP p.TestB (should run where everything is installed)
    b_test.go:1: needs a peer
SKIP p.TestD
FAIL p 1.2s
panic: oh
go: a warning
q.go:1: syntax error
FAIL q 0.0s
ok   r 21.0s
slow r.TestF 20.0s
slow p.TestC 3.0s
1 tests were skipped that should run where everything is installed
3 passed, 1 failed, 2 skipped
`
	var out strings.Builder
	s := summary{w: &out, strict: true, expected: regexp.MustCompile(`^p\.TestD$`), output: map[key][]string{}}
	if err := s.read(strings.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	s.finish()
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
	if s.failed != 1 || s.broken != 2 || s.unexpected != 1 {
		t.Errorf("%d failed, %d broken, %d unexpected", s.failed, s.broken, s.unexpected)
	}
}
