#!/bin/bash
# Builds colo, and what else can be done with a fresh clone. See ./build.sh --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly out=out
readonly log=$out/build.log

usage() {
    cat <<'END'
Usage: ./build.sh [COMMAND]

  (nothing)      installs what the build needs and builds the one executable: out/colo
  demo [ARGS]    builds, then runs `out/colo demo ARGS` (as root, with /dev/kvm)
  test [ARGS]    installs what the tests need, builds, and runs all tests (as root, with /dev/kvm);
                 ARGS go to `dotnet test`, for example --filter FullyQualifiedName~Proxy
  soak [ARGS]    builds, then runs the campaign of faults: soak [MINUTES] [SEED]; soak --help says more
                 (as root, with /dev/kvm)
  deb            builds, and makes the Debian packages: dist/*.deb
  rpm            builds, and makes the RPM packages: dist/*.rpm
  clean          removes everything that was built
  --help         this page

Packages come from Debian's archive by apt-get when this runs as root; else it says what to install.
The .NET 10 SDK has to be there already.
END
}

say() { printf 'build.sh: %s\n' "$*"; }
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

# need COMMAND-OR-FILE PACKAGE ...: installs the packages whose command or file is missing.
need() {
    local missing=()
    while (($# > 1)); do
        if [[ $1 == /* ]]; then
            [[ -e $1 ]] || missing+=("$2")
        else
            # The tools of the administrator lie where an ordinary user's PATH may not lead.
            PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null || missing+=("$2")
        fi
        shift 2
    done
    ((${#missing[@]})) || return 0
    if ! command -v apt-get >/dev/null; then
        die "missing: ${missing[*]} (names of Debian packages); install them with this system's package manager"
    fi
    if ((EUID != 0)); then
        die "missing packages; as root: apt-get install ${missing[*]}"
    fi
    say "installing ${missing[*]}"
    mkdir -p "$out"
    # Lists that are already there save the update; without them, or when they are stale, it is needed.
    apt_install "${missing[@]}" || { apt-get update -qq >>"$log" 2>&1 && apt_install "${missing[@]}"; } ||
        die "apt-get could not install ${missing[*]}; see $log"
}

# Services that a package would start (redis-server, etcd-server) stay off: policy-rc.d of invoke-rc.d is asked by every package.
apt_install() {
    local policy=/usr/sbin/policy-rc.d ours=0 status=0
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        ours=1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$log" 2>&1 || status=$?
    if ((ours)); then rm -f "$policy"; fi
    return "$status"
}

need_dotnet() {
    if ! command -v dotnet >/dev/null && [[ -x $HOME/.dotnet/dotnet ]]; then
        PATH=$HOME/.dotnet:$PATH
    fi
    command -v dotnet >/dev/null ||
        die "the .NET 10 SDK is missing: get it at https://dotnet.microsoft.com/download/dotnet/10.0 (or its dotnet-install.sh)"
    dotnet --list-sdks | grep -q '^1[0-9]\.' ||
        die "dotnet is $(dotnet --version 2>/dev/null || echo unknown), the .NET 10 SDK is needed: https://dotnet.microsoft.com/download/dotnet/10.0"
    export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
}

# up_to_date EXECUTABLE: nothing that goes into it is newer than it.
up_to_date() {
    [[ -x $1 ]] || return 1
    [[ -z $(find Colo.App docs/configuration.md build.sh Directory.Build.props Directory.Packages.props \
        \( -name bin -o -name obj \) -prune -o -newer "$1" -print -quit) ]]
}

# run_logged WHAT COMMAND...: quiet while it works, everything when it does not.
run_logged() {
    local what=$1
    shift
    if ! "$@" >"$log" 2>&1; then
        grep -E 'error|fatal' "$log" | sort -u | head -n 20 >&2 || tail -n 20 "$log" >&2
        die "$what failed; the whole log: $log"
    fi
}

build() {
    # The AOT linker is gcc with zlib; the built-in guest is C and assembly.
    need gcc gcc make make ld binutils /usr/include/zlib.h zlib1g-dev
    need_dotnet
    mkdir -p "$out"
    if up_to_date "$out/colo"; then
        return
    fi
    say "building (NativeAOT, about a minute)"
    if [[ -f Colo.App/Guest/Makefile ]]; then
        run_logged "building the built-in guest" make -C Colo.App/Guest
    fi
    # A failed build must not leave yesterday's executable as if it were today's.
    rm -f "$out/colo"
    run_logged "dotnet publish" dotnet publish Colo.App -c Release -v q -o "$out/publish" -p:CppCompilerAndLinker=gcc
    mkdir -p "$out/symbols"
    if [[ -f $out/publish/colo.dbg ]]; then mv -f "$out/publish/colo.dbg" "$out/symbols/"; fi
    # mv within one file system: the executable is there whole or not at all, also while an old one runs.
    mv -f "$out/publish/colo" "$out/colo"
    rm -rf "$out/publish"
    touch "$out/colo"
    say "out/colo, $(du -h --apparent-size "$out/colo" | cut -f1)"
}

# The same program with the places at which tests can have it killed (Checkpoint/FaultPoints.cs): never for users.
build_for_faults() {
    if up_to_date "$out/test/colo"; then
        return
    fi
    say "building the flavour with fault points"
    rm -f "$out/test/colo"
    run_logged "dotnet publish with fault points" dotnet publish Colo.App -c Release -v q -o "$out/test/publish" \
        -p:FaultPoints=true -p:CppCompilerAndLinker=gcc
    mv -f "$out/test/publish/colo" "$out/test/colo"
    rm -rf "$out/test/publish"
    touch "$out/test/colo"
}

run_tests() {
    need ip iproute2 nft nftables tcpdump tcpdump redis-cli redis-tools redis-server redis-server \
        qemu-system-x86_64 qemu-system-x86 curl curl nc netcat-openbsd wrk wrk ping iputils-ping ps procps \
        nbdcopy libnbd-bin nbdkit nbdkit qemu-io qemu-utils fio fio etcd etcd-server tmux tmux \
        mandoc mandoc groff groff-base zsh zsh fish fish shellcheck shellcheck systemd-analyze systemd ocf-tester resource-agents \
        xmllint libxml2-utils iasl acpica-tools /bin/busybox busybox-static /sbin/mkfs.ext4 e2fsprogs
    build
    build_for_faults
    say "running the tests"
    rm -rf "$out/test-results"
    export COLO_BINARY=$PWD/$out/colo COLO_FAULT_BINARY=$PWD/$out/test/colo
    exec dotnet test Colo.App.Tests -v q --nologo \
        --logger "console;verbosity=normal" --logger "trx;LogFilePrefix=colo" --results-directory "$PWD/$out/test-results" "$@"
}

# The campaign of faults is no part of the executable: a program beside it, on the parts of its demo.
run_soak() {
    need ip iproute2 nft nftables etcd etcd-server
    build
    run_logged "building the campaign" dotnet build Colo.Soak -c Release -v q --nologo
    exec dotnet Colo.Soak/bin/Release/net10.0/linux-x64/colo-soak.dll "$@"
}

# packages KIND TOOL PACKAGE ...: what was packed before is made anew, so that dist/ never holds two versions.
packages() {
    local kind=$1
    shift
    build
    need readelf binutils gzip gzip "$@"
    rm -f dist/*."$kind"
    run_logged "making the $kind packages" "packaging/$kind.sh"
    for made in dist/*."$kind"; do
        say "$made, $(du -h --apparent-size "$made" | cut -f1)"
    done
}

case ${1-} in
'') build ;;
demo)
    build
    shift
    exec "$out/colo" demo "$@"
    ;;
test)
    shift
    run_tests "$@"
    ;;
soak)
    shift
    run_soak "$@"
    ;;
deb) packages deb dpkg-deb dpkg ;;
rpm) packages rpm rpmbuild rpm ;;
clean)
    rm -rf "$out" dist Colo.App/bin Colo.App/obj Colo.App.Tests/bin Colo.App.Tests/obj Colo.Soak/bin Colo.Soak/obj
    if [[ -f Colo.App/Guest/Makefile ]]; then make -C Colo.App/Guest clean >/dev/null; fi
    ;;
-h | --help | help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
