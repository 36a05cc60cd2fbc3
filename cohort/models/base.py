from collections import defaultdict
from datetime import datetime, time

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..arithmetic import (
    INTERVALS,
    MODES,
    ROWS,
    TIMELINES,
    build_average,
    build_rows,
    get_offsets,
    shift,
)

# Intervals from one first day to another.
_MONTHS = "(EXTRACT(YEAR FROM stop) - EXTRACT(YEAR FROM cohort))::int * 12"
_MONTHS += " + (EXTRACT(MONTH FROM stop) - EXTRACT(MONTH FROM cohort))::int"
_DISTANCES = {
    "day": SQL("stop - cohort"),
    "week": SQL("(stop - cohort) / 7"),
    "month": SQL(_MONTHS),
    "quarter": SQL(f"({_MONTHS}) / 3"),
    "year": SQL("(EXTRACT(YEAR FROM stop) - EXTRACT(YEAR FROM cohort))::int"),
}


class Base(models.AbstractModel):
    _inherit = "base"

    @api.model
    @api.readonly
    def get_cohort_data(
        self, date_start, date_stop, measure, interval, domain, mode, timeline
    ):
        """Return what a cohort view shows of the records that match a domain.

        docs/cohort.md says what the figures mean. Access rights, record rules and
        groups of fields hold; what is returned is added up by one query.

        :param str date_start: the date or datetime field by which cohorts are made
        :param str date_stop: the one that says when a record is gone
        :param str measure: a number field that is added up, or `__count`
        :param str interval: day, week, month, quarter or year
        :param list domain: which records
        :param str mode: retention or churn
        :param str timeline: forward or backward
        :return: a dict with
            `rows`: for each cohort its label, the value it started with, its domain,
            and `columns`, each with value, percentage and domain. Domains are to be
            combined with the one given. What has not come yet is None.
            `average`: the row below them, which has no domains.
            `offsets`: the period of each column, counted from the cohort's own.
            `currency_id`: that of a monetary measure, else False.
            `left_out`: how many earlier cohorts are not shown.
        """
        self._check_cohort_arguments(
            date_start, date_stop, measure, interval, mode, timeline
        )
        # Grouping goes by the time zone of the context, and people by their own.
        self = self.with_context(tz=self.env.tz.zone)
        cohorts, currency = self._read_cohort_sums(
            date_start, date_stop, measure, interval, domain, get_offsets(timeline)
        )
        shown = {day: cohorts[day] for day in sorted(cohorts)[-ROWS:]}
        today = fields.Date.context_today(self)
        rows = build_rows(shown, today, interval, mode, timeline)
        # Without a measure that may have fractions, they would be shown.
        field = self._fields.get(measure)
        number = int if field is None or field.type == "integer" else float
        get_domains = self._get_cohort_domains(date_start, date_stop, interval, mode)
        average = build_average(rows, timeline)
        return {
            "rows": [
                self._prepare_cohort_row(row, number, get_domains) for row in rows
            ],
            "average": self._prepare_cohort_row(average, number),
            "offsets": list(get_offsets(timeline)),
            "currency_id": currency,
            "left_out": len(cohorts) - len(shown),
        }

    @api.model
    def _is_cohort_measure(self, name):
        """Return whether a field is a number that a cohort view can add up."""
        field = self._fields.get(name)
        return (
            name == "__count"
            or field is not None
            and field.type in ("integer", "float", "monetary")
            and field._description_aggregator(self.env) == "sum"
        )

    def _check_cohort_arguments(
        self, date_start, date_stop, measure, interval, mode, timeline
    ):
        for name in (date_start, date_stop):
            field = self._fields.get(name)
            if field is None or field.type not in ("date", "datetime"):
                raise UserError(
                    self.env._(
                        "“%(field)s” is not a date to make cohorts by.", field=name
                    )
                )
        if not self._is_cohort_measure(measure):
            raise UserError(
                self.env._("“%(field)s” is not a number to add up.", field=measure)
            )
        for value, choices in (
            (interval, INTERVALS),
            (mode, MODES),
            (timeline, TIMELINES),
        ):
            if value not in choices:
                raise UserError(
                    self.env._(
                        "“%(value)s” is not one of %(choices)s.",
                        value=value,
                        choices=", ".join(choices),
                    )
                )

    def _read_cohort_sums(
        self, date_start, date_stop, measure, interval, domain, offsets
    ):
        """Return the sums that `arithmetic.build_rows` takes, and their currency.

        A currency is returned where the measure has one. If there are several, all is
        converted to the one of the company.
        """
        self.browse().check_access("read")
        query = self._search(Domain(domain) & Domain(date_start, "!=", False))
        if query.is_empty():
            return {}, False
        # These check the access to each field too.
        cohort, stop = (
            SQL(
                "(%s)::date",
                self._read_group_groupby(self._table, f"{name}:{interval}", query),
            )
            for name in (date_start, date_stop)
        )
        aggregates = self._get_cohort_aggregates(measure)
        terms = [self._read_group_select(spec, query) for spec in aggregates]
        # First as many groups as there are pairs of dates, then a few for each cohort.
        query.groupby = SQL("1, 2")
        inner = query.select(
            SQL("%s AS cohort", cohort),
            SQL("%s AS stop", stop),
            SQL("%s AS value", terms[0]),
            SQL("%s AS converted", terms[1] if len(terms) > 1 else SQL("0")),
            SQL("%s AS currency", terms[2] if len(terms) > 1 else SQL("0")),
            SQL("%s AS other", terms[3] if len(terms) > 1 else SQL("0")),
        )
        found = self.env.execute_query(
            SQL(
                """
                SELECT cohort,
                       CASE WHEN distance <= %(last)s
                            THEN GREATEST(distance, %(first)s) END,
                       SUM(value), SUM(converted), MIN(currency), MAX(other)
                  FROM (SELECT *, %(distance)s AS distance FROM (%(inner)s) AS sums)
                    AS distances
                 GROUP BY 1, 2
                """,
                first=offsets[0],
                last=offsets[-1],
                distance=_DISTANCES[interval],
                inner=inner,
            )
        )
        return self._add_up_cohorts(found, monetary=len(terms) > 1)

    def _get_cohort_aggregates(self, measure):
        """Return what is read of each group: the sum, and what its currency needs."""
        if measure == "__count":
            return ["__count"]
        aggregates = [f"{measure}:sum"]
        if self._fields[measure].type == "monetary":
            currency = self._fields[measure].get_currency_field(self)
            aggregates += [
                f"{measure}:sum_currency",
                f"{currency}:min",
                f"{currency}:max",
            ]
        return aggregates

    def _add_up_cohorts(self, found, monetary):
        currencies = {currency for group in found for currency in group[4:] if currency}
        mixed = monetary and len(currencies) > 1
        cohorts = defaultdict(dict)
        for day, offset, value, converted, *_currencies in found:
            cohorts[day][offset] = (converted if mixed else value) or 0
        if mixed:
            return cohorts, self.env.company.currency_id.id
        return cohorts, monetary and next(iter(currencies), False)

    def _get_cohort_domains(self, date_start, date_stop, interval, mode):
        """Return a function from a row to its label, domain, and those of its cells.

        They are written in the way in which Odoo writes those of its own groups.
        """
        begin = self._web_read_group_groupby_formatter(f"{date_start}:{interval}", ())
        end = self._web_read_group_groupby_formatter(f"{date_stop}:{interval}", ())

        def convert(name, day):
            if self._fields[name].type == "datetime":
                return datetime.combine(day, time.min)
            return day

        def get_domains(row):
            (_start, label), domain = begin(convert(date_start, row.day))
            cells = []
            for cell in row.cells:
                if cell.value is None:
                    cells.append(None)
                    continue
                after = shift(row.day, cell.offset + 1, interval)
                (bound, _label), _domain = end(convert(date_stop, after))
                if mode == "churn":
                    stopped = [(date_stop, "<", bound)]
                else:
                    stopped = ["|", (date_stop, "=", False), (date_stop, ">=", bound)]
                cells.append(["&", *domain, *stopped])
            return label, domain, cells

        return get_domains

    def _prepare_cohort_row(self, row, number, get_domains=None):
        columns = [
            {
                "value": None if cell.value is None else number(cell.value),
                "percentage": cell.percentage,
            }
            for cell in row.cells
        ]
        values = {"value": number(row.value), "columns": columns}
        if get_domains:
            values["label"], values["domain"], domains = get_domains(row)
            for column, domain in zip(columns, domains, strict=True):
                column["domain"] = domain
        return values
