#!/usr/bin/env bash
# Installs the Debian packages that the tests need and that are missing: Chromium, for the tests in test/browser.
set -euo pipefail

# program that must be there -> Debian package that brings it
declare -A packages=([chromium]=chromium)

missing=()
for program in "${!packages[@]}"; do
  command -v "$program" >/dev/null || missing+=("${packages[$program]}")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo 'install-system: everything is there'
  exit 0
fi
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
