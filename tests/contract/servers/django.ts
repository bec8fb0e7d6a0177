/**
 * A real Django of the line that CVAT uses, with CVAT's middleware and settings overlay as they stand in the manifest,
 * under ASGI as CVAT runs. Around them is as little as they need: accounts, Basic, token and session authentication.
 */
import { dirname, join } from "node:path";
import { freePort, until } from "./ports.ts";
import { pythonWith } from "./python.ts";

const PACKAGES = ["djangorestframework==3.16.1", "uvicorn==0.35.0"];

/** CVAT has gone from the one line of long-term support to the other. */
export const DJANGO_VERSIONS = ["4.2.28", "5.2.11"] as const;

/** A running application. */
export interface Django extends AsyncDisposable {
  readonly port: number;
  /** Runs Python with the application's models, and returns what it prints. */
  shell(code: string): Promise<string>;
}

const PRODUCTION = `
import os
BASE = os.environ["BASE"]
SECRET_KEY = "only-for-tests"
ALLOWED_HOSTS = os.environ["ALLOWED_HOSTS"].split(",")
ROOT_URLCONF = "cvat.urls"
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "rest_framework", "rest_framework.authtoken",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{BASE}/db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.BasicAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
`;

const URLS = `
from django.contrib.auth import logout
from django.contrib.auth.models import Group, User
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpResponse, JsonResponse
from django.urls import path
from rest_framework.decorators import api_view
from rest_framework.response import Response

@api_view(["GET"])
def self(request):
    user = request.user
    return Response({"username": user.username, "email": user.email, "is_superuser": user.is_superuser,
                     "groups": sorted(group.name for group in user.groups.all())})

@api_view(["POST"])
def tasks(request):
    return Response({"owner": request.user.username}, status=201)

@api_view(["POST"])
def sign_out(request):
    logout(request._request)
    return Response({"detail": "Successfully logged out."})

def headers(request):
    return JsonResponse({name: value for name, value in request.META.items() if isinstance(value, str)})

def page(request):
    return HttpResponse(f"user={request.user.username}")

@receiver(post_save, sender=User)
def give_default_role(instance, created, **rest):
    if created: instance.groups.add(Group.objects.get(name="user"))

urlpatterns = [
    path("api/users/self", self), path("api/tasks", tasks), path("api/auth/logout", sign_out),
    path("api/headers", headers), path("django-rq/", page), path("static/page", page),
]
`;

/** The accounts that CVAT has before anybody comes. Like CVAT, it gives each new account a default role. */
const PREPARE = `
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import Group, User
from rest_framework.authtoken.models import Token
for name in ("admin", "user", "worker"): Group.objects.create(name=name)
admin = User.objects.create_superuser("admin", "admin@example.com", "admin-password")
Token.objects.create(user=admin, key="0123456789012345678901234567890123456789")
User.objects.create_user("twin1", "twins@example.com", "x")
User.objects.create_user("twin2", "Twins@example.com", "x")
User.objects.create_user("squatted@example.com", "somebody@else.com", "x")
User.objects.create_user("gone", "gone@example.com", "x", is_active=False)
`;

/** Starts the application on a free port of loopback. */
export async function startDjango(
  { middleware, overlay, environment, version = DJANGO_VERSIONS[0] }: {
    readonly middleware: string;
    readonly overlay: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly version?: string;
  },
): Promise<Django> {
  const python = await pythonWith(`django==${version}`, ...PACKAGES);
  const folder = await Deno.makeTempDir({ prefix: "plumb-django-" });
  const files: Readonly<Record<string, string>> = {
    "cvat/__init__.py": "",
    "cvat/urls.py": URLS,
    "cvat/asgi.py":
      "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n",
    "cvat/settings/__init__.py": "",
    "cvat/settings/production.py": PRODUCTION,
    "cvat/settings/thinkube_sso.py": overlay,
    "cvat/apps/__init__.py": "",
    "cvat/apps/thinkube_auth/__init__.py": "",
    "cvat/apps/thinkube_auth/middleware.py": middleware,
  };
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
    await Deno.writeTextFile(join(folder, path), text);
  }
  const env = {
    PATH: Deno.env.get("PATH") ?? "",
    BASE: folder,
    PYTHONPATH: folder,
    PYTHONDONTWRITEBYTECODE: "1",
    DJANGO_SETTINGS_MODULE: "cvat.settings.thinkube_sso",
    ...environment,
  };
  const shell = async (code: string) => {
    const { success, stdout, stderr } = await new Deno.Command(python, {
      args: ["-c", `import django; django.setup()\n${code}`],
      clearEnv: true,
      env,
      cwd: folder,
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (!success) throw new Error(text(stderr));
    return text(stdout).trim();
  };
  await shell(PREPARE);
  const port = freePort();
  const child = new Deno.Command(python, {
    args: [
      "-m",
      "uvicorn",
      "cvat.asgi:application",
      "--host=127.0.0.1",
      `--port=${port}`,
      "--log-level=critical",
      "--lifespan=off",
    ],
    clearEnv: true,
    env,
    cwd: folder,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until("Django", async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/users/self`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer !== undefined;
  }, 30);
  return {
    port,
    shell,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}
