package emulation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/mcp-payments/mcp-payments/capabilities/emulation"
)

var start = time.Date(2025, time.March, 1, 12, 0, 0, 0, time.UTC)

func TestManualClockRunsWhatFallsDueInOrder(t *testing.T) {
	clock := emulation.NewManualClock(start)
	var ran []string
	note := func(what string) func() {
		return func() { ran = append(ran, what+" at "+clock.Now().Sub(start).String()) }
	}
	clock.AfterFunc(3*time.Second, note("third"))
	clock.AfterFunc(time.Second, note("first"))
	clock.AfterFunc(time.Second, note("second"))
	clock.AfterFunc(9*time.Second, note("too late"))
	clock.AfterFunc(4*time.Second, func() { clock.AfterFunc(time.Second, note("nested")) })

	clock.Advance(5 * time.Second)

	want := []string{"first at 1s", "second at 1s", "third at 3s", "nested at 5s"}
	if !slices.Equal(ran, want) {
		t.Errorf("ran %q, want %q", ran, want)
	}
	if got := clock.Now(); !got.Equal(start.Add(5 * time.Second)) {
		t.Errorf("the clock stands at %v", got)
	}
	if got := clock.Timers(); got != 1 {
		t.Errorf("%d timers are left, want 1", got)
	}
}

func TestManualClockLetsEvenWhatIsDueAtOnceWait(t *testing.T) {
	clock := emulation.NewManualClock(start)
	ran := 0
	clock.AfterFunc(0, func() { ran++ })
	clock.AfterFunc(-time.Hour, func() { ran++ })
	if ran != 0 {
		t.Fatal("a callback ran before AfterFunc had returned")
	}
	clock.Advance(0)
	if ran != 2 || !clock.Now().Equal(start) {
		t.Errorf("%d callbacks ran, and the clock stands at %v", ran, clock.Now())
	}
}

func TestManualClockStops(t *testing.T) {
	clock := emulation.NewManualClock(start)
	ran := false
	stop := clock.AfterFunc(time.Second, func() { ran = true })
	if !stop() {
		t.Error("stopping a waiting call reports that it was not stopped")
	}
	if stop() {
		t.Error("stopping twice reports twice that it was stopped")
	}
	clock.Advance(time.Minute)
	if ran {
		t.Error("a stopped call ran")
	}
	late := clock.AfterFunc(0, func() {})
	clock.Advance(0)
	if late() {
		t.Error("stopping a call that has run reports that it was stopped")
	}
}
