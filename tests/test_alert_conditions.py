from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .collection_common import CollectionCommon
from .common import TODAY
from .test_alert import AlertCommon


class CrossingCommon(AlertCommon):
    """Ways to cross a threshold, and to come back."""

    def _at(self, day):
        """Go to a day, as the nightly run does."""
        stopped = freeze_time(day)
        stopped.start()
        self.addCleanup(stopped.stop)

    def _cross(self, contract, forth, back):
        """Cross a threshold and come back; nothing more is done on any other run."""
        self._run_alerts()
        self.assertEqual(self._count(contract), 0, "not crossed yet")
        forth()
        self._run_alerts()
        self.assertEqual(self._count(contract), 1, "crossed")
        self._run_alerts()
        self.assertEqual(self._count(contract), 1, "still there")
        back()
        self._run_alerts()
        self.assertEqual(self._count(contract), 1, "back again")
        row = self.env["subscription.alert.match"].search(
            [("order_id", "=", contract.id), ("state", "=", "done")]
        )
        self.assertEqual(len(row), 1)
        self.assertTrue(row.ended_on, "it may begin anew")


@tagged("post_install", "-at_install")
class TestAlertConditions(CrossingCommon):
    """Each threshold is crossed up and down once, and one call is planned."""

    def test_mrr_of_a_number_and_more(self):
        self._at("2026-07-15")
        contract = self._create_contract((self.seat, 4))
        self._create_alert(mrr_min=500)
        self._cross(
            contract,
            lambda: self._set_quantity(contract, 5),
            lambda: self._set_quantity(contract, 4),
        )

    def test_mrr_between_two_numbers(self):
        self._at("2026-07-15")
        contract = self._create_contract((self.seat, 6))
        self._create_alert(mrr_min=200, mrr_max=500)
        self._cross(
            contract,
            lambda: self._set_quantity(contract, 5),
            lambda: self._set_quantity(contract, 1),
        )

    def test_mrr_fell_by_more_than_a_share_within_a_span(self):
        self._at("2026-01-01")
        contract = self._create_contract((self.seat, 5))
        self._at("2026-07-15")
        self._create_alert(mrr_change="fell", mrr_change_by=20, mrr_change_days=30)
        self._set_quantity(contract, 4)  # 20 % are not more than 20 %
        self._cross(
            contract,
            lambda: self._set_quantity(contract, 3),  # 40 %
            lambda: self._at("2026-08-14"),  # 30 days later it is long ago
        )

    def test_mrr_rose_by_more_than_an_amount_within_a_span(self):
        self._at("2026-01-01")
        contract = self._create_contract((self.seat, 5))
        self._at("2026-07-15")
        self._create_alert(
            mrr_change="rose",
            mrr_change_by=150,
            mrr_change_unit="amount",
            mrr_change_days=30,
        )
        self._set_quantity(contract, 6)
        self._cross(
            contract,
            lambda: self._set_quantity(contract, 7),
            lambda: self._set_quantity(contract, 5),
        )

    def test_a_renewal_of_the_same_is_no_change_of_mrr(self):
        self._at("2026-01-01")
        contract = self._create_contract((self.seat, 5), end_date="2026-07-31")
        self._at("2026-07-15")
        self._create_alert(mrr_change="fell", mrr_change_by=1)
        rose = self._create_alert(name="Rose", mrr_change="rose", mrr_change_by=1)
        renewal = self._renew(contract)
        renewal.action_confirm()
        self._run_alerts()
        self.assertEqual(self._count(contract) + self._count(renewal), 0)
        self.assertFalse(rose.match_ids)

    def test_a_fall_is_acted_on_once_though_the_contract_is_renewed(self):
        self._at("2026-01-01")
        contract = self._create_contract((self.seat, 5), end_date="2026-07-31")
        self._at("2026-07-14")
        self._create_alert(mrr_change="fell", mrr_change_by=20)
        self._set_quantity(contract, 3)
        self._run_alerts()
        self.assertEqual(self._count(contract), 1)
        self._at("2026-07-15")
        renewal = self._renew(contract)
        renewal.action_confirm()
        self._run_alerts()
        self.assertEqual(self._count(renewal), 0)

    def test_the_first_invoice_of_a_renewal_is_not_the_first(self):
        self._at("2026-07-01")
        contract = self._create_contract(end_date="2026-07-31")
        self._create_alert(paid_invoices=1)
        self._register_payment(contract.invoice_ids)
        self._run_alerts()
        self.assertEqual(self._count(contract), 1)
        renewal = self._renew(contract)
        renewal.action_confirm()
        self._at("2026-08-01")
        renewal._bill()
        self._run_alerts()
        self._register_payment(renewal.invoice_ids)
        self._run_alerts()
        self.assertEqual(self._count(renewal), 0)

    def test_health(self):
        self._at("2026-07-15")
        contract = self._create_contract()
        self._create_alert(health="bad")

        def set_health(health):
            contract.health = health

        self._cross(contract, lambda: set_health("bad"), lambda: set_health("good"))

    def test_health_that_the_conditions_turn(self):
        self._at("2026-07-15")
        template = self.env["sale.order.template"].create(
            {
                "name": "Managed",
                "plan_id": self.monthly.id,
                "bad_health_domain": "[('mrr', '<', 200)]",
            }
        )
        contract = self._create_contract(
            (self.seat, 5), sale_order_template_id=template.id
        )
        self._create_alert(health="bad")
        self._cross(
            contract,
            lambda: self._set_quantity(contract, 1),
            lambda: self._set_quantity(contract, 2),
        )

    def test_stage(self):
        self._at("2026-07-15")
        here, there = self.env["subscription.stage"].create(
            [{"name": "Here"}, {"name": "There"}]
        )
        contract = self._create_contract()
        contract.stage_id = here
        self._create_alert(stage_ids=[Command.link(there.id)])

        def move(stage):
            contract.stage_id = stage

        self._cross(contract, lambda: move(there), lambda: move(here))

    def test_status(self):
        self._at("2026-07-15")
        contract = self._create_contract()
        self._create_alert(contract_state="paused", mrr_min=1)
        self._cross(contract, contract._pause, contract._resume)

    def test_an_invoice_that_is_overdue_for_longer_than_so_many_days(self):
        self._at("2026-07-15")
        contract = self._create_contract()
        move = contract.invoice_ids
        self.assertEqual(move.invoice_date_due, self._day("2026-07-15"))
        self._create_alert(is_overdue=True, overdue_days=10)
        self._at("2026-07-25")
        self._cross(
            contract,
            lambda: self._at("2026-07-26"),
            lambda: self._register_payment(move),
        )

    def test_satisfaction(self):
        self._at("2026-07-15")
        contract = self._create_contract()
        self._create_alert(satisfaction_below=50)

        def rate(value):
            self.env["rating.rating"].sudo().create(
                {
                    "res_model_id": self.env["ir.model"]._get_id("sale.order"),
                    "res_id": contract.id,
                    "rating": value,
                    "consumed": True,
                    "partner_id": self.partner.id,
                }
            )

        self._cross(contract, lambda: rate(1), lambda: rate(5))  # 20 %, then 60 %

    def test_the_next_invoice_is_due_within_so_many_days(self):
        self._at("2026-07-15")
        contract = self._create_contract()
        self._create_alert(next_invoice_days=7)
        self._at("2026-08-07")

        def bill():
            self._at("2026-08-15")
            contract._bill()

        self._cross(contract, lambda: self._at("2026-08-08"), bill)

    def test_the_first_invoice_is_paid(self):
        self._at("2026-07-15")
        contract = self._create_contract()
        move = contract.invoice_ids
        self._create_alert(paid_invoices=1)

        def take_back():
            move.line_ids.remove_move_reconcile()
            contract._mark_changed()

        self._cross(contract, lambda: self._register_payment(move), take_back)

    def test_an_option_that_is_not_used(self):
        self._at("2026-06-01")
        usage = self._create_item("Calls", 1.0, invoice_policy="delivery")
        contract = self._create_contract(self.seat, usage)
        line = contract.order_line.filtered(lambda one: one.product_id == usage)
        self._create_alert(
            has_unused_option=True,
            unused_product_ids=[Command.link(usage.id)],
            unused_days=30,
        )
        self._at("2026-06-30")

        def use():
            line.qty_delivered = 3
            contract._mark_changed()

        self._cross(contract, lambda: self._at("2026-07-01"), use)

    def test_more_conditions(self):
        self._at("2026-07-15")
        contract = self._create_contract()
        self._create_alert(extra_domain="[('client_order_ref', '=like', 'VIP%')]")

        def refer(text):
            contract.client_order_ref = text

        self._cross(contract, lambda: refer("VIP 7"), lambda: refer("Nobody"))

    def test_restrictions_choose_the_contracts(self):
        self._at("2026-07-15")
        team = self.env["crm.team"].create({"name": "Team"})
        tag = self.env["crm.tag"].create({"name": "VIP"})
        template = self.env["sale.order.template"].create(
            {"name": "Template", "plan_id": self.monthly.id}
        )
        values = {
            "team_id": team.id,
            "user_id": self.env.user.id,
            "tag_ids": [Command.link(tag.id)],
            "sale_order_template_id": template.id,
        }
        for name, record in (
            ("plan_ids", self.monthly),
            ("product_ids", self.goods),
            ("team_ids", team),
            ("user_ids", self.env.user),
            ("template_ids", template),
            ("tag_ids", tag),
        ):
            with self.subTest(restriction=name):
                alert = self._create_alert(
                    mrr_min=1, **{name: [Command.link(record.id)]}
                )
                inside = self._create_contract(self.goods, **values)
                outside = self._create_contract(
                    user_id=False, team_id=False, plan_id=self.yearly.id
                )
                self._run_alerts()
                self.assertEqual(self._count(inside), 1)
                self.assertEqual(self._count(outside), 0)
                alert.active = False


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestAlertPayments(CrossingCommon, CollectionCommon):
    """Payments that a provider declines, on days 0, 3, 5 and 7 of the usual policy."""

    def _set_answer(self, contract, answer):
        contract.payment_token_id.provider_ref = answer

    def test_a_payment_that_was_declined_twice(self):
        contract = self._create_charged("declined")
        self._create_alert(collection_declined=2)
        self._collect("2026-07-01")

        def pay():
            self._set_answer(contract, "done")
            self._collect("2026-07-06")

        self._cross(contract, lambda: self._collect("2026-07-04"), pay)

    def test_tried_again_it_is_still_the_same_that_was_declined(self):
        contract = self._create_charged("declined")
        alert = self._create_alert(collection_declined=2)
        self._collect("2026-07-01")
        self._collect("2026-07-04")
        self._run_alerts()
        self.assertEqual(self._count(contract), 1)
        self._set_answer(contract, "pending")
        self._collect("2026-07-06")
        self.assertEqual(self._get_collection(contract).state, "pending")
        self._run_alerts()
        self.assertFalse(alert.match_ids.ended_on, "nobody knows yet")
        self._notify(self._get_collection(contract).sudo().transaction_id, "declined")
        self._collect("2026-07-07")
        self._run_alerts()
        self.assertEqual(self._get_collection(contract).state, "declined")
        self.assertEqual(self._count(contract), 1)

    def test_what_no_provider_was_asked_for_was_not_declined(self):
        contract = self._create_charged("bad key")
        self._create_alert(collection_declined=2)
        self._collect("2026-07-01")
        self._set_answer(contract, "declined")
        self._collect("2026-07-02")
        self.assertEqual(self._get_collection(contract).attempt, 2)
        self._run_alerts()
        self.assertEqual(self._count(contract), 0)

    def test_a_declined_payment_wakes_the_alerts(self):
        contract = self._create_charged("declined")
        self._create_alert(collection_declined=2)
        Trigger = self.env["ir.cron.trigger"].sudo()
        cron = self.env.ref("subscriptions.ir_cron_run_alerts")
        for day in ("2026-07-01", "2026-07-04", "2026-07-06"):
            Trigger.search([("cron_id", "=", cron.id)]).unlink()
            self._collect(day)
            self.env.flush_all()
            self.env.cr.precommit.run()
            self.assertTrue(Trigger.search_count([("cron_id", "=", cron.id)]), day)
        self.assertEqual(self._get_collection(contract).attempt, 3)
