# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# bash ci/with_certificate.sh COMMAND...: runs a command while the certificate from EXCHANGE_CERTIFICATE_BASE64 is in the
# file EXCHANGE_ONLINE_CERTIFICATE_FILE. Its exit status is that of the command.
set -euo pipefail
umask 077
trap 'rm -f "$EXCHANGE_ONLINE_CERTIFICATE_FILE"' EXIT
printf '%s' "$EXCHANGE_CERTIFICATE_BASE64" | base64 --decode > "$EXCHANGE_ONLINE_CERTIFICATE_FILE"
unset EXCHANGE_CERTIFICATE_BASE64
"$@"
