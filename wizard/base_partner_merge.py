from odoo import api, models
from odoo.tools import SQL


class BasePartnerMerge(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Override: what contracts remember of their last event follows the merge.

        The events themselves do so by their keys: nothing has moved.
        """
        result = super()._update_foreign_keys(src_partners, dst_partner)
        self.env.flush_all()
        for key, kept in (
            ("partner_id", dst_partner),
            ("commercial_partner_id", dst_partner.commercial_partner_id),
        ):
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE sale_order
                       SET event_snapshot = jsonb_set(
                               event_snapshot, %(path)s, to_jsonb(%(kept)s::int))
                     WHERE (event_snapshot #>> %(path)s) = ANY(%(gone)s)
                    """,
                    path=["keys", key],
                    kept=kept.id,
                    gone=[str(one) for one in src_partners.ids],
                )
            )
        self.env["sale.order"].invalidate_model(["event_snapshot"])
        return result
