package release

import "regexp"

// Stream is a line of kernels that is numbered by itself. Versions of different
// streams are never compared.
type Stream string

// The streams that kernel.org and its projects publish.
const (
	Upstream Stream = "upstream" // 6.12.117, 7.3, 7.3-rc4
	Next     Stream = "next"     // next-20260925: linux-next, a new tree every day
	RT       Stream = "rt"       // 6.12.111-rt10: the real-time patches over a release
	CIP      Stream = "cip"      // 6.12.111-cip32, 6.12.111-cip32-rt5: the civil infrastructure platform's
	Unknown  Stream = "unknown"
)

// streams tells each stream by its names. A -cip that carries -rt is CIP's.
var streams = []struct {
	stream Stream
	form   *regexp.Regexp
}{
	{Upstream, form},
	{Next, regexp.MustCompile(`^next-\d{8}$`)},
	{CIP, regexp.MustCompile(`^v?\d+\.\d+(?:\.\d+)?(?:-rc\d+)?-cip\d+(?:-rt\d+)?$`)},
	{RT, regexp.MustCompile(`^v?\d+\.\d+(?:\.\d+)?(?:-rc\d+)?-rt\d+$`)},
}

// StreamOf tells which stream a name belongs to.
func StreamOf(name string) Stream {
	for _, s := range streams {
		if s.form.MatchString(name) {
			return s.stream
		}
	}
	return Unknown
}

// what says in words what a stream's names stand for.
func (s Stream) what() string {
	switch s {
	case Next:
		return "linux-next, a tree of one day"
	case RT:
		return "a level of the real-time patches"
	case CIP:
		return "a level of the civil infrastructure platform's patches"
	}
	return "no kernel version"
}
