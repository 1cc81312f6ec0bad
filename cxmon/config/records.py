"""Every key a configuration may have, with what it means: loader and editors' schema are made from these tables."""

from functools import cache

from cxmon.aggregate import DEFINITIONS
from cxmon.config.access import FIELDS as ACCESS
from cxmon.config.allowance import FIELDS as ALLOWANCE
from cxmon.config.calendar_keys import HOLIDAYS, WEEKDAYS
from cxmon.config.calendar_keys import KEYS as CALENDARS
from cxmon.config.change_feed_keys import CHANGE_FEEDS
from cxmon.config.money_keys import MONEY
from cxmon.config.number_format import FIELDS as NUMBER_FORMAT
from cxmon.config.plugins import PluginOf, registry
from cxmon.config.privacy import FIELDS as PRIVACY
from cxmon.config.routing_keys import COMPANY_KEYS, ROUTING
from cxmon.config.scalars import (
    Choice,
    Moment,
    Name,
    Number,
    OutOf,
    SecretText,
    SizeText,
    Span,
    SpanOrLearnt,
    Text,
    Truth,
)
from cxmon.config.shapes import Either, Field, ListOf, MapOf, Record
from cxmon.config.standard_keys import FOLLOWS, MADE
from cxmon.config.view_keys import DIGEST, VIEWS
from cxmon.model import Better, Category, Grain, Kind, Status

LEAST_HEAD_COUNT = 5

_sql = Text("a column or an expression", longest=4000)
_names = ListOf(Name, "a list of names such as [channel, region]")
_metrics = ListOf(Name, "a list of metrics such as [csat]")
_value = Text("a dimension's value", longest=200)
_segment = MapOf(_value, "a segment such as {channel: phone}")
_scope = MapOf(
    Either(_value, ListOf(_value, "a list of values", least=1)),
    "a scope such as {channel: phone, region: [eu, us]}",
)
_role = Text("a role or department, not a person", pattern=r"[^@]{1,200}")

READ = Record(
    {
        "time": Field(_sql, "the column with the time (event rows) or the period (aggregated rows)", required=True),
        "table": Field(_sql, "sql: the table or view with the rows"),
        "query": Field(
            Text("a query", longest=40000), "sql: a query of your own, with :since and :until; instead of table"
        ),
        "file": Field(Text("a file name"), "csv: the file or glob of this metric, where the source's is another"),
        "where": Field(_sql, "sql: a condition on the rows of table"),
        "value": Field(_sql, "event rows: the row's value; 0 or 1 for a proportion, the numerator for a ratio"),
        "n": Field(_sql, "aggregated rows: answers, exposure or units behind the row; event rows of a rate: exposure"),
        "total": Field(_sql, "aggregated rows: the sum of the values, satisfied answers or events"),
        "squares": Field(_sql, "aggregated rows of a mean or ratio: the sum of the squared values"),
        "base": Field(_sql, "ratio: the denominator of the row, or the sum of the denominators"),
        "base_squares": Field(_sql, "aggregated rows of a ratio: the sum of the squared denominators"),
        "cross": Field(_sql, "aggregated rows of a ratio: the sum of numerator times denominator"),
        "known_at": Field(_sql, "when the row became known, for figures that arrive late"),
        "ticket": Field(_sql, "event rows: the id of the case in the system where it is from, for evidence"),
        "censored": Field(Truth(), "durations: true where rows without a value are still open, and count as longer"),
        "stream": Field(Name, "vendors' records: the stream that they come from"),
        "only": Field(_scope, "vendors' records: the values that fields must have for a record to count"),
        "churn": Field(Choice(DEFINITIONS), "subscriptions: the definition by which customers or their value are lost"),
        "columns": Field(MapOf(_sql, "a mapping of dimensions to columns"), "dimensions whose column has another name"),
        **MADE,
    },
    "a mapping with the columns, such as {table: ratings, time: solved_at, value: satisfied}",
)

_move = Text("a few words such as fewer solved first time", longest=60)
WORDS = Record(
    {
        "better": Field(_move, "what a gain is called", required=True),
        "worse": Field(_move, "what a loss is called", required=True),
    },
    "words such as {better: faster, worse: slower}",
)

METRIC = Record(
    {
        "label": Field(Text(longest=80), "the name on the board; without it the metric's id"),
        "source": Field(Name, "the source to read from", required=True),
        "kind": Field(
            Choice.of(Kind),
            "how the figure is made, and so how it adds up and varies",
            required=True,
            unless="standard",
        ),
        "better": Field(Choice.of(Better), "which direction is good", required=True, unless="standard"),
        "matters": Field(SizeText(), "the smallest difference worth acting on: 2pt, 10%, 5min", required=True),
        "unit": Field(Text(longest=20), "what the values are counted in: min, h, EUR"),
        "per": Field(Number("a number above zero", above=0), "rate: shown per this many, such as 1000"),
        "dimensions": Field(_names, "by what the figure can be split"),
        "by": Field(
            ListOf(_names, "a list of lists such as [[], [channel], [channel, region]]", least=1),
            "which combinations are watched and shown; without it everyone, and each dimension alone",
        ),
        "quantile": Field(Number("a share above 0 and below 1", least=1e-6, most=1 - 1e-6), "quantile: such as 0.9"),
        "quantiles": Field(
            ListOf(Number("a share above 0 and below 1", least=1e-6, most=1 - 1e-6), "a list of shares", least=1),
            "quantile: several; the first is judged",
        ),
        "grain": Field(Choice.of(Grain), "the length of a period; without it a day"),
        "zone": Field(Text("a time zone such as Europe/Berlin"), "where its periods begin; without it the plan's"),
        "week_start": Field(Choice(WEEKDAYS), "the first day of a week; without it monday"),
        "matures_after": Field(
            SpanOrLearnt(),
            "how old a period must be for its figure to be complete; `learnt`, or left out: from revisions",
        ),
        "lookback": Field(Span(), "how far back each collection reads again, because the past is revised"),
        "settle": Field(Span(), "how long rows need to arrive at all; younger ones are not read yet"),
        "min_n": Field(Number("a number above zero", above=0), "answers a period needs to be judged"),
        "additive": Field(Truth(), "false where customers overlap between segments: it brings its own totals"),
        "definition": Field(Text(longest=1000), "what the figure says, for the board"),
        "guards": Field(_metrics, "metrics that are watched wherever this one is"),
        "words": Field(WORDS, "what its moves are called beside another metric's; without it by its kind and label"),
        "response_of": Field(Name, "a survey: the metric that counts who was asked, such as tickets solved"),
        "scale": Field(
            ListOf(Number("a number"), "the lowest and the highest answer such as [1, 5]", least=2),
            "mean and quantile: the lowest and the highest value there can be, such as the answers of a survey",
        ),
        "missing_differ": Field(
            SizeText(),
            "how far, at most, answers that came no more lie from the given; without it they may be anything",
        ),
        "read": Field(READ, "where the figures stand", required=True),
        **FOLLOWS,
    },
    "a mapping with source, kind, better, matters and read",
)

SAVING = Record(
    {
        "amount": Field(Number("a number, zero or more", least=0), "how much", required=True),
        "currency": Field(
            Text("a currency of three letters such as EUR", r"[A-Z]{3}"), "in which currency", required=True
        ),
        "per": Field(Choice(("day", "week", "month", "quarter", "year", "once")), "per what; without it a year"),
        "claimed_by": Field(_role, "who says so"),
        "verified_by": Field(
            Text("a role or department", pattern=r"[^@]{0,200}", may_be_empty=True), "who checked it; empty: nobody yet"
        ),
    },
    "a saving such as {amount: 1200000, currency: USD, per: year}",
)

STAGE = Record(
    {
        "starts": Field(Moment(), "when it takes effect there", required=True),
        "scope": Field(
            MapOf(
                Either(_value, ListOf(_value, "a list of values", least=1)),
                "the stage's segments such as {region: de}",
                least=1,
            ),
            "the segments, inside the change's scope, that get it then",
            required=True,
        ),
        "ends": Field(Moment(), "when it was taken back there, if it was"),
    },
    "a stage such as {starts: 2026-03-01, scope: {region: de}}",
)

CHANGE = Record(
    {
        "id": Field(Name, "the name in links and messages; never reused", required=True),
        "title": Field(Text(longest=120), "what was decided, for people", required=True),
        "category": Field(Choice.of(Category), "what sort of decision it is", required=True),
        "starts": Field(Moment(), "when it takes effect: a day (from local midnight) or an instant", required=True),
        "ends": Field(Moment(), "when it was taken back, if it was"),
        "owner": Field(_role, "the role or department that decided", required=True),
        "scope": Field(_scope, "the segments it touches; without it all customers"),
        "scope_by_metric": Field(
            MapOf(_scope, "a mapping of metrics to scopes"), "where a metric has other dimensions"
        ),
        "spills_to": Field(ListOf(_scope, "a list of scopes"), "segments it may reach: never used for comparison"),
        "stages": Field(
            ListOf(STAGE, "a list of two or more stages", least=2, unique=False),
            "where it comes to segments at dates of their own: each is compared with those that do not have it yet",
        ),
        "membership": Field(
            Name, "the dimension that says who joined, or when: only cohorts that join later are compared with"
        ),
        "announced": Field(Span(whole_days=True), "how long before the start people knew; left out of the comparison"),
        "limits": Field(MapOf(SizeText(), "a mapping of metrics to sizes"), "the harm its owner accepts, per metric"),
        "guards": Field(_metrics, "further metrics that must not get worse"),
        "aims": Field(MapOf(SizeText(), "a mapping of metrics to sizes"), "the gain it promises, per metric"),
        "weights": Field(
            MapOf(Number("a number above zero", above=0), "a mapping of metrics to numbers"),
            "how much of the error allowance each metric gets; without it all the same",
        ),
        "saving": Field(SAVING, "what it is said to save"),
        "horizon": Field(Span(whole_days=True, above_zero=True), "how long it is watched; without it 90d"),
        "status": Field(Choice.of(Status), "draft: a pin on the charts, not judged; without it live"),
        "responds_to": Field(Name, "the change that this one mends"),
        "note": Field(Text(longest=2000), "anything else worth knowing"),
    },
    "a mapping with id, title, category, starts and owner",
)

SILENCE = Record(
    {
        "id": Field(Name, "its name", required=True),
        "metric": Field(Name, "only this metric; without it all"),
        "segment": Field(_segment, "only this segment and its parts; without it all"),
        "starts": Field(Moment(), "from when", required=True),
        "ends": Field(Moment(), "until when: a silence always ends", required=True),
        "by": Field(_role, "the role or department that asked for quiet", required=True),
        "why": Field(Text(longest=500), "the reason, for those who wonder", required=True),
    },
    "a mapping with id, starts, ends, by and why",
)

TARGET = Record(
    {
        "id": Field(Name, "its name", required=True),
        "metric": Field(Name, "the metric that is to get there", required=True),
        "segment": Field(_segment, "for these customers; without it all"),
        "value": Field(SizeText("a value such as 88%, 0.88, 4h or 12"), "what is to be reached", required=True),
        "by": Field(Moment(), "by when: the average of the last 28 days up to that day counts", required=True),
        "owner": Field(_role, "the role or department that sees to it", required=True),
        "note": Field(Text(longest=500), "anything else worth knowing"),
    },
    "a target such as {id: csat-2027, metric: csat, value: 88%, by: 2027-06-30, owner: CX team}",
)

SCHEDULE = Record(
    {
        "collect_every": Field(Span(above_zero=True), "how often `cxmon run` collects; without it 1h"),
        "judge_every": Field(Span(above_zero=True), "how often it judges; without it 1h"),
        "deliver_every": Field(Span(above_zero=True), "how often it delivers; without it 10s"),
    },
    "a schedule such as {collect_every: 1h}",
)

TEAM_AGREEMENT = Record(
    {
        "stated": Field(Text(longest=1000), "who agreed to team figures, when, and where it is written", required=True),
        "min_head_count": Field(
            Number(f"a whole number of at least {LEAST_HEAD_COUNT}", least=LEAST_HEAD_COUNT, whole=True),
            "the fewest people of a team that may be told apart; smaller ones belong together at the source",
            required=True,
        ),
    },
    "an agreement such as {stated: ..., min_head_count: 5}",
)

_count = Number("a whole number above zero", least=1, whole=True)
FLAPPING = Record(
    {
        "openings": Field(Number("a whole number from 2", least=2, whole=True), "so many openings; without it 3"),
        "within": Field(Span(above_zero=True), "within this time; without it 28d"),
        "stable_after": Field(_count, "quiet periods that end it then; without it twice recovers_after"),
    },
    "a mapping such as {openings: 3, within: 28d, stable_after: 6}",
)

# What a check needs besides its own options: on which metrics it runs, and when findings become incidents.
CHECK_KEYS = {
    "metrics": Field(_metrics, "the metrics it runs on; without it all"),
    "opens_after": Field(
        OutOf(),
        "how many breaches, of how many periods, open an incident",
    ),
    "recovers_after": Field(_count, "quiet periods in a row that end one"),
    "recovers_below": Field(
        Number("a number above 0 and at most 1", above=0, most=1),
        "how near to an alarm (1) a period of a watch no longer counts as quiet; without it two thirds",
    ),
    "unknown_after": Field(_count, "periods without data after which one is closed"),
    "flapping": Field(FLAPPING, "when one goes on and off, so that it is told once and then left quiet"),
}

# What any channel may have besides its own options.
CHANNEL_KEYS = {"fallback": Field(Name, "the channel that is told while this one takes nothing"), **COMPANY_KEYS}

ALARM_BUDGET = Record(
    {
        "per_quarter": Field(
            Number("a number above zero", above=0),
            "false watch incidents a quarter that the team will put up with, over everything",
            required=True,
        ),
        "importance": Field(
            MapOf(Number("a number above zero", above=0), "a mapping of metrics to numbers"),
            "how much of the budget each watched metric gets; one that is not named has 1",
        ),
    },
    "a budget such as {per_quarter: 2, importance: {csat: 3}}",
)


@cache
def top() -> Record:
    """The whole file. It is made on first use, because plug-ins describe their own options."""
    return Record(
        {
            "version": Field(Number("1, the version of this format", least=1, most=1, whole=True), "the format: 1"),
            "title": Field(Text(longest=80), "the board's title"),
            "zone": Field(Text("a time zone such as Europe/Berlin"), "where days begin; without it UTC"),
            **NUMBER_FORMAT,
            "as_of": Field(Moment(), "freezes now, for demonstrations and historic data"),
            "store": Field(
                SecretText("the address of the store", may_be_empty=False),
                "where cxmon keeps what it knows; without it sqlite:///cxmon.db beside this file",
            ),
            "backfill": Field(Span(above_zero=True), "how far back the first collection reads; without it 18mo"),
            "alarm_budget": Field(ALARM_BUDGET, "how many false alarms are bearable"),
            **ALLOWANCE,
            "board_url": Field(Text("an address such as https://cx.example.com", r"https?://\S+"), "for links"),
            "holidays": Field(HOLIDAYS, "which days are not compared with working days; without it none"),
            **CALENDARS,
            **PRIVACY,
            **ACCESS,
            "keep_facts": Field(
                Span(above_zero=True), "how long vendors' records are kept, then only sums; without it 400d"
            ),
            "hash_key": Field(
                SecretText("at least 16 characters of chance", from_environment=True, least=16),
                "the key with which customer ids of vendors become hashes; without it none are kept",
            ),
            "reasons": Field(Name, "the dimension that says why customers write; without it reason"),
            "team_agreement": Field(TEAM_AGREEMENT, "without it no figure may be split by team"),
            "sources": Field(
                MapOf(PluginOf("source", registry("sources")), "a mapping of names to sources", least=1),
                "where figures come from",
                required=True,
            ),
            "money": Field(MONEY, "what a lost customer and a contact cost: the price of a decision"),
            "metrics": Field(
                MapOf(METRIC, "a mapping of names to metrics", least=1), "the figures that matter", required=True
            ),
            "checks": Field(
                MapOf(PluginOf("check", registry("checks"), CHECK_KEYS), "a mapping of names to checks"),
                "what is looked for, whatever was decided",
            ),
            "channels": Field(
                MapOf(PluginOf("channel", registry("alerts"), CHANNEL_KEYS), "a mapping of names to channels"),
                "where messages go",
            ),
            **ROUTING,
            **VIEWS,
            "digest": Field(DIGEST, "the summary of a week of everything, and when it goes out"),
            "changes": Field(ListOf(CHANGE, "a list of changes", unique=False), "the decisions to judge"),
            **CHANGE_FEEDS,
            "targets": Field(ListOf(TARGET, "a list of targets", unique=False), "where metrics should be, and by when"),
            "silences": Field(ListOf(SILENCE, "a list of silences", unique=False), "known quiet"),
            "schedule": Field(SCHEDULE, "how often things happen"),
        },
        "a mapping with sources and metrics",
    )
