# What CVAT needs in order to work and to be safe, beyond what holds for everything.
package plumb.policies.cvat

import rego.v1

import data.plumb.pods

# The server is told by its arguments, whatever the object is called.
servers contains found if {
	some found in pods.containers
	not found.initial
	words := array.concat(object.get(found.container, "command", []), object.get(found.container, "args", []))
	"run" in words
	"server" in words
}

is_cvat if count(servers) > 0

workers contains queue if {
	some found in pods.containers
	words := array.concat(object.get(found.container, "command", []), object.get(found.container, "args", []))
	some number
	words[number] == "worker"
	queue := words[other]
	other > number
}

# Environment of a container: plain, and from ConfigMaps of the component.
environment(found) := object.union(mapped, plain) if {
	plain := {variable.name: object.get(variable, "value", "(from a Secret)") | some variable in object.get(found.container, "env", [])}
	mapped := object.union_n([object.get(map, "data", {}) |
		some source in object.get(found.container, "envFrom", [])
		some map in input.objects
		map.kind == "ConfigMap"
		map.metadata.name == object.get(source, ["configMapRef", "name"], "")
	])
}

server_violation(found, message, fix) := {"index": found.index, "path": found.path, "message": message, "fix": fix}

violations contains server_violation(
	found,
	sprintf("No worker serves the queue %s: what is put there waits for ever", [queue]),
	sprintf("Add a Deployment of the server's image with the arguments run worker %s.", [queue]),
) if {
	some found in servers
	some queue in {"chunks", "cleaning", "export", "import", "notifications"}
	not queue in workers
}

violations contains server_violation(
	found,
	"Analytics is on, but DJANGO_LOG_SERVER_HOST is not set: CVAT throws its events away",
	"Run Vector, and name it there.",
) if {
	some found in servers
	object.get(environment(found), "CVAT_ANALYTICS", "0") == "1"
	object.get(environment(found), "DJANGO_LOG_SERVER_HOST", "") == ""
}

violations contains server_violation(
	found,
	"Analytics is on, but CLICKHOUSE_DB is not set: the database would be called None",
	"Name the database.",
) if {
	some found in servers
	object.get(environment(found), "CVAT_ANALYTICS", "0") == "1"
	object.get(environment(found), "CLICKHOUSE_DB", "") == ""
}

violations contains server_violation(
	found,
	sprintf("%s is not set, but Valkey asks for a password: the server never becomes ready", [name]),
	"Take it from a Secret.",
) if {
	some found in servers
	some name in ["CVAT_REDIS_INMEM_PASSWORD", "CVAT_REDIS_ONDISK_PASSWORD"]
	object.get(environment(found), name, "") == ""
}

violations contains object.union({"level": "warn"}, server_violation(
	found,
	"Queues and media cache share one Valkey: a day's image chunks can kill it, and the queued work with it",
	"Give the cache a store of its own, on disk.",
)) if {
	some found in servers
	host := object.get(environment(found), "CVAT_REDIS_ONDISK_HOST", "")
	host != ""
	host == object.get(environment(found), "CVAT_REDIS_INMEM_HOST", "")
}

violations contains server_violation(
	found,
	"ALLOWED_HOSTS is *: links in mails and exports follow whatever Host a visitor sends",
	"Name the public host, and those of the Services.",
) if {
	some found in servers
	object.get(environment(found), "ALLOWED_HOSTS", "") == "*"
}

violations contains server_violation(
	found,
	"CVAT uses the database as the platform's administrator",
	"Give it a role of its own, which owns nothing but its database.",
) if {
	some found in servers
	object.get(environment(found), "CVAT_POSTGRES_USER", "") in {"admin", "postgres", "root"}
}

violations contains server_violation(
	found,
	"CVAT asks for its rules at http://opa:8181, but the component has no Service named opa with that port",
	"Name the Service opa.",
) if {
	some found in servers
	count([service |
		some service in input.objects
		service.kind == "Service"
		service.metadata.name == "opa"
		some port in object.get(service, ["spec", "ports"], [])
		port.port == 8181
	]) == 0
}

# OAuth2 Proxy beside it.
proxies contains found if {
	some found in pods.containers
	some argument in object.get(found.container, "args", [])
	startswith(argument, "--oidc-issuer-url=")
}

violations contains server_violation(
	found,
	"OAuth2 Proxy has no cookie secret of its own: anybody can forge its cookie",
	"Set OAUTH2_PROXY_COOKIE_SECRET from a GeneratedSecret.",
) if {
	some found in proxies
	not "OAUTH2_PROXY_COOKIE_SECRET" in {variable.name | some variable in object.get(found.container, "env", []); variable.valueFrom.secretKeyRef}
}

violations contains server_violation(
	found,
	"OAuth2 Proxy's cookie has the name that every component's has: they log each other out",
	"Set --cookie-name to a name of its own.",
) if {
	some found in proxies
	some argument in found.container.args
	startswith(argument, "--cookie-domain=")
	count([name | some name in found.container.args; startswith(name, "--cookie-name=")]) == 0
}

violations contains server_violation(
	found,
	"OAuth2 Proxy puts the password that proves identities into its answers: every visitor can read it at /oauth2/auth",
	"Leave --set-basic-auth out, and lead the sign-in paths through OAuth2 Proxy with --pass-basic-auth.",
) if {
	some found in proxies
	some argument in found.container.args
	argument in {"--set-basic-auth", "--set-basic-auth=true"}
}

# OPA is ready when it has its rules, and is not restarted because it has none.
judges contains found if {
	some found in pods.containers
	some argument in object.get(found.container, "args", [])
	startswith(argument, "--set=bundles.")
}

violations contains server_violation(
	found,
	"OPA is called ready without its rules: every request to CVAT fails until they are there",
	"Set a readinessProbe on /health?bundles.",
) if {
	some found in judges
	not contains(object.get(found.container, ["readinessProbe", "httpGet", "path"], ""), "bundles")
}

violations contains server_violation(
	found,
	"OPA is restarted for ever while CVAT is away: its livenessProbe asks for the rules",
	"Set the livenessProbe on /health.",
) if {
	some found in judges
	contains(object.get(found.container, ["livenessProbe", "httpGet", "path"], ""), "bundles")
}
