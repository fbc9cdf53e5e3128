# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts as the servers write them: router facts 3.2 and 3.3, with the names of this project's own organisation."""

from __future__ import annotations

TRACE = """ ---> System.Net.WebException: Unable to connect to the remote server
   at System.Net.Sockets.Socket.DoConnect(EndPoint endPointSnapshot, SocketAddress socketAddress)
   at System.Net.Mail.SmtpClient.Send(MailMessage message)
   --- End of inner exception stack trace ---
   at Microsoft.Crm.Tools.Email.Providers.SmtpPollingSendEmailProvider.ProcessMessageInternal(Message message):line 401
"""
SUBJECT = 'Offer for "Zoë" for Friday CRM:0001011'

#: S1: the router by SMTP.
ROUTER_SMTP = (
    f'#61042 - An error occurred while processing the outgoing e-mail message with subject "{SUBJECT}" for SMTP: '
    "https://crm01:5555/Contoso for delivery through smtp.office365.com. System.Net.Mail.SmtpException: "
)
#: S2: the router by EWS.
ROUTER_EWS = (
    f"10/01/2012 04:04:12 : #61042 - An error occurred while processing the outgoing e-mail message with subject "
    f'"{SUBJECT}" for ExchangeOnline: https://contoso.crm.dynamics.com/ for delivery through '
    "https://pod51043.outlook.com/ews/exchange.asmx. Microsoft.Crm.Tools.Email.Providers.EmailException: Error: "
)
#: S3: CRM refuses.
ROUTER_CRM = (
    "An error occurred while checking for outgoing email messages to process: https://disco.crm.dynamics.com/Contoso. "
    "System.ServiceModel.FaultException`1[Microsoft.Xrm.Sdk.OrganizationServiceFault]: User does not have send-as "
    "privilege. (Fault Detail is equal to Exception details:\nErrorCode: 0x8004480D\n"
    "Message: User does not have send-as privilege."
)
#: S4 and S5: Test Access.
TEST_ACCESS_401 = (
    "Incoming Status: Failure - The remote Microsoft Exchange e-mail server returned the error (401) Unauthorized. "
    "Verify that you have permission to connect to the mailbox."
)
TEST_ACCESS_440 = "Incoming Status: Failure - The remote server returned an error: (440) Login Timeout"

KB_SEND_AS = (
    "The user account which was used to submit this request does not have the right to send mail on behalf of the "
    "specified sending account."
)
KB_DELEGATE = (
    "The access credentials that you have specified have insufficient delegate permissions to send the e-mail message. "
    "Contact your Microsoft Exchange administrator to grant the required Permissions."
)
SMTP_DENIED = "5.7.60 SMTP; Client does not have permissions to send as this sender"
TRUSTEE, MAILBOX = "crmrouter@contoso.com", "sales@contoso.com"
SMTP_PAIR = (
    f"554 5.2.252 SendAsDenied; {TRUSTEE} not allowed to send as {MAILBOX}; STOREDRV.Submission.Exception:"
    "SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception with "
    "message [BeginDiagnosticData]Cannot submit message. 0.35250:0A00D687"
)
SMTP_OLD = (
    "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process "
    "message due to a permanent exception with message Cannot submit message."
)
OUTLOOK_NDR = (
    "Your message did not reach some or all of the intended recipients.\n\n"
    "      Subject:\tRe: Offer\n      Sent:\t10/1/2012 4:04 AM\n\n"
    "This message could not be sent. You do not have the permission to send the message on behalf of the specified "
    "user. Error is [0x80070005-0x000004dc-0x00000524]."
)
GRAPH_SEND_AS = (
    '{"error": {"code": "ErrorSendAsDenied", "message": "The user account which was used to submit this request does '
    'not have the right to send mail on behalf of the specified sending account., Cannot submit message."}}'
)
GRAPH_ACCESS = (
    '403 {"error":{"code":"ErrorAccessDenied","message":"Access is denied. Check credentials and try again."}}'
)
EWS_IMPERSONATION = (
    "ErrorImpersonateUserDenied: The account does not have permission to impersonate the requested user."
)
BASIC_AUTH_GONE = "550 5.7.30 Basic authentication is not supported for Client Submission."
