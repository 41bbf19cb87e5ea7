#!/bin/bash
# Makes the packages and tries them: the same bytes twice, lintian, rpmlint, and a life of each kind of package in a fresh
# Debian tree. Prints what it saw; the first thing that is not as it should be ends it. As root; needs Debian's archive.
#
#   --rebuild   also builds the executable twice from nothing, and compares
#
# What stands in single quotes is for other programs to expand.
# shellcheck disable=SC1091,SC2016
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. packaging/common.sh

saw() { printf 'check: %s\n' "$*"; }
fail() {
    printf 'check: FAILED: %s\n' "$*" >&2
    exit 1
}
# expect WHAT COMMAND...
expect() {
    local what=$1
    shift
    "$@" || fail "$what"
    saw "$what"
}

((EUID == 0)) || fail "needs root: it makes a Debian tree and installs packages in it"
work=$(mktemp -d /var/tmp/colo-check.XXXXXX)
root=$work/debian
pid=
cleanup() {
    [[ -z $pid ]] || kill "$pid" 2>/dev/null || true
    if mountpoint -q "$root/proc"; then umount "$root/proc"; fi
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT

missing=()
for pair in lintian:lintian rpmbuild:rpm rpmlint:rpmlint debootstrap:debootstrap shellcheck:shellcheck; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
done
if ((${#missing[@]})); then
    saw "installing ${missing[*]}"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$work/apt.log" 2>&1 ||
        fail "apt-get could not install ${missing[*]}: $(tail -n 3 "$work/apt.log")"
fi

if [[ ${1-} == --rebuild ]]; then
    for copy in first second; do
        rm -rf out/colo out/symbols Colo.App/bin/Release Colo.App/obj/Release
        ./build.sh
        cp out/colo "$work/$copy"
        cp out/symbols/colo.dbg "$work/$copy.dbg"
    done
    expect "the executable built twice from nothing has the same bytes" cmp "$work/first" "$work/second"
    expect "and so have its debug symbols" cmp "$work/first.dbg" "$work/second.dbg"
fi

# --- The packages themselves -------------------------------------------------------------------------------------------
./build.sh deb
./build.sh rpm
cp -r dist "$work/first-dist"
packaging/deb.sh
packaging/rpm.sh
for file in dist/*; do
    cmp "$file" "$work/first-dist/${file##*/}" || fail "$file differs from one made before of the same executable"
    saw "made twice, the same bytes: $(sha256sum "$file" | cut -c1-16) $file"
done
expect "shellcheck has nothing to say of the scripts" \
    shellcheck -x build.sh packaging/*.sh packaging/debian/postinst packaging/debian/postrm etc/ocf/colo
expect "lintian has neither errors nor warnings" lintian --fail-on error,warning --suppress-tags bad-distribution-in-changes-file dist/*.deb
rpmlint -c packaging/rpm/rpmlint.toml dist/*.rpm >"$work/rpmlint" 2>&1 || { cat "$work/rpmlint"; fail "rpmlint"; }
saw "rpmlint: $(tail -n 1 "$work/rpmlint")"

# --- A fresh Debian ----------------------------------------------------------------------------------------------------
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' "Codename: $release" 2>/dev/null | head -n 1)
saw "debootstrap of $release from ${mirror:=http://deb.debian.org/debian}"
debootstrap --variant=minbase "$release" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 || fail "debootstrap: $(tail -n 3 "$work/debootstrap.log")"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/resolv.conf"
in_root() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive ${http_proxy+http_proxy="$http_proxy"} "$@"; }

deb=colo_$version-1_amd64.deb
cp "dist/$deb" "$root/tmp/"
in_root apt-get install -y -qq --no-install-recommends "/tmp/$deb" >"$work/install.log" 2>&1 || fail "install: $(tail -n 5 "$work/install.log")"
saw "installed, with: $(grep -c '^Setting up' "$work/install.log") packages"

# The state of what an installation has to leave.
installed() {
    expect "colo --version says $version" [ "$(in_root colo --version)" = "$version" ]
    expect "the executable finds OpenSSL: colo keygen" in_root sh -c "colo keygen /tmp/key-$1 >/dev/null"
    expect "the user colo is there, a member of kvm" grep -qw kvm <<<"$(in_root id -nG colo)"
    expect "/etc/colo is root's and its group's" [ "$(in_root stat -c '%U:%G %a' /etc/colo)" = "root:colo 750" ]
    expect "/var/lib/colo is colo's" [ "$(in_root stat -c '%U:%G %a' /var/lib/colo)" = "colo:colo 750" ]
    expect "systemd takes the unit" in_root systemd-analyze verify --man=no /usr/lib/systemd/system/colo@.service
    expect "the manual page of each command is there" \
        [ "$(find "$root/usr/share/man/man1" -name 'colo*.1.gz' | wc -l)" -gt "$(in_root colo --help | sed -n '/^Commands:/,/^$/p' | grep -c '^  [a-z]')" ]
    expect "the agent answers" in_root sh -c '/usr/lib/ocf/resource.d/colo/colo meta-data >/dev/null'
    expect "bash completes" [ "$(in_root bash -c '. /usr/share/bash-completion/completions/colo; COMP_WORDS=(colo st) COMP_CWORD=1; _colo; echo "${COMPREPLY[*]}"')" = "status stop" ]
}

# A process of the installed program, in place of a guest, which would need /dev/kvm. It has to outlive what follows.
begin_process() {
    rm -f "$work/nbd"
    # Not by the function, whose shell would stand between.
    chroot "$root" colo nbd --image /var/lib/colo/web1.img --size 4M --socket /run/colo/nbd.sock >"$work/nbd" 2>"$work/nbd.log" &
    pid=$!
    for ((i = 0; i < 100; i++)); do
        [[ -s $work/nbd ]] && break
        sleep 0.1
    done
    [[ $(readlink "/proc/$pid/exe") == */usr/bin/colo ]] || fail "no process of the installed colo: $(readlink "/proc/$pid/exe")"
    began=$(cut -d' ' -f22 "/proc/$pid/stat")
}
still_runs() {
    expect "the process that ran before ($1) still runs, with the program it was started with" \
        [ "$(readlink "/proc/$pid/exe" 2>/dev/null) $(cut -d' ' -f22 "/proc/$pid/stat" 2>/dev/null)" = "$root/usr/bin/colo (deleted) $began" ]
}
end_process() {
    kill "$pid"
    wait "$pid" || fail "the process did not end in order"
    pid=
}
data_is_there() {
    for file in /etc/colo/web1.ini /etc/colo/link.key /var/lib/colo/web1.img; do
        [[ -s $root$file ]] || fail "$file is gone ($1)"
    done
    saw "configuration, key and disk are still there ($1)"
}
add_data() {
    cp colo.ini.example "$root/etc/colo/web1.ini"
    in_root colo keygen /etc/colo/link.key >/dev/null
}

installed deb
add_data
begin_process
# The next version: another executable under another number.
dpkg-deb -R "dist/$deb" "$work/next"
printf '\0' >>"$work/next/usr/bin/colo"
sed -i "s/^Version: .*/Version: $version-2/" "$work/next/DEBIAN/control"
dpkg-deb --root-owner-group -b "$work/next" "$root/tmp/next.deb" >/dev/null
in_root dpkg -i /tmp/next.deb >"$work/upgrade.log" 2>&1 || fail "upgrade: $(tail -n 5 "$work/upgrade.log")"
expect "upgraded" [ "$(in_root dpkg-query -W -f '${Version}' colo)" = "$version-2" ]
still_runs "upgrade"
data_is_there "upgrade"
in_root dpkg --remove colo >"$work/remove.log" 2>&1 || fail "remove: $(cat "$work/remove.log")"
expect "removed" [ ! -e "$root/usr/bin/colo" ]
still_runs "remove"
end_process
data_is_there "remove"
in_root dpkg --purge colo >"$work/purge.log" 2>&1 || fail "purge: $(cat "$work/purge.log")"
data_is_there "purge"
rm "$root/etc/colo/web1.ini" "$root/etc/colo/link.key" "$root/var/lib/colo/web1.img"
in_root dpkg -i "/tmp/$deb" >"$work/again.log" 2>&1 || fail "install again: $(tail -n 5 "$work/again.log")"
in_root dpkg --purge colo >"$work/purge.log" 2>&1 || fail "purge: $(cat "$work/purge.log")"
expect "purged when they are empty, the directories are gone" [ ! -e "$root/etc/colo" -a ! -e "$root/var/lib/colo" ]
left=$(find "$root" -xdev -path "$root/proc" -prune -o -path "$root/tmp" -prune -o -name '*colo*' ! -name '*color*' ! -name '*colon*' ! -name '*protocol*' ! -path '*/dpkg/*' ! -path '*/apt/*' -print)
expect "nothing else is left" [ -z "$left" ]

# --- RPM, in the same tree; what its dependencies are called there, it cannot know --------------------------------------
rpm=colo-$version-1.x86_64.rpm
rpm() { command rpm --root "$root" --nodeps "$@"; }
expect "the rpm asks for what it needs" grep -q '^(libssl.so.3()(64bit) or ' <<<"$(command rpm -qpR "dist/$rpm")"
rpm -i "dist/$rpm" >"$work/rpm.log" 2>&1 || fail "rpm -i: $(cat "$work/rpm.log")"
saw "the rpm is installed"
installed rpm
add_data
expect "rpm -V finds every file as it was packed" rpm -V colo
begin_process
rpm -U --replacepkgs "dist/$rpm" >"$work/rpm.log" 2>&1 || fail "rpm -U: $(cat "$work/rpm.log")"
still_runs "rpm -U"
data_is_there "rpm -U"
rpm -e colo >"$work/rpm.log" 2>&1 || fail "rpm -e: $(cat "$work/rpm.log")"
expect "erased" [ ! -e "$root/usr/bin/colo" ]
still_runs "rpm -e"
end_process
data_is_there "rpm -e"
saw "all is as it should be"
