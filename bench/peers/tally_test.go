//go:build linux

package main

import "testing"

func TestAHistogramFindsAValueAgainWithinThreePercent(t *testing.T) {
	for us := int64(0); us < 100_000_000; us += 1 + us/50 {
		low := lowestOf(bucketOf(us))
		if low > us || float64(us-low) > 0.032*float64(us)+1 {
			t.Fatalf("%d is found as %d", us, low)
		}
	}
}

func TestPercentilesCountEachValueOnce(t *testing.T) {
	var h histogram
	for us := int64(1); us <= 1000; us++ {
		h.add(us * 1000)
	}
	points := h.points()
	if median := points[0].Ms; median < 480 || median > 500 {
		t.Fatalf("the median of 1..1000 ms is %v", median)
	}
	if most := points[len(points)-1].Ms; most < 960 || most > 1000 {
		t.Fatalf("the largest of 1..1000 ms is %v", most)
	}
}

func TestAMarkIsReadAsItWasWritten(t *testing.T) {
	l := &load{tally: &tally{perClient: 2}}
	c := &client{load: l}
	l.loop = &loop{now: 1_000_500}
	c.count(payload(1, 1_000_000, 128))
	c.count(payload(2, 1_000_400, 128))
	if l.tally.deliveries != 2 || l.tally.misordered != 0 {
		t.Fatalf("%+v", l.tally)
	}
	c.count(payload(2, 1_000_400, 128))
	if l.tally.misordered != 1 {
		t.Fatal("a double is not noticed")
	}
	if got := len(payload(7, 1, 128)); got != 128 {
		t.Fatalf("a payload of 128 bytes has %d", got)
	}
}

func TestAClientOfSeveralChannelsIsCompleteWithEachNumberOfEach(t *testing.T) {
	c := &client{load: &load{tally: &tally{}, loop: &loop{}}, channels: []string{"a", "b"}}
	for _, sequence := range []int64{1, 2, 1} {
		c.count(payload(sequence, 0, 128))
	}
	if c.isComplete(2) {
		t.Fatal("one is missing")
	}
	c.count(payload(2, 0, 128))
	if !c.isComplete(2) {
		t.Fatal("all are there")
	}
	c.count(payload(2, 0, 128))
	if c.isComplete(2) {
		t.Fatal("one came twice")
	}
}
