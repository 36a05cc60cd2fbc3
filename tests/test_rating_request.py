from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import SubscriptionCommon, freeze_time, tagged
from .rating_common import RatingMixin


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestRatingRequest(RatingMixin, SubscriptionCommon):
    """Customers are asked by mail, or somebody reads why not."""

    def setUp(self):
        super().setUp()
        self.contract = self._create_contract()
        self.template = self.env.ref("subscriptions.mail_template_rating")

    def _refuse(self, words, orders=None, template=None):
        """Ask, be refused in words, and leave nothing behind."""
        orders = orders or self.contract
        Mail, Message = self.env["mail.mail"].sudo(), self.env["mail.message"].sudo()
        before = Mail.search_count([]), Message.search_count([])
        with self.assertRaisesRegex(UserError, words):
            orders._send_rating_request(template)
        self.assertEqual((Mail.search_count([]), Message.search_count([])), before)
        self.assertFalse(orders.sudo().rating_ids)

    def _copy_template(self, **values):
        template = self.template.sudo().copy()
        template.write(values)
        template.flush_recordset()
        self.env["rating.rating"].sudo().search([]).unlink()  # of trying it out
        return template

    def test_the_customer_is_asked_with_three_links_by_the_queue(self):
        self.contract._send_rating_request()
        mail = self._get_rating_mails(self.contract)
        self.assertEqual(mail.state, "outgoing")
        self.assertEqual(mail.recipient_ids, self.partner)
        self.assertIn(self.contract.name, mail.subject)
        for word in ("Ada Example", self.contract.name, "Seat", "Monthly"):
            self.assertIn(word, mail.body_html)
        self.assertIn(self.company.name, mail.body_html)
        rating = self.contract.sudo().rating_ids
        self.assertEqual(
            self._get_links(mail),
            {face: f"/rate/{rating.access_token}/{face}" for face in (5, 3, 1)},
        )
        self.assertEqual(rating.partner_id, self.partner)
        self.assertEqual(rating.rated_partner_id, self.contract.user_id.partner_id)
        self.assertEqual(self.contract.rating_count, 0)

    def test_the_chatter_tells_of_it_without_the_links(self):
        self.contract._send_rating_request()
        mail = self._get_rating_mails(self.contract)
        self.assertIn("/rate/", mail.body_html)
        message = mail.mail_message_id
        mail.unlink()  # as when it was sent
        # What the customer answers to the mail belongs here.
        self.assertEqual(message, self.contract.message_ids[0])
        self.assertIn("Ada Example was asked for a rating.", message.body)
        self.assertTrue(message.subtype_id.internal)
        self.assertNotIn("/rate/", "".join(self.contract.message_ids.mapped("body")))

    def test_whoever_has_not_answered_is_asked_with_the_same_link(self):
        self.contract._send_rating_request()
        self.contract._send_rating_request()
        newer, older = self._get_rating_mails(self.contract)
        self.assertEqual(self._get_links(newer), self._get_links(older))
        self._rate(self.contract, 5)
        self.contract._send_rating_request()
        newest = self._get_rating_mails(self.contract)[0]
        self.assertNotEqual(self._get_links(newest), self._get_links(older))

    def test_customers_are_asked_in_their_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.template.sudo().with_context(lang="fr_FR")
        french.subject = "Êtes-vous content de {{ object.name }} ?"
        self.monthly.with_context(lang="fr_FR").name = "Chaque mois"
        self.partner.lang = "fr_FR"
        self.contract._send_rating_request()
        mail = self._get_rating_mails(self.contract)
        self.assertEqual(mail.subject, f"Êtes-vous content de {self.contract.name} ?")
        self.assertIn("Chaque mois", mail.body_html)

    def test_whoever_has_no_address_cannot_be_asked(self):
        for email in (False, "nobody"):
            self.partner.email = email
            self._refuse("Ada Example has no e-mail address")

    def test_one_who_cannot_be_asked_keeps_all_from_it(self):
        partner = self.env["res.partner"].create({"name": "Bob"})
        other = self._create_contract(partner_id=partner.id)
        self._refuse("Bob has no e-mail address", self.contract | other)

    def test_a_template_of_something_else_is_refused(self):
        template = self.template.sudo().create(
            {
                "name": "Hello",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "body_html": "/rate/",
            }
        )
        self._refuse("“Hello” is not made for contracts", template=template)

    def test_a_template_addressed_to_nobody_is_refused(self):
        template = self._copy_template(partner_to="", email_to="")
        self._refuse("addressed to nobody", template=template)

    def test_a_template_without_links_is_refused(self):
        template = self._copy_template(body_html="<p>Are you happy?</p>")
        self._refuse("no link to rate", template=template)

    def test_a_template_that_cannot_be_rendered_is_refused(self):
        template = self._copy_template()
        # It worked when it was written, for another contract.
        self.env.cr.execute(
            "UPDATE mail_template SET body_html = jsonb_build_object('en_US', "
            "'<p t-out=\"object.client_order_ref.upper()\">X</p>') WHERE id = %s",
            [template.id],
        )
        template.invalidate_recordset()
        with mute_logger("odoo.addons.mail.models.mail_render_mixin"):
            self._refuse("cannot be made for", template=template)

    def test_a_deleted_template_is_told(self):
        self.template.sudo().unlink()
        self._refuse("was deleted")

    def test_a_salesperson_asks_by_a_click(self):
        action = self.contract.action_ask_for_rating()
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn("ada@example.com", action["params"]["message"])
        self.assertTrue(self._get_rating_mails(self.contract))
        with self.assertRaisesRegex(UserError, "no contract"):
            self._create_order().action_ask_for_rating()

    def test_of_many_each_is_asked_by_itself(self):
        partner = self.env["res.partner"].create({"name": "Bob"})
        other = self._create_contract(partner_id=partner.id)
        action = (self.contract | other).action_ask_for_rating()
        lines = self.env[action["res_model"]].browse(action["res_id"]).line_ids
        self.assertEqual(len(lines.filtered(lambda line: line.state == "refused")), 1)
        self.assertTrue(self._get_rating_mails(self.contract))
        self.assertFalse(self._get_rating_mails(other))

    def test_whoever_may_not_change_the_contract_asks_nobody(self):
        accountant = self.env["res.users"].create(
            {
                "name": "Accountant",
                "login": "accountant",
                "group_ids": [
                    (6, 0, self.env.ref("account.group_account_readonly").ids)
                ],
                "company_id": self.company.id,
                "company_ids": [(6, 0, self.company.ids)],
            }
        )
        with self.assertRaises(AccessError):
            self.contract.with_user(accountant).action_ask_for_rating()
        self.assertFalse(self._get_rating_mails(self.contract))

    def test_the_answer_stands_in_the_chatter_for_those_who_follow(self):
        seller = new_test_user(
            self.env, "seller", "sales_team.group_sale_salesman"
        ).partner_id
        self.contract.message_subscribe((seller | self.partner).ids)
        self._rate(self.contract, 1, "Too <b>late</b> again")
        message = self.contract.message_ids[0]
        self.assertEqual(message.author_id, self.partner)
        self.assertEqual(message.subtype_id.name, "Rating received")
        self.assertIn("Too &lt;b&gt;late&lt;/b&gt; again", message.body)
        self.assertEqual(message.notified_partner_ids, seller)
