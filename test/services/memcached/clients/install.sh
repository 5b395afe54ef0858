#!/usr/bin/env bash
# Installs the Python clients the cache is tried with, into an environment of their own that is left out of the repository.
# Debian packages needed: python3-venv, python3-dev, gcc, libmemcached-dev, libsasl2-modules, zlib1g-dev.
set -euo pipefail
cd "$(dirname "$0")/../../../.."
environment=node_modules/.cache/cache-clients
mkdir -p node_modules/.cache
python3 -m venv "$environment"
# Wheels of pylibmc bring a libmemcached that finds no SASL mechanisms.
"$environment/bin/pip" install --quiet --disable-pip-version-check --no-binary pylibmc \
  'python-memcached>=1.60' 'pymemcache>=4' 'pylibmc>=1.6.3' 'python-binary-memcached>=0.31' 'Django>=4.2,<6'
