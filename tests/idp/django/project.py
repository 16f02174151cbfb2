# SPDX-License-Identifier: BSD-2-Clause
"""A Django project of one file: REST framework with simplejwt, and OAuth
Toolkit, both as Debian 12 has them, with an SQLite database.

    python3 -c 'import project; project.fill()'   make the database
    gunicorn project:application

From the environment: IDP_DIR, where db.sqlite3 lies; ACCESS_TTL and
REFRESH_TTL in seconds; ROTATE yes|no; LOGIN_RATE such as 5/min.

Users: alice bob carol, password NAME-Passw0rd; dave is not active.  All are in
the group linux-users, alice in linux-admins.  OAuth applications: pam /
pam-s3cret (confidential) and pampub (public).

A directory of the project's own, for whoever has the header "Authorization:
Token " and DIRECTORY_TOKEN:
    GET  /api/users/             a page: {"next": URL or null, "results": [...]}
    GET  /api/users/NAME/        one user, or 404

The token paths are those that the documentation of simplejwt proposes; the
claim "username" is what it calls customizing token claims.

For tests only:
    GET  /_test/state    OAuth Toolkit's tokens that live by the database, and
                         what was asked; ?forget=yes begins a new list
    POST /_test/user     a form: name, and active (yes or no), password,
                         rename, groups (separated by spaces), ssh_key or
                         delete=yes; an unknown name is a new user
"""

import datetime
import os
import threading

import django
from django.conf import settings

DIRECTORY = os.environ["IDP_DIR"]
PEOPLE = ("alice", "bob", "carol", "dave")
DIRECTORY_TOKEN = "0123456789abcdef0123456789abcdef01234567"


def seconds(name, default):
    return int(os.environ.get(name, default))


rotate = os.environ.get("ROTATE", "yes") == "yes"
settings.configure(
    SECRET_KEY="a key that guards nothing but these tests",
    ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF="project",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3",
                           "NAME": f"{DIRECTORY}/db.sqlite3",
                           "OPTIONS": {"timeout": 20}}},
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes",
        "django.contrib.sessions", "rest_framework",
        "rest_framework.authtoken", "rest_framework_simplejwt",
        "rest_framework_simplejwt.token_blacklist", "oauth2_provider"],
    MIDDLEWARE=[
        "project.record",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware"],
    # The default of 390,000 rounds would only make the tests wait.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "rest_framework_simplejwt.authentication.JWTAuthentication"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_THROTTLE_RATES": {
            "login": os.environ.get("LOGIN_RATE", "10000/min")}},
    SIMPLE_JWT={
        "ACCESS_TOKEN_LIFETIME": datetime.timedelta(
            seconds=seconds("ACCESS_TTL", 300)),
        "REFRESH_TOKEN_LIFETIME": datetime.timedelta(
            seconds=seconds("REFRESH_TTL", 3600)),
        "ROTATE_REFRESH_TOKENS": rotate,
        "BLACKLIST_AFTER_ROTATION": rotate},
    OAUTH2_PROVIDER={
        "ACCESS_TOKEN_EXPIRE_SECONDS": seconds("ACCESS_TTL", 300),
        "REFRESH_TOKEN_EXPIRE_SECONDS": seconds("REFRESH_TTL", 3600),
        "ROTATE_REFRESH_TOKEN": rotate,
        "SCOPES": {"login": "log in to hosts"}})
django.setup()

# What follows can only be imported now.
from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.models import Group  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import timezone  # noqa: E402
from oauth2_provider.models import (  # noqa: E402
    AccessToken, Application, RefreshToken)
from rest_framework import generics, serializers  # noqa: E402
from rest_framework.authentication import TokenAuthentication  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402
from rest_framework.pagination import PageNumberPagination  # noqa: E402
from rest_framework.permissions import (  # noqa: E402
    IsAdminUser, IsAuthenticated)
from rest_framework.response import Response  # noqa: E402
from rest_framework.throttling import ScopedRateThrottle  # noqa: E402
from rest_framework.views import APIView  # noqa: E402
from rest_framework_simplejwt import views as jwt_views  # noqa: E402
from rest_framework_simplejwt.serializers import (  # noqa: E402
    TokenObtainPairSerializer)

User = get_user_model()


class NamingSerializer(TokenObtainPairSerializer):
    """Puts the user's name into the token."""

    @classmethod
    def get_token(cls, user):
        token = super().get_token(user)
        token["username"] = user.get_username()
        return token


class Login(jwt_views.TokenObtainPairView):
    serializer_class = NamingSerializer
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "login"


class Me(APIView):
    """An API of the project's own, for whoever holds a token."""

    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response({"username": request.user.get_username()})


# ---- the directory -------------------------------------------------------------

class GroupSerializer(serializers.ModelSerializer):
    class Meta:
        model = Group
        fields = ["id", "name"]


class UserSerializer(serializers.ModelSerializer):
    groups = GroupSerializer(many=True)
    full_name = serializers.CharField(source="get_full_name")
    # Django has no place for keys: this project keeps one in the last name.
    ssh_keys = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "username", "full_name", "is_active", "groups",
                  "ssh_keys"]

    def get_ssh_keys(self, user):
        return [user.last_name] if user.last_name else []


class Pages(PageNumberPagination):
    page_size = 2
    page_size_query_param = "page_size"
    max_page_size = 1000


class Directory:
    """Only staff with a token: the service "directory"."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAdminUser]
    serializer_class = UserSerializer
    queryset = User.objects.exclude(is_staff=True).order_by("id")
    pagination_class = Pages
    lookup_field = "username"


class UserList(Directory, generics.ListAPIView):
    pass


class UserDetail(Directory, generics.RetrieveAPIView):
    pass


# ---- for tests ----------------------------------------------------------------

requests = []
requests_lock = threading.Lock()


def record(get_response):
    """Middleware that remembers what signind asks."""
    def respond(request):
        response = get_response(request)
        # Only tests ask these.
        if not request.path.startswith(("/_test/", "/api/token/verify/",
                                        "/api/me/")):
            with requests_lock:
                requests.append(f"{request.method} {request.get_full_path()} "
                                f"{response.status_code}")
        return response
    return respond


def state(request):
    access = AccessToken.objects.filter(expires__gt=timezone.now())
    refresh = RefreshToken.objects.filter(revoked__isnull=True)
    with requests_lock:
        seen = list(requests)
        if request.GET.get("forget"):
            requests.clear()
    return JsonResponse({
        "tokens": [*access.values_list("token", flat=True),
                   *refresh.values_list("token", flat=True)],
        "requests": seen})


def change_user(request):
    user, new = User.objects.get_or_create(username=request.POST["name"])
    if new:  # somebody else of that name
        user.set_password(f"{user.username}-Passw0rd")
    if "active" in request.POST:
        user.is_active = request.POST["active"] == "yes"
    if "password" in request.POST:
        user.set_password(request.POST["password"])
    if "rename" in request.POST:
        user.username = request.POST["rename"]
    if "groups" in request.POST:
        user.groups.set([Group.objects.get_or_create(name=group)[0]
                         for group in request.POST["groups"].split()])
    if "ssh_key" in request.POST:
        user.last_name = request.POST["ssh_key"]
    user.save()
    if request.POST.get("delete") == "yes":
        user.delete()
    return JsonResponse({})


urlpatterns = [
    path("api/token/", Login.as_view()),
    path("api/token/refresh/", jwt_views.TokenRefreshView.as_view()),
    path("api/token/verify/", jwt_views.TokenVerifyView.as_view()),
    path("api/token/blacklist/", jwt_views.TokenBlacklistView.as_view()),
    path("api/me/", Me.as_view()),
    path("api/users/", UserList.as_view()),
    path("api/users/<str:username>/", UserDetail.as_view()),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("_test/state", state),
    path("_test/user", change_user)]

application = get_wsgi_application()


def fill():
    call_command("migrate", verbosity=0)
    for name in PEOPLE:
        user, new = User.objects.get_or_create(
            username=name, defaults={"email": f"{name}@example.org",
                                     "is_active": name != "dave"})
        if new:
            user.set_password(f"{name}-Passw0rd")
            user.first_name = f"{name.capitalize()} of the tests"
            user.save()
            user.groups.add(
                Group.objects.get_or_create(name="linux-users")[0])
            if name == "alice":
                user.groups.add(
                    Group.objects.get_or_create(name="linux-admins")[0])
    service, _ = User.objects.get_or_create(
        username="directory", defaults={"is_staff": True})
    Token.objects.get_or_create(user=service, key=DIRECTORY_TOKEN)
    for client, kind in (("pam", Application.CLIENT_CONFIDENTIAL),
                         ("pampub", Application.CLIENT_PUBLIC)):
        if not Application.objects.filter(client_id=client).exists():
            Application.objects.create(
                client_id=client, name=client, client_type=kind,
                client_secret=f"{client}-s3cret",
                authorization_grant_type=Application.GRANT_PASSWORD,
                user=User.objects.get(username="carol"))
