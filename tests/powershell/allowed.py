# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the scripts in _remote may use: what Windows PowerShell 5.1 (.NET Framework 4.7.2) and PowerShell 7 share.

Each command, type and member has a documentation page for either side (:func:`pages`); an entry goes in only after a
look at both. Syntax goes in after a look at about_* of 5.1.
"""

from __future__ import annotations

import re

_LEARN = "https://learn.microsoft.com"

#: Command → where it is documented, and the parameters that may be named. Functions of the scripts are allowed besides.
COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ConvertFrom-Json": ("microsoft.powershell.utility", ("InputObject",)),
    "Get-Command": ("microsoft.powershell.core", ("Name", "ErrorAction")),
    "Get-ExecutionPolicy": ("microsoft.powershell.security", ("List",)),
    "Get-Module": ("microsoft.powershell.core", ("Name", "ListAvailable", "ErrorAction")),
    "Import-Module": ("microsoft.powershell.core", ("Name",)),
    "New-Object": ("microsoft.powershell.utility", ("TypeName", "ArgumentList")),
    "Connect-ExchangeOnline": ("exchangepowershell", ("ErrorAction", "ShowBanner", "SkipLoadingFormatData")),
    "Disconnect-ExchangeOnline": ("exchangepowershell", ("Confirm",)),
    "Get-ConnectionInformation": ("exchangepowershell", ()),
}
#: What is called without its name being written down: a cmdlet from the runner's own list, and the runner itself.
DYNAMIC_COMMANDS = {"$Cmdlet", "([scriptblock]::Create($source))"}

#: Type that declares it → members; "new" is a constructor.
TYPES: dict[str, tuple[str, ...]] = {
    "Microsoft.Win32.Registry": ("GetValue",),
    "System.Array": (),
    "System.BitConverter": ("ToString",),
    "System.Boolean": ("ToString",),
    "System.Char": (),
    "System.Collections.DictionaryEntry": ("Key", "Value"),
    "System.Collections.Hashtable": ("ContainsKey", "GetEnumerator", "Keys"),
    "System.Collections.IDictionary": ("GetEnumerator",),
    "System.Collections.IEnumerable": (),
    "System.Collections.IList": (),
    "System.Collections.Queue": ("new", "Clear", "Count", "Dequeue", "Enqueue", "Peek"),
    "System.Collections.Specialized.OrderedDictionary": ("GetEnumerator",),
    "System.Console": ("Error", "InputEncoding", "OpenStandardInput", "OpenStandardOutput"),
    "System.Convert": ("FromBase64String",),
    "System.DateTime": ("ToString", "ToUniversalTime"),
    "System.DateTimeOffset": ("ToString",),
    "System.Diagnostics.Stopwatch": ("ElapsedMilliseconds", "StartNew"),
    "System.Double": (),
    "System.Environment": ("Exit", "MachineName", "OSVersion", "UserDomainName", "UserName"),
    "System.Exception": ("Data", "GetBaseException", "Message"),
    "System.Globalization.CultureInfo": ("DefaultThreadCurrentUICulture", "GetCultureInfo", "InvariantCulture"),
    "System.IO.File": ("Delete", "WriteAllText"),
    "System.IO.Path": ("Combine", "GetRandomFileName", "GetTempPath"),
    "System.IO.StreamReader": ("new", "ReadLineAsync"),
    "System.IO.StreamWriter": ("new", "AutoFlush", "Write"),
    "System.IO.TextWriter": ("WriteLine",),
    "System.Int32": (),
    "System.Int64": ("ToString",),
    "System.InvalidOperationException": ("new",),
    "System.Net.IWebProxy": ("GetProxy", "IsBypassed"),
    "System.Net.SecurityProtocolType": ("Tls12",),
    "System.Net.ServicePointManager": ("SecurityProtocol",),
    "System.Net.Sockets.TcpClient": ("new", "Close", "ConnectAsync"),
    "System.Net.WebRequest": ("DefaultWebProxy",),
    "System.Object": ("GetType", "ToString"),
    "System.OperatingSystem": ("Platform",),
    "System.Reflection.MemberInfo": ("Name",),
    "System.Security.Cryptography.HashAlgorithm": ("ComputeHash",),
    "System.Security.Cryptography.SHA256": ("Create",),
    "System.Security.Cryptography.X509Certificates.RSACertificateExtensions": ("GetRSAPrivateKey",),
    "System.Security.Cryptography.X509Certificates.X509Certificate": ("Dispose",),
    "System.Security.Cryptography.X509Certificates.X509Certificate2": (
        "new", "HasPrivateKey", "NotAfter", "PrivateKey", "Thumbprint",
    ),
    "System.Security.Cryptography.X509Certificates.X509Certificate2Collection": ("Find",),
    "System.Security.Cryptography.X509Certificates.X509Store": ("new", "Certificates", "Close", "Open"),
    "System.Security.SecureString": ("new", "AppendChar"),
    "System.String": ("Replace", "StartsWith", "ToCharArray", "ToLowerInvariant", "Trim", "TrimStart"),
    "System.Text.Encoding": ("GetBytes", "UTF8"),
    "System.Text.RegularExpressions.Capture": ("Value",),
    "System.Text.RegularExpressions.Regex": ("Replace",),
    "System.Text.UTF8Encoding": ("new",),
    "System.Threading.Tasks.Task": ("Wait",),
    "System.Threading.Tasks.Task`1": ("Result",),
    "System.Threading.Thread": ("CurrentThread", "CurrentUICulture"),
    "System.Type": ("FullName",),
    "System.Uri": ("Authority", "DnsSafeHost", "Port"),
    "System.Version": (),
    "System.Management.Automation.CommandInfo": ("Parameters",),
    "System.Management.Automation.EngineIntrinsics": ("SessionState",),
    "System.Management.Automation.ErrorCategoryInfo": ("Category", "Reason"),
    "System.Management.Automation.ErrorRecord": ("CategoryInfo", "Exception", "FullyQualifiedErrorId"),
    "System.Management.Automation.PSCustomObject": (),
    "System.Management.Automation.PSMemberInfo": ("Name", "Value"),
    "System.Management.Automation.PSModuleInfo": ("Path", "Version"),
    "System.Management.Automation.PSObject": ("Properties",),
    "System.Management.Automation.ScriptBlock": ("Create",),
    "System.Management.Automation.SessionState": ("LanguageMode",),
}  # fmt: skip

#: Not members of types: keys of tables, properties of what the module and JSON give, and what PowerShell adds.
DATA = {
    "Certificate", "Connected", "Greeted", "IdleSeconds", "Line", "Quit", "ReadOnly", "Seen", "Sequence", "Store",
    "ConnectionId", "Organization", "State", "TenantID", "TokenExpiryTimeUTC", "TokenStatus",
    "$name", "TypeName", "details", "error", "message",
    "ExecutionPolicy", "Scope", "PSEdition", "PSObject", "PSVersion", "Count",
}  # fmt: skip

AUTOMATIC_VARIABLES = {
    "_", "args", "ExecutionContext", "false", "Matches", "null", "PID", "PSBoundParameters", "PSVersionTable", "true",
}  # fmt: skip

NODES = {
    f"{name}Ast"
    for name in (
        "ArrayExpression", "ArrayLiteral", "AssignmentStatement", "BinaryExpression", "BreakStatement", "CatchClause",
        "Command", "CommandExpression", "CommandParameter", "ConstantExpression", "ContinueStatement",
        "ConvertExpression", "ExitStatement", "ExpandableStringExpression", "ForEachStatement", "ForStatement",
        "FunctionDefinition", "Hashtable", "IfStatement", "IndexExpression", "InvokeMemberExpression",
        "MemberExpression", "NamedBlock", "ParamBlock", "Parameter", "ParenExpression", "Pipeline", "ReturnStatement",
        "ScriptBlock", "ScriptBlockExpression", "StatementBlock", "StringConstantExpression", "SubExpression",
        "SwitchStatement", "ThrowStatement", "TryStatement", "TypeConstraint", "TypeExpression", "UnaryExpression",
        "VariableExpression", "WhileStatement",
    )
}  # fmt: skip
OPERATORS = {
    "And", "As", "Bor", "Cmatch", "Cnotmatch", "Equals", "Format", "Icontains", "Ieq", "Igt", "Iin", "Ile", "Ilt",
    "Imatch", "Ine", "Inotin", "Inotmatch", "Is", "IsNot", "Join", "Multiply", "Not", "Or", "Plus", "PostfixPlusPlus",
}  # fmt: skip
ESCAPES = {"0", '"', "n"}
#: 5.1 knows no suffix but l and d, and no binary numbers.
NUMBER = re.compile(r"\d+|0x[0-9A-Fa-f]+")


def pages(kind: str, name: str) -> tuple[str, str]:
    """Where a command (``Get-Module``) or a type or member (``System.Console::Error``) is documented: for Windows
    PowerShell 5.1 or .NET Framework 4.7.2, and for PowerShell 7 or .NET 8."""
    if kind == "command":
        module = COMMANDS[name][0]
        views = (
            ("exchange-ps", "exchange-ps") if module == "exchangepowershell" else ("powershell-5.1", "powershell-7.4")
        )
        page = f"{_LEARN}/powershell/module/{module}/{name.lower()}"
    else:
        engine = name.startswith("System.Management.Automation.")
        views = ("powershellsdk-1.1.0", "powershellsdk-7.4.0") if engine else ("netframework-4.7.2", "net-8.0")
        path = name.replace("`", "-").replace("::new", ".-ctor").replace("::", ".").lower()
        page = f"{_LEARN}/dotnet/api/{path}"
    return f"{page}?view={views[0]}", f"{page}?view={views[1]}"
