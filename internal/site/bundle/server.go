package bundle

import (
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/site/nginx"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// Server is the server of the bundle's files, as the Dockerfile sets it up and its
// configuration describes it.
type Server struct {
	Port   int    // that it listens on, in its container
	Host   string // value of the Host header that leads to the site; "" for any
	Health suite.Health

	config   *nginx.Config // nil where main is a file of a base that is not known yet
	main     string        // path of the main configuration file, in the image
	places   places
	complete bool // every file of the configuration could be read
}

// Server reads the server's configuration as the Dockerfile puts it into the image. base are
// the files of the base image, or nil where they are not known yet: what the configuration
// includes of them is unknown then. Paths of the image in messages are those of the files
// that are copied there.
func (b Bundle) Server(d imagebuild.Dockerfile, base fs.FS) (s Server, err error) {
	context := b.Layout()
	layout, err := d.Layout(imagebuild.Input{Context: context})
	if err != nil {
		return s, err
	}
	s.places = b.place(layout.Files)
	files := &imageFS{context: context, copied: s.places.conf, base: base}
	main := configFile(layout.Command)
	if base == nil && s.places.conf[main] == "" {
		s.main, s.Port, s.Health = main, exposed(layout.Ports), suite.Health{Path: "/"}
		return s, nil
	}
	if s.config, err = nginx.Read(files, strings.TrimPrefix(path.Clean(main), "/"), s.places.hostName); err != nil {
		return s, err
	}
	s.complete = !files.missed
	if s.Port, _ = s.config.Port(); s.Port == 0 {
		return s, fault.New(fault.Usage, "add the line listen 8080; to its server", "read %s: no server of it has a plain listen PORT, of IPv4 and without ssl", s.places.hostName(main))
	}
	s.Host, s.Health = s.config.ServerName(), s.health(layout.HealthCheck)
	if s.predict("/").Status != http.StatusOK && s.Health.Host != "" {
		s.preferHost(s.Health.Host)
	}
	return s, nil
}

// preferHost takes a host for that of the site if it is certain that it leads to a front page:
// a configuration may refuse hosts by conditions, not by server_name.
func (s *Server) preferHost(host string) {
	other := *s
	if other.Host = host; other.predict("/").Status == http.StatusOK {
		s.Host = host
	}
}

// Complete reports whether every file that the configuration includes is known.
func (s Server) Complete() bool { return s.complete }

// Hosts returns the names of other hosts without which the server does not start.
func (s Server) Hosts() []string {
	if s.config == nil {
		return nil
	}
	return s.config.Hosts()
}

// OnThisMachine returns what the server prints about its configuration with the files of this
// machine: instead of their paths in the image, and instead of wrong places.
func (s Server) OnThisMachine(log string) string {
	if s.config != nil {
		log = s.config.WithPlaces(log)
	}
	images := slices.SortedFunc(maps.Keys(s.places.conf), func(a, b string) int { return len(b) - len(a) }) // one may begin with another
	for _, image := range images {
		log = strings.ReplaceAll(log, image, s.places.hostName(image))
	}
	return log
}

// health returns the request that answers 200 once the server has started: the one of the
// image's health check, or else one that the configuration answers with 200.
func (s Server) health(command []string) suite.Health {
	if h, ok := healthOf(command, s.Port); ok {
		return h
	}
	for _, candidate := range append(s.config.HealthPaths(), "/") {
		if s.predict(candidate).Status == 200 {
			return suite.Health{Path: candidate}
		}
	}
	return suite.Health{Path: "/"}
}

// predict returns what is certain about the answer to a path.
func (s Server) predict(path string) nginx.Prediction {
	return s.Predict(nginx.Request{Method: "GET", Host: s.Host, Target: path})
}

// Predict returns what is certain about the answer to a request.
func (s Server) Predict(r nginx.Request) nginx.Prediction {
	if s.config == nil {
		return nginx.Prediction{Unknown: []nginx.Unknown{{What: "answer", Construct: s.main, Why: "it is a file of the base, which is not known yet"}}}
	}
	return s.config.Predict(s.places.tree, r)
}

// exposed returns the first TCP port of EXPOSE, or Nginx's default.
func exposed(ports []string) int {
	for _, p := range ports {
		if number, ok := strings.CutSuffix(p, "/tcp"); ok {
			if n, err := strconv.Atoi(number); err == nil {
				return n
			}
		}
	}
	return 80
}

// defaultConfig is the configuration that Nginx reads if its command names none.
const defaultConfig = "/etc/nginx/nginx.conf"

// configFile returns the path of the main configuration file, by the option -c of the
// image's command.
func configFile(command []string) string {
	var words []string
	for _, w := range command {
		words = append(words, strings.Fields(w)...) // a shell's command is one word
	}
	if i := slices.IndexFunc(words, func(w string) bool { return path.Base(w) == "nginx" }); i >= 0 {
		words = words[i:]
	}
	if i := slices.Index(words, "-c"); i >= 0 && i+1 < len(words) {
		return strings.Trim(words[i+1], `"';`)
	}
	return defaultConfig
}
