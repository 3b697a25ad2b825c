package nginx

import (
	"slices"
	"testing"
	"testing/fstest"
)

// TestHosts finds the hosts that Nginx resolves at its start, and no others.
func TestHosts(t *testing.T) {
	for text, want := range map[string][]string{
		`http { server { location / { proxy_pass http://api:3000; } } }`:                                                                                                    {"api"},
		`http { server { location / { proxy_pass https://API.example.com/v1/; } } }`:                                                                                        {"API.example.com"},
		`http { server { location / { proxy_pass http://127.0.0.1:3000; } } }`:                                                                                              nil,
		`http { server { location / { proxy_pass http://[::1]:3000; } } }`:                                                                                                  nil,
		`http { server { location / { proxy_pass http://localhost:3000; } } }`:                                                                                              nil,
		`http { server { location / { proxy_pass http://unix:/run/app.sock; } } }`:                                                                                          nil,
		`http { server { location / { proxy_pass http://unix:/run/app.sock:/v1; } } }`:                                                                                      nil,
		`http { server { location / { set $api api; proxy_pass http://$api:3000; } } }`:                                                                                     nil,
		`http { server { location / { proxy_pass http://api:3000$request_uri; } } }`:                                                                                        nil,
		`http { upstream backend { server app_1:9000 weight=2; server 10.0.0.1; server unix:/x; } server { location / { proxy_pass http://Backend; } } }`:                   {"app_1"},
		`http { server { location ~ \.php$ { fastcgi_pass php-fpm:9000; } location /u { uwsgi_pass uwsgi://app:3031; } location /g { grpc_pass grpcs://grpc.svc:443; } } }`: {"app", "grpc.svc", "php-fpm"},
		`stream { server { listen 9000; proxy_pass db:5432; } }`:                                                                                                            {"db"},
		`error_log syslog:server=logs:514,tag=x info; http { access_log syslog:facility=local7,server=logs; access_log /dev/stdout; }`:                                      {"logs"},
		`http { resolver dns.local:53 10.0.0.2 valid=10s ipv6=off; set_real_ip_from lb; set_real_ip_from 10.0.0.0/8; }`:                                                     {"dns.local", "lb"},
		`error_log stderr; http { access_log off; map $uri $x { server api; proxy_pass http://api; } server { listen 80; } }`:                                               nil,
	} {
		c, err := Read(fstest.MapFS{"nginx.conf": {Data: []byte(text)}}, "nginx.conf", func(p string) string { return p })
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := c.Hosts(); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
