from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .common import freeze_time, tagged
from .test_stage import StageCommon

BROKEN = '<p><t t-out="object.no_such_field"/></p>'


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01 12:00:00")
class TestStageEntry(StageCommon):
    """What customers get when their contract enters a stage, and when it fails."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Odoo's tests track nothing, unless they are about it.
        cls.env = cls.env(
            context=dict(cls.env.context, tracking_disable=False, mail_notrack=False)
        )
        cls.template = cls._create_template()

    def _assert_told(self, order, words):
        """Check that chatter and one activity say what was not sent."""
        todo = self._get_todos(order)
        self.assertEqual(len(todo), 1)
        self.assertIn(words, todo.note)
        self.assertEqual(todo.user_id, order._get_responsible_user())
        self.assertTrue(
            order.message_ids.filtered(lambda one: words in (one.body or "")),
            "the chatter says it as well",
        )

    # Once per entry

    def test_a_contract_that_is_moved_gets_the_mail_once(self):
        self.onboarding.mail_template_id = self.template
        order = self._create_contract()
        self._commit()
        self.assertFalse(self._get_mails(order))
        order.stage_id = self.onboarding
        self._commit()
        mail = self._get_mails(order)
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.partner_ids, self.partner)
        order.stage_id = self.onboarding
        order.note = "Something else"
        self._commit()
        self.assertEqual(len(self._get_mails(order)), 1, "it stays there")

    def test_a_contract_that_comes_again_gets_it_again(self):
        self.onboarding.mail_template_id = self.template
        order = self._create_contract()
        self._commit()
        for number in (1, 2):
            order.stage_id = self.onboarding
            self._commit()
            order.stage_id = self.progress
            self._commit()
            self.assertEqual(len(self._get_mails(order)), number)

    def test_a_contract_that_was_only_dropped_there_gets_nothing(self):
        self.onboarding.mail_template_id = self.template
        order = self._create_contract()
        self._commit()
        order.stage_id = self.onboarding
        order.stage_id = self.progress
        self._commit()
        self.assertFalse(self._get_mails(order))

    def test_who_leaves_a_stage_gets_nothing(self):
        order = self._create_contract()
        self._commit()
        self.progress.mail_template_id = self.template
        order.stage_id = self.onboarding
        self._commit()
        self.assertFalse(self._get_mails(order))

    def test_states_send_as_people_do(self):
        self.progress.mail_template_id = self.template
        order = self._create_order()
        self._commit()
        self.assertFalse(self._get_mails(order))
        order.action_confirm()
        self._commit()
        self.assertEqual(len(self._get_mails(order)), 1)
        order._bill(until=self._day("2026-09-01"))
        self._commit()
        self.assertEqual(len(self._get_mails(order)), 1)

    def test_what_is_made_and_confirmed_in_one_go_is_sent_the_mail_once(self):
        self.progress.mail_template_id = self.template
        order = self._create_contract()
        self._commit()
        self.assertEqual(len(self._get_mails(order)), 1)

    def test_what_is_created_in_a_stage_gets_nothing(self):
        self.quotation.mail_template_id = self.template
        self.onboarding.mail_template_id = self.template
        quotation = self._create_order()
        imported = self._create_order(stage_id=self.onboarding.id)
        self._commit()
        self.assertFalse(self._get_mails(quotation) | self._get_mails(imported))

    # How

    def test_the_mail_waits_in_the_queue(self):
        self.onboarding.mail_template_id = self.template
        order = self._create_contract()
        self._commit()
        order.stage_id = self.onboarding
        self._commit()
        mail = self.env["mail.mail"].search(
            [("mail_message_id", "=", self._get_mails(order).id)]
        )
        self.assertEqual(mail.mapped("state"), ["outgoing"])

    def test_the_mail_is_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        self.template.with_context(
            lang="fr_FR"
        ).subject = "Bienvenue, {{ object.name }}"
        self.onboarding.mail_template_id = self.template
        order = self._create_contract()
        self._commit()
        order.stage_id = self.onboarding
        self._commit()
        self.assertEqual(len(self._get_mails(order, "Bienvenue")), 1)

    def test_a_rating_is_asked_for_with_the_mail_of_the_stage(self):
        calls = []

        def send(order, template=None):
            calls.append((order.id, template))

        self.onboarding.send_rating = True
        order = self._create_contract()
        self._commit()
        with patch.object(
            self.env.registry["sale.order"], "_send_rating_request", send, create=True
        ):
            order.stage_id = self.onboarding
            self._commit()
            self.assertEqual(calls, [(order.id, None)], "the usual mail")
            order.stage_id = self.progress
            self._commit()
            self.onboarding.rating_template_id = self.template
            order.stage_id = self.onboarding
            self._commit()
        self.assertEqual(calls[1:], [(order.id, self.template)])

    # When it fails

    @mute_logger("odoo.addons.mail.models.mail_render_mixin")
    def test_a_broken_template_does_not_stop_a_confirmation(self):
        self.template.body_html = BROKEN
        self.progress.mail_template_id = self.template
        order = self._create_order()
        self._commit()
        order.action_confirm()
        self._commit()
        self.assertEqual(order.subscription_state, "progress")
        self.assertEqual(self._get_periods(order), ["2026-07-01..2026-07-31"])
        self.assertFalse(self._get_mails(order))
        self._assert_told(order, "On entering “In Progress”, the mail “Welcome”")

    @mute_logger("odoo.addons.mail.models.mail_render_mixin")
    def test_a_broken_template_does_not_stop_the_daily_run(self):
        self.template.body_html = BROKEN
        self.closed.mail_template_id = self.template
        ending = self._create_contract(end_date=self._day("2026-07-31"))
        running = self._create_contract()
        self._commit()
        with freeze_time("2026-08-01"):
            self._apply_scheduled()
            running._bill()
            self._commit()
        self.assertEqual(ending.subscription_state, "churned")
        self.assertEqual(ending.stage_id, self.closed)
        self.assertEqual(len(running.invoice_ids), 2)
        self._assert_told(ending, "On entering “Closed”, the mail “Welcome”")

    def test_a_rating_that_fails_is_told_and_the_mail_goes_all_the_same(self):
        def refuse(order, template=None):
            order.note = "Half done"
            order.flush_recordset()
            raise UserError("Nobody to ask.")

        self.onboarding.write(
            {"mail_template_id": self.template.id, "send_rating": True}
        )
        order = self._create_contract()
        self._commit()
        with patch.object(
            self.env.registry["sale.order"], "_send_rating_request", refuse, create=True
        ):
            order.stage_id = self.onboarding
            self._commit()
        self.assertEqual(order.stage_id, self.onboarding)
        self.assertEqual(len(self._get_mails(order)), 1)
        self.assertFalse(order.note, "what failed leaves nothing behind")
        self._assert_told(
            order, "the request for a rating was not sent: Nobody to ask."
        )

    def test_who_has_no_address_is_written_to_by_hand(self):
        self.onboarding.mail_template_id = self.template
        order = self._create_contract()
        self._commit()
        self.partner.email = False
        order.stage_id = self.onboarding
        self._commit()
        self.assertFalse(self._get_mails(order))
        self._assert_told(order, "Ada Example has no e-mail address")

    def test_a_template_without_recipient_is_told(self):
        self.template.write({"use_default_to": False, "partner_to": False})
        self.onboarding.mail_template_id = self.template
        order = self._create_contract()
        self._commit()
        order.stage_id = self.onboarding
        self._commit()
        self.assertFalse(self._get_mails(order))
        self._assert_told(order, "names no recipient")

    def test_a_customers_click_sends_in_the_name_of_the_company(self):
        self.progress.mail_template_id = self.template
        order = self._create_order()
        self._commit()
        public = self.env.ref("base.public_user")
        order.with_user(public).sudo().action_confirm()
        self._commit()
        mail = self._get_mails(order)
        self.assertEqual(len(mail), 1)
        self.assertNotEqual(mail.author_id, public.partner_id)
