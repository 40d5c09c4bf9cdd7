# Installs the Debian packages that are missing. Sourced by ./run and ./test: install_missing PACKAGE…
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install_missing() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "Installing ${missing[*]} …" >&2
  as_root apt-get update -qq >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

BUILD_PACKAGES=(build-essential cmake ninja-build pkg-config ca-certificates
  libmicrohttpd-dev libwebsockets-dev libjansson-dev libsodium-dev libsqlite3-dev
  libcurl4-openssl-dev libinih-dev libqrencode-dev libgnutls28-dev libseccomp-dev zopfli)
TEST_PACKAGES=(libcmocka-dev b3sum clang clang-tidy clang-format libclang-rt-14-dev cppcheck
  chromium curl faketime fonts-dejavu-core iproute2 openssl procps python3 sqlite3 systemd valgrind)
