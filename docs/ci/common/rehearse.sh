# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# sh ci/rehearse.sh PROPOSED BASE SNAPSHOT: what a proposed inventory asks for beyond another, on a snapshot of the
# organisation. Started in a checkout of the target branch, never in the proposed one: from where it is started ansible
# takes settings. Leaves reports/change.md. The policy is ci/policy.yml of the target branch, or the one that
# EXCHANGE_ONLINE_POLICY of the job names.
#
# ansible gets no environment but what stands here. That keeps nothing from a program which looks for it: a runner
# without secrets does, and the check, after which there is no program in the inventory.
set -eu
proposed=$1 base=$2 snapshot=$3
rm -rf reports
mkdir -p reports .rehearsal-home
python3 ci/inventory_check.py "$proposed"
if [ ! -s "$snapshot" ]; then
  echo "There is no snapshot yet to rehearse on: run the audit on the default branch first (GitLab: the job snapshot)."
  exit 1
fi
env -i \
  PATH="$PATH" \
  HOME="$PWD/.rehearsal-home" \
  LANG=C.UTF-8 \
  ANSIBLE_COLLECTIONS_PATH="$ANSIBLE_COLLECTIONS_PATH" \
  ANSIBLE_COLLECTIONS_SCAN_SYS_PATH=false \
  ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED=true \
  EXCHANGE_ONLINE_POLICY="${EXCHANGE_ONLINE_POLICY-$PWD/ci/policy.yml}" \
  ansible-playbook email_router.exchange_online.rehearse -i "$proposed" \
  -e @ci/variables.yml -e '{"rehearse_base_vars": ["ci/variables.yml"]}' \
  -e "exchange_snapshot=$snapshot" -e "rehearse_base=$base" -e "rehearse_markdown=$PWD/reports/change.md"
