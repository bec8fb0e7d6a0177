package plumb.policies.routes_test

import rego.v1

import data.plumb.policies.routes

login := {"kind": "Service", "metadata": {"name": "oauth2-proxy"}}

headers := concat(",", routes.identity)

ingress(path, annotations) := {
	"kind": "Ingress",
	"metadata": {"name": "i", "annotations": {concat("", [routes.prefix, name]): value | some name, value in annotations}},
	"spec": {
		"tls": [{"hosts": ["h"], "secretName": "s"}],
		"rules": [{"host": "h", "http": {"paths": [{"path": path}]}}],
	},
}

found(object_) := total if {
	total := count(routes.violations) with input as {"objects": [login, object_]}
}

behind_login := {"auth-url": "https://$host/oauth2/auth", "auth-signin": "https://$host/oauth2/start", "auth-response-headers": headers}

open_to_all := {"auth-url": "http://oauth2-proxy.mine.svc/ping", "auth-response-headers": headers}

test_the_api_passes if found(ingress("/api", open_to_all)) == 0

test_the_rest_passes_behind_the_login if found(ingress("/", behind_login)) == 0

test_the_login_itself_passes if found(ingress("/oauth2", {})) == 0

test_the_api_behind_the_login if found(ingress("/api", behind_login)) == 2

test_the_api_with_headers_of_visitors if found(ingress("/api", {})) == 1

test_one_header_of_many if {
	most := concat(",", routes.identity - {"remote-user"})
	found(ingress("/api", object.union(open_to_all, {"auth-response-headers": most}))) == 1
}

test_headers_without_auth_url_are_not_replaced if found(ingress("/api", {"auth-response-headers": headers})) == 1

test_the_rest_without_login if found(ingress("/static", open_to_all)) == 1

test_the_rest_carried_by_the_login if {
	carried := json.patch(ingress("/", open_to_all), [{
		"op": "add",
		"path": "/spec/rules/0/http/paths/0/backend",
		"value": {"service": {"name": "oauth2-proxy"}},
	}])
	found(carried) == 0
}

test_a_login_page_that_is_ignored if {
	escaped := {"auth-signin": "https://$host/oauth2/start?rd=%2Fsso%2F"}
	found(ingress("/", object.union(behind_login, escaped))) == 1
}

test_snippets if found(ingress("/api", object.union(open_to_all, {"configuration-snippet": "x"}))) == 1

test_without_tls if {
	found(json.remove(ingress("/", behind_login), ["/spec/tls"])) == 1
}

route(path, backend, filters) := {
	"kind": "HTTPRoute",
	"spec": {
		"parentRefs": [{"name": "g", "sectionName": "https"}],
		"rules": [{"matches": [{"path": {"value": path}}], "filters": filters, "backendRefs": [{"name": backend}]}],
	},
}

stripping := [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": [name | some name in routes.identity]}}]

test_routes_pass if {
	found(route("/api", "backend", stripping)) == 0
	found(route("/", "oauth2-proxy", [])) == 0
}

test_a_route_past_the_login if found(route("/", "ui", stripping)) == 1

test_a_route_that_strips_nothing if found(route("/api", "backend", [])) == 1

test_a_route_on_every_listener if {
	bare := json.remove(route("/", "oauth2-proxy", []), ["/spec/parentRefs/0/sectionName"])
	found(bare) == 1
}
