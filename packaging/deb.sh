#!/bin/bash
# Makes dist/colo_VERSION_amd64.deb, and colo-dbgsym beside it, from out/colo. Called by ./build.sh deb.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. packaging/common.sh

readonly revision=$version-1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p dist

# package NAME: packs $work/NAME, whose control file is there but for its size and sums.
package() {
    local tree=$work/$1
    (cd "$tree" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$work/$1.md5sums"
    install -m 644 "$work/$1.md5sums" "$tree/DEBIAN/md5sums"
    printf 'Installed-Size: %d\n' "$(du -sk --apparent-size --exclude=DEBIAN "$tree" | cut -f1)" >>"$tree/DEBIAN/control"
    same_time "$tree"
    dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$tree" "dist/$1_${revision}_amd64.deb" >/dev/null
}

# control NAME: the paragraph of a package in control.in.
control() {
    install -d "$work/$1/DEBIAN"
    awk -v RS= -v name="Package: $1" 'index($0, name "\n") == 1' packaging/debian/control.in |
        sed "s/@VERSION@/$revision/" >"$work/$1/DEBIAN/control"
}

tree=$work/colo
stage "$tree" usr/share/zsh/vendor-completions
put 644 packaging/debian/copyright usr/share/doc/colo/copyright
gzip -9nc CHANGELOG.md >"$work/changelog.gz"
put 644 "$work/changelog.gz" usr/share/doc/colo/changelog.gz
{
    printf 'colo (%s) unstable; urgency=medium\n\n  * Release %s; see changelog.gz.\n\n' "$revision" "$version"
    printf ' -- The colo authors <colo@example.org>  %s\n' "$(date -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$work/changelog.Debian.gz"
put 644 "$work/changelog.Debian.gz" usr/share/doc/colo/changelog.Debian.gz
put 644 packaging/debian/lintian-overrides usr/share/lintian/overrides/colo
control colo
for script in postinst postrm; do
    put 755 "packaging/debian/$script" "DEBIAN/$script"
done
package colo

tree=$work/colo-dbgsym
stage_symbols "$tree"
mkdir -p "$tree/usr/share/doc"
ln -s colo "$tree/usr/share/doc/colo-dbgsym"
control colo-dbgsym
package colo-dbgsym
