"""What to do about findings on money, payouts and what stands in the books. Pure."""

from __future__ import annotations

from typing import Final

from health.findings.advice import Advice

GUIDE: Final[dict[str, Advice]] = {
    "stated_differs": Advice(
        "The sales system's own totals are read from the raw rows without the mapping. They are another sum than our"
        " records: something was lost or doubled when rows became records.",
        "The records named in the finding, each with its raw row beside it; the company's page under reconciliation.",
        "Compare the parts of a record with its raw row. A row that is wrong at the source is sent again, corrected,"
        " by the partner. A mapping that is wrong is an engineer's: replay shows what a corrected one would change.",
    ),
    "documents_differ": Advice(
        "What was posted is another sum than the records it was posted from. Posting is checked before it is"
        " written, so this is a mistake of ours, or somebody wrote past the guards of the database.",
        "The day's documents as T-accounts, with the records behind each account.",
        "Pass it to an engineer at once. Send nothing by hand and undo nothing: the difference is the evidence.",
    ),
    "books_differ": Advice(
        "The accounting software, read back, has another amount than our documents, and no document that somebody"
        " edited there explains it.",
        "The documents of the day at the accounting software beside ours; the links lead there.",
        "Look for a document that is missing there, or there twice. A missing one is retried from its push item; an"
        " extra one is voided there by the merchant. Then have the day read back.",
    ),
    "tax_differs": Advice(
        "At one tax rate the documents hold another amount than the records. The whole may still agree: then two"
        " rates were mixed up.",
        "The records of the rate, and the tax code that the mapping gives it.",
        "Correct the tax code in the mapping, look at the effect, and save; the difference is posted. A return that"
        " was filed with the former figure is the merchant's and their accountant's to correct.",
    ),
    "gift_cards_differ": Advice(
        "What stood on gift cards, plus what was sold, less what was used, is not what the liability account holds.",
        "The entries of the liability account that are not ours; gift card records of the company.",
        "Entries by hand belong to another account: the merchant moves them. Cards sold or used elsewhere (a former"
        " till, an importer) need an opening balance, booked once by the accountant.",
    ),
    "clearing_differs": Advice(
        "A clearing account should hold exactly what payment platforms still owe: each payment that is in no payout"
        " yet. It holds something else.",
        "The clearing account on the company's page, item by item, beside its entries at the accounting software.",
        "The entries that are not ours are the difference: bank rules and imports often book payouts there a second"
        " time. The merchant corrects them there, or says in the settings that the account is used for more.",
    ),
    "clearing_aged": Advice(
        "Payments wait longer for their payout than this merchant's payouts usually take.",
        "The open items of the clearing account, the oldest first.",
        "The merchant looks at the payment platform: is a payout on hold, or was it paid to another bank account? If"
        " these payments are settled elsewhere, the settings say so and the account is cleared.",
    ),
    "payout_missing": Advice(
        "Later payments have been paid out and these have not: a payout was skipped, or never came to us.",
        "The payouts of the processor in their order, on the company's page.",
        "Fetch the payouts again. If it stays away, ask the payment platform for the payout of these days; until it"
        " comes its payments stay open, which is right.",
    ),
    "payout_late": Advice(
        "This merchant's payouts come in a rhythm, and the next is overdue.",
        "The last payouts on the company's page, and when the processor was last read.",
        "First see whether the connection still reads (a lost one is a finding of its own). Then the merchant looks"
        " at the payment platform: holds, reserves, a changed bank account.",
    ),
    "bank_missing": Advice(
        "A payout that should have arrived is not among the bank transactions that the accounting software has.",
        "The payout's page, and the bank account in the accounting software around the day.",
        "The bank feed may lag or be disconnected: look at its last transaction first. If the bank really lacks it,"
        " the payment platform traces it.",
    ),
    "bank_differs": Advice(
        "The bank shows the payout with another amount than the payment platform states.",
        "The payout and the bank transaction side by side, in the finding.",
        "Usually a bank's charge or a conversion: the accountant books the difference. A difference that repeats"
        " belongs into the settings as a fee.",
    ),
    "booked_twice": Advice(
        "An entry that is not ours has the amount, the account and the day of one of ours: another tool books the"
        " same sales or refunds.",
        "Both entries in the accounting software; the finding names them.",
        "The merchant finds the other tool (an app of the sales platform, a bank rule, a bookkeeper) and switches"
        " one of the two off. Entries of the other are voided there. If they only look alike, ignore the finding and"
        " say why.",
    ),
    "sources_overlap": Advice(
        "The same sales come from two connected systems, for instance from a shop and from its payment platform.",
        "The pairs of records in the finding.",
        "The merchant says in the settings which system keeps the sales; the other is excluded or disconnected, and"
        " its days are undone from the day on which both were connected.",
    ),
    "document_edited": Advice(
        "Somebody changed an entry of ours in the accounting software. We never overwrite what a person wrote.",
        "The document's page shows what was sent beside what is there now.",
        "Ask who did it and why. Either it is put back there, or voided there and its day synced again, or it stays"
        " and the finding is ignored with the reason.",
    ),
    "document_removed": Advice(
        "An entry of ours was voided or deleted in the accounting software. It is not made again by itself.",
        "The document's page, and the audit trail of the accounting software.",
        "If it should come back, sync its day again on purpose. If not, undo the day here, so that both say the same.",
    ),
    "document_redated": Advice(
        "Somebody moved an entry of ours to another day in the accounting software.",
        "The document's page: our day and theirs.",
        "Moved by mistake: it is moved back there. Moved because the period was closed: ignore it with the reason;"
        " the amounts are right.",
    ),
    "document_unbalanced": Advice(
        "Debits and credits of a stored document are not equal. The database refuses that, so its guards were passed.",
        "The document's page; who has been at the database.",
        "An engineer, at once: stop the workers, keep a copy, restore the document from the backup, find out who.",
    ),
    "record_twice": Advice(
        "One record counts twice in the books. The database refuses that, so its guards were passed.",
        "The record's page: where its versions stand, and in which documents.",
        "An engineer withdraws or reverses one of the two postings; then the doctor's check *once* is clean again.",
    ),
    "binding_missing": Advice(
        "A document is marked as delivered, and we do not know which entry of theirs it is.",
        "The document's page, its push item and calls; its reference in the accounting software.",
        "Do not sync the company. Look its reference up there: an engineer binds what is there, or has it sent if it"
        " is not.",
    ),
}
