#!/usr/bin/env bash
# Builds the agent's image for staging, and gives the same bytes to production.
#
#   agent/publish-image.sh staging REPOSITORY           builds, pushes, moves the tag `staging`
#   agent/publish-image.sh production REPOSITORY@DIGEST  moves the tag `production`; builds nothing
#
# The last line of standard output is what the workers are given: AGENT_IMAGE=REPOSITORY@DIGEST.
# PLATFORMS says what to build for (default linux/amd64). Needs docker with buildx, logged in to the registry.
set -euo pipefail

readonly EXIT_FAILED=1 EXIT_USAGE=2
REPOSITORY_FORM='^[a-z0-9.:-]+(/[a-z0-9._-]+)+$'
DIGEST_FORM='^sha256:[0-9a-f]{64}$'

fail() {
  printf '%s\n' "$2" >&2
  exit "$1"
}

usage() {
  fail "$EXIT_USAGE" "usage: $0 staging REPOSITORY | production REPOSITORY@sha256:DIGEST"
}

digest_of() {
  docker buildx imagetools inspect "$1" --format '{{.Manifest.Digest}}'
}

staging() {
  local repository=$1 revision tag digest
  [[ $repository =~ $REPOSITORY_FORM ]] || usage
  cd "$(dirname "${BASH_SOURCE[0]}")/.."
  [[ -z $(git status --porcelain) ]] || fail "$EXIT_FAILED" "there are changes that are not committed: nobody could build this image again"
  revision=$(git rev-parse HEAD)
  tag="$repository:$revision"
  docker buildx build --file agent/Dockerfile --platform "${PLATFORMS:-linux/amd64}" --pull --push \
    --label "org.opencontainers.image.revision=$revision" --provenance=mode=max --sbom=true --tag "$tag" . >&2
  digest=$(digest_of "$tag")
  [[ $digest =~ $DIGEST_FORM ]] || fail "$EXIT_FAILED" "the registry named no digest for $tag"
  docker buildx imagetools create --tag "$repository:staging" "$repository@$digest" >&2
  printf 'AGENT_IMAGE=%s@%s\n' "$repository" "$digest"
}

production() {
  local repository=${1%@*} digest=${1##*@}
  [[ $1 == *@* && $repository =~ $REPOSITORY_FORM && $digest =~ $DIGEST_FORM ]] || usage
  [[ $(digest_of "$repository:staging") == "$digest" ]] ||
    fail "$EXIT_FAILED" "$digest is not what runs as $repository:staging: only that is promoted"
  docker buildx imagetools create --tag "$repository:production" "$repository@$digest" >&2
  [[ $(digest_of "$repository:production") == "$digest" ]] ||
    fail "$EXIT_FAILED" "the registry has something else as $repository:production"
  printf 'AGENT_IMAGE=%s@%s\n' "$repository" "$digest"
}

[[ $# -eq 2 ]] || usage
case $1 in
  staging) staging "$2" ;;
  production) production "$2" ;;
  *) usage ;;
esac
