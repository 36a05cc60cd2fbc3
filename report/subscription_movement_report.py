from odoo import fields, models
from odoo.tools import SQL


class SubscriptionMovementReport(models.Model):
    """The MRR events with a column for each kind of movement.

    What is lost stands as a positive amount here. Transfers and exchange rates are no
    part of it: they move what is there already.
    """

    _name = "subscription.movement.report"
    _inherit = "subscription.event.dimensions"
    _description = "MRR Movement"
    _auto = False
    _depends = {
        "subscription.event": ["kind", "mrr_change", "active_change", "event_date"],
    }

    new_mrr = fields.Monetary(string="New", readonly=True)
    reactivation_mrr = fields.Monetary(string="Reactivated", readonly=True)
    expansion_mrr = fields.Monetary(string="Expansion", readonly=True)
    contraction_mrr = fields.Monetary(string="Contraction", readonly=True)
    churn_mrr = fields.Monetary(string="Churned", readonly=True)
    net_new_mrr = fields.Monetary(
        string="Net New",
        readonly=True,
        help="New, reactivated and expansion, less contraction and churned.",
    )
    new_contracts = fields.Integer(string="Contracts Won", readonly=True)
    lost_contracts = fields.Integer(string="Contracts Lost", readonly=True)

    @property
    def _table_query(self):
        """Override: the report is a query.

        :rtype: SQL
        """
        return SQL(
            """
            SELECT event.id,
                   event.id AS event_id,
                   %(dimensions)s,
                   %(new)s AS new_mrr,
                   %(reactivation)s AS reactivation_mrr,
                   %(expansion)s AS expansion_mrr,
                   -%(contraction)s AS contraction_mrr,
                   -%(churn)s AS churn_mrr,
                   event.mrr_change AS net_new_mrr,
                   CASE WHEN event.kind IN ('new', 'reactivation')
                        THEN event.active_change ELSE 0 END AS new_contracts,
                   CASE WHEN event.kind = 'churn'
                        THEN -event.active_change ELSE 0 END AS lost_contracts
              FROM subscription_event event
             WHERE event.kind NOT IN ('transfer', 'currency')
            """,
            dimensions=self._select_dimensions(),
            **{
                kind: SQL(
                    "(CASE WHEN event.kind = %s THEN event.mrr_change ELSE 0 END)", kind
                )
                for kind in ("new", "reactivation", "expansion", "contraction", "churn")
            },
        )
