# Installs the Debian packages that are missing, and tells how far things are. Sourced by ./run and ./test.

# tell_progress WHAT PATTERN: of what comes in, how far it is (the pattern's first group) in one line of a terminal, elsewhere that it began.
tell_progress() {
  local line told=''
  while IFS= read -r line; do
    [[ $line =~ $2 ]] || continue
    if [ -t 2 ]; then printf '\r%s: %s … ' "$1" "${BASH_REMATCH[1]}" >&2; elif [ -z "$told" ]; then echo "$1 …" >&2; fi
    told=yes
  done
  if [ -n "$told" ] && [ -t 2 ]; then printf '\r%s: done.          \n' "$1" >&2; fi
}

# install_missing PACKAGE…: or says what an administrator has to type.
install_missing() {
  local missing=() as_root=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  if { [ ${#as_root[@]} -eq 0 ] || command -v sudo >/dev/null; } && "${as_root[@]}" apt-get update -qq >&2 &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Status-Fd=1 "${missing[@]}" |
      tell_progress "Installing ${#missing[@]} packages" '^[dp][lm]status:[^:]*:([0-9]+)'; then
    return 0
  fi
  printf '%s\n\n    %s\n\n%s\n' 'Some packages are missing, and could not be installed from here. An administrator (root) has to type this, once:' \
    "apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" "Then start $0 again." >&2
  return 1
}

BUILD_PACKAGES=(build-essential cmake ninja-build pkg-config ca-certificates curl
  libmicrohttpd-dev libwebsockets-dev libjansson-dev libsodium-dev libsqlite3-dev
  libcurl4-openssl-dev libicu-dev libinih-dev libqrencode-dev libgnutls28-dev libseccomp-dev zlib1g-dev zopfli)
TEST_PACKAGES=(libcmocka-dev b3sum clang clang-tidy clang-format libclang-rt-14-dev cppcheck lld
  chromium faketime fonts-dejavu-core iproute2 nftables openssl procps python3 sqlite3 systemd valgrind)
