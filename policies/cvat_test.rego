package plumb.policies.cvat_test

import rego.v1

import data.plumb.policies.cvat

deployment(container) := {"kind": "Deployment", "spec": {"template": {"spec": {"containers": [container]}}}}

secret(name) := {"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}

server(variables) := deployment({
	"name": "server",
	"args": ["run", "server"],
	"env": array.concat([secret("CVAT_REDIS_INMEM_PASSWORD"), secret("CVAT_REDIS_ONDISK_PASSWORD")], variables),
})

workers := [deployment({"name": queue, "args": ["run", "worker", queue]}) |
	some queue in ["chunks", "cleaning", "export", "import", "notifications"]
]

opa := {"kind": "Service", "metadata": {"name": "opa"}, "spec": {"ports": [{"port": 8181}]}}

found(objects) := total if {
	total := count(cvat.violations) with input as {"objects": objects}
}

with_variables(variables) := found(array.concat([opa, server(variables)], workers))

variable(name, value) := {"name": name, "value": value}

test_a_complete_one_passes if with_variables([]) == 0

test_something_else_passes if found([deployment({"name": "web", "args": ["serve"]})]) == 0

test_five_queues_without_workers if found([opa, server([])]) == 5

test_events_need_two_variables if {
	with_variables([variable("CVAT_ANALYTICS", "1")]) == 2
	complete := [variable("CVAT_ANALYTICS", "1"), variable("DJANGO_LOG_SERVER_HOST", "v"), variable("CLICKHOUSE_DB", "d")]
	with_variables(complete) == 0
}

test_one_store_for_all_is_told if {
	both := [variable("CVAT_REDIS_INMEM_HOST", "v"), variable("CVAT_REDIS_ONDISK_HOST", "v")]
	with_variables(both) == 1
}

test_any_host if with_variables([variable("ALLOWED_HOSTS", "*")]) == 1

test_the_administrators_database if with_variables([variable("CVAT_POSTGRES_USER", "admin")]) == 1

test_passwords_are_missing if {
	bare := deployment({"name": "server", "args": ["run", "server"]})
	found(array.concat([opa, bare], workers)) == 2
}

test_values_of_config_maps_count if {
	map := {"kind": "ConfigMap", "metadata": {"name": "e"}, "data": {"ALLOWED_HOSTS": "*"}}
	mapped := deployment({
		"name": "server",
		"args": ["run", "server"],
		"env": [secret("CVAT_REDIS_INMEM_PASSWORD"), secret("CVAT_REDIS_ONDISK_PASSWORD")],
		"envFrom": [{"configMapRef": {"name": "e"}}],
	})
	found(array.concat([opa, map, mapped], workers)) == 1
}

test_opa_under_another_name if {
	other := {"kind": "Service", "metadata": {"name": "cvat-opa"}, "spec": {"ports": [{"port": 8181}]}}
	found(array.concat([other, server([])], workers)) == 1
}

test_a_proxy_without_secret_and_name if {
	found([deployment({"name": "p", "args": ["--oidc-issuer-url=https://a", "--cookie-domain=.d"]})]) == 2
}

test_a_proxy_that_tells_its_password if {
	found([deployment({
		"name": "p",
		"args": ["--oidc-issuer-url=https://a", "--set-basic-auth=true"],
		"env": [secret("OAUTH2_PROXY_COOKIE_SECRET")],
	})]) == 1
}
