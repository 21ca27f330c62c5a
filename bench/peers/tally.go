//go:build linux

// Counts what is received in one run: how much, whether complete and in order for each subscriber, and how late.
package main

import (
	"math/bits"
)

// tally is one run. Its counts are exact: anything lost, doubled or out of order makes the run faulty.
type tally struct {
	// resultOf is the request that waits for the end of the run; 0: none.
	resultOf int
	expected int64
	// perClient is the number of publications that each client must get in each of its channels.
	perClient  int64
	deliveries int64
	misordered int64
	replies    int64
	cuts       int64
	startedUs  int64
	lastUs     int64
	latency    histogram
	told       int64
}

// histogram has 32 buckets for each power of two of microseconds.
type histogram struct {
	counts [64 * 32]int64
	total  int64
}

func bucketOf(us int64) int {
	if us < 32 {
		return int(max(0, us))
	}
	shift := bits.Len64(uint64(us)) - 6
	return (shift+1)*32 + int(us>>shift) - 32
}

func (h *histogram) add(us int64) {
	h.counts[bucketOf(us)]++
	h.total++
}

type latencyPoint struct {
	Percentile float64 `json:"percentile"`
	Ms         float64 `json:"ms"`
}

func (h *histogram) points() []latencyPoint {
	points := []latencyPoint{}
	if h.total == 0 {
		return points
	}
	for _, percentile := range []float64{50, 90, 99, 99.9, 100} {
		wanted := max(1, int64(percentile/100*float64(h.total)+0.5))
		var seen int64
		for bucket, count := range h.counts {
			if seen += count; seen >= wanted {
				points = append(points, latencyPoint{percentile, float64(lowestOf(bucket)) / 1000})
				break
			}
		}
	}
	return points
}

func lowestOf(bucket int) int64 {
	if bucket < 64 {
		return int64(bucket)
	}
	shift := bucket/32 - 1
	return int64(bucket%32+32) << shift
}

type runResult struct {
	Deliveries int64          `json:"deliveries"`
	Expected   int64          `json:"expected"`
	Misordered int64          `json:"misordered"`
	Incomplete int64          `json:"incomplete"`
	Replies    int64          `json:"replies"`
	Cuts       int64          `json:"cuts"`
	ElapsedMs  float64        `json:"elapsedMs"`
	Latency    []latencyPoint `json:"latency"`
}
