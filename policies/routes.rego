# What is reached from outside is behind the login, but for the API, where a login by password or token serves; and nobody's
# identity headers get through where the login does not set them.
package plumb.policies.routes

import rego.v1

prefix := "nginx.ingress.kubernetes.io/"

# Every header by which OAuth2 Proxy and its like tell who somebody is.
identity := {
	"remote-user",
	"x-auth-request-access-token",
	"x-auth-request-email",
	"x-auth-request-groups",
	"x-auth-request-preferred-username",
	"x-auth-request-user",
	"x-forwarded-access-token",
	"x-forwarded-email",
	"x-forwarded-groups",
	"x-forwarded-preferred-username",
	"x-forwarded-user",
	"x-remote-user",
}

# The component has a login of this kind.
has_login if {
	some object_ in input.objects
	object_.kind == "Service"
	object_.metadata.name == "oauth2-proxy"
}

ingresses contains {
	"index": index,
	"paths": {path.path |
		some rule in object.get(object_, ["spec", "rules"], [])
		some path in object.get(rule, ["http", "paths"], [])
	},
	# OAuth2 Proxy carries the others itself, which is a login too.
	"uncarried": {path.path |
		some rule in object.get(object_, ["spec", "rules"], [])
		some path in object.get(rule, ["http", "paths"], [])
		object.get(path, ["backend", "service", "name"], "") != "oauth2-proxy"
	},
	"annotations": object.get(object_, ["metadata", "annotations"], {}),
} if {
	some index, object_ in input.objects
	object_.kind == "Ingress"
}

is_api(path) if path == "/api"

is_api(path) if startswith(path, "/api/")

is_login(path) if path == "/oauth2"

is_login(path) if startswith(path, "/oauth2/")

at(name) := ["metadata", "annotations", concat("", [prefix, name])]

annotation(found, name) := object.get(found.annotations, concat("", [prefix, name]), "")

# Headers that nginx takes from the answer to auth-url, and so never from the visitor.
overwritten(found) := {lower(trim_space(name)) |
	annotation(found, "auth-url") != ""
	some name in split(annotation(found, "auth-response-headers"), ",")
}

violations contains {
	"index": found.index,
	"path": at("auth-url"),
	"message": sprintf("The API (%s) is behind the login, which no client of the API can pass", [path]),
	"fix": "Give the API an Ingress of its own, without auth-signin and with another auth-url than the login's.",
} if {
	has_login
	some found in ingresses
	some path in found.paths
	is_api(path)
	contains(annotation(found, "auth-url"), "/oauth2/auth")
}

violations contains {
	"index": found.index,
	"path": at("auth-signin"),
	"message": sprintf("The API (%s) sends who has no credentials to a login page instead of answering 401", [path]),
	"fix": "Leave auth-signin out of the API's Ingress.",
} if {
	some found in ingresses
	some path in found.paths
	is_api(path)
	annotation(found, "auth-signin") != ""
}

violations contains {
	"index": found.index,
	"path": ["spec", "rules"],
	"message": sprintf("%s is open to everybody: no login stands before it", [path]),
	"fix": "Set auth-url and auth-signin as the main Ingress has them.",
} if {
	has_login
	some found in ingresses
	some path in found.uncarried
	not is_api(path)
	not is_login(path)
	not protected(found)
}

protected(found) if {
	contains(annotation(found, "auth-url"), "/oauth2/auth")
	annotation(found, "auth-signin") != ""
}

# What the controller's own check of annotations lets pass.
violations contains {
	"index": found.index,
	"path": at("auth-signin"),
	"message": "ingress-nginx ignores this auth-signin: strangers get 401 and no login",
	"fix": "Use letters, digits and -._~/:,?&=$ only. rd need not be escaped.",
} if {
	some found in ingresses
	not regex.match(`^[-._~a-zA-Z0-9/:,?&=$ ]*$`, annotation(found, "auth-signin"))
}

violations contains {
	"index": found.index,
	"path": at("auth-response-headers"),
	"message": sprintf("A visitor's own %s reaches the backend", [concat(", ", sort(missing))]),
	"fix": "List them in auth-response-headers: nginx then takes them from the answer to auth-url only. The API has an auth-url that always answers 200.",
} if {
	has_login
	some found in ingresses
	some path in found.paths
	not is_login(path)
	missing := identity - overwritten(found)
	count(missing) > 0
}

violations contains {
	"index": found.index,
	"path": at(name),
	"message": sprintf("%s puts text into the configuration of the ingress for all", [name]),
	"fix": "Leave it out: ingress-nginx refuses it unless an administrator has switched it on.",
} if {
	some found in ingresses
	some name in ["auth-snippet", "configuration-snippet", "server-snippet", "stream-snippet"]
	annotation(found, name) != ""
}

violations contains {
	"index": index,
	"path": ["spec", "tls"],
	"message": sprintf("Host %s is served without TLS", [rule.host]),
	"fix": "Name it in spec.tls with the Secret of its certificate.",
} if {
	some index, object_ in input.objects
	object_.kind == "Ingress"
	some rule in object.get(object_, ["spec", "rules"], [])
	not rule.host in {host |
		some entry in object.get(object_, ["spec", "tls"], [])
		entry.secretName
		some host in entry.hosts
	}
}

violations contains {
	"index": index,
	"path": ["spec", "rules", number],
	"message": "A rule without a host takes the requests of every host",
	"fix": "Name the host.",
} if {
	some index, object_ in input.objects
	object_.kind == "Ingress"
	some number, rule in object.get(object_, ["spec", "rules"], [])
	not rule.host
}

# The Gateway API: a match for each route, with the filters of its rule.
matches contains {
	"index": index,
	"path": ["spec", "rules", number],
	"value": object.get(match, ["path", "value"], "/"),
	"backends": {backend.name | some backend in object.get(rule, "backendRefs", [])},
	"removed": {lower(name) |
		some filter in object.get(rule, "filters", [])
		some name in object.get(filter, ["requestHeaderModifier", "remove"], [])
	},
} if {
	some index, object_ in input.objects
	object_.kind == "HTTPRoute"
	some number, rule in object.get(object_, ["spec", "rules"], [])
	some match in object.get(rule, "matches", [{"path": {"value": "/"}}])
}

violations contains {
	"index": found.index,
	"path": found.path,
	"message": sprintf("%s is open to everybody: it leads past the login", [found.value]),
	"fix": "Lead it to the Service oauth2-proxy, with the backend as its upstream.",
} if {
	has_login
	some found in matches
	not is_api(found.value)
	found.backends != {"oauth2-proxy"}
}

# OAuth2 Proxy itself replaces what it is sent.
violations contains {
	"index": found.index,
	"path": found.path,
	"message": sprintf("A visitor's own %s reaches the backend", [concat(", ", sort(missing))]),
	"fix": "Remove them with a RequestHeaderModifier filter.",
} if {
	has_login
	some found in matches
	found.backends != {"oauth2-proxy"}
	missing := identity - found.removed
	count(missing) > 0
}

violations contains {
	"index": index,
	"path": ["spec", "parentRefs"],
	"message": "The route hangs on every listener of its gateway, the one without TLS too",
	"fix": "Name the listener with sectionName: https.",
} if {
	some index, object_ in input.objects
	object_.kind == "HTTPRoute"
	some parent in object.get(object_, ["spec", "parentRefs"], [])
	not contains(object.get(parent, "sectionName", ""), "https")
}
