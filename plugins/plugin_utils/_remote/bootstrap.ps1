# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Reads runner.ps1 from standard input and runs it. The client sends it as -EncodedCommand, without these comments.
#
# The automatic variable for pipeline input must not occur here: the 5.1 host would then read standard input itself
# (winrm facts 3.2). Raw streams make the code page of the console irrelevant (winrm facts 3.3).

$ProgressPreference = 'SilentlyContinue'
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    "`n@exo {`"seq`":0,`"fatal`":`"language_mode`"}"
    exit 3
}

$utf8 = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
# Child processes would be sent a BOM otherwise; a process without a console has no code page to set.
try { [Console]::InputEncoding = $utf8 } catch { $null = $_ }

$stdin = [Console]::OpenStandardInput()
$reader = New-Object -TypeName System.IO.StreamReader -ArgumentList $stdin, $utf8, $false, 65536
$writer = New-Object -TypeName System.IO.StreamWriter -ArgumentList ([Console]::OpenStandardOutput()), $utf8
$writer.AutoFlush = $true

# Milliseconds without a line, after which nobody is there any more who would send the rest.
$patience = 60000
function Read-Line {
    $reading = $reader.ReadLineAsync()
    if (-not $reading.Wait($patience)) { [Environment]::Exit(4) }
    $reading.Result
}

$count = [int] (Read-Line).TrimStart([char] 0xFEFF)
$lines = @(for ($i = 0; $i -lt $count; $i++) { Read-Line })
if ($lines -contains $null) { exit 2 }
$source = $lines -join "`n"
& ([scriptblock]::Create($source)) $reader $writer $source
