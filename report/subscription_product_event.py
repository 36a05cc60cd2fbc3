from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# An event's products get ids of their own: its id times this, and their place in it.
MAX_PRODUCTS = 4096


class SubscriptionProductEvent(models.Model):
    """The MRR events by product: a row for each product that had a part in one."""

    _name = "subscription.product.event"
    _inherit = "subscription.event.dimensions"
    _description = "MRR Event by Product"
    _auto = False
    _depends = {
        "subscription.event": ["product_mrr", "event_date"],
        "product.product": ["product_tmpl_id"],
        "product.template": ["categ_id"],
    }

    product_id = fields.Many2one(
        comodel_name="product.product", string="Product Variant", readonly=True
    )
    product_tmpl_id = fields.Many2one(
        comodel_name="product.template", string="Product", readonly=True
    )
    categ_id = fields.Many2one(
        comodel_name="product.category", string="Product Category", readonly=True
    )
    mrr_change = fields.Monetary(string="MRR Change", readonly=True)

    @property
    def _table_query(self):
        """Override: the report is a query.

        Keys are unfolded where columns are chosen: as a table of its own, PostgreSQL
        would store those of each event apart, which takes twice as long. A row's id
        costs nothing where nobody asks for it.

        :rtype: SQL
        """
        return SQL(
            """
            SELECT event.id::bigint * %(max)s + (
                       SELECT place FROM jsonb_object_keys(event.product_mrr)
                              WITH ORDINALITY AS item(key, place)
                        WHERE item.key = event.product_key
                   ) AS id,
                   event.id AS event_id,
                   %(dimensions)s,
                   product.id AS product_id,
                   product.product_tmpl_id,
                   template.categ_id,
                   (event.product_mrr -> event.product_key)::numeric AS mrr_change
              FROM (
                   SELECT event.id, event.product_mrr, %(dimensions)s,
                          jsonb_object_keys(event.product_mrr) AS product_key
                     FROM subscription_event event
                   ) event
              LEFT JOIN product_product product ON product.id = product_key::int
              LEFT JOIN product_template template
                     ON template.id = product.product_tmpl_id
            """,
            max=MAX_PRODUCTS,
            dimensions=self._select_dimensions(),
        )

    def _search(self, domain, *args, **kwargs):
        """Override: rows known by their ids are looked up by those of their events."""

        def add_events(condition):
            if condition.field_expr != "id" or condition.operator not in ("=", "in"):
                return condition
            ids = condition.value
            ids = [ids] if isinstance(ids, int) else list(ids)
            # A row's place begins with 1.
            events = [(row_id - 1) // MAX_PRODUCTS for row_id in ids if row_id]
            return condition & Domain("event_id", "in", events)

        domain = Domain(domain).map_conditions(add_events)
        return super()._search(domain, *args, **kwargs)
