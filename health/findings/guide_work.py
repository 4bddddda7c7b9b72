"""What to do about findings on delivery, mapping, connections, syncs, completeness and the installation. Pure."""

from __future__ import annotations

from typing import Final

from health.findings.advice import Advice

GUIDE: Final[dict[str, Advice]] = {
    "delivery_refused": Advice(
        "The accounting software understood documents and said no. All with the same reason are one finding; if it"
        " is the platform's fault, across companies.",
        "The finding names the documents; each push item has the platform's own sentence and the calls.",
        "Follow the remedy of the reason ([reasons](problems.md#reasons-for-which-a-platform-refuses)). When the"
        " cause is gone: *Retry* on the finding, for one company or the whole group. What may already be there is"
        " looked up first.",
    ),
    "delivery_unknown": Advice(
        "A call ended without an answer, so the documents may be there or not. They are never sent again blindly.",
        "The push items in state *unknown*, and the calls of the connection.",
        "Wait: they are looked up by reference, eight times. If it lasts, search for the reference at the accounting"
        " software; do not send by hand. A platform that is down is a finding of its own.",
    ),
    "delivery_waiting": Advice(
        "Documents are ready and nothing has sent them.",
        "The last sync of the company: its sentence says why it stopped.",
        "Sync again. If they still wait, look at the connection and whether workers are at work.",
    ),
    "account_archived": Advice(
        "The mapping sends amounts to an account that is archived or gone in the accounting software; documents are,"
        " or will be, refused.",
        "The mapping of the company; the refused documents are the finding's causes.",
        "The merchant activates the account there, or chooses another: in the settings, or you in the mapping"
        " editor. Then *Retry* for the whole group.",
    ),
    "tax_rate_archived": Advice(
        "The mapping uses a tax rate that is archived or gone in the accounting software.",
        "The mapping of the company, taxes.",
        "Activate it there or choose another, then *Retry*. Another rate is a question for the accountant.",
    ),
    "contact_archived": Advice(
        "The mapping names a customer or supplier that is archived or gone in the accounting software.",
        "The mapping of the company.",
        "Activate the contact there or choose another, then *Retry*.",
    ),
    "connection_lost": Advice(
        "The platform does not accept our access any more: it was revoked, a password changed, or it ran out.",
        "The connection's page: since when, and what the platform said.",
        "Only the merchant can connect again: send them the link to their pages. Nothing is lost; the next sync"
        " catches up. Many companies of one platform at once: look at the platform's status and at our app there.",
    ),
    "connection_expiring": Advice(
        "The access ends on a known day and cannot be renewed without the merchant.",
        "The connection's page.",
        "The merchant logs in again before that day. The alert goes to them by itself.",
    ),
    "connection_stale": Advice(
        "The connection is linked, and still nothing could be read from it for days.",
        "The calls of the connection; its last syncs.",
        "Sync again and read the sentence. A platform that answers with errors: see its status page. A company"
        " without any sales is not this finding.",
    ),
    "webhooks_off": Advice(
        "The platform has switched off the webhooks with which it rings us, as some do after failures.",
        "The connection's page, webhooks.",
        "The merchant (or our app's owner) switches them on there. Meanwhile everything is pulled, only later.",
    ),
    "sync_failing": Advice(
        "The last syncs of the company failed one after the other.",
        "The sync's page: what it came to, in words, whose turn it is, and its log.",
        "Follow the sentence. If the platform is down, wait: the group closes when it is back. After 31 failing days"
        " the company is paused.",
    ),
    "company_paused": Advice(
        "Nothing is synced: 31 days failed in a row, or somebody paused the company.",
        "The company's page: since when and why; the last syncs.",
        "Remove the cause, sync once by hand, then *Resume* from the day after the last success. If the console says"
        " that days would be met twice or never, it names them.",
    ),
    "sync_overdue": Advice(
        "A sync was due and no worker has begun it.",
        "The front page: workers, and the oldest due.",
        "Are workers at work? If so and only this company waits, look at its jobs; a dead one is a finding of its own.",
    ),
    "sync_stuck": Advice(
        "A sync has begun and does not end.",
        "The sync's page, log: what it last did; the job and its lease.",
        "A platform that asks us to wait is waited for up to an hour. A worker that hangs is ended; the next one"
        " goes on where it was.",
    ),
    "job_dead": Advice(
        "A job failed eight times and was given up.",
        "The job's page: its last error.",
        "Correct the cause (often an engineer's), then sync the company again: it takes up all that is not in the"
        " books.",
    ),
    "undo_stuck": Advice(
        "An undo was asked for and is not done.",
        "The undo's own sentence, on the sync's page.",
        "Remove what is in the way (a closed period, a lost connection), then sync: the sync goes on with the undo.",
    ),
    "day_without_sales": Advice(
        "A day that usually has sales has none, although the sync covered it.",
        "The company's days; the same weekday of the last eight weeks.",
        "Ask the merchant: closed that day? Then ignore it. Open? Then the till did not send: have it send again,"
        " and fetch the day again.",
    ),
    "number_gap": Advice(
        "The sales system numbers its sales in a row, and numbers within what we read are missing.",
        "The first and last number in the finding; the records around them.",
        "The merchant looks them up in the sales system. Canceled there: ignore it. There: fetch the day again.",
    ),
    "endpoint_failing": Advice(
        "A partner's webhook address does not take what we send.",
        "The delivery log: every try with its answer.",
        "The partner looks at their side; we go on trying for three days. Nothing else waits for it.",
    ),
    "endpoint_disabled": Advice(
        "A partner's webhook address answered 410, or failed for so long that it was disabled.",
        "The webhook address, and its delivery log.",
        "The partner enables it again (PATCH on the endpoint) and replays what it missed; you can replay a delivery"
        " too.",
    ),
    "workers_gone": Advice(
        "Jobs are due and no worker has shown itself.",
        "The front page; the service manager of the hosts.",
        "Start `manage.py qcluster` or `manage.py run_worker`. If qcluster runs and does nothing, restart it: it can"
        " hang when one of its processes was killed.",
    ),
    "work_waiting": Advice(
        "Jobs wait longer than they should, though workers are at work.",
        "The front page: the queue, and what the workers do.",
        "A big import passes by itself; it does not hold up others for long. If it lasts, start more workers.",
    ),
    "disk_low": Advice(
        "The disk with the data is nearly full. A full disk stops the database.",
        "`manage.py doctor`, under *disk*.",
        "Make room (logs, old backups), keep [raw payloads](#forgetting-persons) for fewer days, or add disk.",
    ),
    "check_failed": Advice(
        "A check of `manage.py doctor` fails that has no kind of its own.",
        "`manage.py doctor`: the check, what it found, and its remedy.",
        "Follow the remedy; it is the installation that is ill, not a merchant.",
    ),
}
