#!/bin/sh
# Names that leave the libraries: only oct_ from the shared one, only oct_ and octi_ from the static one.
#   sh tests/contract/check_symbols.sh liboctet.a liboctet.so
set -eu
static=$1
shared=$2
bad=0

global=$(nm --defined-only --extern-only "$static" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u)
exported=$(nm --dynamic --defined-only --extern-only "$shared" | awk 'NF == 3 { print $3 }' | sed 's/@.*//' | sort -u)
# What compilers and sanitizers add to every object is not ours.
ours='^(__asan|__ubsan|__tsan|__sanitizer|__odr_asan|__gcov|__llvm|__start_|__stop_|_init$|_fini$|_ZTS|asan\.module)'

foreign=$(printf '%s\n' "$global" | grep -Ev "$ours" | grep -Ev '^octi?_' || true)
[ -z "$foreign" ] || { echo "global names of $static that are neither oct_ nor octi_:"; echo "$foreign"; bad=1; }
foreign=$(printf '%s\n' "$exported" | grep -Ev "$ours" | grep -Ev '^oct_' || true)
[ -z "$foreign" ] || { echo "names that $shared exports beside oct_:"; echo "$foreign"; bad=1; }
printf '%s\n' "$exported" | grep -qx oct_model_open || { echo "$shared does not export oct_model_open"; bad=1; }

# What the public headers promise is there.
promised=$(cat engine/include/octet/*.h proto/include/octet/*.h proto/include/octet/proto/*.h |
    tr '\n' ' ' | grep -oE 'OCT_API [^;{]*\(' | sed -E 's/OCT_PRINTF.*//; s/ *\(.*$//' | grep -oE 'oct_[a-z0-9_]+$' | sort -u)
for name in $promised; do
    printf '%s\n' "$exported" | grep -qx "$name" || { echo "$shared does not export $name, which a header declares"; bad=1; }
done
[ "$bad" = 0 ] && echo "$(printf '%s\n' "$exported" | wc -l) names exported"
exit "$bad"
