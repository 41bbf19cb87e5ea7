#!/bin/bash
# Makes dist/colo-VERSION-1.x86_64.rpm, and colo-debuginfo beside it, from out/colo. Called by ./build.sh rpm.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. packaging/common.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p dist

tree=$work/stage
stage "$tree" usr/share/zsh/site-functions
put 644 LICENSE usr/share/licenses/colo/LICENSE
put 644 CHANGELOG.md usr/share/doc/colo/CHANGELOG.md
stage_symbols "$tree"
same_time "$tree"
sed -e "s/@VERSION@/$version/" -e "s/@DATE@/$(date -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')/" packaging/rpm/colo.spec.in >"$work/colo.spec"
rpmbuild -bb --quiet --target x86_64 \
    --define "_topdir $work/top" --define "_rpmdir $work/rpms" --define "_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" \
    --define "stage $tree" "$work/colo.spec"
cp "$work"/rpms/*.rpm dist/
