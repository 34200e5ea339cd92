# Writes the commit that is to be live: COMMIT, which is its hash or the beginning of it, on the branch of the run; or else the run's
# own. Whatever else COMMIT is, is refused.
set -euo pipefail

refuse() {
    echo "::error::$1 Nothing was changed."
    exit 1
}

sha=$GITHUB_SHA
if [ -n "$COMMIT" ]; then
    [[ $COMMIT =~ ^[0-9a-fA-F]{4,40}$ ]] || refuse "Expected a commit's hash, or the first digits of it, and got \"$COMMIT\"."
    found=$(git rev-list "$GITHUB_SHA" | grep -i "^$COMMIT" || true)
    if [ -z "$found" ]; then
        git rev-parse --quiet --verify "$COMMIT^{commit}" > /dev/null && refuse "$COMMIT is not on $GITHUB_REF_NAME, the branch of this run."
        refuse "There is no commit $COMMIT."
    fi
    [ "$(wc -l <<< "$found")" = 1 ] || refuse "$COMMIT is the beginning of ${found//$'\n'/ and }: give more of it."
    sha=$found
fi
echo "Commit $sha"
echo "sha=$sha" >> "$GITHUB_OUTPUT"
