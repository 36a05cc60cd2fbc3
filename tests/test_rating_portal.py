from lxml import html

from odoo import http
from odoo.tools import mute_logger

from .common import tagged
from .contract_page_common import ContractPageCommon
from .rating_common import RatingMixin


@tagged("post_install", "-at_install")
class TestRatingPortal(RatingMixin, ContractPageCommon):
    """Customers answer from the mail, and find it on the page of their contract."""

    def setUp(self):
        super().setUp()
        self.contract = self._create_contract()

    def _ask(self):
        self.contract._send_rating_request()
        return self._get_links(self._get_rating_mails(self.contract)[0])

    def _answer(self, link, **values):
        """Open a link of the mail, and send the form that it shows."""
        page = self.url_open(link)
        self.assertEqual(page.status_code, 200)
        form = html.fromstring(page.text).xpath("//form[contains(@action, '/rate/')]")
        fields = {
            one.name: one.value for one in form[0].xpath(".//input[@type='hidden']")
        }
        chosen = form[0].xpath(".//input[@name='rate'][@checked]/@value")
        fields["rate"] = chosen[0]
        response = self.url_open(form[0].get("action"), data={**fields, **values})
        self.env.invalidate_all()
        return response

    def _post_answer(self, link, **values):
        url = link.rsplit("/", 1)[0] + "/submit_feedback"
        values = {"csrf_token": http.Request.csrf_token(self), **values}
        with mute_logger("odoo.http"):
            response = self.url_open(url, data=values)
        self.env.invalidate_all()
        return response

    def test_the_mail_is_answered_without_a_login(self):
        links = self._ask()
        response = self._answer(links[3], feedback="Good,\nbut not cheap")
        self.assertEqual(response.status_code, 200)
        self.assertIn("Thank you", response.text)
        rating = self.contract.sudo().rating_ids
        self.assertEqual((rating.rating, rating.consumed), (3.0, True))
        self.assertEqual(rating.feedback, "Good,\nbut not cheap")
        self.assertEqual(
            (self.contract.rating_count, self.contract.satisfaction), (1, 60.0)
        )
        self.assertIn("Good,", self.contract.message_ids[0].body)

    def test_an_answer_can_be_changed_by_the_same_link(self):
        links = self._ask()
        self._answer(links[1], feedback="Bad")
        page = html.fromstring(self.url_open(links[1]).text)
        self.assertEqual(page.xpath("//textarea[@name='feedback']")[0].text, "Bad")
        self._answer(links[1], rate="5", feedback="You called: good")
        self.assertEqual(
            (self.contract.rating_count, self.contract.satisfaction), (1, 100.0)
        )
        answers = self.contract.message_ids.filtered("rating_ids")
        self.assertEqual(len(answers), 1)
        self.assertIn("You called: good", answers.body)

    def test_the_page_speaks_of_the_contract(self):
        links = self._ask()
        page = html.fromstring(self.url_open(links[5]).text)
        text = self._get_text(page.xpath("//main")[0])
        self.assertIn("How happy are you with your subscription?", text)
        for word in ("Seat", "Monthly", self.contract.name):
            self.assertIn(word, text)
        self.assertNotIn("Thank you for rating our services", text)

    def test_opening_links_stores_nothing(self):
        links = self._ask()
        for link in links.values():
            self.url_open(link)
        self.url_open(links[5].rsplit("/", 1)[0] + "/submit_feedback?rate=5")
        self.env.invalidate_all()
        self.assertFalse(self.contract.sudo().rating_ids.consumed)
        self.assertEqual(self.contract.rating_count, 0)

    def test_odd_addresses_lead_nowhere(self):
        links = self._ask()
        token = links[5].split("/")[2]
        with mute_logger("odoo.http"):
            for link in ("/rate/0123456789/5", f"/rate/{token}/2"):
                self.assertEqual(self.url_open(link).status_code, 404, link)
        for rate in ("4", "five", "", "5.0"):
            self.assertEqual(self._post_answer(links[5], rate=rate).status_code, 404)
        self.assertEqual(self.contract.rating_count, 0)

    def test_long_and_odd_words_are_taken_as_they_come(self):
        links = self._ask()
        self._post_answer(links[5], rate="5", feedback="\0" + "ab" * 2000)
        self.assertEqual(self.contract.sudo().rating_ids.feedback, "ab" * 1000)

    def test_colleagues_and_strangers_do_not_answer_for_the_customer(self):
        links = self._ask()
        for partner, groups in (
            (self.stranger, "base.group_portal"),
            (None, "sales_team.group_sale_manager"),
        ):
            self._log_in(partner, groups)
            text = self.url_open(links[5]).text
            self.assertIn("You cannot rate this contract", text)
            self._post_answer(links[5], rate="5")
            self.assertEqual(self.contract.rating_count, 0)

    def test_the_page_of_the_contract_shows_what_its_customer_said(self):
        self._rate(self.contract, 5, "<script>alert(1)</script>Fine")
        page = self._open(self.contract)
        [shown] = page.xpath("//*[@id='ratings']//*[@name='rating']")
        self.assertIn("Happy", self._get_text(shown))
        self.assertIn("<script>alert(1)</script>Fine", self._get_text(shown))
        self.assertFalse(shown.xpath(".//script"))

    def test_it_shows_nothing_that_is_internal_or_of_somebody_else(self):
        hidden = self._rate(self.contract, 1, "Hidden")
        hidden.is_internal = True
        foreign = self._rate(self.contract, 1, "Foreign")
        foreign.partner_id = self.stranger
        self.contract.sudo()._rating_get_access_token()
        page = self._open(self.contract)
        self.assertFalse(page.xpath("//*[@id='ratings']"))

    def test_a_colleague_of_the_customer_reads_it_too(self):
        firm = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        colleague = self.env["res.partner"].create({"name": "Bea"})
        (self.partner | colleague).parent_id = firm
        rating = self._rate(self.contract, 3, "From Bea")
        rating.partner_id = colleague
        page = self._open(self.contract)
        self.assertIn("From Bea", self._get_text(page.xpath("//*[@id='ratings']")[0]))

    def test_the_page_asks_as_long_as_the_mail_is_not_answered(self):
        def find():
            page = self._open(self.contract)
            return page.xpath("//*[@name='rating_request']//a/@href")

        # A mail template that is tried out has Odoo make a rating, too.
        self.contract.sudo()._rating_get_access_token()
        self.assertFalse(find())
        links = self._ask()
        self.assertEqual(find(), [links[5], links[3], links[1]])
        self._answer(links[5])
        self.assertFalse(find())

    def test_colleagues_read_the_page_and_are_not_asked(self):
        self._ask()
        self._log_in(groups="sales_team.group_sale_manager")
        page = self._open(self.contract)
        self.assertFalse(page.xpath("//*[@name='rating_request']"))
