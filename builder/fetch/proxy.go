package fetch

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Proxies returns what HTTP.Proxy takes from the usual variables http_proxy,
// https_proxy, all_proxy and no_proxy, in lower or upper case, which getenv
// looks up. no_proxy holds host names (with all below them), addresses and
// networks, or "*".
func Proxies(getenv func(string) string) func(*http.Request) (*url.URL, error) {
	get := func(name string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return getenv(strings.ToUpper(name))
	}
	byScheme := map[string]string{"http": get("http_proxy"), "https": get("https_proxy")}
	all := get("all_proxy")
	except := strings.FieldsFunc(get("no_proxy"), func(r rune) bool { return r == ',' || r == ' ' })
	return func(req *http.Request) (*url.URL, error) {
		p := byScheme[req.URL.Scheme]
		if p == "" {
			p = all
		}
		if p == "" || excepted(req.URL, except) {
			return nil, nil
		}
		if !strings.Contains(p, "://") {
			p = "http://" + p
		}
		return url.Parse(p)
	}
}

// excepted says whether no proxy is to be used for a URL.
func excepted(u *url.URL, except []string) bool {
	host := strings.ToLower(u.Hostname())
	addr, addrErr := netip.ParseAddr(host)
	if host == "localhost" || addrErr == nil && addr.IsLoopback() {
		return true
	}
	for _, e := range except {
		e = strings.ToLower(e)
		if h, port, err := net.SplitHostPort(e); err == nil {
			if port != u.Port() {
				continue
			}
			e = h
		}
		if e == "*" || e == host {
			return true
		}
		if net, err := netip.ParsePrefix(e); err == nil && addrErr == nil && net.Contains(addr) {
			return true
		}
		if addrErr != nil && strings.HasSuffix(host, "."+strings.TrimPrefix(strings.TrimPrefix(e, "*"), ".")) {
			return true
		}
	}
	return false
}
