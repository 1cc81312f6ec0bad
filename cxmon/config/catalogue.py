"""The catalogue of metrics: how the field defines them, and what that brings by default. Data only."""

from collections.abc import Mapping
from datetime import timedelta

from cxmon.config.standard import Formula, Standard
from cxmon.model import Better, Grain, Kind

_SOLVED = "by the day the contact was solved, not the day of the answer"
_CALL = "by the day the call came in"
_CREATED = "by the day the ticket was created"
_SOLVED_TICKET = "by the day the ticket was solved"


def _days(count: int) -> timedelta:
    return timedelta(days=count)


# What speed is most often bought with: a ticket closed too early, somebody who calls again, hangs up, or complains.
_BOUGHT = ("reopen", "repeat_contact", "abandonment", "complaints")

SURVEYS = (
    Standard(
        name="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER, window=_SOLVED,
        formulas=(
            Formula(
                name="top_two", box="top", scale=(1, 5),
                words="Answers with one of the two best grades of five (of fewer the best one alone), of all answers",
            ),
            Formula(name="mean", words="Mean of all grades given", kind=Kind.MEAN, box="score", scale=(1, 5)),
            Formula(
                name="net", words="Share of the best grades minus share of the worst, in points",
                kind=Kind.MEAN, unit="points", box="net", scale=(1, 5),
            ),
        ),
        reads="value 1 for satisfied and 0 for not, or score with the grade; a row without either was not answered",
        traps=(
            "3 of 5 counts as not satisfied; a mean of grades and a net score are other metrics.",
            "By the day of the answer it leaves out late answers, which come from slow tickets, and looks better.",
            "It says nothing of those who do not answer: watch the response rate beside it.",
        ),
        matures_after=_days(14), lookback=_days(30), guards=("response_rate", "first_contact_resolution"),
        moves=("happier customers", "unhappier customers"),
    ),
    Standard(
        name="nps", label="NPS", kind=Kind.MEAN, better=Better.HIGHER, unit="points", window=_SOLVED,
        formulas=(
            Formula(
                name="promoters", words="Share of answers 9 and 10 minus share of 0 to 6, in points from -100 to 100",
                box="net", scale=(0, 10), top=9, bottom=6,
            ),
        ),
        reads="value 100, 0 or -100 an answer, or score with 0 to 10",
        traps=(
            "100 answers know it to about 15 points, 1,000 to about 5.",
            "Surveys after a contact and surveys of the whole relation are not comparable.",
        ),
        matures_after=_days(14), lookback=_days(30), guards=("response_rate",),
        moves=("more who recommend", "fewer who recommend"),
    ),
    Standard(
        name="ces", label="CES", kind=Kind.MEAN, better=Better.HIGHER, window=_SOLVED,
        formulas=(
            Formula(
                name="agree",
                words="Mean agreement, 1 to 7, that it was made easy (CES 2.0)", box="score", scale=(1, 7),
            ),
            Formula(
                name="share", words="Answers 5 to 7 of 7 (it was made easy), of all answers",
                kind=Kind.PROPORTION, box="top", scale=(1, 7), top=5,
            ),
            Formula(
                name="effort", words="Mean effort, 1 (little) to 5 (much): the older CES 1.0",
                better=Better.LOWER, box="score", scale=(1, 5),
            ),
        ),
        reads="value or score with the answer",
        traps=("In CES 1.0 lower is better, in 2.0 higher: the two are never one series.",),
        matures_after=_days(14), lookback=_days(30), guards=("response_rate",), moves=("easier", "harder"),
    ),
    Standard(
        name="response_rate", label="Response rate", kind=Kind.PROPORTION, better=Better.HIGHER, window=_SOLVED,
        formulas=(
            Formula(name="of_delivered", words="Surveys answered, of all surveys delivered"),
            Formula(name="of_solved", words="Surveys answered, of all contacts solved"),
        ),
        reads="a row for each survey that was sent: value 1 where it was answered, 0 where it was not",
        traps=(
            "Both parts count the same surveys: answers of this week over surveys of this week is another figure.",
            "An agent who chooses whom to ask moves it: watch how many are asked, too.",
        ),
        matures_after=_days(14), lookback=_days(30), guards=("csat",), moves=("more answers", "fewer answers"),
    ),
)  # fmt: skip

TIMES = (
    Standard(
        name="first_response_time", label="First response", kind=Kind.QUANTILE, better=Better.LOWER, unit="min",
        window=_CREATED, quantiles=(0.5, 0.9),
        formulas=(
            Formula(name="human", words="Time from a ticket's creation to the first public reply by a person"),
            Formula(name="any", words="Time from a ticket's creation to the first public reply, by whomever"),
        ),
        reads="ended with the first reply, empty while there is none (it counts as longer than all others); or value",
        traps=(
            "A bot's reply makes it about zero: count the first reply of a person.",
            "Tickets without a reply are no fast ones: they are counted as open, not left out.",
            "Leave out tickets that agents opened, spam, and merged ones.",
        ),
        lookback=_days(30), guards=("csat", "first_contact_resolution", *_BOUGHT), moves=("faster", "slower"),
    ),
    Standard(
        name="resolution_time", label="Resolution", kind=Kind.QUANTILE, better=Better.LOWER, unit="h",
        window=_CREATED, quantiles=(0.5, 0.9),
        formulas=(
            Formula(name="full", words="Time from a ticket's creation to its last solution"),
            Formula(name="first", words="Time from a ticket's creation to its first solution"),
        ),
        reads="ended with the solution, empty while there is none; or value",
        traps=(
            "By the day of the solution, leaving old tickets open looks like an improvement.",
            "A ticket that is opened again is not solved: the full time goes on.",
        ),
        lookback=_days(60), guards=("csat", *_BOUGHT), moves=("solved sooner", "solved later"),
    ),
    Standard(
        name="sla", label="SLA met", kind=Kind.PROPORTION, better=Better.HIGHER, window="by the day it was due",
        formulas=(
            Formula(name="by_due", words="Targets met, of all that were due; open ones past their time are broken"),
            Formula(name="completed", words="Targets met, of all that were completed"),
        ),
        reads="a row for each target (a ticket may have several): value 1 where it was met, 0 where it was not",
        traps=(
            "Some vendors mark a target as missed only at the next reply: the newest days look too good.",
            "Targets that change with a ticket's priority count as they were at the time.",
        ),
        matures_after=_days(14), lookback=_days(30), guards=("csat", "backlog", *_BOUGHT),
    ),
)  # fmt: skip

CALLS = (
    Standard(
        name="service_level", label="Service level", kind=Kind.PROPORTION, better=Better.HIGHER, window=_CALL,
        formulas=(
            Formula(
                name="short_left_out", outcomes=(1, 0, None, 0, 0),
                words="Calls answered within {within}, of all answered or given up after {short}",
            ),
            Formula(
                name="answered_only", outcomes=(1, 0, None, None, None),
                words="Calls answered within {within}, of all answered",
            ),
            Formula(
                name="all_against", outcomes=(1, 0, 0, 0, 0),
                words="Calls answered within {within}, of all answered or given up",
            ),
            Formula(
                name="in_time_for", outcomes=(1, 0, 1, 1, 0),
                words="Calls answered or given up within {within}, of all answered or given up",
            ),
            Formula(
                name="in_time_left_out", outcomes=(1, 0, None, None, 0),
                words="Calls answered within {within}, of all answered or given up after {within}",
            ),
            Formula(
                name="short_for", outcomes=(1, 0, 1, 0, 0),
                words="Calls answered within {within} or given up within {short}, of all answered or given up",
            ),
        ),
        reads="answered, abandoned and waited (seconds) of each call; or value",
        traps=(
            "The same calls give 81, 82, 83, 83 or 86 %, by formula: never compare two that differ.",
            "answered_only gets better when people give up.",
            "Callbacks and calls that left the queue otherwise are neither answered nor given up, and count nowhere.",
        ),
        within=timedelta(seconds=20), short=timedelta(seconds=5), matures_after=_days(1),
        guards=("abandonment", "first_contact_resolution"),
    ),
    Standard(
        name="abandonment", label="Abandonment", kind=Kind.PROPORTION, better=Better.LOWER, window=_CALL,
        formulas=(
            Formula(
                name="short_left_out", outcomes=(0, 0, None, 1, 1),
                words="Calls given up after {short}, of all answered or given up after {short}",
            ),
            Formula(
                name="of_offered", outcomes=(0, 0, 0, 1, 1),
                words="Calls given up after {short}, of all answered or given up",
            ),
            Formula(name="every", outcomes=(0, 0, 1, 1, 1), words="Calls given up, of all answered or given up"),
        ),
        reads="answered, abandoned and waited (seconds) of each call; or value",
        traps=(
            "Who hangs up inside the menu was never in the queue and is not counted.",
            "The wait of those who were answered falls when others give up: watch both.",
        ),
        within=timedelta(seconds=20), short=timedelta(seconds=5), matures_after=_days(1),
        guards=("service_level", "repeat_contact"), moves=("fewer who give up", "more who give up"),
    ),
)  # fmt: skip

SOLVED = (
    Standard(
        name="first_contact_resolution", label="Solved first time", kind=Kind.PROPORTION, better=Better.HIGHER,
        window=_SOLVED_TICKET,
        formulas=(
            Formula(
                name="no_return",
                words="Contacts solved without a reopening or new contact in 7 days, of all solved",
            ),
            Formula(name="one_touch", words="Tickets solved with one reply and not opened again, of all solved"),
        ),
        reads="a row for each solved contact: value 1 or 0",
        traps=("It needs the wait: the last 7 days are not known, and never fine.",),
        matures_after=_days(7), lookback=_days(30), guards=("csat", "repeat_contact"),
        moves=("more solved first time", "fewer solved first time"),
    ),
    Standard(
        name="reopen", label="Reopened", kind=Kind.PROPORTION, better=Better.LOWER, window=_SOLVED_TICKET,
        formulas=(Formula(name="of_solved", words="Solved tickets that were opened again, of all solved"),),
        reads="a row for each solved ticket: value 1 or 0",
        traps=("A desk that closes tickets for good turns reopenings into new contacts: watch those, too.",),
        matures_after=_days(7), lookback=_days(30), guards=("csat", "repeat_contact"),
        moves=("fewer reopened", "more reopened"),
    ),
    Standard(
        name="repeat_contact", label="Repeat contacts", kind=Kind.PROPORTION, better=Better.LOWER,
        window="by the day of the first contact",
        formulas=(
            Formula(
                name="within_7_days",
                words="Contacts after which the customer came back within 7 days, of all contacts",
            ),
            Formula(
                name="same_reason",
                words="Contacts after which the customer came back for that reason in 7 days, of all",
            ),
        ),
        reads="a row for each contact: value 1 where the customer came back, else 0",
        traps=("It needs customers to be known across channels: a caller who then writes is one who came back.",),
        matures_after=_days(7), lookback=_days(30), guards=("csat",), moves=("fewer come back", "more come back"),
    ),
    Standard(
        name="transfers", label="Transfers", kind=Kind.PROPORTION, better=Better.LOWER,
        window="by the day of the contact",
        formulas=(
            Formula(name="of_handled", words="Contacts that were passed on at least once, of all handled"),
            Formula(name="of_bot", words="Conversations that the bot passed on to a person, of all that it began"),
        ),
        reads="a row for each contact: value 1 or 0",
        traps=("Contacts may be passed on by design: split by reason before you blame the desk.",),
        matures_after=_days(1), guards=("first_contact_resolution", "csat"),
    ),
    Standard(
        name="bot_containment", label="Bot containment", kind=Kind.PROPORTION, better=Better.HIGHER,
        window="by the day the conversation began",
        formulas=(
            Formula(
                name="no_return",
                words="Conversations that ended with the bot and were not taken up in 3 days, of all",
            ),
            Formula(name="confirmed", words="Conversations that the customer said the bot had solved, of all it began"),
            Formula(name="no_person", words="Conversations that no person took part in, of all the bot began"),
        ),
        reads="a row for each conversation that the bot began: value 1 or 0",
        traps=("no_person also counts those who gave up on it.", "Answers about bot and people are two segments."),
        matures_after=_days(3), lookback=_days(14), guards=("repeat_contact", "csat", "complaints"),
        moves=("more held by the bot", "fewer held by the bot"),
    ),
)  # fmt: skip

VOLUMES = (
    Standard(
        name="contact_rate", label="Contact rate", kind=Kind.RATE, better=Better.LOWER, per=100.0,
        window="by the day of the contact",
        formulas=(
            Formula(name="per_order", words="Contacts per 100 orders"),
            Formula(name="per_customer", words="Contacts per 100 active customers"),
        ),
        reads="aggregated rows: total contacts and n orders (or customers) of a day",
        traps=(
            "Fewer contacts are no gain where the door was closed: watch complaints and churn.",
            "An order's contacts come after it: with few orders a day the two do not belong together.",
        ),
        matures_after=_days(1), guards=("csat", "complaints", "logo_churn"),
        moves=("fewer contacts", "more contacts"),
    ),
    Standard(
        name="complaints", label="Complaints", kind=Kind.RATE, better=Better.LOWER, per=1000.0,
        window="by the day of the complaint",
        formulas=(
            Formula(name="per_customer", words="Complaints per 1,000 active customers"),
            Formula(name="per_contact", words="Complaints per 1,000 contacts"),
        ),
        reads="aggregated rows: total complaints and n customers (or contacts) of a day",
        traps=("What counts as one is a rule of the house: a new rule is a new series.",),
        matures_after=_days(7), guards=("logo_churn",), moves=("fewer complaints", "more complaints"),
    ),
    Standard(
        name="backlog", label="Backlog", kind=Kind.LEVEL, better=Better.LOWER, unit="tickets",
        window="at one fixed local hour of the day",
        formulas=(Formula(name="open", words="Tickets open at a fixed hour"),),
        reads="aggregated rows: total open tickets at that hour",
        traps=("It cannot be made afterwards from what is open today: store the snapshot each day.",),
        matures_after=_days(0), guards=("first_response_time", "csat"), moves=("fewer waiting", "more waiting"),
    ),
)  # fmt: skip

LOYALTY = (
    Standard(
        name="logo_churn", label="Churn", kind=Kind.PROPORTION, better=Better.LOWER,
        window="by the period at whose start they were customers",
        formulas=(
            Formula(
                name="start_of_period",
                words="Customers of the period's start who are gone at its end, of all at its start",
            ),
            Formula(
                name="stripe",
                words="Customers gone in the period, of those at its start and those who came in it",
            ),
        ),
        reads="aggregated rows: n customers and total gone; or a row for each customer and period, value 1 where gone",
        traps=(
            "stripe is the lower one where many are new: never compare the two.",
            "Failed payments are tried again for weeks: the newest days are not known.",
            "Trials are no customers; of yearly contracts only renewals are at risk.",
        ),
        matures_after=_days(45), lookback=_days(60), guards=("revenue_churn", "complaints"),
        moves=("fewer who leave", "more who leave"),
    ),
    Standard(
        name="revenue_churn", label="Revenue churn", kind=Kind.RATIO, better=Better.LOWER, per=100.0,
        window="by the period at whose start it was paid",
        formulas=(
            Formula(
                name="gross",
                words="Recurring revenue lost by cancellations and smaller plans, per 100 at the start",
            ),
            Formula(
                name="net",
                words="Recurring revenue lost less what grew with the same customers, per 100 at the start",
            ),
        ),
        reads="a row for each customer and period: value lost, base paid at the start; or their sums",
        traps=("net can be negative, and hides losses behind growth.", "Convert currencies at one fixed rate."),
        matures_after=_days(45), lookback=_days(60), guards=("logo_churn",), moves=("less lost", "more lost"),
    ),
    Standard(
        name="retention", label="Retention", kind=Kind.PROPORTION, better=Better.HIGHER, grain=Grain.MONTH,
        window="by the month in which they reach that age",
        formulas=(Formula(name="at_age", words="Customers still there at an age, of all who began that long ago"),),
        reads="a row for each customer at that age: value 1 where still there; the start month as the dimension cohort",
        traps=(
            "Young cohorts are few and have not reached the age: they are missing, not loyal.",
            "A programme's members chose to join: compare cohorts by `membership`, not members with others.",
        ),
        matures_after=_days(45), lookback=_days(90), guards=("logo_churn",), moves=("more stay", "fewer stay"),
    ),
    Standard(
        name="acquisition", label="New customers", kind=Kind.LEVEL, better=Better.HIGHER, unit="customers",
        window="by the day of the first order",
        formulas=(
            Formula(name="count", words="Customers with a first order on the day, less those that were taken back"),
            Formula(
                name="conversion",
                words="Visits that ended with an order, of all visits", kind=Kind.PROPORTION, unit="",
            ),
        ),
        reads="aggregated rows: total new customers; for conversion n visits and total orders",
        traps=("Orders can be taken back for two weeks: the newest days look too good.",),
        matures_after=_days(14), lookback=_days(30), guards=("logo_churn", "complaints"),
        moves=("more new customers", "fewer new customers"),
    ),
    Standard(
        name="referral", label="Referrals", kind=Kind.PROPORTION, better=Better.HIGHER,
        window="by the day of the first order",
        formulas=(
            Formula(name="of_new", words="New customers who came by a recommendation, of all new customers"),
            Formula(name="of_customers", words="Customers who recommended somebody in the period, of all customers"),
        ),
        reads="a row for each new customer: value 1 where recommended; or n and total",
        traps=("Codes that travel on public pages are advertising, not recommendation.",),
        matures_after=_days(14), lookback=_days(30), guards=("nps", "acquisition"),
        moves=("more recommended", "fewer recommended"),
    ),
)  # fmt: skip

CATALOGUE: Mapping[str, Standard] = {
    entry.name: entry for entry in (*SURVEYS, *TIMES, *CALLS, *SOLVED, *VOLUMES, *LOYALTY)
}
