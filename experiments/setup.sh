# shellcheck shell=bash
# Set-up shared by experiments/quickstart and tests/run: install what is missing, configure, build.
# To be sourced from the project's root.

say() { printf '\n== %s\n' "$*"; }

# Prints a phase's time when it ends.
timed() {
  local name=$1 start=$SECONDS
  shift
  say "$name"
  "$@"
  printf '== %s: %d s\n' "$name" $((SECONDS - start))
}

# Lists of packages: packages.txt, or what is named.
wanted_packages() { sed 's/#.*//' "${@:-packages.txt}" | tr -s ' \t' '\n' | grep -v '^$'; }

missing_packages() {
  local package
  while read -r package; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) == installed ]] || echo "$package"
  done < <(wanted_packages "$@")
}

install_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "This is not Debian; install the counterparts of these packages by hand, then run cmake --preset release:" >&2
    wanted_packages "$@" >&2
    exit 69
  fi
  local missing as_root=()
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    echo "nothing to install"
    return
  fi
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "Missing packages, and neither root nor sudo to install them.  Ask for:" >&2
      echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 69
    fi
    as_root=(sudo)
  fi
  echo "installing: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  (
    # Debian starts the daemons of a package (munged, slurmctld, slurmd) at once, unless this file says no.
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
      trap '"${as_root[@]}" rm -f "$policy"' EXIT
      "${as_root[@]}" sh -c 'printf "#!/bin/sh\nexit 101\n" >"$0"; chmod 755 "$0"' "$policy"
    fi
    # --no-remove: never at the price of a package that is there already.
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-remove \
      "${missing[@]}" >/dev/null
  )
}

# The generic libblas.so.3 decides how fast libtorch is.
check_blas() {
  local blas
  blas=$(readlink -f /usr/lib/*/libblas.so.3 2>/dev/null | head -n 1 || true)
  if [[ $blas != *openblas* ]]; then
    echo "warning: libblas.so.3 is ${blas:-missing}, not OpenBLAS: learning will be about 25 times slower." >&2
    echo "         update-alternatives --config libblas.so.3-$(uname -m)-linux-gnu" >&2
  fi
}

build_release() {
  cmake --preset release >build/configure.log 2>&1 || { cat build/configure.log; exit 70; }
  # Files with torch in them take 1 GB each: two at a time.
  cmake --build --preset release -- -j "$(nproc)" "$@"
}
