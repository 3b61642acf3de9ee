package main

import (
	"testing"

	"fruix/store"
)

func TestWaitText(t *testing.T) {
	for want, w := range map[string]store.Wait{
		"waiting for /frx/store/x, which process 7 is adding":          {Path: "/frx/store/x", Holder: "process 7"},
		"waiting for /frx/store/x, which somebody else is adding":      {Path: "/frx/store/x"},
		"waiting until process 7 has changed the profile /p":           {Profile: "/p", Holder: "process 7"},
		"waiting until process 7 has written to the store's database":  {Database: true, Holder: "process 7"},
		"waiting until somebody else is done with the store's journal": {Journal: true},
	} {
		if got := waitText(w); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
