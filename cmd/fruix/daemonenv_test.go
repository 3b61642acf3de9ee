package main

import "testing"

// TestDaemonsEnvironment: of the daemon's environment, builds of those who are not
// trusted get proxies and nothing else.
func TestDaemonsEnvironment(t *testing.T) {
	t.Parallel()
	s := newServedStore(t)
	s.own.env = append(s.own.env, "SECRET_TOKEN=hush", "https_proxy=http://127.0.0.1:9")
	s.start(t)
	shows := func(name string) string {
		return expr(`(computed-file "` + name + `"
  #~(begin (format #t "~a: token <~a> proxy <~a>~%" #$(string-append "` + name + `") (getenv "SECRET_TOKEN") (getenv "https_proxy")) (exit 1))
  #:options (list #:leaked-env-vars (list "SECRET_TOKEN" "https_proxy") #:hash-algo (quote sha256) #:hash (make-bytevector 32 1)))`)
	}
	s.other.refused(t, "other: token <> proxy <http://127.0.0.1:9>", "build", shows("other"))
	s.own.env = append(s.own.env, "FRUIX_DAEMON_SOCKET="+s.socket)
	s.own.refused(t, "own: token <hush> proxy <http://127.0.0.1:9>", "build", shows("own"))
}
