package suite

import "testing"

func TestSameURL(t *testing.T) {
	const host = "site.example:8080"
	for _, pair := range [][2]string{
		{"/x/(y)/", "/x/%28y%29/"}, {"/what's-new/", "/what%27s-new/"}, {"/[id]/", "/%5bid%5D/"}, {"/c++/", "/c%2B%2B/"},
		{"/%e2%82%ac", "/%E2%82%AC"}, {"/€", "/%E2%82%AC"}, {"/a", "http://site.example/a"}, {"/a", "http://SITE.example:8080/a"},
		{"/?q=(1)", "/?q=%281%29"}, {"/", "http://site.example"}, {"/?x", "http://site.example?x"}, {"/100%25", "/100%25"}, {"/%zz", "/%zz"},
	} {
		if !sameURL(pair[0], pair[1], host) {
			t.Errorf("%s and %s lead to the same place", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{
		{"/a?b/", "/a%3Fb/"}, {"/a/b", "/a%2fb"}, {"/a", "https://site.example/a"}, {"/a", "http://other.example/a"}, {"/a", "//site.example/a"},
		{"/a", "/A"}, {"/a?", "/a"}, {"/a%2523", "/a%23"}, {"/a#b", "/a%23b"}, {"/?a=1%262", "/?a=1&2"},
	} {
		if sameURL(pair[0], pair[1], host) {
			t.Errorf("%s and %s lead to different places", pair[0], pair[1])
		}
	}
}
