package remote

import (
	"testing"
	"time"
)

// TestPace: how many builds are sent ahead follows from how long the way is for what
// is done at its end.
func TestPace(t *testing.T) {
	for _, tt := range []struct {
		took, elsewhere time.Duration
		parallel, want  int
	}{
		{10 * time.Second, 50 * time.Millisecond, 4, 0}, // the way does not count
		{time.Second, 50 * time.Millisecond, 4, 1},
		{10 * time.Millisecond, 50 * time.Millisecond, 2, 13},
		{10 * time.Millisecond, 10 * time.Second, 2, 128}, // bounded
		{0, time.Second, 2, 128},
		{time.Minute, time.Minute, 8, 10}, // large inputs
	} {
		var p pace
		if n := p.waiting(tt.parallel); n != 0 {
			t.Errorf("%d are sent ahead before anything is known", n)
		}
		for range 50 {
			p.add(tt.took, tt.elsewhere)
		}
		if n := p.waiting(tt.parallel); n != tt.want {
			t.Errorf("%v there, %v on the way: %d are sent ahead, want %d", tt.took, tt.elsewhere, n, tt.want)
		}
	}
	// A change is followed soon.
	var p pace
	p.add(time.Minute, 0)
	for range 60 {
		p.add(10*time.Millisecond, 50*time.Millisecond)
	}
	if n := p.waiting(2); n == 0 {
		t.Error("one long build is remembered for too long")
	}
}
