# Where the tests' tools are; sourced by the other scripts. Each function prints
# a path, or nothing when there is none.

find_cc() { command -v "${CC:-gcc}" || true; }

# The folder of PostgreSQL's programs; Debian keeps the server's out of PATH.
find_postgres() {
  local dir
  if command -v initdb >/dev/null; then
    dirname "$(readlink -f "$(command -v initdb)")"
    return
  fi
  for dir in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -nr); do
    if [ -x "$dir/initdb" ]; then
      echo "$dir"
      return
    fi
  done
}

# Debian keeps it out of PATH for everybody but root.
find_pgbouncer() { PATH=$PATH:/usr/sbin command -v pgbouncer || true; }

# It makes a disk slow: a program's calls wait.
find_strace() { command -v strace || true; }

find_chromium() {
  local name
  for name in "${SKINRAIL_TEST_CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$name" ] && command -v "$name"; then
      return
    fi
  done
}

# Node with npm.
find_node() { command -v npm >/dev/null && command -v node || true; }

# A test folder's packages, where they are what its lock file says.
find_packages() {
  if [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ]; then
    echo "$1/node_modules"
  fi
}

# PHP with what the clients of the tests are made of.
find_php() {
  if php -r 'require "/usr/share/php/GuzzleHttp/autoload.php"; curl_init();' 2>/dev/null; then
    command -v php
  fi
}
