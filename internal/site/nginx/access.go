package nginx

import "slices"

// access decides by allow, deny and auth_basic. It returns 0, or the status of a refusal.
func (q *request) access() (int, error) {
	l := q.location
	if l.text("satisfy", "all") == "any" && l.holder("allow", "deny") != nil && l.find("auth_basic") != nil {
		return 0, at(l.find("satisfy"), "satisfy", "the model does not know addresses and passwords together")
	}
	refused, err := q.denied()
	if refused || err != nil {
		return 403, err
	}
	return q.unauthorized()
}

// denied decides by the address of the client, which the model does not know.
func (q *request) denied() (bool, error) {
	holder := q.location.holder("allow", "deny")
	if holder == nil {
		return false, nil
	}
	var verdicts []bool
	for _, d := range holder.Block {
		if d.Name != "allow" && d.Name != "deny" || d.Args[0] == "unix:" {
			continue
		}
		deny := d.Name == "deny"
		if verdicts = append(verdicts, deny); d.Args[0] != "all" {
			continue
		}
		if slices.Contains(verdicts, !deny) {
			return false, at(d, d.Name, "it depends on the client's address")
		}
		return deny, nil
	}
	if slices.Contains(verdicts, true) {
		return false, at(holder.Directive, "deny", "it depends on the client's address")
	}
	return false, nil
}

// unauthorized decides by auth_basic. A request with a password is not known.
func (q *request) unauthorized() (int, error) {
	d := q.location.find("auth_basic")
	if d == nil || q.location.find("auth_basic_user_file") == nil {
		return 0, nil
	}
	realm, err := q.expand(d.Args[0], d)
	if err == nil && realm == "off" {
		return 0, nil
	}
	if q.headers["Authorization"] != nil {
		return 0, at(d, "auth_basic", "the model knows no passwords")
	}
	if err == nil {
		q.out.add("WWW-Authenticate", `Basic realm="`+realm+`"`, nil)
	} else {
		q.out.add("WWW-Authenticate", "", err)
	}
	return 401, nil
}
