# shellcheck shell=bash
# What both kinds of packages have in common; sourced, in the repository's root.

# The version stands in one place.
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
[[ $version =~ ^[0-9]+(\.[0-9]+)+$ ]] || { echo "Directory.Build.props: no <Version>" >&2; exit 1; }
export version

# Times in a package are those of the commit that it is made from: the same sources give the same bytes.
if [[ -z ${SOURCE_DATE_EPOCH-} ]]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null) || SOURCE_DATE_EPOCH=$(stat -c %Y CHANGELOG.md)
fi
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
umask 022

# put MODE SOURCE TARGET
put() { install -D -m "$1" "$2" "$tree/$3"; }

# stage TREE ZSH-DIRECTORY: everything that a package installs, except what its kind wants in its own way.
stage() {
    local tree=$1 zsh=$2 file
    put 755 out/colo usr/bin/colo
    put 644 packaging/colo@.service usr/lib/systemd/system/colo@.service
    put 644 packaging/colo.sysusers usr/lib/sysusers.d/colo.conf
    put 644 packaging/colo.tmpfiles usr/lib/tmpfiles.d/colo.conf
    put 644 packaging/60-colo.rules usr/lib/udev/rules.d/60-colo.rules
    put 755 etc/ocf/colo usr/lib/ocf/resource.d/colo/colo
    out/colo man --to "$tree/usr/share/man"
    find "$tree/usr/share/man" -type f -exec gzip -9n {} +
    mkdir -p "$tree/usr/share/bash-completion/completions" "$tree/$zsh" "$tree/usr/share/fish/vendor_completions.d"
    out/colo completion bash >"$tree/usr/share/bash-completion/completions/colo"
    out/colo completion zsh >"$tree/$zsh/_colo"
    out/colo completion fish >"$tree/usr/share/fish/vendor_completions.d/colo.fish"
    for file in README.md docs/*.md; do
        put 644 "$file" "usr/share/doc/colo/${file/#README.md/docs/about.md}"
    done
    put 644 colo.ini.example usr/share/doc/colo/examples/colo.ini
    find etc -type f ! -path etc/ocf/colo -print0 | while IFS= read -r -d '' file; do
        put 644 "$file" "usr/share/doc/colo/examples/${file#etc/}"
    done
    find "$tree" -type d -exec chmod 755 {} +
}

# stage_symbols TREE: the debug symbols, where gdb looks for those of out/colo.
stage_symbols() {
    local tree=$1 id
    id=$(readelf -n out/colo | sed -n 's/.*Build ID: //p')
    [[ $id =~ ^[0-9a-f]{40}$ ]] || { echo "out/colo has no build id" >&2; exit 1; }
    put 644 out/symbols/colo.dbg "usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
    find "$tree" -type d -exec chmod 755 {} +
}

# same_time TREE: every file as old as the commit.
same_time() { find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }
