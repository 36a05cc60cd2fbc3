from odoo.fields import Command

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-01-31")
class TestBilling(SubscriptionCommon):
    """Which periods are billed, and what they come to."""

    def _apply_scheduled(self, day):
        with freeze_time(day), self.enter_registry_test_mode():
            cron = self.env.ref("subscriptions.ir_cron_apply_scheduled")
            cron.method_direct_trigger()
        self.env.invalidate_all()

    def test_a_monthly_contract_of_31_january_keeps_its_day(self):
        #    31 Jan      28 Feb     31 Mar      30 Apr
        #      |----------|----------|-----------|---
        order = self._create_contract()
        order._bill(self._day("2026-03-31"))
        self.assertEqual(
            self._get_periods(order),
            [
                "2026-01-31..2026-02-27",
                "2026-02-28..2026-03-30",
                "2026-03-31..2026-04-29",
            ],
        )
        self.assertEqual(self._get_amounts(order.invoice_ids), [100.0] * 3)
        self.assertEqual(order.next_invoice_date, self._day("2026-04-30"))

    def test_billing_the_same_day_twice_makes_nothing_new(self):
        order = self._create_contract()
        self.assertFalse(order._bill())
        self.assertFalse(order._bill(self._day("2026-02-27")))
        self.assertEqual(len(order._bill(self._day("2026-02-28"))), 1)
        self.assertFalse(order._bill(self._day("2026-02-28")))

    def test_missed_days_are_caught_up_oldest_first_one_invoice_each(self):
        order = self._create_contract(start_date="2025-10-15")
        self.assertEqual(
            self._get_periods(order),
            [
                "2025-10-15..2025-11-14",
                "2025-11-15..2025-12-14",
                "2025-12-15..2026-01-14",
                "2026-01-15..2026-02-14",
            ],
        )
        moves = order.invoice_ids.sorted("id")
        self.assertEqual(len(moves), 4)
        self.assertEqual(
            moves.invoice_line_ids.sorted("id").mapped("period_from"),
            [
                self._day(d)
                for d in ("2025-10-15", "2025-11-15", "2025-12-15", "2026-01-15")
            ],
        )

    def test_more_than_twelve_periods_behind_is_held_until_a_person_releases_it(self):
        order = self._create_contract(start_date="2024-12-31")
        # 14 periods are due: 31 December 2024 to 31 January 2026
        self.assertEqual(order.hold, "backlog")
        self.assertIn("12/31/2024", order.hold_reason)
        self.assertFalse(order.invoice_ids)
        self.assertEqual(len(order.activity_ids), 1)
        order._bill()
        self.assertFalse(order.invoice_ids)
        order.action_release_hold()
        self.assertEqual(len(order.invoice_ids), 14)
        self.assertFalse(order.hold)
        self.assertFalse(order.activity_ids)
        self.assertEqual(order.verify_ledger(), [])

    def test_twelve_periods_behind_are_billed(self):
        order = self._create_contract(start_date="2025-03-01")
        self.assertEqual(len(order.invoice_ids), 11)
        order = self._create_contract(start_date="2025-02-01")
        self.assertEqual(len(order.invoice_ids), 12)
        self.assertFalse(order.hold)

    def test_an_aligned_plan_prorates_its_first_stretch(self):
        plan = self._create_plan(align=True, align_day=1)
        with freeze_time("2026-07-15"):
            order = self._create_order(plan_id=plan.id)
            self.assertEqual(order.amount_untaxed, 100.0)
            order.action_confirm()
            self.assertEqual(self._get_amounts(order.invoice_ids), [54.84])
            self.assertEqual(self._get_periods(order), ["2026-07-15..2026-07-31"])
            self.assertEqual(order.next_invoice_date, self._day("2026-08-01"))
            order._bill(self._day("2026-08-01"))
            self.assertEqual(self._get_amounts(order.invoice_ids), [54.84, 100.0])

    def test_goods_are_not_prorated(self):
        plan = self._create_plan(align=True, align_day=1)
        with freeze_time("2026-07-15"):
            order = self._create_contract(self.goods, plan_id=plan.id)
        self.assertEqual(self._get_amounts(order.invoice_ids), [60.0])

    def test_the_first_stretch_may_be_full_or_free(self):
        with freeze_time("2026-07-15"):
            full = self._create_contract(
                plan_id=self._create_plan(align=True, first_period="full").id
            )
            self.assertEqual(self._get_amounts(full.invoice_ids), [100.0])
            free = self._create_contract(
                plan_id=self._create_plan(align=True, first_period="free").id
            )
            self.assertFalse(free.invoice_ids)
            self.assertEqual(free.period_ids.state, "free")
            self.assertEqual(free.next_invoice_date, self._day("2026-08-01"))

    def test_a_trial_is_free_and_stands_in_the_ledger(self):
        plan = self._create_plan(trial_days=14)
        order = self._create_contract(self.seat, self.setup_fee, plan_id=plan.id)
        self.assertFalse(order.invoice_ids)
        self.assertRecordValues(
            order.period_ids,
            [
                {
                    "state": "free",
                    "date_from": self._day("2026-01-31"),
                    "date_to": self._day("2026-02-13"),
                }
            ],
        )
        self.assertEqual(order.mrr, 0.0)
        order._bill(self._day("2026-02-14"))
        self.assertEqual(self._get_amounts(order.invoice_ids), [350.0])
        self._apply_scheduled("2026-02-13")
        self.assertEqual(order.mrr, 0.0)
        self._apply_scheduled("2026-02-14")
        self.assertEqual(order.mrr, 100.0)

    def test_in_arrears_the_invoice_follows_the_period(self):
        plan = self._create_plan(billing_timing="arrears")
        order = self._create_contract(plan_id=plan.id, start_date="2026-01-01")
        self.assertFalse(order.invoice_ids)
        self.assertEqual(order.billing_date, self._day("2026-02-01"))
        self.assertEqual(order.next_invoice_date, self._day("2026-01-01"))
        order._bill(self._day("2026-02-01"))
        self.assertEqual(self._get_periods(order), ["2026-01-01..2026-01-31"])

    def test_lead_days_move_the_invoice_not_the_period(self):
        plan = self._create_plan(invoice_lead_days=10)
        order = self._create_contract(plan_id=plan.id, start_date="2026-02-10")
        self.assertEqual(self._get_periods(order), ["2026-02-10..2026-03-09"])
        self.assertEqual(order.billing_date, self._day("2026-02-28"))
        late = self._create_contract(
            plan_id=self._create_plan(invoice_lead_days=-5).id, start_date="2026-01-31"
        )
        self.assertFalse(late.invoice_ids)
        self.assertEqual(late.billing_date, self._day("2026-02-05"))

    def test_a_last_period_cut_by_the_end_date_is_prorated(self):
        order = self._create_contract(start_date="2026-01-01", end_date="2026-02-14")
        order._bill(self._day("2026-12-31"))
        self.assertEqual(
            self._get_periods(order),
            ["2026-01-01..2026-01-31", "2026-02-01..2026-02-14"],
        )
        # 14 of 28 days
        self.assertEqual(self._get_amounts(order.invoice_ids), [100.0, 50.0])
        self.assertFalse(order.next_invoice_date)

    def test_a_contract_ends_when_its_last_day_is_over_and_billed(self):
        order = self._create_contract(start_date="2026-01-01", end_date="2026-02-28")
        order._bill(self._day("2026-02-28"))
        self._apply_scheduled("2026-02-28")
        self.assertEqual(order.subscription_state, "progress")
        self._apply_scheduled("2026-03-01")
        self.assertEqual(order.subscription_state, "churned")
        self.assertEqual(order.close_date, self._day("2026-02-28"))
        self.assertEqual(order.mrr, 0.0)

    def test_seven_units_come_to_the_exact_share(self):
        # 7 x 100.00 x 17/31 = 383.87; 7 x 54.84 would be 383.88
        plan = self._create_plan(align=True)
        with freeze_time("2026-07-15"):
            order = self._create_contract((self.seat, 7, {}), plan_id=plan.id)
        self.assertEqual(self._get_amounts(order.invoice_ids), [383.87])
        self.assertEqual(order.preview_invoices(1)[0]["amount_untaxed"], 700.0)

    def test_the_preview_shows_what_is_charged(self):
        plan = self._create_plan(align=True)
        tax = self.company_data["default_tax_sale"]
        self.seat.taxes_id = tax
        with freeze_time("2026-07-15"):
            order = self._create_order(
                (self.seat, 3, {"discount": 10.0}), self.setup_fee, plan_id=plan.id
            )
            preview = order.preview_invoices(3)
            order.action_confirm()
            order._bill(self._day("2026-09-01"))
        moves = order.invoice_ids.sorted("id")
        self.assertEqual(len(moves), 3)
        for shown, move in zip(preview, moves, strict=True):
            line = move.invoice_line_ids.filtered("period_id")
            self.assertEqual(
                (shown["date_from"], shown["date_to"]),
                (line.period_from, line.period_to),
            )
            for field in ("amount_untaxed", "amount_tax", "amount_total"):
                self.assertAlmostEqual(shown[field], move[field], 2)

    def test_the_preview_lists_what_does_not_recur_once(self):
        hours = self._create_item(
            "Hours", 80.0, invoice_policy="delivery", service_type="manual"
        )
        order = self._create_contract(
            (hours, 10, {}), self.setup_fee, start_date="2026-01-01"
        )
        order.order_line[0].qty_delivered = 4
        order._bill(self._day("2026-02-01"))
        self.assertEqual(self._get_amounts(order.invoice_ids), [570.0])
        order.order_line[0].qty_delivered = 5
        self.assertEqual(
            [invoice["amount_untaxed"] for invoice in order.preview_invoices(3)],
            [80.0, 0.0, 0.0],
        )

    def test_invoices_are_of_today_whatever_day_they_bill(self):
        late = self._create_contract(start_date="2025-12-15")
        self.assertEqual(
            set(late.invoice_ids.mapped("invoice_date")), {self._day("2026-01-31")}
        )
        ahead = late._bill(self._day("2026-06-15"))
        self.assertEqual(set(ahead.mapped("invoice_date")), {self._day("2026-01-31")})
        self.assertEqual(late.paid_until, self._day("2026-07-14"))

    def test_closing_bills_only_periods_that_start_before_its_day(self):
        reason = self.env.ref("subscriptions.close_reason_price")
        order = self._create_contract(start_date="2026-01-01")
        order._close(reason, self._day("2026-02-01"))
        self.assertEqual(order.subscription_state, "progress")
        self.assertFalse(order._bill(self._day("2026-02-01")))
        self._apply_scheduled("2026-02-01")
        self.assertEqual(order.subscription_state, "churned")
        self.assertEqual(order.close_reason_id, reason)

    def test_quantities_by_delivery_are_billed_in_arrears(self):
        hours = self._create_item(
            "Hours", 80.0, invoice_policy="delivery", service_type="manual"
        )
        order = self._create_contract((hours, 10, {}), start_date="2026-01-01")
        self.assertFalse(order.invoice_ids)
        self.assertEqual(order.billing_date, self._day("2026-02-01"))
        order.order_line.qty_delivered = 4
        order._bill(self._day("2026-02-01"))
        self.assertEqual(self._get_amounts(order.invoice_ids), [320.0])
        order.order_line.qty_delivered = 6.5
        order._bill(self._day("2026-03-01"))
        self.assertEqual(self._get_amounts(order.invoice_ids), [320.0, 200.0])

    def test_a_period_that_delivered_nothing_is_free_and_says_so(self):
        hours = self._create_item(
            "Hours", 80.0, invoice_policy="delivery", service_type="manual"
        )
        order = self._create_contract((hours, 10, {}), start_date="2026-01-01")
        order._bill(self._day("2026-02-01"))
        self.assertFalse(order.invoice_ids)
        self.assertEqual(order.period_ids.state, "free")
        self.assertIn("nothing was delivered", order.message_ids[0].body)
        self.assertEqual(order.next_invoice_date, self._day("2026-02-01"))

    def test_sections_notes_and_their_order_are_kept(self):
        order = self._create_order()
        order.order_line = [
            Command.clear(),
            Command.create(
                {"display_type": "line_section", "name": "Licences", "sequence": 1}
            ),
            Command.create({"product_id": self.seat.id, "sequence": 2}),
            Command.create(
                {"display_type": "line_note", "name": "Fair use", "sequence": 3}
            ),
            Command.create(
                {"display_type": "line_section", "name": "Once", "sequence": 4}
            ),
            Command.create({"product_id": self.setup_fee.id, "sequence": 5}),
        ]
        order.action_confirm()
        lines = order.invoice_ids.invoice_line_ids.sorted("sequence")
        self.assertEqual(
            lines.mapped("display_type"),
            ["line_section", "product", "line_note", "line_section", "product"],
        )
        order._bill(self._day("2026-02-28"))
        second = order.invoice_ids.sorted("id")[-1].invoice_line_ids.sorted("sequence")
        self.assertEqual(
            second.mapped("display_type"), ["line_section", "product", "line_note"]
        )

    def test_a_combo_recurs_with_its_parts(self):
        combo = self.env["product.combo"].create(
            {
                "name": "Choice",
                "combo_item_ids": [Command.create({"product_id": self.seat.id})],
            }
        )
        bundle = self._create_item(
            "Bundle", 90.0, type="combo", combo_ids=[Command.set(combo.ids)]
        )
        order = self._create_order(bundle)
        self.env["sale.order.line"].create(
            {
                "order_id": order.id,
                "product_id": self.seat.id,
                "combo_item_id": combo.combo_item_ids.id,
                "linked_line_id": order.order_line.id,
            }
        )
        order.action_confirm()
        order._bill(self._day("2026-02-28"))
        self.assertEqual(len(order.invoice_ids), 2)
        for invoice in order.invoice_ids:
            self.assertEqual(
                invoice.invoice_line_ids.sorted("sequence").mapped("display_type"),
                ["line_section", "product"],
            )
        self.assertEqual(self._get_amounts(order.invoice_ids), [90.0, 90.0])

    def test_the_period_is_named_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.partner.lang = "de_DE"
        order = self._create_contract()
        self.assertIn("31.01.2026", order.invoice_ids.invoice_line_ids.name)

    def test_contracts_of_a_customer_share_an_invoice_where_the_plan_says_so(self):
        plan = self._create_plan(merge_invoices=True)
        orders = self.env["sale.order"]
        for number in range(3):
            orders |= self._create_order(plan_id=plan.id, start_date="2026-02-10")
            orders[number].action_confirm()
        moves = orders._bill(self._day("2026-02-10"))
        self.assertEqual(len(moves), 1)
        self.assertEqual(moves.amount_untaxed, 300.0)
        self.assertEqual(moves.subscription_ids, orders)
        self.assertEqual(orders.period_ids.move_id, moves)
        self.assertEqual(orders.period_ids.mapped("amount_untaxed"), [100.0] * 3)
        other = self._create_contract(
            plan_id=plan.id,
            start_date="2026-02-10",
            payment_term_id=self.pay_terms_b.id,
        )
        other._bill(self._day("2026-02-10"))
        moves = (orders | other)._bill(self._day("2026-03-10"))
        self.assertEqual(sorted(moves.mapped("amount_untaxed")), [100.0, 300.0])

    def test_the_modes_draft_post_and_send(self):
        draft = self._create_contract(
            plan_id=self._create_plan(invoice_mode="draft").id
        )
        self.assertEqual(draft.invoice_ids.state, "draft")
        self.assertEqual(draft.period_ids.state, "billed")
        post = self._create_contract()
        self.assertEqual(post.invoice_ids.state, "posted")
        self.assertFalse(post.invoice_ids.sending_data)
        send = self._create_contract(plan_id=self._create_plan(invoice_mode="send").id)
        self.assertEqual(send.invoice_ids.state, "posted")
        self.assertTrue(send.invoice_ids.sending_data)

    def test_a_customer_without_mail_address_leaves_a_visible_task(self):
        self.partner.email = False
        order = self._create_contract(plan_id=self._create_plan(invoice_mode="send").id)
        self.assertFalse(order.invoice_ids.sending_data)
        self.assertIn("no e-mail", order.invoice_ids.activity_ids.note)

    def test_the_plans_mail_template_is_used(self):
        template = self.env["mail.template"].create(
            {
                "name": "Plan mail",
                "model_id": self.env["ir.model"]._get_id("account.move"),
                "subject": "Your subscription {{ object.name }}",
            }
        )
        order = self._create_contract(
            plan_id=self._create_plan(
                invoice_mode="send", invoice_mail_template_id=template.id
            ).id
        )
        self.assertEqual(order.invoice_ids._get_mail_template(), template)
        self.assertNotEqual(
            self._create_contract().invoice_ids._get_mail_template(), template
        )

    def test_the_invoice_carries_what_odoos_own_would(self):
        self.env.user.group_ids += self.env.ref("analytic.group_analytic_accounting")
        analytic = self.env["account.analytic.account"].create(
            {
                "name": "Project",
                "plan_id": self.env["account.analytic.plan"].create({"name": "P"}).id,
            }
        )
        team = self.env["crm.team"].create({"name": "Team"})
        source = self.env["utm.source"].create({"name": "Fair"})
        journal = self.company_data["default_journal_sale"].copy({"code": "SUBS"})
        order = self._create_order(
            (self.seat, 2, {"analytic_distribution": {str(analytic.id): 100}}),
            payment_term_id=self.pay_terms_b.id,
            team_id=team.id,
            source_id=source.id,
            journal_id=journal.id,
            client_order_ref="PO-7",
        )
        order.action_confirm()
        invoice = order.invoice_ids
        self.assertRecordValues(
            invoice,
            [
                {
                    "invoice_payment_term_id": self.pay_terms_b.id,
                    "team_id": team.id,
                    "source_id": source.id,
                    "journal_id": journal.id,
                    "ref": "PO-7",
                    "invoice_user_id": order.user_id.id,
                    "currency_id": order.currency_id.id,
                }
            ],
        )
        self.assertEqual(
            invoice.invoice_line_ids.analytic_distribution, {str(analytic.id): 100}
        )
        self.assertEqual(invoice.invoice_line_ids.sale_line_ids, order.order_line)

    def test_taxes_follow_the_customer_who_moves(self):
        tax = self.company_data["default_tax_sale"]
        self.seat.taxes_id = tax
        export_tax = tax.copy({"name": "Export", "amount": 0.0})
        position = self.env["account.fiscal.position"].create(
            {
                "name": "Abroad",
                "sequence": -1,
                "auto_apply": True,
                "country_id": self.env.ref("base.ch").id,
                "tax_ids": [Command.set(export_tax.ids)],
            }
        )
        export_tax.write(
            {"original_tax_ids": tax.ids, "fiscal_position_ids": position.ids}
        )
        self.partner.country_id = self.company.country_id
        order = self._create_contract()
        self.assertEqual(order.invoice_ids.invoice_line_ids.tax_ids, tax)
        self.partner.country_id = self.env.ref("base.ch")
        order._bill(self._day("2026-02-28"))
        second = order.invoice_ids.sorted("id")[-1]
        self.assertEqual(second.fiscal_position_id, position)
        self.assertEqual(second.invoice_line_ids.tax_ids, export_tax)
        self.assertEqual(order.order_line.tax_ids, export_tax)

    def test_typed_taxes_prices_and_discounts_are_left_alone(self):
        tax = self.company_data["default_tax_sale"]
        self.seat.taxes_id = tax
        typed = tax.copy({"name": "Typed", "amount": 3.0})
        order = self._create_order(
            (
                self.seat,
                1,
                {
                    "price_unit": 77.0,
                    "discount": 5.0,
                    "tax_ids": [Command.set(typed.ids)],
                },
            )
        )
        order.action_confirm()
        self.seat.list_price = 500.0
        order._bill(self._day("2026-02-28"))
        line = order.invoice_ids.sorted("id")[-1].invoice_line_ids
        self.assertRecordValues(
            line, [{"price_unit": 77.0, "discount": 5.0, "tax_ids": typed.ids}]
        )

    def test_a_price_once_agreed_does_not_follow_the_product(self):
        order = self._create_contract()
        self.seat.list_price = 500.0
        order.order_line.product_uom_qty = 2
        self.assertEqual(order.order_line.price_unit, 100.0)
        order._recompute_prices()
        self.assertEqual(order.order_line.price_unit, 500.0)

    def test_yen_and_dinar_are_rounded_once_in_their_precision(self):
        plan = self._create_plan(align=True)
        for name, expected in (("JPY", 55.0), ("KWD", 54.839)):
            currency = (
                self.env["res.currency"]
                .with_context(active_test=False)
                .search([("name", "=", name)])
            )
            currency.active = True
            self.env["res.currency.rate"].create(
                {
                    "currency_id": currency.id,
                    "rate": 2.0,
                    "name": "2026-01-01",
                    "company_id": self.company.id,
                }
            )
            pricelist = self.env["product.pricelist"].create(
                {
                    "name": name,
                    "currency_id": currency.id,
                    "company_id": self.company.id,
                }
            )
            with freeze_time("2026-07-15"):
                order = self._create_contract(
                    (self.seat, 1, {"price_unit": 100.0}),
                    plan_id=plan.id,
                    pricelist_id=pricelist.id,
                )
            self.assertFalse(order.hold, order.hold_reason)
            self.assertEqual(order.invoice_ids.currency_id, currency)
            self.assertEqual(order.invoice_ids.amount_untaxed, expected)

    def test_price_included_taxes_are_prorated_with_the_price(self):
        tax = self.env["account.tax"].create(
            {
                "name": "21 % included",
                "amount": 21.0,
                "price_include_override": "tax_included",
            }
        )
        self.seat.taxes_id = tax
        self.seat.list_price = 121.0
        plan = self._create_plan(align=True)
        with freeze_time("2026-07-15"):
            order = self._create_contract(plan_id=plan.id)
        # 121.00 x 17/31 = 66.35 with tax, 54.83 without
        self.assertRecordValues(
            order.invoice_ids, [{"amount_total": 66.35, "amount_untaxed": 54.83}]
        )

    def test_units_of_measure_are_invoiced_as_ordered(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self._create_contract((self.goods, 2, {"product_uom_id": dozen.id}))
        line = order.invoice_ids.invoice_line_ids
        self.assertEqual(line.product_uom_id, dozen)
        self.assertEqual(line.price_subtotal, 2 * 12 * 60.0)

    def test_a_week_has_its_share_of_a_month_in_the_mrr(self):
        weekly = self.env.ref("subscriptions.plan_weekly")
        weekly.invoice_mode = "post"
        self.assertEqual(self._create_contract(plan_id=weekly.id).mrr, 434.82)
        yearly = self._create_contract(
            (self.seat, 12, {}), self.setup_fee, plan_id=self.yearly.id
        )
        self.assertEqual(yearly.mrr, 100.0)

    def test_an_ended_contract_still_bills_what_was_delivered(self):
        hours = self._create_item(
            "Hours", 80.0, invoice_policy="delivery", service_type="manual"
        )
        order = self._create_contract((hours, 10, {}), start_date="2026-01-01")
        order.order_line.qty_delivered = 3
        order._bill(self._day("2026-02-01"))
        order._close(self.env.ref("subscriptions.close_reason_price"))
        order.order_line.qty_delivered = 5
        self.assertEqual(order.invoice_status, "to invoice")
        self.assertEqual(order._create_invoices().amount_untaxed, 160.0)
