package nginx

import (
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// effect is what a directive that the model does not follow can change.
type effect struct {
	what []string // as in Unknown.What; empty for nothing
	why  string
}

var (
	harmless = effect{}
	content  = effect{[]string{"answer"}, "the model does not know what it answers"}
	filter   = effect{[]string{"body", "header Accept-Ranges", "header Etag", "header Last-Modified"}, "it changes the body"}
)

// affects are the directives that can change an answer in ways that the model does not follow.
var affects = map[string]effect{
	"proxy_pass": content, "fastcgi_pass": content, "uwsgi_pass": content, "scgi_pass": content, "grpc_pass": content,
	"memcached_pass": content, "tunnel_pass": content, "js_content": content, "perl": content, "echo": content, "stub_status": content, "empty_gif": content,
	"flv": content, "mp4": content, "hls": content, "f4f": content, "slice": content, "random_index": content, "image_filter": content, "xslt_stylesheet": content,
	"status": content, "api": content, "prometheus": content,
	"auth_request": {[]string{"answer"}, "another request decides"}, "auth_jwt": {[]string{"answer"}, "a token decides"},
	"js_access": {[]string{"answer"}, "a script decides"}, "mirror": {[]string{"answer"}, "it sends a further request"},
	"limit_req": {[]string{"answer"}, "it depends on the rate of requests"}, "limit_conn": {[]string{"answer"}, "it depends on the number of connections"},
	"disable_symlinks": {[]string{"answer"}, "it depends on symbolic links"},
	"sub_filter":       filter, "add_before_body": filter, "add_after_body": filter, "subs_filter": filter, "js_body_filter": filter,
	"js_header_filter": {[]string{"headers"}, "a script changes headers"},
	"more_set_headers": {[]string{"headers"}, "it changes headers"}, "more_clear_headers": {[]string{"headers"}, "it changes headers"},
	"source_charset":   {[]string{"body", "header Content-Type"}, "it converts the body"},
	"autoindex_format": {[]string{"header Content-Type"}, "it changes the listing"},
}

// switches are directives like those of affects whose parameter off switches them off.
var switches = map[string]effect{
	"ssi": filter, "gunzip": {compressor.what, "it changes the encoding"},
	"brotli": compressor, "zstd": compressor, "brotli_static": compressor, "zstd_static": compressor,
	"userid": {[]string{"header Set-Cookie", "header P3p"}, "it sets a cookie"}, "dav_methods": {[]string{"answer"}, "it answers further methods"},
	"autoindex_localtime": harmless,
}

var compressor = effect{[]string{"body", "header Content-Encoding", "header Vary", "header Accept-Ranges", "header Etag"}, "it compresses"}

// inert are directives that change no answer that the model predicts, besides those with a
// prefix of inertPrefixes.
var inert = words(`
	user pid worker_processes worker_cpu_affinity worker_priority worker_rlimit_core worker_rlimit_nofile worker_rlimit_sigpending
	worker_shutdown_timeout working_directory daemon master_process debug_points env error_log events load_module lock_file pcre_jit
	ssl_engine thread_pool timer_resolution stream mail use quic_bpf google_perftools_profiles
	access_log log_format log_not_found log_subrequest open_log_file_cache rewrite_log uninitialized_variable_warn
	aio aio_write directio directio_alignment sendfile sendfile_max_chunk tcp_nodelay tcp_nopush send_lowat send_timeout
	output_buffers postpone_output read_ahead open_file_cache open_file_cache_valid open_file_cache_errors open_file_cache_min_uses
	open_file_cache_events client_body_buffer_size client_body_in_file_only client_body_in_single_buffer client_body_temp_path
	client_body_timeout client_body_early_read client_header_buffer_size client_header_timeout client_max_body_size large_client_header_buffers max_headers
	connection_pool_size request_pool_size subrequest_output_buffer_size chunked_transfer_encoding
	keepalive_disable keepalive_requests keepalive_time keepalive_timeout keepalive_min_timeout lingering_close lingering_time
	lingering_timeout reset_timedout_connection limit_rate limit_rate_after ignore_invalid_headers underscores_in_headers
	types_hash_bucket_size types_hash_max_size variables_hash_bucket_size variables_hash_max_size server_names_hash_bucket_size
	server_names_hash_max_size map_hash_bucket_size map_hash_max_size referer_hash_bucket_size referer_hash_max_size
	resolver resolver_timeout server_tokens etag if_modified_since msie_padding msie_refresh auth_delay post_action upstream
	limit_req_zone limit_req_status limit_req_log_level limit_req_dry_run limit_conn_zone limit_conn_status limit_conn_log_level
	limit_conn_dry_run limit_zone gzip_buffers gzip_comp_level gzip_disable gzip_hash gzip_http_version gzip_no_buffer gzip_proxied
	gzip_window postpone_gzipping gunzip_buffers autoindex_exact_size ssi_types ssi_silent_errors ssi_value_length
	ssi_min_file_chunk ssi_last_modified sub_filter_types sub_filter_once sub_filter_last_modified addition_types add_trailer
	add_trailer_inherit charset_map override_charset min_delete_depth dav_access create_full_put_path mirror_request_body early_hints
	set_real_ip_from real_ip_header real_ip_recursive http2 http3 http3_hq quic_active_connection_id_limit quic_gso quic_host_key quic_retry
	geoip_country geoip_city geoip_org geoip_proxy geoip_proxy_recursive secure_link secure_link_md5 secure_link_secret
	allow_connect ancient_browser ancient_browser_value modern_browser modern_browser_value perl_modules perl_require
	js_import js_path js_include js_preload_object split_clients geo js_set js_var perl_set
	auth_request_set keyval keyval_zone zone proxy_cache_path
`)

var inertPrefixes = []string{
	"proxy_", "fastcgi_", "uwsgi_", "scgi_", "grpc_", "memcached_", "ssl_", "http2_", "http3_", "quic_", "brotli_", "zstd_",
	"userid_", "js_fetch_", "js_shared_dict", "geoip2", "autoindex_", "auth_jwt_", "acme_",
}

// definers are directives that define variables whose values the model does not know.
var definers = words("geo split_clients js_set js_var perl_set auth_request_set keyval geoip2 set_by_lua set_by_lua_block")

func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(text) {
		set[w] = true
	}
	return set
}

// effectOf returns what a directive that the model does not follow can change.
func effectOf(d *conf.Directive) effect {
	if d.Missing {
		return missing(d)
	}
	if e, ok := affects[d.Name]; ok {
		return e
	}
	if e, ok := switches[d.Name]; ok {
		if len(d.Args) == 1 && d.Args[0] == "off" {
			return harmless
		}
		return e
	}
	if _, ok := forms[d.Name]; ok || inert[d.Name] {
		return harmless
	}
	for _, p := range inertPrefixes {
		if strings.HasPrefix(d.Name, p) {
			return harmless
		}
	}
	return effect{[]string{"answer"}, "the model does not know this directive"}
}

// missing returns what an include can change whose files are the base image's. A few names
// have one meaning everywhere.
func missing(d *conf.Directive) effect {
	name := d.Args[0][strings.LastIndexByte(d.Args[0], '/')+1:]
	switch name {
	case "fastcgi_params", "fastcgi.conf", "uwsgi_params", "scgi_params", "proxy_params", "koi-utf", "koi-win", "win-utf", "mime.types":
		return harmless // of mime.types, see typesOf
	}
	if strings.Contains(d.Args[0], "modules") {
		return harmless
	}
	return effect{[]string{"answer"}, "the file is none of the site, so the model does not know it"}
}
