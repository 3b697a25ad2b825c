package workshop

import "testing"

func TestBenchmarksAreRead(t *testing.T) {
	rows := benchRows(`goos: linux
BenchmarkUnpack-2   	       1	43210987654 ns/op	         1.300 bound	       120.0 ours-MiB	         7.500 ours-s	         3.000 runs	        10.00 theirs-s
BenchmarkOther-2    	       1	12 ns/op
PASS`)
	want := BenchRow{Name: "unpack", Against: "xz -dc | tar -x", Ours: 7.5, Theirs: 10, Ratio: 0.75, Bound: 1.3, Runs: 3, Memory: 120}
	if len(rows) != 1 || rows[0] != want {
		t.Errorf("got %+v", rows)
	}
	if err := (Bench{Rows: rows}).err(); err != nil {
		t.Error(err)
	}
	rows[0].Ratio = 1.31
	if (Bench{Rows: rows}).err() == nil || (Bench{}).err() == nil {
		t.Error("a ratio above its bound, or none at all, is no error")
	}
}
