from odoo import api, models
from odoo.tools import SQL


class SubscriptionQuickSums(models.AbstractModel):
    """Lets reports over a million rows answer while one waits.

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

    def _read_group_select(self, aggregate_spec, query):
        """Override: of currencies, return no more than two.

        :rtype: SQL
        """
        if aggregate_spec != "currency_id:array_agg_distinct":
            return super()._read_group_select(aggregate_spec, query)
        currency = self._field_to_sql(self._table, "currency_id", query)
        return SQL(
            "array_remove(ARRAY[min(%(it)s), nullif(max(%(it)s), min(%(it)s))], NULL)",
            it=currency,
        )


class SubscriptionEvent(models.Model):
    _name = "subscription.event"
    _inherit = ["subscription.event", "subscription.quick.sums"]
