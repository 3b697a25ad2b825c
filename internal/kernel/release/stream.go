package release

import "regexp"

// Stream is a line of kernels with a numbering of its own. Versions of different streams
// are never compared.
type Stream string

// The streams that kernel.org and its projects publish.
const (
	Upstream Stream = "upstream" // 6.12.117, 7.3, 7.3-rc4
	Next     Stream = "next"     // next-20260925: linux-next, a new tree every day
	RT       Stream = "rt"       // 6.12.111-rt10: the real-time patches over a release
	CIP      Stream = "cip"      // 6.12.111-cip32, 6.12.111-cip32-rt5: with the patches of the civil infrastructure platform
	Unknown  Stream = "unknown"
)

// streams has the form of each stream's names. One with -cip and -rt is CIP's.
var streams = []struct {
	stream Stream
	form   *regexp.Regexp
}{
	{Upstream, form},
	{Next, regexp.MustCompile(`^next-\d{8}$`)},
	{CIP, regexp.MustCompile(`^v?\d+\.\d+(?:\.\d+)?(?:-rc\d+)?-cip\d+(?:-rt\d+)?$`)},
	{RT, regexp.MustCompile(`^v?\d+\.\d+(?:\.\d+)?(?:-rc\d+)?-rt\d+$`)},
}

// StreamOf returns the stream that a name belongs to.
func StreamOf(name string) Stream {
	for _, s := range streams {
		if s.form.MatchString(name) {
			return s.stream
		}
	}
	return Unknown
}

// description completes "it is".
func (s Stream) description() string {
	switch s {
	case Next:
		return "a daily tree of linux-next"
	case RT:
		return "a release with the real-time patches"
	case CIP:
		return "a release with the civil infrastructure platform's patches"
	}
	return "not a kernel version"
}
