from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged

from .common import SubscriptionCommon

DAY = "2026-07-01"


@tagged("post_install", "-at_install")
@freeze_time(DAY)
class TestEvents(SubscriptionCommon):
    def _get_events(self, order):
        return [
            (event.kind, event.mrr_change, event.active_change)
            for event in order.event_ids.sorted("id")
        ]

    def test_a_confirmed_contract_is_new(self):
        order = self._create_contract((self.seat, 2))
        self.assertEqual(self._get_events(order), [("new", 200.0, 1)])
        event = order.event_ids
        self.assertEqual(event.mrr_after, 200.0)
        self.assertEqual(event.product_mrr, {str(self.seat.id): 200.0})
        self.assertEqual(event.verify(), [])
