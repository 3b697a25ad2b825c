package fetch

import (
	"slices"
	"testing"
)

func TestLayersAreCompared(t *testing.T) {
	under := contentOf("aa  /original/kernel/pid.c\nbb  /original/Makefile\ncc  /original/mm/slub.c\n", "/original/")
	before := contentOf("a1  /layers/x/upper/kernel/pid.c\ndd  /layers/x/upper/new.c\n", "/layers/x/upper/")
	now := contentOf("bb  /layers/y/upper/Makefile\nc  /layers/y/upper/mm/slub.c\nlpid.c  /layers/y/upper/kernel/link.c\n", "/layers/y/upper/")
	d := before.over(under).differ(now.over(under))
	if want := []string{"/source/kernel/link.c", "/source/kernel/pid.c"}; !slices.Equal(d.Changed, want) || d.Gone != 2 {
		t.Errorf("changed %v, gone %d; want %v and 2", d.Changed, d.Gone, want)
	}
}
