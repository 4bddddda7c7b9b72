"""Security: what attackers try. The numbers are those of OWASP ASVS 5.0.0."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Security"
CASES: Final[tuple[Case, ...]] = (
    Case(
        "S01",
        "Somebody asks for what belongs to another company or partner: in the address, the query, the body, or an id "
        "inside of it; at every operation of the API, every page and every page of the console. *8.2.1, 8.2.2, 8.4.1, "
        "15.3.1*",
        "The same words and status as for what does not exist; nothing changes. A new address without an entry fails.",
    ),
    Case(
        "S02",
        "Somebody of the console does what is not for their role. *8.2.1, 8.2.3, 8.3.1*",
        "Refused on every page and for every act; the roles are those that were meant.",
    ),
    Case(
        "S03",
        "A write names fields that are not the sender's to set. *8.2.3, 15.3.3*",
        "Refused or without effect: nothing else of the row changes.",
    ),
    Case(
        "S04",
        "API keys: guessed, revoked, read from a copy of the database, put in an address. *6.5.2, 11.4.1, 11.5.1, "
        "14.2.1*",
        "Hashes only are kept, a key is shown once, a revoked one ends at once, comparison tells nothing by its time.",
    ),
    Case(
        "S05",
        "Sessions: one planted before the log-in, one left open, one kept for days, two companies in two windows. "
        "*3.3.1–3.3.4, 7.2.4, 7.3.1, 7.3.2, 7.4.1*",
        "A new id at each log-in, an idle and an absolute end, cookies that only our host gets over TLS and no script "
        "reads; a form of the company before is refused.",
    ),
    Case(
        "S06",
        "Links that open pages once: read by a scanner of mails, sent twice at the same moment, late, guessed, with "
        "another company's id. *6.5.1, 6.5.3, 6.5.5, 6.6.2, 6.6.3*",
        "Reading uses nothing up; one of many at once gets in; everything else is the one page that says to start "
        "again, and is told to nobody by a referrer.",
    ),
    Case(
        "S07",
        "The way back from a platform's consent: a foreign, used or late state, another browser, another provider. "
        "*10.1.1, 10.1.2, 10.2.1, 10.2.2*",
        "Nothing is linked; the state is of one browser and one attempt, lasts ten minutes and works once.",
    ),
    Case(
        "S08",
        "Another site sends a form in the name of somebody who is logged in. *3.5.1–3.5.3*",
        "403 at every address that takes a form of a session; what asks for no token is named in a list, with what it "
        "asks for instead.",
    ),
    Case(
        "S09",
        "An address that leads on to elsewhere: the way back to the partner, `next`, the end of a look. *1.2.2, 3.7.2*",
        "Only registered origins, or paths of ours; every trick in the text is refused.",
    ),
    Case(
        "S10",
        "An address that we are to call leads into our own network: in any spelling. *1.3.6, 13.2.4, 15.3.2*",
        "Refused before anything is sent, at each place where a partner or merchant may say an address.",
    ),
    Case(
        "S11",
        "A name is public when it is checked and private when it is called; a redirect into our network; an answer "
        "that drips or never ends. *1.3.6, 13.1.3, 15.3.2*",
        "The address that was checked is the one that is called; redirects are not followed; time and size end it.",
    ),
    Case(
        "S12",
        "Markup and scripts in every text that a partner, merchant, platform or customer can set: in pages, console, "
        "mails. *1.2.1, 1.3.1, 1.3.5, 3.2.1, 3.2.2*",
        "Shown as text; no element or attribute comes of it; nothing in the code turns escaping off.",
    ),
    Case(
        "S13",
        "A page is framed, sniffed, fed with scripts from elsewhere, or asked without TLS. *3.4.1–3.4.6*",
        "Every answer of every address has a policy that loads nothing of others, and the headers: also errors, "
        "redirects, files.",
    ),
    Case(
        "S14",
        "What was shown to one person is kept by a cache, or is asked for by an unusual method. *4.1.4, 13.4.4, "
        "14.3.2*",
        "Nothing that needs a log-in or a key is kept by anybody; TRACE and unknown methods do nothing anywhere.",
    ),
    Case(
        "S15",
        "An upload or a fetched picture: a bomb, two formats in one, SVG, a wrong extension. *1.3.4, 5.2.1, 5.2.2, "
        "5.2.6*",
        "Told by its bytes, measured before it is unpacked, served by us with its own type, nothing that acts.",
    ),
    Case(
        "S16",
        "Files that we give out: a cell that is a formula, a name that leads elsewhere. *1.2.10, 5.4.1, 5.4.2*",
        "Cells are text; names are ours; the file is a download that nobody keeps.",
    ),
    Case(
        "S17",
        "The database is copied, or a ciphertext is moved from one row to another. *11.2.1, 11.3.2, 11.3.3, 14.2.4*",
        "No secret is readable in any table; a ciphertext is good in its own row only.",
    ),
    Case(
        "S18",
        "Keys are changed while everything runs, and the change is killed in its middle. *11.1.1, 13.3.4*",
        "Everything stays readable throughout; it goes on where it stopped, and says what is left.",
    ),
    Case(
        "S19",
        "A secret comes near a log line, an error, a trace, a page, a queue, an export, a mail. *14.2.4, 16.2.5, "
        "16.5.1*",
        "It is found in none of them.",
    ),
    Case(
        "S20",
        "A name with line ends or control characters is written into a log. *16.4.1*",
        "One event stays one line; nobody writes lines of their own.",
    ),
    Case(
        "S21",
        "Webhooks that no platform sent, or sent long ago, or sent before. *2.2.1, 11.2.1, 4.1.3*",
        "No work without a signature over the raw bytes; the same again counts once; old ones are refused.",
    ),
    Case(
        "S22",
        "A webhook of ours is read, repeated or made up on its way to the partner. *1.3.6, 11.2.1*",
        "Signed over id, time and body; two secrets while one is changed; endpoints that fail are left alone and told "
        "of.",
    ),
    Case(
        "S23",
        "One key floods the API. *2.4.1, 15.2.2*",
        "429 with the time to go on; counted over all processes; nobody else is slowed.",
    ),
    Case(
        "S24",
        "Passwords, second factors and codes are guessed, with addresses made up in headers. *6.3.1, 15.3.4*",
        "Tries are counted before they are made and soon wait; the address is what our proxy says and nothing else.",
    ),
    Case(
        "S25",
        "Somebody has a colleague's password, or an open screen of the console. *6.3.3, 7.5.1, 2.3.2*",
        "The second factor is asked for; people and keys wait for the password once more; looking at a merchant's "
        "pages is read-only, marked and noted.",
    ),
    Case(
        "S26",
        "A row of the queue or the schedule names another function, or holds a pickle. *1.5.2, 13.2.2*",
        "The queue's tables have no pages; a function that is not ours is not run.",
    ),
    Case(
        "S27",
        "Somebody changes, removes or empties what is booked or noted. *16.4.2, 16.4.3*",
        "PostgreSQL refuses it by triggers, whoever asks.",
    ),
    Case(
        "S28",
        "Steps are skipped, repeated or done twice at the same moment. *2.3.1, 2.3.3, 2.3.4*",
        "Once, or not at all, and in words.",
    ),
    Case(
        "S29",
        "XML with entities, archives and compressed bodies that unpack to much more. *1.5.1, 5.2.3*",
        "No entity is resolved; unpacking ends at a limit.",
    ),
    Case(
        "S30",
        "An installation is set up carelessly. *13.4.1, 13.4.2, 12.1.1*",
        "In production it does not start without its secrets; `check --deploy` is clean; no debugging.",
    ),
    Case(
        "S31",
        "What we stand on is exchanged or has a known hole. *15.1.2, 15.2.1, 15.2.4*",
        "Locked with hashes, listed in a bill of materials, audited where that can be done and never said to be "
        "otherwise.",
    ),
    Case(
        "S32",
        "A change of the code brings a known kind of hole. *15.1.1, 15.3.5*",
        "Rules in the gate find it: each is shown to be able to fail.",
    ),
    Case(
        "S33",
        "Anything at all is sent to the API, to webhooks and to pages. *2.2.1, 4.1.1, 16.5.3*",
        "Never a 5xx: refused in words.",
    ),
    Case(
        "S34",
        "An error of ours, a page that is not there, a form too large: what does it tell? *13.4.2, 16.5.1*",
        "A page or a message in words, without anything of the inside; the log has the rest.",
    ),
    Case(
        "S35",
        "A merchant leaves, or a customer wants to be forgotten. *14.2.7*",
        "Personal texts go after their time or at once; the books and their proof stay.",
    ),
)
