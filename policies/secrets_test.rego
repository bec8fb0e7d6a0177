package plumb.policies.secrets_test

import rego.v1

import data.plumb.policies.secrets

found(object_) := total if {
	total := count(secrets.violations) with input as {"component": {"name": "web", "namespace": "mine"}, "objects": [object_]}
}

test_references_pass if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}, {"name": "TOKEN_FILE", "value": "/run/token"}], "args": ["--client-secret-file=/run/secret", "--cookie-secure=true"]}]}}}}) == 0

test_a_value_in_git if found({"kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "v", "given": "(secret adminPassword)"}}) == 1

test_a_variable if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "env": [{"name": "DB_PASSWORD", "value": "x"}]}]}}}}) == 1

test_an_argument if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "args": ["--client-secret=abc"]}]}}}}) == 1

test_an_argument_of_two_words if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "args": ["--requirepass", "abc"]}]}}}}) == 1

test_an_address if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "env": [{"name": "DATABASE_URL", "value": "postgres://u:p@db/x"}]}]}}}}) == 1

test_a_private_key if found({"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "-----BEGIN PRIVATE KEY-----"}}) == 1

test_a_secret_parameter if found({"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "x (secret adminPassword)"}}) == 1
