package tls_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fruix/interp"
	"fruix/interp/tls"
	"fruix/stdlib"
)

// TestClient fetches pages by https: with the server's certificate known, with
// none that is, and without looking.
func TestClient(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, strings.Repeat("ä"+r.URL.Path, 20000))
	}))
	defer server.Close()
	known, unknown := t.TempDir(), t.TempDir()
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(known, "server.pem"), cert, 0o644); err != nil {
		t.Fatal(err)
	}
	e, err := interp.New(interp.Options{Stdlib: stdlib.FS})
	if err != nil {
		t.Fatal(err)
	}
	fetch := `(catch #t
	  (lambda ()
	    (parameterize ((x509-certificate-directory "%s"))
	      (call-with-values (lambda () (http-get "%s/page" #:verify-certificate? %s))
	        (lambda (response body)
	          (list (response-code response) (string-length body) (string-take body 6))))))
	  (lambda (key . args) (cons key (if (and (pair? args) (symbol? (car args))) (list (car args)) '()))))`
	use := `(use-modules (web client) (web response))`
	if _, err := e.Eval(context.Background(), use, "test"); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct{ dir, verify, want string }{
		{known, "#t", "(misc-error)"}, // before the natives are there
		{known, "#t", `(200 120000 "ä/page")`},
		{unknown, "#t", "(tls-certificate-error invalid-certificate)"},
		{unknown, "#f", `(200 120000 "ä/page")`},
	} {
		if i == 1 {
			e.Register(tls.Module, tls.Natives()...)
		}
		v, err := e.Eval(context.Background(), fmt.Sprintf(fetch, c.dir, server.URL, c.verify), "test")
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Write(v); got != c.want {
			t.Errorf("verify %s: %s, want %s", c.verify, got, c.want)
		}
	}
}
