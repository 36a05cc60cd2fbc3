from odoo import api, models
from odoo.tools import SQL, Query

# What rows may be summed up by before their names are known, and what may be summed.
KEYS = ("many2one", "date", "selection", "char", "boolean", "integer")
AMOUNTS = ("monetary", "float", "integer")
PERIODS = ("day", "week", "month", "quarter", "year")
CURRENCIES = "currency_id:array_agg_distinct"


class Sums(Query):
    """A query whose rows are sums already: by all keys together, and by currency."""


class Asked:
    """What a model is about to be grouped by, for the one search that answers it."""

    def __init__(self, specs):
        self.specs = specs

    def take(self):
        specs, self.specs = self.specs, None
        return specs


class SubscriptionQuickSums(models.AbstractModel):
    """Lets reports over a million rows answer while one waits.

    Odoo looks up the names to sort by, converts each amount and sums it up for every
    level of a pivot, row by row. Here the database adds up the rows once, by all keys
    together, and does the rest with the few sums: what is left to do for each row is
    what somebody would write by hand.

    For each amount the views ask which currencies are in it, to convert where there are
    several. Collecting them takes the database longer than all the rest, as every row
    is sorted for it; the lowest and the highest tell as well whether there are several.
    """

    _name = "subscription.quick.sums"
    _description = "Sums over Many Rows"

    def _prepare_database(self):
        """Have the database answer a large question as it should, until the commit.

        Compiling such a query takes PostgreSQL seconds, and running it milliseconds;
        and with little memory it sorts on the disk. It also expects far more groups
        than there are, as it does not know that a record's name follows from its id,
        and would sort all rows rather than hash them into those few.
        """
        self.env.cr.execute(
            "SET LOCAL jit = off; SET LOCAL work_mem = '32MB'; "
            "SET LOCAL hash_mem_multiplier = 64"
        )

    @api.model
    @api.readonly
    def formatted_read_group(self, *args, **kwargs):
        """Override: this is where graphs ask."""
        self._prepare_database()
        return super().formatted_read_group(*args, **kwargs)

    @api.model
    @api.readonly
    def formatted_read_grouping_sets(self, *args, **kwargs):
        """Override: this is where pivots ask."""
        self._prepare_database()
        return super().formatted_read_grouping_sets(*args, **kwargs)

    @api.model
    @api.readonly
    def web_read_group(self, *args, **kwargs):
        """Override: this is where grouped lists ask."""
        self._prepare_database()
        return super().web_read_group(*args, **kwargs)

    @api.model
    @api.readonly
    def web_search_read(self, *args, **kwargs):
        """Override: this is where lists ask."""
        self._prepare_database()
        return super().web_search_read(*args, **kwargs)

    @api.model
    @api.readonly
    def get_cohort_data(self, *args, **kwargs):
        """Override: this is where cohorts ask."""
        self._prepare_database()
        return super().get_cohort_data(*args, **kwargs)

    # === SUMS FIRST === #

    @api.model
    def _read_group(
        self,
        domain,
        groupby=(),
        aggregates=(),
        having=(),
        offset=0,
        limit=None,
        order=None,
    ):
        """Override: let the rows be summed up first, where that gives the same."""
        if not having:
            self = self._ask_for_sums(groupby, aggregates, order)
        return super()._read_group(
            domain, groupby, aggregates, having, offset, limit, order
        )

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, aggregates=(), order=None):
        """Override: likewise for all levels of a pivot."""
        groupby = [spec for specs in grouping_sets for spec in specs]
        self = self._ask_for_sums(groupby, aggregates, order)
        return super()._read_grouping_sets(domain, grouping_sets, aggregates, order)

    def _ask_for_sums(self, groupby, aggregates, order):
        """Return the model, which has its next search return sums if all can be added.

        What is counted once only, or has a mean, cannot; nor can the groups be sorted
        by what is not asked for.
        """
        terms = [term.split()[0] for term in (order or "").split(",") if term.strip()]
        summed = {spec.partition(":")[0] for spec in aggregates} - {"currency_id"}
        if (
            not aggregates
            # A number that rows are grouped by stands once for each group.
            or summed & {spec.partition(":")[0] for spec in groupby}
            or not all(map(self._is_key, groupby))
            or not all(map(self._is_sum, aggregates))
            or not {*groupby, *aggregates}.issuperset(terms)
        ):
            return self
        asked = Asked(([*dict.fromkeys(groupby)], [*dict.fromkeys(aggregates)]))
        return self.with_context(subscription_sums=asked)

    def _is_key(self, spec):
        name, _dot, granularity = spec.partition(":")
        field = self._fields.get(name)
        return (
            field is not None
            and field.type in KEYS
            and bool(field.store and field.column_type)
            and not getattr(field, "translate", False)
            and (not granularity or field.type == "date")
        )

    def _is_sum(self, spec):
        if spec in ("__count", CURRENCIES):
            return True
        name, _colon, function = spec.partition(":")
        field = self._fields.get(name)
        if field is None or field.type not in AMOUNTS or not field.store:
            return False
        if function == "sum_currency":
            return field.get_currency_field(self) == "currency_id"
        return function == "sum"

    def _search(self, domain, *args, **kwargs):
        """Override: return the sums, if they are what is asked for."""
        asked = self.env.context.get("subscription_sums")
        specs = asked and asked.take()
        query = super()._search(domain, *args, **kwargs)
        if not specs or query.is_empty():
            return query
        return self._sum_up(query, *specs)

    def _sum_up(self, query, groupby, aggregates):
        """Return a query over the sums of another one, in place of its rows.

        They stand in columns of the names of the fields.

        :rtype: Sums
        """
        keys = {}
        for spec in groupby:
            name, _colon, granularity = spec.partition(":")
            if granularity in PERIODS and name not in keys:
                keys[name] = self._read_group_groupby(self._table, spec, query)
            else:  # by its day, where it is asked for in several ways
                keys[name] = self._field_to_sql(self._table, name, query)
        names = {spec.partition(":")[0] for spec in aggregates} - {"__count"}
        if "currency_id" in names or any("sum_currency" in one for one in aggregates):
            keys["currency_id"] = self._field_to_sql(self._table, "currency_id", query)
        columns = [
            SQL("%s AS %s", value, SQL.identifier(name)) for name, value in keys.items()
        ]
        columns.append(SQL('COUNT(*) AS "__count"'))
        for name in sorted(names - keys.keys()):
            value = self._field_to_sql(self._table, name, query)
            columns.append(SQL("SUM(%s) AS %s", value, SQL.identifier(name)))
        query.order = None
        query.groupby = SQL(", ").join(keys.values()) if keys else None
        return Sums(self.env, self._table, SQL("(%s)", query.select(*columns)))

    def _read_group_select(self, aggregate_spec, query):
        """Override: add counts up, and of currencies, return no more than two.

        :rtype: SQL
        """
        if aggregate_spec == CURRENCIES:
            currency = self._field_to_sql(self._table, "currency_id", query)
            return SQL(
                "array_remove(ARRAY[min(%(it)s), "
                "nullif(max(%(it)s), min(%(it)s))], NULL)",
                it=currency,
            )
        if isinstance(query, Sums):
            name, _colon, function = aggregate_spec.partition(":")
            column = SQL.identifier(self._table, name)
            if name == "__count":
                return SQL("COALESCE(SUM(%s), 0)::bigint", column)
            if function == "sum" and self._fields[name].type == "integer":
                return SQL("SUM(%s)::bigint", column)
        return super()._read_group_select(aggregate_spec, query)


class SubscriptionEvent(models.Model):
    _name = "subscription.event"
    _inherit = ["subscription.event", "subscription.quick.sums"]
