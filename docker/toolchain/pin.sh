# pin.sh FILE: has apt install the versions of a file with lines NAME=VERSION, and no others. It
# prints a line for each version that is neither installed nor in the archive, and fails.
# pin.sh --purge FILE: removes the packages that the file does not name.
# An empty file pins and removes nothing.
set -eu

purge=
if [ "$1" = --purge ]; then
	purge=yes
	shift
fi
[ -s "$1" ] || exit 0

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cut -d= -f1 "$1" > "$work/names"

if [ "$purge" ]; then
	dpkg-query -W -f '${Package}\n' | grep -vxF -f "$work/names" > "$work/extra" || exit 0
	xargs dpkg --purge -- < "$work/extra"
	exit 0
fi

{
	dpkg-query -W -f '${Package}=${Version}\n'
	xargs apt-cache madison -- < "$work/names" | sed 's/ *|/=/; s/ *|.*//; s/ //g'
} | sort -u > "$work/available"
if grep -vxF -f "$work/available" "$1" > "$work/missing"; then
	while IFS== read -r name version; do
		echo "kiln: unavailable $name $version $(awk -F= -v name="$name" '$1 == name { printf "%s ", $2 }' "$work/available")"
	done < "$work/missing"
	exit 1
fi
sed 's/\(.*\)=\(.*\)/Package: \1\nPin: version \2\nPin-Priority: 1001\n/' "$1" > /etc/apt/preferences.d/kiln
