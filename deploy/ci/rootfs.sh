#!/bin/sh
# Assembles the root file system of the image: the binary, the shared libraries it needs and nothing else of Debian, the shipped
# models, a user without a name to log in. The Dockerfile copies it onto an empty base; the tests count and run it.
#
#   sh deploy/ci/rootfs.sh BUILD_FOLDER ROOT          ROOT is made anew
set -eu
cd "$(dirname "$0")/../.."
build=${1:?usage: sh deploy/ci/rootfs.sh BUILD_FOLDER ROOT}
root=${2:?usage: sh deploy/ci/rootfs.sh BUILD_FOLDER ROOT}
uid=65532

case $root in
/ | "") echo "rootfs.sh: '$root' cannot be made anew" >&2; exit 2 ;;
esac
rm -rf "$root"
# Debian's merged /usr: the loader is known under /lib64, libraries under their multiarch folder.
multiarch=$(gcc -print-multiarch)
libraries=$root/usr/lib/$multiarch
mkdir -p "$root/usr/bin" "$libraries" "$root/usr/lib64" "$root/etc" "$root/tmp" "$root/var/lib/octet" \
    "$root/usr/share/octet/models" "$root/usr/share/doc"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"

strip -o "$root/usr/bin/octet" "$build/octet"
ldd "$build/octet" | awk '/=> \// { print $3 } /^[ \t]*\/.*ld-/ { print $1 }' | while read -r library; do
    name=$(basename "$library")
    case $name in
    ld-linux-x86-64*) cp -L "$library" "$root/usr/lib64/$name" ;;
    ld-linux*) cp -L "$library" "$root/usr/lib/$name" ;;
    *) cp -L "$library" "$libraries/$name" ;;
    esac
    # The licence of what is copied goes with it.
    package=$(dpkg -S "$(readlink -f "$library")" 2>/dev/null | head -n 1 | cut -d: -f1)
    if [ -n "$package" ] && [ -f "/usr/share/doc/$package/copyright" ]; then
        mkdir -p "$root/usr/share/doc/$package"
        cp -L "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/"
    fi
done
cp configs/models/*.octet "$root/usr/share/octet/models/"
echo "octet:x:$uid:$uid:octet:/:/sbin/nologin" >"$root/etc/passwd"
echo "octet:x:$uid:" >"$root/etc/group"
chmod 1777 "$root/tmp"
if [ "$(id -u)" = 0 ]; then
    chown -R 0:0 "$root"
    chown "$uid:$uid" "$root/var/lib/octet"
fi
chmod 0750 "$root/var/lib/octet"
