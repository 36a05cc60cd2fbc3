from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user

from .common import freeze_time, tagged
from .payment_common import PaymentMethodCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestPaymentMethod(PaymentMethodCommon):
    # Which method a contract accepts

    def test_a_contract_shows_its_method_by_name(self):
        contract = self._create_contract()
        self.assertFalse(contract.payment_method_name)
        contract.payment_token_id = self.token
        self.assertEqual(contract.payment_method_name, "Demo 1234")

    def test_a_contract_accepts_the_methods_of_its_customer_alone(self):
        contract = self._create_contract()
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        token = self._create_token(stranger)
        with self.assertRaisesRegex(ValidationError, "not one of Ada Example"):
            contract.payment_token_id = token
        with self.assertRaisesRegex(ValidationError, "not one of Ada Example"):
            self._create_order(payment_token_id=token.id)

    def test_a_method_of_the_company_or_of_the_one_invoiced_is_the_customers(self):
        firm = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        self.partner.parent_id = firm
        payer = self.env["res.partner"].create({"name": "Payer"})
        contract = self._create_contract(partner_invoice_id=payer.id)
        for owner in (firm, self.partner, payer):
            contract.payment_token_id = self._create_token(owner)

    def test_an_archived_method_is_refused(self):
        contract = self._create_contract()
        self.token.active = False
        with self.assertRaisesRegex(ValidationError, "is archived"):
            contract.payment_token_id = self.token

    def test_a_deleted_method_is_refused(self):
        contract = self._create_contract()
        number = self.token.id
        self.token.unlink()
        with self.assertRaisesRegex(ValidationError, "is not one of"):
            contract.payment_token_id = number

    def test_a_method_saved_for_another_company_is_refused(self):
        other = self.env["res.company"].create({"name": "Other"})
        provider = self._create_provider(other)
        token = self._create_token(self.partner, provider_id=provider.id)
        contract = self._create_contract()
        with self.assertRaisesRegex(ValidationError, "for another company"):
            contract.payment_token_id = token

    def test_a_branch_accepts_what_was_saved_for_its_head_office(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.env.user.company_ids += branch
        order = self._create_order(company_id=branch.id)
        order.payment_token_id = self.token
        self.assertEqual(order.payment_token_id, self.token)

    def test_a_contract_with_another_customer_does_not_charge_the_one_before(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        other = self.env["res.partner"].create({"name": "Successor"})
        with self._watch_changes() as hook:
            contract.partner_id = other
        self.assertFalse(contract.payment_token_id)
        self.assertIn("not one of Successor", contract.message_ids[0].body)
        self.assertEqual(hook.call_args.args, (contract,))

    def test_a_copy_has_no_method(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        self.assertFalse(contract.copy().payment_token_id)

    # Who chooses it

    def _create_salesperson(self):
        return new_test_user(
            self.env,
            "seller",
            "sales_team.group_sale_salesman",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    def test_a_salesperson_chooses_the_method_and_the_chatter_tells(self):
        user = self._create_salesperson()
        contract = self._create_contract(
            user_id=user.id, payment_token_id=self.token.id
        )
        other = self._create_token(self.partner, payment_details="9876")
        self.env.flush_all()
        self.env.invalidate_all()
        seen = contract.with_user(user).with_context(
            tracking_disable=False, mail_notrack=False
        )
        seen.payment_token_id = other.id
        self.assertEqual(seen.payment_method_name, "Demo 9876")
        self.env.flush_all()
        self.cr.flush()
        tracking = contract.message_ids[0].sudo().tracking_value_ids
        self.assertEqual(tracking.old_value_char, "1234")
        self.assertEqual(tracking.new_value_char, "9876")

    def test_who_may_not_change_the_contract_does_not_choose_its_method(self):
        contract = self._create_contract()
        accountant = new_test_user(
            self.env,
            "accountant",
            "account.group_account_readonly",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        portal = new_test_user(
            self.env, "portal_user", "base.group_portal", company_id=self.company.id
        )
        contract.message_subscribe(portal.partner_id.ids)
        for user in (accountant, portal):
            with self.assertRaises(AccessError):
                contract.with_user(user).payment_token_id = self.token.id

    # The method and the run of the contract

    def test_running_contracts_are_told_once_when_their_method_changes(self):
        contracts = self._create_contract() + self._create_contract()
        quotation = self._create_order()
        with self._watch_changes() as hook:
            (contracts + quotation).write({"payment_token_id": self.token.id})
            (contracts + quotation).write({"payment_token_id": self.token.id})
        hook.assert_called_once_with(contracts)

    def test_a_renewal_takes_the_method_over(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        renewal = self._renew(contract)
        self.assertFalse(renewal.payment_token_id)
        renewal.action_confirm()
        self.assertEqual(renewal.payment_token_id, self.token)

    def test_a_renewal_keeps_the_method_that_it_was_paid_with(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        renewal = self._renew(contract)
        other = self._create_token(self.partner)
        renewal.payment_token_id = other
        renewal.action_confirm()
        self.assertEqual(renewal.payment_token_id, other)

    def test_a_renewal_by_another_customer_does_not_take_the_method_over(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        renewal = self._renew(contract)
        renewal.partner_id = self.env["res.partner"].create({"name": "Successor"})
        renewal.action_confirm()
        self.assertFalse(renewal.payment_token_id)

    # Deleting and archiving

    def test_a_method_names_the_running_contracts_paid_with_it(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        self._create_order(payment_token_id=self.token.id)
        self.assertEqual(
            self.token.get_linked_records_info(),
            [
                {
                    "description": "Contract",
                    "id": contract.id,
                    "name": contract.name,
                    "url": f"/my/subscriptions/{contract.id}",
                }
            ],
        )

    def test_a_customer_sees_what_is_paid_with_methods_of_theirs_alone(self):
        firm = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        self.partner.parent_id = firm
        user = new_test_user(
            self.env, "ada", "base.group_portal", company_id=self.company.id
        )
        user.partner_id.parent_id = firm
        token = self._create_token(firm)
        contract = self._create_contract(payment_token_id=token.id)
        seen = token.with_user(user).sudo(False)
        self.assertEqual(seen.get_linked_records_info()[0]["name"], contract.name)
        foreign = self._create_token(self.env["res.partner"].create({"name": "X"}))
        with self.assertRaises(AccessError):
            foreign.with_user(user).sudo(False).get_linked_records_info()

    def test_an_archived_method_leaves_its_contracts_and_they_say_so(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        quotation = self._create_order(payment_token_id=self.token.id)
        with self._watch_changes() as hook:
            self.token.active = False
        self.assertFalse(contract.payment_token_id)
        self.assertFalse(quotation.payment_token_id)
        hook.assert_called_once_with(contract)
        self.assertIn("Demo 1234 was archived.", contract.message_ids[0].body)
        self.assertIn("has no payment method now", contract.message_ids[0].body)
        self.assertNotIn("has no payment method now", quotation.message_ids[0].body)

    def test_a_deleted_method_leaves_its_contracts_and_they_say_so(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        self.env.flush_all()
        self.cr.flush()
        with self._watch_changes() as hook:
            self.token.unlink()
            self.env.flush_all()
            self.cr.flush()
        self.assertFalse(contract.payment_token_id)
        hook.assert_called_once_with(contract)
        self.assertIn("Demo 1234 was deleted.", contract.message_ids[0].body)

    def test_switching_a_provider_off_takes_its_methods_off_the_contracts(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        self.provider.state = "disabled"
        self.assertFalse(contract.payment_token_id)

    # Paying saves it

    def test_paying_the_quotation_saves_the_method_before_it_is_confirmed(self):
        order = self._create_order(require_payment=True)
        seen = []

        def confirm(original, orders):
            seen.extend(orders.mapped("payment_method_name"))
            return original(orders)

        with self._patch_method("sale.order", "_action_confirm", confirm):
            tx = self._pay(order)
        self.assertEqual(seen, ["Demo 4321"])
        self.assertEqual(order.payment_token_id, tx.token_id)
        self.assertEqual(order.subscription_state, "progress")
        self.assertEqual(order.invoice_ids.payment_state, "paid")

    def test_paying_with_a_method_saved_before_ties_that_one(self):
        order = self._create_order(require_payment=True)
        tx = self._pay(
            order, operation="online_token", token_id=self.token.id, tokenize=False
        )
        self.assertEqual(tx.token_id, self.token)
        self.assertEqual(order.payment_token_id, self.token)

    def test_a_declined_payment_saves_nothing(self):
        order = self._create_order(require_payment=True)
        tx = self._pay(order, state="error")
        self.assertTrue(tx.token_id)  # the demonstration provider saves those too
        self.assertFalse(order.payment_token_id)
        self.assertEqual(order.state, "draft")

    def test_a_pending_payment_saves_the_method_once_it_is_made(self):
        order = self._create_order(require_payment=True)
        tx = self._pay(order, state="pending")
        self.assertFalse(order.payment_token_id)
        self._answer(tx, "done")
        self.assertEqual(order.payment_token_id, tx.token_id)
        self.assertEqual(order.subscription_state, "progress")

    def test_what_somebody_else_pays_confirms_but_does_not_charge_them_later(self):
        order = self._create_order(require_payment=True)
        friend = self.env["res.partner"].create({"name": "Friend"})
        self._pay(order, partner_id=friend.id)
        self.assertEqual(order.subscription_state, "progress")
        self.assertFalse(order.payment_token_id)
        self.assertTrue(
            order.message_ids.filtered(lambda one: "was not saved" in one.body)
        )

    def test_paying_an_invoice_gives_a_method_to_the_contract_without_one(self):
        contract = self._create_contract()
        tx = self._pay(
            self._create_order(),
            sale_order_ids=False,
            invoice_ids=[Command.set(contract.invoice_ids.ids)],
        )
        self.assertEqual(contract.payment_token_id, tx.token_id)

    def test_paying_an_invoice_replaces_a_method_only_if_it_failed(self):
        contract = self._create_contract(payment_token_id=self.token.id)
        invoice = [Command.set(contract.invoice_ids.ids)]
        self._pay(self._create_order(), 10, sale_order_ids=False, invoice_ids=invoice)
        self.assertEqual(contract.payment_token_id, self.token)
        contract._set_hold("payment_declined", "No funds.")
        with self._watch_changes() as hook:
            tx = self._pay(
                self._create_order(), 10, sale_order_ids=False, invoice_ids=invoice
            )
        self.assertEqual(contract.payment_token_id, tx.token_id)
        hook.assert_called_once_with(contract)

    def test_an_upsell_paid_online_does_not_save_a_method(self):
        contract = self._create_contract()
        upsell = self._upsell(contract, self.goods)
        required = self.env["payment.provider"]._is_tokenization_required
        self.assertTrue(required(sale_order_id=self._create_order().id))
        self.assertTrue(required(sale_order_id=self._renew(contract).id))
        self.assertFalse(required(sale_order_id=upsell.id))
        self.assertFalse(required(sale_order_id="1 or 2"))
        self.assertFalse(required())

    # What is offered

    def _get_offered(self, order):
        providers = (
            self.env["payment.provider"]
            .sudo()
            ._get_compatible_providers(
                self.company.id,
                self.partner.id,
                order.amount_total,
                currency_id=order.currency_id.id,
                sale_order_id=order.id,
            )
        )
        methods = (
            self.env["payment.method"]
            .sudo()
            ._get_compatible_payment_methods(
                providers.ids, self.partner.id, sale_order_id=order.id
            )
        )
        return providers, methods

    def test_only_what_can_be_saved_is_offered_for_a_contract(self):
        voucher = self._create_unsavable_method()
        plain = self._create_order(self.setup_fee, plan_id=False)
        order = self._create_order()
        self.assertEqual(self._get_offered(order), (self.provider, self.card))
        self.assertEqual(self._get_offered(plain)[1], self.card | voucher)
        self.provider.allow_tokenization = False
        self.assertFalse(self._get_offered(order)[0])
        self.assertEqual(self._get_offered(plain)[0], self.provider)

    def test_mails_about_payments_install_where_orders_have_no_open_payment(self):
        self._create_order()
        templates = self.env["mail.template"]
        for name in ("payment_failed", "payment_last", "invoice_to_pay"):
            templates |= self.env.ref(f"subscriptions.mail_template_{name}")
        templates._check_can_be_rendered()
